import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Reconnect } from '../../src/smpp/client-bind.ts';
import { pduBytes } from '../daemon/raw.ts';
import { oracleDecode } from '../support/oracle.ts';
import { vectorNamed } from '../support/vectors.ts';
import { ClientStage, announcing } from './client-stage.ts';
import { smscConfig } from './smsc-peer.ts';

let stage: ClientStage;
beforeEach(async () => {
  stage = await ClientStage.start();
});
afterEach(() => stage.end());

describe('the bind', () => {
  test.each([
    ['3.3', 0x33, 'transmitter', 'bind_transmitter'],
    ['3.3', 0x33, 'receiver', 'bind_receiver'],
    // Not a command of 3.3, but configured so.
    ['3.3', 0x33, 'transceiver', 'bind_transceiver'],
    ['3.4', 0x34, 'transceiver', 'bind_transceiver'],
    ['5.0', 0x50, 'transceiver', 'bind_transceiver'],
  ] as const)('of %s announces it and has NULL address fields', async (name, number, kind, command) => {
    stage.client({ interface_version: name, system_type: 'T' }, kind);
    const { request } = await stage.asked();
    expect(oracleDecode(request)).toMatchObject({
      command,
      system_id: 'us',
      password: 'pw',
      system_type: 'T',
      interface_version: number,
      addr_ton: 0,
      addr_npi: 0,
      address_range: '',
    });
  });

  test.each([
    ['5.0', announcing(0x50), true, 'bound 50 tlvs'],
    ['5.0', announcing(0x34), true, 'bound 34 tlvs'],
    ['5.0', announcing(0x33), true, 'bound 33 plain'],
    ['3.4', announcing(0x50), true, 'bound 34 tlvs'],
    ['5.0', Buffer.from('raw\0'), true, 'bound 34 tlvs'],
    ['3.4', Buffer.from('raw\0'), false, 'bound 34 plain'],
    ['3.3', announcing(0x34), true, 'bound 33 plain'],
    ['3.4', Buffer.alloc(0), true, 'bound 34 tlvs'],
  ])('asked as %s and answered %j', async (name, body, assume_tlvs, line) => {
    await stage.bound({ interface_version: name, assume_tlvs }, body);
    expect(stage.told.lines[0]).toBe(line);
  });

  test('of a 5.0 SMSC, as printed in the vectors, with its congestion_state', async () => {
    stage.client({ interface_version: '5.0' });
    const { peer, request } = await stage.asked();
    const answer = Buffer.from(vectorNamed('bind_transceiver_resp_ok_v50').bytes);
    request.copy(answer, 12, 12, 16);
    peer.write(answer);
    await stage.told.line('congestion');
    expect(stage.told.lines).toEqual(['bound 50 tlvs', 'congestion 0']);
  });

  test.each([
    ['bind_transceiver_resp', 0x8000_0009],
    ['generic_nack', 0x8000_0000],
  ])('refused with ESME_RINVCMDID in %s: the operator is stage.told of bind = "pair"', async (_name, id) => {
    stage.client();
    const { peer, request } = await stage.asked();
    peer.write(pduBytes(id, request.readUInt32BE(12), Buffer.alloc(0), 3));
    expect(await stage.told.line('down')).toMatch(/ESME_RINVCMDID.*set bind = "pair"/);
    await peer.untilClosed();
  });

  test.each(['bind_transceiver_resp_err_nobody', 'bind_transceiver_resp_err_nul_body'])(
    'refused as in %s',
    async (name) => {
      stage.client();
      const { peer, request } = await stage.asked();
      const answer = Buffer.from(vectorNamed(name).bytes);
      request.copy(answer, 12, 12, 16);
      peer.write(answer);
      expect(await stage.told.line('down')).toMatch(/refused the bind: ESME_R(BINDFAIL|INVSYSTYP)$/);
    },
  );
});

describe('when it connects again', () => {
  const START = 1_767_225_600_000;
  const config = smscConfig({ reconnect_min_s: 1, reconnect_max_s: 60 });

  /** The wait after a connection that was lost, in ms; the random part at its greatest. */
  function waitAfter(reconnect: Reconnect): number {
    reconnect.onDown(START, 1 - Number.EPSILON);
    let ms = 0;
    while (!reconnect.isDue(START + ms)) ms += 500;
    return ms;
  }

  test('at first at once, then 1 s, 2 s, 4 s ... 60 s after each that brought nothing', () => {
    const reconnect = new Reconnect(config);
    expect(reconnect.isDue(START)).toBe(true);
    const waits = Array.from({ length: 8 }, () => {
      reconnect.onTry();
      return waitAfter(reconnect);
    });
    expect(waits).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]);
  });

  test('a bind that held makes it shorter, an answer as short as at first, a refusal as long as may be', () => {
    const reconnect = new Reconnect(config);
    for (let count = 0; count < 8; count++) reconnect.onTry();
    reconnect.onBound();
    expect(waitAfter(reconnect)).toBe(8000);
    reconnect.onAnswer();
    reconnect.onTry();
    expect(waitAfter(reconnect)).toBe(1000);
    reconnect.onRefused();
    expect(waitAfter(reconnect)).toBe(60_000);
  });

  test('a clock that is set back puts it off by no more than the longest wait', () => {
    const reconnect = new Reconnect(config);
    reconnect.onTry();
    reconnect.onDown(START, 0);
    expect(reconnect.isDue(START - 60_000)).toBe(true);
    expect(reconnect.isDue(START - 59_000)).toBe(false);
  });
});
