/** Messages from Net::SMPP in every form that it can make, and their receipts back to it. */
import type { Ground } from './ground.ts';
import { complaints, CREDENTIALS, fieldText, PerlEsme } from './net-smpp-esme.ts';
import type { PerlFields, PerlPdu } from './net-smpp-esme.ts';
import { textOf, udhOf } from './npm-peers.ts';
import type { Asked, NpmUpstream } from './npm-peers.ts';
import { serveWithUpstream } from './smpp-binds.ts';
import { commandIdOf } from './tap.ts';

const ROK = 0;
const LONG = 'All work and no play makes Jack a dull boy. '.repeat(8).trim();
export const PERL_SOURCE = { source_addr_ton: 5, source_addr_npi: 0, source_addr: 'Perl' };
export const PERL_DEST = { dest_addr_ton: 1, dest_addr_npi: 1 };

interface Case {
  what: string;
  fields: PerlFields;
  text: string | Buffer;
  expect: Record<string, unknown>;
}

const latin1 = (hex: string): string => Buffer.from(hex, 'hex').toString('latin1');

const CASES: readonly Case[] = [
  {
    what: 'GSM default alphabet',
    // "Hi @ 5" and an escaped euro sign, as codes of the default alphabet.
    fields: { short_message: latin1('48692000201b65'), data_coding: 0 },
    text: 'Hi @ €',
    expect: { data_coding: 0, source_addr_ton: 5, source_addr: 'Perl', dest_addr_ton: 1, dest_addr_npi: 1 },
  },
  {
    what: 'UCS-2',
    fields: { short_message: latin1('041f04400438043204350442'), data_coding: 8 },
    text: 'Привет',
    expect: { data_coding: 8 },
  },
  {
    what: 'Latin-1',
    fields: { short_message: 'Café ÿ', data_coding: 3 },
    text: 'Café ÿ',
    expect: { data_coding: 3 },
  },
  {
    what: 'binary with NULs and a user data header',
    fields: { short_message: latin1('06050415820000000100ff00'), data_coding: 4, esm_class: 0x40 },
    text: Buffer.from('000100ff00', 'hex'),
    expect: { data_coding: 4, esm_class: 0x40 },
  },
  {
    what: 'a part by SAR TLVs',
    fields: {
      short_message: 'part two',
      sar_msg_ref_num: latin1('1234'),
      sar_total_segments: latin1('02'),
      sar_segment_seqnum: latin1('02'),
    },
    text: 'part two',
    expect: { sar_msg_ref_num: 0x1234, sar_total_segments: 2, sar_segment_seqnum: 2 },
  },
  {
    what: 'TLVs by name',
    fields: {
      short_message: 'named',
      user_message_reference: latin1('00f7'),
      source_port: latin1('23f0'),
      callback_num: latin1('010101') + '12025550100',
      its_session_info: latin1('0102'),
    },
    text: 'named',
    expect: {
      user_message_reference: 0xf7,
      source_port: 9200,
      callback_num: [{ digit_mode: 1, ton: 1, npi: 1, number: '12025550100' }],
      its_session_info: Buffer.from([1, 2]),
    },
  },
  {
    what: 'fields of the body',
    fields: {
      short_message: 'fields',
      service_type: 'CMT',
      protocol_id: 0x41,
      priority_flag: 3,
      validity_period: '000001000000000R',
    },
    text: 'fields',
    expect: { service_type: 'CMT', protocol_id: 0x41, priority_flag: 3 },
  },
];

/** A transceiver of 3.4, then a pair of 3.3. */
export async function checkPerlMessages(ground: Ground): Promise<void> {
  const { checks } = ground;
  const { upstream, front } = await serveWithUpstream(ground);
  const perl = new PerlEsme(ground);
  await perl.connect('trx', front.port, 0x34);
  await perl.call('trx', 'bind_transceiver', CREDENTIALS);
  for (const [index, { what, fields, text, expect }] of CASES.entries()) {
    checks.topic(`message: ${what}`);
    const number = `4477009${String(index).padStart(5, '0')}`;
    const base = { ...PERL_SOURCE, ...PERL_DEST, destination_addr: number, registered_delivery: 1 };
    const answer = await perl.call('trx', 'submit_sm', { ...base, ...fields });
    if (!checks.equal('is accepted', [answer.name, answer.status], ['submit_sm_resp', ROK])) continue;
    if (!(await ground.comes('it comes to the SMSC', () => toNumber(upstream, number) !== undefined)))
      continue;
    const { pdu } = toNumber(upstream, number) as Asked;
    checks.equal('the text', textOf(pdu), text);
    for (const [field, value] of Object.entries(expect)) checks.equal(field, pdu[field], value);
    if (fields.esm_class === 0x40)
      checks.equal('the header', udhOf(pdu), [Buffer.from('050415820000', 'hex')]);
    const fails = index % 2 === 1;
    await checkReceipt(ground, perl, 'trx', upstream, number, answer, fails);
  }
  await checkPayload(ground, perl, upstream);
  await checkOldPair(ground, perl, upstream, front.port);
  checks.equal('the module complains of nothing', complaints(perl), []);
}

function toNumber(upstream: NpmUpstream, number: string): Asked | undefined {
  return upstream.of('submit_sm').find(({ pdu }) => pdu.destination_addr === number);
}

/** The receipt as the module reads it: addresses turned round, text, TLVs with their octets. */
async function checkReceipt(
  ground: Ground,
  perl: PerlEsme,
  session: string,
  upstream: NpmUpstream,
  number: string,
  answer: PerlPdu,
  fails: boolean,
): Promise<void> {
  const { checks } = ground;
  const asked = toNumber(upstream, number);
  if (asked === undefined) throw new Error(`nothing came for ${number}`);
  const taken = await upstream.receipt(asked, fails ? 'UNDELIV' : 'DELIVRD');
  checks.equal('the SMSC is told that its receipt is taken', taken.command_status, ROK);
  const id = String(answer.message_id);
  const mine = (pdu: PerlPdu): boolean => fieldText(pdu, 'short_message').startsWith(`id:${id} `);
  const receipt = await perl.hears(session, mine);
  if (!checks.that('the receipt comes', receipt !== undefined) || receipt === undefined) return;
  checks.equal('as', receipt.name, 'deliver_sm');
  checks.equal('esm_class', receipt.esm_class, 4);
  checks.equal('source_addr', receipt.source_addr, number);
  checks.equal('destination_addr', receipt.destination_addr, 'Perl');
  const stat = fails ? 'stat:UNDELIV err:027' : 'stat:DELIVRD err:000';
  checks.that('its text', String(receipt.short_message).includes(stat), String(receipt.short_message));
  if (session !== 'trx') return;
  checks.equal('receipted_message_id with its NUL', receipt.receipted_message_id, `${id}\0`);
  checks.equal('message_state', receipt.message_state, fails ? '\u0005' : '\u0002');
}

async function checkPayload(ground: Ground, perl: PerlEsme, upstream: NpmUpstream): Promise<void> {
  const { checks } = ground;
  checks.topic('message: message_payload of 351 octets');
  const number = '447700990000';
  const base = { ...PERL_SOURCE, ...PERL_DEST, destination_addr: number };
  const answer = await perl.call('trx', 'submit_sm', { ...base, message_payload: LONG });
  checks.equal('is accepted', [answer.name, answer.status], ['submit_sm_resp', ROK]);
  const whole = (): string =>
    upstream
      .of('submit_sm')
      .filter(({ pdu }) => pdu.destination_addr === number)
      .map(({ pdu }) => String(textOf(pdu)))
      .join('');
  await ground.comes('the whole text comes', () => whole().length >= LONG.length);
  checks.equal('the text', whole(), LONG);
}

const DELIVER_SM = 5;

/**
 * The module's usual way of sending waits for the response and drops what else comes, receipts too, without an answer.
 * They are offered again once their time has passed.
 */
export async function checkDroppedReceipt(ground: Ground): Promise<void> {
  const { checks } = ground;
  checks.topic('a receipt that the module drops while it waits for a response');
  const { upstream, front } = await serveWithUpstream(ground, { smpp: { response_s: 2 } });
  const perl = new PerlEsme(ground);
  await perl.connect('trx', front.port, 0x34);
  await perl.call('trx', 'bind_transceiver', CREDENTIALS);
  const base = { ...PERL_SOURCE, ...PERL_DEST, registered_delivery: 1 };
  const first = await perl.call('trx', 'submit_sm', {
    ...base,
    destination_addr: '447700990002',
    short_message: 'a',
  });
  await ground.comes('the message comes', () => toNumber(upstream, '447700990002') !== undefined);
  await upstream.receipt(toNumber(upstream, '447700990002') as Asked);
  const sent = (): number => front.ours.filter((pdu) => commandIdOf(pdu) === DELIVER_SM).length;
  await ground.comes('its receipt is sent', () => sent() === 1);
  const sync = {
    ...base,
    async: 0,
    destination_addr: '447700990003',
    registered_delivery: 0,
    short_message: 'b',
  };
  const second = await perl.call('trx', 'submit_sm', sync);
  checks.equal('the next submit_sm is answered', [second.name, second.status], ['submit_sm_resp', ROK]);
  const id = fieldText(first, 'message_id');
  const again = await perl.hears(
    'trx',
    (pdu) => fieldText(pdu, 'short_message').startsWith(`id:${id} `),
    30_000,
  );
  checks.that('the receipt comes again', again !== undefined);
  checks.equal('the session was not cut', (await perl.call('trx', 'enquire_link')).status, ROK);
}

/** In 3.3 sending and receiving are two connections; ids are short and no TLV is sent. */
async function checkOldPair(
  ground: Ground,
  perl: PerlEsme,
  upstream: NpmUpstream,
  port: number,
): Promise<void> {
  const { checks } = ground;
  checks.topic('message: transmitter and receiver of 3.3');
  await perl.call('trx', 'unbind');
  await perl.close('trx');
  for (const [session, method] of [
    ['tx', 'bind_transmitter'],
    ['rx', 'bind_receiver'],
  ]) {
    await perl.connect(session, port, 0x33);
    const bound = await perl.call(session, method, { ...CREDENTIALS, interface_version: 0x33 });
    checks.equal(`${method} is accepted`, bound.status, ROK);
  }
  const number = '447700990001';
  const base = { ...PERL_SOURCE, ...PERL_DEST, destination_addr: number, registered_delivery: 1 };
  const answer = await perl.call('tx', 'submit_sm', { ...base, short_message: 'old' });
  checks.equal('is accepted', answer.status, ROK);
  checks.that('its id has at most 8 digits', /^[0-9A-Fa-f]{1,8}$/.test(String(answer.message_id)));
  await ground.comes('it comes to the SMSC', () => toNumber(upstream, number) !== undefined);
  await checkReceipt(ground, perl, 'rx', upstream, number, answer, false);
  const tlvs = perl.heard.filter(
    ({ session, receipted_message_id }) => session === 'rx' && receipted_message_id,
  );
  checks.equal('no TLV is sent', tlvs, []);
}
