import { readFileSync } from 'node:fs';
import type { CommandModule } from 'yargs';

export const versionCommand: CommandModule = {
  command: 'version',
  describe: 'Print the version',
  handler: () => {
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
      version: string;
    };
    process.stdout.write(`tollgate ${version} (Node.js ${process.version})\n`);
  },
};
