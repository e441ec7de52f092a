import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { runLoad } from '../../src/load/run.ts';
import { pause, until } from '../support/daemon.ts';
import { Stage } from './stage.ts';

let stage: Stage;
beforeEach(() => void (stage = new Stage()));
afterEach(() => stage.clear());

describe('receipts that overtake their submit_sm_resp', () => {
  test('in the same moment: none is lost or repeated', async () => {
    const simulator = await stage.simulator({ receiptFirst: true, latencyMs: { min: 0, max: 10 } });
    await stage.serve({ smsc: [{ port: simulator.port, window: 100, binds: 2 }] });
    const result = await runLoad({ port: stage.site.smppPort, messages: 2_000, window: 100 });
    expect(result).toMatchObject({ accepted: 2_000, receipts: 2_000, problems: [] });
    await stage.daemon.untilNonePending();
    expect(await stage.daemon.metric('receipts_parked_total')).toBeGreaterThan(0);
    expect(await stage.daemon.metric('receipts_orphaned_total')).toBe(0);
  });

  test('by a second: answered at once, delivered when the response comes, also after a kill', async () => {
    const answered: number[] = [];
    const smsc = await stage.npmSmsc((submitted) => {
      const { number, text } = submitted;
      const id = text.startsWith('killed') ? 'same' : `id-${number}`;
      if (number !== 2) setTimeout(() => submitted.answer(id), 3000);
      if (number > 2) return;
      void submitted.receipt(id, 'DELIVRD').then((status) => {
        answered.push(status);
        // What is answered is durable, the parked receipt too.
        if (number === 2) void stage.daemon.kill();
      });
    });
    await stage.serve({ smsc: [{ port: smsc.port }] });
    const esme = await stage.esme();
    const id = await esme.send();
    await until(() => answered.length === 1, 'the deliver_sm_resp');
    expect(esme.receipts).toEqual([]);
    expect((await esme.receipt(id)).stat).toBe('DELIVRD');

    // The second submit costs the daemon its life as soon as its receipt is answered.
    const killed = await esme.send({ short_message: 'killed' });
    await esme.closed;
    expect(answered).toEqual([0, 0]);
    await stage.start();
    const again = await stage.esme();
    expect((await again.receipt(killed)).stat).toBe('DELIVRD');
    expect(smsc.submits.map(({ text }) => text)).toEqual(['hello', 'killed', 'killed']);
  });
});

describe('an SMSC that repeats or contradicts itself', () => {
  test('one receipt reaches the ESME, every copy is answered ESME_ROK', async () => {
    const answers: number[] = [];
    const smsc = await stage.npmSmsc((submitted) => {
      const id = `id-${submitted.number}`;
      const receipt = (stat: string): void =>
        void submitted.receipt(id, stat).then((status) => answers.push(status));
      const early = submitted.text === 'early';
      if (!early) submitted.answer(id);
      for (const stat of ['ENROUTE', 'DELIVRD', 'DELIVRD', 'UNDELIV']) receipt(stat);
      setTimeout(() => {
        if (early) submitted.answer(id);
        receipt('EXPIRED');
      }, 300);
      setTimeout(() => receipt('REJECTD'), 600);
    });
    await stage.serve({ smsc: [{ port: smsc.port }] });
    const esme = await stage.esme();
    const late = await esme.send();
    expect((await esme.receipt(late)).stat).toBe('DELIVRD');
    const early = await esme.send({ short_message: 'early' });
    await esme.receipt(early);
    await until(() => answers.length === 12, 'an answer to each copy');
    expect(answers).toEqual(Array.from({ length: 12 }, () => 0));
    await stage.daemon.untilNonePending();
    await pause(200);
    expect(esme.receipts.map(({ id }) => id)).toEqual([late, early]);
    for (const id of [late, early]) {
      const { types } = await stage.finalOf(id);
      expect(types.filter((type) => type === 'FINAL')).toHaveLength(1);
      expect(types.filter((type) => type === 'RECEIPT')).toHaveLength(1);
    }
  });

  test('an id given twice: the receipt is of the message to its number, and of none where that is both', async () => {
    const smsc = await stage.npmSmsc((submitted) => {
      submitted.answer('same');
      if (submitted.number === 2)
        void submitted.receipt('same').then(() => submitted.receipt('same', 'UNDELIV'));
      if (submitted.number === 3) void submitted.receipt('same');
    });
    // The first still waits when the third is sent.
    await stage.serve({ receipts: { wait_s: 5 }, smsc: [{ port: smsc.port }] });
    const esme = await stage.esme();
    const [first, second] = [await esme.send(), await esme.send({ destination_addr: '962790000002' })];
    expect((await esme.receipt(second)).stat).toBe('DELIVRD');
    const third = await esme.send();
    await stage.daemon.untilNonePending();
    expect(esme.receipts.map(({ id }) => id)).toEqual([second]);
    for (const id of [first, third]) {
      const { lines } = await stage.finalOf(id);
      expect(lines.find(({ type }) => type === 'FINAL')).toMatchObject({ reason: 'NO_RECEIPT' });
    }
  });

  test('a receipt of an unknown message is taken and parked', async () => {
    const answers: number[] = [];
    const smsc = await stage.npmSmsc((submitted) => {
      submitted.answer('known');
      void submitted.receipt('unknown').then((status) => answers.push(status));
      void submitted.receipt('known').then((status) => answers.push(status));
    });
    await stage.serve({ receipts: { park_s: 1 }, smsc: [{ port: smsc.port }] });
    const esme = await stage.esme();
    await esme.receipt(await esme.send());
    await stage.daemon.untilMetric('receipts_orphaned_total', (count) => count === 1);
    expect(answers).toEqual([0, 0]);
    expect(esme.receipts).toHaveLength(1);
  });
});

describe('an SMSC with a dialect of its own', () => {
  const ucs2 = (text: string): Buffer => Buffer.from(text, 'utf16le').swap16();
  interface Dialect {
    /** Id in the response to the n-th message, and what its receipt has. */
    response: (number: number) => string;
    fields: (number: number) => object;
    command?: 'data_sm';
    told: { stat: string; err: string; network?: string };
  }
  const hex = (number: number): string => (0x3f2a_9c10 + number).toString(16).toUpperCase();
  const decimal = (number: number): string => String(0x3f2a_9c10 + number).padStart(12, '0');
  const tlvs = (number: number) => ({
    short_message: '',
    receipted_message_id: `t${number}`,
    message_state: 5,
    network_error_code: Buffer.from('081234', 'hex'),
  });
  const dialects: Record<string, Dialect> = {
    'decimal ids in receipts': {
      response: hex,
      fields: (number) => ({ short_message: `id:${decimal(number)} stat:DELIVRD err:000` }),
      told: { stat: 'DELIVRD', err: '000' },
    },
    'another order, other case, no dates': {
      response: (number) => `Case-${number}`,
      fields: (number) => ({
        short_message: `STAT:Expired ERR:21b ID:cASE-${number} TEXT:id:9 stat:DELIVRD`,
      }),
      told: { stat: 'EXPIRED', err: '21b' },
    },
    'TLVs alone': {
      response: (number) => `t${number}`,
      fields: tlvs,
      told: { stat: 'UNDELIV', err: '4660', network: '081234' },
    },
    'a data_sm': {
      response: (number) => `t${number}`,
      fields: tlvs,
      command: 'data_sm',
      told: { stat: 'UNDELIV', err: '4660', network: '081234' },
    },
    'UCS-2 in message_payload': {
      response: (number) => `u${number}`,
      fields: (number) => ({
        short_message: '',
        data_coding: 8,
        message_payload: ucs2(`id:u${number} stat:REJECTED err:0000045 text:\u0436`),
      }),
      told: { stat: 'REJECTD', err: '0000045' },
    },
    'no esm_class': {
      response: (number) => `p${number}`,
      fields: (number) => ({ esm_class: 0, short_message: `id:p${number} stat:DELETED err:1` }),
      told: { stat: 'DELETED', err: '001' },
    },
  };

  test('is understood, and the client gets receipts of our own making', async () => {
    const statuses: number[] = [];
    const smsc = await stage.npmSmsc(({ text, number, answer, report }) => {
      const { response, fields, command } = dialects[text];
      answer(response(number));
      void report(fields(number), command).then((status) => statuses.push(status));
    });
    await stage.serve({ smsc: [{ port: smsc.port, window: 1, receipts_by_content: true }] });
    const esme = await stage.esme();
    for (const [name, { told }] of Object.entries(dialects)) {
      const id = await esme.send({ short_message: name });
      const { stat, err, pdu } = await esme.receipt(id);
      expect({ stat, err }, name).toEqual({ stat: told.stat, err: told.err });
      expect(pdu.receipted_message_id, name).toBe(id);
      if (told.network !== undefined)
        expect(pdu.network_error_code?.toString('hex'), name).toBe(told.network);
    }
    await stage.daemon.untilNonePending();
    expect(statuses).toEqual(Object.keys(dialects).map(() => 0));
    expect(esme.receipts).toHaveLength(statuses.length);
  });

  test('ids in another base are found in the store, after a kill too', async () => {
    const smsc = await stage.npmSmsc(({ number, answer }) => answer(hex(number)));
    const ledger = { segment_age_s: 1, settle_age_s: 1 };
    await stage.serve({ ledger, smsc: [{ port: smsc.port, receipt_ids: 'hex-to-decimal' }] });
    const esme = await stage.esme();
    const ids = await esme.sendMany(20);
    await until(() => smsc.submits.length === 20, 'the submits');
    // Until the responses are journalled too, or the kill would have all of them sent again.
    await until(async () => (await stage.audit()).sent === 20, 'the responses in the ledger');
    await stage.daemon.kill();
    await stage.start();
    await stage.daemon.untilMetric('smsc_bound', (count) => count === 1);
    const again = await stage.esme();
    const [session] = smsc.sessions.slice(-1);
    for (let number = 1; number <= 20; number++) {
      session.deliver_sm({ esm_class: 4, short_message: `id:${decimal(number)} stat:DELIVRD err:000` });
    }
    const receipts = await again.receiptsOf(ids);
    expect(new Set(receipts.map(({ stat }) => stat))).toEqual(new Set(['DELIVRD']));
    await stage.daemon.untilNonePending();
    expect(await stage.daemon.metric('receipts_parked_total')).toBe(0);
  });
});

test('a word that nobody knows: told as unknown when nothing follows, after a kill too', async () => {
  const statuses: number[] = [];
  const smsc = await stage.npmSmsc(({ number, answer, report }) => {
    answer(`id-${number}`);
    void report({ short_message: `id:"id-${number}" stat:"RETIRED"` }).then((status) =>
      statuses.push(status),
    );
  });
  await stage.serve({ receipts: { wait_s: 5 }, smsc: [{ port: smsc.port }] });
  const esme = await stage.esme();
  const id = await esme.send();
  await until(() => statuses.length === 1, 'the deliver_sm_resp');
  expect([statuses, esme.receipts]).toEqual([[0], []]);
  await stage.daemon.kill();
  await stage.start();
  const again = await stage.esme();
  const receipt = await again.receipt(id);
  expect([receipt.stat, receipt.pdu.message_state]).toEqual(['UNKNOWN', 7]);
  const { types, cdr } = await stage.finalOf(id);
  expect(types).toEqual(['ACCEPTED', 'SENT', 'INTERMEDIATE', 'RECEIPT', 'FINAL']);
  expect(cdr).toMatchObject({ state: 'UNKNOWN', reason: 'RECEIPT_TAKEN' });
});

describe('what tells of a message without ending it', () => {
  test('is passed on to who asked for it, once, and the receipt comes all the same', async () => {
    const statuses: number[] = [];
    const smsc = await stage.npmSmsc((submitted) => {
      const id = `id-${submitted.number}`;
      submitted.answer(id);
      const reports = [
        { esm_class: 0x20, short_message: `id:${id} stat:ENROUTE err:027` },
        { short_message: `id:${id} stat:ACCEPTD err:000` },
        { esm_class: 0x08, short_message: 'read', receipted_message_id: id },
      ];
      if (submitted.text !== 'notices only') reports.push({ short_message: `id:${id} stat:DELIVRD err:000` });
      // One after the other: a final state may overtake what is not committed yet.
      void (async () => {
        for (const fields of reports) statuses.push(await submitted.report(fields));
      })();
    });
    await stage.serve({ receipts: { wait_s: 6 }, smsc: [{ port: smsc.port }] });
    const esme = await stage.esme();
    const asked = await esme.send({ registered_delivery: 0x15 });
    await until(() => esme.receipts.filter(({ id }) => id === asked).length === 4, 'all of the first');
    const plain = await esme.send({ registered_delivery: 1 });
    await esme.receipt(plain);
    const only = await esme.send({ registered_delivery: 0x10, short_message: 'notices only' });
    await until(() => esme.receipts.filter(({ id }) => id === only).length === 2, 'the notices');
    await stage.daemon.untilNonePending(20_000);
    expect(new Set(statuses)).toEqual(new Set([0]));
    const told = (id: string) => esme.receipts.filter((one) => one.id === id).map(({ pdu }) => pdu.esm_class);
    expect([told(asked), told(plain), told(only)]).toEqual([[0x20, 0x20, 0x08, 4], [4], [0x20, 0x20]]);
    expect(esme.receipts[0]).toMatchObject({ stat: 'ENROUTE', err: '027' });
    const story = await stage.finalOf(asked);
    expect(story.types).toEqual([
      'ACCEPTED',
      'SENT',
      'INTERMEDIATE',
      'INTERMEDIATE',
      'INTERMEDIATE',
      'RECEIPT',
      'FINAL',
    ]);
    expect((await stage.finalOf(only)).cdr).toMatchObject({ state: 'ACCEPTED', reason: 'SENT' });
    expect(await stage.daemon.metric('receipts_delivered_total')).toBe(2);
    expect(await stage.daemon.stop()).toBe(0);
    expect(await stage.audit()).toMatchObject({ accepted: 3, final: 3, finalDouble: 0, lost: 0 });
  });
});
