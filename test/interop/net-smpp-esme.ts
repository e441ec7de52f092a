/** The script net-smpp.pl: what it is told and what it heard. */
import { fileURLToPath } from 'node:url';
import { until } from '../support/daemon.ts';
import type { Ground, Peer } from './ground.ts';

const SCRIPT = fileURLToPath(new URL('net-smpp.pl', import.meta.url));
const ORDER_MS_MAX = 25_000;
export const CREDENTIALS = { system_id: 'demo', password: 'demo1234' };

/** A line of the script: a PDU with its fields by the module's names, or the end of a connection. */
export interface PerlPdu {
  [field: string]: unknown;
  session: string;
  /** `submit_sm_resp` ... as the module names it. */
  name: string;
  cmd: number;
  status: number;
  seq: number;
}

/** Names of the specification and values; octets as latin1. */
export type PerlFields = Record<string, string | number | (string | number)[]>;

export class PerlEsme {
  readonly peer: Peer;
  /** Everything that it heard, in order. */
  readonly heard: PerlPdu[] = [];
  #read = 0;
  #orders = 0;
  #done = 0;

  constructor(ground: Ground) {
    this.peer = ground.peer('Net::SMPP', 'perl', [SCRIPT]);
  }

  async #order(order: object): Promise<PerlPdu[]> {
    const from = this.heard.length;
    const number = ++this.#orders;
    this.peer.child.stdin?.write(`${JSON.stringify(order)}\n`);
    const isDone = (): boolean => {
      this.#readLines();
      if (this.peer.code !== undefined) throw new Error(`the script has ended\n${this.peer.output}`);
      return this.#done >= number;
    };
    await until(isDone, `Net::SMPP does ${JSON.stringify(order)}\n${this.peer.output}`, ORDER_MS_MAX);
    return this.heard.slice(from);
  }

  #readLines(): void {
    const end = this.peer.stdout.lastIndexOf('\n');
    if (end < this.#read) return;
    const lines = this.peer.stdout.slice(this.#read, end).split('\n');
    this.#read = end + 1;
    for (const line of lines) {
      if (line === '') continue;
      const said = JSON.parse(line) as PerlPdu & { done?: number };
      if (said.done === undefined) this.heard.push(said);
      else this.#done = said.done;
    }
  }

  async connect(session: string, port: number, smppVersion: number): Promise<void> {
    await this.#order({ session, connect: { port, smpp_version: smppVersion, timeout: 5 } });
  }

  /** Calls a method of the module; resolves with the response, or what came for it (`closed`, `died`, `late`). */
  async call(session: string, method: string, fields: PerlFields = {}): Promise<PerlPdu> {
    const args = Object.entries(fields).flat(1);
    const heard = await this.#order({ session, call: method, args });
    return heard.at(-1) ?? ({ session, name: 'nothing', cmd: 0, status: -1, seq: 0 } satisfies PerlPdu);
  }

  /** What comes by itself within this time. */
  listen(session: string, ms: number): Promise<PerlPdu[]> {
    return this.#order({ session, listen_ms: ms });
  }

  async close(session: string): Promise<void> {
    await this.#order({ session, close: 1 });
  }

  /** Listens until a PDU that fits has come; undefined: it does not. */
  async hears(
    session: string,
    fits: (pdu: PerlPdu) => boolean,
    waitMs = 15_000,
  ): Promise<PerlPdu | undefined> {
    const deadline = performance.now() + waitMs;
    for (;;) {
      const found = this.heard.find((pdu) => pdu.session === session && fits(pdu));
      if (found !== undefined || performance.now() > deadline) return found;
      await this.listen(session, 100);
    }
  }
}

/** A field as text; '' where it is not there. */
export function fieldText(pdu: PerlPdu | undefined, field: string): string {
  const value = pdu?.[field];
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

/** What the module wrote on stderr, but for the ends of connections. */
export function complaints(perl: PerlEsme): string[] {
  return perl.peer.stderr.split('\n').filter((line) => line !== '' && !/premature eof/.test(line));
}
