/** A body that says how long its message lives, at the moment that it is sent. */
import { FLAG_DATA_SM } from '../core/message-table.ts';
import { ESME_ROK, HEADER_BYTES, TLV_QOS_TIME_TO_LIVE, VERSION_50 } from '../smpp/constants.ts';
import { scanDataSm } from '../smpp/pdu/data-sm-scan.ts';
import { scanDeliverSm } from '../smpp/pdu/deliver-sm.ts';
import { MessageFields } from '../smpp/pdu/message-fields.ts';
import { agedDataSm, isPeriod, writeEnd } from '../smpp/validity.ts';
import { bodyOf } from './replace.ts';
import type { ShardState, Smsc } from './state.ts';

const fields = new MessageFields();

/** The body of a message in a slot, with its end (a data_sm: what is left) in place of a period; a copy, then. */
export function agedBody(shard: ShardState, { profile }: Smsc, slot: number): Buffer {
  const { table, nowMs } = shard;
  const body = bodyOf(shard, slot);
  const expiresMs = table.expiresMs[slot];
  // Scanned in place: the header that would stand before it is not looked at.
  if ((table.flags[slot] & FLAG_DATA_SM) !== 0) {
    const tag = profile.tlvMap.get(TLV_QOS_TIME_TO_LIVE) ?? TLV_QOS_TIME_TO_LIVE;
    if (scanDataSm(body, -HEADER_BYTES, body.length, fields) !== ESME_ROK) return body;
    return agedDataSm(body, fields.tlvAt, tag, expiresMs, nowMs);
  }
  if (scanDeliverSm(body, -HEADER_BYTES, body.length, VERSION_50, fields) !== ESME_ROK) return body;
  const { validityAt, validityEnd } = fields;
  if (!isPeriod(body.toString('latin1', validityAt, validityEnd))) return body;
  const aged = Buffer.from(body);
  writeEnd(aged, validityAt, validityEnd - validityAt, expiresMs);
  return aged;
}
