/**
 * The pending store of a shard as another process sees it, beside the daemon that writes it: reading only.
 */
import * as fs from 'node:fs';
import { openReadOnly } from './sqlite.ts';

export interface PendingView {
  settledThrough(): number;
  has(idHigh: number, idLow: number): boolean;
  /** Rows of each kind, by its number. */
  countsByKind(): Map<number, number>;
  close(): void;
}

/** undefined when the shard has no pending store yet. */
export function openPendingView(path: string): PendingView | undefined {
  if (!fs.existsSync(path)) return undefined;
  const database = openReadOnly(path);
  const has = database.prepare<[number, number], number>(
    'SELECT 1 FROM pending WHERE id_high = ? AND id_low = ?',
  );
  const settled = database.prepare<[], number>('SELECT settled FROM progress WHERE one = 1');
  const counts = database.prepare<[], [number, number]>('SELECT kind, COUNT(*) FROM pending GROUP BY kind');
  return {
    settledThrough: () => settled.pluck().get() ?? 0,
    has: (idHigh, idLow) => has.get(idHigh, idLow) !== undefined,
    countsByKind: () => new Map(counts.raw().all()),
    close: () => database.close(),
  };
}
