import type { CommandModule, InferredOptionTypes, Options } from 'yargs';
import {
  DEFAULT_SIMULATOR_OPTIONS,
  ID_FORMATS,
  RECEIPT_CARRIERS,
  RECEIPT_CODINGS,
  RECEIPT_DATE_DIGITS,
  RECEIPT_KINDS,
  RECEIPT_STATES,
  RECEIPT_TEXTS,
} from '../sim/options.ts';
import type { SimulatorOptions } from '../sim/options.ts';
import { parseDelayMs, parseStatus } from '../sim/options.ts';
import { startSimulator } from '../sim/simulator.ts';
import type { RunningSimulator, SimulatorStats } from '../sim/simulator.ts';
import { requireNumbers } from './options.ts';

const RECEIPT_FIRST = '-1';
const VERSIONS = ['3.3', '3.4', '5.0'] as const;

const defaults = DEFAULT_SIMULATOR_OPTIONS;
const OPTIONS = {
  host: { type: 'string', default: defaults.host, describe: 'address to listen on' },
  port: { type: 'number', default: defaults.port, describe: 'port to listen on, 0 = any' },
  'system-id': { type: 'string', default: '', describe: 'system_id expected, empty = any' },
  password: { type: 'string', default: '', describe: 'password expected, empty = any' },
  'latency-ms': { type: 'string', default: '0', describe: 'submit_sm to its response: 40 or 40-60' },
  'error-rate': { type: 'number', default: 0, describe: 'share (0..1) answered with --error-status' },
  'error-status': { type: 'string', default: 'ESME_RSUBMITFAIL', describe: 'hex or name' },
  'throttle-rate': { type: 'number', default: 0, describe: 'share (0..1) answered with ESME_RTHROTTLED' },
  'receipt-delay-ms': {
    type: 'string',
    default: '0',
    describe: 'response to receipt: 40 or 40-60; 0 = the same write; -1 = before the response',
  },
  'receipt-first': { type: 'boolean', default: false, describe: 'receipt before the response' },
  'receipt-loss': { type: 'number', default: 0, describe: 'share (0..1) of receipts never sent' },
  receipts: {
    choices: RECEIPT_KINDS,
    default: defaults.receipts,
    describe: 'when asked for; intermediate: ENROUTE before the final one',
  },
  'receipt-state': {
    choices: RECEIPT_STATES.slice(1),
    default: defaults.receiptState,
    describe: 'stat word',
  },
  'receipt-tlvs': { type: 'boolean', default: false, describe: 'id and state also as TLVs' },
  'receipt-tlv-nul': {
    type: 'boolean',
    default: defaults.receiptTlvNul,
    describe: 'receipted_message_id ends with its NUL',
  },
  'receipt-carrier': {
    choices: RECEIPT_CARRIERS,
    default: defaults.receiptCarrier,
    describe: 'PDU of receipts; data_sm has TLVs always',
  },
  'receipt-text': {
    choices: RECEIPT_TEXTS,
    default: defaults.receiptText,
    describe: 'order, case and fields; none: TLVs only',
  },
  'receipt-coding': {
    choices: RECEIPT_CODINGS,
    default: defaults.receiptCoding,
    describe: 'of the text; payload: in message_payload',
  },
  'receipt-dates': {
    choices: RECEIPT_DATE_DIGITS,
    default: defaults.receiptDateDigits,
    describe: 'digits; 16: SMPP time; 0: zeros',
  },
  'receipt-esm-class': {
    type: 'number',
    default: defaults.receiptEsmClass,
    describe: 'esm_class of receipts',
  },
  'receipt-err': {
    type: 'string',
    default: defaults.receiptErr,
    describe: 'err in the text, empty = by state',
  },
  'receipt-stat': { type: 'string', default: '', describe: 'stat word instead of the state, empty = none' },
  'interface-version': {
    choices: VERSIONS,
    default: defaults.interfaceVersion,
    describe: 'highest version; 3.3 has no bind_transceiver',
  },
  announce: {
    type: 'boolean',
    default: defaults.announce,
    describe: 'sc_interface_version in bind responses',
  },
  congestion: { type: 'number', default: -1, describe: 'congestion_state for 5.0 sessions, -1 = none' },
  'alert-every-s': { type: 'number', default: 0, describe: 'alert_notification every n seconds, 0 = never' },
  outbind: { type: 'string', default: '', describe: 'host:port of an ESME to call, empty = none' },
  'outbind-system-id': { type: 'string', default: defaults.outbindSystemId, describe: 'in the outbind' },
  'outbind-password': { type: 'string', default: defaults.outbindPassword, describe: 'in the outbind' },
  'id-format': { choices: ID_FORMATS, default: defaults.idFormat, describe: 'form of message ids' },
  'id-start': { type: 'number', default: -1, describe: 'first message id, -1 = from the clock' },
  'out-of-order': { type: 'boolean', default: false, describe: 'shuffle the responses' },
  'disconnect-every': {
    type: 'number',
    default: 0,
    describe: 'close the connection on each n-th submit_sm',
  },
  'drop-resp-rate': { type: 'number', default: 0, describe: 'share (0..1) never answered' },
  window: { type: 'number', default: 0, describe: 'most receipts unacknowledged on a link, 0 = no bound' },
  tps: { type: 'number', default: 0, describe: 'most responses a second, 0 = no bound' },
  redeliver: { type: 'boolean', default: false, describe: 'unacknowledged receipts of a lost link again' },
  record: { type: 'string', default: '', describe: 'file that gets a line per submit_sm' },
  seed: { type: 'number', default: defaults.seed, describe: 'of the random faults' },
  'stats-s': { type: 'number', default: 0, describe: 'print rates every n seconds, 0 = never' },
} as const satisfies Record<string, Options>;
type SimArguments = InferredOptionTypes<typeof OPTIONS>;

function simulatorOptions(argv: SimArguments): SimulatorOptions {
  const receiptDelay = argv['receipt-delay-ms'];
  return {
    host: argv.host,
    port: argv.port,
    systemId: argv['system-id'],
    password: argv.password,
    latencyMs: parseDelayMs(argv['latency-ms']),
    errorRate: argv['error-rate'],
    errorStatus: parseStatus(argv['error-status']),
    throttleRate: argv['throttle-rate'],
    receiptDelayMs: parseDelayMs(receiptDelay === RECEIPT_FIRST ? '0' : receiptDelay),
    receiptFirst: argv['receipt-first'] || receiptDelay === RECEIPT_FIRST,
    receiptLoss: argv['receipt-loss'],
    receipts: argv.receipts,
    receiptState: argv['receipt-state'],
    receiptTlvs: argv['receipt-tlvs'],
    receiptTlvNul: argv['receipt-tlv-nul'],
    receiptCarrier: argv['receipt-carrier'],
    receiptText: argv['receipt-text'],
    receiptCoding: argv['receipt-coding'],
    receiptDateDigits: argv['receipt-dates'],
    receiptEsmClass: argv['receipt-esm-class'],
    receiptErr: argv['receipt-err'],
    receiptStat: argv['receipt-stat'],
    interfaceVersion: argv['interface-version'],
    announce: argv.announce,
    congestion: argv.congestion,
    alertEveryS: argv['alert-every-s'],
    outbind: argv.outbind,
    outbindSystemId: argv['outbind-system-id'],
    outbindPassword: argv['outbind-password'],
    idFormat: argv['id-format'],
    idStart: argv['id-start'],
    outOfOrder: argv['out-of-order'],
    disconnectEvery: argv['disconnect-every'],
    dropRespRate: argv['drop-resp-rate'],
    window: argv.window,
    tps: argv.tps,
    redeliver: argv.redeliver,
    record: argv.record,
    seed: argv.seed,
  };
}

function printRates(simulator: RunningSimulator, everyS: number): NodeJS.Timeout {
  let before: SimulatorStats = simulator.stats();
  return setInterval(() => {
    const now = simulator.stats();
    const rate = (key: 'submits' | 'receiptsSent' | 'receiptsAcked'): number =>
      Math.round((now[key] - before[key]) / everyS);
    console.log(
      `submits/s ${rate('submits')}  receipts/s ${rate('receiptsSent')}  ` +
        `acknowledged/s ${rate('receiptsAcked')}  links ${now.links}`,
    );
    before = now;
  }, everyS * 1000);
}

async function run(argv: SimArguments): Promise<void> {
  requireNumbers(argv, OPTIONS);
  const simulator = await startSimulator(simulatorOptions(argv));
  console.log(`tollgate sim: listening on ${argv.host}:${simulator.port}`);
  const rates = argv['stats-s'] > 0 ? printRates(simulator, argv['stats-s']) : undefined;
  await new Promise<void>((resolve) => {
    process.once('SIGTERM', resolve);
    process.once('SIGINT', resolve);
  });
  clearInterval(rates);
  await simulator.close();
  console.log(JSON.stringify(simulator.stats()));
}

/** `tollgate sim`: an SMSC simulator until SIGTERM; its last line is a summary in JSON. */
export const simCommand: CommandModule<object, SimArguments> = {
  command: 'sim',
  describe: 'run an SMSC simulator',
  builder: OPTIONS,
  handler: (argv) => run(argv),
};
