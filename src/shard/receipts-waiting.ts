/** Who has to be called: accounts that want outbind, whose receipts wait while none of their receivers is bound. */
import type { Config } from '../core/config.ts';
import {
  RECEIPTS_WAITING,
  RECEIPTS_WAITING_BYTES,
  RECORD_A,
  RECORD_B,
  RECORD_TYPE,
} from '../core/records.ts';
import { RING_FULL } from '../core/ring/ring.ts';
import { KIND_RECEIPT } from '../store/pending.ts';
import type { ReceiptDesk, ShardState } from './state.ts';

/** The edge that calls. */
const CALLER = 0;
const AGAIN_MS = 10_000;

export class WaitingNotices {
  /** By account index: when the edge was told last. */
  readonly #toldMs = new Map<number, number>();

  /** `accountNames`: the name at an account's permanent index. */
  constructor(config: Config, accountNames: readonly string[]) {
    for (const [index, name] of accountNames.entries()) {
      const account = config.account.find((each) => each.name === name);
      if (account?.outbind !== undefined) this.#toldMs.set(index, -Infinity);
    }
  }

  /** Tells the edge, each account at most once in 10 s. Call once a second. */
  tell(shard: ShardState): void {
    for (const [account, toldMs] of this.#toldMs) {
      // Told later than now: the clock was set back.
      if (toldMs <= shard.nowMs && shard.nowMs - toldMs < AGAIN_MS) continue;
      if (waits(shard, account, shard.desks[account]) && send(shard, account)) {
        this.#toldMs.set(account, shard.nowMs);
      }
    }
  }
}

function waits(shard: ShardState, account: number, desk: ReceiptDesk | undefined): boolean {
  if (desk?.window.some((window) => window > 0) === true) return false;
  return (desk?.queue.length ?? 0) > 0 || shard.store.count(KIND_RECEIPT, account) > 0;
}

/** False: the ring is full, the next second will do. */
function send(shard: ShardState, account: number): boolean {
  const ring = shard.ends.writers[CALLER];
  const at = ring.claim(RECEIPTS_WAITING_BYTES);
  if (at === RING_FULL) return false;
  ring.bytes.u8[at + RECORD_TYPE] = RECEIPTS_WAITING;
  ring.bytes.u8[at + RECORD_A] = 0;
  ring.bytes.u16[(at + RECORD_B) >> 1] = account;
  ring.commit();
  return true;
}
