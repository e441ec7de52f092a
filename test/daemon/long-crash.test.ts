/**
 * Long messages over the sudden end of a daemon: nothing is lost, nothing is told twice, the ledger adds up. All tests
 * of a describe live through the same crashes of one daemon, each with an account and an SMSC of its own.
 */
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { until, writeConfig } from '../support/daemon.ts';
import { freePort } from '../support/ports.ts';
import type { Esme, EsmeOptions } from './esme.ts';
import { PAYLOAD, partOf } from './octet-smsc.ts';
import type { OctetSmsc, OctetSmscOptions } from './octet-smsc.ts';
import { Stage } from './stage.ts';

const TEXT = Buffer.from('k'.repeat(153) + 'l'.repeat(153) + 'm'.repeat(94));
const LONG = { short_message: '', message_payload: TEXT, data_coding: 0 };

/** Account and SMSC of each test, by name; its_session_info says which SMSC a message is for. */
const PAIRS: Record<string, { smsc?: object; account?: object }> = {
  whole: {},
  told: {},
  kept: {},
  joins: { smsc: { long_messages: 'payload' } },
  each: { smsc: { long_messages: 'payload' } },
  merged: { smsc: { long_messages: 'udh8' }, account: { receipts: 'merged' } },
  sent: { smsc: { long_messages: 'payload' } },
};
const NAMES = Object.keys(PAIRS);

function wayOf(name: string): Buffer {
  return Buffer.from([0, NAMES.indexOf(name)]);
}

/** The lives of one daemon, which ends when all who take part wait for that. */
class Lives {
  readonly stage = new Stage();
  /** Messages and parts that were accepted, made of others or not. */
  accepted = 0;
  readonly #crashes: number;
  readonly #ports = new Map<string, number>();
  readonly #upstreams: OctetSmsc[] = [];
  readonly #taking = new Set<string>();
  #waiting: (() => void)[] = [];

  /**
   * `crashes`: how many one is. After the first start the ledger is replayed, after the second there is only the
   * pending store, which the first has written.
   */
  constructor(crashes: number) {
    this.#crashes = crashes;
  }

  async begin(): Promise<void> {
    for (const name of NAMES) this.#ports.set(name, await freePort());
    const smsc = NAMES.map((id) => ({ id, port: this.#ports.get(id), ...PAIRS[id].smsc }));
    const rule = NAMES.map((id) => ({ tlv: 'way', equals: wayOf(id).toString('hex'), smscs: [id] }));
    const tables = {
      account: NAMES.map((name) => ({ name, ...PAIRS[name].account })),
      smsc,
      tlv: [{ name: 'way', tag: 0x1383, type: 'octets' }],
      route: { smscs: [NAMES[0]], rule },
    };
    await this.stage.serve(tables, false);
  }

  take(name: string): Part {
    this.#taking.add(name);
    return new Part(this, name);
  }

  /** It waits for no crash any more. */
  async leave(name: string): Promise<void> {
    this.#taking.delete(name);
    await this.#endIfAllWait();
  }

  async upstream(name: string, options: OctetSmscOptions): Promise<OctetSmsc> {
    const smsc = await this.stage.octetSmsc({ port: this.#ports.get(name) as number, ...options });
    this.#upstreams.push(smsc);
    return smsc;
  }

  async crash(): Promise<void> {
    const isOver = new Promise<void>((resolve) => this.#waiting.push(resolve));
    await this.#endIfAllWait();
    await isOver;
  }

  async #endIfAllWait(): Promise<void> {
    if (this.#waiting.length === 0 || this.#waiting.length < this.#taking.size) return;
    const waiting = this.#waiting.splice(0);
    // A crash before an answer is written down would have the message sent again.
    const sent = this.#upstreams.reduce((sum, { sms }) => sum + sms.length, 0);
    await until(async () => (await this.stage.audit()).sent === sent, 'what was sent is in the ledger');
    for (let count = 0; count < this.#crashes; count++) {
      if (count > 0) await this.stage.daemon.untilMetric('segment_settled', (segment) => segment > 0);
      await this.stage.daemon.kill();
      await this.stage.start();
    }
    for (const goOn of waiting) goOn();
  }
}

/** What one test has of them. */
class Part {
  readonly #lives: Lives;
  readonly #name: string;

  constructor(lives: Lives, name: string) {
    this.#lives = lives;
    this.#name = name;
  }

  esme(options: EsmeOptions = {}): Promise<Esme> {
    return this.#lives.stage.esme({ ...options, fields: { system_id: this.#name } });
  }

  /** Its SMSC, which is bound now. */
  async smsc(options: OctetSmscOptions = {}): Promise<OctetSmsc> {
    const smsc = await this.#lives.upstream(this.#name, options);
    await until(() => smsc.bound > 0, `a bind to ${this.#name}`);
    return smsc;
  }

  /** A message in one piece. */
  long(esme: Esme): Promise<string> {
    this.#lives.accepted += 3;
    return esme.send({ ...LONG, its_session_info: wayOf(this.#name) });
  }

  /** One of three parts. They are joined into one more, or, for the client's receipt, into as many again. */
  piece(esme: Esme, sequence: number): Promise<string> {
    if (sequence === 3) this.#lives.accepted += this.#name === 'merged' ? 3 : 1;
    this.#lives.accepted++;
    return esme.send({ ...piece(sequence), its_session_info: wayOf(this.#name) });
  }

  /** Messages that wait for its SMSC. */
  async queueDepth(): Promise<number> {
    const page = await (await fetch(this.#lives.stage.daemon.url('/metrics'))).text();
    const found = new RegExp(`^tollgate_smsc_queue_depth\\{smsc="${this.#name}"\\} (\\d+)$`, 'm').exec(page);
    return Number(found?.[1]);
  }

  async restart(): Promise<Esme> {
    await this.#lives.crash();
    return this.esme();
  }
}

function piece(sequence: number): object {
  const udh = Buffer.from([5, 0, 3, 9, 3, sequence]);
  const message = TEXT.subarray(153 * (sequence - 1), 153 * sequence);
  return { esm_class: 0x40, short_message: { udh, message } };
}

async function expectDone(stage: Stage, accepted: number): Promise<void> {
  await stage.daemon.untilNonePending();
  const audit = await stage.audit();
  expect([audit.accepted, audit.final, audit.finalDouble, audit.lost, audit.orphaned]).toEqual([
    accepted,
    accepted,
    0,
    0,
    0,
  ]);
}

describe.each([1, 2])('after %i crashes', (crashes) => {
  const lives = new Lives(crashes);
  beforeAll(() => lives.begin());
  afterAll(() => lives.stage.clear());

  /** A test that shares the crashes. */
  function crashing(what: string, name: string, run: (part: Part) => Promise<void>): void {
    test.concurrent(what, async (context) => {
      const part = lives.take(name);
      context.onTestFinished(() => lives.leave(name));
      await run(part);
    });
  }

  crashing(
    'a message that we cut is sent whole after one between its acceptance and its sending',
    'whole',
    async (part) => {
      const first = await part.esme();
      const ids = [await part.long(first), await part.long(first)];
      const esme = await part.restart();
      const smsc = await part.smsc({ stat: () => 'DELIVRD' });
      expect((await esme.receiptsOf(ids)).map(({ stat }) => stat)).toEqual(['DELIVRD', 'DELIVRD']);
      const parts = smsc.sms.map(partOf);
      for (const reference of new Set(parts.map((one) => one.reference))) {
        const mine = parts.filter((one) => one.reference === reference);
        expect(mine.map(({ sequence }) => sequence)).toEqual([1, 2, 3]);
        expect(Buffer.concat(mine.map(({ text }) => text)).toString()).toBe(TEXT.toString());
      }
      expect(parts).toHaveLength(6);
    },
  );

  crashing('it is told of once, after one between the receipts of its parts', 'told', async (part) => {
    const smsc = await part.smsc();
    const first = await part.esme();
    const id = await part.long(first);
    await until(() => smsc.sms.length === 3, 'three parts');
    expect(await smsc.receipt('s2', 'UNDELIV', '007')).toBe(0);
    const second = await part.restart();
    await until(() => smsc.bound === 1, 'a bind');
    expect(await smsc.receipt('s1')).toBe(0);
    const third = await part.restart();
    await until(() => smsc.bound === 1, 'a bind');
    expect(await smsc.receipt('s3')).toBe(0);
    const { stat, err, pdu } = await third.receipt(id);
    expect([stat, err, String(pdu.short_message.message)]).toEqual([
      'UNDELIV',
      '007',
      expect.stringContaining('sub:003 dlvrd:002'),
    ]);
    expect([first.receipts, second.receipts]).toEqual([[], []]);
    expect(smsc.sms).toHaveLength(3);
  });

  crashing('it keeps its receipt over one before its client takes it', 'kept', async (part) => {
    await part.smsc({ stat: () => 'DELIVRD' });
    const sender = await part.esme({ kind: 'bind_transmitter' });
    const id = await part.long(sender);
    await lives.stage.daemon.untilMetric('receipts_waiting', (count) => count === 1);
    const esme = await part.restart();
    const { pdu } = await esme.receipt(id);
    expect(String(pdu.short_message.message)).toContain('sub:003 dlvrd:003');
  });

  crashing(
    'parts that wait for each other are joined with the one that comes then',
    'joins',
    async (part) => {
      const smsc = await part.smsc({ stat: () => 'DELIVRD' });
      const first = await part.esme();
      const ids = [await part.piece(first, 1), await part.piece(first, 3)];
      const esme = await part.restart();
      ids.push(await part.piece(esme, 2));
      await esme.receiptsOf(ids);
      expect(smsc.sms.map(({ tlvs }) => tlvs.get(PAYLOAD)?.toString())).toEqual([TEXT.toString()]);
    },
  );

  for (const receipts of ['each', 'merged']) {
    crashing(`and were joined, but not sent yet: told ${receipts}`, receipts, async (part) => {
      const first = await part.esme();
      const ids = [await part.piece(first, 1), await part.piece(first, 2), await part.piece(first, 3)];
      // Joined once it is in a queue.
      await until(async () => (await part.queueDepth()) > 0, 'the whole');
      const esme = await part.restart();
      const smsc = await part.smsc({ stat: (_sms, number) => (number === 1 ? 'EXPIRED' : 'DELIVRD') });
      const told = receipts === 'each' ? ids : ids.slice(0, 1);
      for (const { stat, pdu } of await esme.receiptsOf(told)) {
        const sub = receipts === 'each' ? 'sub:001 dlvrd:000' : 'sub:003 dlvrd:002';
        expect([stat, String(pdu.short_message.message)]).toEqual(['EXPIRED', expect.stringContaining(sub)]);
      }
      expect(smsc.sms).toHaveLength(receipts === 'each' ? 1 : 3);
      expect(esme.receipts).toHaveLength(told.length);
    });
  }

  crashing('and were joined and sent: their receipts come after it', 'sent', async (part) => {
    const smsc = await part.smsc();
    const first = await part.esme();
    const ids = await Promise.all([part.piece(first, 1), part.piece(first, 2), part.piece(first, 3)]);
    await until(() => smsc.sms.length === 1, 'the whole');
    const second = await part.restart();
    await until(() => smsc.bound === 1, 'a bind');
    expect(await smsc.receipt('s1', 'UNDELIV', '021')).toBe(0);
    const receipts = await second.receiptsOf(ids);
    expect(receipts.map(({ stat, err }) => `${stat} ${err}`)).toEqual(Array(3).fill('UNDELIV 021'));
  });

  test('all of it has ended, once', () => expectDone(lives.stage, lives.accepted));
});

test('parts whose SMSC is gone from the configuration wait until it is back', async () => {
  const stage = new Stage();
  onTestFinished(() => stage.clear());
  const smsc = await stage.octetSmsc({ stat: () => 'DELIVRD' });
  const other = await stage.octetSmsc({ stat: () => 'DELIVRD' });
  const both = [
    { id: 'one', port: smsc.port, long_messages: 'payload' },
    { id: 'two', port: other.port },
  ];
  await stage.serve({ smsc: both, route: { smscs: ['one'] } });
  const first = await stage.esme();
  const ids = [await first.send(piece(1)), await first.send(piece(2))];
  await stage.daemon.kill();
  writeConfig(stage.site, { smsc: both.slice(1) });
  await stage.start();
  await stage.daemon.kill();
  writeConfig(stage.site, { smsc: both, route: { smscs: ['one'] } });
  await stage.start();
  const esme = await stage.esme();
  ids.push(await esme.send(piece(3)));
  await esme.receiptsOf(ids);
  expect(smsc.sms.map(({ tlvs }) => tlvs.get(PAYLOAD)?.toString())).toEqual([TEXT.toString()]);
  await expectDone(stage, 4);
});
