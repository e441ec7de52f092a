import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { vectorNamed } from '../support/vectors.ts';
import type { Esme, Receipt } from './esme.ts';
import type { Submitted } from './smsc.ts';
import { Stage } from './stage.ts';

let stage: Stage;
beforeEach(() => void (stage = new Stage()));
afterEach(() => stage.clear());

/** Of the value of delivery_failure_reason in the vector. */
const REASON_AT = 21;

interface RawSession {
  socket: { write(bytes: Buffer): void };
}

/** Answers the first submits with these fields, then takes the message and sends its receipt. */
function answering(...answers: object[]): (submitted: Submitted) => void {
  return (submitted) => {
    const { number, pdu, session } = submitted;
    const fields = answers[number - 1];
    if (fields !== undefined) {
      session.send(pdu.response(fields));
      return;
    }
    submitted.answer(`id-${number}`);
    void submitted.receipt(`id-${number}`);
  };
}

describe('status_classes', () => {
  test('a vendor code that is temporary there is tried again; elsewhere it is permanent', async () => {
    const smsc = await stage.npmSmsc(answering({ command_status: 0x400 }, { command_status: 0x401 }));
    await stage.serve({ smsc: [{ port: smsc.port, status_classes: { '0x400': 'temporary' } }] });
    const esme = await stage.esme();
    const id = await esme.send();
    expect(await esme.receipt(id)).toMatchObject({ stat: 'REJECTD', err: '401' });
    expect((await stage.finalOf(id)).types).toEqual(['ACCEPTED', 'ATTEMPT_FAILED', 'RECEIPT', 'FINAL']);
  });

  test('a code of the standard can be given another meaning', async () => {
    const smsc = await stage.npmSmsc(answering({ command_status: 0x0b }));
    await stage.serve({ smsc: [{ port: smsc.port, status_classes: { '0x0b': 'throttle' } }] });
    const esme = await stage.esme();
    expect((await esme.receipt(await esme.send())).stat).toBe('DELIVRD');
    expect(await stage.daemon.metric('smsc_throttled_total')).toBe(1);
  });
});

/** The failed transaction of the vectors, with another delivery_failure_reason (-1: without TLVs). */
function failedResponse(sequence: number, reason: number): Buffer {
  const bytes = Buffer.from(vectorNamed('submit_sm_resp_v50_transaction_fail').bytes);
  bytes.writeUInt32BE(sequence, 12);
  bytes[REASON_AT] = reason & 0xff;
  if (reason >= 0) return bytes;
  bytes.writeUInt32BE(16, 0);
  return bytes.subarray(0, 16);
}

describe('a transaction that failed', () => {
  const shared = new Stage();
  /** What the first submits of a test are answered with; then the message is taken, and its receipt is sent. */
  let reasons: number[] = [];
  let submits = 0;
  let esme: Esme;
  beforeAll(async () => {
    const smsc = await shared.npmSmsc((submitted) => {
      const { pdu, session } = submitted;
      const reason = reasons[submits++];
      if (reason === undefined) answering()(submitted);
      // The package sends no body with an error.
      else (session as unknown as RawSession).socket.write(failedResponse(pdu.sequence_number, reason));
    });
    await shared.serve({ smsc: [{ port: smsc.port }] });
    esme = await shared.esme();
  });
  afterAll(() => shared.clear());

  /** Sends a message whose first submits end so; resolves with its receipt. */
  async function failing(...some: number[]): Promise<Receipt> {
    reasons = some;
    submits = 0;
    return esme.receipt(await esme.send());
  }

  test.each([1, 2])('for good, delivery_failure_reason %i: no second try', async (reason) => {
    expect(await failing(reason)).toMatchObject({ stat: 'REJECTD', err: '0fe' });
    expect(submits).toBe(1);
  });

  test('for now, delivery_failure_reason 0 and 3: tried again each time', async () => {
    expect((await failing(0, 3, 0)).stat).toBe('DELIVRD');
    expect(submits).toBe(4);
  });

  test('without a reason: tried once more', async () => {
    expect((await failing(-1, -1)).stat).toBe('REJECTD');
    expect(submits).toBe(2);
  });

  test('without a reason, and taken the second time: nothing of the failure is left', async () => {
    const { id, stat } = await failing(-1);
    expect(stat).toBe('DELIVRD');
    const { lines } = await shared.finalOf(id);
    const final = lines.find(({ type }) => type === 'FINAL');
    expect(final).toMatchObject({ state: 'DELIVERED' });
    expect(JSON.stringify(final)).not.toContain('fe"');
  });
});

test('congestion_state of a 5.0 SMSC: shown, and the SMSC gets less', async () => {
  const smsc = await stage.npmSmsc(({ pdu, session, number }) => {
    session.send(pdu.response({ message_id: `id-${number}`, congestion_state: 95 }));
  });
  smsc.version = 0x50;
  await stage.serve({ smsc: [{ port: smsc.port, interface_version: '5.0', tps: 100, window: 1 }] });
  const esme = await stage.esme();
  const startMs = performance.now();
  await esme.sendMany(300, { registered_delivery: 0 });
  await stage.daemon.untilMetric('smsc_sent_total', (count) => count === 300, 30_000);
  expect(await stage.daemon.metric('smsc_congestion_state')).toBe(95);
  // 300 at 100 a second would take 3 s; at 80, 64, 51 ... they take about 6.
  expect(performance.now() - startMs).toBeGreaterThan(4_500);
}, 60_000);
