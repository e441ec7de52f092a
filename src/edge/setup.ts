/** What an edge is made of: its settings, its accounts and the SMSCs that it routes to. */
import type { Config } from '../core/config.ts';
import type { CounterPages } from '../core/ring/counters.ts';
import { TICKS_PER_MS, smscCells } from '../core/ring/counters.ts';
import type { Mesh, MeshEnds } from '../core/ring/mesh.ts';
import { CONTENT_AUTO, CONTENT_TEXT, CONTENT_TLVS } from '../smpp/pdu/receipt-args.ts';
import type { TraceBatch } from '../smpp/trace-feed.ts';
import { profileOf } from '../smpp/upstream.ts';
import { sendersOf } from './admission.ts';
import type { Control, EdgeAccount, EdgeLog, EdgeSmsc } from './state.ts';

/** CONTENT_* by the account's receipt_content. */
export const RECEIPT_CONTENTS = { auto: CONTENT_AUTO, text: CONTENT_TEXT, tlvs: CONTENT_TLVS } as const;

export const TICKS_PER_SECOND = 1000 * TICKS_PER_MS;
/** How far ahead of its rate an account may run: bursts of a tenth of a second. */
const BURST_S = 0.1;

export interface EdgeSetup {
  edge: number;
  config: Config;
  accountNames: string[];
  smscNames: string[];
  mesh: Mesh;
  pages: CounterPages;
  ends: MeshEnds;
  cells: Float64Array;
  control: Control;
  log: EdgeLog;
  /** What a trace brings. */
  onTraced(batch: TraceBatch): void;
}

/** The account of a permanent index; undefined: it is of the past. */
export function makeAccount(config: Config, name: string, index: number): EdgeAccount | undefined {
  const account = config.account.find((each) => each.name === name);
  if (account === undefined) return undefined;
  const { tps } = account;
  return {
    index,
    name,
    tps,
    intervalTicks: tps === 0 ? 0 : Math.max(1, Math.round(TICKS_PER_SECOND / tps)),
    burstTicks: Math.round(BURST_S * TICKS_PER_SECOND),
    submitWindow: account.submit_window,
    receiptWindow: account.receipt_window,
    receiptGroupMs: account.receipt_group_ms,
    config: account,
    senders: sendersOf(account),
    plain34: [],
    plain50: [],
    receiptContent: RECEIPT_CONTENTS[account.receipt_content],
    receiptInDataSm: account.receipt_pdu === 'data_sm',
    receiptDateDigits: account.receipt_date_digits,
    decimalIds: account.receipt_id === 'decimal',
    receivers: [],
    turn: 0,
  };
}

export function makeSmsc(setup: EdgeSetup, id: string): EdgeSmsc {
  const index = setup.smscNames.indexOf(id);
  const config = setup.config.smsc.find((each) => each.id === id);
  if (index < 0 || config === undefined) throw new Error(`route to an unknown smsc ${id}`);
  return {
    index,
    shard: index % setup.mesh.shards,
    queueMax: config.queue_max,
    validityMs: config.validity_default_s * 1000,
    cells: smscCells(setup.pages, index),
    config,
    profile: profileOf(config, setup.config.tlv),
    spoken: 0,
  };
}
