import { describe, expect, test } from 'vitest';
import { checkConfig } from '../../src/core/config.ts';
import type { Config } from '../../src/core/config.ts';
import { profileAsSpoken, profileOf, referenceNumbers, spokenOf } from '../../src/smpp/upstream.ts';
import { SMSC, SMSC_33, SMSC_50 } from './shape-support.ts';

function configOf(smsc: object, tlv: object[] = []): Config {
  const one = { id: 'a', host: '127.0.0.1', port: 2775, system_id: 'us', password: 'p', ...smsc };
  const result = checkConfig({ smsc: [one], route: { smscs: ['a'] }, tlv });
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.config;
}

describe('an SMSC as it must be spoken to', () => {
  test('by default: 3.4, GSM, parts as they came', () => {
    const config = configOf({});
    expect(profileOf(config.smsc[0], config.tlv)).toEqual({
      version: 0x34,
      tlvs: true,
      alphabet: 'gsm',
      languages: [],
      longMessages: 'as-is',
      tlvMap: new Map(),
    });
  });

  test('as its table says; TLVs by their tags, 0 for one that is not sent; none to 3.3', () => {
    const config = configOf(
      {
        interface_version: '3.3',
        alphabet: 'latin1',
        languages: ['turkish'],
        long_messages: 'udh16',
        tlv_map: { campaign: 'theirs', secret: '' },
      },
      [
        { name: 'campaign', tag: 0x1401, type: 'cstring' },
        { name: 'theirs', tag: 0x1500, type: 'cstring' },
        { name: 'secret', tag: 0x1402, type: 'octets' },
      ],
    );
    expect(profileOf(config.smsc[0], config.tlv)).toEqual({
      version: 0x33,
      tlvs: false,
      alphabet: 'latin1',
      languages: ['turkish'],
      longMessages: 'udh16',
      tlvMap: new Map([
        [0x1401, 0x1500],
        [0x1402, 0],
      ]),
    });
  });
});

describe('an SMSC whose binds speak', () => {
  test.each([
    ['nothing yet', SMSC_50, 0],
    ['what it is configured for', SMSC_50, spokenOf({ version: 0x50, tlvs: true })],
    ['more than that', SMSC, spokenOf({ version: 0x50, tlvs: true })],
    ['3.3, as is configured', SMSC_33, spokenOf({ version: 0x33, tlvs: false })],
  ])('%s: as it is configured', (_what, configured, spoken) => {
    expect(profileAsSpoken(configured, spoken)).toBe(configured);
  });

  test('less: that, and what it is configured for is kept', () => {
    const less = profileAsSpoken(SMSC_50, spokenOf({ version: 0x34, tlvs: true }));
    expect(less).toEqual({ ...SMSC_50, version: 0x34, configured: SMSC_50 });
    const bare = profileAsSpoken(SMSC, spokenOf({ version: 0x34, tlvs: false }));
    expect(bare).toEqual({ ...SMSC, tlvs: false, configured: SMSC });
    const least = profileAsSpoken(SMSC_50, spokenOf({ version: 0x33, tlvs: false }));
    expect(least).toEqual({ ...SMSC_50, version: 0x33, tlvs: false, configured: SMSC_50 });
  });
});

test('threads that take messages apart side by side never give one number twice', () => {
  const threads = Array.from({ length: 3 }, (_, thread) => referenceNumbers(3, thread, 1_700_000_000_000));
  for (const wide of [false, true]) {
    const given = threads.flatMap((one) => Array.from({ length: 80 }, () => one.next('a', 'b', wide, 1)));
    expect(new Set(given).size).toBe(240);
    expect(Math.max(...given)).toBeLessThan(wide ? 65_536 : 256);
  }
});

test('after a restart the numbers begin elsewhere', () => {
  const firsts = Array.from({ length: 50 }, (_, start) =>
    referenceNumbers(1, 0, 1_700_000_000_000 + start * 7919).next('a', 'b', true, 1),
  );
  expect(new Set(firsts).size).toBeGreaterThan(45);
});
