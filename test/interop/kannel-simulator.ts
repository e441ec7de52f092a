/** Kannel as a client of `tollgate sim`: what it counts and records is what was sent, in each manner of receipts. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from '../support/daemon.ts';
import { freePort } from '../support/ports.ts';
import type { Ground } from './ground.ts';
import { KannelBoxes, smppGroup } from './kannel-boxes.ts';

const DELIVERED = 1;
const FAILED = 2;
const BUFFERED = 4;
const ACCEPTED = 8;
const REFUSED = 16;
const ALL = 31;
const COUNT = 24;

interface Manner {
  what: string;
  words: string[];
  lines: Record<string, string | number>;
  /** Types of the reports that each message gets. */
  reports: readonly number[];
  /** How many receipts the simulator sends for each. */
  receipts: number;
  /** Behind each text in the record. */
  note?: string;
}

const MANNERS: readonly Manner[] = [
  { what: 'text receipts', words: [], lines: {}, reports: [DELIVERED, ACCEPTED], receipts: 1 },
  {
    what: 'TLVs beside the text, failed',
    words: ['--receipt-tlvs', '--receipt-state', 'UNDELIV', '--id-format', 'uuid'],
    lines: {},
    reports: [FAILED, ACCEPTED],
    receipts: 1,
  },
  {
    what: 'hexadecimal ids, decimal in receipts',
    words: ['--id-format', 'hex-resp-dec-receipt', '--latency-ms', '5-20', '--out-of-order'],
    // Kannel's word for it: bit 0 of msg-id-type says that submit_sm_resp is hexadecimal.
    lines: { 'msg-id-type': '0x01' },
    reports: [DELIVERED, ACCEPTED],
    receipts: 1,
  },
  {
    what: 'receipts in data_sm, ENROUTE before them',
    words: ['--receipt-carrier', 'data_sm', '--receipts', 'intermediate', '--receipt-delay-ms', '20'],
    lines: {},
    reports: [DELIVERED, BUFFERED, ACCEPTED],
    receipts: 2,
  },
  {
    what: 'every message refused',
    words: ['--error-rate', '1', '--error-status', 'ESME_RINVDSTADR'],
    lines: {},
    reports: [REFUSED],
    receipts: 0,
    note: ' 0000000b',
  },
];

interface Summary {
  submits: number;
  binds: number;
  receiptsSent: number;
  receiptsAcked: number;
  repeats: number;
}

export async function checkKannelSimulator(ground: Ground): Promise<void> {
  for (const [index, manner] of MANNERS.entries()) {
    await checkManner(ground, manner, index);
    await ground.rest();
  }
}

async function checkManner(
  ground: Ground,
  { what, words, lines, reports, receipts, note = '' }: Manner,
  index: number,
): Promise<void> {
  const { checks } = ground;
  checks.topic(`tollgate sim: ${what}`);
  const port = await freePort();
  const record = join(ground.path, `record${index}`);
  const simulator = new Command(['sim', '--port', String(port), '--record', record, ...words]);
  ground.onEnd(() => simulator.kill('SIGKILL'));
  await ground.comes('the simulator listens', () => simulator.stdout.includes('listening'));
  const tap = await ground.tap(port, 'server');
  const kannel = await new KannelBoxes(ground, `simulator${index}`).start([smppGroup(tap.port, lines)]);
  if (!(await kannel.online(1))) return;
  const keys = Array.from({ length: COUNT }, (_, number) => `sim${index}.${number}`);
  for (const key of keys) {
    await kannel.send(key, ALL, { from: 'Interop', to: '+447700900123', text: textOf(key) });
  }
  const told = (): boolean => keys.every((key) => kannel.typesOf(key).length >= reports.length);
  await ground.comes('every message is reported', told, 30_000);
  for (const key of keys) checks.equal(`reports of ${key}`, kannel.typesOf(key), reports);
  checks.equal('exit code of the bearerbox', await kannel.stop(), 0);
  await simulator.kill('SIGTERM');
  const summary = JSON.parse(simulator.stdout.trim().split('\n').at(-1) ?? '{}') as Summary;
  const { submits, receiptsSent, receiptsAcked, repeats } = summary;
  const sent = receipts * COUNT;
  const counts = { submits: COUNT, receiptsSent: sent, receiptsAcked: sent, repeats: 0 };
  checks.equal('what the simulator counts', { submits, receiptsSent, receiptsAcked, repeats }, counts);
  const recorded = readFileSync(record, 'utf8').trim().split('\n');
  const texts = keys.map((key) => textOf(key) + note);
  checks.equal('the texts that it recorded', recorded.toSorted(), texts.toSorted());
}

/** The simulator records 40 octets up to the first blank: the whole of this. */
function textOf(key: string): string {
  return key.padEnd(40, '#');
}
