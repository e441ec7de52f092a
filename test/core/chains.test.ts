import { describe, expect, test } from 'vitest';
import { Chains, NO_PLACE, hashOctets } from '../../src/core/chains.ts';
import { seeded } from './random.ts';

function placesOf(chains: Chains, hash: number): number[] {
  const places: number[] = [];
  for (let at = chains.first(hash); at !== NO_PLACE; at = chains.after(at)) places.push(at);
  return places;
}

describe.each([1, 7, 64, 1000])('chains over %i places', (count) => {
  const random = seeded(count);

  test(`hold what a list by hash would, in its order (seed ${random.seed})`, () => {
    const chains = new Chains(count);
    const hashes = new Map<number, number>();
    for (let step = 0; step < 20 * count; step++) {
      const place = random.below(count);
      if (random.below(4) === 0) {
        hashes.delete(place);
        chains.remove(place);
      } else {
        // Few hashes, so that chains are long, of the whole range of 32 bits, signed or not.
        const hash = random.pick([0, 1, 2 ** 31, 2 ** 32 - 1, -5, 0x0f00_0000 + random.below(count)]);
        hashes.delete(place);
        hashes.set(place, hash);
        chains.add(place, hash);
      }
    }
    for (const hash of new Set(hashes.values())) {
      const ours = [...hashes].filter(([, each]) => each === hash).map(([place]) => place);
      expect(placesOf(chains, hash).filter((place) => hashes.get(place) === hash)).toEqual(ours);
    }
    for (const place of hashes.keys()) chains.remove(place);
    for (const hash of hashes.values()) expect(placesOf(chains, hash)).toEqual([]);
  });
});

test('a place can be taken out while its chain is gone through', () => {
  const chains = new Chains(4);
  for (const place of [2, 0, 3]) chains.add(place, 9);
  const first = chains.first(9);
  const second = chains.after(first);
  chains.remove(first);
  expect([first, second, chains.after(second), chains.first(9)]).toEqual([2, 0, 3, 0]);
});

test('as many ids as there are places, one after the other, stand in chains of their own', () => {
  const chains = new Chains(4096);
  for (let place = 0; place < 4096; place++) chains.add(place, 0xfc00_0000 + 70_000 + place);
  for (let place = 0; place < 4096; place++) {
    expect(placesOf(chains, 0xfc00_0000 + 70_000 + place)).toEqual([place]);
  }
});

test('questions are noticed, and nothing else', () => {
  const chains = new Chains(4);
  chains.isUsed = false;
  chains.add(1, 1);
  chains.remove(1);
  expect(chains.isUsed).toBe(false);
  chains.first(1);
  expect(chains.isUsed).toBe(true);
});

test('octets hash by FNV-1a, on from a hash', () => {
  // Vectors of the reference page of FNV (isthe.com/chongo/tech/comp/fnv): 32 bits, offset basis 0x811c9dc5.
  const basis = 0x811c_9dc5 | 0;
  const hash = (text: string): number => hashOctets(basis, Buffer.from(text), 0, text.length) >>> 0;
  expect([hash(''), hash('a'), hash('foobar')]).toEqual([0x811c_9dc5, 0xe40c_292c, 0xbf9c_f968]);
  const foo = hashOctets(basis, Buffer.from('--foo'), 2, 3);
  expect(hashOctets(foo, Buffer.from('bar'), 0, 3) >>> 0).toBe(0xbf9c_f968);
});
