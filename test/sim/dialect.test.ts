import { afterEach, describe, expect, test } from 'vitest';
import type { SimulatorOptions } from '../../src/sim/options.ts';
import { startSimulator } from '../../src/sim/simulator.ts';
import type { RunningSimulator } from '../../src/sim/simulator.ts';
import { NpmPeer } from '../smpp/npm-peer.ts';
import type { NpmPdu } from '../smpp/npm-peer.ts';
import { until } from './npm-smpp.ts';

let running: RunningSimulator | undefined;
let esme: NpmPeer;
afterEach(async () => {
  esme.close();
  await running?.close();
});

/** The first receipt of a message, whatever carries it. */
async function receiptOf(options: Partial<SimulatorOptions>, fields: object = {}): Promise<NpmPdu> {
  running = await startSimulator({ port: 0, idStart: 171, idFormat: 'dec', ...options });
  esme = await NpmPeer.esme({ port: running.port });
  await esme.ask('bind_transceiver', { system_id: 'esme', interface_version: 0x34 });
  const message = { source_addr: 'Shop', destination_addr: '49', registered_delivery: 1, short_message: 'x' };
  await esme.ask('submit_sm', { ...message, ...fields });
  const receipts = (): NpmPdu[] => [...esme.of('deliver_sm'), ...esme.of('data_sm')];
  await until(() => receipts().length > 0, 'the receipt');
  const [receipt] = receipts();
  expect(receipt).toMatchObject({ source_addr: '49', destination_addr: 'Shop' });
  return receipt;
}

function textOf(pdu: NpmPdu): string {
  return String(pdu.short_message.message);
}

const UTC = '2[0-9]{9}';

describe('the text', () => {
  test.each([
    ['lower', `^id:171 sub:001 dlvrd:001 submit date:${UTC} done date:${UTC} stat:delivrd err:000 text:$`],
    ['upper', `^ID:171 SUB:001 DLVRD:001 SUBMIT DATE:${UTC} DONE DATE:${UTC} STAT:DELIVRD ERR:000 TEXT:$`],
    ['reordered', `^stat:DELIVRD err:000 done date:${UTC} submit date:${UTC} id:171 dlvrd:001 sub:001$`],
    ['short', `^id:171 submit date:${UTC} done date:${UTC} stat:DELIVRD err:000$`],
    ['none', '^$'],
  ] as const)('%s', async (receiptText, expected) => {
    const receipt = await receiptOf({ receiptText });
    expect(textOf(receipt)).toMatch(new RegExp(expected));
    // With no text the TLVs must do.
    const id = receiptText === 'none' ? '171' : undefined;
    expect(receipt.receipted_message_id).toBe(id);
  });

  test.each([
    [0, /done date:0{10} /],
    [12, /done date:\d{12} /],
    [14, /done date:20\d{12} /],
    [16, /done date:\d{13}00\+ /],
  ] as const)('dates of %i digits', async (receiptDateDigits, expected) => {
    expect(textOf(await receiptOf({ receiptDateDigits }))).toMatch(expected);
  });

  test('UCS-2, in message_payload where it is too long for short_message', async () => {
    const short = await receiptOf({ receiptCoding: 'ucs2' });
    expect(short.data_coding).toBe(8);
    expect(textOf(short)).toMatch(/^id:171 sub:001 .* stat:DELIVRD/);
    esme.close();
    await running?.close();
    const long = await receiptOf({ receiptCoding: 'ucs2', idFormat: 'uuid' });
    expect(long.data_coding).toBe(8);
    expect(long.message_payload).toMatchObject({
      message: expect.stringMatching(/^id:[0-9a-f-]{36} sub:001 .* stat:DELIVRD/) as string,
    });
  });

  test('in message_payload', async () => {
    const receipt = await receiptOf({ receiptCoding: 'payload' });
    expect(receipt.message_payload).toMatchObject({
      message: expect.stringMatching(/^id:171 sub/) as string,
    });
  });

  test('err and esm_class as they are told', async () => {
    const form = { receiptErr: '21b', receiptEsmClass: 0, receiptState: 'UNDELIV', receiptStat: 'FAILED' };
    const receipt = await receiptOf(form);
    expect(textOf(receipt)).toMatch(/dlvrd:000 .* stat:FAILED err:21b text:$/);
    expect(receipt.esm_class).toBe(0);
  });
});

test('as a data_sm, with TLVs', async () => {
  const receipt = await receiptOf({ receiptCarrier: 'data_sm', receiptErr: '27' });
  expect(receipt).toMatchObject({
    command: 'data_sm',
    esm_class: 4,
    receipted_message_id: '171',
    message_state: 2,
  });
  expect(receipt.network_error_code).toEqual(Buffer.from('03001b', 'hex'));
  expect(receipt.message_payload).toMatchObject({ message: expect.stringMatching(/^id:171 /) as string });
  await until(() => running?.stats().receiptsAcked === 1, 'the acknowledgement');
});

test('receipted_message_id without its NUL', async () => {
  running = undefined;
  const receipt = await receiptOf({ receiptTlvs: true, receiptTlvNul: false });
  // The package reads to the next NUL, wherever that is; the octets tell.
  const raw = receipt.toBuffer();
  expect(raw.length).toBeGreaterThan(16);
  expect(String(receipt.receipted_message_id)).toMatch(/^171/);
  expect(receipt.receipted_message_id).not.toBe('171');
});

test('an intermediate one where it is asked for, the final one later', async () => {
  const first = await receiptOf(
    { receipts: 'intermediate', receiptDelayMs: { min: 30, max: 30 } },
    { registered_delivery: 0x11 },
  );
  expect(first.esm_class).toBe(0x20);
  expect(textOf(first)).toMatch(/stat:ENROUTE/);
  await until(() => esme.of('deliver_sm').length === 2, 'the final one');
  expect(esme.of('deliver_sm')[1]).toMatchObject({ esm_class: 4 });
});

test('no intermediate one unless bit 4 asks', async () => {
  const first = await receiptOf({ receipts: 'intermediate', receiptDelayMs: { min: 30, max: 30 } });
  expect(first.esm_class).toBe(4);
});

test('options out of range are refused', async () => {
  esme = new NpmPeer();
  running = undefined;
  await expect(startSimulator({ port: 0, receiptErr: 'a b' })).rejects.toThrow('receiptErr');
  await expect(startSimulator({ port: 0, congestion: 101 })).rejects.toThrow('congestion');
});
