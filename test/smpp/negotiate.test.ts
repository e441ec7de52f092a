import { expect, test } from 'vitest';
import { negotiate, spokenVersion, versionName, versionNumber } from '../../src/smpp/negotiate.ts';

test.each([
  [0x00, 0x33],
  [0x33, 0x33],
  [0x34, 0x34],
  // Reserved values are read as the version below.
  [0x35, 0x34],
  [0x4f, 0x34],
  [0x50, 0x50],
  [0x51, 0x50],
  [0xff, 0x50],
])('interface_version %i is spoken as %i', (announced, spoken) => {
  expect(spokenVersion(announced)).toBe(spoken);
});

test('names and numbers', () => {
  expect((['3.3', '3.4', '5.0'] as const).map(versionNumber)).toEqual([0x33, 0x34, 0x50]);
  expect([0, 0x33, 0x34, 0x50].map(versionName)).toEqual(['3.3', '3.3', '3.4', '5.0']);
});

// asked, announced, assume_tlvs: version, TLVs
test.each([
  [0x50, 0x50, false, 0x50, true],
  [0x50, 0x34, false, 0x34, true],
  [0x50, 0x33, true, 0x33, false],
  [0x50, 0x00, true, 0x33, false],
  [0x50, undefined, true, 0x34, true],
  [0x50, undefined, false, 0x34, false],
  [0x34, 0x50, false, 0x34, true],
  [0x34, 0x34, false, 0x34, true],
  [0x34, undefined, true, 0x34, true],
  [0x34, undefined, false, 0x34, false],
  [0x33, 0x50, true, 0x33, false],
  [0x33, undefined, true, 0x33, false],
])('asked 0x%s, announced %s, assume_tlvs %s', (asked, announced, assumeTlvs, version, tlvs) => {
  expect(negotiate(asked, announced, assumeTlvs)).toEqual({ version, tlvs });
});
