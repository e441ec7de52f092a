/** What we really wrote to the peers of the other parts, and the pcap file that a trace makes of it. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodePdu } from '../../src/smpp/codec.ts';
import { VERSION_50 } from '../../src/smpp/constants.ts';
import { PcapWriter } from '../../src/smpp/pcap.ts';
import type { Ground } from './ground.ts';
import { pcapOf } from './pcap-file.ts';
import { dissect } from './pdml.ts';
import type { PdmlField, PdmlPacket } from './pdml.ts';
import { isMisread } from './tshark-expected.ts';

const PDUS_MAX = 4_000;

/** Command, sequence and length: one PDU of a kind and size is as good as another. */
function unlike(pdus: readonly Buffer[]): Buffer[] {
  const byKind = new Map(
    pdus.map((pdu) => [`${pdu.readUInt32BE(4)} ${pdu.readUInt32BE(8)} ${pdu.length}`, pdu]),
  );
  return [...byKind.values()].slice(0, PDUS_MAX);
}

export async function checkWire(ground: Ground): Promise<void> {
  const { checks } = ground;
  checks.topic('PDUs that we wrote to the peers of the other parts');
  const pdus = unlike(ground.wire);
  if (pdus.length === 0) {
    checks.note('no other part ran before it: no traffic of theirs to look at');
    return;
  }
  const path = join(ground.path, 'wire.pcap');
  writeFileSync(path, pcapOf(pdus));
  const packets = await dissect(path, false);
  checks.equal('tshark sees each of them', packets.length, pdus.length);
  for (const [index, packet] of packets.entries()) {
    const hex = pdus[index].toString('hex');
    if (!hasMisread(pdus[index])) checks.equal(`${hex}: complaints`, packet.complaints, []);
    checks.equal(`${hex}: PDUs`, packet.pdus.length, 1);
  }
}

function hasMisread(pdu: Buffer): boolean {
  const decoded = decodePdu(pdu, 0, pdu.length, VERSION_50, { lenient: true });
  return decoded.ok && decoded.pdu.tlvs.some(isMisread);
}

const SOCKETS = [
  { session: 'four', local: '192.0.2.1:2775', remote: '192.0.2.2:40001' },
  { session: 'six', local: '[2001:db8::1]:2775', remote: '[2001:db8::2]:40002' },
];

/** A trace of two sessions: streams that go on without a hole, checksums right, each PDU found where it is. */
export async function checkTraceFile(ground: Ground): Promise<void> {
  const { checks } = ground;
  checks.topic('the pcap file of a trace');
  const chunks: Buffer[] = [];
  const writer = new PcapWriter((octets) => chunks.push(octets));
  const pdus = tracePdus();
  for (const { session, local, remote } of SOCKETS) {
    writer.open(session, local, remote);
    for (const [index, pdu] of pdus.entries())
      writer.data(session, index % 2 === 0 ? 'in' : 'out', 1_000 * index, pdu);
  }
  const path = join(ground.path, 'trace.pcap');
  writeFileSync(path, Buffer.concat(chunks));
  const packets = await dissect(path, true);
  checks.equal(
    'complaints',
    packets.flatMap(({ complaints }) => complaints.filter(isFault)),
    [],
  );
  const seen = packets.flatMap((packet) => packet.pdus.map(headOf));
  const made = pdus.map((pdu) => `${pdu.readUInt32BE(0)} ${pdu.readUInt32BE(4)} ${pdu.readUInt32BE(12)}`);
  checks.equal('PDUs of both sessions', seen, [...made, ...made]);
  const ports = new Set(packets.flatMap(portsOf));
  checks.equal(
    'ports',
    [...ports].toSorted((low, high) => low - high),
    [2775, 40_001, 40_002],
  );
}

/** Of every size up to several segments. */
function tracePdus(): Buffer[] {
  return [16, 17, 62, 1_000, 1_461, 4_000, 65_000, 16].map((length, index) => {
    const pdu = Buffer.alloc(length, 0x41);
    pdu.writeUInt32BE(length, 0);
    // generic_nack and unbind: a body of theirs is nobody's business.
    pdu.writeUInt32BE(index % 2 === 0 ? 0x8000_0000 : 0x06, 4);
    pdu.writeUInt32BE(0, 8);
    pdu.writeUInt32BE(index + 1, 12);
    return pdu;
  });
}

function headOf({ fields }: PdmlField): string {
  const number = (name: string): number =>
    Number(`0x${fields.find((field) => field.name === `smpp.${name}`)?.value ?? '0'}`);
  return `${number('command_length')} ${number('command_id')} ${number('sequence_number')}`;
}

function portsOf({ port }: PdmlPacket): number[] {
  return [port];
}

/** A stream that was there before the file began is no fault of the file. */
function isFault(complaint: string): boolean {
  return !/Expert Info \((?:Chat|Note)\//.test(complaint);
}
