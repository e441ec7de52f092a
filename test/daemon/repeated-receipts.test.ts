/** SMSCs that send a receipt again, and SMSCs that answer late: each receipt is of the message that it is about. */
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { pause, until } from '../support/daemon.ts';
import { RawSmsc, pduBytes } from './raw.ts';
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
  await stage.daemon.untilNonePending();
  expect(await smsc.receipt('77', 'DELIVRD')).toBe(0);
  await pause(SETTLED_MS);
  const second = await esme.send();
  await pause(SETTLED_MS);
  expect(esme.receipts.map(({ id }) => id)).toEqual([first]);
  await smsc.receipt('77', 'UNDELIV');
  expect((await esme.receipt(second)).stat).toBe('UNDELIV');
});

describe('an SMSC that answers after response_timeout_s, when the message is on its way again', () => {
  const SUBMIT_SM_RESP = 0x8000_0004;
  const DELIVER_SM = 5;
  const ESME_RINVDSTADR = 0x0b;

  function receiptBytes(id: string): Buffer {
    const text = `id:${id} sub:001 dlvrd:001 submit date:2611220101 done date:2611220102 stat:DELIVRD err:000 text:x`;
    const addresses = Buffer.from('\0\x01\x01962790000001\0\x05\0Shop\0', 'latin1');
    const rest = Buffer.from([4, 0, 0, 0, 0, 0, 0, 0, 0, text.length]);
    return pduBytes(DELIVER_SM, 1, Buffer.concat([addresses, rest, Buffer.from(text)]));
  }

  const sequenceOf = (pdu: string): number => Buffer.from(pdu, 'hex').readUInt32BE(12);

  test.each([
    ['refuses that', false],
    ['takes that too, and the daemon is killed', true],
  ])('and %s: its receipt of the first is told', async (_name, isTaken) => {
    const smsc = await RawSmsc.start();
    onTestFinished(() => smsc.close());
    const settings = { port: smsc.port, response_timeout_s: 2, retry_min_s: 1, retry_max_s: 1 };
    await stage.serve({ smsc: [settings] });
    let esme = await stage.esme();
    let peer = await smsc.peer();
    const id = await esme.send();
    const [first, second] = [sequenceOf(await peer.takePdu()), sequenceOf(await peer.takePdu())];
    peer.write(pduBytes(SUBMIT_SM_RESP, first, Buffer.from('FIRST\0')));
    await stage.daemon.untilMetric('late_responses_total', (count) => count === 1);
    const [status, body] = isTaken ? [0, Buffer.from('SECOND\0')] : [ESME_RINVDSTADR, Buffer.alloc(0)];
    peer.write(pduBytes(SUBMIT_SM_RESP, second, body, status));
    await pause(SETTLED_MS);
    if (isTaken) {
      const inLedger = async (): Promise<boolean> => {
        const { types } = await stage.history(id);
        return types.includes('LATE') && types.includes('SENT');
      };
      await until(inLedger, 'both answers are in the ledger');
      await stage.daemon.kill();
      await stage.start();
      esme = await stage.esme();
      peer = await smsc.peer();
    }
    peer.write(receiptBytes('FIRST'));
    expect((await esme.receipt(id)).stat).toBe('DELIVRD');
    const { lines } = await stage.finalOf(id);
    expect(lines.find(({ type }) => type === 'LATE')).toMatchObject({ smscMessageId: 'FIRST', attempt: 1 });
  });
});
