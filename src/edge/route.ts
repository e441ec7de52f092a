/** Which SMSC a message goes to. */
import type { Config } from '../core/config.ts';
import { SMSC_BOUND } from '../core/ring/counters.ts';
import { readU16 } from '../smpp/cursor.ts';
import { concatOf } from '../smpp/concat.ts';
import type { Concat } from '../smpp/concat.ts';
import { partKey, wayPlace } from '../smpp/part-key.ts';
import type { WayPlace } from '../smpp/part-key.ts';
import type { MessageFields } from '../smpp/pdu/message-fields.ts';
import { findTlv } from '../smpp/pdu/tlv.ts';
import type { EdgeAccount, EdgeSmsc, EdgeState, RouteRule } from './state.ts';

/** FNV-1a. */
const FNV_BASIS = 0x811c_9dc5;

/** `smscOf`: an SMSC by its configured id. */
export function rulesOf(config: Config, smscOf: (id: string) => EdgeSmsc): RouteRule[] {
  return config.route.rule.map(({ tlv: name, equals, smscs }) => {
    const tlv = config.tlv.find((each) => each.name === name);
    if (tlv === undefined) throw new Error(`a rule for an unknown TLV ${name}`);
    return { tag: tlv.tag, type: tlv.type, equals: written(equals, tlv.type), smscs: smscs.map(smscOf) };
  });
}

/**
 * One destination always takes the same way while the same SMSCs are bound, so that its messages keep their order. The
 * parts of one message all take that of the first.
 */
export function chooseSmsc(edge: EdgeState, account: EdgeAccount, bytes: Buffer, f: MessageFields): EdgeSmsc {
  if ((f.udhLength > 0 || f.sarRef >= 0) && (edge.rules.length > 0 || edge.route.length > 1)) {
    const concat = concatOf(bytes, f);
    if (concat !== undefined && concat.total > 1) return wayOfPart(edge, account, bytes, f, concat);
  }
  return choose(edge, bytes, f);
}

function choose(edge: EdgeState, bytes: Buffer, f: MessageFields): EdgeSmsc {
  const route = edge.rules.length === 0 ? edge.route : routeOf(edge, bytes, f);
  return route.length === 1 ? route[0] : pick(route, hashOf(bytes, f.destAt, f.destEnd, FNV_BASIS));
}

/** Before any rule: its TLV may be in one of the parts only. */
function wayOfPart(
  edge: EdgeState,
  account: EdgeAccount,
  bytes: Buffer,
  f: MessageFields,
  concat: Concat,
): EdgeSmsc {
  if (edge.sharedWays !== undefined) {
    const { place, tag } = placeOf(account, bytes, f, concat);
    const index = edge.sharedWays.of(place, tag, edge.nowMs, () => choose(edge, bytes, f).index);
    return edge.smscs.find((smsc) => smsc.index === index) ?? choose(edge, bytes, f);
  }
  if (edge.recoveredWays !== undefined) {
    const { place, tag } = placeOf(account, bytes, f, concat);
    const index = edge.recoveredWays.known(place, tag, edge.nowMs);
    const smsc = index < 0 ? undefined : edge.smscs.find((each) => each.index === index);
    if (smsc !== undefined) return smsc;
  }
  const { kind, reference, total, sequence } = concat;
  const addresses = bytes.toString('latin1', f.sourceAt - 2, f.destEnd);
  const key = `${account.index} ${kind} ${reference} ${total} ${addresses}`;
  // A part that is sent again, because its answer was lost, must find the way of the others: it begins nothing.
  return edge.partWays.of(key, sequence, total, edge.nowMs, () => choose(edge, bytes, f));
}

function placeOf(account: EdgeAccount, bytes: Buffer, f: MessageFields, concat: Concat): WayPlace {
  const key = partKey(bytes, f, concat);
  return wayPlace(account.index, key, bytes, f.sourceAt - 2, bytes, f.destAt - 2);
}

function hashOf(bytes: Buffer, from: number, to: number, basis: number): number {
  let hash = basis;
  for (let at = from; at < to; at++) hash = Math.imul(hash ^ bytes[at], 0x0100_0193);
  return (hash ^ (hash >>> 15)) >>> 0;
}

function pick(route: EdgeSmsc[], hash: number): EdgeSmsc {
  let bound = 0;
  for (const smsc of route) if (smsc.cells[SMSC_BOUND] > 0) bound++;
  if (bound === 0) return route[hash % route.length];
  let choice = hash % bound;
  for (const smsc of route) if (smsc.cells[SMSC_BOUND] > 0 && choice-- === 0) return smsc;
  return route[0];
}

function routeOf(edge: EdgeState, bytes: Buffer, f: MessageFields): EdgeSmsc[] {
  for (const rule of edge.rules) {
    const at = findTlv(bytes, f.tlvAt, f.end, rule.tag);
    if (at >= 0 && valueOf(bytes, at, rule.type) === rule.equals) return rule.smscs;
  }
  return edge.route;
}

/** As `valueOf` writes it, which has one form of each value. */
function written(equals: string, type: RouteRule['type']): string {
  if (type === 'octets') return equals.toLowerCase();
  return type === 'integer' ? String(BigInt(equals)) : equals;
}

/** The value whose length stands before it, as a rule writes it: a number in decimal, a text, octets in hex. */
function valueOf(bytes: Buffer, at: number, type: RouteRule['type']): string {
  const value = bytes.subarray(at, at + readU16(bytes, at - 2));
  if (type === 'octets') return value.toString('hex');
  if (type === 'integer') return value.length <= 8 ? String(BigInt(`0x0${value.toString('hex')}`)) : '';
  const nul = value.indexOf(0);
  return value.toString('latin1', 0, nul < 0 ? value.length : nul);
}
