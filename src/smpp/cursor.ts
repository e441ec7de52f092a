/**
 * Plain indexed reads and writes. Measured against Buffer's readUInt32BE and DataView, b[i] with shifts is the
 * fastest way in V8 to touch a few bytes of a PDU, and it allocates nothing.
 */

/** Unsigned, big-endian. The caller has checked that [at, at + 4) is inside. */
export function readU32(b: Uint8Array, at: number): number {
  return ((b[at] << 24) | (b[at + 1] << 16) | (b[at + 2] << 8) | b[at + 3]) >>> 0;
}

/** Unsigned, big-endian. */
export function readU16(b: Uint8Array, at: number): number {
  return (b[at] << 8) | b[at + 1];
}

/** Takes 0 to 0xFFFFFFFF. */
export function writeU32(b: Uint8Array, at: number, value: number): void {
  b[at] = value >>> 24;
  b[at + 1] = value >>> 16;
  b[at + 2] = value >>> 8;
  b[at + 3] = value;
}

export function writeU16(b: Uint8Array, at: number, value: number): void {
  b[at] = value >>> 8;
  b[at + 1] = value;
}

/**
 * The header of every PDU (all versions), big-endian:
 *
 *  0                4            8                12                16
 *  +----------------+------------+----------------+-----------------+
 *  | command_length | command_id | command_status | sequence_number |
 *  +----------------+------------+----------------+-----------------+
 */
export function writeHeader(
  b: Uint8Array,
  at: number,
  length: number,
  commandId: number,
  status: number,
  sequenceNumber: number,
): void {
  writeU32(b, at, length);
  writeU32(b, at + 4, commandId);
  writeU32(b, at + 8, status);
  writeU32(b, at + 12, sequenceNumber);
}

/** Index of the first NUL in [at, limit), or -1. */
export function cStringEnd(b: Uint8Array, at: number, limit: number): number {
  for (let i = at; i < limit; i++) if (b[i] === 0) return i;
  return -1;
}

const HEX_DIGITS = new Uint8Array([48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 97, 98, 99, 100, 101, 102]);

/** Eight lower-case hexadecimal digits of a 32-bit value. */
export function writeHex32(b: Uint8Array, at: number, value: number): void {
  b[at] = HEX_DIGITS[value >>> 28];
  b[at + 1] = HEX_DIGITS[(value >>> 24) & 15];
  b[at + 2] = HEX_DIGITS[(value >>> 20) & 15];
  b[at + 3] = HEX_DIGITS[(value >>> 16) & 15];
  b[at + 4] = HEX_DIGITS[(value >>> 12) & 15];
  b[at + 5] = HEX_DIGITS[(value >>> 8) & 15];
  b[at + 6] = HEX_DIGITS[(value >>> 4) & 15];
  b[at + 7] = HEX_DIGITS[value & 15];
}
