/** What the admin socket can be asked for. */
import { z } from 'zod';
import { auditOrRefuse, readArguments, said, unknownSession } from './command-setup.ts';
import type { CommandSetup } from './command-setup.ts';
import { traceCommand } from './commands-trace.ts';
import { AdminError } from './protocol.ts';
import type { Json } from './protocol.ts';
import type { AdminHandler, AdminReply } from './server.ts';

const closeArguments = z.strictObject({ session: z.string().max(128), said });

const SESSIONS_AT_ONCE = 500;

type Command = (setup: CommandSetup, args: Json, reply: AdminReply) => Promise<object>;

const COMMANDS: Record<string, Command> = {
  'session.list': listSessions,
  'session.close': closeSession,
  'session.trace': traceCommand,
};

export function adminHandler(given: Omit<CommandSetup, 'traces'>): AdminHandler {
  const setup: CommandSetup = { ...given, traces: { last: 0, running: 0 } };
  return async (command, args, reply) => {
    if (!Object.hasOwn(COMMANDS, command)) {
      throw new AdminError('unknown-command', `this daemon knows no command "${command}"`);
    }
    if (!setup.gateway.isRunning()) throw new AdminError('not-running', 'the daemon is starting or stopping');
    return await COMMANDS[command](setup, args, reply);
  };
}

async function listSessions({ gateway }: CommandSetup, _args: Json, reply: AdminReply): Promise<object> {
  const sessions = await gateway.sessions();
  for (let at = 0; at < sessions.length && !reply.aborted.aborted; at += SESSIONS_AT_ONCE) {
    reply.item({ sessions: sessions.slice(at, at + SESSIONS_AT_ONCE) });
    await reply.drained();
  }
  return { count: sessions.length };
}

async function closeSession({ gateway, audit, log }: CommandSetup, args: Json): Promise<object> {
  const { session, said } = readArguments(closeArguments, args);
  const found = (await gateway.sessions()).find(({ id }) => id === session);
  if (found === undefined) throw unknownSession(session);
  const entry = { event: 'session-close', session, kind: found.kind, name: found.name, said };
  await auditOrRefuse(audit, entry);
  log.info(entry, 'session closed by order');
  if (!(await gateway.closeSession(session))) throw unknownSession(session);
  return { session };
}
