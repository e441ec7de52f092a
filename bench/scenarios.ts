/**
 * The cases in which other gateways fail, one line each with its figures and whether its bound was kept.
 *
 *   npm run bench:scenarios -- [rtt50 lost-receipts early-receipts slow-smsc no-nodelay million] [--seconds N]
 */
import { parseArgs } from 'node:util';
import { Daemon, pause, until } from '../test/support/daemon.ts';
import type { Command } from '../test/support/daemon.ts';
import { freePort } from '../test/support/ports.ts';
import { runLockStep } from './lock-step.ts';
import { makeScratch, median, pidOf, rssMbOf, runLoad, startSim, startTollgate } from './stage.ts';

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: { seconds: { type: 'string', default: '60' }, messages: { type: 'string', default: '1000000' } },
});

type Outcome = { kept: boolean; text: string };

const WIDE = { submit_window: 10_000, receipt_window: 10_000 };

async function withDaemon(
  name: string,
  simFlags: readonly string[],
  smsc: Record<string, unknown>,
  work: (daemon: Daemon, sim: Command, simPort: number) => Promise<Outcome>,
): Promise<Outcome> {
  const simPort = await freePort();
  const sim = await startSim(simPort, simFlags);
  const daemon = await startTollgate(makeScratch(name), simPort, {
    account: [WIDE],
    smsc: [{ port: simPort, window: 5_000, ...smsc }],
  });
  try {
    return await work(daemon, sim, simPort);
  } finally {
    await daemon.stop();
    await sim.kill('SIGTERM');
  }
}

/** An SMSC that answers after 50 ms: the window sets the rate, window / 0.05 s, not we. */
async function rtt50(): Promise<Outcome> {
  const parts: string[] = [];
  let kept = true;
  for (const window of [100, 1_000]) {
    const expected = window / 0.05;
    const outcome = await withDaemon('rtt50', ['--latency-ms', '50'], { window }, async (daemon) => {
      const messages = String(expected * 5);
      const plan = { port: daemon.site.smppPort, flags: ['--messages', messages, '--window', '8000'] };
      const { msgPerSecond } = await runLoad(plan);
      const text = `window ${window}: ${Math.round(msgPerSecond)} of ${expected} msg/s`;
      return { kept: msgPerSecond > 0.85 * expected, text };
    });
    kept &&= outcome.kept;
    parts.push(outcome.text);
  }
  return { kept, text: parts.join(', ') };
}

/** 100,000 receipts that never come: the rest is as fast as before, within 10 %. Both kinds of rounds interleave. */
async function lostReceipts(): Promise<Outcome> {
  const [lossyPort, goodPort] = [await freePort(), await freePort()];
  const lossy = await startSim(lossyPort, ['--receipt-loss', '1']);
  const good = await startSim(goodPort);
  const fresh = await startTollgate(makeScratch('fresh'), goodPort, { account: [WIDE] });
  const laden = await startTollgate(makeScratch('laden'), lossyPort, { account: [WIDE] });
  const load = (daemon: Daemon, messages: number, wait = 60) =>
    runLoad(
      {
        port: daemon.site.smppPort,
        flags: ['--messages', `${messages}`, '--window', '4000'].concat([
          '--wait-receipts-s',
          `${wait}`,
          '--max-without-receipt',
          '200000',
        ]),
      },
      wait === 1,
    );
  await load(laden, 100_000, 1);
  const waiting = await laden.metric('pending');
  await lossy.kill('SIGTERM');
  const working = await startSim(lossyPort);
  await laden.untilMetric('smsc_bound', (bound) => bound > 0);
  const rates: Record<string, number[]> = { fresh: [], laden: [] };
  await load(fresh, 400_000);
  await load(laden, 400_000);
  for (let round = 0; round < 5; round++) {
    rates.fresh.push((await load(fresh, 400_000)).msgPerSecond);
    rates.laden.push((await load(laden, 400_000)).msgPerSecond);
  }
  await Promise.all([fresh.stop(), laden.stop()]);
  await Promise.all([good.kill('SIGTERM'), working.kill('SIGTERM')]);
  const ratio = median(rates.laden) / median(rates.fresh);
  const figures = `${Math.round(median(rates.fresh))} msg/s without, ${Math.round(median(rates.laden))} with`;
  return {
    kept: ratio > 0.9 && waiting >= 100_000,
    text: `${waiting} waiting: ${figures}, ratio ${ratio.toFixed(2)}`,
  };
}

/** Receipts that overtake their submit_sm_resp: none lost, none held up. */
async function earlyReceipts(): Promise<Outcome> {
  const run = (simFlags: string[]) =>
    withDaemon('early', simFlags, {}, async (daemon) => {
      const plan = { port: daemon.site.smppPort, flags: ['--rate', '5000', '--duration-s', '5'] };
      await runLoad(plan);
      const { receiptMs, lostReceipts: lost } = await runLoad(plan);
      return { kept: lost === 0, text: `${receiptMs.p50}/${receiptMs.p99}` };
    });
  const late = await run([]);
  const early = await run(['--receipt-first']);
  const [lateP99, earlyP99] = [late, early].map(({ text }) => Number(text.split('/')[1]));
  const kept = late.kept && early.kept && earlyP99 < 2 * lateP99 + 20;
  return { kept, text: `receipt p50/p99 ms ${early.text}, in the usual order ${late.text}, none lost` };
}

/** An SMSC at 2,000/s and an ESME at 10,000/s: memory stays flat, the ESME is slowed, nothing is lost. */
async function slowSmsc(): Promise<Outcome> {
  const seconds = Number(flags.seconds);
  return withDaemon('slow', ['--tps', '2000'], { queue_max: 100_000 }, async (daemon) => {
    const pid = pidOf(daemon.command);
    const rss: number[] = [];
    const sampler = setInterval(() => rss.push(rssMbOf(pid)), 500);
    const plan = {
      port: daemon.site.smppPort,
      flags: ['--rate', '10000', '--duration-s', `${seconds}`, '--wait-receipts-s', '120'],
    };
    const result = await runLoad(plan, true);
    clearInterval(sampler);
    const half = rss.slice(Math.floor(rss.length / 4));
    const growth = Math.max(...half) - Math.min(...half.slice(0, 10));
    const lost = result.lostReceipts + result.unanswered;
    const text =
      `${result.accepted} accepted, ${result.refused} refused in ${seconds} s, lost ${lost}, ` +
      `RSS ${Math.round(Math.min(...half))}–${Math.round(Math.max(...half))} MB`;
    return { kept: lost === 0 && growth < 100 && result.refused > 0, text };
  });
}

/** A client without TCP_NODELAY that submits one by one: not 40 ms for each receipt. */
async function noNodelay(): Promise<Outcome> {
  const run = (groupMs: number, receipts: boolean) => {
    const account = { ...WIDE, receipt_group_ms: groupMs };
    return withGroup(account, receipts);
  };
  const without = await run(200, false);
  const grouped = await run(200, true);
  const each = await run(0, true);
  const text = `msg/s: ${without} without receipts, ${grouped} with, ${each} with receipts one by one`;
  return { kept: grouped > 0.5 * without && grouped > 2 * each, text };
}

async function withGroup(account: Record<string, unknown>, receipts: boolean): Promise<number> {
  const simPort = await freePort();
  const sim = await startSim(simPort, ['--receipt-delay-ms', '300-600']);
  const daemon = await startTollgate(makeScratch('nagle'), simPort, { account: [account] });
  const rate = await runLockStep(daemon.site.smppPort, receipts, 5_000);
  await daemon.stop();
  await sim.kill('SIGTERM');
  return Math.round(rate);
}

/** A million messages for an SMSC that is down: memory, start-up after kill -9, and all of them delivered. */
async function million(): Promise<Outcome> {
  const messages = Number(flags.messages);
  const simPort = await freePort();
  const daemon = await startTollgate(makeScratch('million'), simPort, { account: [WIDE] });
  const plan = ['--messages', `${messages}`, '--window', '8000', '--no-receipts', '--wait-receipts-s', '1'];
  const { accepted, msgPerSecond } = await runLoad({ port: daemon.site.smppPort, flags: plan }, true);
  const queuedRss = rssMbOf(pidOf(daemon.command));
  await daemon.kill();
  const startedMs = performance.now();
  const again = await new Daemon(daemon.site).ready();
  const startMs = performance.now() - startedMs;
  const pid = pidOf(again.command);
  const pending = await again.metric('pending');
  let rssMax = rssMbOf(pid);
  const sampler = setInterval(() => (rssMax = Math.max(rssMax, rssMbOf(pid))), 200);
  await startSim(simPort);
  const drainMs = performance.now();
  await until(async () => (await again.metric('pending')) === 0, 'the queue is empty', 180_000);
  const drain = messages / ((performance.now() - drainMs) / 1000);
  clearInterval(sampler);
  const sent = await again.metric('smsc_sent_total');
  await again.stop();
  const text =
    `accepted ${accepted} at ${Math.round(msgPerSecond)}/s, RSS ${Math.round(queuedRss)} MB; after kill -9 ready in ` +
    `${Math.round(startMs)} ms with ${pending} pending; ${sent} sent at ${Math.round(drain)}/s, ` +
    `RSS at most ${Math.round(rssMax)} MB`;
  const kept =
    accepted === messages && queuedRss < 600 && rssMax < 600 && startMs < 10_000 && pending === messages;
  return { kept: kept && sent >= messages, text };
}

const SCENARIOS: Record<string, () => Promise<Outcome>> = {
  rtt50,
  'lost-receipts': lostReceipts,
  'early-receipts': earlyReceipts,
  'slow-smsc': slowSmsc,
  'no-nodelay': noNodelay,
  million,
};

let failed = 0;
for (const name of positionals.length > 0 ? positionals : Object.keys(SCENARIOS)) {
  const scenario = SCENARIOS[name];
  if (scenario === undefined)
    throw new Error(`no scenario ${name}: there are ${Object.keys(SCENARIOS).join(', ')}`);
  const { kept, text } = await scenario();
  if (!kept) failed++;
  process.stdout.write(`${kept ? 'kept  ' : 'FAILED'} ${name}: ${text}\n`);
  await pause(100);
}
process.stdout.write(`scenarios: failed=${failed}\n`);
process.exit(failed === 0 ? 0 : 1);
