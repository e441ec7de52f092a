import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Argv, CommandModule } from 'yargs';
import { loadConfig } from '../admin/config-file.ts';
import { auditLedger } from '../cdr/audit.ts';
import type { LedgerAudit } from '../cdr/audit.ts';
import { ShardFollower } from '../cdr/follow.ts';
import type { PlacedEvent } from '../cdr/follow.ts';
import { accountName, eventFields, isoTime, mergeEvents } from '../cdr/merge.ts';
import type { Fields } from '../cdr/merge.ts';
import type { TlvView } from '../cdr/tlv-fields.ts';
import { listSegments, listShards, shardDirectory } from '../cdr/segments.ts';
import { verifySegments } from '../cdr/verify.ts';
import { readWholeMessage } from '../cdr/whole-message.ts';
import type { VerifyResult } from '../cdr/verify.ts';
import { parseMessageId, shardOf } from '../core/message-id.ts';
import { quoted } from '../core/quote.ts';
import { openPendingView } from '../store/pending-view.ts';
import type { PendingView } from '../store/pending-view.ts';
import { EXIT, ExitError, UsageError } from './exit.ts';
import { configOption } from './options.ts';
import { tableLines } from './table.ts';

// Reads the ledger's files, also while a daemon writes them; never writes one.

interface Common {
  config: string | undefined;
  dataDir: string | undefined;
  json: boolean;
}

const VERIFY_MS_MAX = 60_000;
const POLL_MS = 200;

export const ledgerCommand: CommandModule<object, object> = {
  command: 'ledger <action>',
  describe: 'Look into the ledger: list, show, follow, audit',
  builder: (args: Argv<object>) =>
    args
      // Without a default that yargs knows: with --data-dir a configuration is read only where one is named.
      .option('config', { ...configOption, default: undefined, defaultDescription: configOption.default })
      .option('data-dir', { type: 'string', requiresArg: true, describe: 'The ledger, instead of --config' })
      .option('json', { type: 'boolean', default: false, describe: 'One JSON object a line' })
      .command(listCommand as unknown as CommandModule<object, object>)
      .command(showCommand as unknown as CommandModule<object, object>)
      .command(followCommand as unknown as CommandModule<object, object>)
      .command(auditCommand as unknown as CommandModule<object, object>)
      .demandCommand(1, 'list, show, follow or audit?'),
  handler: () => undefined,
};

const listCommand: CommandModule<object, Common> = {
  command: 'list',
  describe: 'The segments; exit code 1 when one is damaged',
  handler: async (args) => {
    const results = await verifyAll(ledgerOf(args).dataDir);
    if (args.json) for (const result of results) print(JSON.stringify(segmentFields(result)));
    else printTable(results.map(segmentFields));
    failOnFaults(results);
  },
};

const showCommand: CommandModule<object, Common & { messageId: string }> = {
  command: 'show <message-id>',
  describe: "A message's events and its record, with its parts",
  builder: (args: Argv<object>) =>
    args.positional('message-id', { type: 'string', demandOption: true }) as unknown as Argv<
      Common & { messageId: string }
    >,
  handler: async (args) => {
    const id = parseMessageId(args.messageId);
    if (id === undefined)
      throw new UsageError(`${args.messageId} is not a message id: 16 hexadecimal digits`);
    const { dataDir, tlvs } = ledgerOf(args);
    const { events, parts } = await readWholeMessage(dataDir, shardOf(id.idLow), id.idHigh, id.idLow);
    if (events.length === 0) throw new ExitError(`no event of message ${args.messageId}`, EXIT.failed);
    for (const placed of events) print(args.json ? eventJson(placed, tlvs) : eventLines(placed, tlvs));
    const cdr = mergeEvents(events, tlvs);
    const cdrs = parts.map((part) => mergeEvents(part.events, tlvs));
    if (args.json) print(JSON.stringify({ cdr: parts.length === 0 ? cdr : { ...cdr, parts: cdrs } }));
    else {
      print(`cdr\n${fieldLines(cdr)}`);
      for (const each of cdrs) print(`  with\n${fieldLines(each)}`);
    }
  },
};

const followCommand: CommandModule<object, Common & { account?: string; fromStart: boolean }> = {
  command: 'follow',
  describe: 'Events as they are committed',
  builder: (args: Argv<object>) =>
    args
      .option('account', {
        type: 'string',
        requiresArg: true,
        describe: 'Only messages of this account, if accepted since',
      })
      .option('from-start', {
        type: 'boolean',
        default: false,
        describe: 'Begin with the oldest segment',
      }) as unknown as Argv<Common & { account?: string; fromStart: boolean }>,
  handler: async (args) => {
    const { dataDir, tlvs } = ledgerOf(args);
    const followers = new Map<number, ShardFollower>();
    let fromStart = args.fromStart;
    const isWanted = accountFilter(args.account);
    for (;;) {
      for (const shard of listShards(dataDir)) {
        // A shard that appears later is new as a whole.
        if (!followers.has(shard)) followers.set(shard, new ShardFollower(dataDir, shard, fromStart));
        await followers.get(shard)?.poll((placed) => {
          if (isWanted(placed)) print(args.json ? eventJson(placed, tlvs) : eventLine(placed, tlvs));
        });
      }
      fromStart = true;
      await sleep(POLL_MS);
    }
  },
};

const auditCommand: CommandModule<object, Common> = {
  command: 'audit',
  describe: 'Does every message end exactly once? Exit code 1 when not',
  handler: async (args) => {
    const { dataDir } = ledgerOf(args);
    const results = await verifyAll(dataDir);
    const faulty = results.filter((result) => !result.ok);
    const audit = await auditBeside(dataDir, new Set(faulty.map(({ path }) => path)));
    print(args.json ? JSON.stringify({ ...audit, faulty: faulty.map(segmentFields) }) : auditLines(audit));
    for (const result of faulty) process.stderr.write(`${result.path}: ${result.fault}\n`);
    failOnFaults(results);
    const wrong = audit.finalDouble + audit.acceptedDouble + audit.finalWithoutAccept + audit.lost;
    if (wrong > 0) throw new ExitError(`${wrong} messages do not add up`, EXIT.failed);
  },
};

async function auditBeside(dataDir: string, skip: ReadonlySet<string>): Promise<LedgerAudit> {
  const views = new Map<number, PendingView | undefined>();
  try {
    return await auditLedger(dataDir, {
      skip,
      pendingOf(shard) {
        const view = openPendingView(join(shardDirectory(dataDir, shard), 'pending.sqlite'));
        views.set(shard, view);
        return view;
      },
    });
  } finally {
    for (const view of views.values()) view?.close();
  }
}

/** Where the ledger is, and which TLVs the configuration, where one is named, wants shown with a message. */
function ledgerOf(args: Common): { dataDir: string; tlvs: TlvView[] } {
  if (args.config === undefined && args.dataDir !== undefined) return ledgerIn(args.dataDir, []);
  const { data_dir: dataDir, tlv } = loadConfig(args.config ?? configOption.default);
  return ledgerIn(
    args.dataDir ?? dataDir,
    tlv.filter(({ log }) => log),
  );
}

function ledgerIn(dataDir: string, tlvs: TlvView[]): { dataDir: string; tlvs: TlvView[] } {
  if (listShards(dataDir).length === 0) throw new ExitError(`there is no ledger in ${dataDir}`, EXIT.failed);
  return { dataDir, tlvs };
}

function verifyAll(dataDir: string): Promise<VerifyResult[]> {
  const jobs = listShards(dataDir).flatMap((shard) =>
    listSegments(dataDir, shard).map(({ path, segment }) => ({ path, segment, shard })),
  );
  return verifySegments(jobs, VERIFY_MS_MAX);
}

function failOnFaults(results: readonly VerifyResult[]): void {
  const count = results.filter((result) => !result.ok).length;
  if (count > 0)
    throw new ExitError(`${count} ${count === 1 ? 'segment is' : 'segments are'} damaged`, EXIT.failed);
}

function segmentFields(result: VerifyResult): Fields {
  return {
    shard: result.shard,
    segment: result.segment.toString(16).padStart(8, '0'),
    opened: result.openedMs === 0 ? '-' : isoTime(result.openedMs),
    bytes: result.bytes,
    blocks: result.blocks,
    events: result.events,
    messages: result.indexMax < 0 ? 0 : result.indexMax - result.indexFirst + 1,
    sealed: result.sealed,
    fault: result.fault ?? '',
  };
}

/** Passes the events of one account: those of messages whose ACCEPTED was seen, until they are final. */
function accountFilter(account: string | undefined): (placed: PlacedEvent) => boolean {
  const open = new Set<string>();
  return ({ event, names }) => {
    if (account === undefined) return true;
    if (event.type === 'ACCEPTED' && accountName(names, event.account) === account) open.add(event.messageId);
    const isWanted = open.has(event.messageId);
    if (event.type === 'FINAL') open.delete(event.messageId);
    return isWanted;
  };
}

function eventJson({ event, names }: PlacedEvent, tlvs: readonly TlvView[]): string {
  const { type, messageId } = event;
  const fields = eventFields(event, names, tlvs);
  return JSON.stringify({ type, messageId, time: isoTime(event.timeMs), ...fields });
}

function eventLine({ event, names }: PlacedEvent, tlvs: readonly TlvView[]): string {
  const all = Object.entries(eventFields(event, names, tlvs));
  const fields = all.map(([name, value]) => `${name}=${shown(value)}`);
  return [isoTime(event.timeMs), event.messageId, event.type, ...fields].join(' ');
}

function eventLines({ event, names }: PlacedEvent, tlvs: readonly TlvView[]): string {
  return `${isoTime(event.timeMs)} ${event.type}\n${fieldLines(eventFields(event, names, tlvs))}`;
}

function fieldLines(fields: Fields): string {
  return Object.entries(fields)
    .map(([name, value]) => `  ${name.padEnd(18)} ${shown(value)}`)
    .join('\n');
}

/** Texts are quoted: they come from outside and must not write to the terminal by themselves. */
function shown(value: string | number | boolean): string {
  return typeof value === 'string' && !/^[\w.:+()-]+$/.test(value) ? quoted(value) : String(value);
}

function auditLines(audit: LedgerAudit): string {
  const lines = Object.entries(audit).map(([name, value]) =>
    Array.isArray(value)
      ? value.map((id) => `  ${name.slice(0, -3)} ${id}`).join('\n')
      : `${name.padEnd(20)} ${value}`,
  );
  return lines.filter((line) => line !== '').join('\n');
}

function printTable(rows: readonly Fields[]): void {
  for (const line of tableLines(rows)) print(line);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
