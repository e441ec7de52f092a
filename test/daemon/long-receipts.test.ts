/** What the client is told of a message that went out in several parts. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { pause, until } from '../support/daemon.ts';
import type { ConfigTables } from '../support/daemon.ts';
import { ask } from './ask.ts';
import type { Esme, EsmeOptions, Receipt } from './esme.ts';
import { partOf } from './octet-smsc.ts';
import type { OctetSmsc, OctetSmscOptions } from './octet-smsc.ts';
import { Stage } from './stage.ts';

let stage: Stage;
beforeEach(() => void (stage = new Stage()));
afterEach(() => stage.clear());

interface Scene {
  account?: Record<string, unknown>;
  smsc?: Record<string, unknown>;
  octets?: OctetSmscOptions;
  receipts?: Record<string, unknown>;
  esme?: EsmeOptions;
}

async function serve(scene: Scene = {}): Promise<{ smsc: OctetSmsc; esme: Esme }> {
  const smsc = await stage.octetSmsc(scene.octets);
  const tables: ConfigTables = {
    account: [{ receipt_group_ms: 0, ...scene.account }],
    smsc: [{ port: smsc.port, ...scene.smsc }],
    ...(scene.receipts === undefined ? {} : { receipts: scene.receipts }),
  };
  await stage.serve(tables);
  return { smsc, esme: await stage.esme(scene.esme) };
}

/** Three parts. */
const LONG = { short_message: '', message_payload: Buffer.alloc(400, 0x6c), data_coding: 0 };

/** `before`: how many SMS there were already. */
async function sendLong(esme: Esme, smsc: OctetSmsc, before = 0, fields: object = {}): Promise<string> {
  const id = await esme.send({ ...LONG, ...fields });
  await until(() => smsc.sms.length === before + 3, 'three parts');
  return id;
}

/** `sub`, `dlvrd`, `done date`, `stat` and `err` of its text. */
function told({ pdu }: Receipt): string {
  const text = String(pdu.short_message.message);
  return text
    .replace(/^id:\S+ /, '')
    .replace(/submit date:\S+ /, '')
    .replace(/ text:.*$/, '');
}

/** Whether an SMSC tells of this end where it was asked so. */
function isReported(registeredDelivery: number, stat: string): boolean {
  const asked = registeredDelivery & 3;
  return asked === 1 || (asked === 2 && stat !== 'DELIVRD') || (asked === 3 && stat === 'DELIVRD');
}

/** Nothing of this message may follow: one that does not wait has come by then. */
async function expectSilence(esme: Esme, receipts: number): Promise<void> {
  await pause(300);
  expect(esme.receipts).toHaveLength(receipts);
}

describe('a message that we cut', () => {
  test('is delivered when all of its parts are: told once, under the id that its client knows', async () => {
    const { smsc, esme } = await serve();
    const id = await sendLong(esme, smsc);
    expect(await smsc.receipt('s3', 'DELIVRD', '000', '2611220105')).toBe(0);
    expect(await smsc.receipt('s1', 'DELIVRD', '000', '2611220103')).toBe(0);
    await expectSilence(esme, 0);
    expect(await smsc.receipt('s2', 'DELIVRD', '000', '2611220104')).toBe(0);
    const receipt = await esme.receipt(id);
    expect(told(receipt)).toBe('sub:003 dlvrd:003 done date:2611220105 stat:DELIVRD err:000');
    expect(receipt.pdu).toMatchObject({ receipted_message_id: id, message_state: 2 });
    // What the SMSC repeats changes nothing.
    expect(await smsc.receipt('s1', 'UNDELIV', '099')).toBe(0);
    await expectSilence(esme, 1);
    const { cdr } = await stage.finalOf(id);
    expect(cdr).toMatchObject({ state: 'DELIVERED', reason: 'RECEIPT_TAKEN', part: '1/3' });
    expect(
      (cdr.parts as { state: string; reason: string }[]).map(({ state, reason }) => [state, reason]),
    ).toEqual([
      ['DELIVERED', 'PART'],
      ['DELIVERED', 'PART'],
    ]);
    await stage.daemon.untilNonePending();
    const audit = await stage.audit();
    expect([audit.accepted, audit.final, audit.finalDouble, audit.orphaned]).toEqual([3, 3, 0, 0]);
  });

  test('has failed as the first part that failed, whichever is told of first', async () => {
    const { smsc, esme } = await serve();
    for (const [index, [ends, outcome, delivered]] of (
      [
        [['DELIVRD 000', 'UNDELIV 007', 'DELIVRD 000'], 'UNDELIV err:007', 2],
        [['EXPIRED 101', 'UNDELIV 007', 'DELIVRD 000'], 'EXPIRED err:101', 1],
        [['DELIVRD 000', 'DELIVRD 000', 'REJECTD 0fe'], 'REJECTD err:0fe', 2],
        [['DELETED 000', 'DELETED 001', 'DELETED 002'], 'DELETED err:000', 0],
      ] as const
    ).entries()) {
      const id = await sendLong(esme, smsc, 3 * index);
      for (const place of [2, 0, 1]) {
        const [stat, err] = ends[place].split(' ');
        await smsc.receipt(`s${3 * index + place + 1}`, stat, err);
      }
      expect(told(await esme.receipt(id))).toBe(
        `sub:003 dlvrd:00${delivered} done date:2611220102 stat:${outcome}`,
      );
      await expectSilence(esme, index + 1);
    }
  });

  test('has failed when the SMSC does not take one of its parts', async () => {
    // ESME_RINVDSTADR
    const { smsc, esme } = await serve({
      octets: { answer: (_sms, number) => (number === 2 ? 0x0b : `s${number}`) },
    });
    const id = await sendLong(esme, smsc);
    await smsc.receipt('s1');
    await expectSilence(esme, 0);
    await smsc.receipt('s3');
    expect(told(await esme.receipt(id))).toMatch(/^sub:003 dlvrd:002 done date:\d+ stat:REJECTD err:00b$/);
  });

  test('has expired when a part is not sent in time', async () => {
    // ESME_RMSGQFUL
    const { smsc, esme } = await serve({
      octets: { answer: (sms, number) => (partOf(sms).sequence === 3 ? 0x14 : `s${number}`) },
    });
    const id = await esme.send({ ...LONG, validity_period: '000000000002000R' });
    await until(() => smsc.sms.length >= 3, 'three parts');
    await smsc.receipt('s1');
    await smsc.receipt('s2');
    expect(told(await esme.receipt(id))).toMatch(/^sub:003 dlvrd:002 done date:\d+ stat:EXPIRED err:000$/);
  });

  test('is not told of when a part is never reported on, unless another has failed', async () => {
    const { smsc, esme } = await serve({ receipts: { wait_s: 2 } });
    const silent = await sendLong(esme, smsc);
    await smsc.receipt('s1');
    await smsc.receipt('s2');
    const failed = await esme.send(LONG);
    await until(() => smsc.sms.length === 6, 'three more');
    await smsc.receipt('s5', 'UNDELIV', '012');
    expect(told(await esme.receipt(failed))).toMatch(
      /^sub:003 dlvrd:000 done date:\d+ stat:UNDELIV err:012$/,
    );
    await stage.daemon.untilNonePending();
    expect(esme.receipts).toHaveLength(1);
    expect((await stage.finalOf(silent)).cdr).toMatchObject({ state: 'UNKNOWN', reason: 'NO_RECEIPT' });
    const audit = await stage.audit();
    expect([audit.accepted, audit.final, audit.finalDouble]).toEqual([6, 6, 0]);
  });

  test('that an SMSC without ids took is as final as it gets', async () => {
    const { smsc, esme } = await serve({ octets: { answer: () => '' } });
    const id = await sendLong(esme, smsc);
    await stage.daemon.untilNonePending();
    expect((await stage.finalOf(id)).cdr).toMatchObject({ state: 'ACCEPTED', reason: 'SENT' });
    expect(esme.receipts).toEqual([]);
  });

  // registered_delivery bits 1-0 (5.0 section 4.7.21); the SMSC reports as it is asked to, and is asked for all.
  test('is told of as registered_delivery says', async () => {
    let stat = '';
    const { smsc, esme } = await serve({
      octets: {
        stat: ({ registeredDelivery }, number) => {
          const ends = number % 3 === 2 ? stat : 'DELIVRD';
          return isReported(registeredDelivery, ends) ? ends : undefined;
        },
      },
      esme: { fields: { interface_version: 0x50 } },
    });
    const cases = [
      [0, 0, '', 'ACCEPTED SENT'],
      [1, 1, 'DELIVRD', ''],
      [1, 1, 'UNDELIV', ''],
      [2, 1, 'DELIVRD', 'DELIVERED SENT'],
      [2, 1, 'UNDELIV', ''],
      [3, 1, 'DELIVRD', ''],
      [3, 1, 'UNDELIV', 'UNDELIVERABLE FAILED'],
    ] as const;
    const untold: [string, string][] = [];
    for (const [index, [asked, passed, each, ended]] of cases.entries()) {
      stat = each;
      const id = await sendLong(esme, smsc, 3 * index, { registered_delivery: asked });
      const parts = smsc.sms.slice(3 * index);
      expect(parts.map(({ registeredDelivery }) => registeredDelivery)).toEqual([passed, passed, passed]);
      if (ended === '') expect((await esme.receipt(id)).stat).toBe(stat);
      else untold.push([id, ended]);
      await stage.daemon.untilNonePending();
    }
    expect(esme.receipts).toHaveLength(4);
    for (const [id, ended] of untold) {
      const { cdr } = await stage.finalOf(id);
      expect(`${String(cdr.state)} ${String(cdr.reason)}`).toBe(ended);
    }
  });

  test('for two destinations: a receipt for each, both under the one id', async () => {
    const { smsc, esme } = await serve();
    const dests = ['962790000001', '962790000002'];
    const answer = await ask(esme, 'submit_multi', {
      ...LONG,
      source_addr: 'Sender',
      registered_delivery: 1,
      dest_address: dests.map((destination_addr) => ({
        dest_addr_ton: 1,
        dest_addr_npi: 1,
        destination_addr,
      })),
    });
    expect([answer.command_status, answer.unsuccess_sme]).toEqual([0, []]);
    await until(() => smsc.sms.length === 6, 'three parts each');
    for (const dest of dests) {
      const parts = smsc.sms.filter((sms) => sms.dest === dest).map(partOf);
      expect(parts.map(({ total, sequence }) => `${sequence}/${total}`)).toEqual(['1/3', '2/3', '3/3']);
    }
    for (const [index, { dest }] of smsc.sms.entries()) {
      await smsc.receipt(`s${index + 1}`, dest === dests[1] && index > 3 ? 'UNDELIV' : 'DELIVRD', '000');
    }
    await until(() => esme.receipts.length === 2, 'two receipts');
    const seen = esme.receipts.map(({ id, stat, pdu }) => [id, pdu.source_addr, stat]);
    expect(seen.toSorted((a, b) => (a.join(' ') < b.join(' ') ? -1 : 1))).toEqual([
      [answer.message_id, dests[0], 'DELIVRD'],
      [answer.message_id, dests[1], 'UNDELIV'],
    ]);
    await expectSilence(esme, 2);
    await stage.daemon.untilNonePending();
    const audit = await stage.audit();
    expect([audit.accepted, audit.final, audit.finalDouble]).toEqual([6, 6, 0]);
  });
});

function pieces(esme: Esme, registered: number[], reference = 7): Promise<string[]> {
  return Promise.all(
    registered.map((registered_delivery, index) =>
      esme.send({
        esm_class: 0x40,
        registered_delivery,
        short_message: {
          udh: Buffer.from([5, 0, 3, reference, registered.length, index + 1]),
          message: Buffer.alloc(150, 0x61 + index),
        },
      }),
    ),
  );
}

describe('parts that the client cut', () => {
  test('get a receipt each', async () => {
    const { smsc, esme } = await serve();
    const ids = await pieces(esme, [1, 1, 0]);
    await until(() => smsc.sms.length === 3, 'three parts');
    await smsc.receipt('s2', 'UNDELIV', '007');
    expect((await esme.receipt(ids[1])).err).toBe('007');
    await smsc.receipt('s1');
    expect(told(await esme.receipt(ids[0]))).toBe(
      'sub:001 dlvrd:001 done date:2611220102 stat:DELIVRD err:000',
    );
    await stage.daemon.untilNonePending();
    expect(esme.receipts).toHaveLength(2);
  });

  test('get one under the first id where the account wants that, whichever part asked for it', async () => {
    const { smsc, esme } = await serve({ account: { receipts: 'merged' } });
    for (const [index, registered] of [
      [1, 1, 1],
      [0, 0, 1],
      [1, 0, 0],
    ].entries()) {
      const ids = await pieces(esme, registered, 7 + index);
      await until(() => smsc.sms.length === 3 * index + 3, 'three parts');
      expect(smsc.sms.slice(-3).map(({ registeredDelivery }) => registeredDelivery)).toEqual([1, 1, 1]);
      await smsc.receipt(`s${3 * index + 1}`);
      await smsc.receipt(`s${3 * index + 3}`, 'UNDELIV', '007');
      await expectSilence(esme, index);
      await smsc.receipt(`s${3 * index + 2}`);
      expect(told(await esme.receipt(ids[0]))).toBe(
        'sub:003 dlvrd:002 done date:2611220102 stat:UNDELIV err:007',
      );
      await expectSilence(esme, index + 1);
    }
    await stage.daemon.untilNonePending();
    const audit = await stage.audit();
    expect([audit.accepted, audit.final, audit.finalDouble]).toEqual([18, 18, 0]);
  });

  test('that became one message are told each for itself, if they asked', async () => {
    const { smsc, esme } = await serve({ smsc: { long_messages: 'payload' } });
    const ids = await pieces(esme, [1, 0, 1]);
    await until(() => smsc.sms.length === 1, 'the whole');
    await smsc.receipt('s1', 'EXPIRED', '003');
    for (const id of [ids[0], ids[2]]) {
      expect(told(await esme.receipt(id))).toBe(
        'sub:001 dlvrd:000 done date:2611220102 stat:EXPIRED err:003',
      );
    }
    await expectSilence(esme, 2);
    expect((await stage.finalOf(ids[1])).cdr).toMatchObject({ state: 'EXPIRED', reason: 'PART' });
  });
});

describe('parts that were joined, for an SMSC that only tells what it is asked for', () => {
  const shared = new Stage();
  let smsc: OctetSmsc;
  let said = '';
  beforeAll(async () => {
    smsc = await shared.octetSmsc({
      stat: ({ registeredDelivery }) => (isReported(registeredDelivery, said) ? said : undefined),
    });
    await shared.serve({
      account: ['merged', 'each'].map((receipts) => ({ name: receipts, receipts, receipt_group_ms: 0 })),
      smsc: [{ port: smsc.port, long_messages: 'payload' }],
    });
  });
  afterAll(() => shared.clear());

  // [1, 2]: the last that asks is the one that one receipt for all goes by.
  test.each([
    ['merged', [2, 2], 'DELIVRD', []],
    ['merged', [2, 2], 'EXPIRED', [0]],
    ['merged', [3, 3], 'DELIVRD', [0]],
    ['merged', [3, 3], 'EXPIRED', []],
    ['each', [2, 2], 'DELIVRD', []],
    ['each', [1, 2], 'DELIVRD', [0]],
    ['each', [3, 2], 'EXPIRED', [1]],
  ])('%s, asking %j for receipts: it says %s', async (receipts, registered, stat, toldOf) => {
    said = stat;
    const before = smsc.sms.length;
    const esme = await shared.esme({ fields: { system_id: receipts, interface_version: 0x50 } });
    const ids = await pieces(esme, registered, before);
    await until(() => smsc.sms.length === before + 1, 'the whole');
    const expected = toldOf.map((index) => ids[index]);
    await until(() => esme.receipts.length === expected.length, 'receipts');
    for (const id of ids) await shared.finalOf(id);
    expect(esme.receipts.map(({ id }) => id)).toEqual(expected);
    expect(smsc.sms[before].registeredDelivery).toBe(1);
    await esme.unbind();
  });
});
