import * as smpp from '../../constants.ts';
import { FROM_34, grammar, type PduHead } from '../grammar.ts';
import { longDestinationAddr, longSourceAddr, octet } from '../named-fields.ts';

/**
 * What keeps a session: enquire_link, unbind, their responses, generic_nack, which are the header alone (v3.4 sections
 * 4.2, 4.3, 4.11; a body that a peer sends is ignored, but for the TLVs of a response), and alert_notification (4.12):
 *
 *  source_addr_ton 1 | source_addr_npi 1 | source_addr C65 | esme_addr_ton 1 | esme_addr_npi 1 | esme_addr C65 |
 *  TLV ms_availability_status
 */
export interface EnquireLink extends PduHead {
  command: 'enquire_link';
}
export interface EnquireLinkResp extends PduHead {
  command: 'enquire_link_resp';
}
export interface Unbind extends PduHead {
  command: 'unbind';
}
export interface UnbindResp extends PduHead {
  command: 'unbind_resp';
}
export interface GenericNack extends PduHead {
  command: 'generic_nack';
}

export interface AlertNotification extends PduHead {
  command: 'alert_notification';
  sourceAddrTon: number;
  sourceAddrNpi: number;
  sourceAddr: string;
  esmeAddrTon: number;
  esmeAddrNpi: number;
  esmeAddr: string;
}

const BARE = { ignoresRest: true };

export const LINK_GRAMMARS = [
  grammar<EnquireLink>(smpp.ENQUIRE_LINK, 'enquire_link', {}, BARE),
  grammar<EnquireLinkResp>(smpp.ENQUIRE_LINK_RESP, 'enquire_link_resp', {}, BARE),
  grammar<Unbind>(smpp.UNBIND, 'unbind', {}, BARE),
  grammar<UnbindResp>(smpp.UNBIND_RESP, 'unbind_resp', {}, BARE),
  grammar<GenericNack>(smpp.GENERIC_NACK, 'generic_nack', {}, BARE),
  grammar<AlertNotification>(
    smpp.ALERT_NOTIFICATION,
    'alert_notification',
    {
      sourceAddrTon: octet,
      sourceAddrNpi: octet,
      sourceAddr: longSourceAddr,
      esmeAddrTon: octet,
      esmeAddrNpi: octet,
      esmeAddr: longDestinationAddr,
    },
    FROM_34,
  ),
];
