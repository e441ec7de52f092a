import * as smpp from '../../constants.ts';
import { cString, integer, list, record } from '../fields.ts';
import { grammar, type Field, type PduHead } from '../grammar.ts';
import * as named from '../named-fields.ts';
import { checkSubmitted, MESSAGE_TAIL, type MessageTail } from './message.ts';

/**
 * submit_multi (v3.4 section 4.5.1) and its response (4.5.2):
 *
 *  service_type C6 | source_addr_ton 1, _npi 1, source_addr C21 | number_of_dests 1 | dest_address ... |
 *  esm_class 1 ... short_message as in a submit_sm | TLVs
 *
 *  dest_address   1 | dest_addr_ton 1 | dest_addr_npi 1 | destination_addr C21     dest_flag 1: one number
 *                 2 | dl_name C21                                                  dest_flag 2: a distribution list
 *
 *  message_id C65 | no_unsuccess 1 | unsuccess_sme ... | TLVs (5.0)
 *
 *  unsuccess_sme  dest_addr_ton 1 | dest_addr_npi 1 | destination_addr C21 | error_status_code 4
 */
export interface NumberAddress {
  destFlag: 1;
  destAddrTon: number;
  destAddrNpi: number;
  destinationAddr: string;
}
export interface ListAddress {
  destFlag: 2;
  dlName: string;
}
export type DestAddress = NumberAddress | ListAddress;

export interface SubmitMulti extends MessageTail {
  command: 'submit_multi';
  serviceType: string;
  sourceAddrTon: number;
  sourceAddrNpi: number;
  sourceAddr: string;
  destAddress: readonly DestAddress[];
}

export interface UnsuccessSme {
  destAddrTon: number;
  destAddrNpi: number;
  destinationAddr: string;
  /** The command_status of this destination. */
  errorStatusCode: number;
}

/** A field is null where the body ends before it. */
export interface SubmitMultiResp extends PduHead {
  command: 'submit_multi_resp';
  messageId: string | null;
  unsuccessSme: readonly UnsuccessSme[] | null;
}

const NUMBER = 1;
const LIST = 2;
/** v3.4 says 254, v5.0 255; from peers 255 are taken always. */
const DESTS_SENT_MAX_34 = 254;
const DESTS_MAX = 255;

const { octet, destinationAddr, messageId } = named;
const numberAddress = record<NumberAddress>({
  destFlag: octet as Field<1>,
  destAddrTon: octet,
  destAddrNpi: octet,
  // Empty it is taken: the response can say of each destination what is wrong with it.
  destinationAddr,
});
const listAddress = record<ListAddress>({
  destFlag: octet as Field<2>,
  dlName: cString(21, smpp.ESME_RINVDLNAME),
});

/** One record or the other, as dest_flag says. */
export const destAddress: Field<DestAddress> = {
  empty: listAddress.empty,
  read: (r) => {
    const flag = r.at < r.end ? r.b[r.at] : NUMBER;
    if (flag === NUMBER) return numberAddress.read(r);
    if (flag === LIST) return listAddress.read(r);
    r.fail(smpp.ESME_RINVDESTFLAG, `dest_flag is ${flag}`);
    return listAddress.empty;
  },
  measure: (value, version, lenient) => {
    if (value.destFlag === LIST) return listAddress.measure(value, version, lenient);
    const flag: number = value.destFlag;
    if (flag !== NUMBER && !lenient)
      throw new RangeError(`dest_flag: ${flag} is neither ${NUMBER} nor ${LIST}`);
    return numberAddress.measure(value, version, lenient);
  },
  write: (b, at, value) =>
    value.destFlag === LIST ? listAddress.write(b, at, value) : numberAddress.write(b, at, value),
};

function destsSentMax(version: number): number {
  return version >= smpp.VERSION_50 ? DESTS_MAX : DESTS_SENT_MAX_34;
}

export const SUBMIT_MULTI_GRAMMARS = [
  grammar<SubmitMulti>(
    smpp.SUBMIT_MULTI,
    'submit_multi',
    {
      serviceType: named.serviceType,
      sourceAddrTon: octet,
      sourceAddrNpi: octet,
      sourceAddr: named.sourceAddr,
      destAddress: list(destAddress, { empty: smpp.ESME_RINVNUMDESTS, sentMax: destsSentMax }),
      ...MESSAGE_TAIL,
    },
    { check: checkSubmitted },
  ),
  grammar<SubmitMultiResp>(smpp.SUBMIT_MULTI_RESP, 'submit_multi_resp', {
    messageId,
    unsuccessSme: list(
      record<UnsuccessSme>({
        destAddrTon: octet,
        destAddrNpi: octet,
        destinationAddr,
        errorStatusCode: integer(4),
      }),
    ),
  }),
];
