import * as smpp from '../constants.ts';
import { cStringEnd, writeHeader } from '../cursor.ts';
import { writeCString } from './message-encode.ts';
import { readTlvs, TLV_HEADER_BYTES, writeTlvHeader } from './tlv.ts';

/**
 * bind_transmitter, bind_receiver, bind_transceiver (v3.4 section 4.1); C-string sizes include the NUL:
 *
 *  system_id C16 | password C9 | system_type C13 | interface_version 1 | addr_ton 1 | addr_npi 1 |
 *  address_range C41
 */
const SYSTEM_ID_BYTES = 16;
const PASSWORD_BYTES = 9;
/** What peers have that do not keep to that. */
const LONG_BYTES = 65;
const SYSTEM_TYPE_BYTES = 13;
const ADDRESS_RANGE_BYTES = 41;

export interface BindRequest {
  systemId: string;
  password: string;
  systemType: string;
  interfaceVersion: number;
  addrTon: number;
  addrNpi: number;
  addressRange: string;
}

export interface DecodedBind extends BindRequest {
  /** ESME_ROK, or what to refuse the bind with; then the fields behind the fault are empty. */
  status: number;
  /**
   * ESME_ROK, or of the first field that is longer than the protocol has it what to refuse it with where it may not be:
   * ESME_RINVSYSID, ESME_RINVPASWD.
   */
  tooLong: number;
}

/**
 * The bind in [start, end). `takesLong`: system_id and password may have 64 octets, which is then in `tooLong`; else
 * what is longer than the protocol has it is refused. Leading spaces, legal in 3.3, are cut there.
 */
export function decodeBind(b: Buffer, start: number, end: number, takesLong = false): DecodedBind {
  const bind: DecodedBind = {
    status: smpp.ESME_ROK,
    tooLong: smpp.ESME_ROK,
    systemId: '',
    password: '',
    systemType: '',
    interfaceVersion: 0,
    addrTon: 0,
    addrNpi: 0,
    addressRange: '',
  };
  let at = start + smpp.HEADER_BYTES;
  const take = (bytesMax: number, tooLong: number): string => {
    const nul = cStringEnd(b, at, Math.min(end, at + bytesMax));
    if (nul < 0) {
      bind.status = end - at >= bytesMax ? tooLong : smpp.ESME_RINVCMDLEN;
      return '';
    }
    const text = b.toString('latin1', at, nul);
    at = nul + 1;
    return text;
  };
  const takeCredential = (bytesMax: number, tooLong: number): string => {
    const text = take(takesLong ? LONG_BYTES : bytesMax, tooLong);
    if (text.length >= bytesMax && bind.tooLong === smpp.ESME_ROK) bind.tooLong = tooLong;
    return text;
  };
  bind.systemId = takeCredential(SYSTEM_ID_BYTES, smpp.ESME_RINVSYSID);
  if (bind.status !== smpp.ESME_ROK) return bind;
  bind.password = takeCredential(PASSWORD_BYTES, smpp.ESME_RINVPASWD);
  if (bind.status !== smpp.ESME_ROK) return bind;
  bind.systemType = take(SYSTEM_TYPE_BYTES, smpp.ESME_RINVSYSTYP);
  if (bind.status !== smpp.ESME_ROK) return bind;
  if (end - at < 4) return { ...bind, status: smpp.ESME_RINVCMDLEN };
  bind.interfaceVersion = b[at++];
  bind.addrTon = b[at++];
  bind.addrNpi = b[at++];
  bind.addressRange = take(ADDRESS_RANGE_BYTES, smpp.ESME_RBINDFAIL);
  if (bind.status === smpp.ESME_ROK && isReservedVersion(bind.interfaceVersion)) {
    bind.status = smpp.ESME_RBINDFAIL;
  }
  if (bind.interfaceVersion <= smpp.VERSION_33) {
    bind.systemId = bind.systemId.trimStart();
    bind.systemType = bind.systemType.trimStart();
  }
  return bind;
}

function isReservedVersion(version: number): boolean {
  return version > smpp.VERSION_33 && version !== smpp.VERSION_34 && version !== smpp.VERSION_50;
}

/** The session's version: the lower of both sides, everything up to 0x33 (also 0x00) being VERSION_33. */
export function sessionVersion(own: number, peer: number): number {
  return Math.max(smpp.VERSION_33, Math.min(own, peer));
}

/**
 * Throws a RangeError where a string is too long. system_id and password may have 64 octets here: what an SMSC expects
 * is for the operator to know (long_credentials).
 */
export function encodeBind(commandId: number, sequenceNumber: number, bind: BindRequest): Buffer {
  const strings = [bind.systemId, bind.password, bind.systemType, bind.addressRange];
  const length = smpp.HEADER_BYTES + 3 + strings.reduce((sum, s) => sum + s.length + 1, 0);
  const b = Buffer.alloc(length);
  writeHeader(b, 0, length, commandId, smpp.ESME_ROK, sequenceNumber);
  let at = writeCString(b, smpp.HEADER_BYTES, bind.systemId, LONG_BYTES);
  at = writeCString(b, at, bind.password, LONG_BYTES);
  at = writeCString(b, at, bind.systemType, SYSTEM_TYPE_BYTES);
  b[at++] = bind.interfaceVersion;
  b[at++] = bind.addrTon;
  b[at++] = bind.addrNpi;
  writeCString(b, at, bind.addressRange, ADDRESS_RANGE_BYTES);
  return b;
}

/**
 * The response to a bind; `commandId` may be the request's or the response's. An error is the header alone; on
 * success comes our system_id, and sc_interface_version unless undefined (never to a peer of 3.3 or earlier).
 */
export function encodeBindResp(
  commandId: number,
  status: number,
  sequenceNumber: number,
  systemId: string,
  scInterfaceVersion: number | undefined,
): Buffer {
  const ok = status === smpp.ESME_ROK;
  const tlvLength = scInterfaceVersion === undefined ? 0 : TLV_HEADER_BYTES + 1;
  const length = smpp.HEADER_BYTES + (ok ? systemId.length + 1 + tlvLength : 0);
  const b = Buffer.alloc(length);
  writeHeader(b, 0, length, smpp.responseIdOf(commandId), status, sequenceNumber);
  if (!ok) return b;
  const at = writeCString(b, smpp.HEADER_BYTES, systemId, SYSTEM_ID_BYTES);
  if (scInterfaceVersion !== undefined) {
    b[writeTlvHeader(b, at, smpp.TLV_SC_INTERFACE_VERSION, 1)] = scInterfaceVersion;
  }
  return b;
}

export interface BindResponse {
  status: number;
  systemId: string;
  /** undefined: the SMSC announces no TLV support. */
  scInterfaceVersion: number | undefined;
}

/** Reads what peers send: header only, a lone NUL, a system_id without NUL; broken TLVs are ignored. */
export function decodeBindResp(b: Buffer, start: number, end: number): BindResponse {
  const at = start + smpp.HEADER_BYTES;
  const nul = cStringEnd(b, at, end);
  const idEnd = nul < 0 ? end : nul;
  const tlvs = nul < 0 ? [] : readTlvs(b, nul + 1, end);
  const version = tlvs.find((tlv) => tlv.tag === smpp.TLV_SC_INTERFACE_VERSION && tlv.value.length === 1);
  return {
    status: b.readUInt32BE(start + 8),
    systemId: b.toString('latin1', at, idEnd),
    scInterfaceVersion: version?.value[0],
  };
}
