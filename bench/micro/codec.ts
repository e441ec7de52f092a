/**
 * The codec on one thread, beside the npm package `smpp`: `codec.` rows are what the daemon does with each PDU of a
 * message, `object.` rows what the library makes of it, a typed object.
 */
import * as smpp from '../../src/smpp/constants.ts';
import { scanDeliverSm, writeDeliverSmResp } from '../../src/smpp/pdu/deliver-sm.ts';
import { MessageFields } from '../../src/smpp/pdu/message-fields.ts';
import { ReceiptArgs } from '../../src/smpp/pdu/receipt-args.ts';
import { writeReceiptPdu } from '../../src/smpp/pdu/receipt-sm.ts';
import {
  encodeSubmitSm,
  readResponseId,
  scanSubmitSm,
  writeSubmitSmResp,
} from '../../src/smpp/pdu/submit-sm.ts';
import { ReceiptFields, scanReceipt } from '../../src/smpp/receipt.ts';
import { oracleDecode, oracleEncode } from '../../test/support/oracle.ts';
import { readU32 } from '../../src/smpp/cursor.ts';
import { responseStatus } from '../../src/smpp/session.ts';
import { objectWorks } from './codec-objects.ts';
import { race } from './stopwatch.ts';
import type { Contestant, Figure } from './stopwatch.ts';

const MESSAGE = {
  source: 'tollgate',
  sourceTon: 5,
  dest: '962790000001',
  destTon: 1,
  destNpi: 1,
  registeredDelivery: 1,
  message: Buffer.from('m00000001 '.padEnd(100, 'x')),
};
const ORACLE_MESSAGE = {
  source_addr_ton: 5,
  source_addr: 'tollgate',
  dest_addr_ton: 1,
  dest_addr_npi: 1,
  destination_addr: '962790000001',
  registered_delivery: 1,
  short_message: MESSAGE.message,
};
const RECEIPT_TEXT =
  'id:0000000017 sub:001 dlvrd:001 submit date:2601010101 done date:2601010101 stat:DELIVRD err:000 text:m00000001';
const ORACLE_RECEIPT = {
  source_addr_ton: 1,
  source_addr_npi: 1,
  source_addr: '962790000001',
  dest_addr_ton: 5,
  destination_addr: 'tollgate',
  esm_class: 4,
  short_message: Buffer.from(RECEIPT_TEXT),
};
const TIME_MS = 1_767_225_600_000; // 2026-01-01T00:00:00Z

/** Results go here, so that no work can be left out as unused. */
let sink = 0;

function contestant(name: string, work: (sequence: number) => number): Contestant {
  const run = (times: number): void => {
    for (let sequence = 1; sequence <= times; sequence++) sink = (sink + work(sequence)) | 0;
  };
  return { name, run };
}

function pair(what: string, ours: (sequence: number) => number, theirs: () => number): Contestant[] {
  return [contestant(`codec.${what}`, ours), contestant(`smpp.${what}`, theirs)];
}

function receiptArgs(): ReceiptArgs {
  const r = new ReceiptArgs();
  r.addresses = Buffer.from('tollgate962790000001');
  [r.sourceTon, r.sourceAt, r.sourceLength] = [5, 0, 8];
  [r.destTon, r.destNpi, r.destAt, r.destLength] = [1, 1, 8, 12];
  [r.submitMs, r.doneMs, r.state] = [TIME_MS, TIME_MS, smpp.STATE_DELIVERED];
  r.err = Buffer.from('000');
  r.errLength = 3;
  r.text = MESSAGE.message;
  r.textLength = 20;
  return r;
}

function contestants(): Contestant[] {
  const fields = new MessageFields();
  const receipt = new ReceiptFields();
  const args = receiptArgs();
  const out = Buffer.alloc(1024);
  const submit = encodeSubmitSm(MESSAGE, 1);
  const deliver = oracleEncode('deliver_sm', ORACLE_RECEIPT);
  const response = oracleEncode('submit_sm_resp', { message_id: '0000000017' });
  const delivered = oracleEncode('deliver_sm_resp', { sequence_number: 1 });
  const version = smpp.VERSION_34;
  const decoded = {
    submit_sm: submit,
    submit_sm_resp: response,
    deliver_sm: deliver,
    deliver_sm_resp: delivered,
  };
  const objects = objectWorks(MESSAGE.message, Buffer.from(RECEIPT_TEXT), decoded);
  return [
    ...pair(
      'submit_sm.decode',
      () => scanSubmitSm(submit, 0, submit.length, version, fields) + fields.dataLength,
      () => oracleDecode(submit).command.length,
    ),
    ...pair(
      'submit_sm.encode',
      (sequence) => encodeSubmitSm(MESSAGE, sequence).length,
      () => oracleEncode('submit_sm', ORACLE_MESSAGE).length,
    ),
    ...pair(
      'submit_sm_resp.decode',
      () => readResponseId(response, 0, response.length),
      () => oracleDecode(response).command.length,
    ),
    ...pair(
      'submit_sm_resp.encode',
      (sequence) => writeSubmitSmResp(out, 0, smpp.ESME_ROK, sequence, 1, sequence),
      () => oracleEncode('submit_sm_resp', { message_id: '0000000100000001' }).length,
    ),
    ...pair(
      'deliver_sm.decode',
      () => {
        scanDeliverSm(deliver, 0, deliver.length, version, fields);
        return scanReceipt(deliver, 0, fields, receipt) ? receipt.state : 0;
      },
      () => oracleDecode(deliver).command.length,
    ),
    ...pair(
      'deliver_sm.encode',
      (sequence) => {
        args.idLow = sequence;
        return writeReceiptPdu(out, 0, sequence, args);
      },
      () => oracleEncode('deliver_sm', ORACLE_RECEIPT).length,
    ),
    ...pair(
      'deliver_sm_resp.decode',
      () => responseStatus(delivered, 0) + readU32(delivered, 12),
      () => oracleDecode(delivered).command.length,
    ),
    ...pair(
      'deliver_sm_resp.encode',
      (sequence) => writeDeliverSmResp(out, 0, smpp.ESME_ROK, sequence),
      () => oracleEncode('deliver_sm_resp', {}).length,
    ),
    ...objects.map(({ what, work }) => contestant(`object.${what}`, work)),
  ];
}

/** PDUs a second of ours, and how many times as fast as the package. */
export function benchCodec(): Figure[] {
  const rates = race(contestants());
  const figures: Figure[] = [];
  for (const [name, value] of rates) {
    const theirs = rates.get(name.replace(/^(?:codec|object)\./, 'smpp.'));
    if (name.startsWith('smpp.') || theirs === undefined) continue;
    figures.push({ name, value, unit: 'PDUs/s' });
    figures.push({ name: `${name}.ratio`, value: value / theirs, unit: 'x smpp' });
  }
  if (Number.isNaN(sink)) throw new Error('unreachable: the results are numbers');
  return figures;
}
