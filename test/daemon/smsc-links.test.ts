import { createServer } from 'node:net';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runLoad } from '../../src/load/run.ts';
import { until } from '../support/daemon.ts';
import { freePort } from '../support/ports.ts';
import { readTaken } from '../crash/verdict.ts';
import { npm } from './esme.ts';
import { Stage } from './stage.ts';

let stage: Stage;
beforeEach(() => void (stage = new Stage()));
afterEach(() => stage.clear());

const RBINDFAIL = 0x0d;

test('down at the start: messages are taken, and sent when it comes up', async () => {
  const port = await freePort();
  await stage.serve({ smsc: [{ port }] }, false);
  const ready = async (): Promise<number> => (await fetch(stage.daemon.url('/readyz'))).status;
  expect(await ready()).toBe(503);
  const esme = await stage.esme();
  const ids = await esme.sendMany(50);
  await stage.simulator({ port });
  await esme.receiptsOf(ids);
  await until(async () => (await ready()) === 200, 'readyz');
});

test('a refused bind is tried again; what was accepted meanwhile goes out then', async () => {
  const smsc = await stage.npmSmsc(({ answer, receipt, number }) => {
    answer(`id-${number}`);
    void receipt(`id-${number}`);
  });
  smsc.bindStatus = RBINDFAIL;
  await stage.serve({ smsc: [{ port: smsc.port }] }, false);
  const esme = await stage.esme();
  const id = await esme.send();
  await until(() => smsc.binds >= 2, 'a second try');
  expect(stage.daemon.log).toContain('the SMSC refused the bind: ESME_RBINDFAIL');
  expect(smsc.submits).toEqual([]);
  smsc.bindStatus = 0;
  expect((await esme.receipt(id)).stat).toBe('DELIVRD');
});

test('an SMSC that cuts the connection again and again loses nothing', async () => {
  const taken = join(stage.path, 'taken');
  const simulator = await stage.simulator({
    disconnectEvery: 130,
    record: taken,
    latencyMs: { min: 0, max: 5 },
  });
  const account = [{ receipt_window: 500 }];
  await stage.serve({ account, smsc: [{ port: simulator.port, window: 20, binds: 2 }] });
  const result = await runLoad({ port: stage.site.smppPort, messages: 600, window: 50 });
  expect(result).toMatchObject({ accepted: 600, receipts: 600, problems: [] });
  const { disconnects } = simulator.stats();
  expect(disconnects).toBeGreaterThan(3);
  await simulator.close();
  const counts = [...readTaken([taken]).values()];
  expect(counts).toHaveLength(600);
  const repeats = counts.reduce((sum, count) => sum + count - 1, 0);
  // One bind's window each time.
  expect(repeats).toBeLessThanOrEqual(disconnects * 20);
});

test('an SMSC that unbinds with submits unanswered: they are sent again on the next bind', async () => {
  const smsc = await stage.npmSmsc(({ answer, receipt, session, number }) => {
    if (number < 10) return;
    if (number === 10) session.unbind(() => session.socket.destroy());
    else {
      answer(`id-${number}`);
      void receipt(`id-${number}`);
    }
  });
  await stage.serve({ smsc: [{ port: smsc.port, window: 10 }] });
  const esme = await stage.esme();
  const ids = await esme.sendMany(30);
  await esme.receiptsOf(ids);
  expect(stage.daemon.log).toContain('the SMSC unbound');
  const texts = smsc.submits.map(({ text }) => text);
  // Order is kept: the ten that were in flight come first.
  expect(texts.slice(10)).toEqual(ids.map((_, index) => `m${index} `));
});

test('responses out of order', async () => {
  const simulator = await stage.simulator({ outOfOrder: true, latencyMs: { min: 0, max: 30 } });
  await stage.serve({ smsc: [{ port: simulator.port, window: 50 }] });
  const result = await runLoad({ port: stage.site.smppPort, messages: 1_000, window: 100 });
  expect(result).toMatchObject({ accepted: 1_000, receipts: 1_000, problems: [] });
  expect(await stage.daemon.metric('smsc_unmatched_responses_total')).toBe(0);
});

test('two SMSCs, one dies: new messages take the other, old ones wait for its return', async () => {
  const first = await stage.simulator();
  const silentPort = await freePort();
  const second = await stage.simulator({ port: silentPort, dropRespRate: 1 });
  await stage.serve({ shards: 2, smsc: [{ port: first.port }, { port: second.port }] });
  const esme = await stage.esme();
  const numbered = (index: number): object => ({ destination_addr: `96279000${1000 + index}` });
  const send = (from: number, count: number): Promise<string[]> =>
    Promise.all(Array.from({ length: count }, (_, index) => esme.send(numbered(from + index))));
  const before = await send(0, 60);
  await until(() => second.stats().submits > 5, 'both are used');
  await second.close();
  await stage.daemon.untilMetric('smsc_bound', (count) => count === 1);
  const after = await send(100, 60);
  await esme.receiptsOf(after);
  expect(esme.receipts.length).toBeLessThan(120);
  await stage.simulator({ port: silentPort });
  await esme.receiptsOf(before);
  await stage.daemon.untilNonePending();
  expect(esme.receipts.length).toBe(120);
});

test('an SMSC that falls silent is left after enquire_link, and its messages are sent again', async () => {
  const port = await freePort();
  const sockets: Socket[] = [];
  const silent = createServer((socket) => {
    sockets.push(socket);
    // The end of a connection is what this is about.
    socket.on('error', () => undefined);
    socket.once('data', (bind) => {
      const sequence_number = bind.readUInt32BE(12);
      socket.write(new npm.PDU('bind_transceiver_resp', { sequence_number }).toBuffer());
      socket.resume();
    });
  });
  await new Promise<void>((resolve) => silent.listen(port, '127.0.0.1', resolve));
  await stage.serve({ smsc: [{ port, enquire_link_s: 1, response_timeout_s: 2 }] });
  const esme = await stage.esme();
  const id = await esme.send();
  await until(() => sockets.length === 2, 'it connects again', 30_000);
  expect(stage.daemon.log).toContain('the SMSC does not answer enquire_link');
  await new Promise((resolve) => {
    silent.close(resolve);
    for (const socket of sockets) socket.destroy();
  });
  await stage.simulator({ port });
  expect((await esme.receipt(id)).stat).toBe('DELIVRD');
}, 60_000);

test('a pair: messages go out on the transmitter, their receipts come in on the receiver', async () => {
  const smsc = await stage.npmSmsc(({ answer, number }) => {
    answer(`id-${number}`);
    // The sessions are told apart by what they were bound as; the receipt goes to the one that did not submit.
    const receiver = smsc.sessions.find((session) => session !== smsc.submits[0].session);
    receiver?.deliver_sm({
      esm_class: 4,
      short_message: `id:id-${number} done date:2611220001 stat:DELIVRD err:000`,
    });
  });
  await stage.serve({ smsc: [{ port: smsc.port, bind: 'pair' }] }, false);
  await stage.daemon.untilMetric('smsc_bound', (bound) => bound === 2);
  const esme = await stage.esme();
  const ids = await esme.sendMany(20);
  const receipts = await esme.receiptsOf(ids);
  expect(receipts).toHaveLength(20);
  expect(new Set(smsc.submits.map(({ session }) => session)).size).toBe(1);
});
