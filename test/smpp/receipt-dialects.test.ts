/** Receipts as they are seen in the field (spec section 9.3), each row, and random mixtures of all of them. */
import { describe, expect, it, test } from 'vitest';
import * as smpp from '../../src/smpp/constants.ts';
import { scanDataSm } from '../../src/smpp/pdu/data-sm-scan.ts';
import { scanDeliverSm } from '../../src/smpp/pdu/deliver-sm.ts';
import { MessageFields } from '../../src/smpp/pdu/message-fields.ts';
import { ReceiptFields, isReceipt, scanReceipt } from '../../src/smpp/receipt.ts';
import type { Random } from '../core/random.ts';
import { seeded } from '../core/random.ts';
import { oracleEncode } from '../support/oracle.ts';

const f = new MessageFields();
const out = new ReceiptFields();

interface Told {
  id: string;
  state: number;
  err: string;
  submit: string;
  done: string;
  network: [number, number];
  isText: boolean;
}

function read(pdu: Buffer): Told {
  const isData = pdu.readUInt32BE(4) === smpp.DATA_SM;
  const status = isData
    ? scanDataSm(pdu, 0, pdu.length, f)
    : scanDeliverSm(pdu, 0, pdu.length, smpp.VERSION_34, f);
  expect(status).toBe(smpp.ESME_ROK);
  scanReceipt(pdu, 0, f, out);
  const part = (at: number, to: number): string => Buffer.from(out.bytes).toString('latin1', at, to);
  const date = (ms: number): string => (ms === 0 ? '' : new Date(ms).toISOString());
  return {
    id: part(out.idAt, out.idEnd),
    state: out.state,
    err: part(out.errAt, out.errEnd),
    submit: date(out.submitDateMs),
    done: date(out.doneDateMs),
    network: [out.networkErrorType, out.networkErrorCode],
    isText: out.isReceiptText,
  };
}

/** A deliver_sm of the npm package with this text. */
function deliver(text: string | Buffer, fields: Record<string, unknown> = {}): Buffer {
  const short_message = typeof text === 'string' ? Buffer.from(text, 'latin1') : text;
  return oracleEncode('deliver_sm', { destination_addr: '1', esm_class: 4, short_message, ...fields });
}

const ucs2 = (text: string): Buffer => Buffer.from(text, 'utf16le').swap16();
const at = (iso: string): string => `2026-01-01T${iso}Z`;

describe('every variant that the field uses', () => {
  const rows: [string, Buffer, Partial<Told>][] = [
    [
      'keys in capitals',
      deliver('ID:7 SUB:001 STAT:delivrd ERR:012 TEXT:x'),
      { id: '7', state: 2, err: '012' },
    ],
    ['Text: instead of text:', deliver('id:7 stat:DELIVRD err:1 Text:stat:UNDELIV'), { state: 2, err: '1' }],
    ['sub, dlvrd and text missing', deliver('id:7 stat:EXPIRED err:0'), { id: '7', state: 3, err: '0' }],
    ['nothing but id and stat', deliver('id:7 stat:REJECTD'), { id: '7', state: 8, err: '' }],
    [
      'another order',
      deliver('stat:UNDELIV done date:2601011201 err:006 id:7 submit date:2601011200 dlvrd:000 sub:001'),
      { id: '7', state: 5, err: '006', submit: at('12:00:00.000'), done: at('12:01:00.000') },
    ],
    [
      'dates of 12 digits',
      deliver('id:7 submit date:260101120034 done date:260101120141 stat:DELIVRD'),
      { submit: at('12:00:34.000'), done: at('12:01:41.000') },
    ],
    [
      'dates of 14 digits',
      deliver('id:7 submit date:20260101120034 done date:20260101120141 stat:DELIVRD'),
      { submit: at('12:00:34.000'), done: at('12:01:41.000') },
    ],
    [
      'SMPP times of 16 characters',
      deliver('id:7 submit date:260101120034500+ done date:260101130034004+ stat:DELIVRD'),
      { submit: at('12:00:34.500'), done: at('12:00:34.000') },
    ],
    [
      'dates of zeros',
      deliver('id:7 submit date:0000000000 done date:0000000000 stat:DELIVRD'),
      { done: '' },
    ],
    ['empty dates', deliver('id:7 submit date: done date: stat:DELIVRD'), { submit: '', done: '', state: 2 }],
    ['dates that no calendar has', deliver('id:7 done date:2602301200 stat:DELIVRD'), { done: '', state: 2 }],
    ['an err of one digit', deliver('id:7 stat:UNDELIV err:0 text:'), { err: '0' }],
    ['an err of four digits', deliver('id:7 stat:UNDELIV err:0000 text:'), { err: '0000' }],
    ['an err of seven digits', deliver('id:7 stat:UNDELIV err:1234567 text:'), { err: '1234567' }],
    ['a hexadecimal err', deliver('id:7 stat:UNDELIV err:21b text:'), { err: '21b' }],
    ['an err with letters', deliver('id:7 stat:UNDELIV err:06B text:'), { err: '06B' }],
    ['an err of a word', deliver('id:7 stat:UNDELIV err:BLOCKED text:'), { err: 'BLOCKED' }],
    ['an empty err', deliver('id:7 stat:UNDELIV err: text:x'), { err: '' }],
    ['a padded decimal id', deliver('id:0000000077 stat:DELIVRD'), { id: '0000000077' }],
    ['a hexadecimal id in capitals', deliver('id:3F2A9C10 stat:DELIVRD'), { id: '3F2A9C10' }],
    [
      'a UUID',
      deliver('id:123e4567-e89b-12d3-a456-426614174000 stat:DELIVRD'),
      { id: '123e4567-e89b-12d3-a456-426614174000' },
    ],
    [
      'an id in base 36',
      deliver('id:rdwjwxns18krxr9936ey96ymcw stat:DELIVRD'),
      { id: 'rdwjwxns18krxr9936ey96ymcw' },
    ],
    [
      'an id of 64 characters',
      deliver(`id:${'a1'.repeat(32)} stat:DELIVRD`),
      { id: 'a1'.repeat(32), state: 2 },
    ],
    [
      'an id that is longer than a message_id can be',
      deliver(`id:${'a1'.repeat(40)} sub:001 stat:DELIVRD`),
      { id: 'a1'.repeat(32), state: 2 },
    ],
    [
      'an id with an underscore in the GSM alphabet',
      deliver('id:a\x11b\x11 stat:DELIVRD'),
      { id: 'a_b_', state: 2 },
    ],
    ['an id that begins with a dollar in the GSM alphabet', deliver('id:\x02ab stat:DELIVRD'), { id: '$ab' }],
    ['a blank behind the colon', deliver('id: 77 stat: DELIVRD err: 5'), { id: '77', state: 2, err: '5' }],
    [
      'commas between',
      deliver('id:77, sub:001, stat:DELIVRD, err:003, text:x'),
      { id: '77', state: 2, err: '003' },
    ],
    [
      'line feeds between',
      deliver('id:77\nsub:001\r\nstat:DELIVRD\nerr:003'),
      { id: '77', state: 2, err: '003' },
    ],
    ['a NUL at its end', deliver('id:77 stat:DELIVRD\0'), { id: '77', state: 2 }],
    [
      'TLVs alone',
      deliver('', {
        receipted_message_id: 'ab12',
        message_state: 5,
        network_error_code: Buffer.from('030006', 'hex'),
      }),
      { id: 'ab12', state: 5, err: '', network: [3, 6], isText: false },
    ],
    [
      'an id TLV, the state in the text',
      deliver('stat:EXPIRED', { receipted_message_id: '9' }),
      { id: '9', state: 3 },
    ],
    [
      'a state TLV, the id in the text',
      deliver('id:9', { message_state: 8 }),
      { id: '9', state: 8, isText: false },
    ],
    [
      'TLVs that contradict the text',
      deliver('id:1 stat:UNDELIV err:021', { receipted_message_id: '2', message_state: 2 }),
      { id: '2', state: 2, err: '021' },
    ],
    [
      'its text in message_payload',
      deliver('', { message_payload: Buffer.from('id:5 stat:DELIVRD err:000 text:') }),
      { id: '5', state: 2, err: '000', isText: true },
    ],
    [
      'UCS-2',
      deliver(ucs2('id:5 stat:DELETED err:1 text:\u0436'), { data_coding: 8 }),
      { id: '5', state: 4, err: '1' },
    ],
    [
      'UCS-2 with a byte order mark',
      deliver(ucs2('\ufeffid:5 stat:DELETED err:1'), { data_coding: 8 }),
      { id: '5', state: 4 },
    ],
    [
      'UCS-2 in message_payload, the id in a TLV',
      deliver('', {
        data_coding: 8,
        message_payload: ucs2('stat:DELIVRD err:7'),
        receipted_message_id: 'tlv',
      }),
      { id: 'tlv', state: 2, err: '7' },
    ],
    [
      'data_coding 8 on octets',
      deliver('id:5 stat:DELIVRD err:2', { data_coding: 8 }),
      { id: '5', state: 2, err: '2' },
    ],
    [
      'Latin-1',
      deliver('id:5 stat:DELIVRD err:002 text:d\xe9j\xe0', { data_coding: 3 }),
      { id: '5', state: 2 },
    ],
    [
      'escapes and keys in the text',
      deliver('id:5 stat:DELIVRD text:\x1b\x65 id:6 stat:EXPIRED'),
      { id: '5', state: 2 },
    ],
    [
      'a data_sm with TLVs',
      oracleEncode('data_sm', { esm_class: 4, receipted_message_id: 'D-42', message_state: 2 }),
      { id: 'D-42', state: 2 },
    ],
    [
      'a data_sm with a text',
      oracleEncode('data_sm', { esm_class: 4, message_payload: Buffer.from('id:5 stat:EXPIRED err:9') }),
      { id: '5', state: 3, err: '9' },
    ],
  ];

  test.each(rows)('%s', (_name, pdu, expected) => {
    expect(read(pdu)).toMatchObject(expected);
    expect(isReceipt(f.esmClass)).toBe(true);
  });

  it('without the esm_class of a receipt is told by its text', () => {
    expect(read(deliver('id:7 stat:DELIVRD', { esm_class: 0 })).isText).toBe(true);
    expect(read(deliver('id:7 is your number', { esm_class: 0 })).isText).toBe(false);
  });

  it('with an id that has no NUL in its TLV', () => {
    const pdu = deliver('', { message_state: 2 });
    const tlv = Buffer.from('001e0003414243', 'hex');
    const whole = Buffer.concat([pdu, tlv]);
    whole.writeUInt32BE(whole.length, 0);
    expect(read(whole)).toMatchObject({ id: 'ABC', state: 2 });
  });
});

/** What a random receipt says, and how it was put. */
interface Written {
  pdu: Buffer;
  told: Told;
  how: string;
}

const WORDS: [string, number][] = [
  ['DELIVRD', 2],
  ['EXPIRED', 3],
  ['DELETED', 4],
  ['UNDELIV', 5],
  ['ACCEPTD', 6],
  ['UNKNOWN', 7],
  ['REJECTD', 8],
  ['ENROUTE', 1],
  ['DELIVERED', 2],
  ['UNDELIVERABLE', 5],
  ['REJECTED', 8],
  ['FAILED', 5],
  ['BUFFRED', 1],
  ['ACKED', 6],
];
const KEYS = ['id', 'sub', 'dlvrd', 'submit date', 'done date', 'stat', 'err'];

/** An SMSC of its own making: writes a receipt in one of the manners above, whatever the parser expects. */
class RandomSmsc {
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  write(): Written {
    const random = this.#random;
    const [word, state] = random.pick(WORDS);
    const id = this.#id();
    const err = random.pick(['', '0', '000', '06B', '21b', '0000', '1234567', 'x1']);
    const submitMs = Date.UTC(
      2026,
      random.below(12),
      1 + random.below(28),
      random.below(24),
      random.below(60),
    );
    const doneMs = submitMs + random.below(3600) * 1000;
    const dates = random.pick([10, 12, 14, 16, 0]);
    const values: Record<string, string> = {
      id,
      sub: '001',
      dlvrd: '001',
      'submit date': this.#date(submitMs, dates),
      'done date': this.#date(doneMs, dates),
      stat: this.#case(word),
      err,
    };
    const inTlvs = random.below(3) === 0;
    const optional = inTlvs ? KEYS : KEYS.filter((key) => key !== 'id' && key !== 'stat');
    const left = new Set(optional.filter(() => random.below(5) === 0));
    if (dates === 0) ['submit date', 'done date'].forEach((key) => left.add(key));
    const keys = this.#order(KEYS.filter((key) => !left.has(key)));
    const text = keys.map((key) => `${this.#case(key)}:${values[key]}`).join(' ') + this.#end();
    const iso = (ms: number, key: string): string =>
      left.has(key)
        ? ''
        : new Date(
            Math.floor(ms / (dates === 10 ? 60_000 : 1000)) * (dates === 10 ? 60_000 : 1000),
          ).toISOString();
    const told: Told = {
      id,
      state,
      err: left.has('err') ? '' : err,
      submit: iso(submitMs, 'submit date'),
      done: iso(doneMs, 'done date'),
      network: [-1, -1],
      isText: !left.has('id') && !left.has('stat'),
    };
    const tlvs: Record<string, unknown> = {};
    if (inTlvs) Object.assign(tlvs, { receipted_message_id: id, message_state: state });
    if (random.below(4) === 0) {
      told.network = [random.below(9), random.below(65_536)];
      const code = Buffer.from([told.network[0], told.network[1] >> 8, told.network[1] & 0xff]);
      tlvs.network_error_code = code;
    }
    return { ...this.#carry(text, tlvs), told };
  }

  #carry(text: string, tlvs: Record<string, unknown>): { pdu: Buffer; how: string } {
    const random = this.#random;
    const data_coding = random.pick([0, 1, 3, 8, 0xf1, 0x18]);
    const wide = data_coding === 8 || data_coding === 0x18;
    const octets = wide ? ucs2(text) : Buffer.from(text, 'latin1');
    const common = { source_addr: '123', destination_addr: 'Shop', esm_class: 4, data_coding, ...tlvs };
    const how = JSON.stringify({ text, data_coding, tlvs });
    const place = octets.length > 254 ? 1 + random.below(2) : random.below(3);
    if (place === 0) return { pdu: oracleEncode('deliver_sm', { ...common, short_message: octets }), how };
    const command = place === 1 ? 'deliver_sm' : 'data_sm';
    return { pdu: oracleEncode(command, { ...common, message_payload: octets }), how };
  }

  #id(): string {
    const random = this.#random;
    const hex = (digits: number): string =>
      Array.from({ length: digits }, () => random.below(16).toString(16)).join('');
    const kind = random.below(6);
    if (kind === 0) return String(random.below(2 ** 32));
    if (kind === 1) return String(random.below(2 ** 32)).padStart(10, '0');
    if (kind === 2) return hex(8).toUpperCase();
    if (kind === 3) return `${hex(8)}-${hex(4)}-4${hex(3)}-a${hex(3)}-${hex(12)}`;
    if (kind === 4) return hex(64);
    return random.below(2 ** 32).toString(36);
  }

  #date(ms: number, digits: number): string {
    const whole = new Date(ms).toISOString().replace(/[-T:.Z]/g, '');
    if (digits === 16) return `${whole.slice(2, 14)}000+`;
    return digits === 14 ? whole.slice(0, 14) : whole.slice(2, 2 + digits);
  }

  #case(word: string): string {
    const kind = this.#random.below(4);
    if (kind === 0) return word.toUpperCase();
    if (kind === 1) return word.toLowerCase();
    return kind === 2 ? word : word[0].toUpperCase() + word.slice(1).toLowerCase();
  }

  #order(keys: string[]): string[] {
    if (this.#random.below(2) === 0) return keys;
    return keys
      .map((key) => ({ key, rank: this.#random.below(1000) }))
      .sort((a, b) => a.rank - b.rank)
      .map(({ key }) => key);
  }

  #end(): string {
    return this.#random.pick(['', ' text:', ' Text:Hello', ' TEXT:id:1 stat:UNDELIV err:9', ' ', '\r\n']);
  }
}

test('whatever mixture of them an SMSC writes is read back', () => {
  const random = seeded(7_502);
  const smsc = new RandomSmsc(random);
  for (let round = 0; round < 5_000; round++) {
    const { pdu, told, how } = smsc.write();
    expect(read(pdu), `seed ${random.seed}, round ${round}: ${how}`).toEqual(told);
  }
});
