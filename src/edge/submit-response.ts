/** submit_sm_resp in the form of its session: the version's, and the account's ids. */
import * as smpp from '../smpp/constants.ts';
import { writeHeader } from '../smpp/cursor.ts';
import { MESSAGE_ID_TEXT_BYTES_MAX, responseIdForm, writeMessageId } from '../smpp/pdu/message-id-text.ts';
import { writeSubmitSmResp, writeSubmitSmResp33 } from '../smpp/pdu/submit-sm.ts';
import { writeTlvHeader } from '../smpp/pdu/tlv.ts';
import type { EdgeAccount, Session } from './state.ts';

/** Header, id, NUL, congestion_state. */
const RESPONSE_BYTES_MAX = smpp.HEADER_BYTES + MESSAGE_ID_TEXT_BYTES_MAX + 1 + 5;

export function writeSubmitResponse(
  session: Session,
  status: number,
  sequence: number,
  idHigh: number,
  idLow: number,
): void {
  const { writer, version } = session;
  const account = session.account as EdgeAccount;
  writer.reserve(RESPONSE_BYTES_MAX);
  if (version <= smpp.VERSION_33) {
    writer.at += writeSubmitSmResp33(writer.buffer, writer.at, status, sequence, idLow);
  } else if (version < smpp.VERSION_50 && !account.decimalIds) {
    writer.at += writeSubmitSmResp(writer.buffer, writer.at, status, sequence, idHigh, idLow);
  } else {
    writer.at += writeInFull(session, account, status, sequence, idHigh, idLow);
  }
}

function writeInFull(
  session: Session,
  account: EdgeAccount,
  status: number,
  sequence: number,
  idHigh: number,
  idLow: number,
): number {
  const { buffer: b, at } = session.writer;
  let next = at + smpp.HEADER_BYTES;
  if (status === smpp.ESME_ROK) {
    next += writeMessageId(b, next, idHigh, idLow, responseIdForm(session.version, account.decimalIds));
    b[next++] = 0;
    if (session.version >= smpp.VERSION_50) {
      next = writeTlvHeader(b, next, smpp.TLV_CONGESTION_STATE, 1);
      b[next++] = congestionOf(session, account);
    }
  }
  writeHeader(b, at, next - at, smpp.SUBMIT_SM_RESP, status, sequence);
  return next - at;
}

/**
 * congestion_state (5.0 section 4.8.4.18): how much of its window the session uses, 89 at most while we read on; 80 to
 * 89 is the best use by the book. 95, near congestion, once the way to a shard is so full that reading stops.
 */
export function congestionOf({ edge, inFlight }: Session, { submitWindow }: EdgeAccount): number {
  for (const ring of edge.ends.writers) if (ring.freeBytes() < ring.capacity / 8) return 95;
  return Math.min(89, Math.floor((inFlight * 90) / submitWindow));
}
