/**
 * The one door to prom-client. Every value is read from the shared counters when it is scraped; the threads that
 * count know nothing of metrics.
 */
import { Counter, Gauge, Registry, collectDefaultMetrics } from 'prom-client';
import * as cell from '../core/ring/counters.ts';
import type { CounterPages } from '../core/ring/counters.ts';

interface Line {
  name: string;
  help: string;
  cell: number;
  counter: boolean;
}

const EDGE_LINES: Line[] = [
  {
    name: 'submit_accepted_total',
    help: 'Submits answered with an id.',
    cell: cell.CELL_SUBMIT_OK,
    counter: true,
  },
  { name: 'submit_refused_total', help: 'Submits refused.', cell: cell.CELL_SUBMIT_REFUSED, counter: true },
  {
    name: 'submit_throttled_total',
    help: 'Of those, over the rate.',
    cell: cell.CELL_SUBMIT_THROTTLED,
    counter: true,
  },
  { name: 'submit_queue_full_total', help: 'Of those, no room.', cell: cell.CELL_QUEUE_FULL, counter: true },
  {
    name: 'receipts_delivered_total',
    help: 'Receipts that an ESME took.',
    cell: cell.CELL_RECEIPTS_DELIVERED,
    counter: true,
  },
  { name: 'receipts_later_total', help: 'Receipts put off.', cell: cell.CELL_RECEIPTS_LATER, counter: true },
  { name: 'sessions', help: 'Connections of ESMEs.', cell: cell.CELL_SESSIONS, counter: false },
  {
    name: 'sessions_stalled',
    help: 'Of those, not read from until there is room.',
    cell: cell.CELL_STALLED,
    counter: false,
  },
  { name: 'binds_total', help: 'Binds accepted.', cell: cell.CELL_BINDS_OK, counter: true },
  { name: 'binds_refused_total', help: 'Binds refused.', cell: cell.CELL_BINDS_REFUSED, counter: true },
  {
    name: 'malformed_pdus_total',
    help: 'PDUs refused for their form or state.',
    cell: cell.CELL_MALFORMED,
    counter: true,
  },
  {
    name: 'broken_streams_total',
    help: 'Links closed for a broken frame.',
    cell: cell.CELL_BROKEN_STREAMS,
    counter: true,
  },
  {
    name: 'sessions_over_error_budget_total',
    help: 'Sessions closed for too many bad PDUs.',
    cell: cell.CELL_ERROR_BUDGETS,
    counter: true,
  },
  {
    name: 'connections_refused_total',
    help: 'Connections over a limit.',
    cell: cell.CELL_CONNECTIONS_REFUSED,
    counter: true,
  },
  { name: 'http_requests_total', help: 'HTTP requests.', cell: cell.CELL_HTTP_REQUESTS, counter: true },
];

const SHARD_LINES: Line[] = [
  { name: 'accepted_total', help: 'Messages in the ledger.', cell: cell.CELL_ACCEPTED, counter: true },
  { name: 'final_total', help: 'Messages that ended, by the ledger.', cell: cell.CELL_FINAL, counter: true },
  { name: 'pending', help: 'Messages that are not final.', cell: cell.CELL_PENDING, counter: false },
  {
    name: 'recovered',
    help: 'Messages that were pending at start-up.',
    cell: cell.CELL_RECOVERED,
    counter: false,
  },
  { name: 'slots_used', help: 'Messages in memory.', cell: cell.CELL_SLOTS_USED, counter: false },
  { name: 'stored', help: 'Messages in the pending store only.', cell: cell.CELL_STORED, counter: false },
  {
    name: 'receipts_waiting',
    help: 'Receipts that wait for an ESME.',
    cell: cell.CELL_RECEIPTS_WAITING,
    counter: false,
  },
  {
    name: 'receipts_parked_total',
    help: 'Receipts without a message yet.',
    cell: cell.CELL_PARKED,
    counter: true,
  },
  {
    name: 'receipts_orphaned_total',
    help: 'Receipts that never found one.',
    cell: cell.CELL_ORPHANED,
    counter: true,
  },
  {
    name: 'late_responses_total',
    help: 'Responses after their timeout.',
    cell: cell.CELL_LATE,
    counter: true,
  },
  {
    name: 'mo_refused_total',
    help: 'Messages from handsets refused.',
    cell: cell.CELL_MO_REFUSED,
    counter: true,
  },
  { name: 'commits_total', help: 'Group commits.', cell: cell.CELL_COMMITS, counter: true },
  {
    name: 'commit_failures_total',
    help: 'Commits that failed.',
    cell: cell.CELL_COMMIT_FAILURES,
    counter: true,
  },
  {
    name: 'commit_last_milliseconds',
    help: 'The last commit.',
    cell: cell.CELL_COMMIT_MS_LAST,
    counter: false,
  },
  {
    name: 'commit_max_milliseconds',
    help: 'The slowest commit.',
    cell: cell.CELL_COMMIT_MS_MAX,
    counter: false,
  },
  {
    name: 'committed_bytes_total',
    help: 'Bytes journalled.',
    cell: cell.CELL_COMMITTED_BYTES,
    counter: true,
  },
  { name: 'disk_refusing', help: '1: the disk is full.', cell: cell.CELL_DISK_REFUSING, counter: false },
  {
    name: 'segments_quarantined',
    help: 'Damaged segments set aside at start-up.',
    cell: cell.CELL_QUARANTINED,
    counter: false,
  },
  { name: 'segment_open', help: 'Number of the open segment.', cell: cell.CELL_SEGMENT, counter: false },
  {
    name: 'segment_settled',
    help: 'Number of the last settled segment.',
    cell: cell.CELL_SETTLED,
    counter: false,
  },
];

const SMSC_LINES: Line[] = [
  { name: 'smsc_bound', help: 'Binds that are up.', cell: cell.SMSC_BOUND, counter: false },
  { name: 'smsc_queue_depth', help: 'Messages that wait.', cell: cell.SMSC_QUEUED, counter: false },
  {
    name: 'smsc_window_used',
    help: 'submit_sm without a response.',
    cell: cell.SMSC_IN_FLIGHT,
    counter: false,
  },
  {
    name: 'smsc_congestion_state',
    help: 'Last congestion_state of a 5.0 SMSC: 0 idle, 100 congested.',
    cell: cell.SMSC_CONGESTION,
    counter: false,
  },
  { name: 'smsc_sent_total', help: 'Messages that the SMSC took.', cell: cell.SMSC_SENT, counter: true },
  {
    name: 'smsc_failed_total',
    help: 'Messages that it refused for good.',
    cell: cell.SMSC_FAILED,
    counter: true,
  },
  { name: 'smsc_retries_total', help: 'Messages to be sent again.', cell: cell.SMSC_RETRIES, counter: true },
  {
    name: 'smsc_throttled_total',
    help: 'ESME_RTHROTTLED answers.',
    cell: cell.SMSC_THROTTLED,
    counter: true,
  },
  {
    name: 'smsc_timeouts_total',
    help: 'submit_sm never answered in time.',
    cell: cell.SMSC_TIMEOUTS,
    counter: true,
  },
  { name: 'smsc_receipts_total', help: 'Receipts received.', cell: cell.SMSC_RECEIPTS, counter: true },
  {
    name: 'smsc_receipt_tlvs_left_out_total',
    help: 'TLVs of receipts that were too long to be handed on.',
    cell: cell.SMSC_RECEIPT_TLVS_LEFT_OUT,
    counter: true,
  },
  {
    name: 'smsc_malformed_pdus_total',
    help: 'PDUs of the SMSC refused for their form or state; its bind stays.',
    cell: cell.SMSC_MALFORMED,
    counter: true,
  },
  {
    name: 'smsc_expired_total',
    help: 'Messages past their validity.',
    cell: cell.SMSC_EXPIRED,
    counter: true,
  },
  {
    name: 'smsc_unmatched_responses_total',
    help: 'Responses to nothing.',
    cell: cell.SMSC_UNMATCHED,
    counter: true,
  },
];

export interface MetricsSource {
  pages: CounterPages;
  edges: number;
  shards: number;
  smscNames: string[];
}

export class Metrics {
  readonly #registry = new Registry();

  constructor(source: MetricsSource) {
    const { pages, edges, shards, smscNames } = source;
    const edgePages = range(edges).map((edge) => ({
      label: `${edge}`,
      cells: cell.threadCells(pages, edge),
    }));
    const shardPages = range(shards).map((shard) => ({
      label: `${shard}`,
      cells: cell.threadCells(pages, edges + shard),
    }));
    const smscPages = smscNames.map((label, index) => ({ label, cells: cell.smscCells(pages, index) }));
    for (const line of EDGE_LINES) this.#add(line, 'edge', edgePages);
    for (const line of SHARD_LINES) this.#add(line, 'shard', shardPages);
    for (const line of SMSC_LINES) this.#add(line, 'smsc', smscPages);
    this.#addDifference(shardPages);
    collectDefaultMetrics({ register: this.#registry, prefix: 'tollgate_' });
  }

  #add(line: Line, label: string, pages: { label: string; cells: Float64Array }[]): void {
    const options = {
      name: `tollgate_${line.name}`,
      help: line.help,
      labelNames: [label],
      registers: [],
    };
    if (line.counter) {
      this.#registry.registerMetric(
        new Counter({
          ...options,
          collect() {
            this.reset();
            for (const page of pages) this.inc({ [label]: page.label }, page.cells[line.cell]);
          },
        }),
      );
      return;
    }
    this.#registry.registerMetric(
      new Gauge({
        ...options,
        collect() {
          for (const page of pages) this.set({ [label]: page.label }, page.cells[line.cell]);
        },
      }),
    );
  }

  /** Conservation: what was accepted is final or pending. Anything but 0 at rest is a bug. */
  #addDifference(pages: { label: string; cells: Float64Array }[]): void {
    this.#registry.registerMetric(
      new Gauge({
        name: 'tollgate_conservation_difference',
        help: 'accepted + recovered - final - pending; 0 at rest.',
        labelNames: ['shard'],
        registers: [],
        collect() {
          for (const { label, cells } of pages) {
            const known = cells[cell.CELL_ACCEPTED] + cells[cell.CELL_RECOVERED];
            this.set({ shard: label }, known - cells[cell.CELL_FINAL] - cells[cell.CELL_PENDING]);
          }
        },
      }),
    );
  }

  text(): Promise<string> {
    return this.#registry.metrics();
  }
}

function range(count: number): number[] {
  return [...Array.from({ length: count }).keys()];
}
