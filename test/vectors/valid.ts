/** The valid PDUs of the vectors file: read to the fields that stand there, and written to the same bytes. */
import { deepStrictEqual } from 'node:assert';
import { decodePdu, encodePdu } from '../../src/smpp/codec.ts';
import type { Pdu } from '../../src/smpp/codec.ts';
import { FrameReader } from '../../src/smpp/frame.ts';
import { shiftedInto } from '../support/messages.ts';
import { vectorFields, wireFields } from '../support/pdu-fields.ts';
import { vectorNamed, vectors, versionOf } from '../support/vectors.ts';
import type { Vector } from '../support/vectors.ts';

export const valid: readonly Vector[] = vectors.filter((vector) => vector.valid);

const PDU_BYTES_MAX = 131_072;

/** Throws an Error that shows the difference. */
export function checkValid(vector: Vector): void {
  const { stream } = vector.fields;
  if (stream === undefined) checkOne(vector);
  else checkStream(vector, stream);
}

function checkOne(vector: Vector): void {
  const version = versionOf(vector);
  // In the middle of a larger buffer, so that a wrong offset shows.
  const { b, start, end } = shiftedInto(vector.bytes, 37);
  const pdu = decode(b, start, end, version, false);
  deepStrictEqual(wireFields(pdu), vectorFields(vector.fields));
  deepStrictEqual(encodePdu(pdu, version), vector.bytes);
  deepStrictEqual(decode(b, start, end, version, true), pdu);
}

/** Whole, an octet at a time, and cut where the vectors say: always the same PDUs. */
function checkStream(vector: Vector, names: readonly string[]): void {
  const { bytes } = vector;
  const expected = names.map((name) => {
    const named = vectorNamed(name).bytes;
    return decode(named, 0, named.length, versionOf(vector), false);
  });
  const each = Array.from(bytes.keys()).slice(1);
  for (const cuts of [[], each, [3, 17, 77]]) {
    const found: Pdu[] = [];
    const reader = new FrameReader(PDU_BYTES_MAX);
    const sink = {
      onPdu: (b: Buffer, start: number, end: number): boolean => {
        // A copy: what is held is valid only during the call.
        const copy = Buffer.from(b.subarray(start, end));
        found.push(decode(copy, 0, copy.length, versionOf(vector), false));
        return true;
      },
    };
    const edges = [0, ...cuts, bytes.length];
    for (let i = 1; i < edges.length; i++) {
      if (!reader.feed(bytes.subarray(edges[i - 1], edges[i]), sink)) throw new Error('the stream is broken');
    }
    deepStrictEqual(found, expected);
  }
}

function decode(b: Buffer, start: number, end: number, version: number, lenient: boolean): Pdu {
  const result = decodePdu(b, start, end, version, { lenient });
  if (!result.ok) throw new Error(`refused with 0x${result.status.toString(16)}: ${result.reason}`);
  return result.pdu;
}
