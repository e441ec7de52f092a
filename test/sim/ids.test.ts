import { expect, test } from 'vitest';
import { IdSource } from '../../src/sim/ids.ts';

function idsOf(source: IdSource, count: number): string[] {
  return Array.from({ length: count }, () => {
    source.next();
    return Buffer.from(source.responseBytes.subarray(0, source.responseLength)).toString('latin1');
  });
}

test('counting up agrees with the number formatted, across every change of length', () => {
  for (const first of [1, 9, 99, 0xf, 0xff, 999_999, 0xfffff]) {
    const numbers = Array.from({ length: 40 }, (_, index) => first + index);
    expect(idsOf(new IdSource('dec', first), 40)).toEqual(numbers.map(String));
    expect(idsOf(new IdSource('hex', first), 40)).toEqual(numbers.map((n) => n.toString(16)));
    const upper = numbers.map((n) => n.toString(16).toUpperCase());
    expect(idsOf(new IdSource('hex-upper', first), 40)).toEqual(upper);
    expect(idsOf(new IdSource('dec10', first), 40)).toEqual(numbers.map((n) => String(n).padStart(10, '0')));
  }
});

test('uuid counts in its last twelve digits', () => {
  const ids = idsOf(new IdSource('uuid', 15), 2);
  expect(ids.map((id) => id.slice(24))).toEqual(['00000000000f', '000000000010']);
});
