import { expect, test } from 'vitest';
import { messageKey, SubmitTemplate } from '../../src/load/template.ts';
import { npmSmpp } from './npm-smsc.ts';

test('each message decodes to its own key, destination and sequence number', () => {
  const template = new SubmitTemplate(40, true, 'k', 0);
  const out = Buffer.alloc(template.bytes.length);
  for (let index = 0; index < 1200; index++) {
    template.writeNext(out, 0, index + 5);
    const pdu = new npmSmpp.PDU(out);
    expect(pdu.command).toBe('submit_sm');
    expect(pdu.sequence_number).toBe(index + 5);
    expect(pdu.destination_addr).toBe(`962${String(index).padStart(9, '0')}`);
    expect(String(pdu.short_message.message)).toBe(`${messageKey('k', index)} `.padEnd(40, 'A'));
  }
});

test('a text shorter than its key is the key', () => {
  const template = new SubmitTemplate(0, false, 'p', 2);
  const out = Buffer.alloc(template.bytes.length);
  template.writeNext(out, 0, 1);
  expect(String(new npmSmpp.PDU(out).short_message.message)).toBe('p00000000');
});

test('isDestination tells the number of the message from any other', () => {
  const template = new SubmitTemplate(0, false, '', 50);
  const address = Buffer.from('962000000007\0', 'latin1');
  expect([7, 57, 8, 0].map((index) => template.isDestination(address, 0, index))).toEqual([
    true,
    true,
    false,
    false,
  ]);
  expect(template.isDestination(Buffer.from('962000000007x', 'latin1'), 0, 7)).toBe(false);
});
