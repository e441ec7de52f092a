/** The npm package `smpp`: as ESME in front of a daemon and as the SMSC behind it. */
import type { Ground, Part } from './ground.ts';
import { checkBinds, checkCongestion, checkOurOwn, checkRefusals } from './smpp-binds.ts';
import { checkLongStyles, checkMessages } from './smpp-messages.ts';
import { checkBroadcast, checkDataSm, checkMulti, checkQueued } from './smpp-operations.ts';
import { checkOutbind } from './smpp-outbind.ts';
import { checkDialects, checkReceiptForms } from './smpp-receipts.ts';
import { checkUpstreams } from './smpp-upstreams.ts';

const SCENARIOS = [
  checkBinds,
  checkRefusals,
  checkCongestion,
  checkOurOwn,
  checkMessages,
  checkLongStyles,
  checkMulti,
  checkDataSm,
  checkQueued,
  checkBroadcast,
  checkDialects,
  checkReceiptForms,
  checkUpstreams,
  checkOutbind,
];

/** One that breaks off does not keep the others from running. */
async function run(ground: Ground): Promise<void> {
  for (const scenario of SCENARIOS) {
    try {
      await scenario(ground);
    } catch (error) {
      ground.checks.broken(error);
    }
    await ground.rest();
  }
}

export const smppPart: Part = { name: 'smpp', needs: [], limitMs: 420_000, run };
