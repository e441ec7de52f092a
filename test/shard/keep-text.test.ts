import { expect, test } from 'vitest';
import type { Alphabet } from '../../src/core/charsets.ts';
import { allocateBytes } from '../../src/core/bytes.ts';
import { TEXT_AT, TEXT_BYTES } from '../../src/core/message-table.ts';
import { fillSlot } from '../../src/shard/fill-slot.ts';
import { ReceiptAlphabets } from '../../src/core/receipt-alphabets.ts';
import type { ShardState } from '../../src/shard/state.ts';
import { writeAccepted } from '../../src/smpp/accepted.ts';
import type { AcceptedExtension } from '../../src/smpp/accepted.ts';
import { seeded } from '../core/random.ts';
import { oracleEncode } from '../support/oracle.ts';
import { tempDir } from '../support/tmp.ts';
import { makeShard } from './harness.ts';

const ALPHABETS: Alphabet[] = ['gsm', 'ascii', 'latin1', 'utf8'];
const HELD = 1;

/** One SMSC and one account of each alphabet, by its place in ALPHABETS. */
function makeOne(): { shard: ShardState; clear: () => void } {
  const dir = tempDir();
  const shard = makeShard(dir.path);
  const [smsc] = shard.owned;
  shard.smscs = ALPHABETS.map((alphabet) => ({ ...smsc, profile: { ...smsc.profile, alphabet } }));
  shard.accounts = ALPHABETS.map((alphabet) => ({
    ...({} as NonNullable<ShardState['accounts'][number]>),
    default_alphabet: alphabet,
  }));
  shard.receiptAlphabets = new ReceiptAlphabets(ALPHABETS, ALPHABETS);
  return { shard, clear: () => dir.remove() };
}

interface Sent {
  text: Buffer;
  dataCoding?: number;
  udh?: Buffer;
  smsc: Alphabet;
  account: Alphabet;
  extension?: AcceptedExtension;
}

/** What is kept of the message, in latin1. */
function kept(shard: ShardState, { text, dataCoding = 0, udh, smsc, account, extension }: Sent): Buffer {
  const pdu = oracleEncode('submit_sm', {
    source_addr: 'Shop',
    destination_addr: '962790000001',
    data_coding: dataCoding,
    esm_class: udh === undefined ? 0 : 0x40,
    short_message: Buffer.concat([udh ?? Buffer.alloc(0), text]),
  });
  const bytes = allocateBytes(1024);
  const [smscIndex, accountIndex] = [ALPHABETS.indexOf(smsc), ALPHABETS.indexOf(account)];
  const length = writeAccepted(bytes, 0, pdu, {
    protocol: 1,
    account: accountIndex,
    smsc: smscIndex,
    session: 0,
    sequence: 0,
    expiresMs: 1,
    priority: 0,
    ...(extension === undefined ? {} : { extension }),
  });
  const { scratch, table } = shard;
  fillSlot(shard, scratch, bytes, 0, length);
  const at = scratch * TEXT_BYTES + TEXT_AT;
  return Buffer.from(table.text.subarray(at, at + table.textLength[scratch]));
}

/** Characters, with their places in 3GPP TS 23.038 table 6.2.1. */
const CHARACTERS: [string, number][] = [
  ['a', 0x61],
  ['5', 0x35],
  ['@', 0x00],
  ['_', 0x11],
  ['$', 0x02],
  ['é', 0x05],
  ['Ñ', 0x5d],
  ['ü', 0x7e],
  ['\u00a7', 0x5f],
];

function coded(characters: readonly [string, number][], alphabet: Alphabet): Buffer {
  if (alphabet === 'gsm') return Buffer.from(characters.map(([, septet]) => septet));
  const text = characters.map(([character]) => character).join('');
  return Buffer.from(text, alphabet === 'utf8' ? 'utf8' : 'latin1');
}

/** As many of them as 20 octets of the alphabet hold. */
function inReceipt(characters: readonly [string, number][], alphabet: Alphabet): Buffer {
  const known = characters.filter(([character]) => alphabet !== 'ascii' || character < '\x80');
  for (let count = known.length; ; count--) {
    const octets = coded(known.slice(0, count), alphabet);
    if (octets.length <= 20) return octets;
  }
}

test('text of any SMSC is kept in the alphabet of the account, whole characters', () => {
  const { shard, clear } = makeOne();
  const random = seeded(7_611);
  for (let round = 0; round < 2_000; round++) {
    const [smsc, account] = [random.pick(ALPHABETS), random.pick(ALPHABETS)];
    const all = CHARACTERS.filter(([character]) => smsc !== 'ascii' || character < '\x80');
    const characters = Array.from({ length: random.below(30) }, () => random.pick(all));
    const text = coded(characters, smsc);
    const why = `seed ${random.seed}, round ${round}: ${smsc} to ${account} ${text.toString('hex')}`;
    expect(kept(shard, { text, smsc, account }).toString('hex'), why).toBe(
      inReceipt(characters, account).toString('hex'),
    );
  }
  clear();
});

test('no escape is cut in two', () => {
  const { shard, clear } = makeOne();
  const text = Buffer.from(`${'61'.repeat(19)}1b65`, 'hex');
  const gsm = { smsc: 'gsm', account: 'gsm' } as const;
  expect(kept(shard, { text, ...gsm }).toString('latin1')).toBe('a'.repeat(19));
  const whole = Buffer.from(`${'61'.repeat(18)}1b65`, 'hex');
  expect(kept(shard, { text: whole, ...gsm })).toEqual(whole);
  clear();
});

test('shift tables of the header count, its octets are no text', () => {
  const { shard, clear } = makeOne();
  // Turkish, locking: 04 is the euro, 07 a dotless i, 60 a small c with cedilla.
  const turkish = { udh: Buffer.from('03250101', 'hex'), text: Buffer.from('0460074143', 'hex') };
  expect(kept(shard, { ...turkish, smsc: 'gsm', account: 'gsm' }).toString('latin1')).toBe('AC');
  expect(kept(shard, { ...turkish, smsc: 'gsm', account: 'utf8' }).toString('utf8')).toBe('€çıAC');
  const part = { udh: Buffer.from('050003170201', 'hex'), text: Buffer.from('6100', 'hex') };
  expect(kept(shard, { ...part, smsc: 'gsm', account: 'latin1' }).toString('latin1')).toBe('a@');
  clear();
});

test('a part that waits for the others is still as its sender means it', () => {
  const { shard, clear } = makeOne();
  const udh = Buffer.from('050003170201', 'hex');
  const held = (reading: number): AcceptedExtension => ({
    part: 1,
    parts: 2,
    flags: HELD,
    toldLow: reading,
  });
  const latin = { udh, text: Buffer.from('a@é', 'latin1'), smsc: 'gsm', account: 'latin1' } as const;
  expect(kept(shard, { ...latin, extension: held(0x34) }).toString('latin1')).toBe('a@é');
  // Over HTTP it is the GSM alphabet: 00 is a commercial at.
  const http = { ...latin, text: Buffer.from('6100', 'hex') };
  expect(kept(shard, { ...http, extension: held(0x134) }).toString('latin1')).toBe('a@');
  // data_coding 3 is unclassed in 3.3.
  const old = { ...latin, dataCoding: 3, account: 'gsm', text: Buffer.from('5f', 'hex') } as const;
  expect(kept(shard, { ...old, extension: held(0x33) }).toString('hex')).toBe('5f');
  expect(kept(shard, { ...old, extension: held(0x34) }).toString('hex')).toBe('11');
  clear();
});

test('without the account or the SMSC its alphabet is the default one', () => {
  const { shard, clear } = makeOne();
  const sent = { text: Buffer.from('6100', 'hex'), smsc: 'latin1', account: 'latin1' } as const;
  shard.accounts = [];
  shard.smscs = [];
  shard.receiptAlphabets = new ReceiptAlphabets([undefined, undefined, undefined], ['gsm', 'gsm', undefined]);
  expect(kept(shard, sent).toString('hex')).toBe('6100');
  expect(kept(shard, { ...sent, dataCoding: 8, text: Buffer.from('0040', 'hex') }).toString('hex')).toBe(
    '00',
  );
  clear();
});
