import { describe, expect, test } from 'vitest';
import { ErrorBudget, isMalformedRequest, isMalformedSubmit } from '../../src/edge/error-budget.ts';
import { decodePdu } from '../../src/smpp/codec.ts';
import { MessageFields } from '../../src/smpp/pdu/message-fields.ts';
import { pduBytes } from '../daemon/raw.ts';
import { vectorNamed } from '../support/vectors.ts';

const START = 1_767_225_600_000;

describe('the budget', () => {
  test('so many within the time are let pass, one more is over it', () => {
    const budget = new ErrorBudget(3, 60_000);
    const over = [0, 1, 2, 3, 4].map((at) => budget.add('malformed', START + at * 1_000));
    expect(over).toEqual([false, false, false, true, true]);
    expect([budget.total, budget.counts.malformed]).toEqual([5, 5]);
  });

  test('all kinds count together and are told apart', () => {
    const budget = new ErrorBudget(2, 60_000);
    expect(budget.add('malformed', START)).toBe(false);
    expect(budget.add('unknownCommand', START)).toBe(false);
    expect(budget.add('wrongState', START)).toBe(true);
    expect(budget.counts).toEqual({ malformed: 1, unknownCommand: 1, wrongState: 1 });
  });

  test('at a pace that the time allows there is no end', () => {
    // Three in 60 s are allowed; one every 22 s never makes four of them in 60 s and a sixteenth.
    const budget = new ErrorBudget(3, 60_000);
    for (let count = 0; count < 1_000; count++)
      expect(budget.add('malformed', START + count * 22_000)).toBe(false);
    // One every 15 s does.
    const brisk = new ErrorBudget(3, 60_000);
    const over = [0, 1, 2, 3].map((count) => brisk.add('malformed', START + count * 15_000));
    expect(over.at(-1)).toBe(true);
  });

  test('after a silence as long as the time all is forgotten; a clock set back forgets nothing', () => {
    const budget = new ErrorBudget(1, 1_000);
    expect(budget.add('malformed', START)).toBe(false);
    expect(budget.add('malformed', START + 1_100)).toBe(false);
    expect(budget.add('malformed', START + 1_000_000)).toBe(false);
    expect(budget.add('malformed', START)).toBe(true);
    // Nor does its coming back: the three are of one second.
    const again = new ErrorBudget(2, 1_000);
    expect(again.add('malformed', START)).toBe(false);
    expect(again.add('malformed', START - 1_000_000)).toBe(false);
    expect(again.add('malformed', START + 1)).toBe(true);
  });
});

const [V33, V34, V50] = [0x33, 0x34, 0x50];
const fields = new MessageFields();
const submitIs = (status: number, pdu: Buffer, version = V34): boolean =>
  isMalformedSubmit(status, pdu, 0, pdu.length, version, fields);
const requestIs = (status: number, pdu: Buffer, version = V34): boolean =>
  isMalformedRequest(status, pdu, 0, pdu.length, version);

/** A submit_sm as the specification draws it. */
function submit(
  dest: string,
  schedule = '',
  validity = '',
  behind: readonly number[] = [0, 0, 0, 0, 1, 0x78],
): Buffer {
  const to = `\0\x05\0a\0\x01\x01${dest}\0`;
  const text = Buffer.from(`${to}\0\0\0${schedule}\0${validity}\0`, 'latin1');
  return pduBytes(4, 1, Buffer.concat([text, Buffer.from(behind)]));
}

describe('a submit_sm is malformed', () => {
  const sound = submit('447700900123');

  test.each([
    ['ESME_RINVCMDLEN', 0x02],
    ['ESME_RINVSRCADR', 0x0a],
    ['ESME_RINVSERTYP', 0x15],
    ['ESME_RINVPRTFLG', 0x06],
    ['ESME_RINVTLVSTREAM', 0xc0],
    ['ESME_RINVTLVLEN', 0xc2],
  ])('by %s', (_name, status) => {
    expect(submitIs(status, sound)).toBe(true);
  });

  test.each([
    ['ESME_RTHROTTLED', 0x58],
    ['ESME_RMSGQFUL', 0x14],
    ['ESME_RINVDSTADR', 0x0b],
    ['ESME_RINVMSGLEN', 0x01],
    ['ESME_RINVDCS', 0x104],
    ['ESME_RSUBMITFAIL', 0x45],
    ['ESME_RINVSCHED', 0x61],
    ['ESME_RINVEXPIRY', 0x62],
    ['ESME_RSYSERR', 0x08],
    ['ESME_RINVMSGID', 0x0c],
    ['ESME_RPROHIBITED', 0x101],
  ])('not by %s: the request was sound', (_name, status) => {
    expect(submitIs(status, sound)).toBe(false);
  });

  test('by a text that runs out of the PDU, not by one that is too long or half a character', () => {
    expect(submitIs(0x01, submit('1', '', '', [0, 0, 0, 0, 200, 0x78]))).toBe(true);
    expect(submitIs(0x01, vectorNamed('sm_length_overrun').bytes)).toBe(true);
    expect(submitIs(0x01, vectorNamed('ucs2_odd_length').bytes)).toBe(false);
    expect(submitIs(0x01, vectorNamed('sm_length_255_v34').bytes)).toBe(false);
  });

  test('by a destination_addr that is too long, not by one that leads nowhere', () => {
    expect(submitIs(0x0b, submit('9'.repeat(21)))).toBe(true);
    expect(submitIs(0x0b, submit('9'.repeat(20)))).toBe(false);
    expect(submitIs(0x0b, vectorNamed('dest_addr_empty').bytes)).toBe(false);
  });

  test('by what is no time, not by one that is past', () => {
    expect(submitIs(0x61, vectorNamed('schedule_bad').bytes)).toBe(true);
    expect(submitIs(0x61, submit('1', '250101000000000+'))).toBe(false);
    expect(submitIs(0x61, submit('1', '', 'garbage'))).toBe(false);
    expect(submitIs(0x62, vectorNamed('validity_bad_len').bytes)).toBe(true);
    expect(submitIs(0x62, vectorNamed('validity_past').bytes)).toBe(false);
    expect(submitIs(0x62, submit('1', 'x'.repeat(40)))).toBe(false);
    expect(submitIs(0x62, submit('1', '', 'x'.repeat(40)))).toBe(true);
  });
});

describe('any other request that can not be read is malformed', () => {
  const id = (length: number): Buffer => pduBytes(3, 1, Buffer.from(`${'f'.repeat(length)}\0\0\0a\0`));
  const multi = (dest: string, behind: readonly number[]): Buffer =>
    pduBytes(0x21, 1, Buffer.concat([Buffer.from(`\0\0\0\0\x01${dest}\0`, 'latin1'), Buffer.from(behind)]));
  const rest = (length: number, ...text: number[]): number[] => [0, 0, 0, 0, 0, 0, 0, 8, 0, length, ...text];
  const number = '\x01\x01\x01447700900123';
  const replace = (validity: string, length: number): Buffer =>
    pduBytes(7, 1, Buffer.from(`a\0\0\0b\0\0${validity}\0\0\0${String.fromCharCode(length)}x`, 'latin1'));

  test.each<[string, number, Buffer, number?]>([
    ['query_sm with an overlong message_id', 0x0c, id(65)],
    ['one that is overlong in 3.3', 0x0c, id(9), V33],
    ['submit_multi with a text over its end', 0x01, multi(number, rest(9, 0x78))],
    ['with an overlong destination_addr', 0x0b, multi(`\x01\x01\x01${'9'.repeat(21)}`, rest(0))],
    ['with an overlong dl_name', 0x34, multi(`\x02${'a'.repeat(21)}`, rest(0))],
    ['with a dest_flag of 3', 0x40, vectorNamed('dest_flag_bad').bytes],
    ['replace_sm with a text over its end', 0x01, replace('', 9)],
    ['with what is no time', 0x62, replace('tomorrow', 1)],
    ['data_sm without its text', 0xc3, vectorNamed('data_sm_no_payload').bytes],
    ['a cut body', 0x02, pduBytes(8, 1, Buffer.from('\0a'))],
  ])('%s', (_what, status, pdu, version = V34) => {
    expect(decodePdu(pdu, 0, pdu.length, version)).toMatchObject({ ok: false, status });
    expect(requestIs(status, pdu, version)).toBe(true);
  });

  const data = (dest: string, coding: number): Buffer =>
    pduBytes(
      0x103,
      1,
      Buffer.from(`\0\0\0\0\0\0${dest}\0\0\0${String.fromCharCode(coding)}\x04\x24\0\x01x`, 'latin1'),
    );

  test.each<[string, number, Buffer, number?]>([
    ['half a character', 0x01, multi(number, rest(1, 0x78))],
    ['nobody as destination', 0x0b, data('', 0)],
    ['an alphabet that is not served', 0x45, data('1', 5)],
    ['the same in 5.0', 0x104, data('1', 5), V50],
  ])('but %s is not', (_what, status, pdu, version = V34) => {
    expect(decodePdu(pdu, 0, pdu.length, version)).toMatchObject({ ok: false, status });
    expect(requestIs(status, pdu, version)).toBe(false);
  });
});
