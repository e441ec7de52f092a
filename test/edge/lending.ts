/** Receipts that shards lend to an edge, and what comes back from it. */
import { expect } from 'vitest';
import type { Bytes } from '../../src/core/bytes.ts';
import { addReceiver } from '../../src/edge/receipts.ts';
import type { EsmeSession } from '../../src/edge/session.ts';
import { bytesWith } from '../core/memory.ts';
import { TIME_MS, record } from '../support/ledger.ts';
import { oracleDecode } from '../support/oracle.ts';
import { makeSession, received } from './harness.ts';
import type { FakeSocket, TestEdge } from './harness.ts';

const [TYPE_RESULT, TYPE_DELIVER] = [64, 81];
export const [TAKEN, LATER, REFUSED, ODD] = [1, 2, 3, 4];
const ID_HIGH = 0x0102_0304;

export interface LentOptions {
  account?: number;
  state?: number;
  esmClass?: number;
  /** What the client was told; the message's own id where nothing else is said. */
  toldLow?: number;
  submitted?: number;
  delivered?: number;
  networkError?: [number, number];
  text?: string;
  dataCoding?: number;
  responseCode?: number;
  reference?: number;
  /** Vendor TLVs, in hexadecimal. */
  tlvs?: string;
}

/** The record that a shard lends: message_state DELIVERED, to Shop from the number that it was sent to. */
export function lentRecord(slot: number, options: LentOptions = {}): Bytes {
  const payload = Buffer.alloc(44);
  payload.writeDoubleLE(TIME_MS + 60_000, 0);
  payload[8] = 3;
  payload.write('000', 9);
  payload.writeUInt32LE(slot, 16);
  payload[20] = options.esmClass ?? 4;
  const source = Buffer.from([5, 0, ...Buffer.from('Shop\0')]);
  const dest = Buffer.from([1, 1, ...Buffer.from('962790000001\0')]);
  const text = Buffer.from(options.text ?? 'hello', 'latin1');
  payload[21] = text.length;
  payload[22] = source.length;
  payload[23] = dest.length;
  payload.writeUInt32LE(slot, 24);
  payload.writeUInt32LE(ID_HIGH, 28);
  payload[32] = options.submitted ?? 0;
  payload[33] = options.delivered ?? 0;
  payload[34] = options.dataCoding ?? 0;
  if (options.networkError !== undefined) {
    payload[35] = options.networkError[0] + 1;
    payload.writeUInt16LE(options.networkError[1], 38);
  }
  payload.writeInt32LE(options.reference ?? -1, 40);
  if (options.responseCode !== undefined) payload.writeUInt16LE(options.responseCode + 1, 36);
  const common = { idHigh: ID_HIGH, idLow: options.toldLow ?? slot, timeMs: TIME_MS };
  const parts = Buffer.concat([payload, source, dest, text, Buffer.from(options.tlvs ?? '', 'hex')]);
  return bytesWith(record(TYPE_DELIVER, options.state ?? 2, options.account ?? 0, common, parts));
}

export interface Receiver {
  session: EsmeSession;
  socket: FakeSocket;
}

export function bindReceiver(one: TestEdge, account = 0, reference = 0x1_0001): Receiver {
  const [session, socket] = makeSession(one.edge, one.accounts[account], reference);
  addReceiver(session);
  return { session, socket };
}

/** deliver_sm that the client has got, in order. */
export function delivered({ session, socket }: Receiver): Record<string, unknown>[] {
  session.flush(session.edge.nowMs);
  return socket.takePdus().map((pdu) => oracleDecode(pdu));
}

export function respond(session: EsmeSession, sequence: unknown, status = 0, command = 0x8000_0005): void {
  const pdu = Buffer.alloc(command === 0x8000_0000 ? 16 : 17);
  pdu.writeUInt32BE(pdu.length, 0);
  pdu.writeUInt32BE(command, 4);
  pdu.writeUInt32BE(status, 8);
  pdu.writeUInt32BE(Number(sequence), 12);
  session.onData(pdu);
}

/** [result, slot, command_status] of each result that reached a shard. */
export function resultsAt(one: TestEdge, shard: number): number[][] {
  return received(one.edge, one.shards[shard])
    .filter((bytes) => bytes[4] === TYPE_RESULT)
    .map((bytes) => {
      expect([bytes.readUInt32LE(12), bytes.readUInt32LE(8)]).toEqual([ID_HIGH, bytes.readUInt32LE(16)]);
      return [bytes[5], bytes.readUInt32LE(16), bytes.readUInt32LE(20)];
    });
}
