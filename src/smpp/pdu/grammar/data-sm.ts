import * as smpp from '../../constants.ts';
import { FROM_34, grammar, type BodyReader, type Given, type PduHead } from '../grammar.ts';
import * as named from '../named-fields.ts';
import { tlvValueOf } from '../tlv.ts';
import { checkUserData } from '../user-data.ts';

/**
 * data_sm (v3.4 section 4.7.1), in both directions, and its response (4.7.2):
 *
 *  service_type C6 | source_addr_ton 1, _npi 1, source_addr C65 | dest_addr_ton 1, _npi 1, destination_addr C65 |
 *  esm_class 1 | registered_delivery 1 | data_coding 1 | TLVs, the user data in message_payload
 *
 *  message_id C65 | TLVs
 */
export interface DataSm extends PduHead {
  command: 'data_sm';
  serviceType: string;
  sourceAddrTon: number;
  sourceAddrNpi: number;
  sourceAddr: string;
  destAddrTon: number;
  destAddrNpi: number;
  destinationAddr: string;
  esmClass: number;
  registeredDelivery: number;
  dataCoding: number;
}

export interface DataSmResp extends PduHead {
  command: 'data_sm_resp';
  /** null: not there. */
  messageId: string | null;
}

const { octet, messageId } = named;

/** A receipt may go without user data: receipted_message_id and message_state say it all. */
function checkData(pdu: Given<DataSm>, r: BodyReader): void {
  const has = (tag: number): boolean => tlvValueOf(pdu.tlvs ?? [], tag) !== undefined;
  if (has(smpp.TLV_MESSAGE_PAYLOAD)) checkUserData(pdu, undefined, r);
  else if (!r.lenient && !has(smpp.TLV_RECEIPTED_MESSAGE_ID)) {
    r.fail(smpp.ESME_RMISSINGTLV, 'message_payload is missing');
  }
}

export const DATA_SM_GRAMMARS = [
  grammar<DataSm>(
    smpp.DATA_SM,
    'data_sm',
    {
      serviceType: named.serviceType,
      sourceAddrTon: octet,
      sourceAddrNpi: octet,
      sourceAddr: named.longSourceAddr,
      destAddrTon: octet,
      destAddrNpi: octet,
      destinationAddr: named.neededLongDestinationAddr,
      esmClass: octet,
      registeredDelivery: named.registeredDelivery,
      dataCoding: octet,
    },
    { ...FROM_34, check: checkData },
  ),
  grammar<DataSmResp>(smpp.DATA_SM_RESP, 'data_sm_resp', { messageId }, { ...FROM_34, mayBeBare: true }),
];
