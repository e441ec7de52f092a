import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { until, writeConfig } from '../support/daemon.ts';
import { Stage } from './stage.ts';

let stage: Stage;
beforeEach(() => void (stage = new Stage()));
afterEach(() => stage.clear());

const ROK = 0;
const RMSGQFUL = 0x14;
const RBINDFAIL = 0x0d;
const RTHROTTLED = 0x58;

/** A connection that never says a word, and whether it is still open. */
async function silent(port: number): Promise<{ socket: Socket; closed: () => boolean }> {
  const socket = connect(port, '127.0.0.1');
  let closed = false;
  socket.on('close', () => (closed = true));
  // A reset is an end like any other here.
  socket.on('error', () => undefined);
  socket.resume();
  await new Promise<void>((resolve) => socket.once('connect', resolve));
  return { socket, closed: () => closed };
}

describe('of an account', () => {
  test('tps: what is over it is refused with ESME_RTHROTTLED, over all its sessions and HTTP', async () => {
    const simulator = await stage.simulator();
    await stage.serve({ edge: { threads: 2 }, account: [{ tps: 20 }], smsc: [{ port: simulator.port }] });
    const esmes = [await stage.esme(), await stage.esme()];
    const startedMs = performance.now();
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, index) => esmes[index % 2].submit({ registered_delivery: 0 })),
    );
    const seconds = (performance.now() - startedMs) / 1000;
    const accepted = answers.filter(({ command_status }) => command_status === ROK).length;
    const throttled = answers.filter(({ command_status }) => command_status === RTHROTTLED).length;
    expect(accepted + throttled).toBe(100);
    // A tenth of a second's worth may go at once.
    expect(accepted).toBeGreaterThanOrEqual(2);
    expect(accepted).toBeLessThanOrEqual(2 + 1 + Math.ceil(seconds * 20));
    const authorization = `Basic ${Buffer.from('demo:demo1234').toString('base64')}`;
    const body = JSON.stringify({ from: 'a', to: '+962790000001', text: 'b' });
    const request = { method: 'POST', body, headers: { authorization } };
    const url = stage.daemon.url('/v1/messages');
    const pages = await Promise.all(Array.from({ length: 10 }, () => fetch(url, request)));
    const busy = pages.filter(({ status }) => status === 429);
    expect(busy.length).toBeGreaterThan(0);
    expect(busy[0].headers.get('retry-after')).toBe('1');
    expect(await stage.daemon.metric('accepted_total')).toBe(
      accepted + pages.filter(({ status }) => status === 200).length,
    );
  });

  test('submit_window: further submits wait, and all are answered', async () => {
    const simulator = await stage.simulator();
    await stage.serve({ account: [{ submit_window: 1 }], smsc: [{ port: simulator.port }] });
    const esme = await stage.esme();
    const ids = await esme.sendMany(200);
    expect(new Set(ids).size).toBe(200);
    await esme.receiptsOf(ids);
    const answers = esme.pdus.filter(({ command }) => command === 'submit_sm_resp');
    const sequence = answers.map(({ sequence_number }) => sequence_number);
    expect(sequence).toEqual(sequence.toSorted((a, b) => a - b));
  });

  test('sessions_max, over both edges; a session that ends makes room', async () => {
    const simulator = await stage.simulator();
    await stage.serve({
      edge: { threads: 2 },
      account: [{ sessions_max: 2 }],
      smsc: [{ port: simulator.port }],
    });
    const [first] = [await stage.esme(), await stage.esme()];
    const third = await stage.esme();
    expect(third.bound.command_status).toBe(RBINDFAIL);
    await third.closed;
    await first.unbind();
    await until(async () => (await stage.daemon.metric('sessions')) === 1, 'one session');
    expect((await stage.esme()).bound.command_status).toBe(ROK);
  });

  test('a wrong password and an unknown account get the same answer', async () => {
    const simulator = await stage.simulator();
    await stage.serve({ smsc: [{ port: simulator.port }] });
    for (const fields of [{ password: 'wrong' }, { system_id: 'nobody' }]) {
      const esme = await stage.esme({ fields });
      expect(esme.bound.command_status).toBe(RBINDFAIL);
      await esme.closed;
    }
    expect(await stage.daemon.metric('binds_refused_total')).toBe(2);
  });
});

test('of the disk: with less room than disk_reserve_bytes new messages are refused, receipts still come', async () => {
  const upstream = await stage.octetSmsc();
  const smsc = [{ port: upstream.port }];
  await stage.serve({ smsc });
  const before = await stage.esme();
  const id = await before.send();
  await until(async () => (await stage.history(id)).types.includes('SENT'), 'it is sent, by the ledger');
  await stage.daemon.kill();
  writeConfig(stage.site, { ledger: { disk_reserve_bytes: 1_099_511_627_776 }, smsc });
  await stage.start();
  await stage.daemon.untilMetric('disk_refusing', (value) => value === 1);
  const esme = await stage.esme();
  expect((await esme.submit()).command_status).toBe(RMSGQFUL);
  await until(() => upstream.bound === 1, 'the bind');
  expect(await upstream.receipt('s1')).toBe(0);
  expect((await esme.receipt(id)).stat).toBe('DELIVRD');
  expect(await stage.daemon.stop()).toBe(0);
});

describe('of the listener', () => {
  test('sessions_max: a connection too many is closed, the others go on', async () => {
    const simulator = await stage.simulator();
    await stage.serve({ smpp: { sessions_max: 2 }, smsc: [{ port: simulator.port }] });
    const esme = await stage.esme();
    const second = await silent(stage.site.smppPort);
    const third = await silent(stage.site.smppPort);
    await until(third.closed, 'the third is closed');
    expect(second.closed()).toBe(false);
    await esme.receipt(await esme.send());
    expect(await stage.daemon.metric('connections_refused_total')).toBe(1);
    second.socket.destroy();
  });

  test('sessions_per_ip_max and session_init_s', async () => {
    const simulator = await stage.simulator();
    const smpp = { sessions_per_ip_max: 2, session_init_s: 1 };
    await stage.serve({ smpp, smsc: [{ port: simulator.port }] });
    const { smppPort } = stage.site;
    const quiet = [await silent(smppPort), await silent(smppPort)];
    const third = await silent(smppPort);
    await until(third.closed, 'the third is closed');
    await until(() => quiet.every(({ closed }) => closed()), 'those that do not bind are closed');
    const esme = await stage.esme();
    expect(esme.bound.command_status).toBe(ROK);
    await esme.receipt(await esme.send());
  });
});
