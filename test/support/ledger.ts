/** Builds ledgers from events, byte by byte as core/records.ts and cdr/block.ts draw them. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { BLOCK_FLAG_FOOTER, BLOCK_HEADER_BYTES, finishBlock } from '../../src/cdr/block.ts';
import { createSegment } from '../../src/cdr/lmdb.ts';
import { segmentPath } from '../../src/cdr/segments.ts';

export const TIME_MS = 1_767_225_600_000; // 2026-01-01T00:00:00Z

export interface Id {
  idHigh: number;
  idLow: number;
}

export interface Common extends Partial<Id> {
  timeMs?: number;
}

/** A directory that is gone after the test. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'tollgate-ledger-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** A message id as clients are told it: 16 hexadecimal digits. */
export function idText(idHigh: number, idLow: number): string {
  return idHigh.toString(16).padStart(8, '0') + idLow.toString(16).padStart(8, '0');
}

/**
 * header: u32 length, u8 type, u8 a, u16 b, u32 idLow, u32 idHigh, f64 timeMs; then the payload, padded to
 * 8.
 */
export function record(type: number, a: number, b: number, common: Common, payload: Buffer): Buffer {
  const length = 24 + payload.length;
  const bytes = Buffer.alloc(Math.ceil(length / 8) * 8);
  bytes.writeUInt32LE(length, 0);
  bytes[4] = type;
  bytes[5] = a;
  bytes.writeUInt16LE(b, 6);
  bytes.writeUInt32LE(common.idLow ?? 0, 8);
  bytes.writeUInt32LE(common.idHigh ?? 0, 12);
  bytes.writeDoubleLE(common.timeMs ?? TIME_MS, 16);
  payload.copy(bytes, 24);
  return bytes;
}

export interface AcceptedOptions extends Common {
  account?: number;
  smsc?: number;
  source?: string;
  destination?: string;
  dataCoding?: number;
  esmClass?: number;
  text?: Buffer;
  /** Goes into a message_payload TLV; short_message stays empty. */
  payload?: Buffer;
  /** TLVs behind it, as they stand. */
  tlvs?: Buffer;
}

export function accepted(options: AcceptedOptions = {}): Buffer {
  const { source = 'Shop', destination = '962790000001', dataCoding = 0, esmClass = 0 } = options;
  const text = options.payload === undefined ? (options.text ?? Buffer.from('hello')) : Buffer.alloc(0);
  const head = Buffer.concat([Buffer.from([0, 5, 0]), Buffer.from(`${source}\0`)]);
  const middle = Buffer.concat([Buffer.from([1, 1]), Buffer.from(`${destination}\0`)]);
  const mandatory = Buffer.from([esmClass, 0, 0, 0, 0, 1, 0, dataCoding, 0, text.length]);
  const tlv = Buffer.alloc(options.payload === undefined ? 0 : 4);
  if (options.payload !== undefined) {
    tlv.writeUInt16BE(0x0424, 0);
    tlv.writeUInt16BE(options.payload.length, 2);
  }
  const body = Buffer.concat([
    head,
    middle,
    mandatory,
    text,
    tlv,
    options.payload ?? Buffer.alloc(0),
    options.tlvs ?? Buffer.alloc(0),
  ]);
  const fixed = Buffer.alloc(32);
  fixed.writeUInt16LE(options.smsc ?? 0, 0);
  fixed.writeUInt32LE(7, 4); // session
  fixed.writeUInt32LE(42, 8); // sequence_number
  fixed[12] = 1; // registered_delivery
  fixed[13] = esmClass;
  fixed[14] = dataCoding;
  fixed.writeUInt16LE(1, 16); // source: after the empty service_type
  fixed.writeUInt16LE(head.length, 18);
  fixed.writeUInt16LE(head.length + middle.length + mandatory.length, 20);
  fixed[22] = text.length;
  fixed.writeDoubleLE(TIME_MS + 60_000, 24);
  return record(1, 1, options.account ?? 0, options, Buffer.concat([fixed, body]));
}

export function sent(options: Common & { attempt?: number; smscId?: string; smsc?: number } = {}): Buffer {
  const id = Buffer.from(options.smscId ?? '0a1b2c');
  return record(
    2,
    options.attempt ?? 1,
    options.smsc ?? 0,
    options,
    Buffer.concat([Buffer.from([0, 3, id.length, 0]), id]),
  );
}

/** A response after its timeout. */
export function late(options: Common & { attempt?: number; status?: number; smscId?: string } = {}): Buffer {
  const status = Buffer.alloc(4);
  status.writeUInt32LE(options.status ?? 0);
  const id = Buffer.from(options.smscId ?? '');
  return record(8, options.attempt ?? 1, 0, options, Buffer.concat([status, id]));
}

export function attemptFailed(options: Common & { status?: number } = {}): Buffer {
  const payload = Buffer.alloc(16);
  payload.writeUInt32LE(options.status ?? 0x58, 0);
  payload.writeDoubleLE(TIME_MS + 1_000, 8);
  return record(3, 1, 0, options, payload);
}

export function receipt(
  options: Common & {
    state?: number;
    networkError?: [number, number] | undefined;
    doneMs?: number;
    /** Behind it, in hexadecimal. */
    tlvs?: string;
  } = {},
): Buffer {
  const payload = Buffer.alloc(24);
  payload.writeDoubleLE(options.doneMs ?? TIME_MS + 5_000, 0);
  payload[8] = 3;
  payload.write('000', 9);
  if (options.networkError !== undefined) {
    payload[20] = options.networkError[0] + 1;
    payload.writeUInt16LE(options.networkError[1], 22);
  }
  const tlvs = Buffer.from(options.tlvs ?? '', 'hex');
  return record(4, options.state ?? 2, 0, options, Buffer.concat([payload, tlvs]));
}

export function final(options: Common & { state?: number; reason?: number } = {}): Buffer {
  return record(5, options.state ?? 2, options.reason ?? 1, options, Buffer.from([0, 0, 0, 0, 1, 0, 0, 0]));
}

/** An intermediate notification, or with a text an acknowledgement. */
export function intermediate(
  options: Common & { state?: number; esmClass?: number; code?: number; text?: string; tlvs?: string } = {},
): Buffer {
  const text = Buffer.from(options.text ?? '');
  const payload = Buffer.alloc(24);
  payload.writeDoubleLE(TIME_MS + 4_000, 0);
  payload[8] = 3;
  payload.write('027', 9);
  payload[16] = options.esmClass ?? 0x20;
  payload[17] = 3; // data_coding
  payload.writeUInt16LE(options.code === undefined ? 0 : options.code + 1, 18);
  payload[20] = 3 + 1; // GSM
  payload[21] = text.length;
  payload.writeUInt16LE(27, 22);
  const tlvs = Buffer.from(options.tlvs ?? '', 'hex');
  return record(13, options.state ?? 1, 0, options, Buffer.concat([payload, text, tlvs]));
}

export function parked(
  type: 6 | 7,
  smscId: string,
  networkError?: [number, number],
  tlvs: string = '',
): Buffer {
  const payload = Buffer.alloc(20 + smscId.length);
  if (networkError !== undefined) {
    payload[17] = networkError[0] + 1;
    payload.writeUInt16LE(networkError[1], 18);
  }
  payload.writeDoubleLE(TIME_MS, 0);
  payload[16] = smscId.length;
  payload.write(smscId, 20, 'latin1');
  return record(type, 2, 0, {}, Buffer.concat([payload, Buffer.from(tlvs, 'hex')]));
}

export function names(accounts = ['demo'], smscs = ['simulator']): Buffer {
  const text = JSON.stringify({ nodeId: 'node-1', shard: 0, accounts, smscs });
  return record(9, 0, 0, {}, Buffer.from(text));
}

export function block(key: number, segment: number, shard: number, events: readonly Buffer[]): Buffer {
  const bytes = Buffer.concat([Buffer.alloc(BLOCK_HEADER_BYTES), ...events]);
  finishBlock(bytes, bytes.length, { key, segment, shard, flags: 0, events: events.length });
  return bytes;
}

export function footer(
  key: number,
  segment: number,
  shard: number,
  events: number,
  indexMax: number,
  indexFirst = 0,
): Buffer {
  const bytes = Buffer.alloc(48);
  bytes.writeUInt32LE(key - 1, 32);
  bytes.writeUInt32LE(events, 36);
  bytes.writeUInt32LE(indexMax >>> 0, 40);
  bytes.writeUInt32LE(indexFirst, 44);
  finishBlock(bytes, 48, { key, segment, shard, flags: BLOCK_FLAG_FOOTER, events: 0 });
  return bytes;
}

export interface SegmentOptions {
  /** Highest message index of the footer; without it the segment has no footer. */
  sealedAt?: number;
}

/** Writes a segment: one block for each list of events. Returns its path. */
export async function buildSegment(
  dataDir: string,
  shard: number,
  segment: number,
  blocks: readonly (readonly Buffer[])[],
  options: SegmentOptions = {},
): Promise<string> {
  const path = segmentPath(dataDir, shard, segment);
  const writer = createSegment(path, { unsafe: false });
  let key = 0;
  for (const events of blocks) await writer.put(++key, block(key, segment, shard, events));
  if (options.sealedAt !== undefined) {
    const count = blocks.reduce((sum, events) => sum + events.length, 0);
    await writer.put(++key, footer(key, segment, shard, count, options.sealedAt));
  }
  await writer.close();
  return path;
}
