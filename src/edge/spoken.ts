/** What SMSCs speak, as their shards find out when they bind. */
import { SMSC_SPOKEN } from '../core/ring/counters.ts';
import { profileAsSpoken } from '../smpp/upstream.ts';
import type { EdgeState } from './state.ts';

/**
 * Messages are made for what the binds of their SMSC speak from now on. Some times a second: what was made in between
 * is looked at once more before it is sent.
 */
export function followVersions({ smscs, accounts }: EdgeState): void {
  for (const smsc of smscs) {
    const spoken = smsc.cells[SMSC_SPOKEN];
    if (spoken === smsc.spoken) continue;
    smsc.spoken = spoken;
    smsc.profile = profileAsSpoken(smsc.profile.configured ?? smsc.profile, spoken);
    for (const account of accounts) {
      if (account === undefined || account.plain34.length <= smsc.index) continue;
      account.plain34[smsc.index] = undefined;
      account.plain50[smsc.index] = undefined;
    }
  }
}
