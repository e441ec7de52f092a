/**
 * The numbers of SMPP 3.3, 3.4 and 5.0, under the names that the specifications give them. Where 5.0 renamed a
 * command_status (0xC0 to 0xC4) the newer name is used.
 */

export const HEADER_BYTES = 16;
export const SEQUENCE_MAX = 0x7fff_ffff;
/** Bit 31 of a command_id: set in every response. */
export const RESPONSE_BIT = 0x8000_0000;

/** interface_version; everything up to VERSION_33 is "3.3 or earlier": no TLVs are sent to such a peer. */
export const VERSION_33 = 0x33;
export const VERSION_34 = 0x34;
export const VERSION_50 = 0x50;

// command_id. A response is its request OR 0x80000000.
export const BIND_RECEIVER = 0x01;
export const BIND_TRANSMITTER = 0x02;
export const QUERY_SM = 0x03;
export const SUBMIT_SM = 0x04;
export const DELIVER_SM = 0x05;
export const UNBIND = 0x06;
export const REPLACE_SM = 0x07;
export const CANCEL_SM = 0x08;
export const BIND_TRANSCEIVER = 0x09;
export const OUTBIND = 0x0b;
export const ENQUIRE_LINK = 0x15;
export const SUBMIT_MULTI = 0x21;
export const PARAM_RETRIEVE = 0x22;
export const QUERY_LAST_MSGS = 0x23;
export const QUERY_MSG_DETAILS = 0x24;
export const ALERT_NOTIFICATION = 0x102;
export const DATA_SM = 0x103;
export const BROADCAST_SM = 0x111;
export const QUERY_BROADCAST_SM = 0x112;
export const CANCEL_BROADCAST_SM = 0x113;
export const GENERIC_NACK = 0x8000_0000;
export const BIND_RECEIVER_RESP = 0x8000_0001;
export const BIND_TRANSMITTER_RESP = 0x8000_0002;
export const QUERY_SM_RESP = 0x8000_0003;
export const SUBMIT_SM_RESP = 0x8000_0004;
export const DELIVER_SM_RESP = 0x8000_0005;
export const UNBIND_RESP = 0x8000_0006;
export const REPLACE_SM_RESP = 0x8000_0007;
export const CANCEL_SM_RESP = 0x8000_0008;
export const BIND_TRANSCEIVER_RESP = 0x8000_0009;
export const ENQUIRE_LINK_RESP = 0x8000_0015;
export const SUBMIT_MULTI_RESP = 0x8000_0021;
export const PARAM_RETRIEVE_RESP = 0x8000_0022;
export const QUERY_LAST_MSGS_RESP = 0x8000_0023;
export const QUERY_MSG_DETAILS_RESP = 0x8000_0024;
export const DATA_SM_RESP = 0x8000_0103;
export const BROADCAST_SM_RESP = 0x8000_0111;
export const QUERY_BROADCAST_SM_RESP = 0x8000_0112;
export const CANCEL_BROADCAST_SM_RESP = 0x8000_0113;

/** The command_id of every response, generic_nack with them. */
export const RESPONSE_IDS: readonly number[] = [
  GENERIC_NACK,
  BIND_RECEIVER_RESP,
  BIND_TRANSMITTER_RESP,
  QUERY_SM_RESP,
  SUBMIT_SM_RESP,
  DELIVER_SM_RESP,
  UNBIND_RESP,
  REPLACE_SM_RESP,
  CANCEL_SM_RESP,
  BIND_TRANSCEIVER_RESP,
  ENQUIRE_LINK_RESP,
  SUBMIT_MULTI_RESP,
  PARAM_RETRIEVE_RESP,
  QUERY_LAST_MSGS_RESP,
  QUERY_MSG_DETAILS_RESP,
  DATA_SM_RESP,
  BROADCAST_SM_RESP,
  QUERY_BROADCAST_SM_RESP,
  CANCEL_BROADCAST_SM_RESP,
];

// command_status
export const ESME_ROK = 0x00;
export const ESME_RINVMSGLEN = 0x01;
export const ESME_RINVCMDLEN = 0x02;
export const ESME_RINVCMDID = 0x03;
export const ESME_RINVBNDSTS = 0x04;
export const ESME_RALYBND = 0x05;
export const ESME_RINVPRTFLG = 0x06;
export const ESME_RINVREGDLVFLG = 0x07;
export const ESME_RSYSERR = 0x08;
export const ESME_RINVSRCADR = 0x0a;
export const ESME_RINVDSTADR = 0x0b;
export const ESME_RINVMSGID = 0x0c;
export const ESME_RBINDFAIL = 0x0d;
export const ESME_RINVPASWD = 0x0e;
export const ESME_RINVSYSID = 0x0f;
export const ESME_RCANCELFAIL = 0x11;
export const ESME_RREPLACEFAIL = 0x13;
export const ESME_RMSGQFUL = 0x14;
export const ESME_RINVSERTYP = 0x15;
export const ESME_RINVNUMDESTS = 0x33;
export const ESME_RINVDLNAME = 0x34;
export const ESME_RINVDESTFLAG = 0x40;
export const ESME_RINVSUBREP = 0x42;
export const ESME_RINVESMCLASS = 0x43;
export const ESME_RCNTSUBDL = 0x44;
export const ESME_RSUBMITFAIL = 0x45;
export const ESME_RINVSRCTON = 0x48;
export const ESME_RINVSRCNPI = 0x49;
export const ESME_RINVDSTTON = 0x50;
export const ESME_RINVDSTNPI = 0x51;
export const ESME_RINVSYSTYP = 0x53;
export const ESME_RINVREPFLAG = 0x54;
export const ESME_RINVNUMMSGS = 0x55;
export const ESME_RTHROTTLED = 0x58;
export const ESME_RINVSCHED = 0x61;
export const ESME_RINVEXPIRY = 0x62;
export const ESME_RINVDFTMSGID = 0x63;
export const ESME_RX_T_APPN = 0x64;
export const ESME_RX_P_APPN = 0x65;
export const ESME_RX_R_APPN = 0x66;
export const ESME_RQUERYFAIL = 0x67;
export const ESME_RINVTLVSTREAM = 0xc0;
export const ESME_RTLVNOTALLWD = 0xc1;
export const ESME_RINVTLVLEN = 0xc2;
export const ESME_RMISSINGTLV = 0xc3;
export const ESME_RINVTLVVAL = 0xc4;
export const ESME_RDELIVERYFAILURE = 0xfe;
export const ESME_RUNKNOWNERR = 0xff;
export const ESME_RSERTYPUNAUTH = 0x100;
export const ESME_RPROHIBITED = 0x101;
export const ESME_RSERTYPUNAVAIL = 0x102;
export const ESME_RSERTYPDENIED = 0x103;
export const ESME_RINVDCS = 0x104;
export const ESME_RINVSRCADDRSUBUNIT = 0x105;
export const ESME_RINVDSTADDRSUBUNIT = 0x106;
export const ESME_RINVBCASTFREQINT = 0x107;
export const ESME_RINVBCASTALIAS_NAME = 0x108;
export const ESME_RINVBCASTAREAFMT = 0x109;
export const ESME_RINVNUMBCAST_AREAS = 0x10a;
export const ESME_RINVBCASTCNTTYPE = 0x10b;
export const ESME_RINVBCASTMSGCLASS = 0x10c;
export const ESME_RBCASTFAIL = 0x10d;
export const ESME_RBCASTQUERYFAIL = 0x10e;
export const ESME_RBCASTCANCELFAIL = 0x10f;
export const ESME_RINVBCAST_REP = 0x110;
export const ESME_RINVBCASTSRVGRP = 0x111;
export const ESME_RINVBCASTCHANIND = 0x112;

// TLV tags
export const TLV_DEST_ADDR_SUBUNIT = 0x0005;
export const TLV_DEST_NETWORK_TYPE = 0x0006;
export const TLV_DEST_BEARER_TYPE = 0x0007;
export const TLV_DEST_TELEMATICS_ID = 0x0008;
export const TLV_SOURCE_ADDR_SUBUNIT = 0x000d;
export const TLV_SOURCE_NETWORK_TYPE = 0x000e;
export const TLV_SOURCE_BEARER_TYPE = 0x000f;
export const TLV_SOURCE_TELEMATICS_ID = 0x0010;
export const TLV_QOS_TIME_TO_LIVE = 0x0017;
export const TLV_PAYLOAD_TYPE = 0x0019;
export const TLV_ADDITIONAL_STATUS_INFO_TEXT = 0x001d;
export const TLV_RECEIPTED_MESSAGE_ID = 0x001e;
export const TLV_MS_MSG_WAIT_FACILITIES = 0x0030;
export const TLV_PRIVACY_INDICATOR = 0x0201;
export const TLV_SOURCE_SUBADDRESS = 0x0202;
export const TLV_DEST_SUBADDRESS = 0x0203;
export const TLV_USER_MESSAGE_REFERENCE = 0x0204;
export const TLV_USER_RESPONSE_CODE = 0x0205;
export const TLV_SOURCE_PORT = 0x020a;
export const TLV_DESTINATION_PORT = 0x020b;
export const TLV_SAR_MSG_REF_NUM = 0x020c;
export const TLV_LANGUAGE_INDICATOR = 0x020d;
export const TLV_SAR_TOTAL_SEGMENTS = 0x020e;
export const TLV_SAR_SEGMENT_SEQNUM = 0x020f;
export const TLV_SC_INTERFACE_VERSION = 0x0210;
export const TLV_CALLBACK_NUM_PRES_IND = 0x0302;
export const TLV_CALLBACK_NUM_ATAG = 0x0303;
export const TLV_NUMBER_OF_MESSAGES = 0x0304;
export const TLV_CALLBACK_NUM = 0x0381;
export const TLV_DPF_RESULT = 0x0420;
export const TLV_SET_DPF = 0x0421;
export const TLV_MS_AVAILABILITY_STATUS = 0x0422;
export const TLV_NETWORK_ERROR_CODE = 0x0423;
export const TLV_MESSAGE_PAYLOAD = 0x0424;
export const TLV_DELIVERY_FAILURE_REASON = 0x0425;
export const TLV_MORE_MESSAGES_TO_SEND = 0x0426;
export const TLV_MESSAGE_STATE = 0x0427;
export const TLV_CONGESTION_STATE = 0x0428;
export const TLV_USSD_SERVICE_OP = 0x0501;
export const TLV_BROADCAST_CHANNEL_INDICATOR = 0x0600;
export const TLV_BROADCAST_CONTENT_TYPE = 0x0601;
export const TLV_BROADCAST_CONTENT_TYPE_INFO = 0x0602;
export const TLV_BROADCAST_MESSAGE_CLASS = 0x0603;
export const TLV_BROADCAST_REP_NUM = 0x0604;
export const TLV_BROADCAST_FREQUENCY_INTERVAL = 0x0605;
/** In a broadcast_sm_resp it is failed_broadcast_area_identifier. */
export const TLV_BROADCAST_AREA_IDENTIFIER = 0x0606;
export const TLV_BROADCAST_ERROR_STATUS = 0x0607;
export const TLV_BROADCAST_AREA_SUCCESS = 0x0608;
export const TLV_BROADCAST_END_TIME = 0x0609;
export const TLV_BROADCAST_SERVICE_GROUP = 0x060a;
export const TLV_BILLING_IDENTIFICATION = 0x060b;
export const TLV_SOURCE_NETWORK_ID = 0x060d;
export const TLV_DEST_NETWORK_ID = 0x060e;
export const TLV_SOURCE_NODE_ID = 0x060f;
export const TLV_DEST_NODE_ID = 0x0610;
export const TLV_DEST_ADDR_NP_RESOLUTION = 0x0611;
export const TLV_DEST_ADDR_NP_INFORMATION = 0x0612;
export const TLV_DEST_ADDR_NP_COUNTRY = 0x0613;
export const TLV_DISPLAY_TIME = 0x1201;
export const TLV_SMS_SIGNAL = 0x1203;
export const TLV_MS_VALIDITY = 0x1204;
export const TLV_ALERT_ON_MESSAGE_DELIVERY = 0x130c;
export const TLV_ITS_REPLY_TYPE = 0x1380;
export const TLV_ITS_SESSION_INFO = 0x1383;

// message_state
export const STATE_SCHEDULED = 0;
export const STATE_ENROUTE = 1;
export const STATE_DELIVERED = 2;
export const STATE_EXPIRED = 3;
export const STATE_DELETED = 4;
export const STATE_UNDELIVERABLE = 5;
export const STATE_ACCEPTED = 6;
export const STATE_UNKNOWN = 7;
export const STATE_REJECTED = 8;
export const STATE_SKIPPED = 9;

// esm_class: bits 5-2 are the message type, bits 1-0 the messaging mode.
export const ESM_TYPE_MASK = 0x3c;
export const ESM_RECEIPT = 0x04;
/** Of the recipient, not of the SMSC: it was read, or answered by hand. */
export const ESM_DELIVERY_ACK = 0x08;
export const ESM_MANUAL_ACK = 0x10;
export const ESM_INTERMEDIATE = 0x20;
export const ESM_UDHI = 0x40;

// type octet of network_error_code
export const NETWORK_GSM = 3;
export const NETWORK_SMPP = 7;
export const NETWORK_MC_SPECIFIC = 8;

const COMMAND_NAMES: ReadonlyMap<number, string> = new Map([
  [BIND_RECEIVER, 'bind_receiver'],
  [BIND_TRANSMITTER, 'bind_transmitter'],
  [QUERY_SM, 'query_sm'],
  [SUBMIT_SM, 'submit_sm'],
  [DELIVER_SM, 'deliver_sm'],
  [UNBIND, 'unbind'],
  [REPLACE_SM, 'replace_sm'],
  [CANCEL_SM, 'cancel_sm'],
  [BIND_TRANSCEIVER, 'bind_transceiver'],
  [OUTBIND, 'outbind'],
  [ENQUIRE_LINK, 'enquire_link'],
  [SUBMIT_MULTI, 'submit_multi'],
  [PARAM_RETRIEVE, 'param_retrieve'],
  [QUERY_LAST_MSGS, 'query_last_msgs'],
  [QUERY_MSG_DETAILS, 'query_msg_details'],
  [ALERT_NOTIFICATION, 'alert_notification'],
  [DATA_SM, 'data_sm'],
  [BROADCAST_SM, 'broadcast_sm'],
  [QUERY_BROADCAST_SM, 'query_broadcast_sm'],
  [CANCEL_BROADCAST_SM, 'cancel_broadcast_sm'],
]);

const STATUS_NAMES: ReadonlyMap<number, string> = new Map([
  [ESME_ROK, 'ESME_ROK'],
  [ESME_RINVMSGLEN, 'ESME_RINVMSGLEN'],
  [ESME_RINVCMDLEN, 'ESME_RINVCMDLEN'],
  [ESME_RINVCMDID, 'ESME_RINVCMDID'],
  [ESME_RINVBNDSTS, 'ESME_RINVBNDSTS'],
  [ESME_RALYBND, 'ESME_RALYBND'],
  [ESME_RINVPRTFLG, 'ESME_RINVPRTFLG'],
  [ESME_RINVREGDLVFLG, 'ESME_RINVREGDLVFLG'],
  [ESME_RSYSERR, 'ESME_RSYSERR'],
  [ESME_RINVSRCADR, 'ESME_RINVSRCADR'],
  [ESME_RINVDSTADR, 'ESME_RINVDSTADR'],
  [ESME_RINVMSGID, 'ESME_RINVMSGID'],
  [ESME_RBINDFAIL, 'ESME_RBINDFAIL'],
  [ESME_RINVPASWD, 'ESME_RINVPASWD'],
  [ESME_RINVSYSID, 'ESME_RINVSYSID'],
  [ESME_RCANCELFAIL, 'ESME_RCANCELFAIL'],
  [ESME_RREPLACEFAIL, 'ESME_RREPLACEFAIL'],
  [ESME_RMSGQFUL, 'ESME_RMSGQFUL'],
  [ESME_RINVSERTYP, 'ESME_RINVSERTYP'],
  [ESME_RINVNUMDESTS, 'ESME_RINVNUMDESTS'],
  [ESME_RINVDLNAME, 'ESME_RINVDLNAME'],
  [ESME_RINVDESTFLAG, 'ESME_RINVDESTFLAG'],
  [ESME_RINVSUBREP, 'ESME_RINVSUBREP'],
  [ESME_RINVESMCLASS, 'ESME_RINVESMCLASS'],
  [ESME_RCNTSUBDL, 'ESME_RCNTSUBDL'],
  [ESME_RSUBMITFAIL, 'ESME_RSUBMITFAIL'],
  [ESME_RINVSRCTON, 'ESME_RINVSRCTON'],
  [ESME_RINVSRCNPI, 'ESME_RINVSRCNPI'],
  [ESME_RINVDSTTON, 'ESME_RINVDSTTON'],
  [ESME_RINVDSTNPI, 'ESME_RINVDSTNPI'],
  [ESME_RINVSYSTYP, 'ESME_RINVSYSTYP'],
  [ESME_RINVREPFLAG, 'ESME_RINVREPFLAG'],
  [ESME_RINVNUMMSGS, 'ESME_RINVNUMMSGS'],
  [ESME_RTHROTTLED, 'ESME_RTHROTTLED'],
  [ESME_RINVSCHED, 'ESME_RINVSCHED'],
  [ESME_RINVEXPIRY, 'ESME_RINVEXPIRY'],
  [ESME_RINVDFTMSGID, 'ESME_RINVDFTMSGID'],
  [ESME_RX_T_APPN, 'ESME_RX_T_APPN'],
  [ESME_RX_P_APPN, 'ESME_RX_P_APPN'],
  [ESME_RX_R_APPN, 'ESME_RX_R_APPN'],
  [ESME_RQUERYFAIL, 'ESME_RQUERYFAIL'],
  [ESME_RINVTLVSTREAM, 'ESME_RINVTLVSTREAM'],
  [ESME_RTLVNOTALLWD, 'ESME_RTLVNOTALLWD'],
  [ESME_RINVTLVLEN, 'ESME_RINVTLVLEN'],
  [ESME_RMISSINGTLV, 'ESME_RMISSINGTLV'],
  [ESME_RINVTLVVAL, 'ESME_RINVTLVVAL'],
  [ESME_RDELIVERYFAILURE, 'ESME_RDELIVERYFAILURE'],
  [ESME_RUNKNOWNERR, 'ESME_RUNKNOWNERR'],
  [ESME_RSERTYPUNAUTH, 'ESME_RSERTYPUNAUTH'],
  [ESME_RPROHIBITED, 'ESME_RPROHIBITED'],
  [ESME_RSERTYPUNAVAIL, 'ESME_RSERTYPUNAVAIL'],
  [ESME_RSERTYPDENIED, 'ESME_RSERTYPDENIED'],
  [ESME_RINVDCS, 'ESME_RINVDCS'],
  [ESME_RINVSRCADDRSUBUNIT, 'ESME_RINVSRCADDRSUBUNIT'],
  [ESME_RINVDSTADDRSUBUNIT, 'ESME_RINVDSTADDRSUBUNIT'],
  [ESME_RINVBCASTFREQINT, 'ESME_RINVBCASTFREQINT'],
  [ESME_RINVBCASTALIAS_NAME, 'ESME_RINVBCASTALIAS_NAME'],
  [ESME_RINVBCASTAREAFMT, 'ESME_RINVBCASTAREAFMT'],
  [ESME_RINVNUMBCAST_AREAS, 'ESME_RINVNUMBCAST_AREAS'],
  [ESME_RINVBCASTCNTTYPE, 'ESME_RINVBCASTCNTTYPE'],
  [ESME_RINVBCASTMSGCLASS, 'ESME_RINVBCASTMSGCLASS'],
  [ESME_RBCASTFAIL, 'ESME_RBCASTFAIL'],
  [ESME_RBCASTQUERYFAIL, 'ESME_RBCASTQUERYFAIL'],
  [ESME_RBCASTCANCELFAIL, 'ESME_RBCASTCANCELFAIL'],
  [ESME_RINVBCAST_REP, 'ESME_RINVBCAST_REP'],
  [ESME_RINVBCASTSRVGRP, 'ESME_RINVBCASTSRVGRP'],
  [ESME_RINVBCASTCHANIND, 'ESME_RINVBCASTCHANIND'],
]);

/** `submit_sm`, `submit_sm_resp`, `generic_nack`; a command_id nobody assigned prints as 0x0000000a. */
export function commandName(id: number): string {
  if (id === GENERIC_NACK) return 'generic_nack';
  const response = id >= RESPONSE_BIT;
  const name = COMMAND_NAMES.get(response ? id - RESPONSE_BIT : id);
  if (name === undefined || (response && hasNoResponse(id - RESPONSE_BIT))) return hex32(id);
  return response ? `${name}_resp` : name;
}

/** `ESME_RTHROTTLED`; a code nobody assigned prints as 0x00000400. */
export function statusName(code: number): string {
  return STATUS_NAMES.get(code) ?? hex32(code);
}

/** Whether a version up to 5.0 assigns this command_status; vendors' own (0x400 to 0x4ff) are not. */
export function isKnownStatus(code: number): boolean {
  return STATUS_NAMES.has(code);
}

/** Whether any SMPP version assigns this command_id: then what carries it is SMPP, however odd. */
export function isKnownCommand(id: number): boolean {
  if (id === GENERIC_NACK) return true;
  const request = id >= RESPONSE_BIT ? id - RESPONSE_BIT : id;
  return COMMAND_NAMES.has(request) && (id === request || !hasNoResponse(request));
}

/** outbind and alert_notification are never answered (v3.4 section 4). */
export function hasNoResponse(requestId: number): boolean {
  return requestId === OUTBIND || requestId === ALERT_NOTIFICATION;
}

/** The command_id that answers this request. */
export function responseIdOf(requestId: number): number {
  return (requestId | RESPONSE_BIT) >>> 0;
}

function hex32(value: number): string {
  return `0x${value.toString(16).padStart(8, '0')}`;
}
