/** Messages as Kannel writes them, through the daemon to the SMSC, and the delivery reports back into Kannel. */
import type { Ground } from './ground.ts';
import { KannelBoxes, smppGroup } from './kannel-boxes.ts';
import { textOf, udhOf } from './npm-peers.ts';
import type { Asked, NpmUpstream } from './npm-peers.ts';
import { serveWithUpstream } from './smpp-binds.ts';
import { commandIdOf, statusOf } from './tap.ts';
import type { Tap } from './tap.ts';

const DELIVERED = 1;
const FAILED = 2;
const ACCEPTED = 8;
const REFUSED = 16;
const ALL = 31;
const QUEUED = '202 0: Accepted for delivery';
const LONG = 'It was a bright cold day in April, and the clocks were striking thirteen. '.repeat(5).trim();
const LONG_UCS2 = 'Был холодный ясный апрельский день, и часы пробили тринадцать. '.repeat(3).trim();
const UDH = Buffer.from('06050415820000', 'hex');

interface Case {
  what: string;
  send: Record<string, string | Buffer>;
  /** Of the whole message at the SMSC, its parts joined. */
  text: string | Buffer;
  parts?: number;
  expect: Record<string, unknown>;
  fails?: boolean;
}

const CASES: readonly Case[] = [
  {
    what: 'GSM text and extension, alphanumeric sender',
    send: { from: 'Interop', text: 'Price @ 5 € {x}' },
    text: 'Price @ 5 € {x}',
    // Kannel sets the mode bits to store and forward.
    expect: { data_coding: 0, esm_class: 3, source_addr_ton: 5, source_addr_npi: 0, source_addr: 'Interop' },
  },
  {
    what: 'numeric sender with a plus',
    send: { from: '+447700900001', text: 'numeric' },
    text: 'numeric',
    expect: { source_addr_ton: 1, source_addr_npi: 1, source_addr: '447700900001' },
    fails: true,
  },
  {
    what: 'UCS-2',
    send: { from: 'Interop', coding: '2', charset: 'UTF-8', text: 'Привет, мир' },
    text: 'Привет, мир',
    expect: { data_coding: 8 },
  },
  {
    what: 'long text in GSM',
    send: { from: 'Interop', text: LONG },
    text: LONG,
    parts: 3,
    expect: { data_coding: 0, esm_class: 0x43 },
  },
  {
    what: 'long text in UCS-2',
    send: { from: 'Interop', coding: '2', charset: 'UTF-8', text: LONG_UCS2 },
    text: LONG_UCS2,
    parts: 3,
    expect: { data_coding: 8, esm_class: 0x43 },
    fails: true,
  },
  {
    what: 'flash',
    send: { from: 'Interop', mclass: '0', text: 'flash' },
    text: 'flash',
    expect: { data_coding: 0xf0 },
  },
  {
    what: 'flash in UCS-2',
    send: { from: 'Interop', mclass: '0', coding: '2', charset: 'UTF-8', text: 'вспышка' },
    text: 'вспышка',
    expect: { data_coding: 0x18 },
  },
  {
    what: 'binary with a user data header',
    send: { from: 'Interop', coding: '1', udh: UDH, text: Buffer.from('0106040100ff00', 'hex') },
    text: Buffer.from('0106040100ff00', 'hex'),
    expect: { data_coding: 4, esm_class: 0x43 },
  },
  {
    what: 'protocol_id, priority, reply path, validity',
    send: { from: 'Interop', pid: '65', priority: '2', rpi: '1', validity: '60', text: 'fields' },
    text: 'fields',
    expect: { protocol_id: 65, priority_flag: 2, esm_class: 0x83 },
  },
  {
    what: 'message waiting indication',
    send: { from: 'Interop', mwi: '1', text: 'fax' },
    // The npm package takes the low half of the octet for an alphabet, and knows none of number 9.
    text: Buffer.from('fax'),
    expect: { data_coding: 0xd9 },
  },
];

export async function checkKannelForms(ground: Ground): Promise<void> {
  const { checks } = ground;
  checks.topic('starts and binds as a transceiver');
  const { upstream, front } = await serveWithUpstream(ground);
  const kannel = await new KannelBoxes(ground, 'forms').start([smppGroup(front.port)]);
  if (!(await kannel.online(1))) return;
  for (const [index, one] of CASES.entries()) await checkCase(ground, kannel, upstream, one, index);
  await checkRefused(ground, kannel);
  await checkFailuresOnly(ground, kannel, upstream);
  await checkMany(ground, kannel, upstream);
  await checkSuspended(ground, kannel, upstream, front);
  checks.topic('ends in order');
  checks.equal('exit code of the bearerbox', await kannel.stop(), 0);
  const commands = front.theirs.map((pdu) => pdu.readUInt32BE(4));
  checks.that('it sent unbind', commands.includes(0x06));
  checks.that(
    'and was answered',
    front.ours.some((pdu) => pdu.readUInt32BE(4) === 0x8000_0006),
  );
  checks.that('it sent enquire_link', commands.includes(0x15));
  const nacks = [...front.ours, ...front.theirs].filter((pdu) => pdu.readUInt32BE(4) === 0x8000_0000);
  checks.equal(
    'nobody sent generic_nack',
    nacks.map((pdu) => pdu.toString('hex')),
    [],
  );
  checks.equal('what Kannel complains of', kannel.complaints, []);
}

function partsAt(upstream: NpmUpstream, number: string): Asked[] {
  return upstream.of('submit_sm').filter(({ pdu }) => pdu.destination_addr === number);
}

async function checkCase(
  ground: Ground,
  kannel: KannelBoxes,
  upstream: NpmUpstream,
  one: Case,
  index: number,
): Promise<void> {
  const { checks } = ground;
  const { parts = 1, fails = false } = one;
  checks.topic(`message: ${one.what}`);
  const number = `4477009${String(index).padStart(5, '0')}`;
  const key = `case${index}`;
  checks.equal('Kannel takes it', await kannel.send(key, ALL, { to: `+${number}`, ...one.send }), QUEUED);
  if (!(await ground.comes(`${parts} come to the SMSC`, () => partsAt(upstream, number).length === parts)))
    return;
  const came = partsAt(upstream, number);
  checks.equal('the text', wholeOf(came), one.text);
  for (const { pdu } of came) {
    for (const [field, value] of Object.entries(one.expect)) checks.equal(field, pdu[field], value);
    checks.equal('dest_addr_ton', pdu.dest_addr_ton, 1);
    if (one.send.udh !== undefined) checks.equal('the header', udhOf(pdu), [UDH.subarray(1)]);
  }
  for (const asked of came) await answer(ground, upstream, asked, fails);
  const last = fails ? FAILED : DELIVERED;
  await ground.comes('the report comes', () => kannel.typesOf(key).includes(last));
  const expected = [last, ACCEPTED].toSorted((low, high) => low - high);
  checks.equal('reports, each once', kannel.typesOf(key), expected);
  const report = kannel.reports.find((seen) => seen.key === key && seen.type === last);
  const stat = fails ? 'stat:UNDELIV err:027' : 'stat:DELIVRD err:000';
  checks.that('the text of the receipt', report?.answer.includes(stat) === true, report?.answer);
}

/** The SMSC's receipt of one PDU, taken by the gateway. */
async function answer(ground: Ground, upstream: NpmUpstream, asked: Asked, fails: boolean): Promise<void> {
  if (((asked.pdu.registered_delivery as number) & 3) === 0) return;
  const taken = await upstream.receipt(asked, fails ? 'UNDELIV' : 'DELIVRD');
  ground.checks.equal('the SMSC is told that its receipt is taken', taken.command_status, 0);
}

function wholeOf(parts: readonly Asked[]): string | Buffer {
  if (parts.length === 1) return textOf(parts[0].pdu);
  const numberOf = ({ pdu }: Asked): number => udhOf(pdu)[0]?.at(-1) ?? 0;
  const inOrder = [...parts].sort((one, other) => numberOf(one) - numberOf(other));
  return inOrder.map(({ pdu }) => String(textOf(pdu))).join('');
}

/** Text in an alphabet that nobody here converts is refused by the gateway, and Kannel reports it so. */
async function checkRefused(ground: Ground, kannel: KannelBoxes): Promise<void> {
  const { checks } = ground;
  checks.topic('message: refused by the gateway');
  const fields = {
    from: 'Interop',
    to: '+447700990001',
    'meta-data': '?smpp?data_coding=9',
    text: 'pictogram',
  };
  checks.equal('Kannel takes it', await kannel.send('refused', ALL, fields), QUEUED);
  await ground.comes('the report comes', () => kannel.typesOf('refused').length > 0);
  checks.equal('reports', kannel.typesOf('refused'), [REFUSED]);
}

/** dlr-mask 2 is registered_delivery 2: only a failure is told. */
async function checkFailuresOnly(ground: Ground, kannel: KannelBoxes, upstream: NpmUpstream): Promise<void> {
  const { checks } = ground;
  checks.topic('reports of failures only');
  for (const [key, number, fails] of [
    ['fine', '447700990002', false],
    ['bad', '447700990003', true],
  ] as const) {
    await kannel.send(key, FAILED, { from: 'Interop', to: `+${number}`, text: key });
    if (!(await ground.comes(`${key} comes`, () => partsAt(upstream, number).length === 1))) return;
    const [asked] = partsAt(upstream, number);
    checks.equal('registered_delivery', asked.pdu.registered_delivery, 2);
    await answer(ground, upstream, asked, fails);
  }
  await ground.comes('the failure is told', () => kannel.typesOf('bad').includes(FAILED));
  checks.equal('and nothing else', [...kannel.typesOf('fine'), ...kannel.typesOf('bad')], [FAILED]);
}

const DELIVER_SM_RESP = 0x8000_0005;
const RX_T_APPN = 0x64;

/** A suspended Kannel answers receipts with ESME_RX_T_APPN: they are kept and come again. */
async function checkSuspended(
  ground: Ground,
  kannel: KannelBoxes,
  upstream: NpmUpstream,
  front: Tap,
): Promise<void> {
  const { checks } = ground;
  checks.topic('receipts while Kannel is suspended');
  upstream.onMessage = () => undefined;
  await kannel.send('later', ALL, { from: 'Interop', to: '+447700990005', text: 'later' });
  if (!(await ground.comes('the message comes', () => partsAt(upstream, '447700990005').length === 1)))
    return;
  await kannel.command('suspend');
  await answer(ground, upstream, partsAt(upstream, '447700990005')[0], false);
  const deferred = (): boolean =>
    front.theirs.some((pdu) => commandIdOf(pdu) === DELIVER_SM_RESP && statusOf(pdu) === RX_T_APPN);
  await ground.comes('Kannel puts the receipt off', deferred);
  checks.that('and tells nobody', !kannel.typesOf('later').includes(DELIVERED));
  await kannel.command('resume');
  await ground.comes('it comes after all', () => kannel.typesOf('later').includes(DELIVERED), 40_000);
}

const MANY = 40;

/** As fast as Kannel's window lets them: each once, each with its receipt. */
async function checkMany(ground: Ground, kannel: KannelBoxes, upstream: NpmUpstream): Promise<void> {
  const { checks } = ground;
  checks.topic(`${MANY} messages at once`);
  const texts = Array.from({ length: MANY }, (_, index) => `many ${index}`);
  upstream.onMessage = (asked) => void answer(ground, upstream, asked, false);
  const to = '+447700990004';
  await Promise.all(
    texts.map((text, index) => kannel.send(`many${index}`, ALL, { from: 'Interop', to, text })),
  );
  await ground.comes('all come', () => partsAt(upstream, to.slice(1)).length >= MANY);
  const came = partsAt(upstream, to.slice(1)).map(({ pdu }) => String(textOf(pdu)));
  checks.equal('each once', came.toSorted(), texts.toSorted());
  const told = (): number =>
    kannel.reports.filter(({ key, type }) => key.startsWith('many') && type === 1).length;
  await ground.comes('all are told delivered', () => told() >= MANY);
  checks.equal('each once', told(), MANY);
}
