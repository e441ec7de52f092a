import { defineConfig } from 'vitest/config';

// Of these each file has the machine to itself: crashes and races are about time.
const ALONE = ['test/crash/**/*.test.ts', 'test/race/**/*.test.ts', 'test/daemon/disk.test.ts'];
const DAEMON = ['test/daemon/**/*.test.ts'];

// unit: everything that runs in a moment. daemon: whole daemons, which mostly wait, three files at a time. system: killed
// processes, real threads, full disks. Forks, not threads: native addons end with a process.
const config = defineConfig({
  test: {
    pool: 'forks',
    // For two cores: tests of daemons mostly wait. Vitest by itself would leave a core free, so one file at a time.
    maxWorkers: 3,
    // Tests of one file that wait at the same time, most of them on one daemon.
    maxConcurrency: 20,
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: [...DAEMON, ...ALONE],
          sequence: { groupOrder: 0 },
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'daemon',
          globalSetup: 'test/support/warm.ts',
          include: DAEMON,
          exclude: ALONE,
          sequence: { groupOrder: 1 },
          testTimeout: 120_000,
          hookTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'system',
          globalSetup: 'test/support/warm.ts',
          include: ALONE,
          fileParallelism: false,
          sequence: { groupOrder: 2 },
          testTimeout: 120_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});

export { config as default };
