import * as smpp from '../constants.ts';
import type { BodyReader } from './grammar.ts';
import { dataStatus, udhLengthOf } from './message-body.ts';
import { tlvValueOf, type Tlv } from './tlv.ts';

/** What the checks of a submission look at. */
interface Submitted {
  readonly dataCoding?: number | undefined;
  readonly esmClass?: number | undefined;
  readonly tlvs?: readonly Tlv[] | undefined;
}

/**
 * Strictly: the user data is in one place (in 5.0 message_payload supersedes short_message), its header is whole where
 * esm_class announces one, and its alphabet is one that is served. Leniently: anything.
 */
export function checkUserData(pdu: Submitted, shortMessage: Buffer | undefined, r: BodyReader): void {
  if (r.lenient) return;
  const { dataCoding = 0, esmClass = 0, tlvs = [] } = pdu;
  const payload = tlvValueOf(tlvs, smpp.TLV_MESSAGE_PAYLOAD);
  const inPayload = payload !== undefined && payload.length > 0;
  const inMessage = shortMessage !== undefined && shortMessage.length > 0;
  if (inPayload && inMessage && r.version < smpp.VERSION_50) {
    r.fail(smpp.ESME_RTLVNOTALLWD, 'message_payload is there beside short_message');
    return;
  }
  const data = inPayload ? payload : shortMessage;
  const length = data?.length ?? 0;
  const hasHeader = (esmClass & smpp.ESM_UDHI) !== 0;
  const udhLength = hasHeader ? (data === undefined ? -1 : udhLengthOf(data, 0, length)) : 0;
  const status = dataStatus(r.version, dataCoding, length, udhLength);
  if (status !== smpp.ESME_ROK) r.fail(status, reasonOf(status, dataCoding, length));
}

function reasonOf(status: number, dataCoding: number, length: number): string {
  switch (status) {
    case smpp.ESME_RINVESMCLASS:
      return 'esm_class announces a user data header that is not whole';
    case smpp.ESME_RINVMSGLEN:
      return `short_message has ${length} octets, and UCS-2 has two a character`;
    default:
      return `data_coding 0x${dataCoding.toString(16)} is not supported`;
  }
}
