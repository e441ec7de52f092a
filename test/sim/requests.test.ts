import { afterEach, describe, expect, test } from 'vitest';
import type { SimulatorOptions } from '../../src/sim/options.ts';
import { startSimulator } from '../../src/sim/simulator.ts';
import type { RunningSimulator } from '../../src/sim/simulator.ts';
import { NpmPeer } from '../smpp/npm-peer.ts';
import type { NpmPdu } from '../smpp/npm-peer.ts';
import { until } from './npm-smpp.ts';

let running: RunningSimulator | undefined;
const peers: NpmPeer[] = [];
afterEach(async () => {
  for (const peer of peers.splice(0)) peer.close();
  await running?.close();
  running = undefined;
});

/** Messages end a second after their answer, unless the options say otherwise. */
async function stage(
  options: Partial<SimulatorOptions> = {},
  bind: object = {},
): Promise<{ sim: RunningSimulator; esme: NpmPeer }> {
  const receiptDelayMs = { min: 1000, max: 1000 };
  running = await startSimulator({ port: 0, idStart: 1, idFormat: 'dec', receiptDelayMs, ...options });
  const esme = await NpmPeer.esme({ port: running.port });
  peers.push(esme);
  const fields = { system_id: 'esme', password: 'pw', interface_version: 0x50, ...bind };
  expect((await esme.ask('bind_transceiver', fields)).command_status).toBe(0);
  return { sim: running, esme };
}

const MESSAGE = {
  source_addr: 'Shop',
  destination_addr: '49',
  registered_delivery: 1,
  short_message: 'hello',
};

/** A message that is taken; resolves with its id. */
async function send(esme: NpmPeer, fields: object = {}): Promise<string> {
  const answer = await esme.ask('submit_sm', { ...MESSAGE, ...fields });
  expect(answer.command_status).toBe(0);
  return answer.message_id;
}

function stats(esme: NpmPeer): (string | undefined)[] {
  return esme
    .of('deliver_sm')
    .map((pdu) => /^id:(\S+).*stat:(\S+)/.exec(String(pdu.short_message.message)))
    .map((found) => `${found?.[1]} ${found?.[2]}`);
}

describe('query_sm', () => {
  test('ENROUTE until the receipt is due, DELIVERED with its date after', async () => {
    const { esme } = await stage({ receiptDelayMs: { min: 100, max: 100 } });
    const id = await send(esme);
    const which = { message_id: id, source_addr: 'Shop' };
    const before = await esme.ask('query_sm', which);
    expect(before).toMatchObject({ command_status: 0, message_id: id, message_state: 1, final_date: '' });
    await until(() => stats(esme).length === 1, 'the receipt');
    const after = await esme.ask('query_sm', which);
    expect(after).toMatchObject({ command_status: 0, message_state: 2, error_code: 0 });
    expect(Math.abs(Date.now() - Number(after.final_date))).toBeLessThan(30_000);
  });

  test('unknown: another id, another source, another account', async () => {
    const { esme, sim } = await stage();
    const id = await send(esme);
    const status = async (peer: NpmPeer, fields: object): Promise<number> =>
      (await peer.ask('query_sm', fields)).command_status;
    expect(await status(esme, { message_id: '77', source_addr: 'Shop' })).toBe(0x0c);
    expect(await status(esme, { message_id: id, source_addr: 'Shops' })).toBe(0x0c);
    const other = await NpmPeer.esme({ port: sim.port });
    peers.push(other);
    await other.ask('bind_transmitter', { system_id: 'other' });
    expect(await status(other, { message_id: id, source_addr: 'Shop' })).toBe(0x0c);
  });
});

describe('cancel_sm', () => {
  test('by id: a DELETED receipt at once, no other later, and no second time', async () => {
    const { esme } = await stage({ receiptDelayMs: { min: 150, max: 150 }, receiptStat: 'ACKED' });
    const id = await send(esme);
    const kept = await send(esme);
    const which = { message_id: id, source_addr: 'Shop', destination_addr: '49' };
    expect((await esme.ask('cancel_sm', which)).command_status).toBe(0);
    await until(() => stats(esme).length === 2, 'both receipts');
    expect(stats(esme)).toEqual([`${id} DELETED`, `${kept} ACKED`]);
    expect((await esme.ask('cancel_sm', which)).command_status).toBe(0x11);
    expect(await esme.ask('query_sm', which)).toMatchObject({ message_state: 4 });
    expect((await esme.ask('cancel_sm', { message_id: '77' })).command_status).toBe(0x0c);
  });

  test('by addresses and service_type: all that wait', async () => {
    const { esme } = await stage();
    const vma = { service_type: 'VMA', registered_delivery: 0 };
    const ids = [
      await send(esme, vma),
      await send(esme, vma),
      await send(esme),
      await send(esme, { destination_addr: '50' }),
    ];
    const group = { source_addr: 'Shop', destination_addr: '49', service_type: 'VMA' };
    expect((await esme.ask('cancel_sm', group)).command_status).toBe(0);
    expect((await esme.ask('cancel_sm', group)).command_status).toBe(0x11);
    const states: unknown[] = [];
    for (const message_id of ids) {
      states.push((await esme.ask('query_sm', { message_id, source_addr: 'Shop' })).message_state);
    }
    expect(states).toEqual([4, 4, 1, 1]);
  });
});

describe('replace_sm', () => {
  test('changes whether a receipt comes; what has ended is not replaced', async () => {
    const { esme, sim } = await stage({ receiptDelayMs: { min: 100, max: 100 } });
    const id = await send(esme);
    const last = await send(esme);
    const which = { message_id: id, source_addr: 'Shop', short_message: 'new', registered_delivery: 0 };
    expect((await esme.ask('replace_sm', which)).command_status).toBe(0);
    await until(() => stats(esme).length === 1, 'the other receipt');
    expect(stats(esme)).toEqual([`${last} DELIVRD`]);
    expect((await esme.ask('replace_sm', which)).command_status).toBe(0x13);
    expect((await esme.ask('replace_sm', { ...which, message_id: '77' })).command_status).toBe(0x0c);
    expect(sim.stats().replaced).toBe(1);
  });
});

describe('submit_multi', () => {
  const numbers = ['49', '50', '51'].map((destination_addr) => ({ destination_addr }));

  test('one id, a receipt for every destination', async () => {
    const { esme, sim } = await stage({ receiptDelayMs: { min: 0, max: 0 } });
    const fields = { ...MESSAGE, destination_addr: undefined, dest_address: numbers };
    const answer = await esme.ask('submit_multi', fields);
    expect(answer).toMatchObject({ command_status: 0, message_id: '1', unsuccess_sme: [] });
    await until(() => stats(esme).length === 3, 'three receipts');
    expect(esme.of('deliver_sm').map(({ source_addr }) => source_addr)).toEqual(['49', '50', '51']);
    expect(new Set(stats(esme))).toEqual(new Set(['1 DELIVRD']));
    expect(sim.stats().submits).toBe(3);
  });

  test('destinations that are refused are listed', async () => {
    const { esme } = await stage({ errorRate: 1, errorStatus: 0x0b });
    const answer = await esme.ask('submit_multi', { source_addr: 'Shop', dest_address: numbers });
    expect(answer.command_status).toBe(0);
    expect(answer.unsuccess_sme).toMatchObject(
      numbers.map(({ destination_addr }) => ({ destination_addr, error_status_code: 0x0b })),
    );
  });

  test('distribution lists are unknown', async () => {
    const { esme } = await stage();
    const answer = await esme.ask('submit_multi', { dest_address: [{ dl_name: 'staff' }] });
    expect(answer.command_status).toBe(0x34);
  });
});

test('data_sm: an id, and a receipt', async () => {
  const { esme, sim } = await stage({ receiptDelayMs: { min: 20, max: 20 } });
  const fields = {
    source_addr: 'Shop',
    destination_addr: '49',
    registered_delivery: 1,
    message_payload: 'hi',
  };
  const answer = await esme.ask('data_sm', fields);
  expect(answer).toMatchObject({ command: 'data_sm_resp', command_status: 0, message_id: '1' });
  await until(() => stats(esme).length === 1, 'the receipt');
  expect(esme.of('deliver_sm')[0]).toMatchObject({ source_addr: '49', destination_addr: 'Shop' });
  expect(sim.stats().submits).toBe(1);
});

test('broadcast_sm, query_broadcast_sm, cancel_broadcast_sm', async () => {
  const { esme } = await stage();
  const areas = [Buffer.from('\0downtown', 'latin1'), Buffer.from('\0harbour', 'latin1')];
  const broadcast = await esme.ask('broadcast_sm', {
    source_addr: 'CBE',
    broadcast_area_identifier: areas,
    broadcast_content_type: { network: 1, content_type: 0x33 },
    broadcast_rep_num: 10,
    broadcast_frequency_interval: { unit: 9, interval: 31 },
    message_payload: 'storm',
  });
  expect(broadcast).toMatchObject({ command_status: 0, message_id: '1' });
  const query = await esme.ask('query_broadcast_sm', { message_id: '1', source_addr: 'CBE' });
  expect(query).toMatchObject({ message_id: '1', message_state: 2, broadcast_area_success: 100 });
  expect(query.broadcast_area_identifier).toHaveLength(2);
  const cancel = (message_id: string): Promise<NpmPdu> =>
    esme.ask('cancel_broadcast_sm', { message_id, source_addr: 'CBE' });
  expect((await cancel('1')).command_status).toBe(0);
  expect((await cancel('1')).command_status).toBe(0x10f);
  expect((await esme.ask('query_broadcast_sm', { message_id: '1' })).command_status).toBe(0x0c);
});

test('answers come after the latency, receipts after the answers', async () => {
  const { esme } = await stage({ latencyMs: { min: 30, max: 30 }, receiptDelayMs: { min: 0, max: 1 } });
  const startMs = performance.now();
  const first = esme.ask('submit_sm', MESSAGE);
  const second = esme.ask('query_sm', { message_id: '1', source_addr: 'Shop' });
  expect((await second).command_status).toBe(0);
  expect(performance.now() - startMs).toBeGreaterThanOrEqual(29);
  await first;
  await until(() => stats(esme).length === 1, 'the receipt');
  const order = esme.seen.map(({ command }) => command);
  expect(order.indexOf('submit_sm_resp')).toBeLessThan(order.indexOf('deliver_sm'));
});
