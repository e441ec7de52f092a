import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ESME_RINVEXPIRY, ESME_RINVSCHED, ESME_ROK } from '../../src/smpp/constants.ts';
import {
  formatReceiptDate,
  isTime,
  MessageTimes,
  parseReceiptDate,
  parseTime,
  validityStatus,
} from '../../src/smpp/times.ts';

const NOW_MS = Date.UTC(2026, 0, 31, 10, 0, 0);

function time(text: string, nowMs = NOW_MS): number {
  const b = Buffer.from(`..${text}\0`, 'latin1');
  return parseTime(b, 2, b.length - 1, nowMs);
}

describe('SMPP times', () => {
  it.each([
    ['260101120000004+', '2026-01-01T11:00:00.000Z'],
    ['260101120000904-', '2026-01-01T13:00:00.900Z'],
    ['240229235959000+', '2024-02-29T23:59:59.000Z'],
    ['370101000000048-', '2037-01-01T12:00:00.000Z'],
    ['990101000000000+', '1999-01-01T00:00:00.000Z'],
    ['380101000000000+', '1938-01-01T00:00:00.000Z'],
    ['000000010000000R', '2026-01-31T11:00:00.000Z'],
    ['000100000000000R', '2026-02-28T10:00:00.000Z'],
    ['020610233429000R', '2028-08-11T09:34:29.000Z'],
    ['000002000000000R', '2026-02-02T10:00:00.000Z'],
    ['000000480000000R', '2026-02-02T10:00:00.000Z'],
  ])('%s is %s', (text, iso) => {
    expect(new Date(time(text)).toISOString()).toBe(iso);
  });

  it.each([
    '261301120000000+',
    '260229120000000+',
    '260101240000000+',
    '260101126000000+',
    '260101120060000+',
    '260100120000000+',
    '260101120000049+',
    '260101120000000Z',
    '2601011200000 0+',
    '26010112000000+',
    '0001',
    '2601011200000000+',
  ])('%s is malformed', (text) => expect(time(text)).toBe(-1));

  it('is 0 when empty', () => {
    expect(time('')).toBe(0);
    expect(isTime(Buffer.from('\0'), 0, 0)).toBe(true);
  });

  it('agrees with Date for every moment and offset', () => {
    const property = fc.property(
      fc.date({ min: new Date('2000-01-01'), max: new Date('2037-12-30'), noInvalidDate: true }),
      fc.integer({ min: -48, max: 48 }),
      (date, quarters) => {
        const ms = Math.floor(date.getTime() / 100) * 100;
        const digits = new Date(ms + quarters * 900_000)
          .toISOString()
          .replace(/[-T:.Z]/g, '')
          .slice(2, 15);
        const nn = String(Math.abs(quarters)).padStart(2, '0');
        expect(time(`${digits}${nn}${quarters < 0 ? '-' : '+'}`)).toBe(ms);
      },
    );
    fc.assert(property, { numRuns: 300, seed: 20_260_104 });
  });
});

function statusOf(schedule: string, validity: string): [number, MessageTimes] {
  const b = Buffer.from(`${schedule}\0${validity}\0`, 'latin1');
  const times = new MessageTimes();
  const at = schedule.length + 1;
  return [validityStatus(b, 0, schedule.length, at, at + validity.length, NOW_MS, times), times];
}

describe('the validity of a message', () => {
  it('counts from the scheduled time', () => {
    const [status, times] = statusOf('260201100000000+', '000000010000000R');
    expect(status).toBe(ESME_ROK);
    expect(times).toEqual({
      scheduleMs: Date.UTC(2026, 1, 1, 10),
      expiresMs: Date.UTC(2026, 1, 1, 11),
    });
  });

  it.each([
    ['', '', ESME_ROK],
    ['', '000000010000000R', ESME_ROK],
    ['260130100000000+', '', ESME_RINVSCHED],
    ['2601', '', ESME_RINVSCHED],
    ['', '990101000000000+', ESME_RINVEXPIRY],
    ['', '000000000000000R', ESME_RINVEXPIRY],
    ['', 'x', ESME_RINVEXPIRY],
    ['260203100000000+', '260202100000000+', ESME_RINVEXPIRY],
  ])('schedule "%s", validity "%s"', (schedule, validity, status) => {
    expect(statusOf(schedule, validity)[0]).toBe(status);
  });
});

describe('dates of receipts', () => {
  it('are written in UTC as Date has them, on every day and in every length', () => {
    const b = Buffer.alloc(18, 0x2e);
    for (let ms = Date.UTC(1970, 0, 1, 23, 59, 7); ms < Date.UTC(2105, 0, 1); ms += 86_400_000 + 61_003) {
      const whole = new Date(ms).toISOString().replace(/[-T:]/g, '').slice(0, 14);
      for (const [digits, expected] of [
        [10, whole.slice(2, 12)],
        [12, whole.slice(2)],
        [14, whole],
      ] as const) {
        b.fill(0x2e);
        expect(formatReceiptDate(b, 1, ms, digits)).toBe(digits);
        expect(b.toString('latin1')).toBe(`.${expected}`.padEnd(18, '.'));
      }
    }
    expect(formatReceiptDate(b, 1, 0)).toBe(10);
  });

  it("of several minutes do not get in each other's way", () => {
    const b = Buffer.alloc(14);
    const start = Date.UTC(2026, 0, 1, 12);
    for (const minutes of [0, 8, 0, 16, 1, 8, 0, 1]) {
      const ms = start + minutes * 60_000 + 59_999;
      formatReceiptDate(b, 0, ms, 14);
      expect(b.toString('latin1')).toBe(new Date(ms).toISOString().replace(/[-T:]/g, '').slice(0, 14));
    }
  });

  it.each([
    ['2601011200', '2026-01-01T12:00:00.000Z'],
    ['260101120034', '2026-01-01T12:00:34.000Z'],
    ['20260101120141', '2026-01-01T12:01:41.000Z'],
    ['260101070003912+', '2026-01-01T04:00:03.900Z'],
  ])('%s is read as %s', (text, iso) => {
    const b = Buffer.from(text);
    expect(new Date(parseReceiptDate(b, 0, b.length)).toISOString()).toBe(iso);
  });

  it.each(['', '0000000000', '2613011200', '26010112', 'yesterday.', '000000010000000R', '000000010000000r'])(
    '"%s" is none',
    (text) => {
      const b = Buffer.from(text);
      expect(parseReceiptDate(b, 0, b.length)).toBe(0);
    },
  );
});
