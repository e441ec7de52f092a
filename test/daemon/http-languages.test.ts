/** Texts over HTTP that only a national language shift table makes short enough, and several SMSCs. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { until } from '../support/daemon.ts';
import type { OctetSmsc } from './octet-smsc.ts';
import { Stage } from './stage.ts';

let stage: Stage;
beforeEach(() => void (stage = new Stage()));
afterEach(() => stage.clear());

const DEMO = `Basic ${Buffer.from('demo:demo1234').toString('base64')}`;
/** 100 characters: one SMS with the Turkish tables, two in UCS-2. */
const TURKISH = 'İğşı'.repeat(25);

async function post(to: string): Promise<{ status: number; parts: number }> {
  const body = JSON.stringify({ from: 'Sender', to: `+${to}`, text: TURKISH });
  const answer = await fetch(stage.daemon.url('/v1/messages'), {
    method: 'POST',
    body,
    headers: { authorization: DEMO },
  });
  const { parts } = (await answer.json()) as { parts: number };
  return { status: answer.status, parts };
}

test('the tables are those of the SMSC that the message goes to', async () => {
  const smscs: OctetSmsc[] = [await stage.octetSmsc(), await stage.octetSmsc()];
  const smsc = [{ port: smscs[0].port, languages: ['turkish'] }, { port: smscs[1].port }];
  await stage.serve({ account: [{ parts_max: 1 }], smsc });
  const taken = [0, 0];
  for (let number = 0; number < 12; number++) {
    const { status, parts } = await post(String(962790000000 + number));
    if (status === 200) {
      expect(parts).toBe(1);
      taken[0]++;
    } else {
      expect(status).toBe(422);
      taken[1]++;
    }
  }
  await until(() => smscs[0].sms.length === taken[0], 'all that were taken');
  // Some numbers go here and some there, and what one SMS can not say to the other is not sent in two.
  expect(Math.min(...taken)).toBeGreaterThan(0);
  expect(smscs[1].sms).toEqual([]);
  for (const { dataCoding, octets } of smscs[0].sms) {
    expect([dataCoding, octets.subarray(0, 4).toString('hex')]).toEqual([0, '03250101']);
  }
});

test('one that fits everywhere is taken everywhere, in the coding of its SMSC', async () => {
  const smscs: OctetSmsc[] = [await stage.octetSmsc(), await stage.octetSmsc()];
  const smsc = [{ port: smscs[0].port, languages: ['turkish'] }, { port: smscs[1].port }];
  await stage.serve({ account: [{ parts_max: 2 }], smsc });
  const parts: number[] = [];
  for (let number = 0; number < 12; number++) parts.push((await post(String(962790000000 + number))).parts);
  await until(() => smscs[0].sms.length + smscs[1].sms.length === parts.reduce((a, b) => a + b), 'all parts');
  expect(new Set(parts)).toEqual(new Set([1, 2]));
  expect(smscs[0].sms).toHaveLength(parts.filter((count) => count === 1).length);
  expect(smscs[1].sms.every(({ dataCoding }) => dataCoding === 8)).toBe(true);
});
