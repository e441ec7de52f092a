/**
 * Where everything is in a scanned submit_sm or deliver_sm: numbers only, offsets absolute into the scanned
 * buffer, C-strings as [at, end) with `end` at the NUL. One instance per thread is filled again and again.
 */
export class MessageFields {
  serviceTypeAt = 0;
  serviceTypeEnd = 0;
  sourceTon = 0;
  sourceNpi = 0;
  sourceAt = 0;
  sourceEnd = 0;
  destTon = 0;
  destNpi = 0;
  destAt = 0;
  destEnd = 0;
  /** esm_class stands here; the layout from here on is common to submit_sm, deliver_sm and submit_multi. */
  commonAt = 0;
  esmClass = 0;
  protocolId = 0;
  priority = 0;
  scheduleAt = 0;
  scheduleEnd = 0;
  validityAt = 0;
  validityEnd = 0;
  registeredDelivery = 0;
  replaceIfPresent = 0;
  dataCoding = 0;
  defaultMessageId = 0;
  smLength = 0;
  /** short_message: smLength octets. */
  messageAt = 0;
  tlvAt = 0;
  end = 0;
  /** message_payload TLV; length -1: not there. */
  payloadAt = 0;
  payloadLength = -1;
  /** The user data wherever it is: message_payload supersedes short_message. UDH included. */
  dataAt = 0;
  dataLength = 0;
  /** Octets of the user data header at `dataAt`, its length octet included; 0: none (or, in a deliver_sm, broken). */
  udhLength = 0;
  /** receipted_message_id TLV without its NUL; length -1: not there. */
  receiptedIdAt = 0;
  receiptedIdLength = -1;
  /** message_state TLV; -1: not there. */
  messageState = -1;
  /** Three octets of the network_error_code TLV; -1: not there. */
  networkErrorAt = -1;
  /** user_message_reference TLV; -1: not there. */
  userMessageReference = -1;
  /** sar_msg_ref_num, sar_total_segments, sar_segment_seqnum: all three of them or all -1. */
  sarRef = -1;
  sarTotal = -1;
  sarSequence = -1;
}

/** Forgets the optional parameters of the message scanned before. */
export function resetTlvs(f: MessageFields): void {
  f.payloadAt = 0;
  f.payloadLength = -1;
  f.receiptedIdAt = 0;
  f.receiptedIdLength = -1;
  f.messageState = -1;
  f.networkErrorAt = -1;
  f.userMessageReference = -1;
  f.sarRef = -1;
  f.sarTotal = -1;
  f.sarSequence = -1;
}
