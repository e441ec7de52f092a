/** Long messages over the sudden end of a daemon: nothing is lost, nothing is told twice, the ledger adds up. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { until, writeConfig } from '../support/daemon.ts';
import type { ConfigTables } from '../support/daemon.ts';
import type { Esme } from './esme.ts';
import { PAYLOAD, partOf } from './octet-smsc.ts';
import type { OctetSmsc, OctetSmscOptions } from './octet-smsc.ts';
import { Stage } from './stage.ts';
import { freePort } from '../support/ports.ts';

let stage: Stage;
beforeEach(() => void (stage = new Stage()));
afterEach(() => stage.clear());

const TEXT = Buffer.from('k'.repeat(153) + 'l'.repeat(153) + 'm'.repeat(94));
const LONG = { short_message: '', message_payload: TEXT, data_coding: 0 };

/**
 * `crashes`: after the first start the ledger is replayed, after the second there is only the pending store, which the
 * first has written.
 */
async function restart(crashes: number): Promise<Esme> {
  for (let count = 0; count < crashes; count++) {
    if (count > 0) await stage.daemon.untilMetric('segment_settled', (segment) => segment > 0);
    await stage.daemon.kill();
    await stage.start();
  }
  return stage.esme();
}

async function expectDone(accepted: number): Promise<void> {
  await stage.daemon.untilMetric('pending', (pending) => pending === 0);
  const audit = await stage.audit();
  expect([audit.accepted, audit.final, audit.finalDouble, audit.lost, audit.orphaned]).toEqual([
    accepted,
    accepted,
    0,
    0,
    0,
  ]);
}

function piece(esme: Esme, sequence: number, total = 3): Promise<string> {
  const udh = Buffer.from([5, 0, 3, 9, total, sequence]);
  const message = TEXT.subarray(153 * (sequence - 1), 153 * sequence);
  return esme.send({ esm_class: 0x40, short_message: { udh, message } });
}

describe.each([1, 2])('a message that we cut, after %i crashes', (crashes) => {
  test('is sent whole after a crash between its acceptance and its sending', async () => {
    const port = await freePort();
    await stage.serve({ smsc: [{ port }] }, false);
    const first = await stage.esme();
    const ids = [await first.send(LONG), await first.send(LONG)];
    const esme = await restart(crashes);
    const smsc = await stage.octetSmsc({ port, stat: () => 'DELIVRD' });
    expect((await esme.receiptsOf(ids)).map(({ stat }) => stat)).toEqual(['DELIVRD', 'DELIVRD']);
    const parts = smsc.sms.map(partOf);
    for (const reference of new Set(parts.map((part) => part.reference))) {
      const mine = parts.filter((part) => part.reference === reference);
      expect(mine.map(({ sequence }) => sequence)).toEqual([1, 2, 3]);
      expect(Buffer.concat(mine.map(({ text }) => text)).toString()).toBe(TEXT.toString());
    }
    expect(parts).toHaveLength(6);
    await expectDone(6);
  });

  test('is told of once, after a crash between the receipts of its parts', async () => {
    const smsc = await stage.octetSmsc();
    await stage.serve({ smsc: [{ port: smsc.port }] });
    const first = await stage.esme();
    const id = await first.send(LONG);
    await until(() => smsc.sms.length === 3, 'three parts');
    expect(await smsc.receipt('s2', 'UNDELIV', '007')).toBe(0);
    const second = await restart(crashes);
    await stage.daemon.untilMetric('smsc_bound', (count) => count === 1);
    expect(await smsc.receipt('s1')).toBe(0);
    const third = await restart(crashes);
    await stage.daemon.untilMetric('smsc_bound', (count) => count === 1);
    expect(await smsc.receipt('s3')).toBe(0);
    const { stat, err, pdu } = await third.receipt(id);
    expect([stat, err, String(pdu.short_message.message)]).toEqual([
      'UNDELIV',
      '007',
      expect.stringContaining('sub:003 dlvrd:002'),
    ]);
    expect([first.receipts, second.receipts]).toEqual([[], []]);
    expect(smsc.sms).toHaveLength(3);
    await expectDone(3);
  });

  test('keeps its receipt over a crash before its client takes it', async () => {
    const smsc = await stage.octetSmsc({ stat: () => 'DELIVRD' });
    await stage.serve({ smsc: [{ port: smsc.port }] });
    const sender = await stage.esme({ kind: 'bind_transmitter' });
    const id = await sender.send(LONG);
    await stage.daemon.untilMetric('receipts_waiting', (count) => count === 1);
    const esme = await restart(crashes);
    const { pdu } = await esme.receipt(id);
    expect(String(pdu.short_message.message)).toContain('sub:003 dlvrd:003');
    await expectDone(3);
  });
});

describe.each([1, 2])('parts that wait for each other, after %i crashes', (crashes) => {
  const tables = (smsc: object, account: object = {}): ConfigTables => ({
    account: [{ ...account }],
    smsc: [{ long_messages: 'payload', ...smsc }],
  });

  test('are still there after a crash, and are joined with the one that comes then', async () => {
    const smsc = await stage.octetSmsc({ stat: () => 'DELIVRD' });
    await stage.serve(tables({ port: smsc.port }));
    const first = await stage.esme();
    const ids = [await piece(first, 1), await piece(first, 3)];
    const esme = await restart(crashes);
    ids.push(await piece(esme, 2));
    await esme.receiptsOf(ids);
    expect(smsc.sms.map(({ tlvs }) => tlvs.get(PAYLOAD)?.toString())).toEqual([TEXT.toString()]);
    await expectDone(4);
  });

  test.each(['each', 'merged'])('and were joined, but not sent yet: told %s', async (receipts) => {
    const port = await freePort();
    await stage.serve(
      tables({ port, ...(receipts === 'merged' ? { long_messages: 'udh8' } : {}) }, { receipts }),
      false,
    );
    const first = await stage.esme();
    const ids = [await piece(first, 1), await piece(first, 2), await piece(first, 3)];
    // Joined once it is in a queue.
    await stage.daemon.untilMetric('smsc_queue_depth', (count) => count > 0);
    const esme = await restart(crashes);
    const smsc = await stage.octetSmsc({
      port,
      stat: (_sms, number) => (number === 1 ? 'EXPIRED' : 'DELIVRD'),
    });
    const told = receipts === 'each' ? ids : ids.slice(0, 1);
    for (const { stat, pdu } of await esme.receiptsOf(told)) {
      const sub = receipts === 'each' ? 'sub:001 dlvrd:000' : 'sub:003 dlvrd:002';
      expect([stat, String(pdu.short_message.message)]).toEqual(['EXPIRED', expect.stringContaining(sub)]);
    }
    expect(smsc.sms).toHaveLength(receipts === 'each' ? 1 : 3);
    await expectDone(receipts === 'each' ? 4 : 6);
    expect(esme.receipts).toHaveLength(told.length);
  });

  test('and were joined and sent: their receipts come after a crash', async () => {
    const smsc = await stage.octetSmsc();
    await stage.serve(tables({ port: smsc.port }));
    const first = await stage.esme();
    const ids = await Promise.all([piece(first, 1), piece(first, 2), piece(first, 3)]);
    // A crash before the answer is written down would have it sent again.
    await until(async () => (await stage.audit()).sent === 1, 'the whole');
    const second = await restart(crashes);
    await stage.daemon.untilMetric('smsc_bound', (count) => count === 1);
    expect(await smsc.receipt('s1', 'UNDELIV', '021')).toBe(0);
    const receipts = await second.receiptsOf(ids);
    expect(receipts.map(({ stat, err }) => `${stat} ${err}`)).toEqual(Array(3).fill('UNDELIV 021'));
    await expectDone(4);
  });
});

test('parts whose SMSC is gone from the configuration wait until it is back', async () => {
  const smsc = await stage.octetSmsc({ stat: () => 'DELIVRD' });
  const options: OctetSmscOptions = { stat: () => 'DELIVRD' };
  const other: OctetSmsc = await stage.octetSmsc(options);
  const both = [
    { id: 'one', port: smsc.port, long_messages: 'payload' },
    { id: 'two', port: other.port },
  ];
  await stage.serve({ smsc: both, route: { smscs: ['one'] } });
  const first = await stage.esme();
  const ids = [await piece(first, 1), await piece(first, 2)];
  await stage.daemon.kill();
  writeConfig(stage.site, { smsc: both.slice(1) });
  await stage.start();
  await stage.daemon.kill();
  writeConfig(stage.site, { smsc: both, route: { smscs: ['one'] } });
  await stage.start();
  const esme = await stage.esme();
  ids.push(await piece(esme, 3));
  await esme.receiptsOf(ids);
  expect(smsc.sms.map(({ tlvs }) => tlvs.get(PAYLOAD)?.toString())).toEqual([TEXT.toString()]);
  await expectDone(4);
});
