import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FrameReader } from '../../src/smpp/frame.ts';
import { vectorNamed } from '../support/vectors.ts';

/** Copies every PDU it is given; stops after each when told to. */
class Taker {
  readonly pdus: string[] = [];
  stopEach = false;
  onPdu(bytes: Buffer, start: number, end: number): boolean {
    this.pdus.push(bytes.toString('hex', start, end));
    return !this.stopEach;
  }
}

/** [length][id][status][sequence] and a body of zeros. */
function pdu(length: number, commandId = 0x15, sequence = 1): Buffer {
  const b = Buffer.alloc(Math.max(16, length));
  b.writeUInt32BE(length, 0);
  b.writeUInt32BE(commandId, 4);
  b.writeUInt32BE(sequence, 12);
  return b;
}

const stream = vectorNamed('stream_three_pdus');
const parts = (stream.fields.stream ?? []).map((name) => vectorNamed(name).bytes.toString('hex'));

describe('whole PDUs', () => {
  it.each([[[]], [[3]], [[17]], [[77]], [[3, 17, 77]], [[16, 78]]])(
    'come whole, cut at %j',
    (cuts: number[]) => {
      const reader = new FrameReader(1024);
      const taker = new Taker();
      let at = 0;
      for (const cut of [...cuts, stream.bytes.length]) {
        expect(reader.feed(stream.bytes.subarray(at, cut), taker)).toBe(true);
        at = cut;
      }
      expect(taker.pdus).toEqual(parts);
      expect(reader.hasPartial()).toBe(false);
    },
  );

  it('come whole one byte at a time, from a chunk that is reused', () => {
    const reader = new FrameReader(1024);
    const taker = new Taker();
    const byte = Buffer.alloc(1);
    for (const value of stream.bytes) {
      byte[0] = value;
      expect(reader.feed(byte, taker)).toBe(true);
    }
    expect(taker.pdus).toEqual(parts);
  });

  it('tells what it holds: the beginning of a PDU, or what a stopped sink did not take', () => {
    const reader = new FrameReader(1024);
    const taker = new Taker();
    expect(reader.heldBytes()).toHaveLength(0);
    reader.feed(stream.bytes.subarray(0, 20), taker);
    expect(reader.heldBytes().toString('hex')).toBe(stream.bytes.toString('hex', taker.pdus.length * 16, 20));
    taker.stopEach = true;
    reader.feed(stream.bytes.subarray(20), taker);
    expect(taker.pdus.join('') + reader.heldBytes().toString('hex')).toBe(stream.bytes.toString('hex'));
  });

  it('come in order through any cuts, stops and resumes', () => {
    const property = fc.property(
      fc.array(fc.integer({ min: 16, max: 700 }), { minLength: 1, maxLength: 30 }),
      fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 60 }),
      fc.array(fc.boolean(), { minLength: 1, maxLength: 20 }),
      (lengths, cuts, stops) => {
        const pdus = lengths.map((length, i) => pdu(length, 4, i));
        const bytes = Buffer.concat(pdus);
        const reader = new FrameReader(1024);
        const taker = new Taker();
        let at = 0;
        for (let i = 0; at < bytes.length; i++) {
          taker.stopEach = stops[i % stops.length];
          const next = at + cuts[i % cuts.length];
          expect(reader.feed(bytes.subarray(at, next), taker)).toBe(true);
          at = next;
          if (!stops[(i + 1) % stops.length]) expect(reader.resume(taker)).toBe(true);
        }
        taker.stopEach = false;
        expect(reader.resume(taker)).toBe(true);
        expect(taker.pdus).toEqual(pdus.map((b) => b.toString('hex')));
        expect(reader.hasPartial()).toBe(false);
      },
    );
    fc.assert(property, { numRuns: 300, seed: 20_260_101 });
  });
});

describe('a stopped sink', () => {
  it('gets one PDU a resume, and nothing from chunks that come meanwhile', () => {
    const reader = new FrameReader(1024);
    const taker = new Taker();
    taker.stopEach = true;
    reader.feed(stream.bytes, taker);
    expect(taker.pdus).toHaveLength(1);
    expect(reader.isStopped()).toBe(true);
    expect(reader.hasPartial()).toBe(false);
    reader.feed(stream.bytes, taker);
    expect(taker.pdus).toHaveLength(1);
    for (let i = 2; i <= 6; i++) {
      expect(reader.resume(taker)).toBe(true);
      expect(taker.pdus).toHaveLength(i);
    }
    expect(taker.pdus).toEqual([...parts, ...parts]);
  });

  it('may raise the limit before it goes on', () => {
    const reader = new FrameReader(64);
    const taker = new Taker();
    taker.stopEach = true;
    expect(reader.feed(Buffer.concat([pdu(36, 9), pdu(100, 4, 2)]), taker)).toBe(true);
    reader.lengthMax = 1024;
    expect(reader.resume(taker)).toBe(true);
    expect(taker.pdus).toHaveLength(2);
  });
});

describe('an unfinished PDU', () => {
  it('waits', () => {
    const reader = new FrameReader(1024);
    const taker = new Taker();
    expect(reader.feed(vectorNamed('truncated_pdu_wait').bytes, taker)).toBe(true);
    expect(taker.pdus).toEqual([]);
    expect(reader.hasPartial()).toBe(true);
  });

  it('is refused when the limit sinks below it', () => {
    const reader = new FrameReader(1024);
    const taker = new Taker();
    reader.feed(pdu(200, 4, 7).subarray(0, 100), taker);
    reader.lengthMax = 64;
    expect(reader.feed(Buffer.alloc(1), taker)).toBe(false);
    expect(reader.badSequence).toBe(7);
  });
});

describe('a broken stream', () => {
  const names = ['bad_len_15', 'bad_len_0', 'bad_len_http', 'bad_len_tls', 'bad_len_huge_known_cmd'];

  it.each(names)('%s is told with the sequence of the reply, in one chunk', (name) => {
    const vector = vectorNamed(name);
    const reader = new FrameReader(131_072);
    expect(reader.feed(vector.bytes, new Taker())).toBe(false);
    expect(reader.badSequence).toBe(vector.reaction?.respond[0].sequence_number);
    expect(reader.badLength).toBe(vector.bytes.readUInt32BE(0));
    expect(reader.feed(stream.bytes, new Taker())).toBe(false);
  });

  it.each(names)('%s likewise one byte at a time, within the first 16', (name) => {
    const vector = vectorNamed(name);
    const reader = new FrameReader(131_072);
    let fed = 0;
    while (fed < vector.bytes.length && reader.feed(vector.bytes.subarray(fed, fed + 1), new Taker())) fed++;
    expect(fed).toBeLessThan(16);
    expect(reader.badSequence).toBe(vector.reaction?.respond[0].sequence_number);
  });

  it('is told by the first four bytes of a length below 16', () => {
    const reader = new FrameReader(1024);
    expect(reader.feed(Buffer.from('0000000f', 'hex'), new Taker())).toBe(false);
  });

  it('still hands out the PDUs in front of it', () => {
    const reader = new FrameReader(1024);
    const taker = new Taker();
    expect(reader.feed(Buffer.concat([stream.bytes, pdu(5000, 4, 3)]), taker)).toBe(false);
    expect(taker.pdus).toEqual(parts);
    expect(reader.badSequence).toBe(3);
  });

  it('takes a PDU of exactly the limit and none longer', () => {
    expect(new FrameReader(100).feed(pdu(100), new Taker())).toBe(true);
    expect(new FrameReader(100).feed(pdu(101), new Taker())).toBe(false);
  });
});
