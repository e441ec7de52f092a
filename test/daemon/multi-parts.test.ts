/** submit_multi with parts of a long message in it. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { until } from '../support/daemon.ts';
import { SENDER, ask } from './ask.ts';
import type { Answer } from './ask.ts';
import type { Esme } from './esme.ts';
import { PAYLOAD, partOf } from './octet-smsc.ts';
import { Stage } from './stage.ts';

let stage: Stage;
beforeEach(() => void (stage = new Stage()));
afterEach(() => stage.clear());

const NUMBERS = ['962790000001', '962790000002'];
const dest_address = NUMBERS.map((destination_addr) => ({
  dest_addr_ton: 1,
  dest_addr_npi: 1,
  destination_addr,
}));
/** LATIN SMALL LETTER E WITH GRAVE and COMMERCIAL AT in the GSM alphabet, and some more. */
const TEXTS = ['040061', '62'];

function piece(
  esme: Esme,
  sequence: number,
  form: 'udh' | 'sar',
  hex = TEXTS[sequence - 1],
): Promise<Answer> {
  const message = Buffer.from(hex, 'hex');
  const udh = Buffer.from([5, 0, 3, 0x7f, 2, sequence]);
  const sar = { sar_msg_ref_num: 0x7f, sar_total_segments: 2, sar_segment_seqnum: sequence };
  const fields =
    form === 'sar'
      ? { ...sar, short_message: { message } }
      : { esm_class: 0x40, short_message: { udh, message } };
  return ask(esme, 'submit_multi', {
    ...SENDER,
    dest_address,
    registered_delivery: 1,
    data_coding: 0,
    ...fields,
  });
}

const LATIN = ['e84061', '62'];

describe('go to each destination by themselves, in a form that its SMSC reads', () => {
  test.each([
    ['udh8', 'sar', 'gsm', '050003', TEXTS],
    ['udh16', 'udh', 'gsm', '050003', TEXTS],
    ['sar', 'udh', 'gsm', 'sar', TEXTS],
    ['payload', 'udh', 'gsm', '050003', TEXTS],
    ['payload', 'sar', 'gsm', 'sar', TEXTS],
    ['as-is', 'udh', 'latin1', '050003', LATIN],
    ['payload', 'sar', 'latin1', 'sar', LATIN],
  ] as const)('%s, %s, %s', async (style, form, alphabet, header, texts) => {
    const smsc = await stage.octetSmsc({ stat: () => 'DELIVRD' });
    await stage.serve({
      account: [{ receipts: 'merged' }],
      smsc: [{ port: smsc.port, long_messages: style, alphabet }],
    });
    const esme = await stage.esme();
    const answers = [await piece(esme, 1, form), await piece(esme, 2, form)];
    expect(answers.map((answer) => [answer.command_status, answer.unsuccess_sme])).toEqual([
      [0, []],
      [0, []],
    ]);
    await until(() => smsc.sms.length === 4, 'both parts to both numbers');
    for (const number of NUMBERS) {
      const mine = smsc.sms.filter(({ dest }) => dest === number);
      expect(mine.map((sms) => ({ ...partOf(sms), text: partOf(sms).text.toString('hex') }))).toEqual(
        texts.map((text, index) => ({ header, reference: 0x7f, total: 2, sequence: index + 1, text })),
      );
      expect(mine.every(({ tlvs, dataCoding }) => !tlvs.has(PAYLOAD) && dataCoding === 0)).toBe(true);
    }
    // Each part of each number is told of, under the id of its request.
    await until(() => esme.receipts.length === 4, 'four receipts');
    expect(new Set(esme.receipts.map(({ id }) => id))).toEqual(new Set(answers.map((one) => one.message_id)));
  });
});

test('and that is no SMS in the alphabet of its SMSC is refused with its destinations', async () => {
  const smsc = await stage.octetSmsc();
  await stage.serve({ smsc: [{ port: smsc.port, alphabet: 'latin1' }] });
  const esme = await stage.esme();
  // GREEK CAPITAL LETTER DELTA takes UCS-2 there, of which a part holds 67.
  expect((await piece(esme, 1, 'udh', '10'.repeat(68))).command_status).toBe(1);
  expect((await piece(esme, 1, 'udh', '10'.repeat(67))).command_status).toBe(0);
});
