import * as smpp from '../../constants.ts';
import { cString, list, reportedTime, shortMessage } from '../fields.ts';
import { grammar, type PduHead, UNTIL_33 } from '../grammar.ts';
import * as named from '../named-fields.ts';
import { destAddress, type DestAddress } from './submit-multi.ts';

/**
 * The commands that only 3.3 has: query_last_msgs, query_msg_details, param_retrieve:
 *
 *  query_last_msgs    source_addr_ton 1, _npi 1, source_addr C21 | num_messages 1
 *  _resp              number_msgs 1 | message_id C9 ...
 *  query_msg_details  message_id C9 | source_addr_ton 1, _npi 1, source_addr C21 | sm_length 1 (of text wanted)
 *  _resp              service_type C6 | source_addr_ton 1, _npi 1, source_addr C21 | number_of_dests 1 |
 *                     dest_address ... | protocol_id 1 | priority_flag 1 | schedule_delivery_time C17 |
 *                     validity_period C17 | registered_delivery_flag 1 | data_coding 1 | sm_length 1 |
 *                     short_message sm_length | message_id C9 | final_date C17 | message_status 1 | error_code 1
 *  param_retrieve     param_name C32
 *  _resp              param_value C101
 */
export interface QueryLastMsgs extends PduHead {
  command: 'query_last_msgs';
  sourceAddrTon: number;
  sourceAddrNpi: number;
  sourceAddr: string;
  /** At most 100; more is read as 100. */
  numMessages: number;
}
export interface QueryLastMsgsResp extends PduHead {
  command: 'query_last_msgs_resp';
  /** null: not there. */
  messageIds: readonly string[] | null;
}

export interface QueryMsgDetails extends PduHead {
  command: 'query_msg_details';
  messageId: string;
  sourceAddrTon: number;
  sourceAddrNpi: number;
  sourceAddr: string;
  /** Octets of the text that are wanted. */
  smLength: number;
}
/** A field is null where the body ends before it. */
export interface QueryMsgDetailsResp extends PduHead {
  command: 'query_msg_details_resp';
  serviceType: string | null;
  sourceAddrTon: number | null;
  sourceAddrNpi: number | null;
  sourceAddr: string | null;
  destAddress: readonly DestAddress[] | null;
  protocolId: number | null;
  priorityFlag: number | null;
  scheduleDeliveryTime: string | null;
  validityPeriod: string | null;
  registeredDeliveryFlag: number | null;
  dataCoding: number | null;
  shortMessage: Buffer | null;
  messageId: string | null;
  finalDate: string | null;
  messageStatus: number | null;
  errorCode: number | null;
}

export interface ParamRetrieve extends PduHead {
  command: 'param_retrieve';
  paramName: string;
}
export interface ParamRetrieveResp extends PduHead {
  command: 'param_retrieve_resp';
  /** null: not there. */
  paramValue: string | null;
}

const { octet } = named;
const messageId = named.messageId33;
const SOURCE = { sourceAddrTon: octet, sourceAddrNpi: octet, sourceAddr: named.sourceAddr };

export const V33_GRAMMARS = [
  grammar<QueryLastMsgs>(
    smpp.QUERY_LAST_MSGS,
    'query_last_msgs',
    { ...SOURCE, numMessages: octet },
    UNTIL_33,
  ),
  grammar<QueryLastMsgsResp>(
    smpp.QUERY_LAST_MSGS_RESP,
    'query_last_msgs_resp',
    { messageIds: list(messageId) },
    UNTIL_33,
  ),
  grammar<QueryMsgDetails>(
    smpp.QUERY_MSG_DETAILS,
    'query_msg_details',
    { messageId, ...SOURCE, smLength: octet },
    UNTIL_33,
  ),
  grammar<QueryMsgDetailsResp>(
    smpp.QUERY_MSG_DETAILS_RESP,
    'query_msg_details_resp',
    {
      serviceType: named.serviceType,
      ...SOURCE,
      destAddress: list(destAddress),
      protocolId: octet,
      priorityFlag: octet,
      scheduleDeliveryTime: reportedTime(),
      validityPeriod: reportedTime(),
      registeredDeliveryFlag: octet,
      dataCoding: octet,
      shortMessage: shortMessage(),
      messageId,
      finalDate: reportedTime(),
      messageStatus: octet,
      errorCode: octet,
    },
    UNTIL_33,
  ),
  grammar<ParamRetrieve>(
    smpp.PARAM_RETRIEVE,
    'param_retrieve',
    { paramName: cString(32, smpp.ESME_RINVCMDLEN) },
    UNTIL_33,
  ),
  grammar<ParamRetrieveResp>(
    smpp.PARAM_RETRIEVE_RESP,
    'param_retrieve_resp',
    { paramValue: cString(101, smpp.ESME_RINVCMDLEN) },
    UNTIL_33,
  ),
];
