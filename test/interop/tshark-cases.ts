/** What is laid before tshark: random PDUs of every command and version, and those of the writers on the hot path. */
import * as fc from 'fast-check';
import { COMMANDS, encodePdu, isCommandOf } from '../../src/smpp/codec.ts';
import type { Command, PduInput } from '../../src/smpp/codec.ts';
import * as smpp from '../../src/smpp/constants.ts';
import { encodeBind, encodeBindResp } from '../../src/smpp/pdu/bind.ts';
import { writeDeliverSmResp } from '../../src/smpp/pdu/deliver-sm.ts';
import { writeGenericNack, writeHeaderOnly } from '../../src/smpp/pdu/header-only.ts';
import { ReceiptArgs } from '../../src/smpp/pdu/receipt-args.ts';
import { RECEIPT_PDU_BYTES_MAX, writeReceiptPdu } from '../../src/smpp/pdu/receipt-sm.ts';
import { encodeSubmitSm, writeSubmitSmResp, writeSubmitSmResp33 } from '../../src/smpp/pdu/submit-sm.ts';
import { pduArbitrary } from '../support/pdu-arbitraries.ts';

export interface Case {
  topic: string;
  pdu: PduInput;
  octets: Buffer;
}

export const SEED = 20_261_125;
const RUNS = 40;
export const VERSIONS = [smpp.VERSION_33, smpp.VERSION_34, smpp.VERSION_50];
/** tshark reads optional parameters of these only; others get none that are not theirs. */
const TAKES_STRANGERS = /^(?:submit_sm|submit_multi|deliver_sm|data_sm|broadcast_sm)$/;

/** `RUNS` of each command in each version that has it. */
export function randomCases(): Case[] {
  return VERSIONS.flatMap((version) =>
    COMMANDS.filter((command) => isCommandOf(command, version)).flatMap((command) =>
      casesOf(command, version),
    ),
  );
}

function casesOf(command: Command, version: number): Case[] {
  const options = { alphabet: 'ascii', strangers: TAKES_STRANGERS.test(command) } as const;
  return fc
    .sample(pduArbitrary(command, version, options), { seed: SEED + version, numRuns: RUNS })
    .map((pdu) => ({ topic: command, pdu, octets: encodePdu(pdu, version) }));
}

/** One of each size that splits over segments, and of what lists hold at most. */
export function largeCases(): Case[] {
  const message = Buffer.from('payload '.repeat(8_125));
  const destAddress = Array.from({ length: 254 }, (_, index) => ({
    destFlag: 1 as const,
    destAddrTon: 1,
    destAddrNpi: 1,
    destinationAddr: String(44_770_090_000 + index),
  }));
  const pdus: PduInput[] = [
    {
      command: 'submit_sm',
      sequenceNumber: 1,
      destinationAddr: '447700900123',
      tlvs: [{ tag: smpp.TLV_MESSAGE_PAYLOAD, value: message }],
    },
    { command: 'submit_multi', sequenceNumber: 2, destAddress, shortMessage: Buffer.from('to 254') },
  ];
  return pdus.map((pdu) => ({
    topic: 'large',
    pdu: withZeros(pdu),
    octets: encodePdu(pdu, smpp.VERSION_34),
  }));
}

/** What is left out is written as 0, which tshark shows. */
function withZeros(pdu: PduInput): PduInput {
  const zeros = [
    'sourceAddrTon',
    'sourceAddrNpi',
    'esmClass',
    'protocolId',
    'priorityFlag',
    'registeredDelivery',
  ];
  zeros.push('replaceIfPresentFlag', 'dataCoding', 'smDefaultMsgId');
  if (pdu.command === 'submit_sm') zeros.push('destAddrTon', 'destAddrNpi');
  const fields = Object.fromEntries(zeros.map((name) => [name, 0]));
  return { shortMessage: Buffer.alloc(0), ...fields, ...pdu } as PduInput;
}

/** PDUs that are right and that tshark 4.0 is known to be wrong about: one of each kind. */
export const STUMBLES: readonly { what: string; pdu: PduInput }[] = [
  {
    what: 'broadcast_rep_num has 2 octets, it reads 1',
    pdu: { command: 'broadcast_sm', sequenceNumber: 1, tlvs: [{ tag: 0x0604, value: Buffer.from([0, 10]) }] },
  },
  {
    what: 'ms_validity may have 4 octets in 5.0, it reads 1',
    pdu: {
      command: 'submit_sm',
      sequenceNumber: 1,
      destinationAddr: '1',
      tlvs: [{ tag: 0x1204, value: Buffer.from([4, 0, 0, 1]) }],
    },
  },
  {
    what: 'broadcast_end_time of 16 octets, as the table of 5.0 has it',
    pdu: {
      command: 'query_broadcast_sm_resp',
      sequenceNumber: 1,
      messageId: '1',
      tlvs: [{ tag: 0x0609, value: Buffer.from('260101130000000+') }],
    },
  },
  {
    what: 'deliver_sm_resp without a message_id, as many ESMEs send it',
    pdu: { command: 'deliver_sm_resp', sequenceNumber: 1, messageId: null },
  },
  {
    what: 'it reads a user data header in a submit_multi as text and warns of what follows a NUL',
    pdu: {
      command: 'submit_multi',
      sequenceNumber: 1,
      destAddress: [{ destFlag: 1, destAddrTon: 1, destAddrNpi: 1, destinationAddr: '1' }],
      esmClass: 0x40,
      dataCoding: 1,
      shortMessage: Buffer.from('050003a70201414243', 'hex'),
    },
  },
];

const TEXT = 'submit date:2611220101 done date:2611220102 stat:DELIVRD err:000 text:hello';
const BIND = {
  systemId: 'tollgate',
  password: 'secret08',
  systemType: 'VMA',
  interfaceVersion: 0x34,
  addrTon: 1,
  addrNpi: 1,
  addressRange: '^4477',
};

/** The writers that make no objects: each beside the PDU that it should be. */
export function writerCases(): Case[] {
  const topic = 'writers on the hot path';
  const written = (bytes: number, write: (b: Buffer) => number): Buffer => {
    const b = Buffer.alloc(bytes);
    return b.subarray(0, write(b));
  };
  const add = (pdu: PduInput, octets: Buffer): Case => ({
    topic,
    pdu,
    octets,
  });
  const head = { sequenceNumber: 7, commandStatus: 0 };
  const refused = { sequenceNumber: 7, commandStatus: 0x58 };
  const id = '0123456789abcdef';
  return [
    add(
      { command: 'submit_sm_resp', ...head, messageId: id },
      written(64, (b) => writeSubmitSmResp(b, 0, 0, 7, 0x0123_4567, 0x89ab_cdef)),
    ),
    add(
      { command: 'submit_sm_resp', ...refused },
      written(64, (b) => writeSubmitSmResp(b, 0, 0x58, 7, 0, 0)),
    ),
    add(
      { command: 'submit_sm_resp', ...head, messageId: '89abcdef' },
      written(64, (b) => writeSubmitSmResp33(b, 0, 0, 7, 0x89ab_cdef)),
    ),
    add(
      { command: 'submit_sm_resp', ...refused },
      written(64, (b) => writeSubmitSmResp33(b, 0, 0x58, 7, 0)),
    ),
    add(
      { command: 'deliver_sm_resp', ...head, messageId: '' },
      written(64, (b) => writeDeliverSmResp(b, 0, 0, 7)),
    ),
    ...(['enquire_link', 'enquire_link_resp', 'unbind', 'unbind_resp'] as const).map((command) =>
      add(
        { command, ...head },
        written(64, (b) => writeHeaderOnly(b, 0, HEADERS[command], 0, 7)),
      ),
    ),
    add(
      { command: 'generic_nack', sequenceNumber: 7, commandStatus: 3 },
      written(64, (b) => writeGenericNack(b, 0, 3, 7)),
    ),
    add({ command: 'bind_transceiver', ...head, ...BIND }, encodeBind(smpp.BIND_TRANSCEIVER, 7, BIND)),
    add(
      {
        command: 'bind_transceiver_resp',
        ...head,
        systemId: 'tollgate',
        tlvs: [{ tag: 0x0210, value: Buffer.from([0x34]) }],
      },
      encodeBindResp(smpp.BIND_TRANSCEIVER, 0, 7, 'tollgate', 0x34),
    ),
    add(
      { command: 'bind_receiver_resp', ...refused },
      encodeBindResp(smpp.BIND_RECEIVER, 0x58, 7, 'tollgate', 0x34),
    ),
    add(SUBMIT, encodeSubmitSm(SUBMIT_MESSAGE, 7)),
    add(
      receiptPdu(id),
      written(RECEIPT_PDU_BYTES_MAX, (b) => writeReceiptPdu(b, 0, 7, receiptArgs())),
    ),
  ];
}

const HEADERS = {
  enquire_link: smpp.ENQUIRE_LINK,
  enquire_link_resp: smpp.ENQUIRE_LINK_RESP,
  unbind: smpp.UNBIND,
  unbind_resp: smpp.UNBIND_RESP,
};

const SUBMIT_MESSAGE = {
  serviceType: 'CMT',
  sourceTon: 5,
  source: 'Interop',
  destTon: 1,
  destNpi: 1,
  dest: '447700900123',
  registeredDelivery: 1,
  dataCoding: 4,
  message: Buffer.from('00ff0a', 'hex'),
};
const SUBMIT: PduInput = {
  command: 'submit_sm',
  sequenceNumber: 7,
  commandStatus: 0,
  serviceType: 'CMT',
  sourceAddrTon: 5,
  sourceAddrNpi: 0,
  sourceAddr: 'Interop',
  destAddrTon: 1,
  destAddrNpi: 1,
  destinationAddr: '447700900123',
  esmClass: 0,
  protocolId: 0,
  priorityFlag: 0,
  scheduleDeliveryTime: '',
  validityPeriod: '',
  registeredDelivery: 1,
  replaceIfPresentFlag: 0,
  dataCoding: 4,
  smDefaultMsgId: 0,
  shortMessage: Buffer.from('00ff0a', 'hex'),
};

const VENDOR_TLV = Buffer.from('1401000461626300', 'hex');

function receiptArgs(): ReceiptArgs {
  const args = new ReceiptArgs();
  args.addresses = Buffer.from('Interop447700900123', 'latin1');
  [args.sourceTon, args.sourceAt, args.sourceLength] = [5, 0, 7];
  [args.destTon, args.destNpi, args.destAt, args.destLength] = [1, 1, 7, 12];
  [args.idHigh, args.idLow] = [0x0123_4567, 0x89ab_cdef];
  args.submitMs = Date.UTC(2026, 10, 22, 1, 1);
  args.doneMs = Date.UTC(2026, 10, 22, 1, 2);
  args.state = smpp.STATE_DELIVERED;
  args.userMessageReference = 0x1234;
  args.text = Buffer.concat([Buffer.from('hello', 'latin1'), VENDOR_TLV]);
  args.textLength = 5;
  [args.tlvsAt, args.tlvsLength] = [5, VENDOR_TLV.length];
  return args;
}

/** Source and destination have changed places. */
function receiptPdu(id: string): PduInput {
  return {
    ...SUBMIT,
    command: 'deliver_sm',
    serviceType: '',
    sourceAddrTon: 1,
    sourceAddrNpi: 1,
    sourceAddr: '447700900123',
    destAddrTon: 5,
    destAddrNpi: 0,
    destinationAddr: 'Interop',
    esmClass: 4,
    registeredDelivery: 0,
    dataCoding: 0,
    shortMessage: Buffer.from(`id:${id} sub:001 dlvrd:001 ${TEXT}`, 'latin1'),
    tlvs: [
      { tag: smpp.TLV_RECEIPTED_MESSAGE_ID, value: Buffer.from(`${id}\0`, 'latin1') },
      { tag: smpp.TLV_MESSAGE_STATE, value: Buffer.from([2]) },
      { tag: smpp.TLV_NETWORK_ERROR_CODE, value: Buffer.from([3, 0, 0]) },
      { tag: smpp.TLV_USER_MESSAGE_REFERENCE, value: Buffer.from([0x12, 0x34]) },
      { tag: VENDOR_TLV.readUInt16BE(0), value: VENDOR_TLV.subarray(4) },
    ],
  } as PduInput;
}
