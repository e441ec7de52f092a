import { describe, expect, it } from 'vitest';
import * as smpp from '../../src/smpp/constants.ts';
import { FrameReader, type PduSink } from '../../src/smpp/frame.ts';
import { decodeBind, decodeBindResp } from '../../src/smpp/pdu/bind.ts';
import { encodeDeliverSm, scanDeliverSm } from '../../src/smpp/pdu/deliver-sm.ts';
import { readMessage } from '../../src/smpp/pdu/message-encode.ts';
import { MessageFields } from '../../src/smpp/pdu/message-fields.ts';
import { encodeSubmitSm, readResponseId, scanSubmitSm } from '../../src/smpp/pdu/submit-sm.ts';
import { ReceiptFields, scanReceipt } from '../../src/smpp/receipt.ts';
import { judge } from '../../src/smpp/session.ts';
import { MessageTimes, validityStatus } from '../../src/smpp/times.ts';
import { vectors } from '../support/vectors.ts';

const SEED = Number(process.env.FUZZ_SEED ?? 20_260_105);
const ROUNDS = 100_000;
const VERSIONS = [smpp.VERSION_33, smpp.VERSION_34, smpp.VERSION_50];
const LENGTH_MAX = 4096;

/** mulberry32: small, seeded, the same everywhere. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

/** Flips, sets, inserts and removes bytes; mostly repairs command_length, so that the bodies get read. */
function mutate(source: Buffer, random: (below: number) => number): Buffer {
  let bytes = Buffer.from(source);
  for (let n = random(4); n > 0 && bytes.length > 0; n--) {
    const at = random(bytes.length);
    const kind = random(5);
    if (kind === 0) bytes[at] ^= 1 << random(8);
    else if (kind === 1) bytes[at] = [0, 1, 0x7f, 0xff, 16, 255][random(6)];
    else if (kind === 2) bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + random(8))]);
    else if (kind === 3)
      bytes = Buffer.concat([bytes.subarray(0, at), source.subarray(random(source.length), at)]);
    else
      bytes = Buffer.concat([
        bytes.subarray(0, at),
        Buffer.alloc(random(40), random(256)),
        bytes.subarray(at),
      ]);
  }
  if (bytes.length >= 4 && random(8) !== 0) bytes.writeUInt32BE(bytes.length, 0);
  return bytes;
}

/** submit_sm and deliver_sm, good and bad. */
const messages = vectors.filter(({ bytes }) =>
  [smpp.SUBMIT_SM, smpp.DELIVER_SM].includes(bytes.readUInt32BE(4)),
);
const f = new MessageFields();
const receipt = new ReceiptFields();
const times = new MessageTimes();

/** Every offset of an accepted message lies in order inside its PDU. */
function expectInside(start: number, end: number): void {
  const order = [start + 16, f.serviceTypeAt, f.serviceTypeEnd, f.sourceAt, f.sourceEnd, f.destAt, f.destEnd];
  order.push(f.commonAt, f.scheduleAt, f.scheduleEnd, f.validityAt, f.validityEnd, f.messageAt, f.tlvAt, end);
  for (let i = 1; i < order.length; i++)
    if (order[i] < order[i - 1]) throw new Error(`offset ${i}: ${order.join(' ')}`);
  const ranges = [
    [f.dataAt, f.dataAt + f.dataLength],
    [f.dataAt + f.udhLength, f.dataAt + f.dataLength],
  ];
  if (f.payloadLength >= 0) ranges.push([f.payloadAt, f.payloadAt + f.payloadLength]);
  if (f.receiptedIdLength >= 0) ranges.push([f.receiptedIdAt, f.receiptedIdAt + f.receiptedIdLength]);
  if (f.networkErrorAt >= 0) ranges.push([f.networkErrorAt, f.networkErrorAt + 3]);
  for (const [from, to] of ranges) {
    if (from < start || to > end || from > to) throw new Error(`range ${from}..${to} of ${start}..${end}`);
  }
}

class Reader implements PduSink {
  accepted = 0;
  refused = 0;
  version = smpp.VERSION_34;

  onPdu(b: Buffer, start: number, end: number): boolean {
    if (start < 0 || end > b.length || end - start < 16 || end - start > LENGTH_MAX) {
      throw new Error(`PDU ${start}..${end} of ${b.length}`);
    }
    const id = b.readUInt32BE(start + 4);
    for (let state = 0; state < 7; state++) judge(0, state, this.version, id);
    const submitted = scanSubmitSm(b, start, end, this.version, f);
    if (submitted === smpp.ESME_ROK) this.check(b, start, end, scanSubmitSm, encodeSubmitSm);
    const delivered = scanDeliverSm(b, start, end, this.version, f);
    if (delivered === smpp.ESME_ROK) this.check(b, start, end, scanDeliverSm, encodeDeliverSm);
    else if (submitted === smpp.ESME_ROK)
      throw new Error('the lenient scan refuses what the strict one takes');
    if (submitted === smpp.ESME_ROK) this.accepted++;
    else this.refused++;
    decodeBind(b, start, end);
    decodeBindResp(b, start, end);
    const idEnd = readResponseId(b, start, end);
    if (idEnd < start + 16 || idEnd > end) throw new Error(`message_id ends at ${idEnd}`);
    return true;
  }

  /** What was accepted is inside, and what is encoded from it again is the same body. */
  private check(
    b: Buffer,
    start: number,
    end: number,
    scan: typeof scanSubmitSm,
    encode: typeof encodeSubmitSm,
  ): void {
    expectInside(start, end);
    validityStatus(b, f.scheduleAt, f.scheduleEnd, f.validityAt, f.validityEnd, 1e12, times);
    scanReceipt(b, start, f, receipt);
    if (receipt.idEnd > receipt.bytes.length || receipt.errEnd > receipt.bytes.length)
      throw new Error('receipt');
    if (f.sourceEnd - f.sourceAt > 20 || f.destEnd - f.destAt > 20 || f.serviceTypeEnd - f.serviceTypeAt > 5)
      return;
    if (f.scheduleEnd - f.scheduleAt > 16 || f.validityEnd - f.validityAt > 16) return;
    const again = encode(readMessage(b, f), 1);
    // A lone NUL behind the text, let pass from an SMSC, is not written again.
    const same = again.compare(b, start + 16, start + again.length, 16) === 0;
    if (!same || end - start - again.length > 1)
      throw new Error(`not the same again: ${again.toString('hex')}`);
    if (scan(again, 0, again.length, this.version, f) !== smpp.ESME_ROK)
      throw new Error('refused when read again');
  }
}

describe('the decoder under mutated PDUs', () => {
  it(`holds its promises for ${ROUNDS} of them, seed ${SEED}`, () => {
    const random = randomFrom(SEED);
    const reader = new Reader();
    const split = new Reader();
    for (let round = 0; round < ROUNDS; round++) {
      const sources = random(4) === 0 ? vectors : messages;
      const { bytes: source } = sources[random(sources.length)];
      const bytes = mutate(source, random);
      reader.version = split.version = VERSIONS[random(3)];
      const accepted = reader.accepted;
      try {
        const whole = new FrameReader(LENGTH_MAX);
        const intact = whole.feed(bytes, reader);
        if (round % 8 !== 0) continue;
        const pieces = new FrameReader(LENGTH_MAX);
        let same = true;
        for (let at = 0, next = 0; at < bytes.length; at = next) {
          next = Math.min(bytes.length, at + 1 + random(30));
          same = pieces.feed(Buffer.from(bytes.subarray(at, next)), split);
        }
        if (same !== intact) throw new Error('pieces are judged unlike the whole');
        if (pieces.badSequence !== whole.badSequence) throw new Error('another sequence_number to answer');
        if (reader.accepted - accepted !== split.accepted) throw new Error('another PDU out of pieces');
        split.accepted = 0;
      } catch (error) {
        throw new Error(`seed ${SEED} round ${round}: ${String(error)}: ${bytes.toString('hex')}`, {
          cause: error,
        });
      }
    }
    // Both outcomes must be common, or the mutations test nothing.
    expect(reader.accepted).toBeGreaterThan(ROUNDS / 10);
    expect(reader.refused).toBeGreaterThan(ROUNDS / 10);
  }, 60_000);
});
