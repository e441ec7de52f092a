import { describe, expect, test } from 'vitest';
import { parseListen } from '../../src/core/config-values.ts';
import { checkConfig } from '../../src/core/config.ts';

const HASH = `$argon2id$v=19$m=19456,t=2,p=1$${'c'.repeat(22)}$${'h'.repeat(43)}`;

const smsc = (changes: object = {}): object => ({
  id: 'one',
  host: '127.0.0.1',
  port: 2776,
  system_id: 'me',
  password: 'pw',
  ...changes,
});

const file = (changes: object = {}): object => ({ smsc: [smsc()], route: { smscs: ['one'] }, ...changes });
const ofSmsc = (changes: object): object => file({ smsc: [smsc(changes)] });

const way = (type: string): object => ({ name: 'way', tag: 0x1401, type });
const ofRule = (type: string, equals: string): object =>
  file({ tlv: [way(type)], route: { smscs: ['one'], rule: [{ tlv: 'way', equals, smscs: ['one'] }] } });

/** `path: message` of everything that is wrong. */
function problems(value: unknown): string[] {
  const result = checkConfig(value);
  return result.ok ? [] : result.problems.map(({ path, message }) => `${path.join('.')}: ${message}`);
}

describe('checkConfig', () => {
  test('fills every default of the shortest file', () => {
    const result = checkConfig(file());
    if (!result.ok) throw new Error(problems(file()).join('\n'));
    const { config } = result;
    expect(config.smpp).toMatchObject({ listen: '0.0.0.0:2775', session_init_s: 10, pdu_bytes_max: 131_072 });
    expect(config.ledger).toMatchObject({ durability: 'full', segment_bytes_max: 134_217_728 });
    expect(config.smsc[0]).toMatchObject({ bind: 'transceiver', window: 10, retry_attempts_max: 10 });
    expect(config.demo).toEqual({ simulator: false, password: '' });
    expect(config.account).toEqual([]);
  });

  test('reports everything at once, relations included', () => {
    const value = file({
      shards: 17,
      smpp: { listn: '0.0.0.0:1', pdu_bytes_max_unbound: 2_000, pdu_bytes_max: 1_000 },
      account: [
        { name: 'a', password_hash: HASH },
        { name: 'a', password_hash: 'secret' },
      ],
      route: { smscs: ['two', 'one', 'one'] },
    });
    expect(problems(value).toSorted()).toEqual([
      'account.1.name: "a" is already the name of account 1',
      'account.1.password_hash: must be an argon2id hash as printed by "tollgate hash-password"',
      'route.smscs.0: no [[smsc]] has the id "two"',
      'route.smscs.2: "one" is named twice',
      'shards: must be from 1 to 16',
      'smpp.listn: unknown key, did you mean "listen"?',
      'smpp.pdu_bytes_max_unbound: must not be above pdu_bytes_max (2000 > 1000)',
    ]);
  });

  test.each([
    [{}, /^smsc: is missing\nroute: is missing$/],
    [
      file({ smsc: [], route: { smscs: [] } }),
      /^smsc: at least one .*\nroute\.smscs: must name at least one SMSC$/,
    ],
    [file({ version: 2 }), /^version: must be 1$/],
    [file({ shards: 1.5 }), /^shards: must be a whole number$/],
    [file({ shards: '1' }), /^shards: must be a number$/],
    [file({ http: { engine: 'uwss' } }), /^http\.engine: must be "auto" or "uws" or "node"$/],
    [file({ http: { listen: '127.0.0.1' } }), /^http\.listen: must be "address:port"/],
    [
      file({ smpp: { listen: '127.0.0.1:2775' }, http: { listen: '127.0.0.1:2775' } }),
      /^http\.listen: must not be the address of smpp\.listen$/,
    ],
    [file({ http: 5 }), /^http: must be a table$/],
    [file({ smsc: [smsc({ id: 'One' })], route: { smscs: ['One'] } }), /^smsc\.0\.id: must be 1 to 32/],
    [
      ofSmsc({ reconnect_min_s: 70 }),
      /^smsc\.0\.reconnect_min_s: must not be above reconnect_max_s \(70 > 60\)$/,
    ],
    [ofSmsc({ retry_min_s: 130 }), /^smsc\.0\.retry_min_s: must not be above retry_max_s/],
    [ofSmsc({ window: 65_537 }), /^smsc\.0\.window: must be from 1 to 65536$/],
    [ofSmsc({ bind: 'receiver' }), /^route\.smscs\.0: "one" is bound as a receiver/],
    [
      ofSmsc({ outbind_listen: '0.0.0.0:2780', outbind_system_id: 'them' }),
      /^smsc\.0\.outbind_password: must not be empty with outbind_listen$/,
    ],
    [
      ofSmsc({ outbind_listen: '0.0.0.0:1', outbind_system_id: 'a', outbind_password: 'b', bind: 'pair' }),
      /^smsc\.0\.bind: must be "receiver" or "transceiver" with outbind_listen$/,
    ],
    [
      ofSmsc({ supports: ['broadcast_sm'] }),
      /^smsc\.0\.supports: "broadcast_sm" needs interface_version "5\.0" \(it is "3\.4"\)$/,
    ],
    [
      ofSmsc({ supports: ['query_sm', 'data_sm'], interface_version: '3.3' }),
      /^smsc\.0\.supports: "data_sm" needs interface_version "3\.4" or "5\.0" \(it is "3\.3"\)$/,
    ],
    [file({ smsc: [smsc(), smsc()] }), /^smsc\.1\.id: "one" is already the id of smsc 1$/],
    [file({ demo: { password: 'x' } }), /^demo\.password: is only for a demo: needs simulator = true$/],
    [
      file({ demo: { simulator: true }, smsc: [smsc({ host: 'smsc.example' })] }),
      /^smsc\.0\.host: must be 127/,
    ],
    [
      file({ account: [{ name: 'sixteen-letters!', password_hash: HASH }] }),
      /^account\.0\.name: must be 15 characters at most, more need long_credentials = true$/,
    ],
    [
      ofSmsc({ password: 'nine char' }),
      /^smsc\.0\.password: must be 8 characters at most, more need long_credentials = true$/,
    ],
    [
      ofSmsc({ system_id: 'sixteen-letters!' }),
      /^smsc\.0\.system_id: must be 15 characters at most, more need long_credentials = true$/,
    ],
    [
      ofSmsc({ long_credentials: true, password: 'p'.repeat(65) }),
      /^smsc\.0\.password: must be 0 to 64 printable ASCII characters$/,
    ],
    [ofRule('octets', 'xyz'), /^route\.rule\.0\.equals: must be octets in hexadecimal: "way" is octets$/],
    [ofRule('octets', 'abc'), /^route\.rule\.0\.equals: must be octets in hexadecimal/],
    [
      ofRule('integer', 'seven'),
      /^route\.rule\.0\.equals: must be a number in decimal: "way" is an integer$/,
    ],
    [ofRule('integer', '0x7'), /^route\.rule\.0\.equals: must be a number in decimal/],
    [
      ofRule('integer', '18446744073709551616'),
      /^route\.rule\.0\.equals: must be a number in decimal, of 8 octets/,
    ],
    [
      {
        ...ofSmsc({ tlv_map: { way: 'cost' } }),
        tlv: [way('cstring'), { name: 'cost', tag: 0x1402, type: 'integer' }],
      },
      /^smsc\.0\.tlv_map\.way: "cost" is of another type \("integer" is not "cstring"\)$/,
    ],
    ['text', /^: must be a table$/],
  ])('refuses %j', (value, expected) => {
    expect(problems(value).join('\n')).toMatch(expected);
  });

  test.each([
    ['octets', 'DEADbeef'],
    ['octets', ''],
    ['integer', '18446744073709551615'],
    ['integer', '007'],
    ['cstring', 'xyz'],
  ])('takes a rule for %s of "%s"', (type, equals) => {
    expect(problems(ofRule(type, equals))).toEqual([]);
  });

  test('takes long credentials where they are allowed', () => {
    const long = { long_credentials: true, system_id: 's'.repeat(64), password: 'p'.repeat(64) };
    expect(problems(ofSmsc(long))).toEqual([]);
    const account = { name: 'n'.repeat(64), password_hash: HASH, long_credentials: true };
    expect(problems(file({ account: [account] }))).toEqual([]);
  });

  test('refuses hashes that would hold a hashing thread for long', () => {
    const account = (parameters: string): object =>
      file({ account: [{ name: 'a', password_hash: HASH.replace('m=19456,t=2,p=1', parameters) }] });
    expect(problems(account('m=65536,t=3,p=4'))).toEqual([]);
    for (const heavy of ['m=4194304,t=2,p=1', 'm=19456,t=100,p=1', 'm=19456,t=2,p=64', 'm=4,t=2,p=1']) {
      expect(problems(account(heavy))).toHaveLength(1);
    }
  });

  test('never repeats a secret in a message', () => {
    const value = file({
      account: [{ name: 'a', password_hash: 'CANARY' }],
      smsc: [smsc({ password: `CANARY${'x'.repeat(100)}` })],
      demo: { password: 'CANARY' },
    });
    expect(problems(value)).toHaveLength(3);
    expect(problems(value).join()).not.toContain('CANARY');
  });
});

test('parseListen reads addresses of both families', () => {
  expect(parseListen('127.0.0.1:2775')).toEqual({ host: '127.0.0.1', port: 2775 });
  expect(parseListen('[::]:0')).toEqual({ host: '::', port: 0 });
  expect(parseListen('localhost:80')).toEqual({ host: 'localhost', port: 80 });
  for (const wrong of ['', ':80', '::1:80', 'a:65536', 'a:', 'a:-1', '[::1]', 'a b:1']) {
    expect(parseListen(wrong)).toBeUndefined();
  }
});
