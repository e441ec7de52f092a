import { describe, expect, it } from 'vitest';
import * as smpp from '../../../src/smpp/constants.ts';
import { scanDataSm } from '../../../src/smpp/pdu/data-sm-scan.ts';
import { MessageFields } from '../../../src/smpp/pdu/message-fields.ts';
import { ReceiptFields, scanReceipt } from '../../../src/smpp/receipt.ts';
import { shiftedInto } from '../../support/messages.ts';
import { oracleEncode } from '../../support/oracle.ts';
import { vectorNamed } from '../../support/vectors.ts';

const f = new MessageFields();

function scan(bytes: Buffer): { status: number; text: string; b: Buffer; start: number } {
  const { b, start, end } = shiftedInto(bytes, 9);
  const status = scanDataSm(b, start, end, f);
  const text = b.toString('latin1', f.dataAt + f.udhLength, f.dataAt + f.dataLength);
  return { status, text, b, start };
}

describe('a data_sm from an SMSC', () => {
  it('of the vectors is a receipt without a text', () => {
    const { status, text, b, start } = scan(vectorNamed('data_sm_dlr').bytes);
    expect([status, text]).toEqual([smpp.ESME_ROK, '']);
    expect(b.toString('latin1', f.sourceAt, f.sourceEnd)).toBe('447700900123');
    expect(b.toString('latin1', f.destAt, f.destEnd)).toBe('447700900001');
    expect([f.esmClass, f.dataCoding, f.messageState]).toEqual([4, 0, 2]);
    const out = new ReceiptFields();
    expect(scanReceipt(b, start, f, out)).toBe(true);
    expect(Buffer.from(out.bytes).toString('latin1', out.idAt, out.idEnd)).toBe('D-42');
    expect([out.state, out.networkErrorType, out.networkErrorCode]).toEqual([2, 3, 0]);
  });

  it('of the npm package has its text in message_payload, behind a header if it says so', () => {
    const udh = Buffer.from('050003010201', 'hex');
    const bytes = oracleEncode('data_sm', {
      source_addr: 'x'.repeat(64),
      destination_addr: 'Shop',
      esm_class: 0x44,
      data_coding: 3,
      message_payload: Buffer.concat([udh, Buffer.from('id:7 stat:DELIVRD')]),
    });
    expect(scan(bytes)).toMatchObject({ status: smpp.ESME_ROK, text: 'id:7 stat:DELIVRD' });
    expect([f.sourceEnd - f.sourceAt, f.dataCoding, f.smLength]).toEqual([64, 3, 0]);
  });

  it('leaves nothing of the message before', () => {
    scan(vectorNamed('data_sm_dlr').bytes);
    const { status, text } = scan(oracleEncode('data_sm', { destination_addr: '1' }));
    expect([status, text, f.receiptedIdLength, f.messageState]).toEqual([smpp.ESME_ROK, '', -1, -1]);
  });

  it('cut off anywhere is refused or read without what is missing, never beyond its end', () => {
    const whole = vectorNamed('data_sm_dlr').bytes;
    const statuses = new Set<number>();
    for (let length = 16; length < whole.length; length++) {
      const { status } = scan(whole.subarray(0, length));
      statuses.add(status);
      if (status !== smpp.ESME_ROK) continue;
      const ends = [f.tlvAt, f.dataAt + f.dataLength, f.receiptedIdAt + f.receiptedIdLength];
      expect(Math.max(...ends), `${length} octets`).toBeLessThanOrEqual(9 + length);
    }
    expect(statuses).toEqual(new Set([smpp.ESME_RINVCMDLEN, smpp.ESME_RINVTLVSTREAM, smpp.ESME_ROK]));
  });
});
