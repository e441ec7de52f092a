import { userInfo } from 'node:os';
import { resolve } from 'node:path';
import type { Argv, CommandModule } from 'yargs';
import { AdminClient } from '../admin/client.ts';
import { loadConfig } from '../admin/config-file.ts';
import { AdminError } from '../admin/protocol.ts';
import type { Json, SessionInfo, TraceItem } from '../admin/protocol.ts';
import { STANDARD_TAGS, tagTable } from '../smpp/tags.ts';
import type { TagTable } from '../smpp/tags.ts';
import { EXIT, ExitError, UsageError } from './exit.ts';
import { configOption } from './options.ts';
import { tableLines } from './table.ts';
import { pcapSink, textSink } from './trace-sinks.ts';
import type { TraceSink } from './trace-sinks.ts';

// Talks to a running daemon over its admin socket. What it is asked for is written to audit.log over there.

interface Common {
  config: string;
  socket: string | undefined;
}

interface TraceArguments extends Common {
  id: string | undefined;
  account: string | undefined;
  seconds: number | undefined;
  pcap: string | undefined;
  hideText: boolean;
}

export const sessionCommand: CommandModule<object, object> = {
  command: 'session <action>',
  describe: 'Sessions of a running daemon: list, trace, close',
  builder: (args: Argv<object>) =>
    args
      .option('config', configOption)
      .option('socket', {
        type: 'string',
        requiresArg: true,
        describe: "The daemon's admin socket, instead of --config",
      })
      .command(listCommand as unknown as CommandModule<object, object>)
      .command(traceCommand as unknown as CommandModule<object, object>)
      .command(closeCommand as unknown as CommandModule<object, object>)
      .demandCommand(1, 'list, trace or close?'),
  handler: () => undefined,
};

const listCommand: CommandModule<object, Common & { json: boolean }> = {
  command: 'list',
  describe: 'Sessions of ESMEs and binds to SMSCs',
  builder: (args: Argv<object>) =>
    args.option('json', {
      type: 'boolean',
      default: false,
      describe: 'One JSON object a line',
    }) as unknown as Argv<Common & { json: boolean }>,
  handler: async (args) => {
    const sessions: SessionInfo[] = [];
    await withDaemon(locate(args).socket, (client) =>
      client.call('session.list', {}, (item) => sessions.push(...(item.sessions as SessionInfo[]))),
    );
    sessions.sort((a, b) => a.kind.localeCompare(b.kind) || a.sinceMs - b.sinceMs);
    const lines = args.json
      ? sessions.map((one) => JSON.stringify(one))
      : tableLines(sessions.map(sessionRow));
    if (!args.json && sessions.length === 0) lines.push('no sessions');
    process.stdout.write(lines.map((line) => `${line}\n`).join(''));
  },
};

function sessionRow(session: SessionInfo): Record<string, unknown> {
  const since = session.sinceMs === 0 ? '-' : new Date(session.sinceMs).toISOString();
  return {
    id: session.id,
    name: session.name || '-',
    address: session.remote || '-',
    state: session.state,
    bind: session.bind || '-',
    version: session.version || '-',
    since,
    'in flight': session.inFlight,
    receipts: session.receiptsWaiting,
    errors: session.errors,
  };
}

const traceCommand: CommandModule<object, TraceArguments> = {
  command: 'trace [id]',
  describe: 'Show the PDUs of a session while they pass; recorded in audit.log',
  builder: (args: Argv<object>) =>
    args
      .positional('id', { type: 'string', describe: 'As "tollgate session list" shows it' })
      .option('account', {
        type: 'string',
        requiresArg: true,
        describe: 'All sessions of this account, also those that bind later',
      })
      .option('seconds', { type: 'number', requiresArg: true, describe: 'How long (60)' })
      .option('pcap', {
        type: 'string',
        requiresArg: true,
        describe: 'Write this file for Wireshark; - is stdout',
      })
      .option('hide-text', {
        type: 'boolean',
        default: false,
        describe: 'Show no message texts',
      }) as unknown as Argv<TraceArguments>,
  handler: async (args) => {
    const { id, account, seconds, pcap, hideText } = args;
    if ((id === undefined) === (account === undefined)) {
      throw new UsageError('the id of a session, or --account NAME?');
    }
    if (pcap === '-' && process.stdout.isTTY) throw new UsageError('--pcap - into a file or a pipe, please');
    if (seconds !== undefined && !(seconds > 0 && Number.isFinite(seconds))) {
      throw new UsageError('--seconds must be one number above 0');
    }
    const { socket, tags } = locate(args);
    const form = pcap === undefined ? 'text' : 'pcap';
    const asked: Json = { hideText, form, said: whoAsks() };
    Object.assign(asked, id === undefined ? { account } : { session: id });
    if (seconds !== undefined) asked.seconds = seconds;
    await withDaemon(socket, (client) =>
      follow(client, asked, () => (pcap === undefined ? textSink(tags) : pcapSink(pcap))),
    );
  },
};

/** Runs a trace to its end; the sink is opened once the daemon has agreed to it. */
async function follow(client: AdminClient, asked: Json, openSink: () => TraceSink): Promise<void> {
  let sink: TraceSink | undefined;
  let isInterrupted = false;
  const interrupt = (): void => {
    isInterrupted = true;
    client.close();
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, interrupt);
  const onItem = async (item: Json): Promise<void> => {
    if (item.events !== undefined) {
      await sink?.take(item as unknown as TraceItem);
      return;
    }
    sink = openSink();
    tell(`tracing ${String(asked.session ?? asked.account)} for ${String(item.seconds)} s`);
  };
  let reason: string;
  try {
    const end = await client.call('session.trace', asked, onItem);
    reason = REASONS[String(end.reason)] ?? String(end.reason);
  } catch (error) {
    if (!isInterrupted) throw error;
    reason = 'interrupted';
  }
  await sink?.close();
  tell(`the trace ended: ${reason}; ${sink?.summary() ?? 'nothing was shown'}`);
}

const REASONS: Record<string, string> = {
  time: 'its time is over',
  'session ended': 'the session ended',
  'daemon stops': 'the daemon stops',
};

const closeCommand: CommandModule<object, Common & { id: string }> = {
  command: 'close <id>',
  describe: 'Unbind a session; a client, and a bind to an SMSC, may come back at once',
  builder: (args: Argv<object>) =>
    args.positional('id', { type: 'string', demandOption: true }) as unknown as Argv<Common & { id: string }>,
  handler: async (args) => {
    const asked = { session: args.id, said: whoAsks() };
    await withDaemon(locate(args).socket, (client) => client.call('session.close', asked));
    process.stdout.write(`closing ${args.id}\n`);
  },
};

/** Where the daemon of this configuration listens, and the TLVs that it names. */
function locate(args: Common): { socket: string; tags: TagTable } {
  if (args.socket !== undefined) return { socket: resolve(args.socket), tags: STANDARD_TAGS };
  const config = loadConfig(args.config);
  // A [[tlv]] may name a standard one, which has its name here already.
  const vendors = config.tlv.filter(
    ({ tag, name }) => STANDARD_TAGS.byTag(tag) === undefined && STANDARD_TAGS.byName(name) === undefined,
  );
  return { socket: resolve(config.data_dir, config.admin.socket), tags: tagTable(vendors) };
}

async function withDaemon<T>(socket: string, talk: (client: AdminClient) => Promise<T>): Promise<T> {
  try {
    const client = await AdminClient.connect(socket);
    try {
      return await talk(client);
    } finally {
      client.close();
    }
  } catch (error) {
    if (error instanceof AdminError) throw new ExitError(error.message, EXIT.failed);
    throw error;
  }
}

function whoAsks(): Json {
  const { uid, username } = userInfo();
  return { uid: Math.max(0, uid), user: username.slice(0, 64), pid: process.pid };
}

function tell(line: string): void {
  process.stderr.write(`${line}\n`);
}
