import type { Argv, CommandModule } from 'yargs';
import { loadConfig } from '../admin/config-file.ts';
import { configOption } from './options.ts';

export const serveCommand: CommandModule<object, { config: string }> = {
  command: 'serve',
  describe: 'Run the gateway',
  builder: (args: Argv<object>) => args.option('config', configOption),
  handler: async ({ config: path }) => {
    const config = loadConfig(path);
    const { runDaemon } = await import('../main.ts');
    await runDaemon(config, path);
  },
};
