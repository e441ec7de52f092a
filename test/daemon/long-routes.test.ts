/** The parts of one message and several SMSCs. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { until } from '../support/daemon.ts';
import type { Esme } from './esme.ts';
import { partOf } from './octet-smsc.ts';
import type { OctetSmsc } from './octet-smsc.ts';
import { Stage } from './stage.ts';

let stage: Stage;
beforeEach(() => void (stage = new Stage()));
afterEach(() => stage.clear());

function piece(esme: Esme, sequence: number, reference = 9): Promise<string> {
  const udh = Buffer.from([5, 0, 3, reference, 3, sequence]);
  return esme.send({ esm_class: 0x40, short_message: { udh, message: Buffer.from(`part ${sequence}`) } });
}

const bound = (count: number): Promise<void> =>
  stage.daemon.untilMetric('smsc_bound', (binds) => binds === count);

test('parts wait for the SMSC that has the first, though another is there', async () => {
  const smscs = [
    await stage.octetSmsc({ stat: () => 'DELIVRD' }),
    await stage.octetSmsc({ stat: () => 'DELIVRD' }),
  ];
  await stage.serve({ shards: 2, smsc: smscs.map(({ port }) => ({ port })) });
  const esme = await stage.esme();
  const ids = [await piece(esme, 1)];
  await until(() => smscs.some(({ sms }) => sms.length === 1), 'the first part');
  const first = smscs.findIndex(({ sms }) => sms.length === 1);
  const other = smscs[1 - first];
  const { port } = smscs[first];
  smscs[first].close();
  await bound(1);
  ids.push(await piece(esme, 2));
  // What is not a part of it goes where it can.
  await esme.receipt(await esme.send());
  expect(other.sms).toHaveLength(1);
  const back: OctetSmsc = await stage.octetSmsc({ port, stat: () => 'DELIVRD' });
  await bound(2);
  ids.push(await piece(esme, 3));
  await until(() => back.sms.length === 2, 'the other parts');
  expect(back.sms.map((sms) => partOf(sms).sequence)).toEqual([2, 3]);
  expect(other.sms).toHaveLength(1);
  await esme.receiptsOf(ids.slice(1));
});

test('parts of one message take one way from any edge, and the next message goes where it can', async () => {
  const smscs = [await stage.octetSmsc(), await stage.octetSmsc()];
  await stage.serve({ shards: 2, edge: { threads: 2 }, smsc: smscs.map(({ port }) => ({ port })) });
  // The kernel spreads them over the edges.
  const esmes: Esme[] = [];
  for (let count = 0; count < 4; count++) esmes.push(await stage.esme());
  const send = (sequence: number, reference: number): Promise<string> => {
    const udh = Buffer.from([5, 0, 3, reference, 8, sequence]);
    const short_message = { udh, message: Buffer.from(`${reference}/${sequence}`) };
    return esmes[sequence % 4].send({ esm_class: 0x40, short_message });
  };
  await send(1, 9);
  await until(() => smscs.some(({ sms }) => sms.length === 1), 'the first part');
  const first = smscs.findIndex(({ sms }) => sms.length === 1);
  const { port } = smscs[first];
  smscs[first].close();
  await bound(1);
  for (let sequence = 2; sequence <= 8; sequence++) await send(sequence, 9);
  for (let sequence = 8; sequence >= 1; sequence--) await send(sequence, 10);
  const texts = ({ sms }: OctetSmsc): string[] => sms.map((each) => partOf(each).text.toString()).toSorted();
  const eight = (reference: number, from: number): string[] =>
    Array.from({ length: 9 - from }, (_, index) => `${reference}/${from + index}`);
  await until(() => smscs[1 - first].sms.length >= 8, 'the next message');
  const back = await stage.octetSmsc({ port });
  await until(() => back.sms.length >= 7, 'the other parts');
  expect(texts(smscs[1 - first])).toEqual(eight(10, 1));
  expect(texts(back)).toEqual(eight(9, 2));
});

test.each([1, 2])('over crashes the parts go where the first went, with %i edge threads', async (threads) => {
  const smscs = [await stage.octetSmsc(), await stage.octetSmsc()];
  const smsc = smscs.map(({ port }) => ({ port }));
  // Of an account with one receipt for all the parts wait for each other; those of the other pass as they come.
  const account = [{ name: 'each' }, { name: 'merged', receipts: 'merged' }];
  await stage.serve({ shards: 2, edge: { threads }, account, smsc });
  const part = async (
    name: string,
    sequence: number,
    reference: number,
    isOver = false,
  ): Promise<unknown> => {
    const udh = Buffer.from([5, 0, 3, reference, 3, sequence]);
    const short_message = { udh, message: Buffer.from(`${name} ${reference}/${sequence} `) };
    const esme = await stage.esme({ fields: { system_id: name } });
    const registered_delivery = isOver ? 0 : 1;
    return esme.send({ esm_class: 0x40, registered_delivery, short_message });
  };
  // One ends at once, of one the receipt is awaited, one waits for the others.
  await part('each', 1, 9, true);
  await until(() => smscs.some(({ sms }) => sms.length === 1), 'the first part');
  const first = smscs.findIndex(({ sms }) => sms.length === 1);
  await part('each', 1, 10);
  await part('merged', 1, 11);
  const other = smscs[1 - first];
  await until(() => smscs[first].sms.length === 2, 'another first part');
  const { port } = smscs[first];
  const another = async (): Promise<void> => {
    await stage.daemon.kill();
    smscs[first].close();
    await stage.start();
    await bound(1);
  };
  await until(async () => (await stage.audit()).sent === 2, 'both are sent, by the ledger');
  await another();
  await part('each', 2, 9);
  await part('each', 2, 10);
  await part('merged', 3, 11);
  // Now the store alone knows of the first ones.
  await another();
  await part('each', 3, 10);
  await part('merged', 2, 11);
  // What is not a part of them goes where it can.
  const esme = await stage.esme({ fields: { system_id: 'each' } });
  await esme.send();
  await until(() => other.sms.length > 0, 'a message by itself');
  const back = await stage.octetSmsc({ port });
  await until(() => back.sms.length >= 4, 'the other parts');
  expect(other.sms).toHaveLength(1);
  const texts = back.sms.map((sms) => (sms.esmClass === 0 ? sms.octets : partOf(sms).text).toString());
  expect(texts.toSorted()).toEqual([
    'each 10/2 ',
    'each 10/3 ',
    'each 9/2 ',
    'merged 11/1 merged 11/2 merged 11/3 ',
  ]);
});

test('parts that wait to be joined are joined though their SMSC is lost in between', async () => {
  const smscs = [
    await stage.octetSmsc({ stat: () => 'DELIVRD' }),
    await stage.octetSmsc({ stat: () => 'DELIVRD' }),
  ];
  const smsc = smscs.map(({ port }) => ({ port, long_messages: 'payload' }));
  await stage.serve({ shards: 2, smsc });
  const esme = await stage.esme();
  const ids = [await piece(esme, 1)];
  for (const one of smscs) one.close();
  await bound(0);
  ids.push(await piece(esme, 2), await piece(esme, 3));
  const back = [
    await stage.octetSmsc({ port: smscs[0].port, stat: () => 'DELIVRD' }),
    await stage.octetSmsc({ port: smscs[1].port, stat: () => 'DELIVRD' }),
  ];
  await esme.receiptsOf(ids);
  expect(back.map(({ sms }) => sms.length).toSorted((a, b) => a - b)).toEqual([0, 1]);
});

test('two messages between the same numbers at one time have different references, on any edge', async () => {
  const smsc = await stage.octetSmsc({ stat: () => 'DELIVRD' });
  await stage.serve({ edge: { threads: 2 }, smsc: [{ port: smsc.port, window: 100 }] });
  const esmes = [await stage.esme(), await stage.esme(), await stage.esme(), await stage.esme()];
  const ids = await Promise.all(
    Array.from({ length: 80 }, (_, number) =>
      esmes[number % 4].send({
        short_message: '',
        message_payload: Buffer.from(`<${number}>`.padEnd(200, '.')),
      }),
    ),
  );
  await until(() => smsc.sms.length === 160, 'all parts');
  const texts = new Map<number, string>();
  for (const sms of smsc.sms.toSorted((a, b) => partOf(a).sequence - partOf(b).sequence)) {
    const { reference, text } = partOf(sms);
    texts.set(reference, (texts.get(reference) ?? '') + text.toString());
  }
  const expected = Array.from({ length: 80 }, (_, number) => `<${number}>`.padEnd(200, '.'));
  expect([...texts.values()].toSorted()).toEqual(expected.toSorted());
  await until(() => esmes.flatMap(({ receipts }) => receipts).length === ids.length, 'their receipts');
});
