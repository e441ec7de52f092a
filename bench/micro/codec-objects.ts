/** What the library's codec does with a PDU: a typed object made of it, and it of one. */
import { decodePdu, encodePdu, type Command, type PduInputOf } from '../../src/smpp/codec.ts';
import * as smpp from '../../src/smpp/constants.ts';

/** `work(sequence)` returns a number, so that it can not be left out as unused. */
export interface Work {
  readonly what: string;
  readonly work: (sequence: number) => number;
}

function encodes<C extends Command>(pdu: PduInputOf<C> & { command: C }): Work {
  return {
    what: `${pdu.command}.encode`,
    work: (sequenceNumber) => encodePdu({ ...pdu, sequenceNumber }).length,
  };
}

function decodes(what: string, bytes: Buffer): Work {
  const work = (): number => {
    const result = decodePdu(bytes, 0, bytes.length, smpp.VERSION_34);
    if (!result.ok) throw new Error(result.reason);
    return result.pdu.commandStatus + result.pdu.command.length;
  };
  return { what: `${what}.decode`, work };
}

/** The same PDUs as the rows of the message path. */
export function objectWorks(message: Buffer, receipt: Buffer, bytes: Record<string, Buffer>): Work[] {
  const sequenceNumber = 1;
  return [
    ...Object.entries(bytes).map(([what, one]) => decodes(what, one)),
    encodes<'submit_sm'>({
      command: 'submit_sm',
      sequenceNumber,
      sourceAddrTon: 5,
      sourceAddr: 'tollgate',
      destAddrTon: 1,
      destAddrNpi: 1,
      destinationAddr: '962790000001',
      registeredDelivery: 1,
      shortMessage: message,
    }),
    encodes<'submit_sm_resp'>({ command: 'submit_sm_resp', sequenceNumber, messageId: '0000000100000001' }),
    encodes<'deliver_sm'>({
      command: 'deliver_sm',
      sequenceNumber,
      sourceAddrTon: 1,
      sourceAddrNpi: 1,
      sourceAddr: '962790000001',
      destAddrTon: 5,
      destinationAddr: 'tollgate',
      esmClass: smpp.ESM_RECEIPT,
      shortMessage: receipt,
    }),
    encodes<'deliver_sm_resp'>({ command: 'deliver_sm_resp', sequenceNumber }),
  ];
}
