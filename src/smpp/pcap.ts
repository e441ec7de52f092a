/**
 * Traced PDUs as a pcap file for Wireshark: the addresses, ports and bytes of the session, in IP and TCP headers that
 * are made up around them, and right: lengths, checksums, and sequence numbers that go on from packet to packet.
 *
 *  file header   magic 4, version 2 + 2, 8 octets of 0, snaplen 4, link type 4
 *  packet        seconds 4, microseconds 4, captured 4, length 4, then the packet: IPv4 or IPv6, TCP, octets
 *
 * in the file's byte order (here little-endian), what is inside of packets in the network's.
 */
import type { TraceDirection } from './trace-feed.ts';

const MAGIC = 0xa1b2_c3d4;
const SNAPLEN = 262_144;
/** Packets begin with an IP header of either version. */
const LINKTYPE_RAW = 101;
const PACKET_HEADER_BYTES = 16;
const IPV4_BYTES = 20;
const IPV6_BYTES = 40;
const TCP_BYTES = 20;
const PROTOCOL_TCP = 6;
const HOPS = 64;
const DO_NOT_FRAGMENT = 0x4000;
const TCP_OFFSET = (TCP_BYTES / 4) << 4;
const TCP_ACK = 0x10;
const TCP_PSH_ACK = 0x18;
const TCP_WINDOW = 0xffff;
/** What an Ethernet of 1500 octets leaves for IP and TCP headers and data. */
const PACKET_BYTES_MAX = 1500;

interface Side {
  address: Buffer;
  port: number;
  /** sequence number of the next octet that it sends. */
  next: number;
}

interface Flow {
  local: Side;
  remote: Side;
}

export class PcapWriter {
  readonly #write: (bytes: Buffer) => void;
  readonly #flows = new Map<string, Flow>();
  #packetId = 0;

  /** `write` takes the bytes of the file, the header at once. */
  constructor(write: (bytes: Buffer) => void) {
    this.#write = write;
    const header = Buffer.alloc(24);
    header.writeUInt32LE(MAGIC, 0);
    header.writeUInt16LE(2, 4);
    header.writeUInt16LE(4, 6);
    header.writeUInt32LE(SNAPLEN, 16);
    header.writeUInt32LE(LINKTYPE_RAW, 20);
    write(header);
  }

  /** A connection begins; `address:port` of both sides, '' where one is not known. */
  open(session: string, local: string, remote: string): void {
    const [a, b] = [parseEndpoint(local), parseEndpoint(remote)];
    const isV6 = a.address.length !== b.address.length;
    const side = ({ address, port }: Omit<Side, 'next'>): Side => ({
      address: isV6 && address.length === 4 ? asV6(address) : address,
      port,
      next: 1,
    });
    this.#flows.set(session, { local: side(a), remote: side(b) });
  }

  /** Octets of the stream, in as many packets as they need. */
  data(session: string, direction: TraceDirection, timeMs: number, octets: Buffer): void {
    const flow = this.#flows.get(session);
    if (flow === undefined) throw new Error(`no connection of session ${session}`);
    const [from, to] = direction === 'in' ? [flow.remote, flow.local] : [flow.local, flow.remote];
    const most = PACKET_BYTES_MAX - ipBytes(from) - TCP_BYTES;
    for (let at = 0; at < octets.length; at += most) {
      const piece = octets.subarray(at, at + most);
      this.#packet(timeMs, from, to, piece, at + most >= octets.length);
      from.next = (from.next + piece.length) >>> 0;
    }
  }

  /** So many octets were not seen: a reader finds them missing. */
  gap(session: string, direction: TraceDirection, bytes: number): void {
    const flow = this.#flows.get(session);
    if (flow === undefined) return;
    const from = direction === 'in' ? flow.remote : flow.local;
    from.next = (from.next + bytes) >>> 0;
  }

  #packet(timeMs: number, from: Side, to: Side, octets: Buffer, isLast: boolean): void {
    const head = ipBytes(from);
    const length = head + TCP_BYTES + octets.length;
    const b = Buffer.alloc(PACKET_HEADER_BYTES + length);
    b.writeUInt32LE(Math.floor(timeMs / 1000), 0);
    b.writeUInt32LE(Math.round((timeMs % 1000) * 1000), 4);
    b.writeUInt32LE(length, 8);
    b.writeUInt32LE(length, 12);
    const packet = b.subarray(PACKET_HEADER_BYTES);
    if (head === IPV4_BYTES) writeIpv4(packet, length, ++this.#packetId & 0xffff, from, to);
    else writeIpv6(packet, length, from, to);
    octets.copy(packet, head + TCP_BYTES);
    writeTcp(packet.subarray(head), from, to, isLast ? TCP_PSH_ACK : TCP_ACK);
    this.#write(b);
  }
}

function ipBytes({ address }: Side): number {
  return address.length === 4 ? IPV4_BYTES : IPV6_BYTES;
}

/** RFC 791 section 3.1. */
function writeIpv4(b: Buffer, length: number, id: number, from: Side, to: Side): void {
  b[0] = 0x45;
  b.writeUInt16BE(length, 2);
  b.writeUInt16BE(id, 4);
  b.writeUInt16BE(DO_NOT_FRAGMENT, 6);
  b[8] = HOPS;
  b[9] = PROTOCOL_TCP;
  from.address.copy(b, 12);
  to.address.copy(b, 16);
  b.writeUInt16BE(checksum(sum(b, 0, IPV4_BYTES)), 10);
}

/** RFC 8200 section 3. */
function writeIpv6(b: Buffer, length: number, from: Side, to: Side): void {
  b[0] = 0x60;
  b.writeUInt16BE(length - IPV6_BYTES, 4);
  b[6] = PROTOCOL_TCP;
  b[7] = HOPS;
  from.address.copy(b, 8);
  to.address.copy(b, 24);
}

/** RFC 9293 section 3.1; `b` is the segment, its data in place. */
function writeTcp(b: Buffer, from: Side, to: Side, flags: number): void {
  b.writeUInt16BE(from.port, 0);
  b.writeUInt16BE(to.port, 2);
  b.writeUInt32BE(from.next, 4);
  b.writeUInt32BE(to.next, 8);
  b[12] = TCP_OFFSET;
  b[13] = flags;
  b.writeUInt16BE(TCP_WINDOW, 14);
  // The pseudo header is the same sum for both versions: addresses, length, protocol.
  const pseudo = sum(from.address, 0, from.address.length) + sum(to.address, 0, to.address.length);
  b.writeUInt16BE(checksum(pseudo + b.length + PROTOCOL_TCP + sum(b, 0, b.length)), 16);
}

/** Of 16-bit words; an odd octet at the end counts as the high half of one (RFC 1071). */
function sum(b: Buffer, from: number, to: number): number {
  let total = 0;
  for (let at = from; at + 1 < to; at += 2) total += b.readUInt16BE(at);
  return (to - from) % 2 === 0 ? total : total + (b[to - 1] << 8);
}

function checksum(total: number): number {
  let folded = total;
  while (folded > 0xffff) folded = (folded & 0xffff) + Math.floor(folded / 0x1_0000);
  return ~folded & 0xffff;
}

/** `192.0.2.1:2775`, `[2001:db8::1]:2775`; anything else is 0.0.0.0:0. */
function parseEndpoint(text: string): Omit<Side, 'next'> {
  const found = /^(?:\[([0-9A-Fa-f:.]+)(?:%[^\]]*)?\]|(\d+\.\d+\.\d+\.\d+)):(\d+)$/.exec(text);
  if (found === null) return { address: Buffer.alloc(4), port: 0 };
  const [, v6, v4, port] = found;
  return { address: v6 === undefined ? v4Octets(v4) : v6Octets(v6), port: Number(port) };
}

function v4Octets(text: string): Buffer {
  return Buffer.from(text.split('.').map(Number));
}

function v6Octets(text: string): Buffer {
  // The last 32 bits may be written as an IPv4 address.
  const plain = text.replace(/(\d+\.\d+\.\d+\.\d+)$/, (v4) => {
    const octets = v4Octets(v4);
    return `${octets.readUInt16BE(0).toString(16)}:${octets.readUInt16BE(2).toString(16)}`;
  });
  const [before, after] = plain.split('::');
  const [head, tail] = [words(before), words(after)];
  const zeros = Array.from({ length: 8 - head.length - tail.length }, () => '0');
  const octets = Buffer.alloc(16);
  [...head, ...zeros, ...tail].forEach((word, at) => octets.writeUInt16BE(Number.parseInt(word, 16), 2 * at));
  return octets;
}

function words(part: string | undefined): string[] {
  return part === undefined || part === '' ? [] : part.split(':');
}

function asV6(v4: Buffer): Buffer {
  return Buffer.concat([Buffer.alloc(10), Buffer.from([0xff, 0xff]), v4]);
}
