/**
 * How many SMS a message takes, and where it is cut. One SMS has 140 octets of user data, header included (3GPP TS
 * 23.040 section 9.2.3.24); the rest holds 7-bit septets, octets, or UCS-2 units of two octets.
 *
 * This is the one place that counts: admission, limits, prices and the cutting itself all ask countParts.
 */
import type { Charset } from './charsets.ts';
import { PARTS_MAX } from './limits.ts';
import { concatenationElement, udhLength, writeUdh } from './udh.ts';
import { type Air, plainCost, type Units, type UserData, unitsOf } from './user-data.ts';

/**
 * How the parts of a long message are told apart: by an element with a reference of 8 or 16 bits, by the sar_*
 * parameters (the SMSC then writes the element), or not at all: the SMSC cuts what message_payload holds.
 */
export type PartStyle = 'udh8' | 'udh16' | 'sar' | 'payload';

export const USER_DATA_OCTETS = 140;

/** Identifier, length and data of an element 00 or 08. */
const CONCATENATION_OCTETS: Readonly<Record<PartStyle, number>> = { udh8: 5, udh16: 6, sar: 5, payload: 5 };

/** Below U+0300 no character joins another, but for CR LF. */
const HAS_CLUSTERS = /\r\n|[^\0-\u02ff]/;
const SEGMENTER = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** Septets, octets or UCS-2 units that one SMS holds behind a header of `headerOctets` (its length octet included). */
export function capacityOf(air: Air, headerOctets: number): number {
  const octets = USER_DATA_OCTETS - headerOctets;
  if (octets <= 0) return 0;
  if (air === 'gsm') return Math.floor((octets * 8) / 7);
  return air === 'ucs2' ? octets >> 1 : octets;
}

/**
 * Parts of the message when it is cut in that style: 1 where one SMS holds it. Infinity where no cutting helps because
 * the header alone fills a part. May exceed PARTS_MAX; the caller refuses that.
 */
export function countParts(data: UserData, style: PartStyle = 'udh8'): number {
  return isOneForSure(data) ? 1 : countUnits(data, unitsOf(data), style);
}

/** Seen without reading it: that it is one SMS. False: it has to be looked at. */
function isOneForSure(data: UserData): boolean {
  const header = headerLength(data);
  const cost = plainCost(data);
  if (header > USER_DATA_OCTETS) return false;
  if (cost >= 0) return cost <= capacityOf(airOf(data.charset), header);
  return data.octets.length <= capacityOf('ucs2', header);
}

function airOf(charset: Charset): Air {
  if (charset === 'gsm' || charset === 'ucs2') return charset;
  return 'octets';
}

function countUnits(data: UserData, units: Units, style: PartStyle): number {
  const header = headerLength(data);
  if (header > USER_DATA_OCTETS) return Number.POSITIVE_INFINITY;
  if (totalCost(units) <= capacityOf(units.air, header)) return 1;
  return countFrom(units, partCapacity(data, units.air, style));
}

/** Whether these octets fit one part of a message of several; `headerOctets` includes the concatenation. */
export function fitsPart(data: UserData, headerOctets: number): boolean {
  if (headerOctets > USER_DATA_OCTETS) return false;
  const cost = plainCost(data);
  if (cost >= 0) return cost <= capacityOf(airOf(data.charset), headerOctets);
  const units = unitsOf(data);
  return totalCost(units) <= capacityOf(units.air, headerOctets);
}

/** Whether one SMS holds it, without a concatenation: countParts is 1. */
export function fitsOneSms(data: UserData): boolean {
  const header = headerLength(data);
  return header <= USER_DATA_OCTETS && fitsPart(data, header);
}

/** What a part carries; `header` is empty where there is none. */
export interface Part {
  readonly header: Buffer;
  readonly octets: Buffer;
  readonly reference: number;
  /** From 1 on. */
  readonly sequence: number;
  readonly total: number;
}

/**
 * Cuts a message: one Part where one SMS holds it (without a concatenation), or in style payload (the SMSC cuts).
 * `reference` is asked once, and only when there are several parts. Undefined when it would have more than `partsMax`
 * parts; it is never shortened. The parts are as many as countParts says. A cut goes through no escape and no
 * surrogate pair, and through no grapheme cluster where that costs no part more.
 */
export function splitParts(
  data: UserData,
  style: PartStyle,
  partsMax: number,
  reference: () => number,
): Part[] | undefined {
  const units = isOneForSure(data) ? undefined : unitsOf(data);
  const total = units === undefined ? 1 : countUnits(data, units, style);
  if (total > Math.min(partsMax, PARTS_MAX)) return undefined;
  if (units === undefined || total === 1 || style === 'payload') {
    return [{ header: writeUdh(data.elements), octets: data.octets, reference: 0, sequence: 1, total: 1 }];
  }
  const cuts = cutsOf(units, partCapacity(data, units.air, style), total);
  const number = reference();
  return cuts.map((end, index) => {
    const sequence = index + 1;
    const own = style === 'sar' ? [] : [concatenationElement(style, number, total, sequence)];
    const octets = data.octets.subarray(index === 0 ? 0 : cuts[index - 1], end);
    return { header: writeUdh([...own, ...data.elements]), octets, reference: number, sequence, total };
  });
}

function partCapacity(data: UserData, air: Air, style: PartStyle): number {
  const header = Math.max(1, headerLength(data)) + CONCATENATION_OCTETS[style];
  return capacityOf(air, header);
}

/** Octets of the header on the air, whoever writes it, but for the concatenation. */
function headerLength({ elements, beside = [] }: UserData): number {
  return udhLength(beside.length === 0 ? elements : [...elements, ...beside]);
}

function totalCost({ count, costs }: Units): number {
  let total = 0;
  for (let i = 0; i < count; i++) total += costs[i];
  return total;
}

function countFrom(units: Units, capacity: number): number {
  let parts = 1;
  let cost = 0;
  for (let i = 0; i < units.count; i++) {
    if (units.costs[i] > capacity) return Number.POSITIVE_INFINITY;
    cost += units.costs[i];
    if (cost <= capacity) continue;
    parts++;
    cost = units.costs[i];
  }
  return parts;
}

/** Ends of the parts in `octets`. Each part takes what it can, less what belongs to the next cluster. */
function cutsOf(units: Units, capacity: number, total: number): number[] {
  const { last, left } = lookAhead(units, capacity);
  const text = units.text();
  const clusters = HAS_CLUSTERS.test(text) ? SEGMENTER.segment(text) : undefined;
  const ends: number[] = [];
  for (let from = 0; from < units.count;) {
    let to = last[from];
    if (clusters !== undefined && to < units.count) {
      const early = clusterStart(units, clusters, to);
      // One more part now, and no more than the rest may still take.
      if (early > from && ends.length + 1 + left[early] <= total) to = early;
    }
    ends.push(units.ends[to - 1]);
    from = to;
  }
  return ends;
}

/** For each piece, the first one that a part beginning with it can not hold, and the parts needed from it on. */
function lookAhead(units: Units, capacity: number): { last: number[]; left: number[] } {
  const { count, costs } = units;
  const last: number[] = [];
  last.length = count;
  let to = 0;
  let cost = 0;
  for (let from = 0; from < count; from++) {
    while (to < count && cost + costs[to] <= capacity) cost += costs[to++];
    last[from] = to;
    cost -= costs[from];
  }
  const left: number[] = [];
  left.length = count + 1;
  left[count] = 0;
  for (let from = count - 1; from >= 0; from--) left[from] = 1 + left[last[from]];
  return { last, left };
}

/** The piece that begins the grapheme cluster of piece `to`: `to` itself where a cluster begins there. */
function clusterStart(units: Units, clusters: Intl.Segments, to: number): number {
  const start = clusters.containing(units.textEnds[to - 1])?.index ?? 0;
  let piece = to;
  while (piece > 0 && units.textEnds[piece - 1] > start) piece--;
  return piece;
}
