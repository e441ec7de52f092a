import { describe, expect, it } from 'vitest';
import * as smpp from '../../src/smpp/constants.ts';
import { encodeDeliverSm, scanDeliverSm } from '../../src/smpp/pdu/deliver-sm.ts';
import type { MessageObject } from '../../src/smpp/pdu/message-encode.ts';
import { MessageFields } from '../../src/smpp/pdu/message-fields.ts';
import {
  isIntermediate,
  isReceipt,
  ReceiptFields,
  receiptState,
  scanReceipt,
} from '../../src/smpp/receipt.ts';
import { shiftedInto } from '../support/messages.ts';
import { vectorNamed } from '../support/vectors.ts';

const f = new MessageFields();
const out = new ReceiptFields();

interface Read {
  found: boolean;
  id: string;
  state: number;
  err: string;
  text: string;
  submit: string;
  done: string;
  network: number[];
}

function date(ms: number): string {
  return ms === 0 ? '' : new Date(ms).toISOString();
}

function read(bytes: Buffer): Read {
  const { b, start, end } = shiftedInto(bytes, 13);
  expect(scanDeliverSm(b, start, end, smpp.VERSION_34, f)).toBe(smpp.ESME_ROK);
  const found = scanReceipt(b, start, f, out);
  const part = (at: number, to: number): string => Buffer.from(out.bytes).toString('latin1', at, to);
  return {
    found,
    id: part(out.idAt, out.idEnd),
    state: out.state,
    err: part(out.errAt, out.errEnd),
    text: part(out.textAt, out.textEnd),
    submit: date(out.submitDateMs),
    done: date(out.doneDateMs),
    network: [out.networkErrorType, out.networkErrorCode],
  };
}

function readText(text: string, more: MessageObject = {}): Read {
  return read(encodeDeliverSm({ dest: '1', esmClass: 4, message: Buffer.from(text, 'latin1'), ...more }, 1));
}

const NOON = '2026-01-01T12:00:00.000Z';
const NONE = [-1, -1];

describe('receipts of the vectors', () => {
  it.each([
    [
      'deliver_sm_dlr_text_and_tlvs',
      { id: '0123456789', state: 2, err: '000', text: 'Hello', submit: NOON, network: [3, 0] },
    ],
    [
      'deliver_sm_dlr_v33_text_only',
      { id: '0171234567', state: 3, err: '06B', text: 'Hello', submit: NOON, network: NONE },
    ],
    ['deliver_sm_dlr_tlv_only', { id: '3f2a9c10', state: 5, err: '', text: '', network: [3, 1] }],
    [
      'deliver_sm_dlr_14digit_dates',
      {
        id: '2E179B310EDE971B2760C72B7F026E1B',
        state: 2,
        err: '0',
        submit: '2026-01-01T12:00:34.000Z',
        done: '2026-01-01T12:01:41.000Z',
      },
    ],
    [
      'deliver_sm_dlr_12digit_case',
      { id: 'a29f6845555647139e5c8f3b817f2c9a', state: 2, text: 'id:fake stat:UNDELIV', submit: NOON },
    ],
    [
      'deliver_sm_dlr_ucs2_payload',
      { id: '77', state: 8, err: '045', text: '', done: '2026-01-01T12:01:00.000Z' },
    ],
    ['deliver_sm_dlr_no_nul_id', { id: 'ABC123', state: 3 }],
    ['deliver_sm_intermediate', { id: '0123456789', state: 1, err: '027', network: [3, 27] }],
    [
      'deliver_sm_dlr_field_capture',
      { id: '117062714244798261', state: 2, err: '0000', text: 'H\x1bello world' },
    ],
    [
      'deliver_sm_dlr_offset_dates',
      { id: 'rdwjwxns18krxr9936ey96ymcw', state: 5, err: '000', submit: '2026-01-01T04:00:03.900Z' },
    ],
  ])('%s', (name, expected) => {
    expect(read(vectorNamed(name).bytes)).toMatchObject({ found: true, ...expected });
  });
});

describe('variants of the text', () => {
  it('may have its fields in any order, none of them needed', () => {
    const text = 'stat:EXPIRED err:21b done date:2601011200 id:00ab dlvrd:000 sub:001';
    expect(readText(text)).toMatchObject({ id: '00ab', state: 3, err: '21b', done: NOON, submit: '' });
    expect(readText('id:7')).toMatchObject({ found: true, id: '7', state: -1, err: '' });
    expect(readText('stat:DELIVRD')).toMatchObject({ found: false, id: '', state: 2 });
    expect(readText('')).toMatchObject({ found: false, id: '', state: -1 });
  });

  it('may have empty values and zeros for dates', () => {
    const text = 'id:5 sub: dlvrd: submit date: done date:0000000000 stat: err: text:';
    expect(readText(text)).toMatchObject({ id: '5', submit: '', done: '', state: -1, err: '', text: '' });
  });

  it.each([
    ['delivrd', 2],
    ['DELIVERED', 2],
    ['Undeliverable', 5],
    ['FAILED', 5],
    ['REJECTED', 8],
    ['NACK', 8],
    ['ENROUTE', 1],
    ['BUFFRED', 1],
    ['BUFFERD', 1],
    ['ACKED', 6],
    ['ACCEPTD', 6],
    ['DELETED', 4],
    ['UNKNOWN', 7],
    ['DELI', -1],
    ['DELIVRDX', -1],
    ['DELIVR\x04', -1],
  ])('stat:%s is %i', (word, state) => {
    expect(readText(`id:1 stat:${word} err:000`).state).toBe(state);
  });

  it('takes the first of a repeated key, and none inside a word', () => {
    expect(readText('smscid:9 id:1 stat:DELIVRD id:2 stat:EXPIRED')).toMatchObject({ id: '1', state: 2 });
    expect(readText('id:1234sub:001 stat:DELIVRDx err:1')).toMatchObject({ id: '1234', state: -1 });
  });

  it('counts nothing behind text:, whatever its case', () => {
    const at = readText('id:1 stat:UNDELIV Text:done date:2601011200 err:005');
    expect(at).toMatchObject({ err: '', done: '', text: 'done date:2601011200 err:005' });
  });

  it('skips a user data header', () => {
    const message = Buffer.concat([Buffer.from('050003010201', 'hex'), Buffer.from('id:1 stat:DELIVRD')]);
    expect(readText('', { esmClass: 0x44, message })).toMatchObject({ id: '1', state: 2 });
  });

  it('survives keys cut at the end', () => {
    const text =
      'id:1 sub:001 dlvrd:001 submit date:2601011200 done date:2601011201 stat:DELIVRD err:000 text:x';
    for (let length = 0; length <= text.length; length++) readText(text.slice(0, length));
    expect(readText(text.slice(0, -' text:x'.length)).err).toBe('000');
  });

  it('in UCS-2 keeps an id of the TLV, too', () => {
    const message = Buffer.from('id:77 stat:REJECTD err:1', 'utf16le').swap16();
    const tlvs = [{ tag: smpp.TLV_RECEIPTED_MESSAGE_ID, value: Buffer.from('abc\0') }];
    expect(readText('', { dataCoding: 8, message })).toMatchObject({ id: '77', state: 8, err: '1' });
    expect(readText('', { dataCoding: 8, message, tlvs })).toMatchObject({ id: 'abc', state: 8, err: '1' });
  });

  it('in UCS-2 and longer than the scratch is read as far as that goes', () => {
    const message = Buffer.from(`id:77 stat:REJECTD text:${'ж'.repeat(9000)}`, 'utf16le').swap16();
    const tlvs = [{ tag: smpp.TLV_MESSAGE_PAYLOAD, value: message }];
    expect(readText('', { dataCoding: 8, tlvs })).toMatchObject({ id: '77', state: 8 });
  });
});

describe('TLVs against text', () => {
  const text = 'id:fromtext stat:UNDELIV err:021';

  it('win for id and state', () => {
    const tlvs = [
      { tag: smpp.TLV_RECEIPTED_MESSAGE_ID, value: Buffer.from('fromtlv\0') },
      { tag: smpp.TLV_MESSAGE_STATE, value: Buffer.from([2]) },
    ];
    expect(readText(text, { tlvs })).toMatchObject({ id: 'fromtlv', state: 2, err: '021' });
  });

  it('do not win when empty or no message_state', () => {
    const tlvs = [
      { tag: smpp.TLV_RECEIPTED_MESSAGE_ID, value: Buffer.from('\0') },
      { tag: smpp.TLV_MESSAGE_STATE, value: Buffer.from([77]) },
    ];
    expect(readText(text, { tlvs })).toMatchObject({ id: 'fromtext', state: 5 });
  });
});

describe('what a receipt is', () => {
  it('by esm_class, mode and UDHI bits aside', () => {
    expect([0x04, 0x44, 0x07, 0x20, 0x84].map((esm) => isReceipt(esm))).toEqual(Array(5).fill(true));
    expect([0x00, 0x08, 0x10, 0x18, 0x40, 0x24].map((esm) => isReceipt(esm))).toEqual(Array(6).fill(false));
    expect([isIntermediate(0x20), isIntermediate(0x04)]).toEqual([true, false]);
  });

  it('by content', () => {
    readText('id:1 stat:DELIVRD', { esmClass: 0 });
    expect(out.isReceiptText).toBe(true);
    readText('your id:1 is ready', { esmClass: 0 });
    expect(out.isReceiptText).toBe(false);
  });

  it('leaves nothing of the one before', () => {
    readText('id:1 submit date:2601011200 done date:2601011200 stat:DELIVRD err:000 text:x');
    expect(readText('hello')).toEqual({
      found: false,
      id: '',
      state: -1,
      err: '',
      text: '',
      submit: '',
      done: '',
      network: NONE,
    });
  });
});

describe('values in quotes', () => {
  const common = (id: string, stat: string, err: string): string =>
    `id:${id} sub:001 dlvrd:001 submit date:2601011200 done date:2601011201 stat:${stat} err:${err} text:"x"`;

  it.each([
    [common('"7f-1"', 'DELIVRD', '000'), { id: '7f-1', state: 2, err: '000', submit: NOON, text: '"x"' }],
    [common('7', 'UNDELIV', '"6"'), { id: '7', state: 5, err: '6', submit: NOON }],
    [common('7', '"ACKED"', '000'), { id: '7', state: 6, err: '000' }],
    [common('"7"', '"DELIVRD"', '"012"'), { id: '7', state: 2, err: '012', submit: NOON }],
    [
      'id:"7" submit date:"2601011200" done date:"" stat:"DELIVRD"',
      { id: '7', state: 2, submit: NOON, done: '' },
    ],
    ["id: ' 7 ', stat:'EXPIRED', err:''", { id: '7', state: 3, err: '' }],
    // Not closed: it is a character like any other.
    ['id:"7 stat:DELIVRD err:5', { id: '"7', state: 2, err: '5' }],
    ['id:"7 stat:"DELIVRD"', { id: '"7', state: 2 }],
    ['id:7" stat:DELIVRD', { id: '7"', state: 2 }],
  ])('%s', (text, expected) => {
    expect(readText(text)).toMatchObject(expected);
    const ucs2 = Buffer.from(text, 'utf16le').swap16();
    const tlvs = [{ tag: smpp.TLV_MESSAGE_PAYLOAD, value: ucs2 }];
    expect(readText('', { dataCoding: 8, tlvs })).toMatchObject(expected);
  });
});

describe('a state that nothing names', () => {
  const unheard = 'id:7 stat:RETIRED err:';
  const network = (hex: string): MessageObject => ({
    tlvs: [{ tag: smpp.TLV_NETWORK_ERROR_CODE, value: Buffer.from(hex, 'hex') }],
  });

  it.each([
    ['an err', `${unheard}012`, {}, 5],
    ['a hexadecimal err', `${unheard}0A`, {}, 5],
    ['no error', `${unheard}000`, {}, 7],
    ['an empty err', unheard, {}, 7],
    ['an err of a word', `${unheard}NONE`, {}, 7],
    ['no err', 'id:7 stat:RETIRED', {}, 7],
    ['the err of a text without stat', 'id:7 err:012', {}, 5],
    ['a network error', `${unheard}000`, network('030006'), 5],
    ['no network error', `${unheard}012`, network('030000'), 7],
    [
      'message_state',
      `${unheard}012`,
      { tlvs: [{ tag: smpp.TLV_MESSAGE_STATE, value: Buffer.from([2]) }] },
      2,
    ],
    ['a word that is known', 'id:7 stat:ENROUTE err:012', {}, 1],
  ])('is told by %s', (_name, text, more, state) => {
    expect(readText(text, more).found).toBe(true);
    expect(receiptState(out)).toBe(state);
  });
});
