/** Reads a pcap file of raw IP packets with TCP in them, and throws where a length or a checksum is wrong. */

export interface Packet {
  timeMs: number;
  version: number;
  source: string;
  dest: string;
  sourcePort: number;
  destPort: number;
  sequence: number;
  acknowledged: number;
  flags: number;
  data: Buffer;
}

export function readPcap(file: Buffer): Packet[] {
  if (file.readUInt32LE(0) !== 0xa1b2c3d4) throw new Error('not the magic of a pcap file');
  if (file.readUInt16LE(4) !== 2 || file.readUInt16LE(6) !== 4) throw new Error('not version 2.4');
  if (file.readUInt32LE(20) !== 101) throw new Error('not raw IP');
  const packets: Packet[] = [];
  let at = 24;
  while (at < file.length) {
    const captured = file.readUInt32LE(at + 8);
    if (captured !== file.readUInt32LE(at + 12)) throw new Error('a packet was cut');
    const timeMs = file.readUInt32LE(at) * 1000 + file.readUInt32LE(at + 4) / 1000;
    packets.push({ timeMs, ...readPacket(file.subarray(at + 16, at + 16 + captured)) });
    at += 16 + captured;
  }
  if (at !== file.length) throw new Error('the last packet is cut');
  return packets;
}

function readPacket(b: Buffer): Omit<Packet, 'timeMs'> {
  const version = b[0] >> 4;
  if (version === 4) {
    if (b[0] !== 0x45 || b[9] !== 6) throw new Error('not a plain IPv4 header before TCP');
    if (b.readUInt16BE(2) !== b.length) throw new Error('IPv4 total length');
    if (onesSum([b.subarray(0, 20)]) !== 0xffff) throw new Error('IPv4 checksum');
    const [source, dest] = [b.subarray(12, 16), b.subarray(16, 20)];
    return {
      version,
      source: source.join('.'),
      dest: dest.join('.'),
      ...readTcp(b.subarray(20), source, dest),
    };
  }
  if (version !== 6 || b[6] !== 6) throw new Error('neither IPv4 nor IPv6 with TCP');
  if (b.readUInt16BE(4) !== b.length - 40) throw new Error('IPv6 payload length');
  const [source, dest] = [b.subarray(8, 24), b.subarray(24, 40)];
  return { version, source: words(source), dest: words(dest), ...readTcp(b.subarray(40), source, dest) };
}

function readTcp(
  b: Buffer,
  source: Buffer,
  dest: Buffer,
): Omit<Packet, 'timeMs' | 'version' | 'source' | 'dest'> {
  if (b[12] >> 4 !== 5) throw new Error('TCP header length');
  const pseudo = Buffer.from([0, 6, b.length >> 8, b.length & 0xff]);
  if (onesSum([source, dest, pseudo, b]) !== 0xffff) throw new Error('TCP checksum');
  return {
    sourcePort: b.readUInt16BE(0),
    destPort: b.readUInt16BE(2),
    sequence: b.readUInt32BE(4),
    acknowledged: b.readUInt32BE(8),
    flags: b[13],
    data: b.subarray(20),
  };
}

/** One's complement sum (RFC 1071): 0xffff over something that has its checksum in it. */
function onesSum(parts: readonly Buffer[]): number {
  let total = 0;
  for (const part of parts) {
    for (let at = 0; at < part.length; at += 2) total += (part[at] << 8) | (part[at + 1] ?? 0);
  }
  while (total > 0xffff) total = (total % 0x10000) + Math.floor(total / 0x10000);
  return total;
}

function words(address: Buffer): string {
  return Array.from({ length: 8 }, (_, at) => address.readUInt16BE(2 * at).toString(16)).join(':');
}
