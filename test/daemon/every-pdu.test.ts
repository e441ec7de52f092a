import { afterEach, beforeEach, expect, test } from 'vitest';
import { endure } from '../support/every-pdu.ts';
import { rawBound } from './raw.ts';
import { Stage } from './stage.ts';

let stage: Stage;
beforeEach(() => void (stage = new Stage()));
afterEach(() => stage.clear());

test('whatever PDU comes on whatever session, the daemon answers or not, and the session stays', async () => {
  const simulator = await stage.simulator();
  await stage.serve({
    smpp: { errors_max: 1_000_000 },
    account: [{ sessions_max: 100, broadcast: true, submit_window: 10_000 }],
    smsc: [{ port: simulator.port, supports: ['query_sm', 'cancel_sm', 'replace_sm', 'data_sm'] }],
  });
  for (const version of [0x00, 0x33, 0x34, 0x50]) {
    for (const bind of [1, 2, 9]) {
      const peer = await rawBound(stage.site.smppPort, bind, version);
      await endure(peer, `bind ${bind} of 0x${version.toString(16)}`);
      peer.destroy();
    }
  }
  expect(stage.daemon.command.isRunning).toBe(true);
});
