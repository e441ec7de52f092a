/**
 * Which part of which message a scanned PDU is: by a concatenation element of its user data header (3GPP TS 23.040
 * sections 9.2.3.24.1 and 9.2.3.24.8), or by the sar_* parameters.
 */
import { IE_CONCAT_16, IE_CONCAT_8 } from '../core/udh.ts';
import { readU16 } from './cursor.ts';
import type { MessageFields } from './pdu/message-fields.ts';

export type ConcatKind = 'udh8' | 'udh16' | 'sar';

export interface Concat {
  kind: ConcatKind;
  reference: number;
  total: number;
  /** From 1 on. */
  sequence: number;
}

const found: Concat = { kind: 'udh8', reference: 0, total: 0, sequence: 0 };

/**
 * undefined: it is a message by itself, or says impossible things of its parts. A UDH goes before the sar_*; of a
 * repeated element the last counts. The object is the same at each call.
 */
export function concatOf(b: Uint8Array, f: MessageFields): Concat | undefined {
  if (f.udhLength > 0 && inHeader(b, f)) return found;
  if (f.sarRef < 0) return undefined;
  found.kind = 'sar';
  found.reference = f.sarRef;
  found.total = f.sarTotal;
  found.sequence = f.sarSequence;
  return found;
}

function inHeader(b: Uint8Array, f: MessageFields): boolean {
  const end = f.dataAt + f.udhLength;
  let isFound = false;
  for (let at = f.dataAt + 1; end - at >= 2; at += 2 + b[at + 1]) {
    const wide = b[at] === IE_CONCAT_16 && b[at + 1] === 4;
    if (!wide && (b[at] !== IE_CONCAT_8 || b[at + 1] !== 3)) continue;
    const counts = at + (wide ? 4 : 3);
    const total = b[counts];
    const sequence = b[counts + 1];
    if (total === 0 || sequence === 0 || sequence > total) continue;
    found.kind = wide ? 'udh16' : 'udh8';
    found.reference = wide ? readU16(b, at + 2) : b[at + 2];
    found.total = total;
    found.sequence = sequence;
    isFound = true;
  }
  return isFound;
}
