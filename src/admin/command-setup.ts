/** What the commands of the admin socket share: the gateway as they see it, who asks, what is written down. */
import { z } from 'zod';
import type { AuditLog } from './audit.ts';
import type { Logger } from './log.ts';
import { AdminError } from './protocol.ts';
import type { Json, SessionInfo, TraceItem } from './protocol.ts';

/** What a trace shows: one session by its id, or every session of an account, also those that come later. */
export interface TraceTarget {
  session?: string;
  account?: string;
}

export interface TraceBatchItem extends Omit<TraceItem, 'bytes'> {
  bytes: Uint8Array;
}

/** The gateway's threads, as these commands need them. */
export interface Gateway {
  /** False until the threads run, and once they stop. */
  isRunning(): boolean;
  hasAccount(name: string): boolean;
  sessions(): Promise<SessionInfo[]>;
  /** False: there is no such session. */
  closeSession(id: string): Promise<boolean>;
  /**
   * Begins the trace; `onBatch` is called with what it brings, and the next batches wait for its promise. False: there
   * is no such session.
   */
  startTrace(
    trace: number,
    target: TraceTarget,
    hideText: boolean,
    onBatch: (batch: TraceBatchItem) => Promise<void>,
  ): Promise<boolean>;
  /** Resolves once nothing more of it will come. */
  stopTrace(trace: number): Promise<void>;
}

export interface CommandSetup {
  gateway: Gateway;
  audit: AuditLog;
  log: Logger;
  traceSMax: number;
  /** The number of the last trace, and how many run. */
  readonly traces: { last: number; running: number };
}

/**
 * Who gives the order, in its own words: Node.js can not ask the kernel for the peer of a Unix socket. The file's mode
 * says who it can be at all: the daemon's user, or root.
 */
export const said = z.strictObject({
  uid: z.int().min(0),
  user: z.string().max(64),
  pid: z.int().min(0),
});

export function unknownSession(id: string): AdminError {
  return new AdminError('unknown-session', `there is no session ${id}; "tollgate session list" has them`);
}

/** What can not be written down is not done. */
export async function auditOrRefuse(audit: AuditLog, entry: Record<string, unknown>): Promise<void> {
  try {
    await audit.append(entry);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new AdminError('audit', `refused, since ${audit.path} can not be written: ${why}`);
  }
}

/** Throws AdminError naming the argument that is wrong. */
export function readArguments<T>(schema: z.ZodType<T>, args: Json): T {
  const read = schema.safeParse(args);
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  const where = issue.path.length === 0 ? 'the arguments' : issue.path.join('.');
  throw new AdminError('bad-arguments', `${where}: ${issue.message}`);
}
