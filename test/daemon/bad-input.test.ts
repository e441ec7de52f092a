/** HTTP requests that are wrong in some way: each is told why, and a right one is answered all the same. */
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DEMO, until } from '../support/daemon.ts';
import { Stage } from './stage.ts';

const BODY_MAX = 4_096;
const FINE = { from: 'Shop', to: '+962790000001', text: 'hello' };
const basic = (name: string, password: string): string =>
  `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`;
const RIGHT = basic(DEMO.name, DEMO.password);

const BODIES: [string, number, string | Uint8Array<ArrayBuffer>][] = [
  ['nothing', 400, ''],
  ['no JSON', 400, '{"from": "Shop", '],
  ['no UTF-8', 400, Buffer.from('{"from":"Shop","to":"+962790000001","text":"\xff"}', 'latin1')],
  ['null', 422, 'null'],
  ['a list', 422, JSON.stringify([FINE])],
  ['a field too many', 422, JSON.stringify({ ...FINE, colour: 'red' })],
  ['a field too few', 422, JSON.stringify({ from: 'Shop', to: '+962790000001' })],
  ['numbers for strings', 422, JSON.stringify({ ...FINE, to: 962790000001 })],
  ['an empty text', 422, JSON.stringify({ ...FINE, text: '' })],
  ['a text too long', 422, JSON.stringify({ ...FINE, text: 'x'.repeat(20 * 153 + 1) })],
  ['no number', 422, JSON.stringify({ ...FINE, to: 'mother' })],
  ['a NUL in the sender', 422, JSON.stringify({ ...FINE, from: 'Sh\0p' })],
  ['too large', 413, JSON.stringify({ ...FINE, text: 'x'.repeat(BODY_MAX) })],
  ['nested deep', 413, '['.repeat(100_000)],
];

const CREDENTIALS: [string, Record<string, string>][] = [
  ['none', {}],
  ['a wrong password', { authorization: basic(DEMO.name, 'wrong') }],
  ['an unknown account', { authorization: basic('nobody', DEMO.password) }],
  ['no password', { authorization: `Basic ${Buffer.from(DEMO.name).toString('base64')}` }],
  ['no Base64', { authorization: 'Basic !!!' }],
  ['another scheme', { authorization: `Bearer ${DEMO.password}` }],
];

describe.each(['auto', 'node'])('http.engine = %s', (engine) => {
  const stage = new Stage();
  beforeAll(async () => {
    const simulator = await stage.simulator();
    await stage.serve({ http: { engine, body_bytes_max: BODY_MAX }, smsc: [{ port: simulator.port }] });
  });
  afterAll(() => stage.clear());

  const post = (body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string>): Promise<Response> =>
    fetch(stage.daemon.url('/v1/messages'), { method: 'POST', body, headers });

  test.each(BODIES)('the body is %s: %i', async (_what, status, body) => {
    const accepted = await stage.daemon.metric('accepted_total');
    const answer = await post(body, { authorization: RIGHT });
    expect(answer.status).toBe(status);
    const text = await answer.text();
    // A body too large is refused before anybody looks at what it is for.
    if (status !== 413) {
      expect(answer.headers.get('content-type')).toContain('application/problem+json');
      expect(JSON.parse(text)).toMatchObject({ status });
    }
    expect(await stage.daemon.metric('accepted_total')).toBe(accepted);
  });

  test.each(CREDENTIALS)('the credentials are %s: 401', async (_what, headers) => {
    const answer = await post(JSON.stringify(FINE), headers);
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toContain('Basic');
    await answer.text();
  });

  test('a wrong path is 404, a wrong method 405 with what is right', async () => {
    const nowhere = await fetch(stage.daemon.url('/v2/messages'));
    expect(nowhere.status).toBe(404);
    await nowhere.text();
    for (const method of ['GET', 'PUT', 'DELETE']) {
      const answer = await fetch(stage.daemon.url('/v1/messages'), { method });
      expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'POST']);
      await answer.text();
    }
  });

  // Any token may be a method, also one that every JavaScript object answers to.
  test.each(['hasOwnProperty', 'constructor', '__proto__', 'BREW'])(
    'the method is %s: refused',
    async (method) => {
      const socket = connect({ port: stage.site.httpPort, host: '127.0.0.1' });
      let answer = '';
      socket.on('error', () => undefined);
      socket.on('data', (chunk) => (answer += String(chunk)));
      socket.write(`${method} /livez HTTP/1.1\r\nHost: a\r\n\r\n`);
      await until(() => answer.includes('\r\n'), 'an answer');
      expect(answer).toMatch(/^HTTP\/1\.1 40[05] /);
      socket.destroy();
    },
  );

  test.each([
    ['a bind', Buffer.from('0000001f000000090000000000000001610062000034000000', 'hex')],
    ['zeros', Buffer.alloc(4096)],
    ['a header without end', Buffer.from(`GET / HTTP/1.1\r\nX: ${'x'.repeat(100_000)}`)],
  ])('%s instead of a request: the connection ends', async (_what, bytes) => {
    const socket = connect({ port: stage.site.httpPort, host: '127.0.0.1' });
    let closed = false;
    socket.on('error', () => undefined);
    socket.on('close', () => (closed = true));
    socket.resume();
    socket.write(bytes);
    await until(() => closed, 'the connection ends', 20_000);
  });

  test('a right one is accepted after all that', async () => {
    const answer = await post(JSON.stringify(FINE), { authorization: RIGHT });
    expect(answer.status).toBe(200);
    const { id } = (await answer.json()) as { id: string };
    const esme = await stage.esme();
    await esme.receipt(id);
    expect((await stage.finalOf(id)).types).toEqual(['ACCEPTED', 'SENT', 'RECEIPT', 'FINAL']);
  });
});
