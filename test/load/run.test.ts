import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { runLoad } from '../../src/load/run.ts';
import { startSimulator } from '../../src/sim/simulator.ts';
import type { RunningSimulator } from '../../src/sim/simulator.ts';
import type { SimulatorOptions } from '../../src/sim/options.ts';
import { npmSmsc } from './npm-smsc.ts';
import type { NpmPdu, NpmSmsc, OnSubmit } from './npm-smsc.ts';

let smsc: NpmSmsc | undefined;
let simulator: RunningSimulator | undefined;

afterEach(async () => {
  smsc?.close();
  smsc = undefined;
  await simulator?.close();
  simulator = undefined;
});

async function serve(onSubmit: OnSubmit, bindStatus = 0): Promise<NpmSmsc> {
  smsc = await npmSmsc(onSubmit, bindStatus);
  return smsc;
}

async function simulate(options: Partial<SimulatorOptions> = {}): Promise<number> {
  simulator = await startSimulator({ port: 0, idStart: 1, ...options });
  return simulator.port;
}

function answer(pdu: NpmPdu, id: string): NpmPdu {
  return pdu.response({ message_id: id });
}

const SHORT_WAIT = { waitReceiptsS: 1 };

/** The fifth submit costs the connection. */
const drop: OnSubmit = (pdu, number, session, receipt) => {
  if (number === 5) {
    session.socket.destroy();
    return;
  }
  session.send(answer(pdu, `${number}`));
  receipt(`${number}`);
};

describe('against the npm package', () => {
  test('what arrives: key, own destination, registered_delivery; receipts are answered', async () => {
    const { port } = await serve((pdu, number, session, receipt) => {
      session.send(answer(pdu, `id-${number}`));
      receipt(`id-${number}`);
    });
    const result = await runLoad({ port, messages: 120, window: 10, textBytes: 30, keyPrefix: 'run7-' });
    expect(result).toMatchObject({ sent: 120, accepted: 120, receipts: 120, problems: [] });
    const texts = smsc?.submits.map((pdu) => String(pdu.short_message.message)) ?? [];
    expect(texts[0]).toBe(`run7-00000000 ${'A'.repeat(16)}`);
    expect(texts[119]).toBe(`run7-00000119 ${'A'.repeat(16)}`);
    expect(smsc?.submits[0]).toMatchObject({ source_addr: 'TOLLGATE', registered_delivery: 1 });
    expect(smsc?.submits[119]?.destination_addr).toBe('962000000119');
    expect(smsc?.receiptsAnswered).toBe(120);
    expect(result.responseMs.p50).toBeGreaterThan(0);
  });

  test('destinations in turn, no receipts asked for', async () => {
    const { port } = await serve((pdu, number, session) => session.send(answer(pdu, `${number}`)));
    const result = await runLoad({ port, messages: 7, window: 2, destinations: 3, receipts: false });
    expect(result).toMatchObject({ accepted: 7, receipts: 0, problems: [] });
    const last = smsc?.submits.map((pdu) => pdu.destination_addr.slice(-1)).join('');
    expect(last).toBe('0120120');
    expect(smsc?.submits[0]?.registered_delivery).toBe(0);
  });

  test('the window is kept', async () => {
    let unanswered = 0;
    let most = 0;
    const { port } = await serve((pdu, number, session) => {
      most = Math.max(most, ++unanswered);
      setTimeout(() => {
        unanswered--;
        session.send(answer(pdu, `${number}`));
      }, 3);
    });
    await runLoad({ port, messages: 50, window: 8, receipts: false });
    expect(most).toBe(8);
  });

  test('refusals are counted by name and are no loss', async () => {
    const { port } = await serve((pdu, number, session, receipt) => {
      if (number % 3 === 0) session.send(pdu.response({ command_status: 0x58 }));
      else if (number % 3 === 1) session.send(pdu.response({ command_status: 0x0b }));
      else {
        session.send(answer(pdu, `${number}`));
        receipt(`${number}`);
      }
    });
    const result = await runLoad({ port, messages: 30, window: 5 });
    expect(result).toMatchObject({ accepted: 10, refused: 20, throttled: 10, receipts: 10, problems: [] });
    expect(result.errors).toEqual({ ESME_RTHROTTLED: 10, ESME_RINVDSTADR: 10 });
  });

  test.each<[string, OnSubmit, string]>([
    [
      'a lost receipt',
      (pdu, number, session, receipt) => {
        session.send(answer(pdu, `${number}`));
        if (number !== 4) receipt(`${number}`);
      },
      '1 receipts lost',
    ],
    [
      'a receipt twice',
      (pdu, number, session, receipt) => {
        session.send(answer(pdu, `${number}`));
        if (number === 4) receipt('4');
        receipt(`${number}`);
      },
      '1 receipts repeated',
    ],
    [
      'a receipt for nobody',
      (pdu, number, session, receipt) => {
        session.send(answer(pdu, `${number}`));
        if (number === 4) receipt('stranger');
        receipt(`${number}`);
      },
      '1 receipts of unknown messages',
    ],
    [
      'a response twice',
      (pdu, number, session, receipt) => {
        session.send(answer(pdu, `${number}`));
        if (number === 4) session.send(answer(pdu, 'again'));
        receipt(`${number}`);
      },
      '1 responses to no submit',
    ],
    [
      'an id given twice',
      (pdu, number, session, receipt) => {
        session.send(answer(pdu, number === 4 ? '3' : `${number}`));
        if (number !== 4) receipt(`${number}`);
      },
      '1 message ids given twice',
    ],
    [
      'a receipt with the id of another message',
      (pdu, number, session, receipt) => {
        session.send(answer(pdu, `${number}`));
        receipt(`${number}`, number === 4 ? '962000000099' : pdu.destination_addr);
      },
      '1 receipts from a wrong address',
    ],
    [
      'a submit never answered',
      (pdu, number, session, receipt) => {
        if (number === 4) return;
        session.send(answer(pdu, `${number}`));
        receipt(`${number}`);
      },
      '1 submits without an answer',
    ],
  ])('%s is found', async (_name, onSubmit, problem) => {
    const { port } = await serve(onSubmit);
    const result = await runLoad({ port, messages: 10, window: 3, ...SHORT_WAIT });
    expect(result.problems).toEqual([problem]);
  });

  test('a response timeout frees the window', async () => {
    const { port } = await serve((pdu, number, session) => {
      if (number > 2) session.send(answer(pdu, `${number}`));
    });
    const options = { messages: 10, window: 2, receipts: false, responseTimeoutS: 1.5, ...SHORT_WAIT };
    const result = await runLoad({ port, ...options });
    expect(result).toMatchObject({ sent: 10, accepted: 8, unanswered: 2 });
  });

  test('a refused bind and a closed port reject', async () => {
    const { port } = await serve(() => undefined, 0x0d);
    await expect(runLoad({ port, messages: 1 })).rejects.toThrow('bind refused: ESME_RBINDFAIL');
    smsc?.close();
    await expect(runLoad({ port, messages: 1 })).rejects.toThrow('ECONNREFUSED');
  });

  test('a lost connection ends the load, or is made again with new keys', async () => {
    const first = await serve(drop);
    const ended = await runLoad({ port: first.port, messages: 20, window: 1, ...SHORT_WAIT });
    expect(ended.abandoned).toBe(1);
    expect(ended.problems[0]).toMatch(/^connection lost/);
    smsc?.close();
    const second = await serve(drop);
    const whole = await runLoad({
      port: second.port,
      messages: 20,
      window: 1,
      reconnect: true,
      ...SHORT_WAIT,
    });
    expect(whole).toMatchObject({
      sent: 21,
      accepted: 20,
      receipts: 20,
      abandoned: 1,
      reconnects: 1,
      problems: [],
    });
    const keys = second.submits.map((pdu) => String(pdu.short_message.message).slice(0, 9));
    expect(new Set(keys).size).toBe(21);
  });

  test('receiver and transmitter as a pair', async () => {
    const { port } = await serve((pdu, number, session, receipt) => {
      session.send(answer(pdu, `${number}`));
      receipt(`${number}`);
    });
    const result = await runLoad({ port, messages: 40, window: 4, bindType: 'pair' });
    expect(result).toMatchObject({ accepted: 40, receipts: 40, problems: [] });
    expect(smsc?.sessions.length).toBe(2);
  });
});

describe('against the simulator', () => {
  test.each<[string, Partial<SimulatorOptions>, object]>([
    ['flat out', {}, {}],
    ['four binds', {}, { binds: 4 }],
    ['two pairs', {}, { binds: 2, bindType: 'pair' }],
    ['receipts first', { receiptFirst: true }, {}],
    ['receipts late', { receiptDelayMs: { min: 5, max: 40 } }, {}],
    ['answers late and shuffled', { latencyMs: { min: 1, max: 10 }, outOfOrder: true }, { window: 200 }],
    ['uuid and TLVs', { idFormat: 'uuid', receiptTlvs: true }, {}],
    ['a receipt window', { window: 10 }, {}],
    ['a fixed rate', {}, { rate: 20_000 }],
    ['some refused', { errorRate: 0.1, throttleRate: 0.1 }, {}],
  ])('%s: every message is accounted for', async (_name, options, load) => {
    const port = await simulate(options);
    const result = await runLoad({ port, messages: 3000, window: 50, waitReceiptsS: 2, ...load });
    expect(result.problems).toEqual([]);
    expect(result.accepted + result.refused).toBe(3000);
    expect(result.receipts).toBe(result.accepted);
    expect(simulator?.stats()).toMatchObject({ submits: 3000, receiptsAcked: result.accepted });
  });

  test('lost receipts and dropped answers are found', async () => {
    const port = await simulate({ receiptLoss: 0.1, dropRespRate: 0.02, seed: 3 });
    const options = { responseTimeoutS: 1.5, ...SHORT_WAIT };
    const result = await runLoad({ port, messages: 500, window: 20, ...options });
    const stats = simulator?.stats();
    expect(stats?.receiptsLost).toBeGreaterThan(0);
    expect(result.lostReceipts).toBe(stats?.receiptsLost);
    expect(result.unanswered).toBe(stats?.unanswered);
    expect(result.problems.length).toBe(2);
  });

  test('disconnects: bound again each time until all is sent, and the two records agree', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'load-'));
    const [arrived, seen] = [join(folder, 'arrived.txt'), join(folder, 'seen.txt')];
    const port = await simulate({ disconnectEvery: 150, record: arrived });
    const result = await runLoad({
      port,
      messages: 500,
      window: 10,
      reconnect: true,
      record: seen,
      waitReceiptsS: 2,
    });
    expect(result.reconnects).toBeGreaterThanOrEqual(3);
    expect(result.accepted).toBe(500);
    expect(result.lostReceipts).toBe(0);
    await simulator?.close();
    const lines = readFileSync(seen, 'latin1').trimEnd().split('\n');
    const of = (kind: string): string[][] =>
      lines.map((line) => line.split(' ')).filter(([first]) => first === kind);
    expect(of('S').length).toBe(result.sent);
    expect(of('A').length).toBe(500);
    const taken = new Set(readFileSync(arrived, 'latin1').trimEnd().split('\n'));
    for (const [, key, id, status] of of('A')) {
      expect(taken.has(key)).toBe(true);
      expect(id).toMatch(/^\d{10}$/);
      expect(status).toBe('00000000');
    }
    const receipted = new Set(of('R').map(([, id]) => id));
    for (const [, , id] of of('A')) expect(receipted.has(id)).toBe(true);
    expect(of('R')[0]?.[2]).toBe('DELIVRD');
    rmSync(folder, { recursive: true });
  });

  test('a rate counts latency from when each message was due', async () => {
    const port = await simulate({ latencyMs: { min: 100, max: 100 } });
    const result = await runLoad({ port, messages: 40, rate: 200, window: 5, receipts: false });
    expect(result).toMatchObject({ accepted: 40, problems: [] });
    // Five at a time every 100 ms is 50 a second: the last were due 600 ms before their turn came.
    expect(result.responseMs.max).toBeGreaterThan(500);
  });

  test('a duration ends the sending, and everything sent is still accounted for', async () => {
    const port = await simulate();
    const result = await runLoad({ port, durationS: 0.3, rate: 1000, window: 100 });
    expect(result.problems).toEqual([]);
    expect(result.sent).toBeGreaterThan(50);
    expect(result.sent).toBeLessThanOrEqual(400);
  });
});
