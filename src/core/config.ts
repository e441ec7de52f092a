import { z } from 'zod';
import { relationProblems } from './config-relations.ts';
import type { ConfigProblem } from './config-relations.ts';
import { account } from './config-account.ts';
import { smsc } from './config-smsc.ts';
import { ascii, integer, interfaceVersion, listen, seconds, tlvName } from './config-values.ts';
import * as limits from './limits.ts';
import { suggest } from './suggest.ts';

// Every option is declared here once: key, type, bounds, default, unit (the end of its name) and what it
// means. The key an operator writes is the property the code reads.

const edge = z.strictObject({
  threads: integer(1, limits.EDGE_THREADS_MAX).default(1).describe('Threads that hold client connections.'),
});

const ledger = z.strictObject({
  durability: z
    .enum(['full', 'unsafe-none'])
    .default('full')
    .describe('full: nothing is acknowledged before it is on disk. unsafe-none: a power cut loses messages.'),
  segment_bytes_max: integer(limits.SEGMENT_BYTES_FLOOR, limits.SEGMENT_BYTES_MAX)
    .default(134_217_728)
    .describe('A ledger file ends when it is this large.'),
  segment_age_s: seconds(1).default(60).describe('A ledger file ends when it is this old.'),
  settle_age_s: seconds(1).default(5).describe('Open messages leave an ended ledger file after this.'),
  retention_s: integer(0, limits.RETENTION_S_MAX)
    .default(172_800)
    .describe('A settled ledger file is deleted after this.'),
  disk_reserve_bytes: integer(limits.DISK_RESERVE_BYTES_FLOOR, 1_099_511_627_776)
    .default(67_108_864)
    .describe('New messages are refused when less than this is free on the disk.'),
  commit_deadline_ms: integer(100, 600_000)
    .default(5_000)
    .describe('A commit that takes longer ends the process: the disk can not be trusted.'),
  messages_in_memory_max: integer(limits.MESSAGES_IN_MEMORY_FLOOR, limits.MESSAGES_IN_MEMORY_MAX)
    .default(262_144)
    .describe('Messages of one shard in memory; the others wait on disk.'),
});

const smpp = z.strictObject({
  listen: listen.default('0.0.0.0:2775').describe('Where SMPP clients connect.'),
  system_id: ascii(1, limits.NAME_LENGTH_MAX).default('tollgate').describe('Our name in bind responses.'),
  session_init_s: seconds(1).default(10).describe('A connection that has not bound by then is closed.'),
  enquire_link_s: seconds(0).default(30).describe('Silence after which we send enquire_link; 0: never.'),
  inactivity_s: seconds(0).default(300).describe('Silence after which a session is closed; 0: never.'),
  response_s: seconds(1).default(60).describe('A request of ours without an answer by then has failed.'),
  pdu_complete_s: seconds(1).default(10).describe('A PDU must be whole this long after its first byte.'),
  pdu_bytes_max_unbound: integer(limits.PDU_BYTES_FLOOR, limits.PDU_BYTES_MAX)
    .default(1_024)
    .describe('Largest PDU accepted before the bind.'),
  pdu_bytes_max: integer(limits.PDU_BYTES_FLOOR, limits.PDU_BYTES_MAX)
    .default(131_072)
    .describe('Largest PDU accepted after the bind.'),
  sessions_max: integer(1, limits.SESSIONS_MAX).default(2_000).describe('Connections in all, bound or not.'),
  sessions_per_ip_max: integer(1, limits.SESSIONS_MAX).default(200).describe('Connections from one address.'),
  interface_version_max: interfaceVersion.default('5.0').describe('Highest SMPP version that we speak.'),
  errors_max: integer(1, 1_000_000)
    .default(100)
    .describe(
      "PDUs of one client's session, within errors_s, that can not be read or do not belong: then it is closed.",
    ),
  errors_s: seconds(1).default(60).describe('Time that errors_max counts over.'),
});

const http = z.strictObject({
  listen: listen.default('127.0.0.1:8080').describe('Where HTTP clients connect.'),
  body_bytes_max: integer(limits.HTTP_BODY_BYTES_FLOOR, limits.HTTP_BODY_BYTES_MAX)
    .default(65_536)
    .describe('Largest request body accepted.'),
  engine: z
    .enum(['auto', 'uws', 'node'])
    .default('auto')
    .describe('auto: uWebSockets.js where it loads, else node:http.'),
});

const receipts = z.strictObject({
  keep_s: integer(1, limits.RETENTION_S_MAX)
    .default(259_200)
    .describe('A receipt is offered to its client for this long, then parked.'),
  wait_s: integer(1, limits.RETENTION_S_MAX)
    .default(259_200)
    .describe('How long a sent message waits for its receipt.'),
  park_s: integer(1, limits.RETENTION_S_MAX)
    .default(600)
    .describe('How long a receipt of an unknown message waits for its message.'),
});

const log = z.strictObject({
  level: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'])
    .default('info')
    .describe('Least important line that is written.'),
});

const shutdown = z.strictObject({
  grace_s: integer(0, 3_600).default(30).describe('How long a stop waits for answers under way.'),
});

const admin = z.strictObject({
  socket: z
    .string()
    .min(1, 'must not be empty')
    .default('admin.sock')
    .describe('Unix socket for "tollgate session" and others, relative to data_dir.'),
  trace_s_max: integer(1, limits.TRACE_S_MAX)
    .default(600)
    .describe('Longest time that a session may be traced.'),
});

const tlv = z.strictObject({
  name: tlvName.describe('Its name in the log, in routes and in tlv_map.'),
  tag: integer(1, 65_535).describe('Its number; 0x1400 to 0x3FFF are for vendors.'),
  type: z.enum(['integer', 'cstring', 'octets']).describe('How its value is read and shown.'),
  log: z.boolean().default(false).describe('It is shown with its message by "tollgate ledger".'),
});

const rule = z.strictObject({
  tlv: tlvName.describe('Name of a [[tlv]].'),
  equals: z.string().describe('The value that it must have: as text, a number in decimal, octets in hex.'),
  smscs: z.array(z.string()).min(1, 'must name at least one SMSC').describe('Where such messages go.'),
});

const route = z.strictObject({
  smscs: z
    .array(z.string())
    .min(1, 'must name at least one SMSC')
    .describe('Ids of the SMSCs that messages go to, in order of preference.'),
  rule: z
    .array(rule)
    .max(1_000, 'at most 1000')
    .default([])
    .describe('Exceptions; the first that fits counts.'),
});

const demo = z.strictObject({
  simulator: z.boolean().default(false).describe("Starts an SMSC simulator on the first SMSC's port."),
  password: z.string().default('').describe("The demo account's password, printed at start."),
});

export const configSchema = z.strictObject({
  version: z.literal(1, 'must be 1').default(1).describe('Version of this file format.'),
  node_id: z
    .string()
    .regex(
      new RegExp(`^[A-Za-z0-9._-]{1,${limits.NODE_ID_LENGTH_MAX}}$`),
      `must be 1 to ${limits.NODE_ID_LENGTH_MAX} of letters, digits, ".", "_" and "-"`,
    )
    .default('tollgate-1')
    .describe('Name of this node; never change it while messages are open.'),
  data_dir: z
    .string()
    .min(1, 'must not be empty')
    .default('data')
    .describe('Folder of the ledger, relative to this file.'),
  shards: integer(1, limits.SHARDS_MAX)
    .default(1)
    .describe('Threads that hold SMSC connections and the ledger.'),
  edge: edge.prefault({}),
  ledger: ledger.prefault({}),
  smpp: smpp.prefault({}),
  http: http.prefault({}),
  receipts: receipts.prefault({}),
  log: log.prefault({}),
  shutdown: shutdown.prefault({}),
  admin: admin.prefault({}),
  tlv: z.array(tlv).max(limits.TLVS_MAX, `at most ${limits.TLVS_MAX}`).default([]),
  account: z.array(account).max(limits.ACCOUNTS_MAX, `at most ${limits.ACCOUNTS_MAX}`).default([]),
  smsc: z
    .array(smsc)
    .min(1, 'at least one [[smsc]] is needed')
    .max(limits.SMSCS_MAX, `at most ${limits.SMSCS_MAX}`),
  route,
  demo: demo.prefault({}),
});

export type Config = z.infer<typeof configSchema>;
export type AccountConfig = Config['account'][number];
export type SmscConfig = Config['smsc'][number];

export type ConfigResult =
  | { readonly ok: true; readonly config: Config }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[] };

/** Checks what a configuration file says (secrets resolved) and fills in defaults; every problem at once. */
export function checkConfig(value: unknown): ConfigResult {
  const result = configSchema.safeParse(value, { reportInput: true });
  // The relations are checked even when the shape is wrong somewhere, so that one run shows everything.
  const relations = relationProblems(result.success ? result.data : value);
  if (result.success && relations.length === 0) return { ok: true, config: result.data };
  const shape = result.success ? [] : result.error.issues.flatMap(shapeProblems);
  return { ok: false, problems: [...shape, ...relations] };
}

function shapeProblems(issue: z.core.$ZodIssue): ConfigProblem[] {
  const path = issue.path.filter((key) => typeof key !== 'symbol');
  if (issue.code === 'unrecognized_keys') {
    const known = keysAt(path);
    return issue.keys.map((key) => {
      const near = suggest(key, known);
      const hint = near === undefined ? '' : `, did you mean "${near}"?`;
      return { path: [...path, key], message: `unknown key${hint}` };
    });
  }
  if (issue.code === 'invalid_type' && issue.input === undefined) return [{ path, message: 'is missing' }];
  if (issue.code === 'invalid_type')
    return [{ path, message: `must be ${TYPE_NAMES[issue.expected] ?? issue.expected}` }];
  if (issue.code === 'invalid_value') {
    return [{ path, message: `must be ${issue.values.map((one) => JSON.stringify(one)).join(' or ')}` }];
  }
  return [{ path, message: issue.message }];
}

const TYPE_NAMES: Record<string, string> = {
  string: 'a string',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a table',
};

/** The keys that the schema knows at a path of the file. */
function keysAt(path: readonly (string | number)[]): string[] {
  let schema: unknown = configSchema;
  for (const key of path) {
    schema = inner(schema);
    if (schema instanceof z.ZodArray) schema = schema.element;
    else if (schema instanceof z.ZodObject) schema = schema.shape[key];
  }
  schema = inner(schema);
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
}

function inner(schema: unknown): unknown {
  return schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault ? inner(schema.unwrap()) : schema;
}
