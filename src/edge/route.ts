/** Which SMSC a message goes to. */
import type { Config } from '../core/config.ts';
import { SMSC_BOUND } from '../core/ring/counters.ts';
import { readU16 } from '../smpp/cursor.ts';
import { concatOf } from '../smpp/concat.ts';
import type { MessageFields } from '../smpp/pdu/message-fields.ts';
import { findTlv } from '../smpp/pdu/tlv.ts';
import type { EdgeAccount, EdgeSmsc, EdgeState, RouteRule } from './state.ts';

/** `smscOf`: an SMSC by its configured id. */
export function rulesOf(config: Config, smscOf: (id: string) => EdgeSmsc): RouteRule[] {
  return config.route.rule.map(({ tlv: name, equals, smscs }) => {
    const tlv = config.tlv.find((each) => each.name === name);
    if (tlv === undefined) throw new Error(`a rule for an unknown TLV ${name}`);
    return { tag: tlv.tag, type: tlv.type, equals, smscs: smscs.map(smscOf) };
  });
}

/**
 * One destination always takes the same way while the same SMSCs are bound, so that its messages keep their order. The
 * parts of one message all take that of the first.
 */
export function chooseSmsc(edge: EdgeState, account: EdgeAccount, bytes: Buffer, f: MessageFields): EdgeSmsc {
  const route = edge.rules.length === 0 ? edge.route : routeOf(edge, bytes, f);
  if (route.length === 1) return route[0];
  const hash = hashOf(bytes, f);
  const concat = f.udhLength > 0 || f.sarRef >= 0 ? concatOf(bytes, f) : undefined;
  if (concat === undefined || concat.total === 1) return pick(route, hash);
  // Sessions of one client may be on several edges, which do not know each other's choices: there the way must follow
  // from the destination alone.
  if (edge.config.edge.threads > 1) return route[hash % route.length];
  const addresses = bytes.toString('latin1', f.sourceAt - 2, f.destEnd);
  const { kind, reference, total, sequence } = concat;
  const key = `${account.index} ${kind} ${reference} ${total} ${addresses}`;
  // A part that is sent again, because its answer was lost, must find the way of the others: it begins nothing.
  return edge.partWays.of(key, sequence, total, edge.nowMs, () => pick(route, hash));
}

function hashOf(bytes: Buffer, f: MessageFields): number {
  let hash = 0x811c_9dc5;
  for (let at = f.destAt; at < f.destEnd; at++) hash = Math.imul(hash ^ bytes[at], 0x0100_0193);
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

/** The value whose length stands before it, as a rule writes it: a number in decimal, a text, octets in hex. */
function valueOf(bytes: Buffer, at: number, type: RouteRule['type']): string {
  const value = bytes.subarray(at, at + readU16(bytes, at - 2));
  if (type === 'octets') return value.toString('hex');
  if (type === 'integer') return value.length <= 8 ? String(BigInt(`0x0${value.toString('hex')}`)) : '';
  const nul = value.indexOf(0);
  return value.toString('latin1', 0, nul < 0 ? value.length : nul);
}
