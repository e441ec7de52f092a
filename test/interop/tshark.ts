/** tshark reads every PDU that we write: no complaint, and each field is what went in. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodePdu } from '../../src/smpp/codec.ts';
import type { PduInput } from '../../src/smpp/codec.ts';
import * as smpp from '../../src/smpp/constants.ts';
import { tlvName } from '../../src/smpp/tags.ts';
import type { Checks } from './checks.ts';
import type { Ground, Part } from './ground.ts';
import { PCAP_PDUS_MAX, pcapOf, portOf } from './pcap-file.ts';
import { dissect } from './pdml.ts';
import type { PdmlPacket } from './pdml.ts';
import { TSHARK } from './programs.ts';
import { largeCases, randomCases, SEED, STUMBLES, writerCases } from './tshark-cases.ts';
import type { Case } from './tshark-cases.ts';
import { expectedFields, expectedTlvs, isMisread, shownFields, shownTlvs } from './tshark-expected.ts';
import { checkTraceFile, checkWire } from './tshark-wire.ts';

/** Commands of 3.3 that tshark has no name for: it takes them for data of an unknown protocol. */
const UNKNOWN_THERE = new Set([
  'query_last_msgs',
  'query_last_msgs_resp',
  'query_msg_details',
  'query_msg_details_resp',
  'param_retrieve',
  'param_retrieve_resp',
]);
/** Responses of which tshark reads no optional parameters, though 5.0 allows them everywhere. */
const WITHOUT_TLVS_THERE = new Set([
  'enquire_link_resp',
  'unbind_resp',
  'generic_nack',
  'query_sm_resp',
  'cancel_sm_resp',
  'replace_sm_resp',
  'cancel_broadcast_sm_resp',
]);
/** 5.0's name of it. */
const ALIASES: Record<string, string> = { dest_port: 'destination_port' };
/** Shown as a line of text without its octets. */
const OCTETS_NOT_SHOWN: readonly number[] = [smpp.TLV_CALLBACK_NUM, smpp.TLV_CALLBACK_NUM_ATAG];

const LIMITS = [
  `not known to it: ${[...UNKNOWN_THERE].join(', ')}`,
  'it takes nothing longer than 65,536 octets for SMPP: message_payload is tried up to 65,000 octets',
  `it reads no TLVs of ${[...WITHOUT_TLVS_THERE].join(', ')}`,
];
const TEXT_WITH_HEADER = /^smpp\.message_text: .*Trailing stray characters/;

/** The same PDU without what tshark stumbles over. */
function withoutMisread(one: Case): Case | undefined {
  const tlvs = one.pdu.tlvs ?? [];
  if (!tlvs.some(isMisread)) return undefined;
  const pdu = { ...one.pdu, tlvs: tlvs.filter((tlv) => !isMisread(tlv)) } as PduInput;
  // Lenient: a broadcast_sm lacks what it must have then.
  return { ...one, pdu, octets: encodePdu(pdu, smpp.VERSION_50, { lenient: true }) };
}

async function run(ground: Ground): Promise<void> {
  const { checks } = ground;
  checks.note(`PDUs are drawn with seed ${SEED}`);
  for (const note of LIMITS) checks.note(note);
  await noteStumbles(ground);
  const drawn = [...randomCases(), ...largeCases(), ...writerCases()];
  const cases = [...drawn, ...drawn.map(withoutMisread).filter((one) => one !== undefined)];
  checks.topic('a pcap file of every command and version');
  checks.that('there is a port for each PDU', cases.length <= PCAP_PDUS_MAX);
  const path = join(ground.path, 'every.pcap');
  writeFileSync(path, pcapOf(cases.map(({ octets }) => octets)));
  const packets = new Map<number, PdmlPacket>();
  for (const packet of await dissect(path, false)) packets.set(packet.port, packet);
  checks.equal('tshark sees each of them', packets.size, cases.length);
  // In order of the topics, so that the table has a row for each.
  const order = [...new Set(cases.map(({ topic }) => topic))];
  for (const topic of order) {
    checks.topic(topic);
    for (const [index, one] of cases.entries()) {
      if (one.topic === topic) checkCase(checks, one, packets.get(portOf(index)));
    }
  }
  await checkWire(ground);
  await checkTraceFile(ground);
}

/** Says which of its known faults this tshark has: what they touch is checked up to there, and again without it. */
async function noteStumbles({ checks, path }: Ground): Promise<void> {
  const file = join(path, 'stumbles.pcap');
  writeFileSync(file, pcapOf(STUMBLES.map(({ pdu }) => encodePdu(pdu, smpp.VERSION_50, { lenient: true }))));
  const packets = await dissect(file, false);
  for (const [index, { what }] of STUMBLES.entries()) {
    const complains = packets[index]?.complaints.length > 0;
    checks.note(
      `${complains ? 'a fault of its own, left out' : 'no fault of this version any more'}: ${what}`,
    );
  }
}

function checkCase(checks: Checks, one: Case, packet: PdmlPacket | undefined): void {
  const { pdu, octets } = one;
  const what = `${pdu.command} ${octets.length > 400 ? `${octets.toString('hex', 0, 400)}..` : octets.toString('hex')}`;
  if (packet === undefined) return;
  if (UNKNOWN_THERE.has(pdu.command)) {
    checks.that(
      `${what}: is taken for data`,
      packet.pdus.length === 0 && packet.protocols.includes('fake-field-wrapper'),
    );
    return;
  }
  if (!checks.equal(`${what}: PDUs`, packet.pdus.length, 1)) return;
  const [seen] = packet.pdus;
  const tlvs = pdu.tlvs ?? [];
  const misreadAt = tlvs.findIndex(isMisread);
  const complaints = packet.complaints.filter((one) => !TEXT_WITH_HEADER.test(one));
  if (misreadAt < 0) checks.equal(`${what}: complaints`, complaints, []);
  const header = new Map(seen.fields.map(({ name, value }) => [name, value]));
  const number = (name: string): number => Number(`0x${header.get(`smpp.${name}`) ?? '0'}`);
  checks.equal(`${what}: command_length`, number('command_length'), octets.length);
  checks.equal(`${what}: command_id`, number('command_id'), idOf(pdu.command));
  checks.equal(`${what}: command_status`, number('command_status'), pdu.commandStatus ?? 0);
  checks.equal(`${what}: sequence_number`, number('sequence_number'), pdu.sequenceNumber);
  // Of a response with an error it reads the header only.
  if ((pdu.commandStatus ?? 0) !== 0) return;
  checks.equal(`${what}: fields`, shownFields(seen), expectedFields(pdu));
  if (WITHOUT_TLVS_THERE.has(pdu.command)) return;
  const upTo = misreadAt < 0 ? tlvs.length : misreadAt;
  const shown = shownTlvs(seen).slice(0, misreadAt < 0 ? undefined : upTo);
  checks.equal(
    `${what}: TLVs`,
    shown.map(({ tag, length, value }) => ({ tag, length, value })),
    expectedTlvs(tlvs.slice(0, upTo), OCTETS_NOT_SHOWN),
  );
  const names = shown.map(({ name }) => ALIASES[name] ?? name);
  checks.equal(
    `${what}: names of TLVs`,
    names,
    tlvs.slice(0, upTo).map(({ tag }) => tlvName(tag)),
  );
}

function idOf(command: string): number {
  return (smpp as unknown as Record<string, number>)[command.toUpperCase()];
}

export const tsharkPart: Part = { name: 'tshark', needs: [TSHARK], limitMs: 300_000, run };
