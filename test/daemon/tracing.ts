/** `tollgate session …` as a child process beside a whole daemon. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AdminClient } from '../../src/admin/client.ts';
import type { SessionInfo } from '../../src/admin/protocol.ts';
import { Command, runCommand, until } from '../support/daemon.ts';
import type { CommandResult, Site } from '../support/daemon.ts';

export function runSession(site: Site, ...words: string[]): Promise<CommandResult> {
  return runCommand(['session', ...words, '--config', site.configPath]);
}

/** A trace that has begun: what passes from now on is in it. */
export async function startTrace(site: Site, ...words: string[]): Promise<Command> {
  const command = new Command(['session', 'trace', ...words, '--config', site.configPath]);
  await until(() => command.stderr.includes('tracing ') || !command.isRunning, 'the trace begins');
  if (!command.stderr.includes('tracing ')) throw new Error(`no trace: ${command.stderr}`);
  return command;
}

/** What "tollgate session list" shows, without a process for it. */
export async function listed(site: Site): Promise<SessionInfo[]> {
  const client = await AdminClient.connect(join(site.dataDir, 'admin.sock'));
  const sessions: SessionInfo[] = [];
  await client.call('session.list', {}, (item) => sessions.push(...(item.sessions as SessionInfo[])));
  client.close();
  return sessions;
}

/** The id of the one session that fits. */
export async function idOf(site: Site, fits: (session: SessionInfo) => boolean): Promise<string> {
  const found = (await listed(site)).filter(fits);
  if (found.length !== 1) throw new Error(`${found.length} sessions: ${JSON.stringify(found)}`);
  return found[0].id;
}

export function auditOf(site: Site): Record<string, unknown>[] {
  return readFileSync(join(site.dataDir, 'audit.log'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

export interface ShownPdu {
  session: string;
  direction: 'in' | 'out';
  command: string;
  /** The body's octets, as the hexadecimal lines have them. */
  body: string;
}

/** The PDUs of a text trace. */
export function pdusOf(text: string): ShownPdu[] {
  const pdus: ShownPdu[] = [];
  for (const line of text.split('\n')) {
    const head = /^\d{4}-\S+Z (\S+) (in|out) +(\w+)/.exec(line);
    const octets = /^ {2}[0-9a-f]{4,} {2}([0-9a-f ]+)$/.exec(line);
    if (head !== null) {
      pdus.push({ session: head[1], direction: head[2] as 'in' | 'out', command: head[3], body: '' });
    }
    const last = pdus.at(-1);
    if (octets !== null && last !== undefined) last.body += octets[1].replaceAll(' ', '');
  }
  return pdus;
}
