/** One leg of a campaign: simulators that outlive everything, load that goes on, and a daemon that is killed. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Command, DEMO, Daemon, makeSite, pause, runCommand } from '../support/daemon.ts';
import type { Site } from '../support/daemon.ts';
import { freePort } from '../support/ports.ts';
import { tempDir } from '../support/tmp.ts';
import { RECEIPT_WINDOW, tablesOf } from './plan.ts';
import type { Kill, Leg } from './plan.ts';
import { takeReceipts } from './receipt-taker.ts';
import { addReceipt, countLines, judge, readClientRecords, readFinals, readTaken } from './verdict.ts';
import type { Verdict } from './verdict.ts';

/** What contract G5 takes for the time in which responses are not durable yet, on a disk that is no slower. */
const COMMIT_INTERVAL_S = 0.02;
/** The group that is written and the one that fills meanwhile. */
const GROUPS_UNSURE = 2;
const STARTUP_S = 1;
const DRAIN_MS_MAX = 60_000;

export interface LegResult extends Verdict {
  /** G5, summed over the kills: submits unanswered, and responses not durable. */
  dupBound: number;
  receiptsRepeatedBound: number;
  /** Anything else that is wrong, one sentence each. */
  problems: string[];
}

export type Say = (line: string) => void;

export async function runLeg(leg: Leg, rate: number, say: Say): Promise<LegResult> {
  const dir = tempDir();
  const ports: number[] = [];
  for (const _ of leg.simulators) ports.push(await freePort());
  const site = await makeSite(join(dir.path, 'daemon'), tablesOf(leg, ports));
  const run = new LegRun(leg, rate, site, ports, say);
  let kept = false;
  try {
    const result = await run.run();
    kept = result.problems.length > 0;
    if (kept) say(`kept for a look: ${dir.path}`);
    return result;
  } finally {
    await run.killAll();
    if (!kept) dir.remove();
  }
}

class LegRun {
  readonly #leg: Leg;
  readonly #rate: number;
  readonly #site: Site;
  readonly #say: Say;
  readonly #simulators: Command[];
  readonly #takenPaths: string[];
  readonly #loads: Command[] = [];
  readonly #loadPaths: string[] = [];
  readonly #problems: string[] = [];
  #daemon: Daemon;
  #dupBound = 0;
  #receiptsRepeatedBound = 0;
  #client = readClientRecords([]);

  constructor(leg: Leg, rate: number, site: Site, ports: readonly number[], say: Say) {
    this.#leg = leg;
    this.#rate = rate;
    this.#site = site;
    this.#say = say;
    this.#takenPaths = ports.map((port) => join(site.dir, `taken-${port}`));
    this.#simulators = ports.map((port, index) => {
      const fixed = ['sim', '--port', `${port}`, '--redeliver', '--record', this.#takenPaths[index]];
      return new Command([...fixed, '--error-status', 'ESME_RSYSERR', ...leg.simulators[index]]);
    });
    this.#daemon = new Daemon(site);
  }

  async run(): Promise<LegResult> {
    await this.#daemon.ready();
    for (const kill of this.#leg.kills) await this.#round(kill);
    await this.#daemon.ready();
    await this.#awaitLoads();
    await this.#takeTheRest();
    const { code, signal } = await this.#daemon.command.kill('SIGTERM');
    if (code !== 0 || signal !== null) this.#problems.push(`the graceful stop ended with ${code ?? signal}`);
    for (const simulator of this.#simulators) await simulator.kill('SIGTERM');
    await this.#audit();
    return this.#judge();
  }

  /** Load, kill, start again. */
  async #round(kill: Kill): Promise<void> {
    if (kill.from === 'ready') {
      await this.#daemon.ready();
      this.#keepLoading();
    }
    const takenBefore = countLines(this.#takenPaths);
    const startedMs = performance.now();
    await pause(kill.afterMs);
    const commitS = await this.#commitMax();
    if (!this.#daemon.command.isRunning) throw new Error(`the daemon ended by itself:\n${this.#daemon.log}`);
    await this.#daemon.kill();
    const seconds = (performance.now() - startedMs) / 1000;
    const taken = countLines(this.#takenPaths) - takenBefore;
    this.#addBounds(taken / seconds, commitS);
    this.#say(`  killed ${kill.afterMs} ms after ${kill.from}: ${taken} submits since`);
    this.#daemon = new Daemon(this.#site);
  }

  /** Seconds that its slowest commit took; 0 before it is ready. */
  async #commitMax(): Promise<number> {
    if (!this.#daemon.log.includes('tollgate is ready')) return 0;
    const page = await (await fetch(this.#daemon.url('/metrics'))).text();
    const slowest = [...page.matchAll(/^tollgate_commit_max_milliseconds\{.*\} (\S+)$/gm)];
    if (slowest.length === 0) throw new Error('no metric tollgate_commit_max_milliseconds');
    return Math.max(...slowest.map(([, ms]) => Number(ms))) / 1000;
  }

  #addBounds(ratePerS: number, commitS: number): void {
    const { log } = this.#daemon;
    const unsure = Math.ceil(ratePerS * Math.max(COMMIT_INTERVAL_S, GROUPS_UNSURE * commitS));
    const { binds, window, loadBinds, simulators } = this.#leg;
    // A daemon that was killed before it had a bind, or a client, can have sent nothing.
    if (log.includes('"msg":"bound"')) this.#dupBound += binds * window * simulators.length + unsure;
    if (log.includes('"msg":"esme bound"')) {
      this.#receiptsRepeatedBound += loadBinds * RECEIPT_WINDOW + unsure;
    }
  }

  /** Starts a load unless one is running; it is meant to last for all kills of the leg. */
  #keepLoading(): void {
    if (this.#loads.at(-1)?.isRunning === true) return;
    const { kills, loadBinds } = this.#leg;
    const seconds = kills.reduce((sum, { afterMs }) => sum + afterMs / 1000 + STARTUP_S, 0);
    const index = this.#loads.length;
    const path = join(this.#site.dir, `load-${index}`);
    const target = [
      '--port',
      `${this.#site.smppPort}`,
      '--system-id',
      DEMO.name,
      '--password',
      DEMO.password,
    ];
    const pace = ['--binds', `${loadBinds}`, '--window', '200', '--rate', `${this.#rate}`];
    const course = [
      '--duration-s',
      `${index === 0 ? seconds : 3}`,
      '--key-prefix',
      `${index}-`,
      '--reconnect',
    ];
    const load = new Command(['load', ...target, ...pace, ...course, '--record', path, '--json']);
    this.#loads.push(load);
    this.#loadPaths.push(path);
  }

  /** A load ends when it has its receipts. */
  async #awaitLoads(): Promise<void> {
    for (const load of this.#loads) {
      const { code, signal } = await load.ended;
      if (code !== 0) this.#problems.push(`load ended with ${code ?? signal}: ${load.stderr}${load.stdout}`);
    }
  }

  /** Receipts of messages whose acknowledgement was lost: no load waits for them. */
  async #takeTheRest(): Promise<void> {
    const client = readClientRecords(this.#loadPaths.filter((path) => existsSync(path)));
    const taker = await takeReceipts(this.#site.smppPort, (id, state) => addReceipt(client, id, state));
    this.#client = client;
    try {
      await this.#daemon.untilNonePending(DRAIN_MS_MAX);
    } catch (error) {
      this.#problems.push(`${String(error)}: ${await this.#daemon.metric('pending')} are`);
    }
    const difference = await this.#daemon.metric('conservation_difference');
    if (difference !== 0) this.#problems.push(`accepted - final - pending = ${difference}`);
    taker.close();
  }

  async #audit(): Promise<void> {
    const audit = await runCommand(['ledger', 'audit', '--json', '--data-dir', this.#site.dataDir]);
    this.#say(`  audit: ${audit.stdout.trim()}`);
    if (audit.code !== 0) this.#problems.push(`ledger audit: ${audit.stderr.trim()}`);
    const { open } = JSON.parse(audit.stdout) as { open: number };
    if (open !== 0) this.#problems.push(`${open} messages are not final`);
  }

  async #judge(): Promise<LegResult> {
    const verdict = judge(this.#client, readTaken(this.#takenPaths), await readFinals(this.#site.dataDir));
    const problems = this.#problems;
    const none = (count: number, what: string): void => {
      if (count > 0) problems.push(`${count} ${what}`);
    };
    none(verdict.lost, 'acknowledged messages never reached an SMSC');
    none(verdict.cdrMissing, 'acknowledged messages have no FINAL event');
    none(verdict.cdrDouble, 'messages have more than one FINAL event');
    none(verdict.receiptsLost, 'acknowledged messages got no receipt');
    none(verdict.receiptsContradictory, 'messages got receipts of different states');
    none(verdict.idsRepeated, 'message ids were given twice');
    none(Math.max(0, verdict.dup - this.#dupBound), 'messages too many sent twice');
    none(
      Math.max(0, verdict.receiptsRepeated - this.#receiptsRepeatedBound),
      'receipts too many delivered twice',
    );
    if (verdict.acked === 0) problems.push('no message was acknowledged: nothing is proven');
    return {
      ...verdict,
      dupBound: this.#dupBound,
      receiptsRepeatedBound: this.#receiptsRepeatedBound,
      problems,
    };
  }

  async killAll(): Promise<void> {
    for (const command of [...this.#simulators, ...this.#loads, this.#daemon.command]) {
      if (command.isRunning) await command.kill('SIGKILL');
    }
  }
}
