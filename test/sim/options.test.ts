import { expect, test } from 'vitest';
import { parseDelayMs, parseStatus } from '../../src/sim/options.ts';

test('delays', () => {
  expect(parseDelayMs('40')).toEqual({ min: 40, max: 40 });
  expect(parseDelayMs('40-60.5')).toEqual({ min: 40, max: 60.5 });
  for (const bad of ['', 'x', '60-40', '-5', '1-2-3'])
    expect(() => parseDelayMs(bad)).toThrow('is not a delay');
});

test('statuses by hex and by name', () => {
  expect(parseStatus('0x58')).toBe(0x58);
  expect(parseStatus('58')).toBe(0x58);
  expect(parseStatus('ESME_RTHROTTLED')).toBe(0x58);
  expect(parseStatus('esme_rmsgqful')).toBe(0x14);
  for (const bad of ['ESME_RNOTHING', 'zz', '']) expect(() => parseStatus(bad)).toThrow('command_status');
});
