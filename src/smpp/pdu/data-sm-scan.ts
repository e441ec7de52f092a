import * as smpp from '../constants.ts';
import { scanAddresses, scanTlvs, udhLengthOf } from './message-body.ts';
import { type MessageFields, resetTlvs } from './message-fields.ts';

/**
 * The body of a data_sm that an SMSC sends (v3.4 section 4.7.1): a deliver_sm without the fields that it could do
 * without, its user data always in message_payload.
 *
 *  service_type C6 | source ton 1, npi 1, addr C65 | dest ton 1, npi 1, addr C65 |
 *  esm_class 1 | registered_delivery 1 | data_coding 1 | TLVs
 *
 * Lenient as for a deliver_sm: only a body that cannot be read is refused (ESME_RINVCMDLEN, ESME_RINVTLVSTREAM). A
 * receipt may have no user data at all, only TLVs.
 */
export function scanDataSm(b: Uint8Array, start: number, end: number, f: MessageFields): number {
  f.end = end;
  resetTlvs(f);
  const status = scanAddresses(b, start + smpp.HEADER_BYTES, end, false, f);
  if (status !== smpp.ESME_ROK) return status;
  const at = f.commonAt;
  if (end - at < 3) return smpp.ESME_RINVCMDLEN;
  f.esmClass = b[at];
  f.registeredDelivery = b[at + 1];
  f.dataCoding = b[at + 2];
  clearAbsent(f, at + 3);
  const tlvStatus = scanTlvs(b, f.tlvAt, end, smpp.VERSION_34, false, f);
  if (tlvStatus !== smpp.ESME_ROK) return tlvStatus;
  if (f.payloadLength > 0) {
    f.dataAt = f.payloadAt;
    f.dataLength = f.payloadLength;
  }
  if ((f.esmClass & smpp.ESM_UDHI) !== 0) f.udhLength = Math.max(0, udhLengthOf(b, f.dataAt, f.dataLength));
  return smpp.ESME_ROK;
}

/** What a data_sm does not have is empty, and stands where its TLVs begin. */
function clearAbsent(f: MessageFields, at: number): void {
  f.protocolId = 0;
  f.priority = 0;
  f.replaceIfPresent = 0;
  f.defaultMessageId = 0;
  f.smLength = 0;
  f.scheduleAt = at;
  f.scheduleEnd = at;
  f.validityAt = at;
  f.validityEnd = at;
  f.messageAt = at;
  f.tlvAt = at;
  f.dataAt = at;
  f.dataLength = 0;
  f.udhLength = 0;
}
