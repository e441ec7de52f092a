/** SMSCs that send a receipt again, and SMSCs that answer late: each receipt is of the message that it is about. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { pause } from '../support/daemon.ts';
import { Stage } from './stage.ts';

const SETTLED_MS = 300;

let stage: Stage;

beforeEach(() => {
  stage = new Stage();
});

afterEach(() => stage.clear());

test('one that is sent again after a kill does not end the message whose id it is in the other base', async () => {
  let last = 9;
  const smsc = await stage.octetSmsc({ answer: () => String(++last) });
  await stage.serve({ smsc: [{ port: smsc.port }] });
  let esme = await stage.esme();
  const ids: string[] = [];
  for (let count = 10; count <= 16; count++) ids.push(await esme.send());
  const [ten, sixteen] = [ids[0], ids[6]];
  expect(await smsc.receipt('16', 'UNDELIV')).toBe(0);
  expect((await esme.receipt(sixteen)).stat).toBe('UNDELIV');
  await stage.daemon.kill();
  await stage.start();
  await stage.daemon.untilMetric('smsc_bound', (count) => count >= 1);
  esme = await stage.esme();
  expect(await smsc.receipt('16', 'UNDELIV')).toBe(0);
  await pause(SETTLED_MS);
  expect(esme.receipts.filter(({ id }) => id === ten)).toEqual([]);
  await smsc.receipt('10', 'DELIVRD');
  expect((await esme.receipt(ten)).stat).toBe('DELIVRD');
});

test('one that is sent again does not end the message that has its id now, sent a moment later', async () => {
  const smsc = await stage.octetSmsc({ answer: () => '77' });
  await stage.serve({ smsc: [{ port: smsc.port }] });
  const esme = await stage.esme();
  const first = await esme.send();
  await smsc.receipt('77', 'DELIVRD');
  await esme.receipt(first);
  await stage.daemon.untilMetric('pending', (count) => count === 0);
  expect(await smsc.receipt('77', 'DELIVRD')).toBe(0);
  await pause(SETTLED_MS);
  const second = await esme.send();
  await pause(SETTLED_MS);
  expect(esme.receipts.map(({ id }) => id)).toEqual([first]);
  await smsc.receipt('77', 'UNDELIV');
  expect((await esme.receipt(second)).stat).toBe('UNDELIV');
});
