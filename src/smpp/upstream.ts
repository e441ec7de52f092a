/** What edges and shards both make of the configuration of an SMSC. */
import type { Config, SmscConfig } from '../core/config.ts';
import { ReferenceNumbers } from '../core/reference-numbers.ts';
import { VERSION_33 } from './constants.ts';
import { versionNumber } from './negotiate.ts';
import type { Negotiated } from './negotiate.ts';
import type { SmscProfile } from './shape-profile.ts';

/** `tlvs`: the [[tlv]] of the configuration, which tlv_map names. */
export function profileOf(smsc: SmscConfig, tlvs: Config['tlv']): SmscProfile {
  const tagOf = (name: string): number => {
    const tlv = tlvs.find((each) => each.name === name);
    if (tlv === undefined) throw new Error(`tlv_map of ${smsc.id} names an unknown TLV ${name}`);
    return tlv.tag;
  };
  const map = Object.entries(smsc.tlv_map).map(
    ([from, to]) => [tagOf(from), to === '' ? 0 : tagOf(to)] as const,
  );
  const version = versionNumber(smsc.interface_version);
  return {
    version,
    tlvs: version > VERSION_33,
    alphabet: smsc.alphabet,
    languages: smsc.languages,
    longMessages: smsc.long_messages,
    tlvMap: new Map(map),
  };
}

const WITHOUT_TLVS = 0x100;

/** What was negotiated as one number, which is never 0. */
export function spokenOf({ version, tlvs }: Negotiated): number {
  return tlvs ? version : version | WITHOUT_TLVS;
}

/**
 * The profile of an SMSC whose binds speak `spoken` (0: not known yet): `configured` itself where that is no less than
 * it is configured for.
 */
export function profileAsSpoken(configured: SmscProfile, spoken: number): SmscProfile {
  if (spoken === 0) return configured;
  const version = Math.min(configured.version, spoken & 0xff);
  const tlvs = configured.tlvs && (spoken & WITHOUT_TLVS) === 0;
  if (version === configured.version && tlvs === configured.tlvs) return configured;
  return { ...configured, version, tlvs, configured };
}

const PAIRS = 65_536;
/** Handsets keep the parts of an incomplete message for a day or so. */
const WINDOW_MS = 86_400_000;

/** Reference numbers for the messages that this thread takes apart; `threads`: how many do so. */
export function referenceNumbers(threads: number, thread: number, nowMs: number): ReferenceNumbers {
  return new ReferenceNumbers({ pairs: PAIRS, windowMs: WINDOW_MS, seed: nowMs % 0x1_0000, threads, thread });
}
