import type * as lmdb from '../../src/cdr/lmdb.ts';

/** What the disk does to the next puts: nothing bad, or a refusal of all puts until it is mended. */
export const disk = { full: false, putDelayMs: 0, opensNothing: false };

/** The door to LMDB with that disk behind it, for vi.mock. */
export function withDisk(real: typeof lmdb): typeof lmdb {
  return {
    ...real,
    createSegment: (path, options) => {
      if (disk.opensNothing) throw new Error('No space left on device');
      const writer = real.createSegment(path, options);
      return {
        ...writer,
        put: async (key, block) => {
          if (disk.full) throw new Error('the commit failed: No space left on device');
          if (disk.putDelayMs > 0) await new Promise((resolve) => setTimeout(resolve, disk.putDelayMs));
          return writer.put(key, block);
        },
      };
    },
  };
}
