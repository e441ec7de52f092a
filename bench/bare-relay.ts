/**
 * The physical limit of a gateway on this machine: one thread relays ESME -> SMSC -> ESME with its own
 * message ids and receipt ids put back, and nothing else: no checks, no store, no limits, one ESME, one SMSC
 * link.
 *
 *   node bench/bare-relay.ts --listen 2775 --upstream 2776
 */
import { connect, createServer } from 'node:net';
import type { Socket } from 'node:net';
import { parseArgs } from 'node:util';

const SUBMIT_SM = 4;
const DELIVER_SM = 5;
const SUBMIT_SM_RESP = 0x80000004;
const ID_DIGITS = 10;
const SLOTS = 2 ** 21;
const { values } = parseArgs({
  options: { listen: { type: 'string', default: '2775' }, upstream: { type: 'string', default: '2776' } },
});

const u32 = (b: Buffer, at: number): number =>
  ((b[at] << 24) | (b[at + 1] << 16) | (b[at + 2] << 8) | b[at + 3]) >>> 0;
function put32(b: Buffer, at: number, value: number): void {
  b[at] = value >>> 24;
  b[at + 1] = value >>> 16;
  b[at + 2] = value >>> 8;
  b[at + 3] = value;
}
function putHeader(b: Buffer, at: number, length: number, command: number, sequence: number): void {
  put32(b, at, length);
  put32(b, at + 4, command);
  put32(b, at + 8, 0);
  put32(b, at + 12, sequence);
}
function putId(b: Buffer, at: number, id: number): void {
  for (let digit = at + ID_DIGITS - 1, rest = id; digit >= at; digit--, rest = (rest / 10) | 0)
    b[digit] = 48 + (rest % 10);
}

/** Bytes for one socket; the buffer is kept when the kernel took all of it. */
class Out {
  b = Buffer.allocUnsafeSlow(1 << 20);
  length = 0;
  socket: Socket | undefined;
  room(count: number): void {
    if (this.length + count <= this.b.length) return;
    this.b = Buffer.concat([this.b.subarray(0, this.length)], (this.b.length + count) * 2);
  }
  flush(): void {
    if (this.length > 0) this.socket?.write(this.b.subarray(0, this.length));
    if (this.socket !== undefined && this.socket.writableLength > 0)
      this.b = Buffer.allocUnsafeSlow(this.b.length);
    this.length = 0;
  }
}

// Id maps: the n-th submit has our id n and sequence number n upstream, so only SMSC id -> ours is looked up:
// by a hash of the id's bytes, in a table of (hash, id) pairs whose slots are used again a million messages
// later.
const hashes = new Int32Array(SLOTS);
const ours = new Int32Array(SLOTS);
let idEnd = 0;
function hashId(b: Buffer, at: number, end: number): number {
  let hash = 7;
  for (idEnd = at; idEnd < end && b[idEnd] > 32; idEnd++) hash = Math.imul(hash, 31) + b[idEnd];
  return hash;
}

const esme = new Out();
const smsc = new Out();
let lastId = 0;
let deliverSequence = 0;

function onEsmePdu(b: Buffer, start: number, end: number): void {
  const command = u32(b, start + 4);
  const sequence = u32(b, start + 12);
  esme.room(32);
  if (command === SUBMIT_SM) {
    const id = ++lastId;
    putHeader(esme.b, esme.length, 17 + ID_DIGITS, SUBMIT_SM_RESP, sequence);
    putId(esme.b, esme.length + 16, id);
    esme.b[esme.length + 16 + ID_DIGITS] = 0;
    esme.length += 17 + ID_DIGITS;
    smsc.room(end - start);
    smsc.b.set(b.subarray(start, end), smsc.length);
    put32(smsc.b, smsc.length + 12, id);
    smsc.length += end - start;
  } else if (command < 0x80000000) {
    const withBody = command === 9 || command === 1 || command === 2;
    putHeader(esme.b, esme.length, withBody ? 17 : 16, command + 0x80000000, sequence);
    esme.b[esme.length + 16] = 0;
    esme.length += withBody ? 17 : 16;
  }
}

/** The id behind "id:" of a receipt gives way to ours, whatever the two lengths. */
function onReceipt(b: Buffer, start: number, end: number): void {
  let at = start + 16;
  while (b[at] !== 0x69 || b[at + 1] !== 0x64 || b[at + 2] !== 0x3a) if (++at > end - 3) return;
  const idAt = at + 3;
  const hash = hashId(b, idAt, end);
  const shift = ID_DIGITS - (idEnd - idAt);
  let slot = hash & (SLOTS - 1);
  for (let probes = 0; hashes[slot] !== hash; slot = (slot + 1) & (SLOTS - 1)) {
    if (ours[slot] === 0 || ++probes === SLOTS) return;
  }
  hashes[slot] = 0;
  esme.room(end - start + 16);
  const to = esme.length;
  if (shift === 0) {
    esme.b.set(b.subarray(start, end), to);
  } else {
    esme.b.set(b.subarray(start, idAt), to);
    esme.b.set(b.subarray(idEnd, end), to + idAt - start + ID_DIGITS);
    esme.b[to + at - 1 - start] += shift;
  }
  put32(esme.b, to, end - start + shift);
  put32(esme.b, to + 12, ++deliverSequence);
  putId(esme.b, to + idAt - start, ours[slot]);
  esme.length += end - start + shift;
}

function onSmscPdu(b: Buffer, start: number, end: number): void {
  const command = u32(b, start + 4);
  if (command === SUBMIT_SM_RESP) {
    const hash = hashId(b, start + 16, end);
    let slot = hash & (SLOTS - 1);
    while (ours[slot] > lastId - SLOTS / 2 && ours[slot] !== 0) slot = (slot + 1) & (SLOTS - 1);
    hashes[slot] = hash;
    ours[slot] = u32(b, start + 12);
  } else if (command === DELIVER_SM) {
    smsc.room(17);
    putHeader(smsc.b, smsc.length, 17, 0x80000005, u32(b, start + 12));
    smsc.b[smsc.length + 16] = 0;
    smsc.length += 17;
    onReceipt(b, start, end);
  }
}

/** Whole PDUs of the chunk in place; the unfinished one in front of the next chunk. */
function frames(onPdu: (b: Buffer, start: number, end: number) => void): (chunk: Buffer) => void {
  let rest: Buffer | undefined;
  return (chunk) => {
    const b = rest === undefined ? chunk : Buffer.concat([rest, chunk]);
    let at = 0;
    while (b.length - at >= 16 && b.length - at >= u32(b, at)) {
      const start = at;
      at += u32(b, at);
      onPdu(b, start, at);
    }
    rest = at < b.length ? Buffer.from(b.subarray(at)) : undefined;
    smsc.flush();
    esme.flush();
  };
}

const fromSmsc = frames(onSmscPdu);
const buffer = Buffer.allocUnsafeSlow(1 << 18);
smsc.socket = connect({
  port: Number(values.upstream),
  noDelay: true,
  onread: { buffer, callback: (length) => (fromSmsc(buffer.subarray(0, length)), true) },
});
smsc.socket.write(
  Buffer.from('0000001e00000009000000000000000162617265007265000034000000'.padEnd(60, '0'), 'hex'),
);
createServer({ noDelay: true }, (socket) => {
  esme.socket = socket;
  socket.on('data', frames(onEsmePdu)).on('error', () => socket.destroy());
}).listen(Number(values.listen), () => console.log(`bare relay on ${values.listen}`));
