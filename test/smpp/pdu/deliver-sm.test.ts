import { describe, expect, it } from 'vitest';
import * as smpp from '../../../src/smpp/constants.ts';
import { encodeDeliverSm, scanDeliverSm, writeDeliverSmResp } from '../../../src/smpp/pdu/deliver-sm.ts';
import { readMessage } from '../../../src/smpp/pdu/message-encode.ts';
import { MessageFields } from '../../../src/smpp/pdu/message-fields.ts';
import { scanSubmitSm } from '../../../src/smpp/pdu/submit-sm.ts';
import { fieldsOf, message, shiftedInto } from '../../support/messages.ts';
import { oracleDecode, oracleEncode } from '../../support/oracle.ts';
import { validOf, vectorNamed, versionOf } from '../../support/vectors.ts';

const f = new MessageFields();

describe('valid deliver_sm', () => {
  it.each(validOf('deliver_sm'))('$name is read and written back to the byte', (vector) => {
    const { b, start, end } = shiftedInto(vector.bytes, 21);
    expect(scanDeliverSm(b, start, end, versionOf(vector), f)).toBe(smpp.ESME_ROK);
    const read = readMessage(b, f);
    expect(fieldsOf(read)).toEqual(message(vector.fields));
    expect(encodeDeliverSm(read, vector.fields.sequence_number as number)).toEqual(vector.bytes);
  });

  it('takes the first of a repeated TLV, as the codec does', () => {
    const plain = oracleEncode('deliver_sm', { source_addr: '1', destination_addr: '2', esm_class: 4 });
    const tlvs = [
      '042400026869',
      '04240003627965',
      '001e0003613100',
      '001e0003623200',
      '0427000102',
      '0427000105',
      '04230003030001',
      '04230003030002',
      '020400020007',
      '020400020008',
      '020c00020101',
      '020c00020202',
      '020e000103',
      '020e000109',
      '020f000102',
      '020f000108',
    ];
    const b = Buffer.concat([plain, Buffer.from(tlvs.join(''), 'hex')]);
    b.writeUInt32BE(b.length, 0);
    for (const scan of [scanDeliverSm, scanSubmitSm]) {
      expect(scan(b, 0, b.length, smpp.VERSION_34, f)).toBe(smpp.ESME_ROK);
      expect(b.toString('latin1', f.dataAt, f.dataAt + f.dataLength)).toBe('hi');
      expect(b.toString('latin1', f.receiptedIdAt, f.receiptedIdAt + f.receiptedIdLength)).toBe('a1');
      expect([f.messageState, b[f.networkErrorAt + 2], f.userMessageReference]).toEqual([2, 1, 7]);
      expect([f.sarRef, f.sarTotal, f.sarSequence]).toEqual([0x0101, 3, 2]);
    }
    // One of no octets is the first, too.
    const empty = Buffer.concat([
      plain,
      Buffer.from('04240000' + '001e0000' + '042400026869' + '001e0003613100', 'hex'),
    ]);
    empty.writeUInt32BE(empty.length, 0);
    expect(scanDeliverSm(empty, 0, empty.length, smpp.VERSION_34, f)).toBe(smpp.ESME_ROK);
    expect([f.payloadLength, f.receiptedIdLength]).toEqual([0, 0]);
  });

  it('finds the TLVs of a receipt, with and without the NUL of the id', () => {
    for (const [name, id, state] of [
      ['deliver_sm_dlr_text_and_tlvs', '0123456789', 2],
      ['deliver_sm_dlr_no_nul_id', 'ABC123', 3],
    ] as const) {
      const { b, start, end } = shiftedInto(vectorNamed(name).bytes, 3);
      scanDeliverSm(b, start, end, smpp.VERSION_34, f);
      expect(b.toString('latin1', f.receiptedIdAt, f.receiptedIdAt + f.receiptedIdLength)).toBe(id);
      expect(f.messageState).toBe(state);
    }
  });

  it('reads what the other codec writes', () => {
    const theirs = oracleEncode('deliver_sm', {
      sequence_number: 9,
      source_addr: '123',
      destination_addr: '456',
      esm_class: 4,
      data_coding: 4,
      short_message: { message: Buffer.from('id:1 stat:DELIVRD') },
      receipted_message_id: 'abc',
      message_state: 2,
    });
    expect(scanDeliverSm(theirs, 0, theirs.length, smpp.VERSION_34, f)).toBe(smpp.ESME_ROK);
    expect(encodeDeliverSm(readMessage(theirs, f), 9)).toEqual(theirs);
    expect(oracleDecode(theirs).receipted_message_id).toBe('abc');
  });
});

describe('odd deliver_sm', () => {
  it('is taken whatever its values', () => {
    const message = Buffer.from('x');
    const strange = { priority: 9, registeredDelivery: 3, replaceIfPresent: 7, dataCoding: 14, message };
    const b = encodeDeliverSm({ ...strange, dest: '', esmClass: 0x44, schedule: 'soon' }, 1);
    expect(scanDeliverSm(b, 0, b.length, smpp.VERSION_34, f)).toBe(smpp.ESME_ROK);
    expect(f.udhLength).toBe(0);
  });

  it('is taken with an address longer than the protocol allows', () => {
    const whole = encodeDeliverSm({ source: '1', dest: '2' }, 1);
    const b = Buffer.concat([whole.subarray(0, 19), Buffer.alloc(40, 0x31), whole.subarray(19)]);
    b.writeUInt32BE(b.length, 0);
    expect(scanDeliverSm(b, 0, b.length, smpp.VERSION_34, f)).toBe(smpp.ESME_ROK);
    expect(f.sourceEnd - f.sourceAt).toBe(41);
  });

  it('is taken with a TLV of a wrong length, which does not count, or one NUL behind the text', () => {
    const tlvs = [{ tag: smpp.TLV_MESSAGE_STATE, value: Buffer.from([0, 2]) }];
    const b = encodeDeliverSm({ dest: '1', tlvs }, 1);
    expect(scanDeliverSm(b, 0, b.length, smpp.VERSION_34, f)).toBe(smpp.ESME_ROK);
    expect(f.messageState).toBe(-1);
    const nul = Buffer.concat([
      encodeDeliverSm({ dest: '1', message: Buffer.from('hi') }, 1),
      Buffer.alloc(1),
    ]);
    expect(scanDeliverSm(nul, 0, nul.length, smpp.VERSION_34, f)).toBe(smpp.ESME_ROK);
    expect(f.smLength).toBe(2);
  });

  it('is refused when it cannot be read', () => {
    const whole = encodeDeliverSm({ dest: '123', message: Buffer.from('hello') }, 1);
    expect(scanDeliverSm(whole, 0, whole.length - 1, smpp.VERSION_34, f)).toBe(smpp.ESME_RINVMSGLEN);
    expect(scanDeliverSm(whole, 0, 20, smpp.VERSION_34, f)).toBe(smpp.ESME_RINVCMDLEN);
    const overrun = Buffer.concat([whole, Buffer.from('0427000502', 'hex')]);
    expect(scanDeliverSm(overrun, 0, overrun.length, smpp.VERSION_34, f)).toBe(smpp.ESME_RINVTLVSTREAM);
  });

  it('leaves nothing of the message before it', () => {
    const receipt = vectorNamed('deliver_sm_dlr_text_and_tlvs').bytes;
    scanDeliverSm(receipt, 0, receipt.length, smpp.VERSION_34, f);
    const mo = vectorNamed('deliver_sm_mo').bytes;
    scanDeliverSm(mo, 0, mo.length, smpp.VERSION_34, f);
    expect([f.receiptedIdLength, f.messageState, f.networkErrorAt]).toEqual([-1, -1, -1]);
  });
});

describe('deliver_sm_resp', () => {
  it('always has its NUL', () => {
    const b = Buffer.alloc(17, 0xee);
    expect(writeDeliverSmResp(b, 0, smpp.ESME_ROK, 3)).toBe(17);
    expect(b).toEqual(vectorNamed('deliver_sm_resp_ok').bytes);
    expect(writeDeliverSmResp(b, 0, smpp.ESME_RX_T_APPN, 4)).toBe(17);
    expect(b).toEqual(vectorNamed('deliver_sm_resp_temp_err').bytes);
  });
});
