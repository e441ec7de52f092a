/** Message ids as clients write them: the form that their session and account were told. */
import { parseMessageId } from '../core/message-id.ts';
import { MESSAGE_ID_TEXT_BYTES_MAX, responseIdForm, writeMessageId } from '../smpp/pdu/message-id-text.ts';
import { VERSION_33 } from '../smpp/constants.ts';
import type { Session } from './state.ts';

export interface MessageIdParts {
  idHigh: number;
  idLow: number;
  /** Only the low half is known: 3.3 has no room for more. */
  isShort: boolean;
}

const scratch = Buffer.alloc(MESSAGE_ID_TEXT_BYTES_MAX);
const IDS_END = 2n ** 64n;

/** undefined: it can be none of ours. */
export function readMessageId(session: Session, text: string): MessageIdParts | undefined {
  const isDecimal = session.account?.decimalIds === true;
  if (session.version <= VERSION_33) {
    // A client of 3.3 may also know the number from its receipts, in decimal.
    if (/^[0-9a-fA-F]{1,8}$/.test(text))
      return { idHigh: 0, idLow: Number.parseInt(text, 16), isShort: true };
    return undefined;
  }
  if (isDecimal && /^\d{1,20}$/.test(text)) {
    const id = BigInt(text);
    if (id >= IDS_END) return undefined;
    return { idHigh: Number(id >> 32n), idLow: Number(id & 0xffff_ffffn), isShort: false };
  }
  const id = parseMessageId(text);
  return id === undefined ? undefined : { ...id, isShort: false };
}

/** An id as responses of the session write it. */
export function formatIdFor(session: Session, idHigh: number, idLow: number): string {
  const form = responseIdForm(session.version, session.account?.decimalIds === true);
  return scratch.toString('latin1', 0, writeMessageId(scratch, 0, idHigh, idLow, form));
}
