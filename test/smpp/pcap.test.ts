/** Read here by hand, as the RFCs and the pcap format draw it; the test of a whole daemon asks tshark too. */
import { describe, expect, test } from 'vitest';
import { PcapWriter } from '../../src/smpp/pcap.ts';
import { readPcap } from '../support/pcap.ts';
import type { Packet } from '../support/pcap.ts';

const TIME_MS = 1_767_225_600_123;

function packetsOf(write: (pcap: PcapWriter) => void): Packet[] {
  const chunks: Buffer[] = [];
  write(new PcapWriter((bytes) => chunks.push(bytes)));
  return readPcap(Buffer.concat(chunks));
}

const octets = (length: number): Buffer => Buffer.from(Array.from({ length }, (_, at) => at % 251));

test('both directions, with the right sides and numbers that go on', () => {
  const packets = packetsOf((pcap) => {
    pcap.open('a', '192.0.2.1:2775', '198.51.100.7:40000');
    pcap.data('a', 'in', TIME_MS, octets(62));
    pcap.data('a', 'out', TIME_MS + 1, octets(33));
    pcap.data('a', 'in', TIME_MS + 2, octets(17));
  });
  const [first] = packets;
  expect(first).toMatchObject({
    source: '198.51.100.7',
    sourcePort: 40_000,
    dest: '192.0.2.1',
    destPort: 2775,
  });
  expect(first.timeMs).toBe(TIME_MS);
  expect(packets.map(({ sourcePort }) => sourcePort)).toEqual([40_000, 2775, 40_000]);
  expect(packets.map(({ sequence, acknowledged }) => [sequence, acknowledged])).toEqual([
    [1, 1],
    [1, 63],
    [63, 34],
  ]);
  expect(packets.map(({ data }) => data.length)).toEqual([62, 33, 17]);
  expect(first.data).toEqual(octets(62));
});

test.each([
  ['IPv4', '192.0.2.1:2775', '198.51.100.7:40000', 4],
  ['IPv6', '[2001:db8::1]:2775', '[2001:db8:0:1:2:3:4:5]:40000', 6],
  ['IPv6 with a zone and an end in IPv4 form', '[fe80::1%eth0]:2775', '[64:ff9b::192.0.2.33]:40000', 6],
  ['one of each', '192.0.2.1:2775', '[2001:db8::7]:40000', 6],
  ['addresses that nobody knows', '', '', 4],
])('%s: every checksum is right, of every length, even and odd', (_what, local, remote, version) => {
  // readPcap throws where a length or a checksum is wrong.
  const packets = packetsOf((pcap) => {
    pcap.open('a', local, remote);
    for (let length = 16; length < 80; length++)
      pcap.data('a', length % 3 === 0 ? 'in' : 'out', TIME_MS, octets(length));
    pcap.data('a', 'in', TIME_MS, Buffer.alloc(1_000, 0xff));
  });
  expect(packets).toHaveLength(65);
  expect(new Set(packets.map((packet) => packet.version))).toEqual(new Set([version]));
});

test('addresses of IPv6 are the ones that they spell', () => {
  const spelled = packetsOf((pcap) => {
    pcap.open('a', '[fe80::1%eth0]:2775', '[64:ff9b::192.0.2.33]:40000');
    pcap.data('a', 'out', TIME_MS, octets(16));
    pcap.open('b', '192.0.2.1:2775', '[2001:db8::]:40000');
    pcap.data('b', 'out', TIME_MS, octets(16));
  });
  expect(spelled.map(({ source, dest }) => [source, dest])).toEqual([
    ['fe80:0:0:0:0:0:0:1', '64:ff9b:0:0:0:0:c000:221'],
    ['0:0:0:0:0:ffff:c000:201', '2001:db8:0:0:0:0:0:0'],
  ]);
});

describe('a PDU larger than a packet', () => {
  test.each([
    ['192.0.2.1:2775', '192.0.2.2:40000', 1460],
    ['[2001:db8::1]:2775', '[2001:db8::2]:40000', 1440],
  ])('from %s goes in pieces that an Ethernet carries', (local, remote, most) => {
    const pdu = octets(131_072);
    const packets = packetsOf((pcap) => {
      pcap.open('a', local, remote);
      pcap.data('a', 'in', TIME_MS, pdu);
    });
    expect(Math.max(...packets.map(({ data }) => data.length))).toBe(most);
    expect(Buffer.concat(packets.map(({ data }) => data))).toEqual(pdu);
    let next = 1;
    for (const packet of packets) {
      expect(packet.sequence).toBe(next);
      next += packet.data.length;
    }
    // Only the last one is pushed.
    expect(packets.filter(({ flags }) => flags === 0x18)).toEqual([packets.at(-1)]);
  });
});

test('what was missed is a gap in the numbers, and a new connection begins anew', () => {
  const packets = packetsOf((pcap) => {
    pcap.open('a', '192.0.2.1:2775', '192.0.2.2:40000');
    pcap.data('a', 'in', TIME_MS, octets(20));
    pcap.gap('a', 'in', 1_000);
    pcap.data('a', 'in', TIME_MS, octets(20));
    pcap.open('a', '192.0.2.1:2775', '192.0.2.2:40001');
    pcap.data('a', 'in', TIME_MS, octets(20));
  });
  expect(packets.map(({ sequence, sourcePort }) => [sequence, sourcePort])).toEqual([
    [1, 40_000],
    [1_021, 40_000],
    [1, 40_001],
  ]);
});
