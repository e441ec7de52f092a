/** Which version an SMSC is spoken to in: the lowest of the binds that take messages and are up. */
import { SMSC_SPOKEN } from '../core/ring/counters.ts';
import { VERSION_50 } from '../smpp/constants.ts';
import { isBound } from '../smpp/session.ts';
import type { SmscProfile } from '../smpp/shape-profile.ts';
import { profileAsSpoken, spokenOf } from '../smpp/upstream.ts';
import type { Smsc } from './state.ts';

/** What an SMSC is configured for, whatever its binds speak. */
export function configuredProfile({ profile }: Smsc): SmscProfile {
  return profile.configured ?? profile;
}

/**
 * A bind came or went. While none is up, what the last one spoke stays: the next will most likely speak it again. True:
 * messages must look different from now on.
 */
export function settleVersions(smsc: Smsc): boolean {
  let [version, tlvs, isUp] = [VERSION_50, true, false];
  for (const bind of smsc.binds) {
    if (bind.kind === 'receiver' || !isBound(bind.state)) continue;
    isUp = true;
    version = Math.min(version, bind.version);
    tlvs &&= bind.tlvs;
  }
  const spoken = spokenOf({ version, tlvs });
  if (!isUp || smsc.cells[SMSC_SPOKEN] === spoken) return false;
  smsc.cells[SMSC_SPOKEN] = spoken;
  const before = smsc.profile;
  smsc.profile = profileAsSpoken(configuredProfile(smsc), spoken);
  return smsc.profile !== before;
}

/** Whether a queued message may have what the SMSC's binds do not know, and must be looked at before it is sent. */
export function needsLook({ configured, tlvs }: SmscProfile): boolean {
  // Without TLVs, though it is configured so: what was queued may be older than the configuration.
  return configured !== undefined || !tlvs;
}
