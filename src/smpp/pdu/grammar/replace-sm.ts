import * as smpp from '../../constants.ts';
import { shortMessage } from '../fields.ts';
import { grammar, type PduHead } from '../grammar.ts';
import * as named from '../named-fields.ts';

/**
 * replace_sm (v3.4 section 4.10.1); its response is the header alone:
 *
 *  message_id C65 (C9 in 3.3) | source_addr_ton 1, _npi 1, source_addr C21 | schedule_delivery_time C1|17 |
 *  validity_period C1|17 | registered_delivery 1 | sm_default_msg_id 1 | sm_length 1 | short_message sm_length |
 *  TLV message_payload (5.0)
 *
 * data_coding and esm_class stay those of the message that is replaced, so the text can not be checked here.
 */
export interface ReplaceSm extends PduHead {
  command: 'replace_sm';
  messageId: string;
  sourceAddrTon: number;
  sourceAddrNpi: number;
  sourceAddr: string;
  /** Empty: as it was; so too validityPeriod. */
  scheduleDeliveryTime: string;
  validityPeriod: string;
  registeredDelivery: number;
  smDefaultMsgId: number;
  shortMessage: Buffer;
}

export interface ReplaceSmResp extends PduHead {
  command: 'replace_sm_resp';
}

export const REPLACE_SM_GRAMMARS = [
  grammar<ReplaceSm>(smpp.REPLACE_SM, 'replace_sm', {
    messageId: named.messageId,
    sourceAddrTon: named.octet,
    sourceAddrNpi: named.octet,
    sourceAddr: named.sourceAddr,
    scheduleDeliveryTime: named.scheduleDeliveryTime,
    validityPeriod: named.validityPeriod,
    registeredDelivery: named.registeredDelivery,
    smDefaultMsgId: named.octet,
    shortMessage: shortMessage(),
  }),
  grammar<ReplaceSmResp>(smpp.REPLACE_SM_RESP, 'replace_sm_resp', {}, { ignoresRest: true }),
];
