import * as smpp from '../constants.ts';
import { cStringEnd, writeHeader } from '../cursor.ts';
import { writeCString } from './message-encode.ts';

/**
 * outbind (v3.4 section 4.1.7), from an SMSC to an ESME that it connected to; there is no response, the ESME binds or
 * closes. Sizes include the NUL:
 *
 *  system_id C16 | password C9
 */
const SYSTEM_ID_BYTES = 16;
const PASSWORD_BYTES = 9;

export interface Outbind {
  systemId: string;
  password: string;
}

export interface DecodedOutbind extends Outbind {
  /** ESME_ROK, or what is wrong with it; then the fields behind the fault are empty. */
  status: number;
}

export function decodeOutbind(b: Buffer, start: number, end: number): DecodedOutbind {
  const outbind: DecodedOutbind = { status: smpp.ESME_ROK, systemId: '', password: '' };
  const at = start + smpp.HEADER_BYTES;
  const idEnd = cStringEnd(b, at, Math.min(end, at + SYSTEM_ID_BYTES));
  if (idEnd < 0) return { ...outbind, status: smpp.ESME_RINVSYSID };
  outbind.systemId = b.toString('latin1', at, idEnd);
  const passwordEnd = cStringEnd(b, idEnd + 1, Math.min(end, idEnd + 1 + PASSWORD_BYTES));
  if (passwordEnd < 0) return { ...outbind, status: smpp.ESME_RINVPASWD };
  outbind.password = b.toString('latin1', idEnd + 1, passwordEnd);
  return outbind;
}

/** Throws a RangeError where a string is too long. */
export function encodeOutbind(outbind: Outbind, sequenceNumber: number): Buffer {
  const length = smpp.HEADER_BYTES + outbind.systemId.length + 1 + outbind.password.length + 1;
  const b = Buffer.alloc(length);
  writeHeader(b, 0, length, smpp.OUTBIND, smpp.ESME_ROK, sequenceNumber);
  const at = writeCString(b, smpp.HEADER_BYTES, outbind.systemId, SYSTEM_ID_BYTES);
  writeCString(b, at, outbind.password, PASSWORD_BYTES);
  return b;
}
