import { describe, expect, it } from 'vitest';
import * as timers from '../../src/smpp/timers.ts';

const SETTINGS: timers.TimerSettings = {
  sessionInitMs: 10_000,
  enquireMs: 30_000,
  enquireResponseMs: 10_000,
  enquireAttemptsMax: 2,
  inactivityMs: 300_000,
  partialMs: 30_000,
};
const {
  TICK_OK,
  TICK_ENQUIRE,
  TICK_CLOSE_INIT,
  TICK_CLOSE_ENQUIRE,
  TICK_CLOSE_INACTIVE,
  TICK_CLOSE_PARTIAL,
} = timers;

function bound(settings: Partial<timers.TimerSettings> = {}): timers.SessionTimers {
  const value = new timers.SessionTimers({ ...SETTINGS, ...settings }, 0);
  value.onBound(0);
  return value;
}

describe('session_init', () => {
  it('closes what does not bind, whatever else it sends', () => {
    const value = new timers.SessionTimers(SETTINGS, 1000);
    value.onReceived(9000);
    expect(value.tick(10_999)).toBe(TICK_OK);
    expect(value.tick(11_000)).toBe(TICK_CLOSE_INIT);
  });

  it('counts from the first tick when no time was given, and not after the bind', () => {
    const value = new timers.SessionTimers(SETTINGS);
    expect(value.tick(500_000)).toBe(TICK_OK);
    expect(value.tick(509_999)).toBe(TICK_OK);
    value.onBound(509_999);
    expect(value.tick(520_000)).toBe(TICK_OK);
  });
});

describe('enquire_link', () => {
  it('is due after silence, and closes after two that nothing answered', () => {
    const value = bound();
    expect(value.tick(29_999)).toBe(TICK_OK);
    expect(value.tick(30_000)).toBe(TICK_ENQUIRE);
    expect(value.tick(30_001)).toBe(TICK_OK);
    expect(value.tick(40_000)).toBe(TICK_ENQUIRE);
    expect(value.tick(49_999)).toBe(TICK_OK);
    expect(value.tick(50_000)).toBe(TICK_CLOSE_ENQUIRE);
  });

  it('is answered by any PDU', () => {
    const value = bound();
    expect(value.tick(30_000)).toBe(TICK_ENQUIRE);
    value.onReceived(39_999);
    expect(value.tick(41_000)).toBe(TICK_OK);
    expect(value.tick(69_999)).toBe(TICK_ENQUIRE);
  });

  it('waits while PDUs go out, but our own sending is no answer', () => {
    const value = bound();
    value.onSent(20_000);
    expect(value.tick(30_000)).toBe(TICK_OK);
    expect(value.tick(50_000)).toBe(TICK_ENQUIRE);
    value.onSent(50_000);
    expect(value.tick(60_000)).toBe(TICK_ENQUIRE);
    value.onSent(60_000);
    expect(value.tick(70_000)).toBe(TICK_CLOSE_ENQUIRE);
  });
});

describe('inactivity', () => {
  it('closes by what was received, also when enquire_link is off', () => {
    const value = bound({ enquireMs: 0 });
    value.onSent(299_999);
    expect(value.tick(299_999)).toBe(TICK_OK);
    expect(value.tick(300_000)).toBe(TICK_CLOSE_INACTIVE);
  });

  it('is off at 0', () => {
    const value = bound({ enquireMs: 0, inactivityMs: 0 });
    expect(value.tick(1e12)).toBe(TICK_OK);
  });
});

describe('the time to complete a PDU', () => {
  it('counts from its first byte, not from its last', () => {
    const value = bound({ enquireMs: 0 });
    for (let ms = 1000; ms < 31_000; ms += 500) {
      value.onPartial(ms);
      expect(value.tick(ms)).toBe(TICK_OK);
    }
    value.onPartial(31_000);
    expect(value.tick(31_000)).toBe(TICK_CLOSE_PARTIAL);
  });

  it('starts anew with the next PDU, and runs before the bind too', () => {
    const value = new timers.SessionTimers({ ...SETTINGS, sessionInitMs: 0 }, 0);
    value.onPartial(0);
    value.onWhole(20_000);
    value.onPartial(20_000);
    expect(value.tick(30_000)).toBe(TICK_OK);
    expect(value.tick(50_000)).toBe(TICK_CLOSE_PARTIAL);
  });
});
