import { expect, test } from 'vitest';
import { createMesh, edgeEnds, shardEnds } from '../../../src/core/ring/mesh.ts';
import type { MeshEnds } from '../../../src/core/ring/mesh.ts';

const EDGES = 3;
const SHARDS = 2;

function send(from: MeshEnds, to: number, mark: number): void {
  const ring = from.writers[to];
  const at = ring.claim(16);
  ring.bytes.u32[(at + 8) >> 2] = mark;
  ring.commit();
  ring.publish();
}

function received(end: MeshEnds): [number, number][] {
  const marks: [number, number][] = [];
  for (const [from, reader] of end.readers.entries()) {
    reader.read((bytes, at) => {
      marks.push([from, bytes.u32[(at + 8) >> 2]]);
      return true;
    }, 100);
  }
  return marks;
}

test('every edge reaches every shard, and every shard every edge, each over a ring of their own', () => {
  const mesh = createMesh(EDGES, SHARDS, 4096);
  const edges = Array.from({ length: EDGES }, (_, edge) => edgeEnds(mesh, edge));
  const shards = Array.from({ length: SHARDS }, (_, shard) => shardEnds(mesh, shard));
  for (const [edge, end] of edges.entries()) {
    for (let shard = 0; shard < SHARDS; shard++) send(end, shard, 1000 + edge * 10 + shard);
  }
  for (const [shard, end] of shards.entries()) {
    for (let edge = 0; edge < EDGES; edge++) send(end, edge, 2000 + edge * 10 + shard);
  }
  for (const [shard, end] of shards.entries()) {
    expect(received(end)).toEqual([0, 1, 2].map((edge) => [edge, 1000 + edge * 10 + shard]));
  }
  for (const [edge, end] of edges.entries()) {
    expect(received(end)).toEqual([0, 1].map((shard) => [shard, 2000 + edge * 10 + shard]));
  }
});

test('a record rings the bell of the thread that reads it, and no other', async () => {
  const mesh = createMesh(2, 2, 4096);
  const edges = [edgeEnds(mesh, 0), edgeEnds(mesh, 1)];
  const shards = [shardEnds(mesh, 0), shardEnds(mesh, 1)];
  const woken: string[] = [];
  const sleep = (name: string, end: MeshEnds): void =>
    end.bell.wait(end.bell.prepare(), () => woken.push(name));
  sleep('edge 0', edges[0]);
  sleep('edge 1', edges[1]);
  sleep('shard 0', shards[0]);
  sleep('shard 1', shards[1]);
  const rounds = async (): Promise<void> => {
    for (let round = 0; round < 3; round++) await new Promise((resolve) => setTimeout(resolve, 5));
  };
  send(edges[1], 0, 1);
  await rounds();
  expect(woken).toEqual(['shard 0']);
  send(shards[1], 1, 1);
  await rounds();
  expect(woken).toEqual(['shard 0', 'edge 1']);
  send(edges[0], 1, 1);
  send(shards[0], 0, 1);
  await rounds();
  expect(woken.toSorted()).toEqual(['edge 0', 'edge 1', 'shard 0', 'shard 1']);
});
