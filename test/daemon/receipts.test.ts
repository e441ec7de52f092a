import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { pause, until } from '../support/daemon.ts';
import type { Receipt } from './esme.ts';
import { Stage } from './stage.ts';

let stage: Stage;
beforeEach(() => void (stage = new Stage()));
afterEach(() => stage.clear());

const RX_T_APPN = 0x64;
const RX_R_APPN = 0x66;

describe('while the ESME is away', () => {
  test.each(['stopped', 'killed'])(
    'receipts are kept, also when the daemon is %s, and come in a window',
    async (end) => {
      const simulator = await stage.simulator({ receiptDelayMs: { min: 50, max: 200 } });
      const account = [{ receipt_window: 20 }];
      // Segments end and settle at once: receipts have to be found in the pending store too.
      const ledger = { segment_age_s: 1, settle_age_s: 1 };
      await stage.serve({ ledger, account, smsc: [{ port: simulator.port, window: 100 }] });
      const sender = await stage.esme({ kind: 'bind_transmitter' });
      const ids = await sender.sendMany(149);
      const referred = await sender.send({ user_message_reference: 0x4d });
      ids.push(referred);
      await stage.daemon.untilMetric('receipts_waiting', (count) => count === 150);
      await sender.unbind();
      if (end === 'stopped') expect(await stage.daemon.stop()).toBe(0);
      else await stage.daemon.kill();
      await stage.start();

      const silent = await stage.esme({ kind: 'bind_receiver', answer: () => undefined });
      await until(() => silent.receipts.length === 20, 'a window of receipts');
      await pause(300);
      expect(silent.receipts.length).toBe(20);
      await silent.cut();

      const taker = await stage.esme();
      const receipts = await taker.receiptsOf(ids);
      expect(new Set(receipts.map(({ stat }) => stat))).toEqual(new Set(['DELIVRD']));
      const references = receipts.map(({ pdu }) => pdu.user_message_reference);
      expect(references.slice(-2)).toEqual([undefined, 0x4d]);
      await stage.daemon.untilNonePending();
      expect(taker.receipts.length).toBe(150);
      expect(await stage.daemon.stop()).toBe(0);
      expect(await stage.audit()).toMatchObject({ accepted: 150, final: 150, finalDouble: 0 });
    },
  );
});

describe('which session gets them', () => {
  test('a receiver on any edge takes the receipts of transmitters on all edges', async () => {
    const simulator = await stage.simulator({ receiptDelayMs: { min: 0, max: 50 } });
    const account = [{ sessions_max: 50 }];
    await stage.serve({ edge: { threads: 2 }, shards: 2, account, smsc: [{ port: simulator.port }] });
    const receiver = await stage.esme({ kind: 'bind_receiver' });
    const senders = await Promise.all(
      Array.from({ length: 12 }, () => stage.esme({ kind: 'bind_transmitter' })),
    );
    // The kernel spreads connections by a hash: with 12 of them both edges have some, but for one run in 4,096.
    const isOnBoth = async (): Promise<boolean> => {
      const page = await (await fetch(stage.daemon.url('/metrics'))).text();
      return [0, 1].every((edge) => new RegExp(`tollgate_sessions\\{edge="${edge}"\\} [1-9]`).test(page));
    };
    while (!(await isOnBoth()) && senders.length < 40)
      senders.push(await stage.esme({ kind: 'bind_transmitter' }));
    expect(await isOnBoth()).toBe(true);
    const ids = (await Promise.all(senders.map((sender) => sender.sendMany(10)))).flat();
    await receiver.receiptsOf(ids);
    expect(senders.flatMap(({ receipts }) => receipts)).toEqual([]);
    await stage.daemon.untilNonePending();
    expect(receiver.receipts.length).toBe(ids.length);
  });

  test('several receivers share them; none is asked for without registered_delivery', async () => {
    const simulator = await stage.simulator();
    await stage.serve({ smsc: [{ port: simulator.port }] });
    const [first, second] = [await stage.esme(), await stage.esme()];
    await first.sendMany(5, { registered_delivery: 0 });
    const ids = await first.sendMany(40);
    await until(() => first.receipts.length + second.receipts.length >= 40, 'all receipts');
    await stage.daemon.untilNonePending();
    const both = [...first.receipts, ...second.receipts].map(({ id }) => id);
    expect(both.sort()).toEqual(ids.sort());
    expect(second.receipts.length).toBeGreaterThan(0);
  });
});

describe('what the ESME answers', () => {
  test('ESME_RX_T_APPN: again later; ESME_RX_R_APPN: never again, and the ledger says so', async () => {
    const simulator = await stage.simulator();
    await stage.serve({ smsc: [{ port: simulator.port }] });
    const seen = { later: 0, refused: 0 };
    const esme = await stage.esme({
      answer: ({ pdu }) => {
        const isLater = String(pdu.short_message.message).endsWith('text:later');
        seen[isLater ? 'later' : 'refused']++;
        if (!isLater) return RX_R_APPN;
        return seen.later === 1 ? RX_T_APPN : 0;
      },
    });
    const later = await esme.send({ short_message: 'later' });
    const refused = await esme.send({ short_message: 'refused' });
    await until(() => seen.later === 2, 'the second copy', 20_000);
    await stage.daemon.untilNonePending();
    expect(seen).toEqual({ later: 2, refused: 1 });
    expect((await stage.finalOf(later)).cdr).toMatchObject({ state: 'DELIVERED' });
    const { types, lines } = await stage.finalOf(refused);
    expect(types).toEqual(['ACCEPTED', 'SENT', 'RECEIPT', 'FINAL']);
    expect(lines.find(({ type }) => type === 'FINAL')).toMatchObject({ reason: 'RECEIPT_NOT_TAKEN' });
    expect(esme.receipts.filter(({ id }) => id === later).map(({ stat }) => stat)).toEqual([
      'DELIVRD',
      'DELIVRD',
    ]);
  });
});

describe('time runs out', () => {
  test('a receipt that nobody takes is kept for keep_s, one that never comes is waited for wait_s', async () => {
    const simulator = await stage.simulator({ receiptLoss: 0.5 });
    await stage.serve({
      receipts: { keep_s: 5, wait_s: 2 },
      ledger: { segment_age_s: 1, settle_age_s: 1 },
      smsc: [{ port: simulator.port }],
    });
    const sender = await stage.esme({ kind: 'bind_transmitter' });
    const ids = await sender.sendMany(40);
    await stage.daemon.untilMetric('receipts_waiting', (count) => count === simulator.stats().receiptsSent);
    await stage.daemon.untilNonePending(20_000);
    const reasons = new Set<unknown>();
    for (const id of ids.slice(0, 8)) {
      const { lines } = await stage.finalOf(id);
      const final = lines.find(({ type }) => type === 'FINAL');
      const isLost = !lines.some(({ type }) => type === 'RECEIPT');
      expect(final).toMatchObject(
        isLost
          ? { state: 'UNKNOWN', reason: 'NO_RECEIPT' }
          : { state: 'DELIVERED', reason: 'RECEIPT_NOT_TAKEN' },
      );
      reasons.add(final?.reason);
    }
    expect(reasons.size).toBe(2);
    const late = await stage.esme();
    await pause(300);
    expect(late.receipts).toEqual([]);
    expect(await stage.daemon.stop()).toBe(0);
    expect(await stage.audit()).toMatchObject({ accepted: 40, final: 40, finalDouble: 0 });
  });
});

describe('a receipt in the form that its client asks for', () => {
  const account = [
    {},
    { name: 'texts', receipt_content: 'text', receipt_id: 'decimal', receipt_date_digits: 14 },
    { name: 'tlvs', receipt_content: 'tlvs' },
    { name: 'datas', receipt_pdu: 'data_sm', receipt_id: 'decimal', receipt_date_digits: 12 },
  ];
  const dates = 'submit date:2601011200 done date:260101120134';
  const report = (id: string) => ({
    short_message: `id:${id} sub:001 dlvrd:000 ${dates} stat:REJECTD err:06B text:x`,
    network_error_code: Buffer.from('080123', 'hex'),
  });
  const textOf = ({ pdu }: Receipt): string =>
    String((pdu.message_payload ?? pdu.short_message)?.message ?? '');

  test("by version, content, carrier, id and dates; the SMSC's error in all of them", async () => {
    const smsc = await stage.npmSmsc(({ number, answer, report: send }) => {
      answer(`id-${number}`);
      void send(report(`id-${number}`));
    });
    await stage.serve({ account, smsc: [{ port: smsc.port }] });
    const receiptFor = async (fields: object): Promise<[string, Receipt]> => {
      const esme = await stage.esme({ fields });
      const id = await esme.send();
      return [id, await esme.receipt(id)];
    };

    const [plainId, plain] = await receiptFor({});
    expect(plainId).toMatch(/^[0-9a-f]{16}$/);
    expect(textOf(plain)).toMatch(
      / submit date:\d{10} done date:2601011201 stat:REJECTD err:06B text:hello$/,
    );
    const network = Buffer.from('080123', 'hex');
    const tlvs = { receipted_message_id: plainId, message_state: 8, network_error_code: network };
    expect(plain.pdu).toMatchObject({ command: 'deliver_sm', esm_class: 4, ...tlvs });

    const [textsId, texts] = await receiptFor({ system_id: 'texts' });
    expect(textsId).toMatch(/^\d{17,20}$/);
    expect(textOf(texts)).toMatch(
      / submit date:\d{14} done date:20260101120134 stat:REJECTD err:06B text:hello$/,
    );
    expect([texts.pdu.receipted_message_id, texts.pdu.message_state]).toEqual([undefined, undefined]);

    const [tlvsId, onlyTlvs] = await receiptFor({ system_id: 'tlvs' });
    expect(textOf(onlyTlvs)).toBe('');
    expect(onlyTlvs.pdu).toMatchObject({ ...tlvs, receipted_message_id: tlvsId, command: 'deliver_sm' });

    const [datasId, datas] = await receiptFor({ system_id: 'datas' });
    expect(datas.pdu).toMatchObject({ ...tlvs, receipted_message_id: datasId, command: 'data_sm' });
    expect(textOf(datas)).toContain(' done date:260101120134 stat:REJECTD err:06B ');

    const [oldId, old] = await receiptFor({ interface_version: 0x33, system_id: 'tlvs' });
    expect(oldId).toMatch(/^[0-9a-f]{8}$/);
    // 3.3 has no such state, no TLVs and no other carrier.
    expect(textOf(old)).toContain(' stat:UNDELIV err:06B ');
    expect([old.pdu.command, old.pdu.message_state]).toEqual(['deliver_sm', undefined]);
    await stage.daemon.untilNonePending();
    expect(await stage.daemon.metric('receipts_delivered_total')).toBe(5);
  });

  test('and of the states that it asks for', async () => {
    const smsc = await stage.npmSmsc((submitted) => {
      submitted.answer(`id-${submitted.number}`);
      void submitted.receipt(`id-${submitted.number}`, submitted.text);
    });
    await stage.serve({ smsc: [{ port: smsc.port, interface_version: '5.0' }] });
    const esme = await stage.esme({ fields: { interface_version: 0x50 } });
    const sent: Record<string, string> = {};
    for (const mode of [1, 2, 3]) {
      for (const stat of ['DELIVRD', 'UNDELIV']) {
        sent[`${mode} ${stat}`] = await esme.send({ registered_delivery: mode, short_message: stat });
      }
    }
    // The metric is some milliseconds behind.
    await until(() => esme.receipts.length >= 4, 'four receipts');
    await stage.daemon.untilNonePending();
    const told = Object.entries(sent).filter(([, id]) => esme.receipts.some((receipt) => receipt.id === id));
    expect(told.map(([what]) => what)).toEqual(['1 DELIVRD', '1 UNDELIV', '2 UNDELIV', '3 DELIVRD']);
    expect((await stage.finalOf(sent['2 DELIVRD'])).cdr).toMatchObject({
      state: 'DELIVERED',
      reason: 'SENT',
    });
    expect((await stage.finalOf(sent['3 UNDELIV'])).cdr).toMatchObject({
      state: 'UNDELIVERABLE',
      reason: 'FAILED',
    });
  });
});
