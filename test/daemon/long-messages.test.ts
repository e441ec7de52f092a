/** Long messages through a whole daemon: every form that a client sends in every form that an SMSC takes. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { until } from '../support/daemon.ts';
import type { Esme } from './esme.ts';
import { PAYLOAD, partOf } from './octet-smsc.ts';
import type { OctetSmsc, Sms } from './octet-smsc.ts';
import { Stage } from './stage.ts';

/** Of the style that is tested. */
let stage: Stage;
let smsc: OctetSmsc;
/** Messages and parts that were accepted before the test. */
let before = 0;

const ACCOUNTS = [{}, { name: 'few', parts_max: 3 }, { name: 'merged', receipts: 'merged' }];
const ESC_EURO = '\u001be';
/** Just where an SMS of 153 septets ends is a character of two. */
const GSM_TEXT = `${'a'.repeat(152)}€${'b'.repeat(200)}`;
const GSM_OCTETS = Buffer.from(GSM_TEXT.replace('€', ESC_EURO), 'latin1');
/** Likewise a surrogate pair, for 67 units. */
const UCS_TEXT = `${'я'.repeat(66)}😀${'ю'.repeat(70)}`;
const UCS_OCTETS = Buffer.from(UCS_TEXT, 'utf16le').swap16();

function hexOf(text: string): string {
  return Buffer.from(text, 'utf16le').swap16().toString('hex');
}

type Style = 'as-is' | 'udh8' | 'udh16' | 'sar' | 'payload';

/** The texts of the parts, cut by hand for the room that each style leaves. */
const GSM_CUTS: Record<Style, string[]> = {
  'as-is': ['a'.repeat(152), `${ESC_EURO}${'b'.repeat(151)}`, 'b'.repeat(49)],
  udh8: ['a'.repeat(152), `${ESC_EURO}${'b'.repeat(151)}`, 'b'.repeat(49)],
  udh16: ['a'.repeat(152), `${ESC_EURO}${'b'.repeat(150)}`, 'b'.repeat(50)],
  sar: ['a'.repeat(152), `${ESC_EURO}${'b'.repeat(151)}`, 'b'.repeat(49)],
  payload: [],
};
const UCS_CUTS: Record<Style, string[]> = {
  'as-is': ['я'.repeat(66), `😀${'ю'.repeat(65)}`, 'ю'.repeat(5)],
  udh8: ['я'.repeat(66), `😀${'ю'.repeat(65)}`, 'ю'.repeat(5)],
  udh16: ['я'.repeat(66), `😀${'ю'.repeat(64)}`, 'ю'.repeat(6)],
  sar: ['я'.repeat(66), `😀${'ю'.repeat(65)}`, 'ю'.repeat(5)],
  payload: [],
};
const HEADERS: Record<Style, string> = {
  'as-is': '050003',
  udh8: '050003',
  udh16: '060804',
  sar: 'sar',
  payload: '',
};

/** What the SMSC has got since the last call; waits for so many. */
async function taken(smsc: OctetSmsc, count: number): Promise<Sms[]> {
  await until(() => smsc.sms.length >= count, `${count} SMS`);
  return smsc.sms.splice(0);
}

function expectCut(sms: readonly Sms[], style: Style, cuts: readonly string[], coding: number): number {
  const parts = sms.map(partOf);
  expect(parts.map(({ header, total, sequence }) => [header, total, sequence])).toEqual(
    cuts.map((_, index) => [HEADERS[style], cuts.length, index + 1]),
  );
  expect(new Set(parts.map(({ reference }) => reference)).size).toBe(1);
  expect(parts.map(({ text }) => text.toString('hex'))).toEqual(
    cuts.map((text) => (coding === 8 ? hexOf(text) : Buffer.from(text, 'latin1').toString('hex'))),
  );
  for (const each of sms) {
    expect([each.dataCoding, each.registeredDelivery, each.source, each.dest]).toEqual([
      coding,
      1,
      'Sender',
      '962790000001',
    ]);
    expect(each.octets.length).toBeLessThanOrEqual(160);
    expect(each.esmClass & 0x40).toBe(style === 'sar' ? 0 : 0x40);
  }
  return parts[0].reference;
}

function expectWhole([one, ...others]: readonly Sms[], octets: Buffer, coding: number): void {
  expect(others).toEqual([]);
  expect([one.octets.length, one.esmClass, one.dataCoding]).toEqual([0, 0, coding]);
  expect([...one.tlvs.keys()]).toEqual([PAYLOAD]);
  expect(one.tlvs.get(PAYLOAD)?.toString('hex')).toBe(octets.toString('hex'));
}

/** The next test finds nothing open, and no session that would take its receipts. */
async function done(esme: Esme): Promise<void> {
  await stage.daemon.untilNonePending();
  await esme.unbind();
}

async function post(
  text: string,
  name = 'demo',
): Promise<{ status: number; body: { id: string; parts: number } }> {
  const body = JSON.stringify({ from: 'Sender', to: '+962790000001', text, receipt: true });
  const authorization = `Basic ${Buffer.from(`${name}:demo1234`).toString('base64')}`;
  const url = stage.daemon.url('/v1/messages');
  const answer = await fetch(url, { method: 'POST', body, headers: { authorization } });
  return { status: answer.status, body: (await answer.json()) as { id: string; parts: number } };
}

/** Cut by the client, at places of its own. */
const PIECES = [
  Buffer.from(`${'p'.repeat(100)}\u001b`, 'latin1'),
  Buffer.from(`e${'q'.repeat(99)}`),
  Buffer.from('rest'),
];
const WHOLE = Buffer.concat(PIECES);

type Form = 'udh8' | 'udh16' | 'sar';

async function sendPieces(esme: Esme, form: Form, reference: number, fields: object = {}): Promise<string[]> {
  const total = PIECES.length;
  const ids: string[] = [];
  for (const [index, message] of PIECES.entries()) {
    const common = { ...fields, data_coding: 0 };
    if (form === 'sar') {
      ids.push(
        await esme.send({
          ...common,
          short_message: { message },
          sar_msg_ref_num: reference,
          sar_total_segments: total,
          sar_segment_seqnum: index + 1,
        }),
      );
      continue;
    }
    const low = reference & 0xff;
    const head = form === 'udh8' ? [5, 0, 3, low] : [6, 8, 4, reference >> 8, low];
    const udh = Buffer.from([...head, total, index + 1]);
    ids.push(await esme.send({ ...common, esm_class: 0x40, short_message: { udh, message } }));
  }
  return ids;
}

function expectPieces(sms: readonly Sms[], header: string, reference: number): void {
  expect(sms.map((each) => ({ ...partOf(each), text: partOf(each).text.toString('hex') }))).toEqual(
    PIECES.map((text, index) => ({
      header,
      reference,
      total: 3,
      sequence: index + 1,
      text: text.toString('hex'),
    })),
  );
}

describe.each(['as-is', 'udh8', 'udh16', 'sar', 'payload'] as const)('for an SMSC that wants %s', (style) => {
  beforeAll(async () => {
    stage = new Stage();
    smsc = await stage.octetSmsc({ stat: () => 'DELIVRD' });
    await stage.serve({ account: ACCOUNTS, smsc: [{ port: smsc.port, long_messages: style }] });
  });
  afterAll(() => stage.clear());
  beforeEach(async () => {
    smsc.sms.length = 0;
    before = await stage.daemon.metric('accepted_total');
  });

  test('a text in one piece is cut as it wants it', async () => {
    const esme = await stage.esme();
    const count = style === 'payload' ? 1 : 3;
    const payload = (octets: Buffer, coding: number): Promise<string> =>
      esme.send({ short_message: '', message_payload: octets, data_coding: coding });
    const references: number[] = [];
    const check = async (cuts: string[], octets: Buffer, coding: number): Promise<void> => {
      const sms = await taken(smsc, count);
      if (style === 'payload') expectWhole(sms, octets, coding);
      else references.push(expectCut(sms, style, cuts, coding));
    };
    await payload(GSM_OCTETS, 0);
    await check(GSM_CUTS[style], GSM_OCTETS, 0);
    await payload(UCS_OCTETS, 8);
    await check(UCS_CUTS[style], UCS_OCTETS, 8);
    const gsm = await post(GSM_TEXT);
    expect([gsm.status, gsm.body.parts]).toEqual([200, 3]);
    await check(GSM_CUTS[style], GSM_OCTETS, 0);
    const ucs = await post(UCS_TEXT);
    expect([ucs.status, ucs.body.parts]).toEqual([200, 3]);
    await check(UCS_CUTS[style], UCS_OCTETS, 8);
    // No two messages between the same numbers have a reference in common.
    expect(new Set(references).size).toBe(references.length);
    for (const { id } of [gsm.body, ucs.body]) expect((await esme.receipt(id)).stat).toBe('DELIVRD');
    await until(() => esme.receipts.length === 4, 'one receipt a message');
    await stage.daemon.untilNonePending();
    const audit = await stage.audit();
    expect([audit.accepted - before, audit.open, audit.lost]).toEqual([4 * count, 0, 0]);
    await done(esme);
  });

  if (style !== 'udh8') {
    test('more parts than the account may have are refused, never cut', async () => {
      const esme = await stage.esme({ fields: { system_id: 'few' } });
      const octets = Buffer.alloc(3 * 153 + 1, 0x65);
      const fields = { short_message: '', message_payload: octets, data_coding: 0 };
      expect((await esme.submit(fields)).command_status).toBe(1);
      const { status, body } = await post('e'.repeat(3 * 153 + 1), 'few');
      expect([status, JSON.stringify(body)]).toEqual([422, expect.stringContaining('longer than 3 parts')]);
      // One that fits is not.
      await esme.send({ ...fields, message_payload: octets.subarray(0, 3 * 152) });
      await until(() => smsc.sms.length > 0, 'an SMS');
      expect((await stage.daemon.metric('accepted_total')) - before).toBe(style === 'payload' ? 1 : 3);
      await done(esme);
    });
  }

  if (style !== 'payload') {
    test('parts that the client cut keep their texts and places', async () => {
      const esme = await stage.esme();
      const own = { udh8: '050003', udh16: '060804', sar: 'sar' };
      // A full part of an 8-bit number has no room for a longer one: for udh16 those are cut anew, see below.
      const forms = style === 'udh16' ? (['udh16'] as const) : (['udh8', 'udh16', 'sar'] as const);
      for (const form of forms) {
        const reference = form === 'udh8' ? 0x7f : 0x1f7f;
        const ids = await sendPieces(esme, form, reference);
        const sms = await taken(smsc, 3);
        const wide = form !== 'udh8' && HEADERS[style === 'as-is' ? form : style] !== '050003';
        expectPieces(sms, style === 'as-is' ? own[form] : HEADERS[style], wide ? 0x1f7f : 0x7f);
        // A receipt for each of them, and each names its message in its CDR.
        await esme.receiptsOf(ids);
        if (form !== 'udh16') continue;
        expect((await stage.finalOf(ids[2])).cdr).toMatchObject({ message: ids[0], part: '3/3' });
      }
      await stage.daemon.untilNonePending();
      const audit = await stage.audit();
      expect([audit.accepted - before, audit.open]).toEqual([3 * forms.length, 0]);
      await done(esme);
    });
  }

  if (style === 'udh8') {
    test('short_message of 254 octets, and exactly what one SMS holds', async () => {
      const esme = await stage.esme();
      await esme.send({ short_message: { message: Buffer.from('c'.repeat(254)) } });
      const sms = await taken(smsc, 2);
      expect(sms.map((each) => partOf(each).text.length)).toEqual([153, 101]);
      for (const [octets, coding] of [
        [Buffer.from('d'.repeat(160)), 0],
        [Buffer.from('е'.repeat(70), 'utf16le').swap16(), 8],
        [Buffer.alloc(140, 0xf5), 4],
      ] as const) {
        await esme.send({ short_message: { message: octets }, data_coding: coding });
        const [one] = await taken(smsc, 1);
        expect([one.esmClass, one.octets.toString('hex')]).toEqual([0, octets.toString('hex')]);
      }
      await esme.send({ short_message: { message: Buffer.alloc(141, 0xf5) }, data_coding: 4 });
      expect((await taken(smsc, 2)).map((each) => partOf(each).text.length)).toEqual([134, 7]);
      await done(esme);
    });
  }

  if (style === 'udh16') {
    test.each(['udh8', 'sar'] as const)(
      'parts with numbers that it does not take are cut anew: %s',
      async (form) => {
        const esme = await stage.esme();
        const ids = await sendPieces(esme, form, 0x55);
        const parts = (await taken(smsc, 2)).map(partOf);
        expect(parts.map(({ header, total, sequence }) => [header, total, sequence])).toEqual([
          ['060804', 2, 1],
          ['060804', 2, 2],
        ]);
        expect(Buffer.concat(parts.map(({ text }) => text)).toString('hex')).toBe(WHOLE.toString('hex'));
        await esme.receiptsOf(ids);
        await stage.daemon.untilNonePending();
        const audit = await stage.audit();
        expect([audit.accepted - before, audit.open, audit.lost]).toEqual([5, 0, 0]);
        await done(esme);
      },
    );

    test('parts are joined and cut anew where the client wants one receipt for all', async () => {
      const esme = await stage.esme({ fields: { system_id: 'merged' } });
      const ids = await sendPieces(esme, 'udh8', 9);
      const sms = await taken(smsc, 2);
      const parts = sms.map(partOf);
      expect(parts.map(({ header, total }) => [header, total])).toEqual([
        ['060804', 2],
        ['060804', 2],
      ]);
      expect(Buffer.concat(parts.map(({ text }) => text)).toString('hex')).toBe(WHOLE.toString('hex'));
      expect(parts[0].text.length).toBe(152);
      const { pdu, stat } = await esme.receipt(ids[0]);
      expect([stat, String(pdu.short_message.message).slice(ids[0].length + 3, ids[0].length + 21)]).toEqual([
        'DELIVRD',
        ' sub:003 dlvrd:003',
      ]);
      expect((await stage.finalOf(ids[1])).cdr).toMatchObject({ state: 'DELIVERED', reason: 'PART' });
      expect(esme.receipts).toHaveLength(1);
      await stage.daemon.untilNonePending();
      const audit = await stage.audit();
      expect([audit.accepted - before, audit.final - before, audit.finalDouble]).toEqual([5, 5, 0]);
      await done(esme);
    });
  }

  if (style === 'payload') {
    test('parts that the client cut are joined', async () => {
      const esme = await stage.esme();
      for (const form of ['udh8', 'udh16', 'sar'] as const) {
        const ids = await sendPieces(esme, form, 0x55);
        expectWhole(await taken(smsc, 1), WHOLE, 0);
        const receipts = await esme.receiptsOf(ids);
        // Each part is told for itself.
        for (const { pdu } of receipts)
          expect(String(pdu.short_message.message)).toContain('sub:001 dlvrd:001 ');
      }
      expect(esme.receipts).toHaveLength(9);
      await stage.daemon.untilNonePending();
      const audit = await stage.audit();
      expect([audit.accepted - before, audit.open, audit.lost]).toEqual([12, 0, 0]);
      await done(esme);
    });

    test('parts of two messages at the same time, in any order, are told apart', async () => {
      const esme = await stage.esme();
      const texts = ['A1', 'A2', 'B1', 'B2', 'C1', 'C2'];
      const order = [0, 2, 4, 5, 3, 1];
      await Promise.all(
        order.map((place) => {
          const udh = Buffer.from([5, 0, 3, 1 + (place >> 1), 2, 1 + (place & 1)]);
          return esme.send({ esm_class: 0x40, short_message: { udh, message: Buffer.from(texts[place]) } });
        }),
      );
      const sms = await taken(smsc, 3);
      const got = sms.map(({ octets, tlvs }) => (tlvs.get(PAYLOAD) ?? octets).toString('latin1'));
      expect(got.toSorted()).toEqual(['A1A2', 'B1B2', 'C1C2']);
      await done(esme);
    });
  }
});
