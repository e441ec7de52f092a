/** Many more parts than memory has slots for: they go through the pending store, and find each other there. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { until } from '../support/daemon.ts';
import { freePort } from '../support/ports.ts';
import type { Esme } from './esme.ts';
import { PAYLOAD, partOf } from './octet-smsc.ts';
import type { OctetSmsc, Sms } from './octet-smsc.ts';
import { Stage } from './stage.ts';

let stage: Stage;
beforeEach(() => void (stage = new Stage()));
afterEach(() => stage.clear());

const MESSAGES = 600;
const LEDGER = { messages_in_memory_max: 1024, segment_age_s: 1, settle_age_s: 1 };

/** Of message `number`: three parts, each of which says whose and which it is. */
function pieceOf(number: number, sequence: number): string {
  return `<${number}/${sequence}>`.padEnd(153, '.').slice(0, sequence === 3 ? 60 : 153);
}

function textOf(number: number): Buffer {
  return Buffer.from([1, 2, 3].map((sequence) => pieceOf(number, sequence)).join(''));
}

function fails(number: number, sequence: number): boolean {
  return (number * 7 + sequence) % 5 === 0;
}

/** What its client must be told of it. */
function endOf(number: number): { stat: string; err: string; counts: string } {
  const failed = [1, 2, 3].filter((sequence) => fails(number, sequence));
  const counts = `sub:003 dlvrd:00${3 - failed.length}`;
  return failed.length === 0
    ? { stat: 'DELIVRD', err: '000', counts }
    : { stat: 'UNDELIV', err: `01${failed[0]}`, counts };
}

/** Number and sequence that a part's text names. */
function named(text: Buffer): [number, number] {
  const found = /^<(\d+)\/(\d)>/.exec(text.toString('latin1'));
  if (found === null) throw new Error(`no part of ours: ${text.toString('latin1')}`);
  return [Number(found[1]), Number(found[2])];
}

async function sendAll(send: (number: number) => Promise<string>): Promise<string[]> {
  const ids: string[] = [];
  for (let from = 0; from < MESSAGES; from += 50) {
    ids.push(...(await Promise.all(Array.from({ length: 50 }, (_, index) => send(from + index)))));
  }
  return ids;
}

async function expectAll(esme: Esme, ids: readonly string[], accepted: number): Promise<void> {
  const receipts = await esme.receiptsOf(ids, 60_000);
  for (const [number, { stat, err, pdu }] of receipts.entries()) {
    const counts = /sub:\d+ dlvrd:\d+/.exec(String(pdu.short_message.message))?.[0];
    expect({ number, stat, err, counts }).toEqual({ number, ...endOf(number) });
  }
  await stage.daemon.untilNonePending(30_000);
  expect(esme.receipts).toHaveLength(ids.length);
  const audit = await stage.audit();
  expect([audit.accepted, audit.final, audit.finalDouble, audit.lost, audit.orphaned]).toEqual([
    accepted,
    accepted,
    0,
    0,
    0,
  ]);
}

/** Receipts in random order, some parts failed; part by part, as their texts name them. */
function reporting(port: number): Promise<OctetSmsc> {
  const receiptOf = (sms: Sms, id: string): void => {
    const [number, sequence] = named(partOf(sms).text);
    const end = fails(number, sequence)
      ? (['UNDELIV', `01${sequence}`] as const)
      : (['DELIVRD', '000'] as const);
    // The SMSC offers again what the gateway has no room for.
    const offer = async (): Promise<void> => {
      while ((await smsc.receipt(id, ...end)) !== 0) await new Promise((resolve) => setTimeout(resolve, 50));
    };
    setTimeout(() => void offer(), ((number * 37 + sequence * 101) % 20) * 50);
  };
  let smsc: OctetSmsc;
  const started = stage.octetSmsc({
    port,
    answer: (sms, number) => {
      receiptOf(sms, `s${number}`);
      return `s${number}`;
    },
  });
  return started.then((one) => (smsc = one));
}

function expectOnce(sms: readonly Sms[]): void {
  const seen = sms.map((each) => named(partOf(each).text).join('/'));
  expect(new Set(seen).size).toBe(seen.length);
  expect(seen).toHaveLength(3 * MESSAGES);
}

test('messages that we cut, while their SMSC is away and then back', async () => {
  const port = await freePort();
  await stage.serve(
    { ledger: LEDGER, account: [{ submit_window: 500 }], smsc: [{ port, window: 200 }] },
    false,
  );
  const esme = await stage.esme();
  const ids = await sendAll((number) =>
    esme.send({ short_message: '', message_payload: textOf(number), data_coding: 0 }),
  );
  const smsc = await reporting(port);
  await expectAll(esme, ids, 3 * MESSAGES);
  expectOnce(smsc.sms);
});

test('parts of clients, joined and told once', async () => {
  const port = await freePort();
  const account = [{ submit_window: 500, receipts: 'merged' }];
  await stage.serve({ ledger: LEDGER, account, smsc: [{ port, window: 200 }] }, false);
  const esme = await stage.esme();
  const piece = (number: number, sequence: number): Promise<string> =>
    esme.send({
      destination_addr: String(962790000000 + (number >> 8)),
      esm_class: 0x40,
      short_message: {
        udh: Buffer.from([5, 0, 3, number & 0xff, 3, sequence]),
        message: Buffer.from(pieceOf(number, sequence)),
      },
    });
  const ids = await sendAll(async (number) => {
    const [first] = await Promise.all([1, 2, 3].map((sequence) => piece(number, sequence)));
    return first;
  });
  const smsc = await reporting(port);
  await expectAll(esme, ids, 6 * MESSAGES);
  expectOnce(smsc.sms);
});

test('parts of clients, joined into one message that is told of for each, over a crash', async () => {
  const smsc = await stage.octetSmsc({ stat: () => 'DELIVRD' });
  const { port } = smsc;
  const tables = { ledger: LEDGER, account: [{ submit_window: 500 }] };
  await stage.serve({ ...tables, smsc: [{ port, window: 200, long_messages: 'payload' }] });
  const first = await stage.esme({ kind: 'bind_transmitter' });
  const ids: string[] = [];
  await sendAll(async (number) => {
    const pieces = [1, 2, 3].map((sequence) =>
      first.send({
        destination_addr: String(962790000000 + (number >> 8)),
        esm_class: 0x40,
        short_message: {
          udh: Buffer.from([5, 0, 3, number & 0xff, 3, sequence]),
          message: Buffer.from(pieceOf(number, sequence)),
        },
      }),
    );
    const mine = await Promise.all(pieces);
    ids.push(...mine);
    return mine[0];
  });
  await until(() => smsc.sms.length >= MESSAGES / 2, 'half of the messages', 30_000);
  await stage.daemon.kill();
  await stage.start();
  const esme = await stage.esme();
  await esme.receiptsOf(ids, 60_000);
  await stage.daemon.untilNonePending(30_000);
  const texts = smsc.sms.map(({ tlvs }) => tlvs.get(PAYLOAD)?.toString('latin1') ?? '');
  expect(new Set(texts)).toEqual(
    new Set(ids.slice(0, MESSAGES).map((_, number) => textOf(number).toString())),
  );
  const audit = await stage.audit();
  expect([audit.accepted, audit.final, audit.finalDouble, audit.lost]).toEqual([
    4 * MESSAGES,
    4 * MESSAGES,
    0,
    0,
  ]);
});
