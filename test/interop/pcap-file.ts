/** A small pcap writer of its own, so that what `src/smpp/pcap.ts` does is checked by something else. */

const LINKTYPE_RAW = 101;
const SEGMENT_BYTES_MAX = 60_000;
const IP_BYTES = 20;
const TCP_BYTES = 20;
const SMPP_PORT = 2775;
/** Streams are told apart by the port of the side that sends. */
const FIRST_PORT = 10_000;

function fileHeader(): Buffer {
  const b = Buffer.alloc(24);
  b.writeUInt32BE(0xa1b2_c3d4, 0);
  b.writeUInt16BE(2, 4);
  b.writeUInt16BE(4, 6);
  b.writeUInt32BE(262_144, 16);
  b.writeUInt32BE(LINKTYPE_RAW, 20);
  return b;
}

/** record header | IPv4 | TCP | octets; from 192.0.2.1 to 192.0.2.2, checksums left 0 (nobody looks). */
function packet(port: number, sequence: number, octets: Buffer): Buffer {
  const length = IP_BYTES + TCP_BYTES + octets.length;
  const b = Buffer.alloc(16 + IP_BYTES + TCP_BYTES);
  b.writeUInt32BE(length, 8);
  b.writeUInt32BE(length, 12);
  const ip = b.subarray(16);
  ip[0] = 0x45;
  ip.writeUInt16BE(length, 2);
  ip[8] = 64;
  ip[9] = 6;
  Buffer.from([192, 0, 2, 1, 192, 0, 2, 2]).copy(ip, 12);
  const tcp = ip.subarray(IP_BYTES);
  tcp.writeUInt16BE(port, 0);
  tcp.writeUInt16BE(SMPP_PORT, 2);
  tcp.writeUInt32BE(sequence, 4);
  tcp[12] = (TCP_BYTES / 4) << 4;
  tcp[13] = 0x18;
  tcp.writeUInt16BE(0xffff, 14);
  return Buffer.concat([b, octets]);
}

/** Each PDU in a TCP stream of its own; `portOf(index)` is where it comes from. */
export function pcapOf(pdus: readonly Buffer[]): Buffer {
  const records = pdus.flatMap((pdu, index) => {
    const pieces: Buffer[] = [];
    for (let at = 0; at < pdu.length; at += SEGMENT_BYTES_MAX) {
      pieces.push(packet(portOf(index), 1 + at, pdu.subarray(at, at + SEGMENT_BYTES_MAX)));
    }
    return pieces;
  });
  return Buffer.concat([fileHeader(), ...records]);
}

export function portOf(index: number): number {
  return FIRST_PORT + index;
}

/** As many as there are ports for. */
export const PCAP_PDUS_MAX = 0xffff - FIRST_PORT;
