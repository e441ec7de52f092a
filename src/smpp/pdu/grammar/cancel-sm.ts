import * as smpp from '../../constants.ts';
import { grammar, type PduHead } from '../grammar.ts';
import { destinationAddr, messageId, octet, serviceType, sourceAddr } from '../named-fields.ts';

/**
 * cancel_sm (v3.4 section 4.9.1); its response is the header alone:
 *
 *  service_type C6 | message_id C65 (C9 in 3.3) | source_addr_ton 1, _npi 1, source_addr C21 |
 *  dest_addr_ton 1, _npi 1, destination_addr C21
 */
export interface CancelSm extends PduHead {
  command: 'cancel_sm';
  serviceType: string;
  /** Empty: all pending messages of these addresses. */
  messageId: string;
  sourceAddrTon: number;
  sourceAddrNpi: number;
  sourceAddr: string;
  destAddrTon: number;
  destAddrNpi: number;
  destinationAddr: string;
}

export interface CancelSmResp extends PduHead {
  command: 'cancel_sm_resp';
}

export const CANCEL_SM_GRAMMARS = [
  grammar<CancelSm>(smpp.CANCEL_SM, 'cancel_sm', {
    serviceType,
    messageId,
    sourceAddrTon: octet,
    sourceAddrNpi: octet,
    sourceAddr,
    destAddrTon: octet,
    destAddrNpi: octet,
    destinationAddr,
  }),
  grammar<CancelSmResp>(smpp.CANCEL_SM_RESP, 'cancel_sm_resp', {}, { ignoresRest: true }),
];
