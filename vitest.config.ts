import { defineConfig } from 'vitest/config';

const SYSTEM = ['test/daemon/**/*.test.ts', 'test/crash/**/*.test.ts', 'test/race/**/*.test.ts'];

// unit: everything that runs in a moment. system: whole daemons, killed processes and real threads, one file at a
// time, since they share the machine's cores and its disk. Forks, not threads: native addons end with a process.
const config = defineConfig({
  test: {
    pool: 'forks',
    // Vitest leaves a core free, which on two cores would mean one file at a time.
    maxWorkers: 2,
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: SYSTEM,
          sequence: { groupOrder: 0 },
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'system',
          include: SYSTEM,
          fileParallelism: false,
          sequence: { groupOrder: 1 },
          testTimeout: 120_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});

export { config as default };
