import { expect, test } from 'vitest';
import { SMSC_SPOKEN } from '../../src/core/ring/counters.ts';
import { followVersions } from '../../src/edge/spoken.ts';
import { submit } from '../../src/edge/submit.ts';
import { readSubmit } from '../daemon/octet-smsc.ts';
import { oracleEncode } from '../support/oracle.ts';
import { makeAccount, makeEdge, received } from './harness.ts';

/** The submit_sm that an edge makes of one with values of 3.4, for the first SMSC. */
function made(scene: ReturnType<typeof makeEdge>, version = 0x34): ReturnType<typeof readSubmit> {
  const { edge, accounts, shards } = scene;
  edge.route.length = 1;
  const pdu = oracleEncode('submit_sm', {
    sequence_number: 7,
    destination_addr: '962790000001',
    priority_flag: 3,
    short_message: Buffer.from('hi'),
  });
  expect(submit(edge, accounts[0], version, 1, 1, 7, pdu, 0, pdu.length)).toBe(0);
  const [record] = received(edge, shards[0]);
  return readSubmit(Buffer.concat([Buffer.alloc(16), record.subarray(56)]));
}

test('messages are made for what the SMSC speaks, as its shard says, and for more again later', () => {
  const scene = makeEdge([makeAccount(0)]);
  const { cells } = scene.edge.route[0];
  // Twice: then the table of plain messages is there.
  expect([made(scene).priority, made(scene).priority]).toEqual([3, 3]);
  cells[SMSC_SPOKEN] = 0x33 | 0x100;
  followVersions(scene.edge);
  expect([made(scene).priority, made(scene).priority]).toEqual([1, 1]);
  cells[SMSC_SPOKEN] = 0x34;
  followVersions(scene.edge);
  expect([made(scene).priority, made(scene).priority]).toEqual([3, 3]);
});
