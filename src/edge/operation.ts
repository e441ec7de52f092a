/** Questions and orders about a message, from an edge to the shard that has it. */
import {
  OPERATION,
  OPERATION_COMMAND,
  OPERATION_DATA,
  OPERATION_DATA_LENGTH,
  OPERATION_DEFAULT_MESSAGE,
  OPERATION_DEST_LENGTH,
  OPERATION_EXPIRES,
  OPERATION_FLAGS,
  OPERATION_FLAG_PERIOD,
  OPERATION_FLAG_SHORT_ID,
  OPERATION_REGISTERED_DELIVERY,
  OPERATION_SCHEDULE,
  OPERATION_SEQUENCE,
  OPERATION_SERVICE_LENGTH,
  OPERATION_SESSION,
  OPERATION_SMSC,
  OPERATION_SOURCE_LENGTH,
  OPERATION_VERSION,
  RECORD_A,
  RECORD_B,
  RECORD_ID_HIGH,
  RECORD_ID_LOW,
  RECORD_TIME,
  RECORD_TYPE,
} from '../core/records.ts';
import { RING_FULL } from '../core/ring/ring.ts';
import { ESME_ROK, ESME_RTHROTTLED } from '../smpp/constants.ts';
import type { MessageIdParts } from './message-ids.ts';
import type { PendingRequest } from './pending-requests.ts';
import type { EdgeAccount, EdgeState, Session } from './state.ts';

/** An operation as it goes into a ring; what is left out is 0 or empty. */
export interface Operation {
  operation: number;
  id?: MessageIdParts;
  source?: Buffer;
  dest?: Buffer;
  serviceType?: string;
  data?: Buffer;
  scheduleMs?: number;
  expiresMs?: number;
  /** `expiresMs` was told as a period. */
  isPeriod?: boolean;
  registeredDelivery?: number;
  defaultMessageId?: number;
  smsc?: number;
  commandId?: number;
}

/** ESME_ROK, or ESME_RTHROTTLED when the shard's ring is full. */
export function sendOperation(
  edge: EdgeState,
  shard: number,
  session: Session,
  sequence: number,
  o: Operation,
): number {
  const source = o.source ?? NOTHING;
  const dest = o.dest ?? NOTHING;
  const service = Buffer.from(o.serviceType ?? '', 'latin1');
  const data = o.data ?? NOTHING;
  const ring = edge.ends.writers[shard];
  const at = ring.claim(OPERATION_DATA + source.length + dest.length + service.length + data.length);
  if (at === RING_FULL) return ESME_RTHROTTLED;
  const { u8, u16, u32, f64 } = ring.bytes;
  u8[at + RECORD_TYPE] = OPERATION;
  u8[at + RECORD_A] = o.operation;
  u16[(at + RECORD_B) >> 1] = (session.account as EdgeAccount).index;
  u32[(at + RECORD_ID_LOW) >> 2] = o.id?.idLow ?? 0;
  u32[(at + RECORD_ID_HIGH) >> 2] = o.id?.idHigh ?? 0;
  f64[(at + RECORD_TIME) >> 3] = edge.nowMs;
  u32[(at + OPERATION_SESSION) >> 2] = session.reference;
  u32[(at + OPERATION_SEQUENCE) >> 2] = sequence;
  u8[at + OPERATION_VERSION] = session.version;
  u8[at + OPERATION_FLAGS] =
    (o.id?.isShort === true ? OPERATION_FLAG_SHORT_ID : 0) |
    (o.isPeriod === true ? OPERATION_FLAG_PERIOD : 0);
  u16[(at + OPERATION_SMSC) >> 1] = o.smsc ?? 0;
  u32[(at + OPERATION_COMMAND) >> 2] = o.commandId ?? 0;
  f64[(at + OPERATION_SCHEDULE) >> 3] = o.scheduleMs ?? 0;
  f64[(at + OPERATION_EXPIRES) >> 3] = o.expiresMs ?? 0;
  u8[at + OPERATION_REGISTERED_DELIVERY] = o.registeredDelivery ?? 0;
  u8[at + OPERATION_DEFAULT_MESSAGE] = o.defaultMessageId ?? 0;
  u8[at + OPERATION_SOURCE_LENGTH] = source.length;
  u8[at + OPERATION_DEST_LENGTH] = dest.length;
  u8[at + OPERATION_SERVICE_LENGTH] = service.length;
  u32[(at + OPERATION_DATA_LENGTH) >> 2] = data.length;
  let to = at + OPERATION_DATA;
  for (const part of [source, dest, service, data]) to += part.copy(u8, to);
  ring.commit();
  return ESME_ROK;
}

const NOTHING = Buffer.alloc(0);

/** ton npi addr NUL. */
export function addressBytes(ton: number, npi: number, address: string): Buffer {
  return Buffer.concat([Buffer.from([ton, npi]), Buffer.from(`${address}\0`, 'latin1')]);
}

/** The request waits for answers of shards. */
export function expect(
  session: Session,
  sequence: number,
  command: number,
  onOperation: NonNullable<PendingRequest['onOperation']>,
): void {
  session.expect(sequence, { command, onOperation });
}
