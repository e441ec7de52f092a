/** Every malformed PDU of the vectors file, sent to a running daemon: from a client, and from an SMSC. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { until } from '../support/daemon.ts';
import { vectorNamed, vectors } from '../support/vectors.ts';
import type { Vector } from '../support/vectors.ts';
import type { Esme } from './esme.ts';
import {
  BIND_RECEIVER,
  BIND_TRANSCEIVER,
  BIND_TRANSMITTER,
  RawSmsc,
  pduBytes,
  rawBound,
  rawClient,
} from './raw.ts';
import type { RawPeer } from './raw.ts';
import { Stage } from './stage.ts';

const ENQUIRE_LINK = 0x15;
/** No vector uses this sequence_number. */
const MARK = 0x1122_3344;
const MARKED = '00000010800000150000000011223344';

/** Commands that are not served are refused by their id alone, before the fault in their body is looked for. */
const NOT_SERVED: Record<string, string> = {
  dests_zero: '00000010800000000000000300000078',
  dest_flag_bad: '00000010800000000000000300000079',
  data_sm_no_payload: '0000001080000000000000030000007a',
  query_unknown_id: '00000010800000000000000300000032',
};
/** Our sessions are of 3.4 at most: the vector's own alternative, ESME_RSUBMITFAIL. */
const ALTERNATIVE: Record<string, string> = {
  dcs_unsupported_v50: '0000001080000004000000450000007c',
};

const malformed = vectors.filter(({ valid }) => !valid);
const forServer = malformed.filter(({ reaction }) => reaction?.receiver !== 'client');
const forClient = malformed.filter(({ reaction }) => reaction?.receiver !== 'server');

function expectedOf(vector: Vector): string {
  const own = NOT_SERVED[vector.name] ?? ALTERNATIVE[vector.name];
  return own ?? (vector.reaction?.respond ?? []).map(({ hex }) => hex).join('');
}

/** The answer is exactly the expected bytes, and the connection ends or stays as the vector says. */
async function expectReaction(peer: RawPeer, vector: Vector): Promise<void> {
  const expected = expectedOf(vector);
  peer.write(vector.bytes);
  if (vector.reaction?.close === true) {
    await peer.untilClosed();
    expect(peer.heard).toBe(expected);
    return;
  }
  if (vector.name === 'truncated_pdu_wait') {
    // The rest of it comes later: then it is an ordinary submit_sm.
    const whole = vectorNamed('submit_sm_gsm7_plain').bytes;
    expect(whole.subarray(0, vector.bytes.length)).toEqual(vector.bytes);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(peer.heard).toBe('');
    peer.write(whole.subarray(vector.bytes.length));
    expect(await peer.take(33)).toMatch(/^0000002180000004000000000000000a/);
    expect(peer.closed).toBe(false);
    // Its receipt may come at any time now, so no more is said.
    return;
  }
  peer.write(pduBytes(ENQUIRE_LINK, MARK));
  expect(await peer.take(expected.length / 2 + 16)).toBe(expected + MARKED);
  expect(peer.closed).toBe(false);
}

async function peerIn(state: string, version: number, port: number): Promise<RawPeer> {
  if (state === 'OPEN') return rawClient(port);
  if (state === 'BOUND_TX') return rawBound(port, BIND_TRANSMITTER, version);
  if (state === 'BOUND_RX') return rawBound(port, BIND_RECEIVER, version);
  const peer = await rawBound(port, BIND_TRANSCEIVER, version);
  if (state === 'BOUND_TRX') return peer;
  if (state !== 'UNBOUND') throw new Error(`no such state: ${state}`);
  peer.write(pduBytes(6, 2));
  expect(await peer.takePdu()).toBe('00000010800000060000000000000002');
  return peer;
}

test('the vectors are all there', () => {
  expect(malformed).toHaveLength(50);
  expect(forServer.length).toBeGreaterThanOrEqual(49);
  expect(forClient.length).toBeGreaterThanOrEqual(11);
  const silent = malformed.filter(({ reaction }) => reaction === undefined);
  expect(silent).toEqual([]);
});

describe('from a client', () => {
  const stage = new Stage();
  let good: Esme;
  beforeAll(async () => {
    const simulator = await stage.simulator();
    // esme1 exists, and its password is another than the vectors': a refusal for the password alone.
    const account = [{ sessions_max: 100 }, { name: 'esme1' }];
    await stage.serve({ account, smsc: [{ port: simulator.port }] });
    good = await stage.esme();
  });
  afterAll(() => stage.clear());

  test.each(forServer)('$name', async (vector) => {
    const version = vector.version === '5.0' ? 0x50 : 0x34;
    const peer = await peerIn(vector.reaction?.state ?? '', version, stage.site.smppPort);
    try {
      await expectReaction(peer, vector);
    } finally {
      // One that stayed would take receipts of the session below: they are of one account.
      peer.destroy();
    }
    // Another session on the same daemon goes on working.
    await good.receipt(await good.send());
  });

  test('none of them left anything behind', async () => {
    await stage.daemon.untilMetric('pending', (count) => count === 0);
    expect(await stage.daemon.metric('conservation_difference')).toBe(0);
    // One for each vector, and the truncated one once it was whole.
    expect(await stage.daemon.metric('accepted_total')).toBe(forServer.length + 1);
  });
});

describe('from an SMSC', () => {
  const stage = new Stage();
  let smsc: RawSmsc;
  beforeAll(async () => {
    smsc = await RawSmsc.start();
    const simulator = await stage.simulator();
    const smscs = [{ port: simulator.port }, { port: smsc.port }];
    await stage.serve({ smsc: smscs, route: { smscs: ['sim0'] } });
  });
  afterAll(async () => {
    smsc.close();
    await stage.clear();
  });

  test.each(forClient)('$name', async (vector) => {
    const peer = await smsc.peer();
    const binds = smsc.bound.length;
    await expectReaction(peer, vector);
    // After a broken stream it connects anew.
    if (vector.reaction?.close === true) await until(() => smsc.bound.length > binds, 'a new bind');
    const esme = await stage.esme();
    await esme.receipt(await esme.send());
    await esme.unbind();
  });
});
