import * as smpp from '../constants.ts';
import { ID_HEX } from './message-id-text.ts';

const NOTHING = new Uint8Array(0);

/** Text, and the TLVs beside it where the version has them. */
export const CONTENT_AUTO = 0;
/** Text alone. */
export const CONTENT_TEXT = 1;
/** TLVs alone; where the version has none, the text. */
export const CONTENT_TLVS = 2;

/** What goes into one receipt, in terms of the original message: the addresses are swapped here. Reused. */
export class ReceiptArgs {
  version: number = smpp.VERSION_34;
  esmClass: number = smpp.ESM_RECEIPT;
  /** CONTENT_*. */
  content = CONTENT_AUTO;
  /** Carried by a data_sm; 3.3 has none and gets a deliver_sm. */
  dataSm = false;
  /** ID_*, see message-id-text.ts. */
  idForm = ID_HEX;
  /** 10, 12 or 14. */
  dateDigits = 10;
  /** Holds both addresses, without their NULs. */
  addresses: Uint8Array = NOTHING;
  sourceTon = 0;
  sourceNpi = 0;
  sourceAt = 0;
  sourceLength = 0;
  destTon = 0;
  destNpi = 0;
  destAt = 0;
  destLength = 0;
  idHigh = 0;
  idLow = 0;
  submitMs = 0;
  doneMs = 0;
  /** message_state; -1: not told (an acknowledgement need not have one). */
  state: number = smpp.STATE_UNKNOWN;
  /** Of several messages that one receipt stands for; 0: it is one, and `dlvrd` goes by the state. */
  submitted = 0;
  delivered = 0;
  /** The error as the SMSC told it; it is filled up to three characters with zeros in front. */
  err: Uint8Array = NOTHING;
  errAt = 0;
  errLength = 0;
  /** network_error_code; type -1: a decimal `err` is sent as a GSM code, any other only in the text. */
  networkErrorType = -1;
  networkErrorCode = 0;
  /** user_message_reference of the original; -1: it had none. */
  userMessageReference = -1;
  /** The start of the original text as the client means data_coding 0, without UDH; cut here to 20 octets. */
  text: Uint8Array = NOTHING;
  textAt = 0;
  textLength = 0;
  /** An acknowledgement of the recipient: `text` is its own, whole and in `dataCoding`, not that of a receipt. */
  verbatim = false;
  dataCoding = 0;
  /** user_response_code of a manual acknowledgement; -1: none. */
  userResponseCode = -1;
  /** Vendor TLVs as they stand in a PDU, in the array of `text`; they go where the TLVs of a receipt go. */
  tlvsAt = 0;
  tlvsLength = 0;
}
