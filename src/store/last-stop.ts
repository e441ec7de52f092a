/**
 * Whether the shard was stopped in order the last time: then nothing was on its way to an SMSC when it ended. Kept in
 * the header of the database (user_version): the segment that was open then, 0: it was not, or has run since.
 */
import type { Database } from './sqlite.ts';

/** The segment, or 0. Forgets it, on disk when this returns: what is sent from here on may be cut off. */
export function takeStop(database: Database): number {
  const segment = database.pragma('user_version', { simple: true }) as number;
  if (segment !== 0) write(database, 0);
  return segment;
}

export function noteStop(database: Database, segment: number): void {
  write(database, segment);
}

function write(database: Database, segment: number): void {
  database.pragma('synchronous = FULL');
  database.pragma(`user_version = ${segment}`);
  database.pragma('synchronous = NORMAL');
}
