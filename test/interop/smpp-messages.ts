/** Messages of every alphabet and form through the daemon, octet by octet, and their receipts back. */
import type { Ground } from './ground.ts';
import { NpmEsme, textOf, udhOf } from './npm-peers.ts';
import type { Asked, NpmUpstream } from './npm-peers.ts';
import { serveWithUpstream } from './smpp-binds.ts';

const ROK = 0;
const GSM_TEXT = 'Hello @£$¥èéùìòÇ {[~]} €5 ^|';
const UCS2_TEXT = 'Привет, мир 😀';
const LONG_GSM = 'Twas brillig, and the slithy toves did gyre and gimble in the wabe: '.repeat(5).trim();
const LONG_UCS2 = 'Буря мглою небо кроет, вихри снежные крутя; 😀 '.repeat(5).trim();

interface Case {
  what: string;
  fields: Record<string, unknown>;
  /** Fields of what the SMSC must get; `text` is compared with the decoded text. */
  text: string | Buffer;
  expect: Record<string, unknown>;
  udh?: Buffer[];
}

const PORTS_UDH = Buffer.from('06050415820000', 'hex');
const CASES: readonly Case[] = [
  {
    what: 'GSM default alphabet and extension',
    fields: { data_coding: 0, short_message: GSM_TEXT },
    text: GSM_TEXT,
    expect: { data_coding: 0, esm_class: 0, source_addr_ton: 5, dest_addr_ton: 1, dest_addr_npi: 1 },
  },
  {
    what: 'UCS-2 with a surrogate pair',
    fields: { data_coding: 8, short_message: UCS2_TEXT },
    text: UCS2_TEXT,
    expect: { data_coding: 8 },
  },
  {
    what: 'Latin-1',
    fields: { data_coding: 3, short_message: 'Café à 5£ ÿ' },
    text: 'Café à 5£ ÿ',
    expect: { data_coding: 3 },
  },
  {
    what: '8-bit binary with NULs',
    fields: { data_coding: 4, short_message: Buffer.from('0001020000ff00', 'hex') },
    text: Buffer.from('0001020000ff00', 'hex'),
    expect: { data_coding: 4 },
  },
  {
    what: 'flash by data_coding 10',
    fields: { data_coding: 0x10, short_message: Buffer.from('flash one') },
    text: 'flash one',
    expect: { data_coding: 0x10 },
  },
  {
    what: 'flash by data_coding F0',
    fields: { data_coding: 0xf0, short_message: Buffer.from('flash two') },
    text: 'flash two',
    expect: { data_coding: 0xf0 },
  },
  {
    what: 'flash UCS-2 by data_coding 18',
    fields: { data_coding: 0x18, short_message: Buffer.from('04320441043f044b0448043a0430', 'hex') },
    text: 'вспышка',
    expect: { data_coding: 0x18 },
  },
  {
    what: 'flash by TLV dest_addr_subunit',
    fields: { data_coding: 0, short_message: 'flash tlv', dest_addr_subunit: 1 },
    text: 'flash tlv',
    expect: { dest_addr_subunit: 1 },
  },
  {
    what: 'ports in a user data header',
    fields: {
      data_coding: 4,
      short_message: { udh: PORTS_UDH, message: Buffer.from('01060401', 'hex') },
    },
    text: Buffer.from('01060401', 'hex'),
    expect: { data_coding: 4, esm_class: 0x40 },
    udh: [PORTS_UDH.subarray(1)],
  },
  {
    what: 'TLVs of the message',
    fields: {
      data_coding: 0,
      short_message: 'with TLVs',
      user_message_reference: 0x1234,
      source_port: 9200,
      dest_port: 2948,
      privacy_indicator: 2,
      language_indicator: 3,
      callback_num: [{ digit_mode: 1, ton: 1, npi: 1, number: '12025550100' }],
    },
    text: 'with TLVs',
    expect: {
      user_message_reference: 0x1234,
      source_port: 9200,
      dest_port: 2948,
      privacy_indicator: 2,
      language_indicator: 3,
      callback_num: [{ digit_mode: 1, ton: 1, npi: 1, number: '12025550100' }],
    },
  },
  {
    what: 'protocol_id, priority, service_type, reply path, numeric sender',
    fields: {
      data_coding: 0,
      short_message: 'flags',
      service_type: 'CMT',
      source_addr_ton: 1,
      source_addr_npi: 1,
      source_addr: '447700900001',
      protocol_id: 0x41,
      priority_flag: 2,
      esm_class: 0x80,
    },
    text: 'flags',
    expect: {
      service_type: 'CMT',
      source_addr_ton: 1,
      source_addr_npi: 1,
      source_addr: '447700900001',
      protocol_id: 0x41,
      priority_flag: 2,
      esm_class: 0x80,
    },
  },
];

/** Each case to a number of its own; the SMSC tells two of three delivered, the third failed with a code. */
export async function checkMessages(ground: Ground): Promise<void> {
  const { checks } = ground;
  const { upstream, front } = await serveWithUpstream(ground);
  const esme = await NpmEsme.bind(front.port, 'bind_transceiver');
  for (const [index, one] of CASES.entries()) {
    checks.topic(`through the daemon: ${one.what}`);
    const number = numberOf(index);
    const answer = await esme.submit({ ...one.fields, destination_addr: number });
    if (!checks.equal('submit_sm is accepted', answer.command_status, ROK)) continue;
    if (!(await ground.comes('it comes to the SMSC', () => arrived(upstream, number).length === 1))) continue;
    const asked = arrived(upstream, number)[0];
    checks.equal('the text', textOf(asked.pdu), one.text);
    for (const [field, value] of Object.entries(one.expect)) checks.equal(field, asked.pdu[field], value);
    if (one.udh !== undefined) checks.equal('the user data header', udhOf(asked.pdu), one.udh);
    await checkReceipt(ground, esme, upstream, asked, String(answer.message_id), index % 3 === 2);
  }
  await checkNoReceipt(ground, esme, upstream);
  await checkParts(ground, esme, upstream);
  await checkTimes(ground, esme, upstream);
  esme.cut();
}

function numberOf(index: number): string {
  return `4477009${String(index).padStart(5, '0')}`;
}

/** Messages that came to the SMSC for this number, whatever the command. */
function arrived(upstream: NpmUpstream, number: string): Asked[] {
  return upstream.asked.filter(
    ({ pdu }) => /^(?:submit_sm|data_sm)$/.test(pdu.command) && pdu.destination_addr === number,
  );
}

async function checkReceipt(
  ground: Ground,
  esme: NpmEsme,
  upstream: NpmUpstream,
  asked: Asked,
  id: string,
  fails: boolean,
): Promise<void> {
  const { checks } = ground;
  const stat = fails ? 'UNDELIV' : 'DELIVRD';
  const taken = await upstream.receipt(asked, stat);
  checks.equal('the SMSC is told that its receipt is taken', taken.command_status, ROK);
  const receipt = await esme.receipt(id);
  checks.equal('the receipt says', receipt.stat, stat);
  checks.equal('its error code', receipt.err, fails ? '027' : '000');
  const { pdu } = receipt;
  checks.equal('its esm_class', pdu.esm_class, 4);
  checks.equal('its source is the destination', pdu.source_addr, asked.pdu.destination_addr);
  checks.equal('its destination is the source', pdu.destination_addr, asked.pdu.source_addr);
  checks.equal('receipted_message_id', pdu.receipted_message_id, id);
  checks.equal('message_state', pdu.message_state, fails ? 5 : 2);
  checks.equal('user_message_reference', pdu.user_message_reference, asked.pdu.user_message_reference);
}

/** registered_delivery 0 asks for none; 2 for one when it fails. */
async function checkNoReceipt(ground: Ground, esme: NpmEsme, upstream: NpmUpstream): Promise<void> {
  const { checks } = ground;
  checks.topic('registered_delivery: none, and of failures only');
  const asks = [
    { number: '447700990001', registered_delivery: 0, stat: 'DELIVRD', told: false },
    { number: '447700990002', registered_delivery: 2, stat: 'DELIVRD', told: false },
    { number: '447700990003', registered_delivery: 2, stat: 'UNDELIV', told: true },
  ];
  const ids: string[] = [];
  for (const { number, registered_delivery } of asks) {
    const answer = await esme.submit({ destination_addr: number, registered_delivery, short_message: 'r' });
    ids.push(String(answer.message_id));
  }
  for (const { number, stat } of asks) {
    if (!(await ground.comes(`${number} comes to the SMSC`, () => arrived(upstream, number).length === 1)))
      return;
    const asked = arrived(upstream, number)[0];
    await upstream.receipt(asked, stat);
  }
  // The one that must come is the last: receipts of one account keep their order.
  await ground.comes('the receipt of the failure comes', () => esme.receipts.some(({ id }) => id === ids[2]));
  for (const [index, { told, registered_delivery, stat }] of asks.entries()) {
    const came = esme.receipts.some(({ id }) => id === ids[index]);
    checks.equal(`registered_delivery ${registered_delivery}, ${stat}: a receipt`, came, told);
  }
}

interface PartForm {
  what: string;
  parts: Record<string, unknown>[];
}

function udhParts(text: readonly string[], udh: (part: number) => string): Record<string, unknown>[] {
  return text.map((message, index) => ({
    data_coding: 0,
    short_message: { udh: Buffer.from(udh(index + 1), 'hex'), message },
  }));
}

const TEXTS = [0, 1, 2].map((part) => LONG_GSM.slice(part * 150, part * 150 + 150));
const FORMS: readonly PartForm[] = [
  { what: 'UDH with an 8-bit reference', parts: udhParts(TEXTS, (part) => `050003a7030${part}`) },
  { what: 'UDH with a 16-bit reference', parts: udhParts(TEXTS, (part) => `060804f42e030${part}`) },
  {
    what: 'SAR TLVs',
    parts: TEXTS.map((text, index) => ({
      data_coding: 0,
      short_message: text,
      sar_msg_ref_num: 0x1234,
      sar_total_segments: TEXTS.length,
      sar_segment_seqnum: index + 1,
    })),
  },
];

/** Parts of a long message as the client cut it: all of them arrive, in order, to be joined, with a receipt each. */
async function checkParts(ground: Ground, esme: NpmEsme, upstream: NpmUpstream): Promise<void> {
  const { checks } = ground;
  for (const [index, { what, parts }] of FORMS.entries()) {
    checks.topic(`long message in: ${what}`);
    const number = `44770097000${index}`;
    const ids: string[] = [];
    for (const part of parts) {
      const answer = await esme.submit({ ...part, destination_addr: number });
      checks.equal('a part is accepted', answer.command_status, ROK);
      ids.push(String(answer.message_id));
    }
    const whole = await comesWhole(ground, upstream, number, LONG_GSM);
    for (const asked of whole) {
      await upstream.receipt(asked);
    }
    for (const id of ids) checks.equal('a receipt for each part', (await esme.receipt(id)).stat, 'DELIVRD');
  }
}

/** Waits until what came for this number, joined in order of its parts, is this text. */
async function comesWhole(
  ground: Ground,
  upstream: NpmUpstream,
  number: string,
  text: string,
): Promise<Asked[]> {
  await ground.comes(`the whole text comes to ${number}`, () => joined(arrived(upstream, number)) === text);
  const parts = arrived(upstream, number);
  ground.checks.equal('joined', joined(parts), text);
  return parts;
}

function joined(parts: readonly Asked[]): string {
  const order = (asked: Asked): number => {
    const sar = asked.pdu.sar_segment_seqnum as number | undefined;
    const concat = udhOf(asked.pdu).find((element) => element[0] === 0 || element[0] === 8);
    return sar ?? concat?.at(-1) ?? 0;
  };
  const inOrder = [...parts].sort((one, other) => order(one) - order(other));
  return inOrder.map(({ pdu }) => String(textOf(pdu))).join('');
}

/** What validity_period and schedule_delivery_time become at the SMSC: passed on, or the gateway's own business. */
async function checkTimes(ground: Ground, esme: NpmEsme, upstream: NpmUpstream): Promise<void> {
  const { checks } = ground;
  checks.topic('times');
  const kept = await esme.submit({
    destination_addr: '447700980001',
    short_message: 'for two days',
    validity_period: '000002000000000R',
  });
  checks.equal('a relative validity_period is accepted', kept.command_status, ROK);
  await ground.comes('it comes', () => arrived(upstream, '447700980001').length === 1);
  const past = await esme.submit({ short_message: 'late', validity_period: '200101000000000+' });
  checks.equal('one that is over is refused', past.command_status, 0x62);
  const odd = await esme.submit({ short_message: 'odd', schedule_delivery_time: '261301120000000+' });
  checks.equal('a thirteenth month is refused', odd.command_status, 0x61);
}

const STYLES = ['udh8', 'udh16', 'sar', 'payload'] as const;

/** A message_payload longer than one SMS, to SMSCs that want long messages in one style each. */
export async function checkLongStyles(ground: Ground): Promise<void> {
  const { checks } = ground;
  for (const style of STYLES) {
    checks.topic(`long message out: ${style}`);
    const { upstream, front } = await serveWithUpstream(ground, { smsc: { long_messages: style } });
    const esme = await NpmEsme.bind(front.port, 'bind_transceiver');
    const cases = [
      { number: '447700960001', text: LONG_GSM, data_coding: 0, parts: 3 },
      { number: '447700960002', text: LONG_UCS2, data_coding: 8, parts: 4 },
    ];
    for (const { number, text, data_coding, parts } of cases) {
      const answer = await esme.submit({
        destination_addr: number,
        data_coding,
        message_payload: { message: text },
      });
      if (!checks.equal('message_payload is accepted', answer.command_status, ROK)) continue;
      const came = await comesWhole(ground, upstream, number, text);
      checks.equal(`data_coding ${data_coding}: PDUs`, came.length, style === 'payload' ? 1 : parts);
      for (const { pdu } of came) checks.equal('its style', styleOf(pdu), style);
    }
    esme.cut();
    await ground.rest();
  }
}

function styleOf(pdu: Asked['pdu']): string {
  if (pdu.sar_msg_ref_num !== undefined) return 'sar';
  if (pdu.message_payload !== undefined) return 'payload';
  const elements = udhOf(pdu).map((element) => element[0]);
  if (elements.includes(0)) return 'udh8';
  return elements.includes(8) ? 'udh16' : 'none';
}
