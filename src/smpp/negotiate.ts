/**
 * Which version two sides speak (v5.0 section 2.7; reference section 7.6). interface_version: everything up to 0x33 is
 * "3.3 or earlier"; 0x34 and 0x50 are the versions; what lies between or above them is read as the next lower one.
 */
import { VERSION_33, VERSION_34, VERSION_50 } from './constants.ts';

/** As an operator writes it. */
export type VersionName = '3.3' | '3.4' | '5.0';

const NUMBERS: Record<VersionName, number> = { '3.3': VERSION_33, '3.4': VERSION_34, '5.0': VERSION_50 };

export function versionNumber(name: VersionName): number {
  return NUMBERS[name];
}

/** `3.4`; for logs. */
export function versionName(version: number): VersionName {
  if (version >= VERSION_50) return '5.0';
  return version >= VERSION_34 ? '3.4' : '3.3';
}

/** The version that a peer means by the interface_version it announces: VERSION_33, VERSION_34 or VERSION_50. */
export function spokenVersion(announced: number): number {
  if (announced >= VERSION_50) return VERSION_50;
  return announced >= VERSION_34 ? VERSION_34 : VERSION_33;
}

export interface Negotiated {
  /** VERSION_33, VERSION_34 or VERSION_50. */
  version: number;
  /** Whether TLVs may be sent. */
  tlvs: boolean;
}

/**
 * What an ESME that bound with `asked` speaks after the response. `announced`: its sc_interface_version; an SMSC
 * without one has no TLVs by the specification, yet many of 3.4 leave it out, so `assumeTlvs` may say otherwise. More
 * than 3.4 is never assumed.
 */
export function negotiate(asked: number, announced: number | undefined, assumeTlvs: boolean): Negotiated {
  const own = spokenVersion(asked);
  if (own === VERSION_33) return { version: VERSION_33, tlvs: false };
  if (announced === undefined) return { version: VERSION_34, tlvs: assumeTlvs };
  const version = Math.min(own, spokenVersion(announced));
  return { version, tlvs: version > VERSION_33 };
}
