import * as smpp from '../constants.ts';
import { encodePdu } from '../codec.ts';
import type { MessageObject } from './message-encode.ts';

/**
 * A data_sm (v3.4 section 4.7.1) out of the fields of a submit_sm: what it has no place for is left out, and the text
 * goes into message_payload. Throws a RangeError where a string is too long.
 */
export function encodeDataSm(m: MessageObject, sequenceNumber: number): Buffer {
  const tlvs = [...(m.tlvs ?? [])];
  const hasPayload = tlvs.some(({ tag }) => tag === smpp.TLV_MESSAGE_PAYLOAD);
  if (!hasPayload) tlvs.push({ tag: smpp.TLV_MESSAGE_PAYLOAD, value: m.message ?? Buffer.alloc(0) });
  return encodePdu(
    {
      command: 'data_sm',
      sequenceNumber,
      serviceType: m.serviceType,
      sourceAddrTon: m.sourceTon,
      sourceAddrNpi: m.sourceNpi,
      sourceAddr: m.source,
      destAddrTon: m.destTon,
      destAddrNpi: m.destNpi,
      destinationAddr: m.dest,
      esmClass: m.esmClass,
      registeredDelivery: m.registeredDelivery,
      dataCoding: m.dataCoding,
      tlvs,
    },
    smpp.VERSION_50,
    { lenient: true },
  );
}
