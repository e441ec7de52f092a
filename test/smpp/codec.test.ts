import { describe, expect, it } from 'vitest';
import { decodePdu, type DecodedPdu } from '../../src/smpp/codec.ts';
import * as smpp from '../../src/smpp/constants.ts';
import { shiftedInto } from '../support/messages.ts';
import { refused, vectors, versionOf } from '../support/vectors.ts';
import type { Vector } from '../support/vectors.ts';
import { checkValid, valid } from '../vectors/valid.ts';

/** In the middle of a larger buffer, so that a wrong offset shows. */
function decodeVector(vector: Vector): DecodedPdu {
  const { b, start, end } = shiftedInto(vector.bytes, 37);
  return decodePdu(b, start, end, versionOf(vector));
}

describe('valid vectors', () => {
  it.each(valid)('$name is read to its fields and written to the same bytes', (vector) => {
    expect(() => checkValid(vector)).not.toThrow();
  });

  it('are all there', () => {
    expect(valid).toHaveLength(99);
  });
});

/** Their fault is in the session or in what is behind the PDU, not in its bytes. */
const SOUND = new Set([
  'unmatched_submit_sm_resp',
  'generic_nack_unmatched',
  'submit_before_bind',
  'submit_on_receiver',
  'second_bind',
  'deliver_sm_from_esme',
  'validity_past',
  'bind_wrong_password',
  'submit_after_unbind',
  'query_unknown_id',
  'request_seq_zero',
  'request_seq_high',
  'request_status_nonzero',
  'enquire_link_with_body',
]);

describe('malformed vectors', () => {
  const malformed = vectors.filter((vector) => !vector.valid);

  it.each(malformed.filter(({ name }) => !SOUND.has(name)))('$name is refused as it says', (vector) => {
    const result = decodeVector(vector);
    expect(result.ok).toBe(false);
    if (result.ok) return;
    // A response and half a PDU are refused too, but nothing is answered.
    const silent = { unknown_response: smpp.ESME_RINVCMDID, truncated_pdu_wait: smpp.ESME_RINVCMDLEN };
    const status = silent[vector.name as keyof typeof silent] ?? refused(vector);
    expect(result.status, result.reason).toBe(status);
    expect(result.reason).not.toBe('');
    const framed = vector.bytes.readUInt32BE(0) >= 16 && vector.bytes.readUInt32BE(0) <= 0x20_0000;
    if (framed) expect(result.sequenceNumber).toBe(vector.bytes.readUInt32BE(12));
  });

  it.each(malformed.filter(({ name }) => SOUND.has(name)))('$name is sound by itself', (vector) => {
    expect(decodeVector(vector).ok).toBe(true);
  });

  it('are all there', () => {
    expect(malformed).toHaveLength(50);
    expect(malformed.filter(({ name }) => SOUND.has(name))).toHaveLength(SOUND.size);
  });
});
