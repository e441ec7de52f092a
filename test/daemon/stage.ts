/** What every test of a whole daemon needs: a place, an SMSC, a daemon, clients; and their end, however it comes. */
import { makeSite, runCommand, startDaemon } from '../support/daemon.ts';
import type { ConfigTables, Daemon, Site } from '../support/daemon.ts';
import { tempDir } from '../support/tmp.ts';
import { startSimulator } from '../../src/sim/simulator.ts';
import type { RunningSimulator } from '../../src/sim/simulator.ts';
import type { SimulatorOptions } from '../../src/sim/options.ts';
import { bindEsme } from './esme.ts';
import type { Esme, EsmeOptions } from './esme.ts';
import { OctetSmsc } from './octet-smsc.ts';
import type { OctetSmscOptions } from './octet-smsc.ts';
import { NpmSmsc } from './smsc.ts';
import type { Submitted } from './smsc.ts';

interface LedgerLine {
  type?: string;
  cdr?: Record<string, unknown>;
  [field: string]: unknown;
}

export interface History {
  types: string[];
  lines: LedgerLine[];
  cdr: Record<string, unknown>;
}

export class Stage {
  readonly #dir = tempDir();
  readonly #ends: (() => unknown)[] = [];
  #site: Site | undefined;
  #daemon: Daemon | undefined;

  get path(): string {
    return this.#dir.path;
  }

  get daemon(): Daemon {
    if (this.#daemon === undefined) throw new Error('no daemon on this stage');
    return this.#daemon;
  }

  get site(): Site {
    return this.daemon.site;
  }

  /** Our simulator in this process. */
  async simulator(options: Partial<SimulatorOptions> = {}): Promise<RunningSimulator> {
    const simulator = await startSimulator({ port: 0, ...options });
    this.#ends.push(() => simulator.close());
    return simulator;
  }

  async npmSmsc(onSubmit: (submitted: Submitted) => void, port = 0): Promise<NpmSmsc> {
    const smsc = await NpmSmsc.start(onSubmit, port);
    this.#ends.push(() => smsc.close());
    return smsc;
  }

  async octetSmsc(options: OctetSmscOptions = {}): Promise<OctetSmsc> {
    const smsc = await OctetSmsc.start(options);
    this.#ends.push(() => smsc.close());
    return smsc;
  }

  /** Starts the daemon; resolves when it is ready and, unless `bound` is false, bound to its first SMSC. */
  async serve(tables: ConfigTables, bound = true): Promise<Daemon> {
    this.#site = await makeSite(this.#dir.path, tables);
    await this.start();
    if (bound) await this.daemon.untilMetric('smsc_bound', (count) => count >= tables.smsc.length);
    return this.daemon;
  }

  /** Another life of the daemon, at the same place. */
  async start(): Promise<Daemon> {
    this.#daemon = await startDaemon(this.#site as Site);
    return this.#daemon;
  }

  async esme(options: EsmeOptions = {}): Promise<Esme> {
    const esme = await bindEsme(this.site.smppPort, options);
    this.#ends.push(() => esme.session.socket.destroy());
    return esme;
  }

  /** What the ledger says of a message. */
  async history(id: string): Promise<History> {
    const shown = await runCommand(['ledger', 'show', '--json', '--data-dir', this.site.dataDir, id]);
    if (shown.code !== 0) throw new Error(`ledger show ${id}: ${shown.stderr}`);
    const lines = shown.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as LedgerLine);
    const types = lines.map(({ type }) => type).filter((type) => type !== undefined);
    return { types, lines, cdr: lines.at(-1)?.cdr ?? {} };
  }

  /** Waits until the message is final; resolves with its history. */
  async finalOf(id: string): Promise<History> {
    for (let tried = 0; tried < 20; tried++) {
      const history = await this.history(id);
      if (history.types.includes('FINAL')) return history;
    }
    throw new Error(`message ${id} does not become final: ${JSON.stringify(await this.history(id))}`);
  }

  /** The ledger's own arithmetic; throws when it does not add up. */
  async audit(): Promise<Record<string, number>> {
    const audit = await runCommand(['ledger', 'audit', '--json', '--data-dir', this.site.dataDir]);
    if (audit.code !== 0) throw new Error(`ledger audit: ${audit.stderr}${audit.stdout}`);
    return JSON.parse(audit.stdout) as Record<string, number>;
  }

  /** Ends everything; for afterEach. */
  async clear(): Promise<void> {
    if (this.#daemon?.command.isRunning === true) await this.#daemon.kill();
    for (const end of this.#ends.toReversed()) await end();
    this.#dir.remove();
  }
}
