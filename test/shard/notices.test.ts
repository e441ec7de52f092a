/** What an acknowledgement says is told whole, in what its client reads. */
import { expect, test } from 'vitest';
import type { Alphabet } from '../../src/core/charsets.ts';
import { deskOf } from '../../src/shard/receipts-out.ts';
import type { ShardState } from '../../src/shard/state.ts';
import { ReceiptScene } from './receipt-scene.ts';
import type { Offered } from './receipt-scene.ts';

const MANUAL_ACK = 0x10;
const PAYLOAD = '0424';

function accountOf(alphabet: Alphabet): NonNullable<ShardState['accounts'][number]> {
  return { default_alphabet: alphabet } as NonNullable<ShardState['accounts'][number]>;
}

interface Means {
  stored?: boolean;
  account?: Alphabet;
  smsc?: Alphabet;
}

/** What the client is offered of an acknowledgement, and its event. */
async function acknowledged(
  fields: Record<string, unknown>,
  tlvs = '',
  { stored = false, account = 'gsm', smsc = 'gsm' }: Means = {},
): Promise<{ offered: Offered; event: Record<string, unknown> }> {
  const scene = new ReceiptScene();
  const [first] = scene.shard.smscs;
  if (first === undefined) throw new Error('no SMSC');
  first.profile = { ...first.profile, alphabet: smsc };
  scene.shard.accounts = [accountOf('ascii'), accountOf(account)];
  const id = scene.sent('abc', { registeredDelivery: 0x0d, account: 1, stored });
  const desk = deskOf(scene.shard, 1);
  desk.window[0] = 10;
  desk.newer[0] = 1;
  const ack = { esm_class: MANUAL_ACK, receipted_message_id: 'abc', ...fields };
  const sequence = scene.deliver(ack, 'deliver_sm', 0, tlvs);
  await scene.commit();
  expect(scene.statusOf(sequence)).toBe(0);
  const [offered] = scene.offered();
  return { offered, event: await scene.fields(id, 'INTERMEDIATE') };
}

test.each([false, true])('600 octets are told whole, as message_payload (stored: %s)', async (stored) => {
  const text = `${'a'.repeat(590)}0123456789`;
  const payload = Buffer.from(text).toString('hex');
  const { offered, event } = await acknowledged({}, `${PAYLOAD}0258${payload}`, { stored });
  expect(offered).toMatchObject({ esmClass: MANUAL_ACK, dataCoding: 0, text: '' });
  expect(offered.tlvs).toBe(`${PAYLOAD}0258${payload}`);
  expect(event.text).toBe(Buffer.from(text).toString('latin1'));
});

test.each([254, 255])('%i octets are told as they are', async (length) => {
  const text = 'b'.repeat(length);
  const tlv = `${PAYLOAD}00${length.toString(16)}${Buffer.from(text).toString('hex')}`;
  const { offered } = await acknowledged({}, tlv);
  expect(offered).toMatchObject({ text, tlvs: '' });
});

test('text of the SMSC in what it means by data_coding 0 is told in what its client reads', async () => {
  const short_message = Buffer.from('caf\xe9_$@', 'latin1');
  for (const stored of [false, true]) {
    const told = await acknowledged({ short_message }, '', { smsc: 'latin1', account: 'gsm', stored });
    expect(told.offered).toMatchObject({ dataCoding: 3, text: 'caf\xe9_$@' });
  }
  // GSM 03.38: @ 00, e acute 05.
  const gsm = await acknowledged({ short_message: Buffer.from([0, 5]) }, '', { account: 'latin1' });
  expect(gsm.offered).toMatchObject({ dataCoding: 0, text: '@é' });
  const same = await acknowledged({ short_message }, '', { smsc: 'latin1', account: 'latin1' });
  expect(same.offered).toMatchObject({ dataCoding: 0, text: 'caf\xe9_$@' });
});
