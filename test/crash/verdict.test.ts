import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { tempDir } from '../support/tmp.ts';
import type { TempDir } from '../support/tmp.ts';
import { planCampaign } from './plan.ts';
import { judge, readClientRecords, readTaken } from './verdict.ts';

let dir: TempDir;
beforeEach(() => void (dir = tempDir()));
afterEach(() => dir.remove());

function file(name: string, lines: string[]): string {
  const path = join(dir.path, name);
  writeFileSync(path, lines.map((line) => `${line}\n`).join(''));
  return path;
}

test('each kind of fault is found, and only where it is', () => {
  const client = readClientRecords([
    // k5 was refused and k6 never answered: nothing was promised.
    file('load', ['S k1', 'A k5 - 00000058', 'S k6']),
    file('load-acked', ['A k1 id1 00000000', 'A k2 id2 00000000', 'A k3 id3 00000000', 'A k4 id4 00000000']),
    file('load-once', ['R id1 DELIVRD', 'R id9 DELIVRD']),
    file('load-twice', ['R id2 DELIVRD', 'R id2 DELIVRD', 'R id3 DELIVRD', 'R id3 UNDELIV']),
  ]);
  // k4 was only ever refused or left unanswered; k2 was taken twice, k6 three times, though nobody knows of it.
  const taken = readTaken([
    file('sim-1', ['k1', 'k2', 'k4 00000058', 'k4 -', 'k6']),
    file('sim-2', ['k2', 'k3', 'k6', 'k6']),
  ]);
  const finals = new Map([
    ['id1', 1],
    ['id2', 2],
    ['id4', 1],
    ['id9', 1],
  ]);
  expect(judge(client, taken, finals)).toEqual({
    acked: 4,
    lost: 1,
    dup: 3,
    cdrMissing: 1,
    cdrDouble: 1,
    receiptsLost: 1,
    receiptsRepeated: 2,
    receiptsContradictory: 1,
    idsRepeated: 0,
  });
});

test('an id given to two messages is found', () => {
  const path = file('load', ['A k1 id1 00000000', 'A k2 id1 00000000']);
  expect(readClientRecords([path]).idsRepeated).toBe(1);
});

test('the same seed gives the same campaign, another seed another one; every round has its kill', () => {
  expect(planCampaign(50, 7)).toEqual(planCampaign(50, 7));
  expect(planCampaign(50, 7)).not.toEqual(planCampaign(50, 8));
  for (const rounds of [1, 5, 50]) {
    const kills = planCampaign(rounds, 3).flatMap((leg) => leg.kills);
    expect(kills).toHaveLength(rounds);
  }
});
