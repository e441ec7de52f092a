import yargs from 'yargs';
import type { CommandModule } from 'yargs';
import { ConfigError } from '../admin/config-file.ts';
import { EXIT, ExitError, UsageError } from './exit.ts';

// The commands by name. A command's file is only imported when it is the one that runs (or for help), so that
// `tollgate check` does not wait for the daemon's imports.
const COMMANDS: Record<string, () => Promise<unknown>> = {
  serve: async () => (await import('./serve.ts')).serveCommand,
  check: async () => (await import('./check.ts')).checkCommand,
  'hash-password': async () => (await import('./hash-password.ts')).hashPasswordCommand,
  ledger: async () => (await import('./ledger.ts')).ledgerCommand,
  session: async () => (await import('./session.ts')).sessionCommand,
  sim: async () => (await import('./sim.ts')).simCommand,
  load: async () => (await import('./load.ts')).loadCommand,
  version: async () => (await import('./version.ts')).versionCommand,
};

async function run(given: readonly string[]): Promise<void> {
  const words = given[0] === '--version' ? ['version'] : given;
  // `tollgate ledger follow | head`: who reads went away, and that is no fault.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit(0);
  });
  const named = Object.hasOwn(COMMANDS, words[0] ?? '') ? [COMMANDS[words[0]]] : Object.values(COMMANDS);
  const parser = yargs([...words])
    .scriptName('tollgate')
    .usage('$0 <command>')
    .usage('SMPP gateway for one node.')
    .strict()
    .recommendCommands()
    .demandCommand(1, 'which command?')
    .version(false)
    .help()
    .alias('help', 'h')
    .wrap(Math.min(100, process.stdout.columns || 100))
    // Not .exitProcess(false): with it a command still runs after its arguments were refused.
    .fail((message: string | null, error: Error | undefined) => {
      // yargs's own complaints come as a message, or as an error of its own kind.
      if (error !== undefined && error.name !== 'YError') throw error;
      throw new UsageError(error?.message ?? message ?? 'wrong arguments');
    });
  for (const load of named) parser.command((await load()) as CommandModule);
  await parser.parseAsync();
}

function report(error: unknown): number {
  if (error instanceof ConfigError) {
    process.stderr.write(`${error.message}\n`);
    return EXIT.config;
  }
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`tollgate: ${message}\n`);
  if (error instanceof UsageError) process.stderr.write("tollgate: 'tollgate --help' lists what there is\n");
  return error instanceof ExitError ? error.code : EXIT.failed;
}

try {
  await run(process.argv.slice(2));
} catch (error) {
  // Threads may be running when a start fails half-way; nothing was accepted yet, so there is nothing to save.
  process.exit(report(error));
}
