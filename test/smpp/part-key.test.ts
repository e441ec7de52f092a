import { expect, test } from 'vitest';
import { concatOf } from '../../src/smpp/concat.ts';
import { partKey, wayPlace } from '../../src/smpp/part-key.ts';
import { MessageFields } from '../../src/smpp/pdu/message-fields.ts';
import { scanSubmitSm } from '../../src/smpp/pdu/submit-sm.ts';
import { oracleEncode } from '../support/oracle.ts';

interface Piece {
  source?: string;
  dest?: string;
  number?: number[];
  sar?: [number, number, number];
}

const UDH8 = [5, 0, 3, 7, 3, 1];

/** The key of that part, and where its message is for this account. */
function keysOf(
  { source = 'Sender', dest = '962790000001', number = UDH8, sar }: Piece,
  account = 0,
): string {
  const fields: Record<string, unknown> = { source_addr_ton: 5, source_addr: source, destination_addr: dest };
  if (sar === undefined) {
    fields.esm_class = 0x40;
    fields.short_message = { udh: Buffer.from(number), message: Buffer.from('x') };
  } else {
    [fields.sar_msg_ref_num, fields.sar_total_segments, fields.sar_segment_seqnum] = sar;
  }
  const bytes = oracleEncode('submit_sm', fields);
  const f = new MessageFields();
  scanSubmitSm(bytes, 0, bytes.length, 0x34, f);
  const concat = concatOf(bytes, f);
  if (concat === undefined) throw new Error('no part');
  const key = partKey(bytes, f, concat);
  const { place, tag } = wayPlace(account, key, bytes, f.sourceAt - 2, bytes, f.destAt - 2);
  return `${key} ${place & 0xffff} ${tag}`;
}

test('the parts of one message have one key and one place', () => {
  expect(keysOf({ number: [5, 0, 3, 7, 3, 3] })).toBe(keysOf({}));
  expect(keysOf({ sar: [7, 3, 2] })).toBe(keysOf({ sar: [7, 3, 1] }));
  // 3.3 allows leading spaces, which are cut on the way.
  expect(keysOf({ source: '  Sender', dest: ' 962790000001' })).toBe(keysOf({}));
});

test('what tells messages apart tells their keys apart, and accounts their places', () => {
  const all = [
    keysOf({}),
    keysOf({}, 1),
    keysOf({ source: 'Sende', dest: 'r962790000001' }),
    keysOf({ source: 'sender' }),
    keysOf({ dest: '962790000010' }),
    keysOf({ number: [6, 8, 4, 0, 7, 3, 1] }),
    keysOf({ sar: [7, 3, 1] }),
  ];
  for (let reference = 0; reference < 256; reference++) {
    for (const total of [2, 3, 255]) {
      if (reference !== 7 || total !== 3) all.push(keysOf({ number: [5, 0, 3, reference, total, 1] }));
    }
  }
  expect(new Set(all).size).toBe(all.length);
  expect(new Set(all.map((keys) => keys.split(' ')[2])).size).toBe(all.length);
});
