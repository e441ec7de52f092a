/**
 * The user data header (3GPP TS 23.040 section 9.2.3.24), which stands before the text when esm_class has bit 0x40:
 *
 *  UDHL | { identifier | length | data ... } ...      UDHL counts everything behind itself
 *
 *  00 03 rr tt ss      part ss of tt, reference rr          05 04 dddd ssss   ports, 16 bits
 *  08 04 rrrr tt ss    the same, reference of 16 bits       24 01 ll, 25 01 ll   shift tables: single, locking
 */
import { NO_SHIFTS, type Shifts } from './gsm-text.ts';

export const IE_CONCAT_8 = 0x00;
export const IE_CONCAT_16 = 0x08;
export const IE_PORTS_8 = 0x04;
export const IE_PORTS_16 = 0x05;
export const IE_SINGLE_SHIFT = 0x24;
export const IE_LOCKING_SHIFT = 0x25;

export interface InformationElement {
  readonly id: number;
  readonly data: Buffer;
}

/** Which part of which message: from an element 00 or 08, or from the sar_* parameters. */
export interface Concatenation {
  readonly kind: 'udh8' | 'udh16' | 'sar';
  readonly reference: number;
  readonly total: number;
  /** From 1 on. */
  readonly sequence: number;
}

/**
 * The elements of the header at the start of `octets`, in order, unknown ones too; the data shares their memory.
 * Undefined when it is broken: longer than the octets, or an element that ends beyond it.
 */
export function readUdh(octets: Buffer): InformationElement[] | undefined {
  if (octets.length === 0 || octets[0] >= octets.length) return undefined;
  const end = octets[0] + 1;
  const elements: InformationElement[] = [];
  let at = 1;
  while (end - at >= 2) {
    const next = at + 2 + octets[at + 1];
    if (next > end) return undefined;
    elements.push({ id: octets[at], data: octets.subarray(at + 2, next) });
    at = next;
  }
  return at === end ? elements : undefined;
}

/** Octets of a header with these elements, its length octet included; 0 without any. */
export function udhLength(elements: readonly InformationElement[]): number {
  if (elements.length === 0) return 0;
  return elements.reduce((sum, { data }) => sum + 2 + data.length, 1);
}

/** The header; empty without elements. Throws a RangeError where it would be longer than 256 octets. */
export function writeUdh(elements: readonly InformationElement[]): Buffer {
  const length = udhLength(elements);
  if (length > 256) throw new RangeError(`a user data header of ${length} octets`);
  const header = Buffer.alloc(length);
  if (length > 0) header[0] = length - 1;
  let at = 1;
  for (const { id, data } of elements) {
    header[at] = id;
    header[at + 1] = data.length;
    at += 2 + data.copy(header, at + 2);
  }
  return header;
}

/** The last valid one counts (section 9.2.3.24); one of an impossible part (0, or beyond its total) is none. */
export function concatenationOf(elements: readonly InformationElement[]): Concatenation | undefined {
  let found: Concatenation | undefined;
  for (const { id, data } of elements) {
    const wide = id === IE_CONCAT_16;
    if (!(wide && data.length === 4) && !(id === IE_CONCAT_8 && data.length === 3)) continue;
    const total = data[data.length - 2];
    const sequence = data[data.length - 1];
    if (sequence === 0 || sequence > total) continue;
    found = { kind: wide ? 'udh16' : 'udh8', reference: data.readUIntBE(0, wide ? 2 : 1), total, sequence };
  }
  return found;
}

export function isConcatenation({ id }: InformationElement): boolean {
  return id === IE_CONCAT_8 || id === IE_CONCAT_16;
}

/** `reference` up to 0xff for udh8, up to 0xffff for udh16. */
export function concatenationElement(
  kind: 'udh8' | 'udh16',
  reference: number,
  total: number,
  sequence: number,
): InformationElement {
  if (kind === 'udh8') return { id: IE_CONCAT_8, data: Buffer.from([reference, total, sequence]) };
  return { id: IE_CONCAT_16, data: Buffer.from([reference >> 8, reference & 0xff, total, sequence]) };
}

/** The last of each kind counts. */
export function shiftsOf(elements: readonly InformationElement[]): Shifts {
  let { locking, single } = NO_SHIFTS;
  for (const { id, data } of elements) {
    if (data.length !== 1) continue;
    if (id === IE_LOCKING_SHIFT) locking = data[0];
    if (id === IE_SINGLE_SHIFT) single = data[0];
  }
  return { locking, single };
}

export function isShift({ id }: InformationElement): boolean {
  return id === IE_SINGLE_SHIFT || id === IE_LOCKING_SHIFT;
}

export function shiftElements({ locking, single }: Shifts): InformationElement[] {
  const elements: InformationElement[] = [];
  if (single !== 0) elements.push({ id: IE_SINGLE_SHIFT, data: Buffer.from([single]) });
  if (locking !== 0) elements.push({ id: IE_LOCKING_SHIFT, data: Buffer.from([locking]) });
  return elements;
}

export interface Ports {
  readonly destination: number;
  readonly source: number;
}

/** Application ports of 16 bits, the last valid ones. */
export function portsOf(elements: readonly InformationElement[]): Ports | undefined {
  const element = elements.findLast(({ id, data }) => id === IE_PORTS_16 && data.length === 4);
  if (element === undefined) return undefined;
  return { destination: element.data.readUInt16BE(0), source: element.data.readUInt16BE(2) };
}

export function portsElement({ destination, source }: Ports): InformationElement {
  const data = Buffer.alloc(4);
  data.writeUInt16BE(destination, 0);
  data.writeUInt16BE(source, 2);
  return { id: IE_PORTS_16, data };
}
