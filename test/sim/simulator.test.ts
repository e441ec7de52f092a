import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { startSimulator } from '../../src/sim/simulator.ts';
import type { RunningSimulator } from '../../src/sim/simulator.ts';
import type { SimulatorOptions } from '../../src/sim/options.ts';
import { bindNpm, delay, until } from './npm-smpp.ts';
import type { NpmClient, NpmPdu } from './npm-smpp.ts';

let running: RunningSimulator | undefined;

async function simulator(options: Partial<SimulatorOptions> = {}): Promise<RunningSimulator> {
  running = await startSimulator({ port: 0, idStart: 1, ...options });
  return running;
}

async function simulatorAndClient(
  options: Partial<SimulatorOptions> = {},
): Promise<{ sim: RunningSimulator; client: NpmClient }> {
  const sim = await simulator(options);
  return { sim, client: await bindNpm(sim.port) };
}

function receipts(client: NpmClient): NpmPdu[] {
  return client.received.filter((pdu) => pdu.command === 'deliver_sm');
}

function text(pdu: NpmPdu): string {
  return String(pdu.short_message.message);
}

afterEach(async () => {
  await running?.close();
  running = undefined;
});

describe('answers and receipts', () => {
  test('a submit gets an id, then a receipt with addresses swapped and the id in its text', async () => {
    const { sim, client } = await simulatorAndClient();
    const answer = await client.submit();
    expect(answer).toMatchObject({ command: 'submit_sm_resp', command_status: 0, message_id: '0000000001' });
    await until(() => receipts(client).length === 1, 'the receipt');
    const [receipt] = receipts(client);
    expect(receipt).toMatchObject({
      esm_class: 4,
      source_addr: '962790000001',
      destination_addr: 'Sender',
    });
    expect(receipt.receipted_message_id).toBeUndefined();
    expect(text(receipt)).toMatch(
      /^id:0000000001 sub:001 dlvrd:001 submit date:\d{10} done date:\d{10} stat:DELIVRD err:000 text:$/,
    );
    expect(client.received.map((pdu) => pdu.command)).toEqual(['submit_sm_resp', 'deliver_sm']);
    await until(() => sim.stats().receiptsAcked === 1, 'the acknowledgement');
    expect(sim.stats()).toMatchObject({ binds: 1, submits: 1, receiptsSent: 1, refused: 0 });
  });

  test('no receipt unless registered_delivery asks, and none with receipts none', async () => {
    const { client } = await simulatorAndClient();
    await client.submit({ registered_delivery: 0 });
    await delay(30);
    expect(receipts(client)).toEqual([]);
    await running?.close();
    const silent = await simulatorAndClient({ receipts: 'none' });
    await silent.client.submit();
    await delay(30);
    expect(receipts(silent.client)).toEqual([]);
  });

  test('addresses and ids of changing length are patched into the receipt whole', async () => {
    const { client } = await simulatorAndClient({ idFormat: 'dec', idStart: 9, receiptTlvs: true });
    const sources = ['A', 'LongSender11', '', 'B'];
    for (const source of sources)
      await client.submit({ source_addr: source, destination_addr: `4477${source.length}` });
    await until(() => receipts(client).length === 4, 'four receipts');
    expect(
      receipts(client).map((pdu) => [pdu.destination_addr, pdu.source_addr, pdu.receipted_message_id]),
    ).toEqual([
      ['A', '44771', '9'],
      ['LongSender11', '447712', '10'],
      ['', '44770', '11'],
      ['B', '44771', '12'],
    ]);
    expect(receipts(client).map((pdu) => text(pdu).split(' ')[0])).toEqual([
      'id:9',
      'id:10',
      'id:11',
      'id:12',
    ]);
  });

  test('receipt state and TLVs', async () => {
    const { client } = await simulatorAndClient({ receiptState: 'UNDELIV', receiptTlvs: true });
    await client.submit();
    await until(() => receipts(client).length === 1, 'the receipt');
    expect(receipts(client)[0]).toMatchObject({ receipted_message_id: '0000000001', message_state: 5 });
    expect(text(receipts(client)[0])).toContain('dlvrd:000');
    expect(text(receipts(client)[0])).toContain('stat:UNDELIV err:001');
  });

  test.each([
    ['dec10', '0000000255', '0000000255'],
    ['dec', '255', '255'],
    ['dec-padded', '00000000000000000255', '00000000000000000255'],
    ['hex', 'ff', 'ff'],
    ['hex-upper', 'FF', 'FF'],
    ['hex-resp-dec-receipt', 'ff', '255'],
    ['dec-resp-hex-receipt', '255', 'ff'],
  ] as const)('id format %s', async (idFormat, inResponse, inReceipt) => {
    const { client } = await simulatorAndClient({ idFormat, idStart: 255 });
    expect((await client.submit()).message_id).toBe(inResponse);
    await until(() => receipts(client).length === 1, 'the receipt');
    expect(text(receipts(client)[0]).startsWith(`id:${inReceipt} `)).toBe(true);
  });

  test('id format uuid: 36 characters, all different', async () => {
    const { client } = await simulatorAndClient({ idFormat: 'uuid' });
    const ids = (await Promise.all([client.submit(), client.submit()])).map((answer) => answer.message_id);
    for (const id of ids)
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(ids[0]).not.toBe(ids[1]);
  });
});

describe('sessions', () => {
  test('receipts of a transmitter go to, and wait for, the receiver of its account', async () => {
    const sim = await simulator();
    const transmitter = await bindNpm(sim.port, 'bind_transmitter');
    await transmitter.submit();
    const stranger = await bindNpm(sim.port, 'bind_receiver', true, { system_id: 'other', password: 'pw' });
    const receiver = await bindNpm(sim.port, 'bind_receiver');
    await until(() => receipts(receiver).length === 1, 'the receipt that waited');
    await transmitter.submit();
    await until(() => receipts(receiver).length === 2, 'the second receipt');
    expect(receipts(transmitter)).toEqual([]);
    expect(receipts(stranger)).toEqual([]);
    expect((await receiver.submit()).command_status).toBe(0x04);
  });

  test('wrong credentials, a second bind, an unknown request, enquire_link and unbind', async () => {
    const sim = await simulator({ systemId: 'esme', password: 'right' });
    const refused = await bindNpm(sim.port, 'bind_transceiver', true, {
      system_id: 'esme',
      password: 'wrong',
    });
    expect(refused.bindStatus).toBe(0x0d);
    await refused.closed;
    const client = await bindNpm(sim.port, 'bind_transceiver', true, {
      system_id: 'esme',
      password: 'right',
      interface_version: 0x34,
    });
    expect(client.bindStatus).toBe(0);
    const ask = (command: 'enquire_link' | 'unbind'): Promise<NpmPdu> =>
      new Promise((resolve) => client.session[command](resolve));
    const second = await new Promise<NpmPdu>((resolve) => client.session.bind_receiver({}, resolve));
    expect(second.command_status).toBe(0x05);
    // A command of 5.0.
    client.session.query_broadcast_sm({ message_id: '1' });
    await until(() => client.received.some((pdu) => pdu.command === 'generic_nack'), 'the nack');
    expect(client.received.find((pdu) => pdu.command === 'generic_nack')?.command_status).toBe(0x03);
    expect(await ask('enquire_link')).toMatchObject({ command: 'enquire_link_resp', command_status: 0 });
    expect(await ask('unbind')).toMatchObject({ command: 'unbind_resp', command_status: 0 });
    await client.closed;
  });

  test('close unbinds the links', async () => {
    const { sim, client } = await simulatorAndClient();
    await sim.close();
    await client.closed;
    expect(client.received.map((pdu) => pdu.command)).toEqual(['unbind']);
  });
});

describe('faults', () => {
  test('error and throttle rates', async () => {
    const { sim, client } = await simulatorAndClient({
      errorRate: 0.3,
      errorStatus: 0x14,
      throttleRate: 0.2,
      seed: 7,
    });
    const answers = await Promise.all(Array.from({ length: 400 }, () => client.submit()));
    const count = (status: number): number =>
      answers.filter((answer) => answer.command_status === status).length;
    expect(count(0x58)).toBeGreaterThan(50);
    expect(count(0x58)).toBeLessThan(110);
    expect(count(0x14)).toBeGreaterThan(60);
    expect(count(0x14)).toBeLessThan(135);
    expect(count(0) + count(0x14) + count(0x58)).toBe(400);
    await until(() => receipts(client).length === count(0), 'a receipt for each accepted one');
    expect(sim.stats()).toMatchObject({ throttled: count(0x58), refused: 400 - count(0) });
  });

  test('latency and receipt delay hold each back by at least as much', async () => {
    const { client } = await simulatorAndClient({
      latencyMs: { min: 40, max: 60 },
      receiptDelayMs: { min: 50, max: 50 },
    });
    const sentMs = performance.now();
    await client.submit();
    const answeredMs = performance.now();
    expect(answeredMs - sentMs).toBeGreaterThanOrEqual(39);
    await until(() => receipts(client).length === 1, 'the receipt');
    expect(performance.now() - sentMs).toBeGreaterThanOrEqual(89);
  });

  test.each([0, 20])('receipt first, with %d ms latency', async (latency) => {
    const { client } = await simulatorAndClient({
      receiptFirst: true,
      latencyMs: { min: latency, max: latency },
    });
    await client.submit();
    expect(client.received.map((pdu) => pdu.command)).toEqual(['deliver_sm', 'submit_sm_resp']);
  });

  test('lost receipts are counted and not sent', async () => {
    const { sim, client } = await simulatorAndClient({ receiptLoss: 1 });
    await client.submit();
    await delay(20);
    expect(receipts(client)).toEqual([]);
    expect(sim.stats()).toMatchObject({ receiptsLost: 1, receiptsSent: 0 });
  });

  test('out of order: every answer once, in another order', async () => {
    const { client } = await simulatorAndClient({ outOfOrder: true });
    const answers = await Promise.all(
      Array.from({ length: 60 }, () => client.submit({ registered_delivery: 0 })),
    );
    const sent = answers.map((answer) => answer.sequence_number);
    const arrived = client.received.map((pdu) => pdu.sequence_number);
    expect(arrived).not.toEqual(sent);
    expect([...arrived].toSorted((a, b) => a - b)).toEqual(sent);
  });

  test('dropped responses: neither answer nor receipt', async () => {
    const { sim, client } = await simulatorAndClient({ dropRespRate: 1 });
    client.session.submit_sm({ destination_addr: '1', registered_delivery: 1, short_message: 'x' });
    await until(() => sim.stats().unanswered === 1, 'the submit');
    await delay(20);
    expect(client.received).toEqual([]);
  });

  test('the third submit costs the connection; unacknowledged receipts come again on the next', async () => {
    const sim = await simulator({ disconnectEvery: 3 });
    const first = await bindNpm(sim.port, 'bind_transceiver', false);
    for (let sent = 0; sent < 2; sent++) await first.submit();
    await until(() => receipts(first).length === 2, 'two receipts');
    first.session.submit_sm({ destination_addr: '1', short_message: 'x' });
    await first.closed;
    const second = await bindNpm(sim.port);
    await until(() => receipts(second).length === 2, 'the receipts again');
    expect(receipts(second).map(text)).toEqual(receipts(first).map(text));
    await until(() => sim.stats().receiptsAcked === 2, 'their acknowledgement');
    expect(sim.stats()).toMatchObject({ disconnects: 1, unanswered: 1, submits: 3 });
  });

  test('window: further receipts wait for acknowledgements', async () => {
    const sim = await simulator({ window: 2 });
    const client = await bindNpm(sim.port, 'bind_transceiver', false);
    for (let sent = 0; sent < 5; sent++) await client.submit();
    await delay(30);
    expect(receipts(client).length).toBe(2);
    client.session.send(receipts(client)[0].response());
    await until(() => receipts(client).length === 3, 'the third receipt');
    await delay(20);
    expect(receipts(client).length).toBe(3);
  });

  test('tps: 20 answers at 100 a second take 190 ms', async () => {
    const { client } = await simulatorAndClient({ tps: 100 });
    const startMs = performance.now();
    await Promise.all(Array.from({ length: 20 }, () => client.submit()));
    expect(performance.now() - startMs).toBeGreaterThanOrEqual(185);
  });

  test('record: key, refusals and unanswered ones marked, repeats counted', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'simulator-'));
    const record = join(folder, 'arrived.txt');
    const { sim, client } = await simulatorAndClient({ record });
    await client.submit({ short_message: 'key00000001 and more' });
    await client.submit({ short_message: 'key00000001 and more' });
    await client.submit({ short_message: '', message_payload: { message: 'payload2' } });
    await client.submit({ short_message: 'x'.repeat(60) });
    await sim.close();
    expect(sim.stats().repeats).toBe(1);
    const refusing = await simulatorAndClient({ record, errorRate: 1, errorStatus: 0x58 });
    await refusing.client.submit({ short_message: 'refused1' });
    await refusing.sim.close();
    const lines = ['key00000001', 'key00000001', 'payload2', 'x'.repeat(40), 'refused1 00000058', ''];
    expect(readFileSync(record, 'latin1').split('\n')).toEqual(lines);
    rmSync(folder, { recursive: true });
  });

  test('options out of range are refused', async () => {
    await expect(startSimulator({ port: 0, errorRate: 1.5 })).rejects.toThrow('errorRate');
    await expect(startSimulator({ port: 0, receiptState: 'FINE' })).rejects.toThrow('receiptState');
  });
});
