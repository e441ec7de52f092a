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
