import * as smpp from '../constants.ts';
import { cStringEnd, readU16 } from '../cursor.ts';
import { isTime } from '../times.ts';
import { type MessageFields, resetTlvs } from './message-fields.ts';
import { isSubmitTlvLength, TLV_HEADER_BYTES } from './tlv.ts';

/**
 * The body of submit_sm and deliver_sm, the same in all versions (v3.4 sections 4.4.1 and 4.6.1). C-string sizes
 * include the NUL:
 *
 *  service_type C6 | source ton 1, npi 1, addr C21 | dest ton 1, npi 1, addr C21          addresses
 *  esm_class 1 | protocol_id 1 | priority_flag 1 | schedule C1|17 | validity C1|17 |
 *  registered_delivery 1 | replace_if_present 1 | data_coding 1 | default_msg_id 1 |
 *  sm_length 1 | short_message sm_length                                                   common
 *  TLVs
 *
 * Scanned strictly (a submit_sm: the first fault is answered with its own command_status) or leniently (a
 * deliver_sm: refusing an SMSC's odd value would only make it send the same again, so only structure counts).
 */
const SERVICE_TYPE_BYTES = 6;
const ADDRESS_BYTES = 21;
const TIME_BYTES = 17;
/** A C-string of a deliver_sm may run on to the end of the PDU. */
const UNLIMITED = 0x7fff_ffff;

/** data_coding values whose alphabet this gateway cannot show or convert: JIS, pictograms, ISO-2022-JP, KS C 5601. */
const UNSUPPORTED_CODINGS = (1 << 0x05) | (1 << 0x09) | (1 << 0x0a) | (1 << 0x0d) | (1 << 0x0e);

/** Fills `f` from the PDU in [start, end); answers a command_status, ESME_ROK when all is well. */
export function scanMessage(
  b: Uint8Array,
  start: number,
  end: number,
  version: number,
  strict: boolean,
  f: MessageFields,
): number {
  f.end = end;
  resetTlvs(f);
  let status = scanAddresses(b, start + smpp.HEADER_BYTES, end, strict, f);
  if (status !== smpp.ESME_ROK) return status;
  status = scanCommon(b, f.commonAt, end, version, strict, f);
  if (status !== smpp.ESME_ROK) return status;
  if (f.tlvAt < end) {
    status = scanTlvs(b, f.tlvAt, end, version, strict, f);
    if (status !== smpp.ESME_ROK) return status;
  }
  const inPayload = f.payloadLength > 0;
  f.dataAt = inPayload ? f.payloadAt : f.messageAt;
  f.dataLength = inPayload ? f.payloadLength : f.smLength;
  f.udhLength = (f.esmClass & smpp.ESM_UDHI) === 0 ? 0 : udhLengthOf(b, f.dataAt, f.dataLength);
  if (strict) return checkData(version, f);
  if (f.udhLength < 0) f.udhLength = 0;
  return smpp.ESME_ROK;
}

/** service_type and both addresses, from `from` to `f.commonAt`; a command_status. */
export function scanAddresses(
  b: Uint8Array,
  from: number,
  end: number,
  strict: boolean,
  f: MessageFields,
): number {
  const addressBytes = strict ? ADDRESS_BYTES : UNLIMITED;
  f.serviceTypeAt = from;
  let nul = stringEnd(b, from, end, strict ? SERVICE_TYPE_BYTES : UNLIMITED);
  if (nul < 0) return nul === TOO_LONG ? smpp.ESME_RINVSERTYP : smpp.ESME_RINVCMDLEN;
  f.serviceTypeEnd = nul;
  let at = nul + 1;
  if (end - at < 3) return smpp.ESME_RINVCMDLEN;
  f.sourceTon = b[at];
  f.sourceNpi = b[at + 1];
  f.sourceAt = at + 2;
  nul = stringEnd(b, at + 2, end, addressBytes);
  if (nul < 0) return nul === TOO_LONG ? smpp.ESME_RINVSRCADR : smpp.ESME_RINVCMDLEN;
  f.sourceEnd = nul;
  at = nul + 1;
  if (end - at < 3) return smpp.ESME_RINVCMDLEN;
  f.destTon = b[at];
  f.destNpi = b[at + 1];
  f.destAt = at + 2;
  nul = stringEnd(b, at + 2, end, addressBytes);
  if (nul < 0) return nul === TOO_LONG ? smpp.ESME_RINVDSTADR : smpp.ESME_RINVCMDLEN;
  f.destEnd = nul;
  f.commonAt = nul + 1;
  return strict && nul === f.destAt ? smpp.ESME_RINVDSTADR : smpp.ESME_ROK;
}

/** From esm_class to the end of short_message. */
function scanCommon(
  b: Uint8Array,
  from: number,
  end: number,
  version: number,
  strict: boolean,
  f: MessageFields,
): number {
  if (end - from < 10) return smpp.ESME_RINVCMDLEN;
  f.esmClass = b[from];
  f.protocolId = b[from + 1];
  f.priority = b[from + 2];
  if (strict && f.priority > priorityMax(version)) return smpp.ESME_RINVPRTFLG;
  const timeBytes = strict ? TIME_BYTES : UNLIMITED;
  f.scheduleAt = from + 3;
  f.scheduleEnd = stringEnd(b, f.scheduleAt, end, timeBytes);
  if (f.scheduleEnd < 0) return f.scheduleEnd === TOO_LONG ? smpp.ESME_RINVSCHED : smpp.ESME_RINVCMDLEN;
  f.validityAt = f.scheduleEnd + 1;
  f.validityEnd = stringEnd(b, f.validityAt, end, timeBytes);
  if (strict && !isTime(b, f.scheduleAt, f.scheduleEnd)) return smpp.ESME_RINVSCHED;
  if (f.validityEnd < 0) return f.validityEnd === TOO_LONG ? smpp.ESME_RINVEXPIRY : smpp.ESME_RINVCMDLEN;
  if (strict && !isTime(b, f.validityAt, f.validityEnd)) return smpp.ESME_RINVEXPIRY;
  const at = f.validityEnd + 1;
  if (end - at < 5) return smpp.ESME_RINVCMDLEN;
  f.registeredDelivery = b[at];
  f.replaceIfPresent = b[at + 1];
  f.dataCoding = b[at + 2];
  f.defaultMessageId = b[at + 3];
  f.smLength = b[at + 4];
  f.messageAt = at + 5;
  f.tlvAt = at + 5 + f.smLength;
  if (strict) {
    if (!isRegisteredDelivery(f.registeredDelivery, version)) return smpp.ESME_RINVREGDLVFLG;
    if (f.replaceIfPresent > 1) return smpp.ESME_RINVREPFLAG;
    if (f.smLength === 255 && version < smpp.VERSION_50) return smpp.ESME_RINVMSGLEN;
  }
  return f.tlvAt > end ? smpp.ESME_RINVMSGLEN : smpp.ESME_ROK;
}

/** Optional parameters in [from, end); a command_status. */
export function scanTlvs(
  b: Uint8Array,
  from: number,
  end: number,
  version: number,
  strict: boolean,
  f: MessageFields,
): number {
  let at = from;
  while (end - at >= TLV_HEADER_BYTES) {
    const tag = readU16(b, at);
    const length = readU16(b, at + 2);
    at += TLV_HEADER_BYTES;
    if (length > end - at) return smpp.ESME_RINVTLVSTREAM;
    if (strict && !isSubmitTlvLength(tag, length, version)) return smpp.ESME_RINVTLVLEN;
    takeTlv(b, tag, at, length, f);
    at += length;
  }
  // Some senders do not count the NUL that they put behind their text: from an SMSC that one octet is let pass.
  if (at !== end && (strict || end - at > 1 || b[at] !== 0)) return smpp.ESME_RINVTLVSTREAM;
  return settleSar(strict, f);
}

/** The first of a repeated parameter counts; a known one of a wrong length (lenient scan only) is ignored. */
function takeTlv(b: Uint8Array, tag: number, at: number, length: number, f: MessageFields): void {
  switch (tag) {
    case smpp.TLV_MESSAGE_PAYLOAD:
      if (f.payloadLength >= 0) return;
      f.payloadAt = at;
      f.payloadLength = length;
      return;
    case smpp.TLV_RECEIPTED_MESSAGE_ID: {
      if (f.receiptedIdLength >= 0) return;
      const nul = cStringEnd(b, at, at + length);
      f.receiptedIdAt = at;
      f.receiptedIdLength = nul < 0 ? length : nul - at;
      return;
    }
    case smpp.TLV_MESSAGE_STATE:
      if (length === 1 && f.messageState < 0) f.messageState = b[at];
      return;
    case smpp.TLV_NETWORK_ERROR_CODE:
      if (length === 3 && f.networkErrorAt < 0) f.networkErrorAt = at;
      return;
    case smpp.TLV_USER_MESSAGE_REFERENCE:
      if (length === 2 && f.userMessageReference < 0) f.userMessageReference = readU16(b, at);
      return;
    case smpp.TLV_SAR_MSG_REF_NUM:
      if (length === 2 && f.sarRef < 0) f.sarRef = readU16(b, at);
      return;
    case smpp.TLV_SAR_TOTAL_SEGMENTS:
      if (length === 1 && f.sarTotal < 0) f.sarTotal = b[at];
      return;
    case smpp.TLV_SAR_SEGMENT_SEQNUM:
      if (length === 1 && f.sarSequence < 0) f.sarSequence = b[at];
  }
}

/** The three sar_* count only together (v3.4 section 5.3.2.22 and on). */
function settleSar(strict: boolean, f: MessageFields): number {
  const whole = f.sarRef >= 0 && f.sarTotal >= 0 && f.sarSequence >= 0;
  if (whole && f.sarSequence >= 1 && f.sarSequence <= f.sarTotal) return smpp.ESME_ROK;
  f.sarRef = -1;
  f.sarTotal = -1;
  f.sarSequence = -1;
  return whole && strict ? smpp.ESME_RINVTLVVAL : smpp.ESME_ROK;
}

function checkData(version: number, f: MessageFields): number {
  // v3.4 forbids both; in v5.0 message_payload supersedes short_message.
  if (f.payloadLength > 0 && f.smLength > 0 && version < smpp.VERSION_50) return smpp.ESME_RTLVNOTALLWD;
  return dataStatus(version, f.dataCoding, f.dataLength, f.udhLength);
}

/** What to refuse submitted user data with; `udhLength` -1: its header is broken. ESME_ROK when all is well. */
export function dataStatus(
  version: number,
  dataCoding: number,
  dataLength: number,
  udhLength: number,
): number {
  if (udhLength < 0) return smpp.ESME_RINVESMCLASS;
  if (dataCoding < 0x10 && ((UNSUPPORTED_CODINGS >> dataCoding) & 1) === 1) {
    return version >= smpp.VERSION_50 ? smpp.ESME_RINVDCS : smpp.ESME_RSUBMITFAIL;
  }
  const odd = ((dataLength - udhLength) & 1) === 1;
  if (!odd) return smpp.ESME_ROK;
  // In 3.3 it is a GSM data coding scheme whatever its value: 0x08 to 0x0b are UCS-2.
  const is33 = version <= smpp.VERSION_33 && (dataCoding & 0xfc) === 0x08;
  return is33 || isUcs2(dataCoding) ? smpp.ESME_RINVMSGLEN : smpp.ESME_ROK;
}

/** Whether the text is UCS-2: data_coding 8, or a GSM data coding scheme (0x10 and up) that says so. */
export function isUcs2(dataCoding: number): boolean {
  if (dataCoding < 0x10) return dataCoding === 0x08;
  // Groups 00xx and 01xx: bit 5 compressed, bits 3-2 = 10; group 1110: message waiting, UCS-2.
  if (dataCoding < 0x80) return (dataCoding & 0x2c) === 0x08;
  return (dataCoding & 0xf0) === 0xe0;
}

/**
 * Octets of the user data header at `at`, or -1 when it is broken:
 * UDHL, then elements { identifier, length, data } that fill UDHL octets exactly.
 */
export function udhLengthOf(b: Uint8Array, at: number, length: number): number {
  if (length < 1 || b[at] >= length) return -1;
  const end = at + 1 + b[at];
  let next = at + 1;
  while (end - next >= 2) next += 2 + b[next + 1];
  return next === end ? end - at : -1;
}

/** Highest priority_flag of a version. */
export function priorityMax(version: number): number {
  if (version >= smpp.VERSION_50) return 4;
  return version >= smpp.VERSION_34 ? 3 : 1;
}

/**
 * Bits 1-0 = 11 (success only) exist since 5.0. 3.3 knows 0 and 1 only, but Kannel asks with 0x11 on sessions of 3.3
 * too, and would give up each of its messages: there the bits are taken as 3.4 has them.
 */
export function isRegisteredDelivery(value: number, version: number): boolean {
  return version >= smpp.VERSION_50 || (value & 3) !== 3;
}

const TOO_LONG = -2;

/** Index of the NUL; -1 when the PDU ends first, TOO_LONG when `bytesMax` octets go by without one. */
function stringEnd(b: Uint8Array, at: number, end: number, bytesMax: number): number {
  if (at < end && b[at] === 0) return at;
  const room = end - at;
  const nul = cStringEnd(b, at, room > bytesMax ? at + bytesMax : end);
  return nul < 0 && room >= bytesMax ? TOO_LONG : nul;
}

/** Where the short_message of a submit_sm or deliver_sm body (without header) of ours ends, and TLVs begin. */
export function shortMessageEnd(b: Uint8Array, bodyAt: number, end: number): number {
  let at = cStringEnd(b, bodyAt, end) + 3;
  at = cStringEnd(b, at, end) + 3;
  at = cStringEnd(b, at, end) + 4;
  at = cStringEnd(b, at, end) + 1;
  at = cStringEnd(b, at, end) + 5;
  return at + 1 + b[at];
}
