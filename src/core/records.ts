/**
 * The bytes of everything that crosses a ring or is written to the ledger. One layout serves both: a submit is
 * written into the ring as the very ACCEPTED event that the journal stores, so a shard moves it with one copy.
 * Integers are little-endian (the machines we run on); every record starts on an 8-byte boundary.
 *
 *  common header, 24 bytes
 *  0        4      5      6        8         12        16              24
 *  +--------+------+------+--------+---------+---------+---------------+
 *  | length | type |  a   |   b    | idLow   | idHigh  | timeMs (f64)  | payload ...
 *  | u32    | u8   |  u8  |  u16   | u32     | u32     |               |
 *  +--------+------+------+--------+---------+---------+---------------+
 *  length: of the whole record, padding to the 8-byte boundary not counted.
 */
export const RECORD_LENGTH = 0;
export const RECORD_TYPE = 4;
export const RECORD_A = 5;
export const RECORD_B = 6;
export const RECORD_ID_LOW = 8;
export const RECORD_ID_HIGH = 12;
export const RECORD_TIME = 16;
export const RECORD_HEADER_BYTES = 24;

/**
 * ACCEPTED: we own this message. a: protocol (PROTOCOL_*), b: account index.
 *  24 u16 smsc index       26 u16 flags (ACCEPTED_FLAG_*)
 *  28 u32 session          32 u32 sequence_number of the submit
 *  36 u8 registered_delivery, and DELIVERY_CONVERTED  37 u8 esm_class  38 u8 data_coding  39 u8 priority_flag
 *  40 u16 sourceAt         42 u16 destAt: offsets in the body of source_addr_ton and dest_addr_ton
 *  44 u16 messageAt        46 u8 sm_length  47 u8 0
 *  48 f64 expiresAtMs      56 body: the submit_sm body for the SMSC
 *
 * A record of anything but a plain short message is followed, on the next 8-byte boundary, by an extension:
 *   0 u32 toldLow  4 u32 toldHigh: the id that the client was told, 0: the message's own. EXTENSION_FLAG_LED: the
 *     id of the part that came first. EXTENSION_FLAG_HELD: toldLow says how its sender means data_coding, the
 *     session's interface_version and HELD_HTTP
 *   8 f64 scheduleMs (0: at once)
 *  16 u8 part (from 1)  17 u8 parts (0: it is whole)  18 u8 flags (EXTENSION_FLAG_*)  19 u8 0
 *  20 u32 EXTENSION_FLAG_LED: hash of what the parts of one message have in common
 */
export const ACCEPTED = 1;
export const ACCEPTED_SMSC = 24;
export const ACCEPTED_SESSION = 28;
export const ACCEPTED_SEQUENCE = 32;
export const ACCEPTED_REGISTERED_DELIVERY = 36;
export const ACCEPTED_ESM_CLASS = 37;
export const ACCEPTED_DATA_CODING = 38;
export const ACCEPTED_PRIORITY = 39;
export const ACCEPTED_SOURCE_AT = 40;
export const ACCEPTED_DEST_AT = 42;
export const ACCEPTED_MESSAGE_AT = 44;
export const ACCEPTED_SM_LENGTH = 46;
export const ACCEPTED_EXPIRES = 48;
export const ACCEPTED_BODY = 56;
export const ACCEPTED_FLAGS = 26;
/**
 * A bit of registered_delivery that SMPP reserves: the text is in another character set than its client wrote it in, so
 * the client can not tell another one in the same.
 */
export const DELIVERY_CONVERTED = 0x80;
/** The extension is there; bits 4 to 6 then count the padding between body and extension. */
export const ACCEPTED_FLAG_EXTENDED = 1;
export const ACCEPTED_PADDING_SHIFT = 4;
/** submit_sm with replace_if_present_flag: a waiting message of the same addresses and service_type gives way. */
export const ACCEPTED_FLAG_REPLACE = 2;
/** It is sent as data_sm; the body is that of a data_sm. */
export const ACCEPTED_FLAG_DATA_SM = 4;
/** Its client was told the id as 3.3 writes it, the low half alone: so are its receipts, on whatever session. */
export const ACCEPTED_FLAG_SHORT_ID = 8;
export const EXTENSION_BYTES = 24;
export const EXTENSION_TOLD_LOW = 0;
export const EXTENSION_TOLD_HIGH = 4;
export const EXTENSION_SCHEDULE = 8;
export const EXTENSION_PART = 16;
export const EXTENSION_PARTS = 17;
export const EXTENSION_FLAGS = 18;
export const EXTENSION_KEY = 20;
/** It waits for the other parts of its message, to be joined with them. */
export const EXTENSION_FLAG_HELD = 1;
export const HELD_VERSION_MASK = 0xff;
/** It came over HTTP. */
export const HELD_HTTP = 0x100;
/** Not in a record but in a row: it was made for an SMSC that speaks less since, and is to be made for that anew. */
export const HELD_SHAPED = 0x200;
/** Made by joining what the client sent in parts: no client knows its id. */
export const EXTENSION_FLAG_INTERNAL = 2;
/** One destination of several: its receipt is told under the id of the whole submit_multi. */
export const EXTENSION_FLAG_MULTI = 4;
/** A part that passes as it came: it only names the message that it belongs to, for its CDR. */
export const EXTENSION_FLAG_LED = 8;

/** Length of the body in an ACCEPTED (or REPLACED) record of `length` bytes with these flags. */
export function acceptedBodyLength(flags: number, length: number): number {
  if ((flags & ACCEPTED_FLAG_EXTENDED) === 0) return length - ACCEPTED_BODY;
  return length - ACCEPTED_BODY - EXTENSION_BYTES - ((flags >> ACCEPTED_PADDING_SHIFT) & 7);
}
export const PROTOCOL_SMPP = 1;
export const PROTOCOL_HTTP = 2;

/**
 * SENT: the SMSC took the message. a: attempt (from 1), b: smsc index.
 *  24 u8 flags (SENT_FLAG_*)  25 u8 bind  26 u8 idLength  27 u8 0   28 the SMSC's message id, without NUL
 */
export const SENT = 2;
export const SENT_FLAGS = 24;
export const SENT_BIND = 25;
export const SENT_ID_LENGTH = 26;
export const SENT_ID = 28;
/** An earlier submit_sm of this message may have reached the SMSC: this one may be its duplicate. */
export const SENT_FLAG_DUPLICATE_RISK = 1;

/**
 * ATTEMPT_FAILED: one submit_sm was refused or not answered, and the message will be tried again.
 * a: attempt, b: smsc index.  24 u32 command_status (NO_RESPONSE when it timed out)  28 u32 0  32 f64 dueMs
 */
export const ATTEMPT_FAILED = 3;
export const FAILED_STATUS = 24;
export const FAILED_DUE = 32;
export const NO_RESPONSE = 0xffff_ffff;

/**
 * RECEIPT: a final state of the message. a: message_state, b: smsc index (0xffff: made by the gateway itself).
 *  24 f64 doneMs   32 u8 errLength  33 7 bytes of err text   40 u32 command_status that caused it (0: none)
 *  44 u8 type of the network_error_code plus 1 (0: none was told)  45 u8 RECEIPT_MERGED  46 u16 its code
 *  48 to the end: TLVs for the client, as in a PDU, mostly none: a network_error_code of type 0xff, for which byte 44
 *     has no value, and behind it vendor TLVs
 */
export const RECEIPT = 4;
export const RECEIPT_DONE = 24;
export const RECEIPT_ERR_LENGTH = 32;
export const RECEIPT_ERR = 33;
export const RECEIPT_ERR_BYTES_MAX = 7;
export const RECEIPT_STATUS = 40;
export const RECEIPT_NETWORK_TYPE = 44;
export const RECEIPT_NETWORK_CODE = 46;
/** It speaks for all parts of a message: how many were delivered, plus 1 (255 at most); 0: for one alone. */
export const RECEIPT_MERGED = 45;
export const RECEIPT_BYTES = 48;
export const SMSC_NONE = 0xffff;

/**
 * FINAL: nothing more can happen; exactly one a message, and with it the CDR is complete.
 * a: message_state, b: reason (FINAL_*).   24 u32 command_status   28 u8 attempts  29 u8 flags (SENT_FLAG_*)
 */
export const FINAL = 5;
export const FINAL_STATUS = 24;
export const FINAL_ATTEMPTS = 28;
export const FINAL_FLAGS = 29;
export const FINAL_BYTES = 32;
/** The ESME acknowledged the receipt. */
export const FINAL_RECEIPT_TAKEN = 1;
/** No receipt was asked for, and the SMSC took the message. */
export const FINAL_SENT = 2;
/** It failed and no receipt was asked for. */
export const FINAL_FAILED = 3;
/** A receipt was asked for but none came within receipts.wait_s. */
export const FINAL_NO_RECEIPT = 4;
/** The receipt was kept receipts.keep_s and the ESME never took it, or refused it for good. */
export const FINAL_RECEIPT_NOT_TAKEN = 5;
/** Cancelled, and no receipt was asked for. */
export const FINAL_CANCELLED = 6;
/** A part: what became of it is told with its message. */
export const FINAL_PART = 7;
/** The same part again, while the first one waits for the others: that one was answered for. */
export const FINAL_REPEATED = 8;

/**
 * PARKED: a receipt that no message is known for yet; it may have overtaken its submit_sm_resp.
 * ORPHANED: the same, after receipts.park_s without a match. a: message_state (0xff unknown), b: smsc index.
 *  24 f64 doneMs  32 u8 errLength  33 7 bytes of err text  40 u8 idLength
 *  41 u8 type of the network_error_code plus 1 (0: none was told)  42 u16 its code  44 the SMSC's message id, and
 *  vendor TLVs as in RECEIPT
 * A PARKED receipt that is matched later is followed by the RECEIPT event of its message.
 */
export const PARKED = 6;
export const ORPHANED = 7;
export const PARKED_ID_LENGTH = 40;
export const PARKED_NETWORK_TYPE = 41;
export const PARKED_NETWORK_CODE = 42;
export const PARKED_ID = 44;

/**
 * LATE: a submit_sm_resp after its timeout. a: attempt, b: smsc index.  24 u32 command_status
 *  28 to the end: the SMSC's message id, where the response has one: it is one of the message's from here on.
 */
export const LATE = 8;

/** NAMES: first event of a segment; payload is JSON {nodeId, shard, accounts: string[], smscs: string[]}. */
export const NAMES = 9;

/**
 * REPLACED: the message has another text now (replace_sm, or replace_if_present_flag). The layout of ACCEPTED, with
 * the id of the message; sequence_number and session are those of the request.
 */
export const REPLACED = 10;

/**
 * JOINED: this part was joined with the others of its message. a: JOINED_TOLD_*, b: registered_delivery that its
 * receipt goes by from here on.
 *  24 u32 idLow  28 u32 idHigh of the first message that the parts were made into
 */
export const JOINED = 11;
/** The client gets a receipt of this part, none of it, or one of all parts under its id. */
export const JOINED_TOLD_EACH = 0;
export const JOINED_TOLD_NOT = 1;
export const JOINED_TOLD_FOR_ALL = 2;
export const JOINED_LEADER_LOW = 24;
export const JOINED_LEADER_HIGH = 28;
export const JOINED_BYTES = 32;

/** RELEASED: the other parts did not come in time, the part goes as it came. */
export const RELEASED = 12;

/**
 * INTERMEDIATE: the SMSC told something of the message that does not end it: that it is on its way (an intermediate
 * notification, or a receipt with a state that is not final), or what its recipient acknowledged.
 * a: message_state (STATE_NOT_TOLD), b: smsc index.
 *  24 f64 doneMs  32 u8 errLength  33 7 bytes of err text
 *  40 u8 esm_class as the client is told it  41 u8 data_coding of the text  42 u16 user_response_code plus 1 (0: none)
 *  44 u8 type of the network_error_code plus 1 (0: none was told)  45 u8 textLength  46 u16 its code
 *  48 the recipient's text (acknowledgements only), and vendor TLVs as in RECEIPT; a text of more than 255 octets is
 *     in front of these as message_payload, and textLength is 0
 */
export const INTERMEDIATE = 13;
export const INTERMEDIATE_ESM_CLASS = 40;
export const INTERMEDIATE_DATA_CODING = 41;
export const INTERMEDIATE_RESPONSE_CODE = 42;
export const INTERMEDIATE_TEXT_LENGTH = 45;
export const INTERMEDIATE_TEXT = 48;
export const STATE_NOT_TOLD = 0xff;

/** Records below are never stored; they only cross a ring, from an edge to a shard ... */

/**
 * What became of a receipt. a: RESULT_*, b: account.   16 u32 slot  20 u32 command_status
 * No time: every octet of the records that each message has goes from one core's cache to the other's.
 */
export const RECEIPT_RESULT = 64;
export const RESULT_SLOT = 16;
export const RESULT_STATUS = 20;
export const RECEIPT_RESULT_BYTES = 24;
export const RESULT_TAKEN = 1;
/** The ESME asked for it later (temporary error), or the session went away before it answered. */
export const RESULT_LATER = 2;
/** The ESME refused it for good. */
export const RESULT_REFUSED = 3;
/** The ESME answered with a status that says neither: it is offered once more before that is a refusal. */
export const RESULT_ODD = 4;

/**
 * An edge's receivers of an account changed. a: edge, b: account.   24 u32 sum of their receipt windows
 *  28 u32 how many of them are of 3.4 or later, which know of more than receipts
 */
export const RECEIVERS = 65;
export const RECEIVERS_WINDOW = 24;
export const RECEIVERS_NEWER = 28;
export const RECEIVERS_BYTES = 32;

/**
 * Several submits of one request that stand or fall together: the parts of a long message, the destinations of a
 * submit_multi. They are answered once, with the id of the first (or `told`, when that is not 0).
 *  24 u32 session  28 u32 sequence_number  32 u32 toldLow  36 u32 toldHigh  40 u32 count  44 u32 0
 *  48 ACCEPTED records, each on an 8-byte boundary
 */
export const SUBMIT_BATCH = 66;
export const BATCH_SESSION = 24;
export const BATCH_SEQUENCE = 28;
export const BATCH_TOLD_LOW = 32;
export const BATCH_TOLD_HIGH = 36;
export const BATCH_COUNT = 40;
export const BATCH_RECORDS = 48;
/** Most records of one batch: what a commit group keeps free for the last batch that it takes. */
export const BATCH_COUNT_MAX = 1_024;

/**
 * A request about a message, or one that is passed on to an SMSC. a: OPERATION_*, b: account. Ids: the message.
 *  24 u32 session  28 u32 sequence_number  32 u8 version (interface_version)  33 u8 flags (OPERATION_FLAG_*)
 *  34 u16 smsc (OPERATION_FORWARD)  36 u32 command_id (OPERATION_FORWARD)
 *  40 f64 scheduleMs  48 f64 expiresMs (OPERATION_REPLACE; 0: stays as it is). timeMs: what periods count from
 *  56 u8 registered_delivery  57 u8 sm_default_msg_id  58 u8 sourceLength  59 u8 destLength  60 u8 serviceTypeLength
 *  61 u8 0  62 u16 0  64 u32 dataLength  68 u32 0
 *  72 source: ton npi addr NUL, dest: the same, service_type without NUL, data (short_message, or a whole PDU body)
 */
export const OPERATION = 67;
export const OPERATION_SESSION = 24;
export const OPERATION_SEQUENCE = 28;
export const OPERATION_VERSION = 32;
export const OPERATION_FLAGS = 33;
export const OPERATION_SMSC = 34;
export const OPERATION_COMMAND = 36;
export const OPERATION_SCHEDULE = 40;
export const OPERATION_EXPIRES = 48;
export const OPERATION_REGISTERED_DELIVERY = 56;
export const OPERATION_DEFAULT_MESSAGE = 57;
export const OPERATION_SOURCE_LENGTH = 58;
export const OPERATION_DEST_LENGTH = 59;
export const OPERATION_SERVICE_LENGTH = 60;
export const OPERATION_DATA_LENGTH = 64;
export const OPERATION_DATA = 72;
export const OPERATION_QUERY = 1;
export const OPERATION_CANCEL = 2;
export const OPERATION_REPLACE = 3;
/** cancel_sm without a message_id: every waiting message of these addresses. */
export const OPERATION_CANCEL_GROUP = 4;
/** A request that an SMSC answers: its body goes out as it is, its answer comes back as it is. */
export const OPERATION_FORWARD = 5;
/** The id is the short one of 3.3: its low half alone. */
export const OPERATION_FLAG_SHORT_ID = 1;
/** expiresMs is the end of a period: from the scheduled time, where the message keeps one. */
export const OPERATION_FLAG_PERIOD = 2;

/** ... or from a shard to an edge. */

/** The answer to a submit. b: command_status (ours have 16 bits).   16 u32 session  20 u32 sequence_number */
export const ANSWER = 80;
export const ANSWER_SESSION = 16;
export const ANSWER_SEQUENCE = 20;
export const ANSWER_BYTES = 24;

/**
 * A receipt to hand to the ESME. Ids: what the client is told; a: message_state (STATE_NOT_TOLD), b: account.
 * timeMs: when the message was accepted.
 *  24 f64 doneMs  32 u8 errLength 33 7 bytes of err text
 *  40 u32 slot (DELIVER_NO_SLOT: nobody waits for what becomes of it)  44 u8 esm_class
 *  45 u8 textLength  46 u8 sourceLength  47 u8 destLength
 *  48 u32 idLow  52 u32 idHigh of the message in the slot
 *  56 u8 submitted (0: it stands for one message)  57 u8 delivered  58 u8 data_coding
 *  59 u8 type of the network_error_code plus 1 (0: none)  60 u16 user_response_code plus 1 (0: none)
 *  62 u16 code of the network_error_code  64 i32 user_message_reference, as the message table has it
 *  68 source: ton npi addr NUL (the message's own source), then dest: the same, then text, then to the end TLVs as in
 *     INTERMEDIATE
 */
export const DELIVER = 81;
export const DELIVER_DONE = 24;
export const DELIVER_ERR_LENGTH = 32;
export const DELIVER_ERR = 33;
export const DELIVER_SLOT = 40;
export const DELIVER_NO_SLOT = 0xffff_ffff;
export const DELIVER_ESM_CLASS = 44;
export const DELIVER_TEXT_LENGTH = 45;
export const DELIVER_SOURCE_LENGTH = 46;
export const DELIVER_DEST_LENGTH = 47;
export const DELIVER_OWN_ID_LOW = 48;
export const DELIVER_OWN_ID_HIGH = 52;
export const DELIVER_SUBMITTED = 56;
export const DELIVER_DELIVERED = 57;
export const DELIVER_DATA_CODING = 58;
export const DELIVER_NETWORK_TYPE = 59;
export const DELIVER_RESPONSE_CODE = 60;
export const DELIVER_NETWORK_CODE = 62;
export const DELIVER_REFERENCE = 64;
export const DELIVER_ADDRESSES = 68;

/**
 * The answer to an OPERATION. a: OPERATION_*, b: message_state (OPERATION_QUERY).
 *  24 u32 session  28 u32 sequence_number  32 u32 command_status  36 u32 error_code  40 f64 doneMs (0: not final)
 *  48 u32 dataLength  52 u32 0  56 data: the SMSC's response body (OPERATION_FORWARD)
 */
export const OPERATION_ANSWER = 82;
export const OPERATION_ANSWER_STATUS = 32;
export const OPERATION_ANSWER_ERROR = 36;
export const OPERATION_ANSWER_DONE = 40;
export const OPERATION_ANSWER_LENGTH = 48;
export const OPERATION_ANSWER_DATA = 56;

/** Receipts wait for an account of which no receiver is bound. a: 0, b: account. To edge 0, which may call it. */
export const RECEIPTS_WAITING = 83;
export const RECEIPTS_WAITING_BYTES = 24;

/** An alert_notification for a receiver of an account. b: account.  24 its body */
export const ALERT = 84;
export const ALERT_BODY = 24;

/** A session is its edge's slot and the slot's generation, so an answer never reaches a successor. */
export const SESSION_SLOT_BITS = 16;
export const SESSIONS_MAX = 1 << SESSION_SLOT_BITS;

/** Length rounded up to the 8-byte boundary on which the next record starts. */
export function align8(length: number): number {
  return (length + 7) & ~7;
}

export const RECORD_BYTES_MAX = 256 * 1024;
