/** data_sm from an ESME: the same checks as of a submit_sm, and its own time to live. */
import { expect, test } from 'vitest';
import { TIME_MS } from '../support/ledger.ts';
import { oracleEncode } from '../support/oracle.ts';
import { makeAccount, makeEdge, makeSession, received } from './harness.ts';

const DATA_SM_RESP = 0x8000_0103;

interface Outcome {
  /** [command_id, command_status, octets] of the answers; none yet: it was taken. */
  answers: number[][];
  records: Buffer[];
}

function send(fields: Record<string, unknown>, version = 0x34): Outcome {
  const account = makeAccount(0);
  const one = makeEdge([account]);
  one.edge.route.length = 1;
  const [session, socket] = makeSession(one.edge, account);
  session.version = version;
  session.onData(
    oracleEncode('data_sm', { sequence_number: 7, destination_addr: '962790000001', ...fields }),
  );
  session.flush(one.edge.nowMs);
  const answers = socket.takePdus().map((pdu) => [pdu.readUInt32BE(4), pdu.readUInt32BE(8), pdu.length]);
  return { answers, records: one.shards.flatMap((shard) => received(one.edge, shard)) };
}

const text = (octets: string): object => ({ message_payload: Buffer.from(octets, 'hex') });

test.each([
  ['an odd number of octets in UCS-2', { data_coding: 8, ...text('006100') }, 0x34, 0x01],
  ['the same with a GSM data coding scheme', { data_coding: 0x18, ...text('006100') }, 0x34, 0x01],
  ['an alphabet that is not served', { data_coding: 5, ...text('61') }, 0x34, 0x45],
  ['the same in 5.0', { data_coding: 5, ...text('61') }, 0x50, 0x104],
  ['a broken user data header', { esm_class: 0x40, ...text('0900') }, 0x34, 0x43],
  ['a header and no user data', { esm_class: 0x40, ...text('') }, 0x34, 0x43],
  [
    'part 3 of 2',
    { ...text('61'), sar_msg_ref_num: 1, sar_total_segments: 2, sar_segment_seqnum: 3 },
    0x34,
    0xc4,
  ],
  ['success only, which 3.4 has not', { registered_delivery: 3, ...text('61') }, 0x34, 0x07],
])('%s is refused', (_name, fields, version, status) => {
  const { answers, records } = send(fields, version);
  expect(answers).toEqual([[DATA_SM_RESP, status, 16]]);
  expect(records).toEqual([]);
});

test.each([
  ['none', undefined, 172_800_000],
  ['60 s', 60, 60_000],
  ['0: no wish, as in a submit_sm of 5.0', 0, 172_800_000],
])('qos_time_to_live, %s: when it expires', (_name, seconds, expectedMs) => {
  const ttl = seconds === undefined ? {} : { qos_time_to_live: seconds };
  const { answers, records } = send({ ...text('61'), ...ttl });
  expect(answers).toEqual([]);
  expect(records.map((record) => record.readDoubleLE(48) - TIME_MS)).toEqual([expectedMs]);
});
