import { statusName } from '../smpp/constants.ts';

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
  /** final = when registered_delivery asks for it */
  receipts: 'none' | 'final';
  receiptState: string;
  receiptTlvs: boolean;
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
  return whole;
}
