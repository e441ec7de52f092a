import { describe, expect, it } from 'vitest';
import * as smpp from '../../../src/smpp/constants.ts';
import { scanDeliverSm } from '../../../src/smpp/pdu/deliver-sm.ts';
import { MessageFields } from '../../../src/smpp/pdu/message-fields.ts';
import {
  ID_DECIMAL,
  ID_LOW_DECIMAL,
  ID_LOW_HEX,
  receiptIdForm,
} from '../../../src/smpp/pdu/message-id-text.ts';
import { CONTENT_TEXT, CONTENT_TLVS, ReceiptArgs } from '../../../src/smpp/pdu/receipt-args.ts';
import {
  RECEIPT_PDU_BYTES_MAX,
  writeReceiptPdu,
  writeReceiptText,
} from '../../../src/smpp/pdu/receipt-sm.ts';
import { stateText } from '../../../src/smpp/receipt-state.ts';
import { ReceiptFields, scanReceipt } from '../../../src/smpp/receipt.ts';
import { seeded } from '../../core/random.ts';
import { oracleDecode, oracleRead } from '../../support/oracle.ts';

const SUBMIT_MS = Date.UTC(2026, 0, 1, 12, 0, 59);
const DONE_MS = Date.UTC(2026, 0, 1, 12, 1, 0);

/** Both addresses in one buffer, as they stand in a submit_sm. */
function args(change: Partial<ReceiptArgs> = {}): ReceiptArgs {
  const addresses = Buffer.from('##SENDER\x00447700900123\x00');
  return Object.assign(new ReceiptArgs(), {
    addresses,
    sourceTon: 5,
    sourceNpi: 0,
    sourceAt: 2,
    sourceLength: 6,
    destTon: 1,
    destNpi: 1,
    destAt: 9,
    destLength: 12,
    idHigh: 0x0123_4567,
    idLow: 0x89ab_cdef,
    submitMs: SUBMIT_MS,
    doneMs: DONE_MS,
    state: smpp.STATE_DELIVERED,
    text: Buffer.from('Hello, this is longer than twenty'),
    textLength: 33,
    ...change,
  });
}

function written(change: Partial<ReceiptArgs> = {}): Buffer {
  const b = Buffer.alloc(400, 0xee);
  const length = writeReceiptPdu(b, 7, 42, args(change));
  expect(b[7 + length]).toBe(0xee);
  return b.subarray(7, 7 + length);
}

const textIn = (pdu: Buffer): string => (oracleDecode(pdu).short_message as { message: string }).message;

/** Tags of the TLVs behind a deliver_sm's text, as our scan finds their place and plain reading their tags. */
function tagsIn(pdu: Buffer): number[] {
  const f = new MessageFields();
  expect(scanDeliverSm(pdu, 0, pdu.length, smpp.VERSION_34, f)).toBe(smpp.ESME_ROK);
  const tags: number[] = [];
  for (let at = f.tlvAt; at < pdu.length; at += 4 + pdu.readUInt16BE(at + 2)) tags.push(pdu.readUInt16BE(at));
  return tags;
}

describe('our receipt', () => {
  it('is a deliver_sm with the addresses swapped, the text of appendix B and three TLVs', () => {
    const text =
      'id:0123456789abcdef sub:001 dlvrd:001 submit date:2601011200 done date:2601011201 ' +
      'stat:DELIVRD err:000 text:Hello, this is longe';
    expect(oracleDecode(written())).toMatchObject({
      command: 'deliver_sm',
      sequence_number: 42,
      source_addr_ton: 1,
      source_addr_npi: 1,
      source_addr: '447700900123',
      dest_addr_ton: 5,
      dest_addr_npi: 0,
      destination_addr: 'SENDER',
      esm_class: 4,
      data_coding: 0,
      short_message: { message: text },
      receipted_message_id: '0123456789abcdef',
      message_state: 2,
      network_error_code: Buffer.from('030000', 'hex'),
    });
  });

  it('has no TLVs and 8 digits on 3.3, whatever the account asks for', () => {
    for (const content of [0, CONTENT_TEXT, CONTENT_TLVS]) {
      const pdu = written({ version: smpp.VERSION_33, idForm: ID_LOW_HEX, content, dataSm: true });
      expect(oracleDecode(pdu).command).toBe('deliver_sm');
      expect(textIn(pdu)).toMatch(/^id:89abcdef sub:001 /);
      expect(pdu.readUInt32BE(0)).toBe(pdu.length);
      expect(tagsIn(pdu)).toEqual([]);
    }
    const decimal = written({ version: smpp.VERSION_33, idForm: ID_LOW_DECIMAL });
    expect(textIn(decimal)).toMatch(/^id:2309737967 sub:001 /);
  });

  it('names the message in text and TLV alike, also in decimal', () => {
    const pdu = written({ idForm: ID_DECIMAL });
    expect(textIn(pdu)).toMatch(/^id:81985529216486895 sub:001 /);
    expect(oracleDecode(pdu).receipted_message_id).toBe('81985529216486895');
  });

  it('is text alone or TLVs alone where the account wants that', () => {
    const text = written({ content: CONTENT_TEXT });
    expect([textIn(text).length > 0, tagsIn(text)]).toEqual([true, []]);
    const tlvs = written({ content: CONTENT_TLVS });
    expect([textIn(tlvs), tagsIn(tlvs)]).toEqual(['', [0x1e, 0x427, 0x423]]);
    expect(oracleDecode(tlvs)).toMatchObject({ receipted_message_id: '0123456789abcdef', message_state: 2 });
  });

  it('in a data_sm has its text in message_payload', () => {
    const fields = {
      command: 'data_sm',
      sequence_number: 42,
      source_addr: '447700900123',
      destination_addr: 'SENDER',
      esm_class: 4,
      registered_delivery: 0,
      data_coding: 0,
    };
    const told = { receipted_message_id: '0123456789abcdef', message_state: 2 };
    const both = oracleDecode(written({ dataSm: true }));
    expect(both).toMatchObject({ ...fields, ...told });
    const text = (pdu: Record<string, unknown>): string =>
      (pdu.message_payload as { message: string }).message;
    expect(text(both)).toMatch(/^id:0123456789abcdef sub:001 .* text:Hello, this is longe$/);
    const textOnly = oracleDecode(written({ dataSm: true, content: CONTENT_TEXT }));
    expect(textOnly).toMatchObject(fields);
    expect([text(textOnly), textOnly.receipted_message_id]).toEqual([text(both), undefined]);
    const tlvsOnly = oracleDecode(written({ dataSm: true, content: CONTENT_TLVS }));
    expect(tlvsOnly).toMatchObject({ ...fields, ...told });
    expect(tlvsOnly.message_payload).toBeUndefined();
  });

  it.each([
    [10, 'submit date:2601011200 done date:2601011201 '],
    [12, 'submit date:260101120059 done date:260101120100 '],
    [14, 'submit date:20260101120059 done date:20260101120100 '],
  ])('has dates of %i digits', (dateDigits, dates) => {
    expect(textIn(written({ dateDigits }))).toContain(dates);
  });

  it.each([
    [{ submitted: 3, delivered: 2 }, 'sub:003 dlvrd:002 '],
    [{ submitted: 2, delivered: 0 }, 'sub:002 dlvrd:000 '],
    [{ submitted: 255, delivered: 190 }, 'sub:255 dlvrd:190 '],
    [{}, 'sub:001 dlvrd:001 '],
    [{ state: smpp.STATE_EXPIRED }, 'sub:001 dlvrd:000 '],
  ])('counts what it stands for: %j', (counts, expected) => {
    expect(textIn(written(counts))).toContain(` ${expected}submit date:`);
  });

  it('is told with 3.3 states on 3.3', () => {
    const stat = (state: number): string =>
      textIn(written({ version: smpp.VERSION_33, idForm: ID_LOW_HEX, state })).split(/stat:| err:/)[1];
    expect([stat(2), stat(3), stat(8), stat(9), stat(0)]).toEqual([
      'DELIVRD',
      'EXPIRED',
      'UNDELIV',
      'UNDELIV',
      'ENROUTE',
    ]);
  });

  it('tells the error as it came, and as a code where it is one', () => {
    const hex = written({
      state: smpp.STATE_UNDELIVERABLE,
      err: Buffer.from('x06B'),
      errAt: 1,
      errLength: 3,
    });
    expect(textIn(hex)).toContain('dlvrd:000 ');
    expect(textIn(hex)).toContain('stat:UNDELIV err:06B ');
    expect(oracleDecode(hex).network_error_code).toBeUndefined();
    const short = written({ err: Buffer.from('27'), errLength: 2 });
    expect(textIn(short)).toContain('err:027 ');
    expect(oracleDecode(short).network_error_code).toEqual(Buffer.from('03001b', 'hex'));
    const told = written({ networkErrorType: smpp.NETWORK_SMPP, networkErrorCode: 0x0b });
    expect(oracleDecode(told).network_error_code).toEqual(Buffer.from('07000b', 'hex'));
  });

  it('carries the reference of the original', () => {
    expect(oracleDecode(written({ userMessageReference: 0x4d })).user_message_reference).toBe(0x4d);
  });

  it('knows SKIPPED on 5.0 only', () => {
    const old = written({ state: smpp.STATE_SKIPPED });
    expect([oracleDecode(old).message_state, textIn(old).includes('stat:UNDELIV')]).toEqual([5, true]);
    const young = written({ state: smpp.STATE_SKIPPED, version: smpp.VERSION_50 });
    expect([oracleDecode(young).message_state, textIn(young).includes('stat:SKIPPED')]).toEqual([9, true]);
  });

  it('has the vendor TLVs of the SMSC behind its own, where it has TLVs at all', () => {
    const text = Buffer.from('hello' + '1401000461626300' + '#', 'latin1');
    const tlvs = Buffer.from('14010004616263001499000101', 'hex');
    const told = {
      text: Buffer.concat([text, tlvs]),
      textLength: 5,
      tlvsAt: text.length,
      tlvsLength: tlvs.length,
    };
    for (const version of [smpp.VERSION_34, smpp.VERSION_50]) {
      for (const dataSm of [false, true]) {
        for (const content of [0, CONTENT_TLVS]) {
          const pdu = written({ ...told, version, dataSm, content });
          const without = written({ ...told, version, dataSm, content, tlvsLength: 0 });
          expect(pdu.length).toBe(without.length + tlvs.length);
          expect(pdu.readUInt32BE(0)).toBe(pdu.length);
          const of = (tags: unknown[]): unknown[] => tags.filter((tag) => tag !== smpp.TLV_MESSAGE_PAYLOAD);
          expect(of(oracleRead(pdu).tlvs.map(({ tag }) => tag))).toEqual([
            0x1e, 0x427, 0x423, 0x1401, 0x1499,
          ]);
          expect(pdu.includes(tlvs)).toBe(true);
        }
      }
      expect(written({ ...told, version, content: CONTENT_TEXT })).toEqual(
        written({ ...told, version, content: CONTENT_TEXT, tlvsLength: 0 }),
      );
    }
    for (const content of [0, CONTENT_TEXT, CONTENT_TLVS]) {
      const old = { version: smpp.VERSION_33, idForm: ID_LOW_HEX, content };
      expect(written({ ...told, ...old })).toEqual(written({ ...told, ...old, tlvsLength: 0 }));
    }
  });

  it('fits into what it promises at its largest', () => {
    const addresses = Buffer.alloc(40, 0x31);
    const largest = {
      addresses,
      sourceAt: 0,
      sourceLength: 20,
      destAt: 20,
      destLength: 20,
      idHigh: 0xffff_ffff,
      idForm: ID_DECIMAL,
      dateDigits: 14,
      err: Buffer.from('0065535'),
      errLength: 7,
      userMessageReference: 1,
      userResponseCode: 1,
    };
    const ack = { verbatim: true, text: Buffer.alloc(255, 0x78), textLength: 255 };
    for (const more of [{}, { dataSm: true }, ack, { ...ack, dataSm: true }]) {
      expect(written({ ...largest, ...more }).length).toBeLessThanOrEqual(RECEIPT_PDU_BYTES_MAX);
    }
  });

  it('tells an acknowledgement in its own words', () => {
    const message = Buffer.from('00590065007300210021', 'hex');
    const ack = {
      esmClass: smpp.ESM_MANUAL_ACK,
      verbatim: true,
      text: message,
      textLength: message.length,
      dataCoding: 8,
      userResponseCode: 7,
      state: -1,
      content: CONTENT_TEXT,
    };
    for (const dataSm of [false, true]) {
      const pdu = oracleDecode(written({ ...ack, dataSm }));
      const where = dataSm ? pdu.message_payload : pdu.short_message;
      expect((where as { message: string }).message).toBe('Yes!!');
      expect(pdu).toMatchObject({ esm_class: 0x10, data_coding: 8, user_response_code: 7 });
      expect(pdu.receipted_message_id).toBe('0123456789abcdef');
      expect([pdu.message_state, pdu.network_error_code]).toEqual([undefined, undefined]);
    }
  });

  it('is understood by our own scan', () => {
    const pdu = written({ state: smpp.STATE_EXPIRED });
    const f = new MessageFields();
    const out = new ReceiptFields();
    expect(scanDeliverSm(pdu, 0, pdu.length, smpp.VERSION_34, f)).toBe(smpp.ESME_ROK);
    expect(scanReceipt(pdu, 0, f, out)).toBe(true);
    expect([out.state, out.submitDateMs]).toEqual([smpp.STATE_EXPIRED, Date.UTC(2026, 0, 1, 12)]);
  });
});

describe('whatever a receipt says, another codec reads it', () => {
  const STATS = [
    'ENROUTE',
    'ENROUTE',
    'DELIVRD',
    'EXPIRED',
    'DELETED',
    'UNDELIV',
    'ACCEPTD',
    'UNKNOWN',
    'REJECTD',
  ];
  const FORM = new RegExp(
    '^id:(\\w+) sub:(\\d{3}) dlvrd:(\\d{3}) submit date:(\\d+) done date:(\\d+) ' +
      'stat:(\\w{7}) err:(\\w{3,7}) text:(.*)$',
  );
  const stamp = (ms: number, digits: number): string => {
    const whole = new Date(ms).toISOString().replace(/[-T:]/g, '').slice(0, 14);
    return digits === 14 ? whole : whole.slice(2, 2 + digits);
  };

  it('in every combination of forms', () => {
    const random = seeded(7_505);
    for (let round = 0; round < 3_000; round++) {
      const version = random.pick([smpp.VERSION_33, smpp.VERSION_34, smpp.VERSION_50]);
      const decimal = random.below(2) === 0;
      const [idHigh, idLow] = [random.below(2 ** 32), random.below(2 ** 32)];
      const err = random.pick(['', '0', '06B', '0065535', '21b']);
      const submitted = random.pick([0, 0, 1, 7, 255]);
      const text = 'Hello, world!'.slice(0, random.below(14));
      const r = {
        version,
        content: random.below(3),
        dataSm: random.below(2) === 0,
        idForm: receiptIdForm(version < smpp.VERSION_34, decimal),
        dateDigits: random.pick([10, 12, 14]),
        idHigh,
        idLow,
        submitMs: Date.UTC(2026, 0, 1) + random.below(31_536_000) * 1000,
        doneMs: Date.UTC(2026, 0, 1) + random.below(31_536_000) * 1000,
        state: random.below(9),
        submitted,
        delivered: random.below(submitted + 1),
        err: Buffer.from(err),
        errLength: err.length,
        networkErrorType: random.pick([-1, 0, 3, 8]),
        networkErrorCode: random.below(65_536),
        userMessageReference: random.pick([-1, 0, 65_535]),
        text: Buffer.from(text),
        textLength: text.length,
      };
      const why = `seed ${random.seed}, round ${round}: ${JSON.stringify(r)}`;
      const pdu = oracleDecode(written(r));
      const isOld = version < smpp.VERSION_34;
      const isData = r.dataSm && !isOld;
      expect(pdu.command, why).toBe(isData ? 'data_sm' : 'deliver_sm');
      const id = isOld
        ? decimal
          ? String(idLow)
          : idLow.toString(16).padStart(8, '0')
        : decimal
          ? String((BigInt(idHigh) << 32n) | BigInt(idLow))
          : ((BigInt(idHigh) << 32n) | BigInt(idLow)).toString(16).padStart(16, '0');
      const state = isOld && r.state === 8 ? 5 : version < smpp.VERSION_50 && r.state === 0 ? 1 : r.state;
      const hasTlvs = !isOld && r.content !== CONTENT_TEXT;
      expect([pdu.receipted_message_id, pdu.message_state], why).toEqual(
        hasTlvs ? [id, state] : [undefined, undefined],
      );
      const reference = r.userMessageReference < 0 ? undefined : r.userMessageReference;
      expect(pdu.user_message_reference, why).toBe(hasTlvs ? reference : undefined);
      const where = (isData ? pdu.message_payload : pdu.short_message) as { message: string } | undefined;
      const said = where?.message ?? '';
      if (!isOld && r.content === CONTENT_TLVS) {
        expect(said, why).toBe('');
        continue;
      }
      const counts = submitted === 0 ? [1, state === 2 ? 1 : 0] : [submitted, r.delivered];
      expect(FORM.exec(said)?.slice(1), why).toEqual([
        id,
        ...counts.map((count) => String(count).padStart(3, '0')),
        stamp(r.submitMs, r.dateDigits),
        stamp(r.doneMs, r.dateDigits),
        STATS[state],
        err.padStart(3, '0'),
        text,
      ]);
    }
  });
});

describe('the text alone', () => {
  it('does not cut an escape in two', () => {
    const b = Buffer.alloc(200);
    const text = Buffer.from(`${'x'.repeat(19)}\x1bey`, 'latin1');
    const length = writeReceiptText(b, 0, args({ text, textLength: text.length }));
    expect(b.toString('latin1', 0, length)).toMatch(/text:x{19}$/);
  });

  it('spells every state with seven letters', () => {
    for (let state = 0; state <= 9; state++) expect(stateText(state)).toHaveLength(7);
    expect(stateText(99)).toBe('UNKNOWN');
  });
});
