import type { Part } from './ground.ts';
import { TSHARK } from './programs.ts';
export const tsharkPart: Part = { name: 'tshark', needs: [TSHARK], limitMs: 1, run: async () => {} };
