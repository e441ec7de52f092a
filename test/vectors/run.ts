/**
 * Every vector: `npm run test:vectors`. The valid ones are read and written by the codec; the malformed ones are sent
 * to a running daemon, by a client and by an SMSC, and must get the reaction that stands in the file. Failures are
 * named, the last line sums up, and the exit code is 1 when one is missing.
 */
import type { Vector } from '../support/vectors.ts';
import { ClientSide, forClient, forServer, malformed, ServerSide } from './reactions.ts';
import { checkValid, valid } from './valid.ts';

const failed = new Set<Vector>();

function note(vector: Vector, where: string, error: unknown): void {
  failed.add(vector);
  // The first line of a long message says it: what follows is a log or a difference field by field.
  const [why] = (error instanceof Error ? error.message : String(error)).split('\n');
  console.log(`vector ${vector.name} (${where}): ${why}`);
}

for (const vector of valid) {
  try {
    checkValid(vector);
  } catch (error) {
    note(vector, 'codec', error);
  }
}

async function checkAll(
  side: ServerSide | ClientSide,
  where: string,
  list: readonly Vector[],
): Promise<void> {
  try {
    await side.start();
    for (const vector of list) await side.check(vector).catch((error: unknown) => note(vector, where, error));
  } catch (error) {
    for (const vector of list) note(vector, where, error);
  } finally {
    await side.clear();
  }
}

await checkAll(new ServerSide(), 'from a client', forServer);
await checkAll(new ClientSide(), 'from an SMSC', forClient);

const ok = (list: readonly Vector[]): string =>
  `${list.filter((vector) => !failed.has(vector)).length}/${list.length}`;
console.log(`vectors: valid_ok=${ok(valid)} malformed_ok=${ok(malformed)}`);
process.exit(failed.size > 0 ? 1 : 0);
