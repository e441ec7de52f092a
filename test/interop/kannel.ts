import type { Part } from './ground.ts';
import { KANNEL } from './programs.ts';
export const kannelPart: Part = { name: 'kannel', needs: [KANNEL], limitMs: 1, run: async () => {} };
