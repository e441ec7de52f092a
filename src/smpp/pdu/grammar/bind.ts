import * as smpp from '../../constants.ts';
import { cString, withoutFill } from '../fields.ts';
import { FROM_34, grammar, type BodyReader, type FieldsOf, type Given, type PduHead } from '../grammar.ts';
import { octet, password, systemId } from '../named-fields.ts';

/**
 * bind_transmitter, bind_receiver, bind_transceiver (v3.4 section 4.1), their responses, and outbind (4.1.7):
 *
 *  bind      system_id C16 | password C9 | system_type C13 | interface_version 1 | addr_ton 1 | addr_npi 1 |
 *            address_range C41
 *  response  system_id C16 | TLV sc_interface_version (from 3.4 on)
 *  outbind   system_id C16 | password C9
 */
interface BindBody extends PduHead {
  systemId: string;
  password: string;
  systemType: string;
  interfaceVersion: number;
  addrTon: number;
  addrNpi: number;
  addressRange: string;
}

export interface BindTransmitter extends BindBody {
  command: 'bind_transmitter';
}
export interface BindReceiver extends BindBody {
  command: 'bind_receiver';
}
export interface BindTransceiver extends BindBody {
  command: 'bind_transceiver';
}

interface BindRespBody extends PduHead {
  /** null: the response has no body. */
  systemId: string | null;
}

export interface BindTransmitterResp extends BindRespBody {
  command: 'bind_transmitter_resp';
}
export interface BindReceiverResp extends BindRespBody {
  command: 'bind_receiver_resp';
}
export interface BindTransceiverResp extends BindRespBody {
  command: 'bind_transceiver_resp';
}

export interface Outbind extends PduHead {
  command: 'outbind';
  systemId: string;
  password: string;
}

const BIND: FieldsOf<BindBody> = {
  systemId,
  password,
  systemType: cString(13, smpp.ESME_RINVSYSTYP),
  interfaceVersion: octet,
  addrTon: octet,
  addrNpi: octet,
  addressRange: cString(41, smpp.ESME_RBINDFAIL),
};

const VERSIONS = new Set<number>([smpp.VERSION_34, smpp.VERSION_50]);

/** What clients leave behind the address_range is passed over, and the leading spaces that 3.3 allows are cut. */
const BIND_OPTIONS = { ignoresRest: true, check: checkBind, settle: cutFill };

function cutFill(bind: BindBody): void {
  if (bind.interfaceVersion > smpp.VERSION_33) return;
  bind.systemId = withoutFill(bind.systemId);
  bind.systemType = withoutFill(bind.systemType);
}

function checkBind({ interfaceVersion = 0 }: Given<BindBody>, r: BodyReader): void {
  const isKnown = interfaceVersion <= smpp.VERSION_33 || VERSIONS.has(interfaceVersion);
  if (r.lenient || isKnown) return;
  r.fail(smpp.ESME_RBINDFAIL, `interface_version 0x${interfaceVersion.toString(16)} is reserved`);
}

export const BIND_GRAMMARS = [
  grammar<BindTransmitter>(smpp.BIND_TRANSMITTER, 'bind_transmitter', BIND, BIND_OPTIONS),
  grammar<BindReceiver>(smpp.BIND_RECEIVER, 'bind_receiver', BIND, BIND_OPTIONS),
  // Not of 3.3, yet its clients send it.
  grammar<BindTransceiver>(smpp.BIND_TRANSCEIVER, 'bind_transceiver', BIND, BIND_OPTIONS),
  grammar<BindTransmitterResp>(smpp.BIND_TRANSMITTER_RESP, 'bind_transmitter_resp', { systemId }),
  grammar<BindReceiverResp>(smpp.BIND_RECEIVER_RESP, 'bind_receiver_resp', { systemId }),
  grammar<BindTransceiverResp>(smpp.BIND_TRANSCEIVER_RESP, 'bind_transceiver_resp', { systemId }),
  grammar<Outbind>(smpp.OUTBIND, 'outbind', { systemId, password }, FROM_34),
];
