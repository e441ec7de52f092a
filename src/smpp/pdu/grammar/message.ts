import * as smpp from '../../constants.ts';
import { shortMessage } from '../fields.ts';
import { grammar, type BodyReader, type FieldsOf, type Given, type PduHead } from '../grammar.ts';
import * as named from '../named-fields.ts';
import { checkUserData } from '../user-data.ts';

/**
 * submit_sm and deliver_sm (v3.4 sections 4.4.1 and 4.6.1), one layout:
 *
 *  service_type C6 | source_addr_ton 1, _npi 1, source_addr C21 | dest_addr_ton 1, _npi 1, destination_addr C21 |
 *  esm_class 1 | protocol_id 1 | priority_flag 1 | schedule_delivery_time C1|17 | validity_period C1|17 |
 *  registered_delivery 1 | replace_if_present_flag 1 | data_coding 1 | sm_default_msg_id 1 |
 *  sm_length 1 | short_message sm_length | TLVs
 *
 * and their responses: message_id C65 (C9 in 3.3; in a deliver_sm_resp unused, a NUL) | TLVs (5.0).
 */
export interface MessageTail extends PduHead {
  esmClass: number;
  protocolId: number;
  priorityFlag: number;
  scheduleDeliveryTime: string;
  validityPeriod: string;
  registeredDelivery: number;
  replaceIfPresentFlag: number;
  dataCoding: number;
  smDefaultMsgId: number;
  shortMessage: Buffer;
}

interface MessageBody extends MessageTail {
  serviceType: string;
  sourceAddrTon: number;
  sourceAddrNpi: number;
  sourceAddr: string;
  destAddrTon: number;
  destAddrNpi: number;
  destinationAddr: string;
}

export interface SubmitSm extends MessageBody {
  command: 'submit_sm';
}
export interface DeliverSm extends MessageBody {
  command: 'deliver_sm';
}

export interface SubmitSmResp extends PduHead {
  command: 'submit_sm_resp';
  /** null: not there. A success without one can not be matched with its receipt. */
  messageId: string | null;
}
export interface DeliverSmResp extends PduHead {
  command: 'deliver_sm_resp';
  /** Unused; null: not there. */
  messageId: string | null;
}

/** From esm_class to short_message: common with submit_multi. */
export const MESSAGE_TAIL: FieldsOf<MessageTail> = {
  esmClass: named.octet,
  protocolId: named.octet,
  priorityFlag: named.priorityFlag,
  scheduleDeliveryTime: named.scheduleDeliveryTime,
  validityPeriod: named.validityPeriod,
  registeredDelivery: named.registeredDelivery,
  replaceIfPresentFlag: named.replaceIfPresentFlag,
  dataCoding: named.octet,
  smDefaultMsgId: named.octet,
  shortMessage: shortMessage(),
};

const ADDRESSES = {
  serviceType: named.serviceType,
  sourceAddrTon: named.octet,
  sourceAddrNpi: named.octet,
  sourceAddr: named.sourceAddr,
  destAddrTon: named.octet,
  destAddrNpi: named.octet,
};

export function checkSubmitted(pdu: Given<MessageTail>, r: BodyReader): void {
  checkUserData(pdu, pdu.shortMessage, r);
}

const { messageId } = named;
const MAY_BE_BARE = { mayBeBare: true };

export const MESSAGE_GRAMMARS = [
  grammar<SubmitSm>(
    smpp.SUBMIT_SM,
    'submit_sm',
    { ...ADDRESSES, destinationAddr: named.neededDestinationAddr, ...MESSAGE_TAIL },
    { check: checkSubmitted },
  ),
  grammar<DeliverSm>(smpp.DELIVER_SM, 'deliver_sm', {
    ...ADDRESSES,
    destinationAddr: named.destinationAddr,
    ...MESSAGE_TAIL,
  }),
  grammar<SubmitSmResp>(smpp.SUBMIT_SM_RESP, 'submit_sm_resp', { messageId }, MAY_BE_BARE),
  grammar<DeliverSmResp>(
    smpp.DELIVER_SM_RESP,
    'deliver_sm_resp',
    { messageId },
    { mayBeBare: true, alwaysBody: true },
  ),
];
