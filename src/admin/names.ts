/**
 * Permanent indexes of accounts and SMSCs: the ledger and the pending store know them by number, so a number is
 * never given to another name on this node. Kept in <dataDir>/names.json, which only grows.
 */
import * as fs from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';

const schema = z.strictObject({
  nodeId: z.string(),
  shards: z.number().int(),
  accounts: z.array(z.string()),
  smscs: z.array(z.string()),
});

export type Names = z.infer<typeof schema>;

export interface NamesWanted {
  nodeId: string;
  shards: number;
  accounts: string[];
  smscs: string[];
}

/**
 * The indexes, with those of new names added and on disk. Throws a one-line error when the file is damaged, or when
 * the directory belongs to another node or another number of shards: both would mix up what is pending in it.
 */
export function assignNames(dataDir: string, wanted: NamesWanted): Names {
  const path = join(dataDir, 'names.json');
  const names = readNames(path) ?? { nodeId: wanted.nodeId, shards: wanted.shards, accounts: [], smscs: [] };
  if (names.nodeId !== wanted.nodeId) {
    throw new Error(`${path}: written by node "${names.nodeId}", but node_id is "${wanted.nodeId}"`);
  }
  if (names.shards !== wanted.shards) {
    throw new Error(
      `${path}: written with shards = ${names.shards}, but shards is ${wanted.shards}; drain it first`,
    );
  }
  const before = JSON.stringify(names);
  for (const name of wanted.accounts) if (!names.accounts.includes(name)) names.accounts.push(name);
  for (const name of wanted.smscs) if (!names.smscs.includes(name)) names.smscs.push(name);
  if (JSON.stringify(names) !== before || !fs.existsSync(path))
    writeDurably(path, JSON.stringify(names, null, 2));
  return names;
}

function readNames(path: string): Names | undefined {
  if (!fs.existsSync(path)) return undefined;
  try {
    return schema.parse(JSON.parse(fs.readFileSync(path, 'utf8')));
  } catch (error) {
    throw new Error(`${path}: unreadable, restore it from a backup before starting`, { cause: error });
  }
}

/** New file, synced, renamed over the old one, directory synced: there is always a whole one. */
function writeDurably(path: string, text: string): void {
  const fresh = `${path}.new`;
  fs.writeFileSync(fresh, `${text}\n`, { mode: 0o600, flush: true });
  fs.renameSync(fresh, path);
  const directory = fs.openSync(dirname(path), 'r');
  try {
    fs.fsyncSync(directory);
  } finally {
    fs.closeSync(directory);
  }
}
