import { expect, test } from 'vitest';
import { ReceiptScan } from '../../src/load/receipt.ts';

/** deliver_sm by hand: service_type "", source 1 1 "962", destination 5 0 "ME". */
function deliver(esmClass: number, text: string, tlvsHex = ''): Buffer {
  const body = Buffer.concat([
    Buffer.from('00 01 01 39363200 05 00 4d4500'.replaceAll(' ', ''), 'hex'),
    Buffer.from([esmClass, 0, 0, 0, 0, 0, 0, 0, 0, text.length]),
    Buffer.from(text, 'latin1'),
    Buffer.from(tlvsHex.replaceAll(' ', ''), 'hex'),
  ]);
  const header = Buffer.from('00000000000000050000000000000001', 'hex');
  header.writeUInt32BE(16 + body.length, 0);
  return Buffer.concat([header, body]);
}

function idOf(pdu: Buffer): string {
  const scan = new ReceiptScan();
  const shifted = Buffer.concat([Buffer.from('junk'), pdu, Buffer.from('id:behind ')]);
  scan.scan(shifted, 4, 4 + pdu.length);
  return scan.isReceipt ? shifted.toString('latin1', scan.idAt, scan.idEnd) : 'no receipt';
}

test('the id of receipts in their forms', () => {
  expect(idOf(deliver(4, 'id:12ab sub:001 stat:DELIVRD'))).toBe('12ab');
  expect(idOf(deliver(4, 'sub:001 ID:77'))).toBe('77');
  expect(idOf(deliver(4, '', '001e 0004 61626300'))).toBe('abc');
  expect(idOf(deliver(4, '', '0427 0001 02 001e 0003 616263'))).toBe('abc');
  expect(idOf(deliver(4, '', '0424 0006 69643a78 2079'))).toBe('x');
  expect(idOf(deliver(4, 'nothing'))).toBe('');
  expect(idOf(deliver(0, 'id:12 stat:DELIVRD'))).toBe('no receipt');
});

test('source address and stat', () => {
  const pdu = deliver(4, 'id:1 stat:UNDELIV err:001');
  const scan = new ReceiptScan();
  scan.scan(pdu, 0, pdu.length);
  expect(pdu.toString('latin1', scan.sourceAt, scan.sourceAt + 3)).toBe('962');
  expect(scan.stat(pdu)).toBe('UNDELIV');
});
