import { expect, test } from 'vitest';
import { Metrics } from '../../src/admin/metrics.ts';
import * as cell from '../../src/core/ring/counters.ts';

function makeMetrics(): { metrics: Metrics; pages: cell.CounterPages } {
  const pages = cell.createCounterPages(3, 2, 1);
  return { metrics: new Metrics({ pages, edges: 2, shards: 1, smscNames: ['one', 'two'] }), pages };
}

/** Samples by name and labels, as a scraper reads them. */
async function scrape(metrics: Metrics): Promise<Map<string, number>> {
  const samples = new Map<string, number>();
  for (const line of (await metrics.text()).split('\n')) {
    const match = /^(\w+(?:\{[^}]*\})?) (\S+)$/.exec(line);
    if (match !== null) samples.set(match[1], Number(match[2]));
  }
  return samples;
}

test('every value is read from the counters when it is scraped, under its thread or SMSC', async () => {
  const { metrics, pages } = makeMetrics();
  cell.threadCells(pages, 0)[cell.CELL_SUBMIT_OK] = 5;
  cell.threadCells(pages, 1)[cell.CELL_SUBMIT_OK] = 7;
  cell.threadCells(pages, 2)[cell.CELL_ACCEPTED] = 12;
  cell.smscCells(pages, 1)[cell.SMSC_QUEUED] = 3;
  const first = await scrape(metrics);
  expect(first.get('tollgate_submit_accepted_total{edge="0"}')).toBe(5);
  expect(first.get('tollgate_submit_accepted_total{edge="1"}')).toBe(7);
  expect(first.get('tollgate_accepted_total{shard="0"}')).toBe(12);
  expect(first.get('tollgate_smsc_queue_depth{smsc="two"}')).toBe(3);
  expect(first.get('tollgate_smsc_queue_depth{smsc="one"}')).toBe(0);
  // A counter shows what the cell says, and does not add it up with each scrape; a gauge may go down.
  cell.threadCells(pages, 0)[cell.CELL_SUBMIT_OK] = 6;
  cell.smscCells(pages, 1)[cell.SMSC_QUEUED] = 1;
  const second = await scrape(metrics);
  expect(second.get('tollgate_submit_accepted_total{edge="0"}')).toBe(6);
  expect(second.get('tollgate_smsc_queue_depth{smsc="two"}')).toBe(1);
});

test('conservation: accepted and recovered are final or pending', async () => {
  const { metrics, pages } = makeMetrics();
  const cells = cell.threadCells(pages, 2);
  cells[cell.CELL_RECOVERED] = 10;
  cells[cell.CELL_ACCEPTED] = 100;
  cells[cell.CELL_FINAL] = 70;
  cells[cell.CELL_PENDING] = 40;
  expect((await scrape(metrics)).get('tollgate_conservation_difference{shard="0"}')).toBe(0);
  cells[cell.CELL_FINAL] = 69;
  expect((await scrape(metrics)).get('tollgate_conservation_difference{shard="0"}')).toBe(1);
});

test('every metric has a help text and is named as Prometheus asks for it', async () => {
  // Those of the process itself come with their library's names.
  const text = await makeMetrics().metrics.text();
  const helped = new Set([...text.matchAll(/^# HELP (\w+) \S/gm)].map(([, name]) => name));
  for (const [, name, type] of text.matchAll(/^# TYPE (tollgate_(?!nodejs_|process_)\w+) (\w+)$/gm)) {
    expect(helped.has(name), name).toBe(true);
    expect(name.endsWith('_total'), `${name} is a ${type}`).toBe(type === 'counter');
  }
});
