import { describe, expect, test } from 'vitest';
import { readMessage } from '../../src/edge/http-message.ts';

const VALID = { from: 'Shop', to: '+962790000001', text: 'hello' };

const read = (value: unknown) => readMessage(Buffer.from(JSON.stringify(value)));

describe('a good body', () => {
  test('is a submit_sm that asks for a receipt', () => {
    expect(read(VALID)).toEqual({
      ok: true,
      to: '962790000001',
      parts: 1,
      submit: {
        sourceTon: 5,
        sourceNpi: 0,
        source: 'Shop',
        destTon: 1,
        destNpi: 1,
        dest: '962790000001',
        registeredDelivery: 1,
        dataCoding: 0,
        message: Buffer.from('hello'),
      },
    });
  });

  test('may do without one, and may be in any script', () => {
    const result = read({ ...VALID, text: 'сәлем', receipt: false });
    expect(result).toMatchObject({ ok: true, submit: { registeredDelivery: 0, dataCoding: 8 } });
    expect(result.ok && result.submit.message?.toString('hex')).toBe('044104d9043b0435043c');
  });
});

describe('a bad body', () => {
  test.each([
    ['no JSON', '{"from":'],
    ['nothing', ''],
    ['a NUL', '\0'],
  ])('%s: 400', (_name, text) => {
    expect(readMessage(Buffer.from(text))).toMatchObject({ ok: false, status: 400, errors: [] });
  });

  test.each([
    ['no object', 7, ['/']],
    ['null', null, ['/']],
    ['a list', [VALID], ['/']],
    ['an empty object', {}, ['/from', '/to', '/text']],
    ['a number as text', { ...VALID, text: 5 }, ['/text']],
    ['an empty text', { ...VALID, text: '' }, ['/text']],
    ['a text that is too long', { ...VALID, text: 'a'.repeat(161) }, ['/text']],
    ['a wrong sender', { ...VALID, from: 'Caf\u00e9' }, ['/from']],
    ['a wrong destination', { ...VALID, to: 'nobody' }, ['/to']],
    ['both, and a long text', { from: '', to: '', text: 'ж'.repeat(71) }, ['/from', '/to', '/text']],
    ['a receipt that is no boolean', { ...VALID, receipt: 'yes' }, ['/receipt']],
    ['a key that is not known', { ...VALID, txt: '00' }, ['/txt']],
  ])('%s: 422, and what is wrong where', (_name, value, pointers) => {
    const result = read(value);
    expect(result).toMatchObject({ ok: false, status: 422 });
    if (result.ok) return;
    expect(result.errors.map(({ pointer }) => pointer)).toEqual(pointers);
    for (const { detail } of result.errors) expect(detail).not.toBe('');
  });
});

describe('what a body may ask for', () => {
  const NOW_MS = Date.UTC(2026, 5, 1, 12);
  const LIMITS = { partsMax: 3, transliterate: false, languagesFor: () => [], nowMs: NOW_MS };
  const { text: _text, ...BARE } = VALID;
  const ask = (value: object, limits: object = {}) =>
    readMessage(Buffer.from(JSON.stringify(value)), { ...LIMITS, ...limits });
  const submitOf = (value: object, limits: object = {}) => {
    const result = ask({ ...VALID, ...value }, limits);
    return result.ok ? result.submit : result.detail;
  };

  test.each<[string, object, object]>([
    ['flash', { flash: true }, { dataCoding: 0x10 }],
    [
      'flash beyond GSM',
      { flash: true, text: 'ж' },
      { dataCoding: 0x18, message: Buffer.from('0436', 'hex') },
    ],
    ['priority', { priority: 3 }, { priority: 3 }],
    ['a validity', { validity_s: 3_600 }, { validity: '000000010000000R' }],
    ['a day and a second', { validity_s: 86_401 }, { validity: '000001000001000R' }],
    ['a time', { send_at: '2026-06-02T08:00:00Z' }, { schedule: '260602080000000+' }],
    ['a time of another zone', { send_at: '2026-06-02T08:00:00.5+03:00' }, { schedule: '260602050000500+' }],
  ])('%s', (_name, value, expected) => {
    expect(submitOf(value)).toMatchObject(expected);
  });

  test('no field that was not asked for', () => {
    const submit = submitOf({});
    expect(Object.keys(submit)).not.toContain('priority');
    expect(Object.keys(submit)).not.toContain('schedule');
    expect(Object.keys(submit)).not.toContain('validity');
  });

  test.each<[string, object, object]>([
    ['octets', { binary: '00ff' }, { dataCoding: 4, message: Buffer.from([0, 255]) }],
    ['flash', { binary: '00ff', flash: true }, { dataCoding: 0x14 }],
    ['with a data_coding', { binary: '0436', data_coding: 8 }, { dataCoding: 8 }],
    [
      'with a header',
      { binary: '01060401', udh: '0605040b8423f0' },
      { esmClass: 0x40, dataCoding: 4, message: Buffer.from('0605040b8423f001060401', 'hex') },
    ],
  ])('binary: %s', (_name, value, expected) => {
    const result = ask({ ...BARE, ...value });
    expect(result).toMatchObject({ ok: true, parts: 1, submit: expected });
  });

  test('a long text, up to the parts of the account, in message_payload', () => {
    const long = ask({ ...VALID, text: 'a'.repeat(3 * 153) });
    expect(long).toMatchObject({ ok: true, parts: 3, submit: { dataCoding: 0, message: Buffer.alloc(0) } });
    expect(long.ok && long.submit.tlvs?.map(({ tag, value }) => [tag, value.length])).toEqual([[0x424, 459]]);
    // Up to 254 octets short_message holds it.
    expect(ask({ ...VALID, text: 'a'.repeat(254) })).toMatchObject({ ok: true, parts: 2 });
    expect(ask({ ...VALID, text: 'a'.repeat(3 * 153 + 1) })).toMatchObject({
      status: 422,
      errors: [{ pointer: '/text', detail: 'longer than 3 parts: 460 GSM characters make 4' }],
    });
    expect(ask({ ...VALID, text: 'ж'.repeat(202) })).toMatchObject({
      errors: [{ pointer: '/text', detail: 'longer than 3 parts: 202 UCS-2 units make 4' }],
    });
    expect(ask({ ...BARE, binary: '00'.repeat(403) })).toMatchObject({
      errors: [{ pointer: '/binary', detail: 'longer than 3 parts: 403 octets make 4' }],
    });
  });

  test('is smaller where the account transliterates or the SMSC has shift tables', () => {
    const text = '“'.repeat(71);
    expect(ask({ ...VALID, text })).toMatchObject({ parts: 2 });
    expect(ask({ ...VALID, text }, { transliterate: true })).toMatchObject({
      parts: 1,
      submit: { dataCoding: 0 },
    });
    const turkish = { ...VALID, text: 'ğ'.repeat(71) };
    expect(ask(turkish, { languagesFor: () => ['turkish'] })).toMatchObject({
      parts: 1,
      submit: { esmClass: 0x40 },
    });
  });

  test.each<[string, object, string, RegExp]>([
    ['no text at all', BARE, '/text', /is missing/],
    ['text and binary', { ...VALID, binary: '00' }, '/binary', /beside "text"/],
    ['text and a header', { ...VALID, udh: '0605040b8423f0' }, '/udh', /beside "text"/],
    ['text and data_coding', { ...VALID, data_coding: 0 }, '/data_coding', /beside "text"/],
    ['half a surrogate pair', { ...VALID, text: '\ud83d' }, '/text', /surrogate/],
    ['no hexadecimal', { ...BARE, binary: 'xy' }, '/binary', /hexadecimal/],
    ['half an octet', { ...BARE, binary: '012' }, '/binary', /two digits/],
    ['empty binary', { ...BARE, binary: '' }, '/binary', /empty/],
    ['a broken header', { ...BARE, binary: '00', udh: '0605' }, '/udh', /whole header/],
    [
      'a header with data behind it',
      { ...BARE, binary: '00', udh: '0605040b8423f000' },
      '/udh',
      /whole header/,
    ],
    ['Japanese', { ...BARE, binary: '00', data_coding: 5 }, '/data_coding', /not served/],
    ['half a UCS-2 unit', { ...BARE, binary: '00', data_coding: 8 }, '/binary', /even number/],
    ['an overlong part', { ...BARE, binary: '00'.repeat(135), udh: '0500032a0201' }, '/binary', /one part/],
    ['flash twice', { ...BARE, binary: '00', data_coding: 4, flash: true }, '/flash', /data_coding/],
    ['a priority beyond 3', { ...VALID, priority: 4 }, '/priority', /0 to 3/],
    ['half a priority', { ...VALID, priority: 1.5 }, '/priority', /whole number/],
    ['no validity', { ...VALID, validity_s: 0 }, '/validity_s', /from 1 to/],
    ['a validity beyond 99 days', { ...VALID, validity_s: 8_640_000 }, '/validity_s', /to 8639999/],
    ['a time without a zone', { ...VALID, send_at: '2026-06-02T08:00:00' }, '/send_at', /zone/],
    ['no time', { ...VALID, send_at: 'tomorrow' }, '/send_at', /2026-12-31T08:00:00Z/],
    ['a time gone by', { ...VALID, send_at: '2026-06-01T11:59:59Z' }, '/send_at', /future/],
    ['a time beyond SMPP', { ...VALID, send_at: '2038-01-01T00:00:00Z' }, '/send_at', /later than SMPP/],
    ['an unknown key', { ...VALID, prioriti: 1 }, '/prioriti', /did you mean "priority"/],
    ['a key with a slash', { ...VALID, 'a/b~': 1 }, '/a~1b~0', /not a known field/],
    ['a number as text', { ...VALID, text: 5 }, '/text', /must be a string/],
    ['a flag that is none', { ...VALID, flash: 'yes' }, '/flash', /true or false/],
  ])('%s', (_name, value, pointer, detail) => {
    const result = ask(value);
    expect(result).toMatchObject({ ok: false, status: 422 });
    if (result.ok) return;
    expect(result.errors.map((error) => error.pointer)).toEqual([pointer]);
    expect(result.errors[0].detail).toMatch(detail);
    expect(result.detail).toBe(`${pointer}: ${result.errors[0].detail}`);
  });

  test('every fault at once, each under its pointer', () => {
    const result = ask({ from: '', to: 'x', binary: '000', priority: 9 });
    expect(result.ok ? [] : result.errors.map(({ pointer }) => pointer)).toEqual(['/binary', '/priority']);
    const second = ask({ from: '', to: 'x', binary: '00', udh: '01' });
    expect(second.ok ? [] : second.errors.map(({ pointer }) => pointer)).toEqual(['/from', '/to', '/udh']);
  });
});
