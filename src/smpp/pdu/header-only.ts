import * as smpp from '../constants.ts';
import { writeHeader } from '../cursor.ts';

/**
 * PDUs without a body: enquire_link, unbind, their responses, generic_nack, and every error response on v3.4 and
 * v5.0 sessions. A body that a peer sends in one of them is ignored.
 */

/** Writes 16 bytes and returns 16. */
export function writeHeaderOnly(
  b: Uint8Array,
  at: number,
  commandId: number,
  status: number,
  sequenceNumber: number,
): number {
  writeHeader(b, at, smpp.HEADER_BYTES, commandId, status, sequenceNumber);
  return smpp.HEADER_BYTES;
}

/** Writes 16 bytes and returns 16. Sequence 0 when the offending header could not be read. */
export function writeGenericNack(b: Uint8Array, at: number, status: number, sequenceNumber: number): number {
  return writeHeaderOnly(b, at, smpp.GENERIC_NACK, status, sequenceNumber);
}
