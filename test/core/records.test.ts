import { describe, expect, test } from 'vitest';
import * as records from '../../src/core/records.ts';

/** Name, where it begins, bytes: as records.ts draws it. Every record has the header in front. */
type Layout = [string, number, number][];

const HEADER: Layout = [
  ['length', records.RECORD_LENGTH, 4],
  ['type', records.RECORD_TYPE, 1],
  ['a', records.RECORD_A, 1],
  ['b', records.RECORD_B, 2],
  ['idLow', records.RECORD_ID_LOW, 4],
  ['idHigh', records.RECORD_ID_HIGH, 4],
  ['time', records.RECORD_TIME, 8],
];

const PAYLOADS: Record<string, [Layout, number]> = {
  ACCEPTED: [
    [
      ['smsc', records.ACCEPTED_SMSC, 2],
      ['session', records.ACCEPTED_SESSION, 4],
      ['sequence', records.ACCEPTED_SEQUENCE, 4],
      ['registered_delivery', records.ACCEPTED_REGISTERED_DELIVERY, 1],
      ['esm_class', records.ACCEPTED_ESM_CLASS, 1],
      ['data_coding', records.ACCEPTED_DATA_CODING, 1],
      ['priority', records.ACCEPTED_PRIORITY, 1],
      ['sourceAt', records.ACCEPTED_SOURCE_AT, 2],
      ['destAt', records.ACCEPTED_DEST_AT, 2],
      ['messageAt', records.ACCEPTED_MESSAGE_AT, 2],
      ['sm_length', records.ACCEPTED_SM_LENGTH, 1],
      ['expires', records.ACCEPTED_EXPIRES, 8],
    ],
    records.ACCEPTED_BODY,
  ],
  SENT: [
    [
      ['flags', records.SENT_FLAGS, 1],
      ['bind', records.SENT_BIND, 1],
      ['idLength', records.SENT_ID_LENGTH, 1],
    ],
    records.SENT_ID,
  ],
  ATTEMPT_FAILED: [
    [
      ['status', records.FAILED_STATUS, 4],
      ['due', records.FAILED_DUE, 8],
    ],
    40,
  ],
  RECEIPT: [
    [
      ['done', records.RECEIPT_DONE, 8],
      ['errLength', records.RECEIPT_ERR_LENGTH, 1],
      ['err', records.RECEIPT_ERR, records.RECEIPT_ERR_BYTES_MAX],
      ['status', records.RECEIPT_STATUS, 4],
      ['network type', records.RECEIPT_NETWORK_TYPE, 1],
      ['merged', records.RECEIPT_MERGED, 1],
      ['network code', records.RECEIPT_NETWORK_CODE, 2],
    ],
    records.RECEIPT_BYTES,
  ],
  FINAL: [
    [
      ['status', records.FINAL_STATUS, 4],
      ['attempts', records.FINAL_ATTEMPTS, 1],
      ['flags', records.FINAL_FLAGS, 1],
    ],
    records.FINAL_BYTES,
  ],
  PARKED: [
    [
      ['done', records.RECEIPT_DONE, 8],
      ['errLength', records.RECEIPT_ERR_LENGTH, 1],
      ['err', records.RECEIPT_ERR, records.RECEIPT_ERR_BYTES_MAX],
      ['idLength', records.PARKED_ID_LENGTH, 1],
      ['network type', records.PARKED_NETWORK_TYPE, 1],
      ['network code', records.PARKED_NETWORK_CODE, 2],
    ],
    records.PARKED_ID,
  ],
  INTERMEDIATE: [
    [
      ['done', records.RECEIPT_DONE, 8],
      ['errLength', records.RECEIPT_ERR_LENGTH, 1],
      ['err', records.RECEIPT_ERR, records.RECEIPT_ERR_BYTES_MAX],
      ['esm_class', records.INTERMEDIATE_ESM_CLASS, 1],
      ['data_coding', records.INTERMEDIATE_DATA_CODING, 1],
      ['user_response_code', records.INTERMEDIATE_RESPONSE_CODE, 2],
      ['network type', records.RECEIPT_NETWORK_TYPE, 1],
      ['textLength', records.INTERMEDIATE_TEXT_LENGTH, 1],
      ['network code', records.RECEIPT_NETWORK_CODE, 2],
    ],
    records.INTERMEDIATE_TEXT,
  ],
  RECEIPT_RESULT: [
    [
      ['slot', records.RESULT_SLOT, 4],
      ['status', records.RESULT_STATUS, 4],
    ],
    records.RECEIPT_RESULT_BYTES,
  ],
  RECEIVERS: [
    [
      ['window', records.RECEIVERS_WINDOW, 4],
      ['newer', records.RECEIVERS_NEWER, 4],
    ],
    records.RECEIVERS_BYTES,
  ],
  ANSWER: [
    [
      ['session', records.ANSWER_SESSION, 4],
      ['sequence', records.ANSWER_SEQUENCE, 4],
    ],
    records.ANSWER_BYTES,
  ],
  DELIVER: [
    [
      ['done', records.DELIVER_DONE, 8],
      ['errLength', records.DELIVER_ERR_LENGTH, 1],
      ['err', records.DELIVER_ERR, records.RECEIPT_ERR_BYTES_MAX],
      ['slot', records.DELIVER_SLOT, 4],
      ['esm_class', records.DELIVER_ESM_CLASS, 1],
      ['textLength', records.DELIVER_TEXT_LENGTH, 1],
      ['sourceLength', records.DELIVER_SOURCE_LENGTH, 1],
      ['destLength', records.DELIVER_DEST_LENGTH, 1],
      ['own idLow', records.DELIVER_OWN_ID_LOW, 4],
      ['own idHigh', records.DELIVER_OWN_ID_HIGH, 4],
      ['submitted', records.DELIVER_SUBMITTED, 1],
      ['delivered', records.DELIVER_DELIVERED, 1],
      ['data_coding', records.DELIVER_DATA_CODING, 1],
      ['network type', records.DELIVER_NETWORK_TYPE, 1],
      ['user_response_code', records.DELIVER_RESPONSE_CODE, 2],
      ['network code', records.DELIVER_NETWORK_CODE, 2],
      ['user_message_reference', records.DELIVER_REFERENCE, 4],
    ],
    records.DELIVER_ADDRESSES,
  ],
};

/** They have no time: something else stands in its place. */
const TIMELESS = new Set(['RECEIPT_RESULT', 'ANSWER']);

describe.each(Object.entries(PAYLOADS))('%s', (name, [payload, end]) => {
  const header = TIMELESS.has(name) ? HEADER.filter(([, at]) => at !== records.RECORD_TIME) : HEADER;
  const fields = [...header, ...payload];

  test('no two fields share a byte, and none reaches behind the fixed part', () => {
    const owner = new Map<number, string>();
    for (const [field, at, bytes] of fields) {
      expect(at + bytes, field).toBeLessThanOrEqual(end);
      for (let byte = at; byte < at + bytes; byte++) {
        expect(owner.get(byte), `byte ${byte} of ${field}`).toBeUndefined();
        owner.set(byte, field);
      }
    }
  });

  test('every field stands where a view of its width can read it', () => {
    for (const [field, at, bytes] of fields) {
      if (bytes === 2 || bytes === 4 || bytes === 8) expect(at % bytes, field).toBe(0);
    }
  });
});

test('types are unlike, and 0 stays free for an event that is void', () => {
  const { ACCEPTED, SENT, ATTEMPT_FAILED, RECEIPT, FINAL, PARKED, ORPHANED, LATE, NAMES } = records;
  const { REPLACED, JOINED, RELEASED, INTERMEDIATE } = records;
  const first = [ACCEPTED, SENT, ATTEMPT_FAILED, RECEIPT, FINAL, PARKED, ORPHANED, LATE, NAMES];
  const stored = [...first, REPLACED, JOINED, RELEASED, INTERMEDIATE];
  expect(stored).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]);
  const crossing = [records.RECEIPT_RESULT, records.RECEIVERS, records.ANSWER, records.DELIVER];
  expect(new Set([...stored, ...crossing]).size).toBe(stored.length + crossing.length);
});

test('lengths round up to the boundary of eight', () => {
  expect([0, 1, 7, 8, 9, 24, 57].map(records.align8)).toEqual([0, 8, 8, 8, 16, 24, 64]);
});
