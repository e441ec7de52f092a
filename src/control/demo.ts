/** What `npm start` prints: lines to paste that send a first message and show its receipt and its CDR. */
import type { Config } from '../core/config.ts';

export function printDemo(config: Config): void {
  const [account] = config.account;
  const { listen: smpp } = config.smpp;
  const { listen: http } = config.http;
  const [host, port] = [smpp.slice(0, smpp.lastIndexOf(':')), smpp.slice(smpp.lastIndexOf(':') + 1)];
  const login = `--system-id ${account.name} --password ${config.demo.password}`;
  const lines = [
    '',
    `tollgate listens for SMPP on ${smpp} and for HTTP on ${http}; a simulator plays the SMSC.`,
    `Demo account: ${account.name}, password: ${config.demo.password}`,
    '',
    'Send a first message (in another terminal, in this folder):',
    '',
    `  curl -u ${account.name}:${config.demo.password} http://${http}/v1/messages \\`,
    `    -d '{"from":"tollgate","to":"+962790000001","text":"Hello"}'`,
    '',
    'Take its receipt over SMPP, with a few messages more:',
    '',
    `  bin/tollgate load --host ${host} --port ${port} ${login} --messages 10 --foreign-receipts`,
    '',
    'See the message, its receipt and its CDR (put in the id that was printed):',
    '',
    `  bin/tollgate ledger show --data-dir ${config.data_dir} ID`,
    '',
    '',
  ];
  process.stdout.write(lines.join('\n'));
}
