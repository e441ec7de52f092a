/** An SMSC whose every byte the test chooses: what only a broken one would send. */
import { createServer } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { until } from '../support/daemon.ts';
import { RawSmsc, pduBytes, rawBound, submitBytes } from './raw.ts';
import { Stage } from './stage.ts';

const GENERIC_NACK = 0x8000_0000;
const SUBMIT_SM_RESP = 0x8000_0004;
const UNBIND = 6;

let stage: Stage;
let smsc: RawSmsc;
beforeEach(async () => {
  stage = new Stage();
  smsc = await RawSmsc.start();
});
afterEach(async () => {
  smsc.close();
  await stage.clear();
});

const sequenceOf = (pdu: string): number => Number.parseInt(pdu.slice(24, 32), 16);

test('unbind and a broken stream in one chunk: the bind ends, the daemon goes on', async () => {
  await stage.serve({ smsc: [{ port: smsc.port }] });
  const peer = await smsc.peer();
  peer.write(Buffer.concat([pduBytes(UNBIND, 7), Buffer.alloc(16)]));
  await peer.untilClosed();
  const next = await smsc.peer();
  const esme = await rawBound(stage.site.smppPort);
  esme.write(submitBytes(2));
  await next.takePdu();
  expect(stage.daemon.log).not.toContain('the process ends itself');
});

test('a generic_nack never counts as acceptance, whatever its status', async () => {
  await stage.serve({ smsc: [{ port: smsc.port }] });
  const peer = await smsc.peer();
  const esme = await rawBound(stage.site.smppPort);
  esme.write(submitBytes(2, 'x', 1));
  const answer = Buffer.from(await esme.takePdu(), 'hex');
  const id = answer.toString('latin1', 16, answer.length - 1);
  peer.write(pduBytes(GENERIC_NACK, sequenceOf(await peer.takePdu())));
  // Tried again: it is the same message, refused before.
  const again = await peer.takePdu();
  peer.write(pduBytes(SUBMIT_SM_RESP, sequenceOf(again), Buffer.from('s1\0')));
  await until(async () => (await stage.history(id)).types.includes('SENT'), 'SENT');
  expect((await stage.history(id)).types).toEqual(['ACCEPTED', 'ATTEMPT_FAILED', 'SENT']);
});

test('the wait before the next connection grows', async () => {
  const opened: number[] = [];
  const server = createServer((socket) => {
    opened.push(performance.now());
    socket.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await stage.serve({ smsc: [{ port, reconnect_max_s: 60 }] }, false);
  await until(() => opened.length >= 4, 'four connections', 30_000);
  server.close();
  const waits = opened.slice(1, 4).map((at, index) => at - opened[index]);
  // Each is between half of its bound and the whole, and the bound doubles: 1 s, 2 s, 4 s (less a timer's grain).
  for (const [index, wait] of waits.entries()) expect(wait).toBeGreaterThan(500 * 2 ** index - 50);
});
