import { spawnSync } from 'node:child_process';
import { request as httpRequest } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { chooseEngine } from '../../src/http/choose-engine.ts';
import type { HttpHandler, HttpLimits, HttpReply, HttpRequest, RunningHttp } from '../../src/http/engine.ts';

const LIMITS: HttpLimits = { bodyBytesMax: 10_000, bodyMsMax: 10_000, sharedPort: false };
const running: RunningHttp[] = [];

afterEach(async () => {
  for (const one of running.splice(0)) await one.close();
});

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

interface Ask {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Record<string, string | string[]>;
  readonly body?: string | Buffer;
}

function ask(port: number, { method = 'GET', path = '/', headers = {}, body }: Ask = {}): Promise<Answer> {
  return new Promise((done, failed) => {
    const sent = httpRequest({ host: '127.0.0.1', port, method, path, headers, agent: false }, (answer) => {
      text(answer).then(
        (said) => done({ status: answer.statusCode ?? 0, headers: answer.headers, body: said }),
        failed,
      );
    });
    sent.on('error', failed);
    sent.end(body);
  });
}

/** Sends bytes as they are; returns everything that came back until the server hung up or went quiet. */
async function raw(port: number, chunks: readonly string[], pauseMs = 0, quietMs = 1_000): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  let said = '';
  const ended = new Promise<void>((done) => {
    socket.on('data', (chunk) => (said += chunk.toString('latin1')));
    socket.on('close', () => done());
    socket.on('error', () => done());
  });
  for (const chunk of chunks) {
    if (socket.writable) socket.write(chunk);
    await sleep(pauseMs);
  }
  await Promise.race([ended, sleep(quietMs)]);
  socket.destroy();
  return said;
}

describe.each(['uws', 'node'] as const)('engine %s', (name) => {
  async function serve(handler: HttpHandler, limits: Partial<HttpLimits> = {}): Promise<number> {
    const { engine } = await chooseEngine(name);
    const one = await engine.listen('127.0.0.1', 0, handler, { ...LIMITS, ...limits });
    running.push(one);
    return one.port;
  }

  const echo: HttpHandler = (request, reply) =>
    reply.send(200, 'application/json', JSON.stringify({ ...request, body: request.body.toString() }));

  test('hands over a whole request', async () => {
    const port = await serve(echo);
    const headers = { 'X-One': 'A', 'x-two': ['b', 'c'], 'content-type': 'text/plain' };
    const said = await ask(port, { method: 'POST', path: '/v1/a%20b?x=1&y=%20', headers, body: 'hello' });
    expect(said.status).toBe(200);
    expect(said.headers['content-type']).toBe('application/json');
    expect(JSON.parse(said.body)).toMatchObject({
      method: 'POST',
      path: '/v1/a%20b',
      query: 'x=1&y=%20',
      headers: { 'x-one': 'A', 'x-two': 'b, c', 'content-type': 'text/plain' },
      body: 'hello',
      remoteAddress: '127.0.0.1',
    });
  });

  test.each(['GET', 'DELETE', 'PUT', 'PATCH', 'OPTIONS'])('takes %s without a body', async (method) => {
    const port = await serve(echo);
    expect(JSON.parse((await ask(port, { method })).body)).toMatchObject({ method, query: '', body: '' });
  });

  test('answers HEAD with the length and no body', async () => {
    const port = await serve((_request, reply) => reply.send(200, 'text/plain', 'four'));
    const said = await raw(port, ['HEAD / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n'], 0, 3_000);
    expect(said).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(said.toLowerCase()).toContain('content-length: 4\r\n');
    expect(said).toMatch(/\r\n\r\n$/);
  });

  test('reads a body however it is cut, with a length or in chunks', async () => {
    const port = await serve(echo);
    const head = 'POST / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n';
    const whole = `${head}content-length: 11\r\n\r\nhello world`;
    expect(await raw(port, [...whole], 1)).toContain('"body":"hello world"');
    const chunked = `${head}transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n`;
    expect(await raw(port, [chunked])).toContain('"body":"hello world"');
    expect(await raw(port, [...chunked], 1)).toContain('"body":"hello world"');
  });

  test('keeps bodies that a handler holds on to', async () => {
    const held: Buffer[] = [];
    const port = await serve((request, reply) => {
      held.push(request.body);
      reply.send(204, 'text/plain', '');
    });
    const bodies = Array.from({ length: 20 }, (_, at) => String(at).repeat(400));
    for (const body of bodies) await ask(port, { method: 'POST', body });
    expect(held.map(String)).toEqual(bodies);
  });

  test('answers pipelined requests in order', async () => {
    const port = await serve(echo);
    const one = (path: string): string => `GET ${path} HTTP/1.1\r\nhost: a\r\n\r\n`;
    const said = await raw(port, [one('/first') + one('/second') + one('/third')], 0, 1_500);
    expect([...said.matchAll(/"path":"(\/\w+)"/g)].map((match) => match[1])).toEqual([
      '/first',
      '/second',
      '/third',
    ]);
  });

  test('refuses a body over the limit with 413, at the limit not', async () => {
    let handled = 0;
    const port = await serve((_request, reply) => {
      handled++;
      reply.send(200, 'text/plain', 'ok');
    });
    const sized = (bytes: number): Promise<Answer> =>
      ask(port, { method: 'POST', body: Buffer.alloc(bytes) });
    expect((await sized(10_000)).status).toBe(200);
    expect((await sized(10_001)).status).toBe(413);
    expect((await sized(500_000)).status).toBe(413);
    const chunked = `POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n4e20\r\n${'x'.repeat(20_000)}`;
    expect(await raw(port, [chunked, '\r\n0\r\n\r\n'])).toMatch(/^HTTP\/1\.1 413 /);
    expect(handled).toBe(1);
  });

  test('does not read a body that says it is far over the limit', async () => {
    const port = await serve(echo);
    const said = await raw(port, ['POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 99999999999\r\n\r\nx']);
    expect(said).toMatch(/^HTTP\/1\.1 413 /);
  });

  test('cuts a body that comes too slowly', async () => {
    let handled = 0;
    const port = await serve(() => handled++, { bodyMsMax: 300 });
    const start = performance.now();
    const head = 'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 40\r\n\r\n';
    const said = await raw(port, [head, ...'x'.repeat(40)], 50, 10);
    expect(handled).toBe(0);
    expect(said).not.toContain('200');
    expect(performance.now() - start).toBeLessThan(20_000);
  });

  test.each([
    ['two lengths', 'content-length: 5\r\ncontent-length: 6'],
    ['a length and chunks', 'content-length: 5\r\ntransfer-encoding: chunked'],
    ['a length that is none', 'content-length: -1'],
  ])('never hands over a request with %s', async (_what, headers) => {
    let handled = 0;
    const port = await serve((_request, reply) => {
      handled++;
      reply.send(200, 'text/plain', 'ok');
    });
    const said = await raw(port, [`POST / HTTP/1.1\r\nhost: a\r\n${headers}\r\n\r\n0\r\n\r\n`], 0, 300);
    expect(said).not.toMatch(/^HTTP\/1\.1 2/);
    expect(handled).toBe(0);
  });

  test('answers later, and carries headers', async () => {
    const port = await serve((_request, reply) => {
      setTimeout(() => reply.send(429, 'text/plain', 'später', { 'retry-after': '1' }), 20);
    });
    const said = await ask(port);
    expect([said.status, said.body, said.headers['retry-after']]).toEqual([429, 'später', '1']);
    expect(said.headers['content-length']).toBe('7');
  });

  test('an answer after the client has gone does nothing', async () => {
    let late: HttpReply | undefined;
    const port = await serve((_request, reply) => void (late = reply));
    const socket = connect(port, '127.0.0.1');
    socket.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n');
    await expect.poll(() => late).toBeDefined();
    socket.destroy();
    await expect.poll(() => late?.done).toBe(true);
    late?.send(200, 'text/plain', 'too late');
    expect((await ask(await serve(echo))).status).toBe(200);
  });

  test('answering twice, and with what is no header, throws', async () => {
    const errors: unknown[] = [];
    const port = await serve((_request, reply) => {
      const attempt = (run: () => void): void => {
        try {
          run();
        } catch (error) {
          errors.push((error as Error).message);
        }
      };
      attempt(() => reply.send(200, 'text/plain', '', { 'x-id': 'a\r\nset-cookie: b' }));
      attempt(() => reply.send(200, 'text/plain', '', { 'content-length': '5' }));
      attempt(() => reply.send(199, 'text/plain', ''));
      attempt(() => reply.send(200, 'text/plain', 'one'));
      attempt(() => reply.send(200, 'text/plain', 'two'));
    });
    expect((await ask(port)).body).toBe('one');
    expect(errors).toEqual([
      'reply: bad value of header x-id',
      'reply: bad header name content-length',
      'reply: status 199',
      'reply: sent twice',
    ]);
  });

  test('a taken port is an error', async () => {
    const port = await serve(echo);
    const { engine } = await chooseEngine(name);
    await expect(engine.listen('127.0.0.1', port, echo, LIMITS)).rejects.toThrow(/EADDRINUSE/);
    await expect(engine.listen('192.0.2.1', 0, echo, LIMITS)).rejects.toThrow(/192\.0\.2\.1/);
  });

  test('threads may share a port', async () => {
    const { engine } = await chooseEngine(name);
    const free = await engine.listen('127.0.0.1', 0, echo, LIMITS);
    await free.close();
    for (let thread = 0; thread < 2; thread++) {
      running.push(await engine.listen('127.0.0.1', free.port, echo, { ...LIMITS, sharedPort: true }));
    }
    expect((await ask(free.port)).status).toBe(200);
  });

  test('close lets what is in flight finish and then listens no more', async () => {
    const waiting: HttpReply[] = [];
    const { engine } = await chooseEngine(name);
    const one = await engine.listen(
      '127.0.0.1',
      0,
      (_request: HttpRequest, reply) => void waiting.push(reply),
      LIMITS,
    );
    const answer = ask(one.port);
    await expect.poll(() => waiting.length).toBe(1);
    const closed = one.close();
    await expect(ask(one.port)).rejects.toThrow(/ECONNREFUSED|ECONNRESET/);
    waiting[0].send(200, 'text/plain', 'last');
    expect((await answer).body).toBe('last');
    await closed;
  });

  test('close does not wait for ever', async () => {
    const waiting: HttpReply[] = [];
    const { engine } = await chooseEngine(name);
    const one = await engine.listen('127.0.0.1', 0, (_request, reply) => void waiting.push(reply), LIMITS);
    const answer = ask(one.port).catch((error: Error) => error);
    await expect.poll(() => waiting.length).toBe(1);
    await one.close();
    expect(await answer).toBeInstanceOf(Error);
    expect(waiting[0].done).toBe(true);
    waiting[0].send(200, 'text/plain', 'nobody listens');
  });

  test('close hangs up on idle connections', async () => {
    const { engine } = await chooseEngine(name);
    const one = await engine.listen('127.0.0.1', 0, echo, LIMITS);
    const socket = connect(one.port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n');
    await new Promise((done) => socket.once('data', done));
    const hungUp = new Promise((done) => socket.once('close', done));
    await one.close();
    await hungUp;
  });

  test('a throw of the handler is answered with 500 and ends the process', async () => {
    const script = `
      import { chooseEngine } from ${JSON.stringify(new URL('../../src/http/choose-engine.ts', import.meta.url).href)};
      import { request } from 'node:http';
      const { engine } = await chooseEngine('${name}');
      const handler = () => { throw new Error('a bug'); };
      const limits = ${JSON.stringify(LIMITS)};
      const { port } = await engine.listen('127.0.0.1', 0, handler, limits);
      process.on('uncaughtException', (error) => { console.log(error.message); });
      request({ port, host: '127.0.0.1' }, (answer) => { console.log(answer.statusCode); process.exit(7); }).end();
    `;
    const done = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
    expect([done.stdout.split('\n').toSorted().join(' ').trim(), done.status]).toEqual(['500 a bug', 7]);
  });

  test('runs in a worker thread that closes it and ends', async () => {
    const source = `
      import { parentPort } from 'node:worker_threads';
      import { chooseEngine } from ${JSON.stringify(new URL('../../src/http/choose-engine.ts', import.meta.url).href)};
      const { engine } = await chooseEngine('${name}');
      const limits = ${JSON.stringify(LIMITS)};
      const one = await engine.listen('127.0.0.1', 0, (request, reply) => reply.send(200, 'text/plain', 'hi'), limits);
      parentPort.once('message', async () => { await one.close(); parentPort.close(); });
      parentPort.postMessage(one.port);
    `;
    // A process of its own: what goes wrong here would end this one.
    const script = `
      import { Worker } from 'node:worker_threads';
      const source = ${JSON.stringify(source)};
      for (let round = 0; round < 3; round++) {
        const two = [0, 1].map(() => new Worker(new URL('data:text/javascript,' + encodeURIComponent(source))));
        await Promise.all(two.map(async (worker) => {
          const port = await new Promise((done) => worker.once('message', done));
          const answer = await fetch('http://127.0.0.1:' + port, { headers: { connection: 'close' } });
          if ((await answer.text()) !== 'hi') throw new Error('wrong answer');
          worker.postMessage('close');
          await new Promise((done) => worker.once('exit', done));
        }));
      }
      console.log('ended');
    `;
    const done = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      encoding: 'utf8',
      timeout: 25_000,
    });
    expect([done.stdout.trim(), done.stderr, done.status]).toEqual(['ended', '', 0]);
  });
});
