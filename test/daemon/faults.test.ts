/** The machine's own faults: a process that is stopped and goes on, as when a virtual machine is suspended. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runLoad } from '../../src/load/run.ts';
import { pause } from '../support/daemon.ts';
import { Stage } from './stage.ts';

let stage: Stage;
beforeEach(() => void (stage = new Stage()));
afterEach(() => stage.clear());

test('stopped for longer than ledger.commit_deadline_ms in the middle of commits: it goes on', async () => {
  const simulator = await stage.simulator();
  const ledger = { commit_deadline_ms: 500 };
  await stage.serve({
    ledger,
    account: [{ receipt_window: 500 }],
    smsc: [{ port: simulator.port, window: 500 }],
  });
  const load = runLoad({ port: stage.site.smppPort, rate: 20_000, durationS: 4, window: 500 });
  const { child } = stage.daemon.command;
  for (let round = 0; round < 3; round++) {
    await pause(300);
    child.kill('SIGSTOP');
    await pause(800);
    child.kill('SIGCONT');
  }
  const { accepted, receipts, problems } = await load;
  expect(stage.daemon.command.isRunning, stage.daemon.log).toBe(true);
  expect(problems).toEqual([]);
  expect(receipts).toBe(accepted);
  await stage.daemon.untilNonePending();
  expect(await stage.daemon.stop()).toBe(0);
  expect(await stage.audit()).toMatchObject({ accepted, final: accepted, finalDouble: 0, lost: 0 });
});
