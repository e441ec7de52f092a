import type { Argv, CommandModule } from 'yargs';
import { ConfigError, loadConfig } from '../admin/config-file.ts';
import type { Config } from '../core/config.ts';
import { EXIT, ExitError } from './exit.ts';
import { configOption } from './options.ts';

export const checkCommand: CommandModule<object, { config: string }> = {
  command: 'check',
  describe: 'Check a configuration file; exit code 1 when something is wrong',
  builder: (args: Argv<object>) => args.option('config', configOption),
  handler: ({ config: path }) => {
    try {
      process.stdout.write(`ok\n${describe(loadConfig(path))}`);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      process.stderr.write(`${error.message}\n`);
      const count = error.message.split('\n').length;
      throw new ExitError(`${count} ${count === 1 ? 'problem' : 'problems'} in ${path}`, EXIT.failed);
    }
  },
};

/** What the daemon would listen on, connect to and write to; never a secret. */
function describe(config: Config): string {
  const upstreams = config.smsc.map(
    (smsc) => `  smsc      ${smsc.id} at ${smsc.host}:${smsc.port}, ${smsc.binds} x ${smsc.bind}`,
  );
  return [
    `  node      ${config.node_id}: ${config.edge.threads} edge, ${config.shards} shard`,
    `  smpp      ${config.smpp.listen}`,
    `  http      ${config.http.listen}`,
    `  data      ${config.data_dir}, durability ${config.ledger.durability}`,
    `  accounts  ${config.account.length}`,
    ...upstreams,
    `  route     ${config.route.smscs.join(', ')}`,
    config.demo.simulator ? '  demo      built-in SMSC simulator\n' : '',
  ].join('\n');
}
