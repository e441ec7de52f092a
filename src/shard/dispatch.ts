/** From an SMSC's queue to its binds: by priority, under its rate and the binds' windows, many in one write. */
import { agedBody } from './aged-body.ts';
import { DATA_SM, STATE_EXPIRED, SUBMIT_SM } from '../smpp/constants.ts';
import { FLAG_DATA_SM, FLAG_SCHEDULED, NO_BLOCK, NO_SLOT, SLOT_IN_FLIGHT } from '../core/message-table.ts';
import { SMSC_EXPIRED, SMSC_IN_FLIGHT, SMSC_QUEUED } from '../core/ring/counters.ts';
import { KIND_QUEUED, KIND_RETRY } from '../store/pending.ts';
import type { OutboundBind } from '../smpp/client.ts';
import { wasTaken } from './late.ts';
import { fail } from './outcome.ts';
import { AS_IT_IS, GONE, LATER, reshape } from './reshape.ts';
import { needsLook } from './spoken.ts';
import { refillQueue, storedBody } from './spill.ts';
import type { ShardState, Smsc } from './state.ts';

/** Sends what may be sent now; returns how many. */
export function dispatch(shard: ShardState, smsc: Smsc): number {
  // Without room for SENT events a crash would send all of it again.
  if (shard.draining || shard.blocked) return 0;
  if (smsc.queue.length === 0 || shard.store.count(KIND_QUEUED, smsc.index) > 0) refillQueue(shard, smsc);
  let sent = 0;
  const count = smsc.binds.length;
  for (let turn = 0; turn < count && smsc.queue.length > 0; turn++) {
    const bind = smsc.binds[(smsc.turn + turn) % count];
    const room = bind.room();
    if (room === 0) continue;
    // With several binds each takes its share, or the first would take all and the others idle.
    const share = count === 1 ? room : Math.min(room, Math.ceil(smsc.queue.length / (count - turn)));
    const allowed = smsc.bucket.take(Math.min(share, smsc.queue.length), shard.nowMs);
    if (allowed === 0) break;
    const used = sendOn(shard, smsc, bind, allowed);
    if (used < allowed) smsc.bucket.giveBack(allowed - used);
    sent += used;
    bind.flush();
  }
  if (count > 1) smsc.turn = (smsc.turn + 1) % count;
  return sent;
}

function sendOn(shard: ShardState, smsc: Smsc, bind: OutboundBind, allowed: number): number {
  const { table, nowMs } = shard;
  const isLooking = needsLook(smsc.profile);
  let used = 0;
  while (used < allowed) {
    const slot = smsc.queue.shift();
    if (slot === NO_SLOT) break;
    if (table.expiresMs[slot] <= nowMs) {
      if (wasTaken(shard, smsc, slot)) continue;
      smsc.cells[SMSC_EXPIRED]++;
      fail(shard, slot, 0, STATE_EXPIRED);
      continue;
    }
    const form = isLooking ? reshape(shard, smsc, slot) : AS_IT_IS;
    if (form === GONE) continue;
    if (form === LATER) {
      smsc.queue.unshift(slot, table.priority[slot]);
      break;
    }
    table.state[slot] = SLOT_IN_FLIGHT;
    table.attempts[slot]++;
    if (form === AS_IT_IS) submit(shard, smsc, bind, slot);
    else bind.submit(slot, form.body, 0, form.body.length, nowMs, form.command);
    used++;
  }
  return used;
}

/** Those whose bodies may say a period, of which something is over. */
const FLAGS_OF_PERIODS = FLAG_DATA_SM | FLAG_SCHEDULED;

function submit(shard: ShardState, smsc: Smsc, bind: OutboundBind, slot: number): void {
  const { table, nowMs } = shard;
  if ((table.flags[slot] & FLAGS_OF_PERIODS) !== 0) {
    const body = agedBody(shard, smsc, slot);
    bind.submit(slot, body, 0, body.length, nowMs, commandOf(table.flags[slot]));
    return;
  }
  const chunk = table.bodyBlock[slot];
  if (chunk === NO_BLOCK) {
    const body = storedBody(shard, table.idHigh[slot], table.idLow[slot]);
    bind.submit(slot, body, 0, body.length, nowMs, SUBMIT_SM);
    return;
  }
  const body = shard.chunks.bytesOf(chunk).u8;
  bind.submit(slot, body, table.bodyAt[slot], table.bodyLength[slot], nowMs, SUBMIT_SM);
}

function commandOf(flags: number): number {
  return (flags & FLAG_DATA_SM) === 0 ? SUBMIT_SM : DATA_SM;
}

/** Depth of the SMSC's queue wherever it is, for the metrics and for admission on the edges. */
export function publishDepth(shard: ShardState, smsc: Smsc): void {
  const { store } = shard;
  const stored = store.count(KIND_QUEUED, smsc.index) + store.count(KIND_RETRY, smsc.index);
  smsc.cells[SMSC_QUEUED] = smsc.queue.length + smsc.retries.length + stored;
  let inFlight = 0;
  for (const bind of smsc.binds) inFlight += bind.window.size;
  smsc.cells[SMSC_IN_FLIGHT] = inFlight;
}
