import type { CommandModule, InferredOptionTypes, Options } from 'yargs';
import { DEFAULT_LOAD_OPTIONS } from '../load/options.ts';
import type { LoadOptions } from '../load/options.ts';
import type { LoadResult } from '../load/result.ts';
import { runLoad } from '../load/run.ts';
import { requireNumbers } from './options.ts';

const defaults = DEFAULT_LOAD_OPTIONS;
const OPTIONS = {
  host: { type: 'string', default: defaults.host, describe: 'gateway or SMSC' },
  port: { type: 'number', default: defaults.port, describe: 'its SMPP port' },
  'system-id': { type: 'string', default: defaults.systemId, describe: 'account' },
  password: { type: 'string', default: defaults.password, describe: 'its password' },
  binds: { type: 'number', default: defaults.binds, describe: 'binds of --bind-type' },
  'bind-type': {
    choices: ['transceiver', 'pair'],
    default: defaults.bindType,
    describe: 'pair = TX and RX',
  },
  window: { type: 'number', default: defaults.window, describe: 'unanswered submits a bind' },
  messages: {
    type: 'number',
    default: 0,
    describe: 'stop after n messages (10000 when no bound is given)',
  },
  'duration-s': { type: 'number', default: 0, describe: 'stop after n seconds' },
  rate: { type: 'number', default: 0, describe: 'messages a second, paced by time; 0 = flat out' },
  'max-without-receipt': {
    type: 'number',
    default: 0,
    describe: 'flat out: receipts outstanding; 0 = 4 windows',
  },
  'text-bytes': { type: 'number', default: defaults.textBytes, describe: 'length of each text (0..254)' },
  receipts: { type: 'boolean', default: true, describe: 'ask for receipts and wait for them' },
  'wait-receipts-s': {
    type: 'number',
    default: defaults.waitReceiptsS,
    describe: 'silence that ends the wait',
  },
  'response-timeout-s': { type: 'number', default: defaults.responseTimeoutS, describe: 'for a submit' },
  destinations: { type: 'string', default: 'unique', describe: 'unique, or how many in turn' },
  'key-prefix': {
    type: 'string',
    default: defaults.keyPrefix,
    describe: 'each text begins with it and a number',
  },
  record: { type: 'string', default: '', describe: 'file that gets a line per submit, answer and receipt' },
  reconnect: { type: 'boolean', default: false, describe: 'bind again after a lost connection' },
  'foreign-receipts': {
    type: 'boolean',
    default: false,
    describe: 'receipts of messages that this load did not send are no problem',
  },
  nodelay: { type: 'boolean', default: true, describe: 'TCP_NODELAY' },
  json: { type: 'boolean', default: false, describe: 'print the result as one JSON line' },
} as const satisfies Record<string, Options>;
type LoadArguments = InferredOptionTypes<typeof OPTIONS>;

function loadOptions(argv: LoadArguments): LoadOptions {
  const destinations = argv.destinations === 'unique' ? 0 : Number(argv.destinations);
  if (!Number.isInteger(destinations) || destinations < 0) {
    throw new Error(`--destinations must be "unique" or a number, not "${argv.destinations}"`);
  }
  return {
    host: argv.host,
    port: argv.port,
    systemId: argv['system-id'],
    password: argv.password,
    binds: argv.binds,
    bindType: argv['bind-type'],
    window: argv.window,
    messages: argv.messages,
    durationS: argv['duration-s'],
    rate: argv.rate,
    maxWithoutReceipt: argv['max-without-receipt'],
    textBytes: argv['text-bytes'],
    receipts: argv.receipts,
    waitReceiptsS: argv['wait-receipts-s'],
    responseTimeoutS: argv['response-timeout-s'],
    destinations,
    keyPrefix: argv['key-prefix'],
    record: argv.record,
    reconnect: argv.reconnect,
    foreignReceipts: argv['foreign-receipts'],
    noDelay: argv.nodelay,
  };
}

function print(result: LoadResult): void {
  const { responseMs, receiptMs } = result;
  const errors = Object.entries(result.errors).map(([name, count]) => `${name} ${count}`);
  console.log(
    `sent ${result.sent}  accepted ${result.accepted}  refused ${result.refused} ${errors.join(', ')}`,
  );
  console.log(
    `receipts ${result.receipts}  lost ${result.lostReceipts}  repeated ${result.duplicateReceipts}`,
  );
  console.log(`${result.msgPerSecond} msg/s end to end in ${result.seconds.toFixed(2)} s`);
  for (const [name, times] of Object.entries({ response: responseMs, receipt: receiptMs })) {
    console.log(
      `${name} ms: p50 ${times.p50}  p95 ${times.p95}  p99 ${times.p99}  ` +
        `p99.9 ${times.p999}  max ${times.max}`,
    );
  }
  console.log(`own CPU ${result.cpuSeconds.toFixed(2)} s`);
  for (const problem of result.problems) console.log(`PROBLEM: ${problem}`);
}

async function run(argv: LoadArguments): Promise<void> {
  requireNumbers(argv, OPTIONS);
  const result = await runLoad(loadOptions(argv));
  if (argv.json) console.log(JSON.stringify(result));
  else print(result);
  if (result.problems.length > 0) process.exitCode = 1;
}

/** `tollgate load`: an ESME load generator; exits 1 when a message, answer or receipt is unaccounted for. */
export const loadCommand: CommandModule<object, LoadArguments> = {
  command: 'load',
  describe: 'run an ESME load generator',
  builder: OPTIONS,
  handler: (argv) => run(argv),
};
