import * as smpp from '../../constants.ts';
import { tlvName } from '../../tags.ts';
import { FROM_50, grammar, type BodyReader, type Given, type PduHead } from '../grammar.ts';
import * as named from '../named-fields.ts';
import { tlvValueOf } from '../tlv.ts';
import { checkUserData } from '../user-data.ts';

/**
 * broadcast_sm, query_broadcast_sm, cancel_broadcast_sm (v5.0 section 4.4 to 4.6):
 *
 *  broadcast_sm   service_type C6 | source_addr_ton 1, _npi 1, source_addr C21 | message_id C65 | priority_flag 1 |
 *                 schedule_delivery_time C1|17 | validity_period C1|17 | replace_if_present_flag 1 | data_coding 1 |
 *                 sm_default_msg_id 1 | TLVs: broadcast_area_identifier ..., broadcast_content_type,
 *                 broadcast_rep_num, broadcast_frequency_interval, the text in message_payload
 *  _resp          message_id C65 | TLVs: broadcast_error_status and failed_broadcast_area_identifier in pairs
 *  query          message_id C65 | source_addr_ton 1, _npi 1, source_addr C21 | TLV user_message_reference
 *  _resp          message_id C65 | TLVs: message_state, broadcast_area_identifier ..., broadcast_area_success ...
 *  cancel         service_type C6 | message_id C65 | source_addr_ton 1, _npi 1, source_addr C21 | TLVs
 *  _resp          the header alone
 */
export interface BroadcastSm extends PduHead {
  command: 'broadcast_sm';
  serviceType: string;
  sourceAddrTon: number;
  sourceAddrNpi: number;
  sourceAddr: string;
  /** Empty unless it replaces that broadcast. */
  messageId: string;
  priorityFlag: number;
  scheduleDeliveryTime: string;
  validityPeriod: string;
  replaceIfPresentFlag: number;
  dataCoding: number;
  smDefaultMsgId: number;
}

export interface BroadcastSmResp extends PduHead {
  command: 'broadcast_sm_resp';
  /** null: not there. */
  messageId: string | null;
}

export interface QueryBroadcastSm extends PduHead {
  command: 'query_broadcast_sm';
  messageId: string;
  sourceAddrTon: number;
  sourceAddrNpi: number;
  sourceAddr: string;
}

export interface QueryBroadcastSmResp extends PduHead {
  command: 'query_broadcast_sm_resp';
  /** null: not there. */
  messageId: string | null;
}

export interface CancelBroadcastSm extends PduHead {
  command: 'cancel_broadcast_sm';
  serviceType: string;
  messageId: string;
  sourceAddrTon: number;
  sourceAddrNpi: number;
  sourceAddr: string;
}

export interface CancelBroadcastSmResp extends PduHead {
  command: 'cancel_broadcast_sm_resp';
}

/** Immediate: broadcast_rep_num is not supplied (v5.0 section 4.4.1). */
const PRIORITY_IMMEDIATE = 1;

function checkBroadcast(pdu: Given<BroadcastSm>, r: BodyReader): void {
  needTlvs(pdu, r, [
    smpp.TLV_BROADCAST_AREA_IDENTIFIER,
    smpp.TLV_BROADCAST_CONTENT_TYPE,
    ...(pdu.priorityFlag === PRIORITY_IMMEDIATE ? [] : [smpp.TLV_BROADCAST_REP_NUM]),
    smpp.TLV_BROADCAST_FREQUENCY_INTERVAL,
  ]);
  if (r.isFine()) checkUserData(pdu, undefined, r);
}

function checkQueryResp(pdu: Given<QueryBroadcastSmResp>, r: BodyReader): void {
  needTlvs(pdu, r, [
    smpp.TLV_MESSAGE_STATE,
    smpp.TLV_BROADCAST_AREA_IDENTIFIER,
    smpp.TLV_BROADCAST_AREA_SUCCESS,
  ]);
}

function needTlvs(pdu: Given<PduHead>, r: BodyReader, tags: readonly number[]): void {
  const missing = tags.find((tag) => tlvValueOf(pdu.tlvs ?? [], tag) === undefined);
  if (missing !== undefined && !r.lenient) r.fail(smpp.ESME_RMISSINGTLV, `${tlvName(missing)} is missing`);
}

const { octet, messageId, serviceType, sourceAddr } = named;
const SOURCE = { sourceAddrTon: octet, sourceAddrNpi: octet, sourceAddr };

export const BROADCAST_GRAMMARS = [
  grammar<BroadcastSm>(
    smpp.BROADCAST_SM,
    'broadcast_sm',
    {
      serviceType,
      ...SOURCE,
      messageId,
      priorityFlag: named.priorityFlag,
      scheduleDeliveryTime: named.scheduleDeliveryTime,
      validityPeriod: named.validityPeriod,
      replaceIfPresentFlag: named.replaceIfPresentFlag,
      dataCoding: octet,
      smDefaultMsgId: octet,
    },
    { ...FROM_50, check: checkBroadcast },
  ),
  grammar<BroadcastSmResp>(smpp.BROADCAST_SM_RESP, 'broadcast_sm_resp', { messageId }, FROM_50),
  grammar<QueryBroadcastSm>(smpp.QUERY_BROADCAST_SM, 'query_broadcast_sm', { messageId, ...SOURCE }, FROM_50),
  grammar<QueryBroadcastSmResp>(
    smpp.QUERY_BROADCAST_SM_RESP,
    'query_broadcast_sm_resp',
    { messageId },
    { ...FROM_50, check: checkQueryResp },
  ),
  grammar<CancelBroadcastSm>(
    smpp.CANCEL_BROADCAST_SM,
    'cancel_broadcast_sm',
    { serviceType, messageId, ...SOURCE },
    FROM_50,
  ),
  grammar<CancelBroadcastSmResp>(
    smpp.CANCEL_BROADCAST_SM_RESP,
    'cancel_broadcast_sm_resp',
    {},
    { ...FROM_50, ignoresRest: true },
  ),
];
