/** Kannel: as ESME of a daemon with the npm SMSC behind it, and as a client of `tollgate sim`. */
import type { Ground, Part } from './ground.ts';
import { checkKannelForms } from './kannel-forms.ts';
import { checkKannelSessions } from './kannel-sessions.ts';
import { checkKannelSimulator } from './kannel-simulator.ts';
import { KANNEL } from './programs.ts';

async function run(ground: Ground): Promise<void> {
  for (const scenario of [checkKannelForms, checkKannelSessions, checkKannelSimulator]) {
    try {
      await scenario(ground);
    } catch (error) {
      ground.checks.broken(error);
    }
    await ground.rest();
  }
}

export const kannelPart: Part = { name: 'kannel', needs: [KANNEL], limitMs: 360_000, run };
