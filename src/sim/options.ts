import { parseListen } from '../core/config-values.ts';
import { ESM_RECEIPT, statusName } from '../smpp/constants.ts';
import type { VersionName } from '../smpp/negotiate.ts';

/** A delay in milliseconds, drawn evenly from [min, max] for each message. */
export interface DelayMs {
  min: number;
  max: number;
}

export const ID_FORMATS = [
  'dec10',
  'dec',
  'dec-padded',
  'hex',
  'hex-upper',
  'uuid',
  'hex-resp-dec-receipt',
  'dec-resp-hex-receipt',
] as const;
export type IdFormat = (typeof ID_FORMATS)[number];

/** The seven receipt words of the specification (v3.4 appendix B), at the index of their message_state. */
export const RECEIPT_STATES = [
  '',
  'ENROUTE',
  'DELIVRD',
  'EXPIRED',
  'DELETED',
  'UNDELIV',
  'ACCEPTD',
  'UNKNOWN',
  'REJECTD',
];

export const RECEIPT_CARRIERS = ['deliver_sm', 'data_sm'] as const;
/** standard: as v3.4 appendix B has it; none: TLVs only. */
export const RECEIPT_TEXTS = ['standard', 'upper', 'lower', 'reordered', 'short', 'none'] as const;
/** payload: in message_payload. */
export const RECEIPT_CODINGS = ['plain', 'ucs2', 'payload'] as const;
/** With seconds from 12 on, with the century 14, as an SMPP absolute time 16; 0: ten zeros. */
export const RECEIPT_DATE_DIGITS = [0, 10, 12, 14, 16] as const;
export const RECEIPT_KINDS = ['none', 'final', 'intermediate'] as const;

/** The form of a receipt. */
export interface ReceiptStyle {
  carrier: (typeof RECEIPT_CARRIERS)[number];
  text: (typeof RECEIPT_TEXTS)[number];
  coding: (typeof RECEIPT_CODINGS)[number];
  dateDigits: (typeof RECEIPT_DATE_DIGITS)[number];
  /** no-nul: receipted_message_id without its NUL, as many send it. */
  tlvs: 'none' | 'all' | 'no-nul';
  esmClass: number;
  /** Empty: 000 or 001 by the state. */
  err: string;
  /** Stat word of final receipts; empty: the state's own. */
  stat: string;
}

export interface SimulatorOptions {
  host: string;
  /** 0 = any free port */
  port: number;
  /** expected credentials; empty = any */
  systemId: string;
  password: string;
  /** from submit_sm to submit_sm_resp */
  latencyMs: DelayMs;
  /** share (0..1) of submits answered with errorStatus */
  errorRate: number;
  errorStatus: number;
  /** share (0..1) of submits answered with ESME_RTHROTTLED */
  throttleRate: number;
  /** from submit_sm_resp to receipt; 0 = the same write, right behind the response */
  receiptDelayMs: DelayMs;
  /** the receipt goes out before its submit_sm_resp; receiptDelayMs is not used then */
  receiptFirst: boolean;
  /** share (0..1) of receipts that are never sent */
  receiptLoss: number;
  /** final = when registered_delivery asks for it; intermediate = ENROUTE before it, where bit 4 asks for that */
  receipts: (typeof RECEIPT_KINDS)[number];
  receiptState: string;
  receiptTlvs: boolean;
  receiptTlvNul: boolean;
  receiptCarrier: ReceiptStyle['carrier'];
  receiptText: ReceiptStyle['text'];
  receiptCoding: ReceiptStyle['coding'];
  receiptDateDigits: ReceiptStyle['dateDigits'];
  receiptEsmClass: number;
  receiptErr: string;
  receiptStat: string;
  /** highest version spoken; 3.3 knows no bind_transceiver */
  interfaceVersion: VersionName;
  /** sc_interface_version in bind responses */
  announce: boolean;
  /** congestion_state in responses of 5.0 sessions; -1 = none */
  congestion: number;
  /** an alert_notification to every receiving session this often; 0 = never */
  alertEveryS: number;
  /** "host:port" of an ESME that is called with outbind until it has bound; empty = none */
  outbind: string;
  outbindSystemId: string;
  outbindPassword: string;
  idFormat: IdFormat;
  /** number of the first message id; -1 = from the clock, so that a restarted simulator repeats no id */
  idStart: number;
  /** answers that are ready within the same few milliseconds leave in random order */
  outOfOrder: boolean;
  /** every n-th submit_sm costs its connection and is not answered; 0 = never */
  disconnectEvery: number;
  /** share (0..1) of submits that are taken but never answered; they get no receipt either */
  dropRespRate: number;
  /** most receipts unacknowledged on one link, further ones wait; 0 = no bound */
  window: number;
  /** most answers a second over all links; 0 = no bound */
  tps: number;
  /** receipts unacknowledged on a lost link are sent again on the account's next one */
  redeliver: boolean;
  /** file that gets one line per submit_sm; empty = none */
  record: string;
  seed: number;
}

export const DEFAULT_SIMULATOR_OPTIONS: SimulatorOptions = {
  host: '127.0.0.1',
  port: 2776,
  systemId: '',
  password: '',
  latencyMs: { min: 0, max: 0 },
  errorRate: 0,
  errorStatus: 0x45,
  throttleRate: 0,
  receiptDelayMs: { min: 0, max: 0 },
  receiptFirst: false,
  receiptLoss: 0,
  receipts: 'final',
  receiptState: 'DELIVRD',
  receiptTlvs: false,
  receiptTlvNul: true,
  receiptCarrier: 'deliver_sm',
  receiptText: 'standard',
  receiptCoding: 'plain',
  receiptDateDigits: 10,
  receiptEsmClass: 4,
  receiptErr: '',
  receiptStat: '',
  interfaceVersion: '5.0',
  announce: true,
  congestion: -1,
  alertEveryS: 0,
  outbind: '',
  outbindSystemId: 'tollgatesim',
  outbindPassword: '',
  idFormat: 'dec10',
  idStart: -1,
  outOfOrder: false,
  disconnectEvery: 0,
  dropRespRate: 0,
  window: 0,
  tps: 0,
  redeliver: false,
  record: '',
  seed: 1,
};

/** Reads "40" or "40-60" (milliseconds). Throws on anything else. */
export function parseDelayMs(text: string): DelayMs {
  const match = /^(\d+(?:\.\d+)?)(?:-(\d+(?:\.\d+)?))?$/.exec(text.trim());
  if (match === null) throw new Error(`"${text}" is not a delay: expected "40" or "40-60" (milliseconds)`);
  const min = Number(match[1]);
  const max = match[2] === undefined ? min : Number(match[2]);
  if (max < min) throw new Error(`"${text}" is not a delay: the end is before the start`);
  return { min, max };
}

/** Reads "0x58", "58" (hex) or "ESME_RTHROTTLED". Throws when it names no status. */
export function parseStatus(text: string): number {
  const name = text.trim().toUpperCase();
  if (name.startsWith('ESME_')) {
    for (let code = 0; code <= 0x4ff; code++) if (statusName(code) === name) return code;
    throw new Error(`"${text}" is not the name of a command_status`);
  }
  if (!/^(0X)?[0-9A-F]{1,8}$/.test(name))
    throw new Error(`"${text}" is not a command_status (hex or ESME_R...)`);
  return Number.parseInt(name.replace(/^0X/, ''), 16);
}

/** Fills in the defaults and checks the rates. Throws on a value out of its range. */
export function completeOptions(options: Partial<SimulatorOptions>): SimulatorOptions {
  const whole = { ...DEFAULT_SIMULATOR_OPTIONS, ...options };
  for (const key of ['errorRate', 'throttleRate', 'receiptLoss', 'dropRespRate'] as const) {
    if (!(whole[key] >= 0 && whole[key] <= 1)) throw new Error(`${key} must be between 0 and 1`);
  }
  if (RECEIPT_STATES.indexOf(whole.receiptState) < 1) {
    throw new Error(`receiptState must be one of ${RECEIPT_STATES.slice(1).join(', ')}`);
  }
  if (!(whole.congestion >= -1 && whole.congestion <= 100))
    throw new Error('congestion must be 0 to 100, or -1');
  for (const key of ['receiptErr', 'receiptStat'] as const) {
    if (!/^[0-9A-Za-z]{0,16}$/.test(whole[key])) throw new Error(`${key} must be up to 16 letters or digits`);
  }
  if (whole.outbind !== '' && parseListen(whole.outbind) === undefined) {
    throw new Error(`outbind must be "host:port", not "${whole.outbind}"`);
  }
  return whole;
}

/** The form of its receipts. */
export function receiptStyle(options: SimulatorOptions): ReceiptStyle {
  return {
    carrier: options.receiptCarrier,
    text: options.receiptText,
    coding: options.receiptCoding,
    dateDigits: options.receiptDateDigits,
    // Without a text or in a data_sm the TLVs are all that says what became of the message.
    tlvs:
      options.receiptTlvs || options.receiptText === 'none' || options.receiptCarrier === 'data_sm'
        ? options.receiptTlvNul
          ? 'all'
          : 'no-nul'
        : 'none',
    esmClass: options.receiptEsmClass,
    err: options.receiptErr,
    stat: options.receiptStat,
  };
}

/** Whether it is the form that is written fastest. */
export function isUsualStyle(style: ReceiptStyle): boolean {
  const { carrier, text, coding, dateDigits, tlvs, esmClass, err, stat } = style;
  const plainText = text === 'standard' && coding === 'plain' && dateDigits === 10 && err + stat === '';
  return carrier === 'deliver_sm' && plainText && tlvs !== 'no-nul' && esmClass === ESM_RECEIPT;
}
