import { describe, expect, test } from 'vitest';
import type { AccountConfig } from '../../src/core/config.ts';
import { CELL_RECEIPTS_DELIVERED, CELL_RECEIPTS_LATER } from '../../src/core/ring/counters.ts';
import { alert, deliver, expireReceipts } from '../../src/edge/receipts.ts';
import { bytesWith } from '../core/memory.ts';
import { TIME_MS } from '../support/ledger.ts';
import { vectorNamed } from '../support/vectors.ts';
import { oracleDecode } from '../support/oracle.ts';
import { makeAccount, makeEdge } from './harness.ts';
import { TAKEN, bindReceiver, delivered, lentRecord, respond, resultsAt } from './lending.ts';
import type { LentOptions, Receiver } from './lending.ts';

describe('a receipt is written', () => {
  const told = (options: Partial<AccountConfig>, version: number, more: LentOptions = {}) => {
    const one = makeEdge([makeAccount(0, {}, options)]);
    const receiver = bindReceiver(one);
    receiver.session.version = version;
    deliver(one.edge, 0, lentRecord(9, more), 0);
    const [pdu] = delivered(receiver);
    const where = (pdu.message_payload ?? pdu.short_message) as { message: string };
    return { pdu, text: where.message, answer: receiver };
  };

  test('under the id that the client was told, and given back under its own', () => {
    const { pdu, text, answer } = told({}, 0x34, { toldLow: 0xabc });
    expect([pdu.receipted_message_id, text.slice(0, 19)]).toEqual([
      '0102030400000abc',
      'id:0102030400000abc',
    ]);
    respond(answer.session, pdu.sequence_number);
    expect(answer.session.edge.lent.used).toBe(0);
  });

  test('with decimal ids', () => {
    const { pdu, text } = told({ receipt_id: 'decimal' }, 0x34);
    expect(pdu.receipted_message_id).toBe(String(0x0102_0304_0000_0009n));
    expect(text).toMatch(/^id:72623859706101769 /);
  });

  test('under the short id that a session of 3.3 was told, on any session, with its reference', () => {
    // Below -1 the reference says so: -2 is none, -3 is 0.
    for (const [reference, expected] of [
      [-2, undefined],
      [-3, 0],
      [-3 - 0xffff, 0xffff],
    ] as const) {
      const { pdu, text } = told({}, 0x50, { reference });
      expect([pdu.receipted_message_id, pdu.user_message_reference]).toEqual(['00000009', expected]);
      expect(text).toMatch(/^id:00000009 /);
      expect(told({}, 0x33, { reference }).text).toMatch(/^id:00000009 /);
      expect(told({ receipt_id: 'decimal' }, 0x34, { reference }).text).toMatch(/^id:9 /);
    }
  });

  test('to a session of 3.3 as text alone, under the id that another session was told', () => {
    const { pdu, text } = told({ receipt_pdu: 'data_sm', receipt_content: 'tlvs' }, 0x33, { state: 8 });
    expect(text).toMatch(/^id:0102030400000009 .*stat:UNDELIV err:000 text:hello$/);
    expect([pdu.command, pdu.receipted_message_id, pdu.message_state]).toEqual([
      'deliver_sm',
      undefined,
      undefined,
    ]);
    expect(told({ receipt_id: 'decimal' }, 0x33).text).toMatch(/^id:72623859706101769 /);
  });

  test('as text alone, or as TLVs alone', () => {
    const text = told({ receipt_content: 'text' }, 0x34);
    expect([text.text.slice(0, 3), text.pdu.receipted_message_id]).toEqual(['id:', undefined]);
    const tlvs = told({ receipt_content: 'tlvs' }, 0x50);
    expect([tlvs.text, tlvs.pdu.receipted_message_id]).toEqual(['', '0102030400000009']);
  });

  test('with dates of the length that the account wants', () => {
    expect(told({ receipt_date_digits: 12 }, 0x34).text).toContain(
      'submit date:260101000000 done date:260101000100 ',
    );
    expect(told({ receipt_date_digits: 14 }, 0x34).text).toContain('submit date:20260101000000 ');
  });

  test('with the counts of all that it stands for', () => {
    const { text } = told({}, 0x34, { submitted: 3, delivered: 2, state: 5 });
    expect(text).toContain(' sub:003 dlvrd:002 ');
  });

  test('with the error as the network told it', () => {
    const network = (more: LentOptions) => told({}, 0x34, more).pdu.network_error_code;
    expect(network({ networkError: [8, 0x1234] })).toEqual(Buffer.from('081234', 'hex'));
    expect(network({ networkError: [0, 0] })).toEqual(Buffer.from('000000', 'hex'));
    // One of the last type, which the record has no value for, is in front of the vendor TLVs.
    const odd = '04230003ff0001';
    expect(network({ tlvs: odd })).toEqual(Buffer.from('ff0001', 'hex'));
    const vendor = '1401000461626300';
    const { pdu } = told({}, 0x34, { tlvs: odd + vendor });
    expect(pdu.network_error_code).toEqual(Buffer.from('ff0001', 'hex'));
    expect(told({ receipt_content: 'text' }, 0x34, { tlvs: odd }).pdu.network_error_code).toBeUndefined();
    // None told: the text's err, which is three zeros here.
    expect(network({})).toEqual(Buffer.from('030000', 'hex'));
  });

  test('with the vendor TLVs of the SMSC, where the session and the account have TLVs', () => {
    const tlvs = '1401000461626300' + '149900010f';
    const octets = (options: Partial<AccountConfig>, version: number, more: LentOptions): Buffer => {
      const one = makeEdge([makeAccount(0, {}, options)]);
      const receiver = bindReceiver(one);
      receiver.session.version = version;
      deliver(one.edge, 0, lentRecord(9, more), 0);
      receiver.session.flush(one.edge.nowMs);
      return receiver.socket.takePdus()[0];
    };
    for (const version of [0x34, 0x50]) {
      for (const options of [{}, { receipt_content: 'tlvs' }, { receipt_pdu: 'data_sm' }] as const) {
        const [plain, whole] = ['', tlvs].map((each) => octets(options, version, { tlvs: each }));
        expect([whole.length, whole.readUInt32BE(0)]).toEqual([plain.length + 13, plain.length + 13]);
        // network_error_code is the last of ours, in a data_sm before message_payload.
        expect(whole.includes(Buffer.from(`04230003030000${tlvs}`, 'hex'))).toBe(true);
        const end = 'receipt_pdu' in options ? 'hello' : '\x03\0\0';
        expect(plain.toString('latin1').endsWith(end)).toBe(true);
      }
    }
    for (const [version, options] of [
      [0x33, {}],
      [0x33, { receipt_content: 'tlvs' }],
      [0x34, { receipt_content: 'text' }],
    ] as const) {
      expect(octets(options, version, { tlvs })).toEqual(octets(options, version, {}));
    }
  });

  // More than a buffer holds, so that some come to its very end; held back as a group, and not.
  test.each([0, 1_000])('whole, however many with many TLVs come at once (lock-step: %i)', (lockStep) => {
    for (const length of [255, 254, 250, 231, 200, 177, 101]) {
      const one = makeEdge([makeAccount(0, { receiptWindow: 400, receiptGroupMs: 1_000 })]);
      const receiver = bindReceiver(one);
      receiver.session.lockStep = lockStep;
      const value = '61'.repeat(length - 4);
      const tlvs = `1401${(length - 4).toString(16).padStart(4, '0')}${value}`;
      const text = 'x'.repeat(20);
      for (let slot = 1; slot <= 300; slot++) deliver(one.edge, 0, lentRecord(slot, { tlvs, text }), 0);
      receiver.session.flush(one.edge.nowMs + 10_000);
      const pdus = receiver.socket.takePdus();
      expect(pdus).toHaveLength(300);
      expect(new Set(pdus.map((pdu) => pdu.toString('hex', pdu.length - length)))).toEqual(new Set([tlvs]));
    }
  });

  test('with the reference that the client gave its message', () => {
    for (const reference of [0, 0x4d, 0xffff]) {
      expect(told({}, 0x34, { reference }).pdu.user_message_reference).toBe(reference);
    }
    expect(told({}, 0x34).pdu.user_message_reference).toBeUndefined();
  });

  test('in a data_sm, whose answer is as good as that of a deliver_sm', () => {
    const one = makeEdge([makeAccount(0, {}, { receipt_pdu: 'data_sm' })]);
    const receiver = bindReceiver(one);
    deliver(one.edge, 1, lentRecord(7), 0);
    const [pdu] = delivered(receiver);
    expect(pdu).toMatchObject({ command: 'data_sm', esm_class: 4, receipted_message_id: '0102030400000007' });
    respond(receiver.session, pdu.sequence_number, 0, 0x8000_0103);
    expect(resultsAt(one, 1)).toEqual([[TAKEN, 7, 0]]);
  });
});

describe('what ends nothing', () => {
  const NOBODY = 0xffff_ffff;

  test.each([
    ['is answered', (receiver: Receiver, sequence: unknown) => respond(receiver.session, sequence)],
    ['is refused', (receiver: Receiver, sequence: unknown) => respond(receiver.session, sequence, 0x64)],
    ['is not answered in time', ({ session }: Receiver) => expireReceipts(session, TIME_MS + 99_000, 60_000)],
    ['is with a session that goes', (receiver: Receiver) => receiver.session.end()],
  ])('%s: no shard hears of it, nothing counts it as a receipt', (_name, end) => {
    const one = makeEdge();
    const receiver = bindReceiver(one);
    deliver(one.edge, 0, lentRecord(NOBODY, { esmClass: 0x20, state: 1, toldLow: 9 }), 0);
    const [pdu] = delivered(receiver);
    expect(pdu).toMatchObject({
      esm_class: 0x20,
      message_state: 1,
      receipted_message_id: '0102030400000009',
    });
    expect((pdu.short_message as { message: string }).message).toMatch(/ stat:ENROUTE err:000 text:hello$/);
    end(receiver, pdu.sequence_number);
    expect([resultsAt(one, 0), resultsAt(one, 1), one.edge.lent.used]).toEqual([[], [], 0]);
    expect([one.edge.cells[CELL_RECEIPTS_DELIVERED], one.edge.cells[CELL_RECEIPTS_LATER]]).toEqual([0, 0]);
  });

  test('is offered once: without room it is dropped', () => {
    const one = makeEdge([makeAccount(0, { receiptWindow: 2 })]);
    const receiver = bindReceiver(one);
    for (let count = 0; count < 3; count++) deliver(one.edge, 0, lentRecord(NOBODY, { esmClass: 0x20 }), 0);
    expect(delivered(receiver)).toHaveLength(2);
    expect([resultsAt(one, 0), one.edge.lent.used]).toEqual([[], 2]);
  });

  test('is not for a session of 3.3', () => {
    const one = makeEdge();
    const receiver = bindReceiver(one);
    receiver.session.version = 0x33;
    deliver(one.edge, 0, lentRecord(NOBODY, { esmClass: 0x20, state: 1 }), 0);
    deliver(one.edge, 0, lentRecord(7), 0);
    expect(delivered(receiver).map(({ esm_class }) => esm_class)).toEqual([4]);
    expect([resultsAt(one, 0), one.edge.lent.used]).toEqual([[], 1]);
  });

  test('goes to a session of 3.4 wherever there is one, an alert likewise', () => {
    const one = makeEdge([makeAccount(0, { receiptWindow: 40 })]);
    const [old, newer] = [bindReceiver(one), bindReceiver(one, 0, 0x1_0002)];
    old.session.version = 0x33;
    const pdu = vectorNamed('alert_notification').bytes;
    // Type 84 of account 0, its body from 24 on.
    const record = Buffer.alloc(24 + pdu.length - 16);
    record[4] = 84;
    pdu.copy(record, 24, 16);
    for (let count = 0; count < 10; count++) {
      deliver(one.edge, 0, lentRecord(NOBODY, { esmClass: 0x20, state: 1 }), 0);
      alert(one.edge, bytesWith(record), 0, record.length);
    }
    expect([delivered(old).length, delivered(newer).length]).toEqual([0, 20]);
  });

  test('an acknowledgement is told in the words of its recipient', () => {
    const one = makeEdge([makeAccount(0, {}, { receipt_content: 'text' })]);
    const receiver = bindReceiver(one);
    const ack = { esmClass: 0x10, state: 0xff, text: 'Oui, \xe9videmment', dataCoding: 3, responseCode: 0 };
    deliver(one.edge, 0, lentRecord(NOBODY, { ...ack, toldLow: 9 }), 0);
    const [pdu] = delivered(receiver);
    expect(pdu).toMatchObject({
      esm_class: 0x10,
      data_coding: 3,
      receipted_message_id: '0102030400000009',
      user_response_code: 0,
    });
    expect((pdu.short_message as { message: string }).message).toBe('Oui, \u00e9videmment');
    expect([pdu.message_state, pdu.network_error_code]).toEqual([undefined, undefined]);
  });

  // 65,500 octets are more than what is held back to go out in a group.
  test.each([
    [254, 0],
    [255, 0],
    [600, 0],
    [600, 1_000],
    [65_500, 0],
    [65_500, 1_000],
  ])('and whole, if it is of %i octets (lock-step: %i)', (length, lockStep) => {
    for (const receipt_pdu of ['deliver_sm', 'data_sm'] as const) {
      const one = makeEdge([makeAccount(0, { receiptGroupMs: 1_000 }, { receipt_pdu })]);
      const receiver = bindReceiver(one);
      receiver.session.lockStep = lockStep;
      const text = 'abcdefghij'.repeat(7_000).slice(0, length);
      const vendor = '1401000461626300';
      const payload = `0424${length.toString(16).padStart(4, '0')}${Buffer.from(text).toString('hex')}`;
      const where = length > 255 ? { text: '', tlvs: payload + vendor } : { text, tlvs: vendor };
      const ack = { esmClass: 0x10, state: 0xff, ...where };
      deliver(one.edge, 0, lentRecord(1, { text: 'before' }), 0);
      deliver(one.edge, 0, lentRecord(NOBODY, { ...ack, toldLow: 9 }), 0);
      deliver(one.edge, 0, lentRecord(2, { text: 'after' }), 0);
      receiver.session.flush(one.edge.nowMs + 10_000);
      const pdus = receiver.socket.takePdus();
      const told = pdus.map((pdu) => {
        // That codec refuses PDUs of more than 16 KB.
        if (pdu.length > 16_384) {
          expect(pdu.toString('hex').endsWith(payload)).toBe(true);
          expect(pdu.readUInt32BE(0)).toBe(pdu.length);
          const idAt = pdu.indexOf(Buffer.from('001e0011', 'hex')) + 4;
          return { id: pdu.toString('latin1', idAt, idAt + 16), inPayload: true, text };
        }
        const { short_message, message_payload, receipted_message_id: id } = oracleDecode(pdu);
        const carried = (message_payload ?? short_message) as { message: string };
        const inPayload = message_payload !== undefined;
        return { id, inPayload, text: carried.message.replace(/^id.* text:/, '') };
      });
      const isData = receipt_pdu === 'data_sm';
      expect(told).toEqual([
        { id: '0102030400000001', inPayload: isData, text: 'before' },
        { id: '0102030400000009', inPayload: isData || length > 254, text },
        { id: '0102030400000002', inPayload: isData, text: 'after' },
      ]);
      expect(pdus[1].includes(Buffer.from(vendor, 'hex'))).toBe(true);
      expect(pdus[1].length).toBeLessThan(length + 120);
    }
  });
});
