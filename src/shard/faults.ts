/**
 * The bad PDUs of SMSCs: shown as a metric and, once a minute at most, in the log. Their binds are never dropped for
 * them: an SMSC that sends what nobody can read still takes our messages.
 */
import { SMSC_MALFORMED } from '../core/ring/counters.ts';
import type { OutboundBind } from '../smpp/client.ts';
import type { Smsc } from './state.ts';

type Counts = OutboundBind['faults']['counts'];

const LOG_EVERY_MS = 60_000;
const NONE: Counts = { malformed: 0, unknownCommand: 0, wrongState: 0 };

export class FaultTeller {
  readonly #warn: (message: string, detail: Record<string, unknown>) => void;
  /** What was logged of a bind, and when. */
  readonly #told = new Map<OutboundBind, { counts: Counts; atMs: number }>();

  constructor(warn: (message: string, detail: Record<string, unknown>) => void) {
    this.#warn = warn;
  }

  /** Call about once a second. */
  tell(smscs: readonly Smsc[], nowMs: number): void {
    for (const { binds, cells, config } of smscs) {
      cells[SMSC_MALFORMED] = binds.reduce((sum, bind) => sum + total(bind.faults.counts), 0);
      for (const bind of binds) this.#tellOf(bind, config.id, nowMs);
    }
  }

  #tellOf(bind: OutboundBind, smsc: string, nowMs: number): void {
    const { counts } = bind.faults;
    const before = this.#told.get(bind);
    const told = before?.counts ?? NONE;
    if (total(counts) === total(told)) return;
    if (before !== undefined && Math.abs(nowMs - before.atMs) < LOG_EVERY_MS) return;
    this.#told.set(bind, { counts: { ...counts }, atMs: nowMs });
    this.#warn('the SMSC sends bad PDUs: they are refused, the bind stays', {
      smsc,
      bind: bind.number,
      malformed: counts.malformed - told.malformed,
      unknownCommand: counts.unknownCommand - told.unknownCommand,
      wrongState: counts.wrongState - told.wrongState,
    });
  }
}

function total({ malformed, unknownCommand, wrongState }: Counts): number {
  return malformed + unknownCommand + wrongState;
}
