import * as smpp from './constants.ts';

/**
 * Every TLV of v3.4 (section 5.3) and v5.0 (section 4.8.4), a row each: tag, name, type with legal lengths and values,
 * and where it may occur. The letters say in which PDUs:
 *
 *  S submit_sm  M submit_multi  D data_sm  L deliver_sm  R bind responses  T data_sm_resp  A alert_notification
 *  v5.0: U = S M D, u = their responses; V = L D, v = their responses; B broadcast_sm, b its response;
 *  Q query_broadcast_sm, q its response; K cancel_broadcast_sm; P replace_sm; * every response
 */
export interface TagRow {
  readonly tag: number;
  readonly name: string;
  readonly kind: TagKind;
  readonly in34: string;
  readonly in50: string;
}

export type TagType = 'integer' | 'cstring' | 'digits' | 'octets';
/** Pairs: least and greatest of each range. */
export type Ranges = readonly number[];

export interface TagKind {
  /** cstring: its NUL counts and may be missing; digits: ASCII without a NUL; octets: `layout` says what is in them. */
  readonly type: TagType;
  /** Lengths that a reader takes, whatever the version; the union of what the versions say and of what peers send. */
  readonly taken: Ranges;
  readonly legal34: Ranges;
  readonly legal50: Ranges;
  /** What an integer is written with. */
  readonly bytes: number;
  /** The values that are assigned; undefined: all. */
  readonly values: Ranges | undefined;
  readonly layout: string;
  /** It may occur several times, the order meaning something. */
  readonly repeats: boolean;
}

function kind(type: TagType, lengths: Ranges, rest: Partial<TagKind> = {}): TagKind {
  const common = { taken: lengths, legal34: lengths, legal50: lengths };
  return { type, ...common, bytes: 0, values: undefined, layout: '', repeats: false, ...rest };
}

function integer(bytes: number, values?: Ranges, rest: Partial<TagKind> = {}): TagKind {
  return kind('integer', [bytes, bytes], { bytes, values, ...rest });
}

/** Lengths with the NUL. Peers leave it out: then a value is one octet shorter. */
function cString(least: number, greatest: number): TagKind {
  return kind('cstring', [least, greatest], { taken: [least - 1, greatest] });
}

function octets(least: number, greatest: number, layout = '', repeats = false): TagKind {
  return kind('octets', [least, greatest], { layout, repeats });
}

function digits(count: number): TagKind {
  return kind('digits', [count, count]);
}

const SUBUNIT = integer(1, [0, 4]);
const NETWORK = integer(1, [0, 8]);
const BEARER = integer(1, [0, 8]);
const SUBADDRESS = octets(2, 23, 'type (0x80 NSAP even, 0x88 NSAP odd, 0xA0 user) 1, address');
const REPEATED = { repeats: true };

export const TAG_ROWS: readonly TagRow[] = [
  row(smpp.TLV_DEST_ADDR_SUBUNIT, 'dest_addr_subunit', SUBUNIT, 'SMD', 'UVB'),
  row(smpp.TLV_DEST_NETWORK_TYPE, 'dest_network_type', NETWORK, 'D', 'U'),
  row(smpp.TLV_DEST_BEARER_TYPE, 'dest_bearer_type', BEARER, 'D', 'U'),
  row(smpp.TLV_DEST_TELEMATICS_ID, 'dest_telematics_id', integer(2), 'D', 'U'),
  row(smpp.TLV_SOURCE_ADDR_SUBUNIT, 'source_addr_subunit', SUBUNIT, 'SMD', 'UVB'),
  row(smpp.TLV_SOURCE_NETWORK_TYPE, 'source_network_type', NETWORK, 'D', 'U'),
  row(smpp.TLV_SOURCE_BEARER_TYPE, 'source_bearer_type', BEARER, 'D', 'U'),
  // The tables say 1 octet, the text "see dest_telematics_id", which has 2.
  row(
    smpp.TLV_SOURCE_TELEMATICS_ID,
    'source_telematics_id',
    integer(1, undefined, { taken: [1, 2] }),
    'D',
    'U',
  ),
  row(smpp.TLV_QOS_TIME_TO_LIVE, 'qos_time_to_live', integer(4), 'D', 'U'),
  row(smpp.TLV_PAYLOAD_TYPE, 'payload_type', integer(1, [0, 1]), 'SMDL', 'UVB'),
  row(smpp.TLV_ADDITIONAL_STATUS_INFO_TEXT, 'additional_status_info_text', cString(1, 256), 'T', 'uv'),
  row(smpp.TLV_RECEIPTED_MESSAGE_ID, 'receipted_message_id', cString(1, 65), 'LD', 'V'),
  row(smpp.TLV_MS_MSG_WAIT_FACILITIES, 'ms_msg_wait_facilities', integer(1), 'SMD', 'U'),
  row(smpp.TLV_PRIVACY_INDICATOR, 'privacy_indicator', integer(1, [0, 3]), 'SMDL', 'UVB'),
  row(smpp.TLV_SOURCE_SUBADDRESS, 'source_subaddress', SUBADDRESS, 'SMDL', 'UVB'),
  row(smpp.TLV_DEST_SUBADDRESS, 'dest_subaddress', SUBADDRESS, 'SDL', 'SDVB'),
  row(smpp.TLV_USER_MESSAGE_REFERENCE, 'user_message_reference', integer(2), 'SMDL', 'UVBQqK'),
  row(smpp.TLV_USER_RESPONSE_CODE, 'user_response_code', integer(1), 'SDL', 'UV'),
  row(smpp.TLV_SOURCE_PORT, 'source_port', integer(2), 'SMDL', 'UVB'),
  row(smpp.TLV_DESTINATION_PORT, 'destination_port', integer(2), 'SMDL', 'UVB'),
  row(smpp.TLV_SAR_MSG_REF_NUM, 'sar_msg_ref_num', integer(2), 'SMDL', 'UV'),
  row(smpp.TLV_LANGUAGE_INDICATOR, 'language_indicator', integer(1, [0, 5]), 'SMDL', 'UVB'),
  row(smpp.TLV_SAR_TOTAL_SEGMENTS, 'sar_total_segments', integer(1, [1, 255]), 'SMDL', 'UV'),
  row(smpp.TLV_SAR_SEGMENT_SEQNUM, 'sar_segment_seqnum', integer(1, [1, 255]), 'SMDL', 'UV'),
  row(smpp.TLV_SC_INTERFACE_VERSION, 'sc_interface_version', integer(1, [0, 0x34, 0x50, 0x50]), 'R', 'R'),
  row(smpp.TLV_CALLBACK_NUM_PRES_IND, 'callback_num_pres_ind', integer(1, [0, 15], REPEATED), 'SMD', 'UVB'),
  row(
    smpp.TLV_CALLBACK_NUM_ATAG,
    'callback_num_atag',
    octets(1, 65, 'data_coding 1, text', true),
    'SMD',
    'UVB',
  ),
  row(smpp.TLV_NUMBER_OF_MESSAGES, 'number_of_messages', integer(1, [0, 99]), 'SD', 'U'),
  row(
    smpp.TLV_CALLBACK_NUM,
    'callback_num',
    octets(4, 19, 'digit mode (0 TBCD, 1 ASCII) 1, TON 1, NPI 1, digits', true),
    'SMDL',
    'UVB',
  ),
  row(smpp.TLV_DPF_RESULT, 'dpf_result', integer(1, [0, 1]), 'T', 'uV'),
  row(smpp.TLV_SET_DPF, 'set_dpf', integer(1, [0, 1]), 'D', 'U'),
  row(smpp.TLV_MS_AVAILABILITY_STATUS, 'ms_availability_status', integer(1, [0, 2]), 'A', 'A'),
  row(
    smpp.TLV_NETWORK_ERROR_CODE,
    'network_error_code',
    octets(3, 3, 'network type 1, code 2'),
    'LDT',
    'Vuv',
  ),
  row(smpp.TLV_MESSAGE_PAYLOAD, 'message_payload', octets(0, 65_535, 'user data'), 'SMDL', 'UVBP'),
  row(smpp.TLV_DELIVERY_FAILURE_REASON, 'delivery_failure_reason', integer(1, [0, 3]), 'T', 'uv'),
  row(smpp.TLV_MORE_MESSAGES_TO_SEND, 'more_messages_to_send', integer(1, [0, 1]), 'SD', 'U'),
  row(smpp.TLV_MESSAGE_STATE, 'message_state', integer(1, [0, 9]), 'LD', 'Vq'),
  row(smpp.TLV_CONGESTION_STATE, 'congestion_state', integer(1, [0, 100]), '', '*'),
  row(smpp.TLV_USSD_SERVICE_OP, 'ussd_service_op', integer(1, [0, 3, 16, 19, 32, 255]), 'S', 'UV'),
  row(smpp.TLV_BROADCAST_CHANNEL_INDICATOR, 'broadcast_channel_indicator', integer(1, [0, 1]), '', 'B'),
  row(
    smpp.TLV_BROADCAST_CONTENT_TYPE,
    'broadcast_content_type',
    octets(3, 3, 'network (0 generic, 1 GSM, 2 TDMA, 3 CDMA) 1, content type 2'),
    '',
    'BK',
  ),
  row(smpp.TLV_BROADCAST_CONTENT_TYPE_INFO, 'broadcast_content_type_info', octets(1, 255, 'any'), '', 'B'),
  row(smpp.TLV_BROADCAST_MESSAGE_CLASS, 'broadcast_message_class', integer(1, [0, 3]), '', 'B'),
  row(smpp.TLV_BROADCAST_REP_NUM, 'broadcast_rep_num', integer(2), '', 'B'),
  row(
    smpp.TLV_BROADCAST_FREQUENCY_INTERVAL,
    'broadcast_frequency_interval',
    octets(3, 3, 'unit (0x00, 0x08 s, 0x09 min, 0x0A h, 0x0B d, 0x0C wk, 0x0D mon, 0x0E yr) 1, count 2'),
    '',
    'B',
  ),
  row(
    smpp.TLV_BROADCAST_AREA_IDENTIFIER,
    'broadcast_area_identifier',
    octets(1, 101, 'format (0 name, 1 ellipsoid arc, 2 polygon) 1, area', true),
    '',
    'Bbq',
  ),
  row(smpp.TLV_BROADCAST_ERROR_STATUS, 'broadcast_error_status', integer(4, undefined, REPEATED), '', 'b'),
  row(
    smpp.TLV_BROADCAST_AREA_SUCCESS,
    'broadcast_area_success',
    integer(1, [0, 100, 255, 255], REPEATED),
    '',
    'q',
  ),
  // The table says 16 octets, the format of times 17: sent with its NUL, taken without.
  row(smpp.TLV_BROADCAST_END_TIME, 'broadcast_end_time', kind('cstring', [16, 17]), '', 'q'),
  row(smpp.TLV_BROADCAST_SERVICE_GROUP, 'broadcast_service_group', octets(1, 255, 'any'), '', 'B'),
  row(
    smpp.TLV_BILLING_IDENTIFICATION,
    'billing_identification',
    octets(1, 1024, 'format (bit 7: vendor) 1, data'),
    '',
    'U',
  ),
  row(smpp.TLV_SOURCE_NETWORK_ID, 'source_network_id', cString(7, 66), '', 'UV'),
  row(smpp.TLV_DEST_NETWORK_ID, 'dest_network_id', cString(7, 66), '', 'UV'),
  row(smpp.TLV_SOURCE_NODE_ID, 'source_node_id', digits(6), '', 'UV'),
  row(smpp.TLV_DEST_NODE_ID, 'dest_node_id', digits(6), '', 'UV'),
  row(smpp.TLV_DEST_ADDR_NP_RESOLUTION, 'dest_addr_np_resolution', integer(1, [0, 2]), '', 'UV'),
  row(smpp.TLV_DEST_ADDR_NP_INFORMATION, 'dest_addr_np_information', digits(10), '', 'UV'),
  row(smpp.TLV_DEST_ADDR_NP_COUNTRY, 'dest_addr_np_country', octets(1, 5, 'country code'), '', 'UV'),
  row(smpp.TLV_DISPLAY_TIME, 'display_time', integer(1, [0, 2]), 'SMD', 'UB'),
  row(smpp.TLV_SMS_SIGNAL, 'sms_signal', integer(2), 'SMD', 'UB'),
  row(
    smpp.TLV_MS_VALIDITY,
    'ms_validity',
    kind('octets', [1, 1, 4, 4], {
      legal34: [1, 1],
      layout:
        'behaviour (0 store, 1 power down, 2 SID area, 3 display only, 4 relative) 1, then unit 1, count 2',
    }),
    'SMD',
    'UB',
  ),
  // v3.4: its presence alone says it, 0 octets; v5.0: 0 or 1.
  row(
    smpp.TLV_ALERT_ON_MESSAGE_DELIVERY,
    'alert_on_message_delivery',
    kind('integer', [0, 1], { bytes: 1, legal34: [0, 0], values: [0, 3] }),
    'SMD',
    'UB',
  ),
  row(smpp.TLV_ITS_REPLY_TYPE, 'its_reply_type', integer(1, [0, 8]), 'SD', 'UV'),
  row(
    smpp.TLV_ITS_SESSION_INFO,
    'its_session_info',
    octets(2, 2, 'session 1, sequence (bits 7-1) and end (bit 0) 1'),
    'SDL',
    'UV',
  ),
];

function row(tag: number, name: string, kind: TagKind, in34: string, in50: string): TagRow {
  return { tag, name, kind, in34, in50 };
}
