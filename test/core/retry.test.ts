import { describe, expect, test } from 'vitest';
import {
  CLASS_PERMANENT,
  CLASS_QUEUE_FULL,
  CLASS_SESSION,
  CLASS_TEMPORARY,
  CLASS_THROTTLE,
  StatusClasses,
  backoffMs,
  classOf,
  classOfDeliveryFailure,
} from '../../src/core/retry.ts';
import { oracleTables } from '../support/oracle.ts';
import { seeded } from './random.ts';

// Every command_status of SMPP 3.4 and 5.0 as an answer to a submit_sm, by what the field's practice does with it.
// What asks for another route or for a change of the message (a message keeps its SMSC, and is not changed) will not
// pass as it is; a bind's refusal (0x0d to 0x0f, 0x53) that answers a submit_sm says that the session is none.
const TEMPORARY = [0x08, 0x64, 0x67, 0xfe, 0xff, 0x102, 0x10d, 0x10e];
const GENERIC_FAILURE = [0x45];
const SESSION = [0x04, 0x05];
const PERMANENT = [
  0x01, 0x02, 0x03, 0x06, 0x07, 0x0a, 0x0b, 0x0c, 0x11, 0x13, 0x15, 0x33, 0x34, 0x40, 0x42, 0x43, 0x44, 0x48,
  0x49, 0x50, 0x51, 0x54, 0x55, 0x61, 0x62, 0x63, 0x65, 0x66, 0xc0, 0xc1, 0xc2, 0xc3, 0xc4, 0x100, 0x101,
  0x103, 0x104, 0x105, 0x106, 0x107, 0x108, 0x109, 0x10a, 0x10b, 0x10c, 0x10f, 0x110, 0x111, 0x112,
];
const BIND_REFUSALS = [0x0d, 0x0e, 0x0f, 0x53];
const UNKNOWN = [0x09, 0x10, 0x12, 0x16, 0x32, 0x400, 0x4ff, 0x500, 0xffff_fffe];

describe('classOf', () => {
  test.each([
    ['temporary', TEMPORARY, CLASS_TEMPORARY],
    // Ambiguous: one of our own kind says it when its storage fails. Worth a delayed try.
    ['generic failure', GENERIC_FAILURE, CLASS_TEMPORARY],
    ['queue full', [0x14], CLASS_QUEUE_FULL],
    ['throttle', [0x58], CLASS_THROTTLE],
    ['session', SESSION, CLASS_SESSION],
    ['permanent', PERMANENT, CLASS_PERMANENT],
    ['bind refusals', BIND_REFUSALS, CLASS_SESSION],
    ['unknown and vendor codes', UNKNOWN, CLASS_PERMANENT],
  ])('%s', (_name, codes, expected) => {
    const wrong = codes.filter((code) => classOf(code) !== expected).map((code) => code.toString(16));
    expect(wrong).toEqual([]);
  });
});

test('those are all that another implementation of 3.4 and 5.0 knows', () => {
  const codes = Object.values(oracleTables.errors).filter((code) => code !== 0);
  const tested = [...TEMPORARY, ...GENERIC_FAILURE, ...SESSION, ...PERMANENT, ...BIND_REFUSALS, 0x14, 0x58];
  expect(tested.toSorted((a, b) => a - b)).toEqual([...new Set(codes)].toSorted((a, b) => a - b));
});

describe('status_classes of an SMSC', () => {
  const classes = new StatusClasses({
    '0x400': 'temporary',
    '0x401': 'queue-full',
    '0x402': 'throttle',
    '0x403': 'permanent',
    '0x404': 'session',
    '0x58': 'permanent',
    '0x0B': 'temporary',
  });

  test('come first', () => {
    expect([0x400, 0x401, 0x402, 0x403, 0x404, 0x58, 0x0b].map((code) => classes.of(code))).toEqual([
      CLASS_TEMPORARY,
      CLASS_QUEUE_FULL,
      CLASS_THROTTLE,
      CLASS_PERMANENT,
      CLASS_SESSION,
      CLASS_PERMANENT,
      CLASS_TEMPORARY,
    ]);
    expect([0x58, 0x0a].map((code) => classes.names(code))).toEqual([true, false]);
  });

  test('leave the other codes as they are', () => {
    const others = [...TEMPORARY, ...SESSION, ...PERMANENT, 0x14].filter((code) => code !== 0x0b);
    for (const code of others) expect(classes.of(code), code.toString(16)).toBe(classOf(code));
  });
});

// delivery_failure_reason, whether the same was said before
test.each([
  [0, false, CLASS_TEMPORARY],
  [0, true, CLASS_TEMPORARY],
  [1, false, CLASS_PERMANENT],
  [2, false, CLASS_PERMANENT],
  [3, false, CLASS_TEMPORARY],
  [3, true, CLASS_TEMPORARY],
  [-1, false, CLASS_TEMPORARY],
  [-1, true, CLASS_PERMANENT],
])('a failed transaction with reason %i, again %s', (reason, again, expected) => {
  expect(classOfDeliveryFailure(reason, again)).toBe(expected);
});

describe('backoffMs', () => {
  test('doubles from the first wait to the longest, the upper half of it random', () => {
    const waits = [1, 2, 3, 4, 5, 6, 7, 8, 9].map((attempt) => [
      backoffMs(attempt, 1000, 120_000, 0),
      backoffMs(attempt, 1000, 120_000, 0.5),
    ]);
    expect(waits).toEqual([
      [500, 750],
      [1000, 1500],
      [2000, 3000],
      [4000, 6000],
      [8000, 12_000],
      [16_000, 24_000],
      [32_000, 48_000],
      [60_000, 90_000],
      [60_000, 90_000],
    ]);
  });

  test('stays within its bounds for any attempt and any random number', () => {
    const random = seeded(7_006);
    for (let round = 0; round < 5000; round++) {
      const attempt = 1 + random.below(1000);
      const wait = backoffMs(attempt, 1000, 60_000, random.below(1_000_000) / 1_000_000);
      expect(wait >= 500 && wait < 60_000, `seed ${random.seed}, attempt ${attempt}: ${wait}`).toBe(true);
    }
  });
});
