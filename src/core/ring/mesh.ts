/**
 * The rings between the threads: one from every edge to every shard and one back. Built once by the control
 * thread; each worker gets the whole mesh as shared memory and opens its own ends.
 */
import { createDoorbell, Doorbell } from './idle.ts';
import { createRing } from './layout.ts';
import { RingReader, RingWriter } from './ring.ts';

export interface Mesh {
  readonly edges: number;
  readonly shards: number;
  /** Edge i to shard j at [i * shards + j]; `toEdge` likewise, the other way. */
  readonly toShard: SharedArrayBuffer[];
  readonly toEdge: SharedArrayBuffer[];
  readonly edgeBells: SharedArrayBuffer[];
  readonly shardBells: SharedArrayBuffer[];
}

function many(count: number, make: () => SharedArrayBuffer): SharedArrayBuffer[] {
  return Array.from({ length: count }, make);
}

export function createMesh(edges: number, shards: number, ringBytes: number): Mesh {
  return {
    edges,
    shards,
    toShard: many(edges * shards, () => createRing(ringBytes)),
    toEdge: many(edges * shards, () => createRing(ringBytes)),
    edgeBells: many(edges, createDoorbell),
    shardBells: many(shards, createDoorbell),
  };
}

export interface MeshEnds {
  bell: Doorbell;
  /** By the other side's index. */
  writers: RingWriter[];
  readers: RingReader[];
}

export function edgeEnds(mesh: Mesh, edge: number): MeshEnds {
  const ends: MeshEnds = { bell: new Doorbell(mesh.edgeBells[edge]), writers: [], readers: [] };
  for (let shard = 0; shard < mesh.shards; shard++) {
    const at = edge * mesh.shards + shard;
    ends.writers.push(new RingWriter(mesh.toShard[at], new Doorbell(mesh.shardBells[shard])));
    ends.readers.push(new RingReader(mesh.toEdge[at]));
  }
  return ends;
}

export function shardEnds(mesh: Mesh, shard: number): MeshEnds {
  const ends: MeshEnds = { bell: new Doorbell(mesh.shardBells[shard]), writers: [], readers: [] };
  for (let edge = 0; edge < mesh.edges; edge++) {
    const at = edge * mesh.shards + shard;
    ends.writers.push(new RingWriter(mesh.toEdge[at], new Doorbell(mesh.edgeBells[edge])));
    ends.readers.push(new RingReader(mesh.toShard[at]));
  }
  return ends;
}
