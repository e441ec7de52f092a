/**
 * What a trace must not show is overwritten in the copy of the PDU that the trace gets, before it leaves the thread
 * that owns the session: passwords always, texts on demand. Lengths stay, so that the bytes are still a PDU.
 */
import * as smpp from './constants.ts';
import { cStringEnd, readU16, readU32 } from './cursor.ts';
import { TLV_HEADER_BYTES } from './pdu/tlv.ts';

const STAR = 0x2a;
const SYSTEM_ID_BYTES = 16;
/** An offset behind every end: the fields do not fit the body. */
const FAULT = Number.MAX_SAFE_INTEGER;

/**
 * Bodies that carry a text, field by field (v3.4 section 4, v5.0 section 4): s C-string, 1 one octet, d list of
 * destinations, m sm_length and the message, t TLVs to the end.
 */
const BODIES: ReadonlyMap<number, string> = new Map([
  [smpp.SUBMIT_SM, 's11s11s111ss1111mt'],
  [smpp.DELIVER_SM, 's11s11s111ss1111mt'],
  [smpp.SUBMIT_MULTI, 's11sd111ss1111mt'],
  [smpp.DATA_SM, 's11s11s111t'],
  [smpp.REPLACE_SM, 's11sss11mt'],
  [smpp.BROADCAST_SM, 's11ss1ss111t'],
  [smpp.QUERY_MSG_DETAILS_RESP, 's11sd11ss11m'],
]);

/** Overwrites in the PDU [start, end) of `b` every password and, with `hideText`, every text. */
export function maskPdu(b: Buffer, start: number, end: number, hideText: boolean): void {
  if (end - start < smpp.HEADER_BYTES) return;
  const command = readU32(b, start + 4);
  const body = start + smpp.HEADER_BYTES;
  if (carriesPassword(command)) maskPassword(b, body, end);
  else if (hideText) maskText(b, body, end, command);
}

/**
 * Every bind and outbind, also under the command_ids that other protocols of the family give them: SMPP 4.0 sets bit
 * 16, and a bind of it that was sent here by mistake has a password like any other.
 */
function carriesPassword(command: number): boolean {
  if (command >= smpp.RESPONSE_BIT) return false;
  const low = command & 0xffff;
  return (
    low === smpp.BIND_RECEIVER ||
    low === smpp.BIND_TRANSMITTER ||
    low === smpp.BIND_TRANSCEIVER ||
    low === smpp.OUTBIND
  );
}

/** Of a body that is not built like a bind nothing can be told apart, so all of it is overwritten. */
function maskPassword(b: Buffer, at: number, end: number): void {
  const idEnd = cStringEnd(b, at, Math.min(end, at + SYSTEM_ID_BYTES));
  const passwordEnd = idEnd < 0 ? -1 : cStringEnd(b, idEnd + 1, end);
  if (passwordEnd < 0 || !isBehindPassword(b, passwordEnd + 1, end)) b.fill(STAR, at, end);
  else b.fill(STAR, idEnd + 1, passwordEnd);
}

/** Behind the password: nothing (outbind), or system_type, three octets and address_range (a bind). */
function isBehindPassword(b: Buffer, at: number, end: number): boolean {
  if (at === end) return true;
  const typeEnd = cStringEnd(b, at, end);
  return typeEnd >= 0 && cStringEnd(b, typeEnd + 4, end) === end - 1;
}

function maskText(b: Buffer, body: number, end: number, command: number): void {
  // What nobody knows may be anything, also a text.
  if (!smpp.isKnownCommand(command)) b.fill(STAR, body, end);
  const fields = BODIES.get(command);
  if (fields === undefined || end === body) return;
  let at = body;
  for (const field of fields) {
    if (field === 's') at = behindString(b, at, end);
    else if (field === '1') at += 1;
    else if (field === 'd') at = behindDestinations(b, at, end);
    else if (field === 'm') at = maskMessage(b, at, end);
    else at = maskTlvs(b, at, end);
    if (at > end) break;
  }
  // Where the fields do not fit the body, the text may be anywhere in it.
  if (at > end) b.fill(STAR, body, end);
}

function behindString(b: Buffer, at: number, end: number): number {
  const nul = cStringEnd(b, at, end);
  return nul < 0 ? FAULT : nul + 1;
}

function maskMessage(b: Buffer, at: number, end: number): number {
  if (at >= end) return FAULT;
  const messageEnd = at + 1 + b[at];
  if (messageEnd <= end) b.fill(STAR, at + 1, messageEnd);
  return messageEnd;
}

function maskTlvs(b: Buffer, from: number, end: number): number {
  let at = from;
  while (at < end) {
    if (end - at < TLV_HEADER_BYTES) return FAULT;
    const valueAt = at + TLV_HEADER_BYTES;
    const valueEnd = valueAt + readU16(b, at + 2);
    if (valueEnd > end) return FAULT;
    if (readU16(b, at) === smpp.TLV_MESSAGE_PAYLOAD) b.fill(STAR, valueAt, valueEnd);
    at = valueEnd;
  }
  return at;
}

/** number_of_dests, then for each: 1, ton, npi, address; or 2, dl_name. */
function behindDestinations(b: Buffer, from: number, end: number): number {
  if (from >= end) return FAULT;
  let at = from + 1;
  for (let left = b[from]; left > 0; left--) {
    if (at >= end) return FAULT;
    at = behindString(b, at + (b[at] === 1 ? 3 : 1), end);
  }
  return at;
}
