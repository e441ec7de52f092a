import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../../src/smpp/codec.ts';
import * as smpp from '../../src/smpp/constants.ts';
import { Fuzzer } from './fuzzer.ts';
import { heapBytes } from './heap.ts';
import { vectors } from '../support/vectors.ts';
import { seeds } from './seeds.ts';

const SEED = Number(process.env.FUZZ_SEED ?? 20_260_105);
const COUNT = 100_000;
const GROWN_BYTES_MAX = 4_194_304;

/** Statuses that mutations must reach, or they test too little. */
const REACHED = [
  smpp.ESME_RINVMSGLEN,
  smpp.ESME_RINVCMDLEN,
  smpp.ESME_RINVCMDID,
  smpp.ESME_RINVPRTFLG,
  smpp.ESME_RINVREGDLVFLG,
  smpp.ESME_RINVSRCADR,
  smpp.ESME_RINVDSTADR,
  smpp.ESME_RINVMSGID,
  smpp.ESME_RBINDFAIL,
  smpp.ESME_RINVPASWD,
  smpp.ESME_RINVSYSID,
  smpp.ESME_RINVSERTYP,
  smpp.ESME_RINVNUMDESTS,
  smpp.ESME_RINVDESTFLAG,
  smpp.ESME_RINVESMCLASS,
  smpp.ESME_RINVSYSTYP,
  smpp.ESME_RINVREPFLAG,
  smpp.ESME_RINVSCHED,
  smpp.ESME_RINVEXPIRY,
  smpp.ESME_RINVTLVSTREAM,
  smpp.ESME_RTLVNOTALLWD,
  smpp.ESME_RINVTLVLEN,
  smpp.ESME_RMISSINGTLV,
  smpp.ESME_RINVTLVVAL,
  smpp.ESME_RINVDCS,
];

describe(`codec and scanners under ${COUNT} mutated PDUs, seed ${SEED}`, () => {
  const fuzzer = new Fuzzer(SEED);

  it('keep their promises and leave no memory behind', () => {
    fuzzer.run(0, COUNT / 4);
    const before = heapBytes();
    fuzzer.run(COUNT / 4, COUNT);
    expect(
      fuzzer.broken.map(({ index, reason, hex }) => `seed ${SEED} PDU ${index}: ${reason} ${hex}`),
    ).toEqual([]);
    expect(fuzzer.throws).toBe(0);
    expect(heapBytes() - before).toBeLessThan(GROWN_BYTES_MAX);
  }, 120_000);

  it('take every command and refuse with every status', () => {
    const { taken, refused, shaping } = fuzzer.promises;
    expect(COMMANDS.filter((command) => (taken.get(command) ?? 0) < 10)).toEqual([]);
    expect(REACHED.filter((status) => (refused.get(status) ?? 0) === 0).map(smpp.statusName)).toEqual([]);
    const sum = (counts: ReadonlyMap<unknown, number>): number =>
      [...counts.values()].reduce((a, b) => a + b, 0);
    expect(sum(taken)).toBeGreaterThan(COUNT / 10);
    expect(sum(refused)).toBeGreaterThan(COUNT / 10);
    expect(shaping.bodies).toBeGreaterThan(COUNT / 4);
  });
});

describe('the mutations', () => {
  it('are the same for the same seed and number, and others for others', () => {
    const trail = (seed: number, from: number, to: number): string => {
      const fuzzer = new Fuzzer(seed);
      fuzzer.run(from, to);
      return JSON.stringify([[...fuzzer.promises.taken], [...fuzzer.promises.refused]]);
    };
    expect(trail(1, 500, 900)).toBe(trail(1, 500, 900));
    expect(trail(1, 500, 900)).not.toBe(trail(2, 500, 900));
    expect(trail(1, 500, 900)).not.toBe(trail(1, 501, 901));
  });

  it('start from every vector, and know where its fields are', () => {
    expect(seeds).toHaveLength(vectors.length + 1);
    const submit = seeds.find(({ bytes }) => bytes.length === 62 && bytes.readUInt32BE(4) === smpp.SUBMIT_SM);
    expect(submit?.places).toHaveLength(22);
  });
});

describe('the long run', () => {
  it('sums up in its last line', () => {
    const script = fileURLToPath(new URL('run.ts', import.meta.url));
    const printed = execFileSync(process.execPath, [script, '--count', '3000', '--seed', '7'], {
      encoding: 'utf8',
    });
    const last = printed.trimEnd().split('\n').at(-1);
    expect(last).toBe('fuzz: pdus=3000 throws=0 hangs=0 leaks=0 seed=7');
  });

  it('tries one PDU again', () => {
    const script = fileURLToPath(new URL('run.ts', import.meta.url));
    const words = ['--seed', '7', '--at', '12'];
    expect(execFileSync(process.execPath, [script, ...words], { encoding: 'utf8' })).toMatch(
      /^PDU 12, seed 7: /,
    );
  });
});
