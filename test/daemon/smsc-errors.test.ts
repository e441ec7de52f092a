import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { npm } from './esme.ts';
import { until } from '../support/daemon.ts';
import type { Submitted } from './smsc.ts';
import { Stage } from './stage.ts';

let stage: Stage;
beforeEach(() => void (stage = new Stage()));
afterEach(() => stage.clear());

const RSYSERR = 0x08;
const RINVDSTADR = 0x0b;
const RMSGQFUL = 0x14;
const RTHROTTLED = 0x58;

/** Answers the first tries of each text with these, then takes it and sends its receipt. */
function failing(...statuses: number[]): (submitted: Submitted) => void {
  const tries = new Map<string, number>();
  return (submitted) => {
    const count = tries.get(submitted.text) ?? 0;
    tries.set(submitted.text, count + 1);
    if (count < statuses.length) {
      submitted.answer(statuses[count]);
      return;
    }
    submitted.answer(`id-${submitted.number}`);
    void submitted.receipt(`id-${submitted.number}`);
  };
}

describe('errors that pass', () => {
  test('throttled: slower, and no attempt is counted', async () => {
    const smsc = await stage.npmSmsc(failing(RTHROTTLED, RTHROTTLED));
    await stage.serve({ smsc: [{ port: smsc.port, retry_attempts_max: 1 }] });
    const esme = await stage.esme();
    const id = await esme.send();
    expect((await esme.receipt(id)).stat).toBe('DELIVRD');
    expect(smsc.submits).toHaveLength(3);
    expect(await stage.daemon.metric('smsc_throttled_total')).toBe(2);
    const { types, lines } = await stage.finalOf(id);
    expect(types).toEqual(['ACCEPTED', 'SENT', 'RECEIPT', 'FINAL']);
    expect(lines.find(({ type }) => type === 'SENT')).toMatchObject({ attempt: 1 });
  });

  test('queue full and system error: tried again, each attempt in the ledger', async () => {
    const smsc = await stage.npmSmsc(failing(RMSGQFUL, RSYSERR));
    await stage.serve({ smsc: [{ port: smsc.port }] });
    const esme = await stage.esme();
    const id = await esme.send();
    expect((await esme.receipt(id)).stat).toBe('DELIVRD');
    const { types, lines } = await stage.finalOf(id);
    expect(types).toEqual(['ACCEPTED', 'ATTEMPT_FAILED', 'ATTEMPT_FAILED', 'SENT', 'RECEIPT', 'FINAL']);
    expect(lines.find(({ type }) => type === 'SENT')).toMatchObject({ attempt: 3, duplicateRisk: false });
  });

  test('generic_nack in place of a response counts as one', async () => {
    const smsc = await stage.npmSmsc((submitted) => {
      const { pdu, session, number } = submitted;
      const { sequence_number } = pdu;
      const nack = { command_status: RSYSERR, sequence_number };
      if (number === 1) session.send(new npm.PDU('generic_nack', nack));
      else failing()(submitted);
    });
    await stage.serve({ smsc: [{ port: smsc.port }] });
    const esme = await stage.esme();
    const id = await esme.send();
    expect((await esme.receipt(id)).stat).toBe('DELIVRD');
    expect((await stage.finalOf(id)).types).toContain('ATTEMPT_FAILED');
    expect(smsc.submits).toHaveLength(2);
  });
});

describe('errors that last', () => {
  test('a permanent one ends the message: REJECTD with the code, a final record, one submit', async () => {
    const smsc = await stage.npmSmsc(({ answer }) => answer(RINVDSTADR));
    await stage.serve({ smsc: [{ port: smsc.port }] });
    const esme = await stage.esme();
    const id = await esme.send();
    const quiet = await esme.send({ registered_delivery: 0 });
    expect(await esme.receipt(id)).toMatchObject({ stat: 'REJECTD', err: '00b' });
    for (const one of [id, quiet]) {
      const { lines } = await stage.finalOf(one);
      const final = lines.find(({ type }) => type === 'FINAL');
      expect(final).toMatchObject({ state: 'REJECTED', commandStatus: '0x0000000b', attempts: 1 });
    }
    expect(smsc.submits).toHaveLength(2);
    expect(esme.receipts).toHaveLength(1);
  });

  test('the last attempt failed: UNDELIV', async () => {
    const smsc = await stage.npmSmsc(({ answer }) => answer(RSYSERR));
    await stage.serve({ smsc: [{ port: smsc.port, retry_attempts_max: 2 }] });
    const esme = await stage.esme();
    const id = await esme.send();
    expect(await esme.receipt(id)).toMatchObject({ stat: 'UNDELIV', err: '008' });
    expect(smsc.submits).toHaveLength(2);
    const { types } = await stage.finalOf(id);
    expect(types).toEqual(['ACCEPTED', 'ATTEMPT_FAILED', 'RECEIPT', 'FINAL']);
  });
});

describe('no response', () => {
  test('sent again after response_timeout_s, marked as a risk of a duplicate', async () => {
    const smsc = await stage.npmSmsc((submitted) => {
      if (submitted.number > 1) failing()(submitted);
    });
    await stage.serve({ smsc: [{ port: smsc.port, response_timeout_s: 3 }] });
    const esme = await stage.esme();
    const id = await esme.send();
    expect((await esme.receipt(id)).stat).toBe('DELIVRD');
    const { lines } = await stage.finalOf(id);
    expect(lines.find(({ type }) => type === 'ATTEMPT_FAILED')).toMatchObject({
      commandStatus: 'no response',
    });
    expect(lines.find(({ type }) => type === 'SENT')).toMatchObject({ attempt: 2, duplicateRisk: true });
    expect(smsc.submits).toHaveLength(2);
  });

  test('a late response cancels the retry that is not sent yet', async () => {
    const smsc = await stage.npmSmsc(() => undefined);
    await stage.serve({
      smsc: [{ port: smsc.port, response_timeout_s: 1, retry_min_s: 5, retry_max_s: 5 }],
    });
    const esme = await stage.esme();
    const id = await esme.send();
    await stage.daemon.untilMetric('smsc_timeouts_total', (count) => count === 1);
    smsc.submits[0].answer('late');
    await smsc.submits[0].receipt('late');
    expect((await esme.receipt(id)).stat).toBe('DELIVRD');
    expect(await stage.daemon.metric('late_responses_total')).toBe(1);
    expect((await stage.finalOf(id)).types).toContain('LATE');
    expect(smsc.submits).toHaveLength(1);
  });

  test('a response with a wrong sequence_number is counted and answers nothing', async () => {
    const smsc = await stage.npmSmsc((submitted) => {
      const { pdu, session, number } = submitted;
      if (number > 1) {
        failing()(submitted);
        return;
      }
      const wrong = pdu.response({ message_id: 'wrong' });
      wrong.sequence_number = pdu.sequence_number + 1000;
      session.send(wrong);
      session.send(wrong);
    });
    await stage.serve({ smsc: [{ port: smsc.port, response_timeout_s: 3 }] });
    const esme = await stage.esme();
    const id = await esme.send();
    await until(() => smsc.submits.length === 1, 'the first try');
    await stage.daemon.untilMetric('smsc_unmatched_responses_total', (count) => count === 2);
    expect((await esme.receipt(id)).stat).toBe('DELIVRD');
    expect((await stage.finalOf(id)).lines.find(({ type }) => type === 'SENT')).toMatchObject({
      smscMessageId: 'id-2',
    });
  });
});
