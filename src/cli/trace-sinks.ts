/** Where a trace goes: as text to stdout, or as a pcap file. */
import { closeSync, openSync, writeSync } from 'node:fs';
import type { TraceItem } from '../admin/protocol.ts';
import { PcapWriter } from '../smpp/pcap.ts';
import type { TagTable } from '../smpp/tags.ts';
import { traceText } from '../smpp/trace.ts';
import type { TraceEvent } from '../smpp/trace-feed.ts';
import { EXIT, ExitError } from './exit.ts';

export interface TraceSink {
  take(item: TraceItem): Promise<void>;
  close(): Promise<void>;
  /** `12 PDUs, 3 missing`. */
  summary(): string;
}

class Counts {
  #pdus = 0;
  #missing = 0;

  count(event: TraceEvent): void {
    if (event.kind === 'pdu') this.#pdus++;
    if (event.kind === 'dropped') this.#missing += event.pdus;
  }

  summary(): string {
    const missing = this.#missing === 0 ? '' : `, ${this.#missing} missing`;
    return `${this.#pdus} PDUs${missing}`;
  }
}

/** The events of an item, each `pdu` with its octets. */
function* eventsOf({ events, bytes }: TraceItem): Generator<{ event: TraceEvent; octets: Buffer }> {
  const all = Buffer.from(bytes, 'base64');
  let at = 0;
  for (const event of events as unknown as TraceEvent[]) {
    const length = event.kind === 'pdu' ? event.length : 0;
    yield { event, octets: all.subarray(at, at + length) };
    at += length;
  }
}

export function textSink(tags: TagTable): TraceSink {
  const counts = new Counts();
  return {
    async take(item) {
      let text = '';
      for (const { event, octets } of eventsOf(item)) {
        counts.count(event);
        text += event.kind === 'pdu' ? traceText({ ...event, bytes: octets }, tags) : note(event);
      }
      await toStdout(text);
    },
    close: () => Promise.resolve(),
    summary: () => counts.summary(),
  };
}

function note(event: Exclude<TraceEvent, { kind: 'pdu' }>): string {
  const { session } = event;
  switch (event.kind) {
    case 'session': {
      const name = event.name === '' ? '' : `${event.name}, `;
      return `${time(event.timeMs)} ${session} --- ${name}${event.remote || '?'} to us at ${event.local || '?'}\n`;
    }
    case 'dropped':
      return (
        `--- ${session} ${event.direction}: ${event.pdus} PDUs (${event.bytes} octets) are missing here, ` +
        'for they were not read fast enough\n'
      );
    case 'broken':
      return (
        `${time(event.timeMs)} ${session} ${event.direction} --- the framing is broken: ` +
        `command_length ${event.commandLength}\n`
      );
    default:
      return `${time(event.timeMs)} ${session} --- the connection ended\n`;
  }
}

function time(ms: number): string {
  return new Date(ms).toISOString();
}

/** `path` "-" is stdout. A new file is open to its owner only, for it has what people wrote to each other. */
export function pcapSink(path: string): TraceSink {
  const counts = new Counts();
  const chunks: Buffer[] = [];
  const file = path === '-' ? undefined : openFile(path);
  const pcap = new PcapWriter((bytes) => chunks.push(bytes));
  const flush = async (): Promise<void> => {
    const bytes = Buffer.concat(chunks.splice(0));
    if (file === undefined) await toStdout(bytes);
    else for (let at = 0; at < bytes.length; at += writeSync(file, bytes, at));
  };
  return {
    async take(item) {
      for (const { event, octets } of eventsOf(item)) {
        counts.count(event);
        const { session } = event;
        if (event.kind === 'session') pcap.open(session, event.local, event.remote);
        if (event.kind === 'pdu') pcap.data(session, event.direction, event.timeMs, octets);
        if (event.kind === 'dropped') pcap.gap(session, event.direction, event.bytes);
      }
      await flush();
    },
    async close() {
      await flush();
      if (file !== undefined) closeSync(file);
    },
    summary: () => counts.summary(),
  };
}

function openFile(path: string): number {
  try {
    return openSync(path, 'w', 0o600);
  } catch (error) {
    throw new ExitError(`${path}: ${error instanceof Error ? error.message : String(error)}`, EXIT.failed);
  }
}

function toStdout(bytes: string | Buffer): Promise<void> {
  if (bytes.length === 0 || process.stdout.write(bytes)) return Promise.resolve();
  return new Promise((resolve) => process.stdout.once('drain', resolve));
}
