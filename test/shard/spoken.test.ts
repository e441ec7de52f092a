import { describe, expect, test } from 'vitest';
import { SMSC_SPOKEN } from '../../src/core/ring/counters.ts';
import { needsLook, settleVersions } from '../../src/shard/spoken.ts';
import type { Smsc } from '../../src/shard/state.ts';
import type { OutboundBind } from '../../src/smpp/client.ts';
import { BOUND_RX, BOUND_TRX, BOUND_TX, CLOSED } from '../../src/smpp/session.ts';
import { SMSC, SMSC_33, SMSC_50 } from '../smpp/shape-support.ts';

type Bind = Pick<OutboundBind, 'kind' | 'state' | 'version' | 'tlvs'>;

const up = (version: number, tlvs = version > 0x33): Bind => ({
  kind: 'transceiver',
  state: BOUND_TRX,
  version,
  tlvs,
});

function smscOf(profile: typeof SMSC, ...binds: Bind[]): Smsc {
  return { profile, binds, cells: new Float64Array(16) } as unknown as Smsc;
}

describe('an SMSC is spoken to', () => {
  test('as it is configured, until a bind is up', () => {
    const smsc = smscOf(SMSC_50, { ...up(0x34), state: CLOSED });
    expect(settleVersions(smsc)).toBe(false);
    expect([smsc.profile, smsc.cells[SMSC_SPOKEN]]).toEqual([SMSC_50, 0]);
    expect(needsLook(smsc.profile)).toBe(false);
  });

  test('with the very same profile where nothing is lower', () => {
    const smsc = smscOf(SMSC, up(0x34));
    expect(settleVersions(smsc)).toBe(false);
    expect(smsc.profile).toBe(SMSC);
    expect(needsLook(smsc.profile)).toBe(false);
    // Never more than is asked for.
    smsc.binds[0].version = 0x50;
    settleVersions(smsc);
    expect(smsc.profile).toBe(SMSC);
  });

  test('as the lowest of its binds, which one that takes no messages is not', () => {
    const smsc = smscOf(SMSC_50, up(0x50), { ...up(0x34), kind: 'transmitter', state: BOUND_TX });
    smsc.binds.push({ ...up(0x33), kind: 'receiver', state: BOUND_RX } as OutboundBind);
    expect(settleVersions(smsc)).toBe(true);
    expect(smsc.profile).toMatchObject({ version: 0x34, tlvs: true, configured: SMSC_50 });
    expect(needsLook(smsc.profile)).toBe(true);
    smsc.binds[1].state = CLOSED;
    expect(settleVersions(smsc)).toBe(true);
    expect(smsc.profile).toBe(SMSC_50);
  });

  test('without TLVs, where one of its binds has none', () => {
    const smsc = smscOf(SMSC, up(0x34), up(0x34, false));
    expect(settleVersions(smsc)).toBe(true);
    expect(smsc.profile).toMatchObject({ version: 0x34, tlvs: false });
  });

  test('as it was last, while no bind is up', () => {
    const smsc = smscOf(SMSC_50, up(0x33));
    settleVersions(smsc);
    const { profile } = smsc;
    smsc.binds[0].state = CLOSED;
    expect(settleVersions(smsc)).toBe(false);
    expect(smsc.profile).toBe(profile);
    expect(profile).toMatchObject({ version: 0x33, tlvs: false });
    Object.assign(smsc.binds[0], up(0x50));
    expect(settleVersions(smsc)).toBe(true);
    expect(smsc.profile).toBe(SMSC_50);
  });

  test('one of 3.3 is always looked at: what is queued may be older than its configuration', () => {
    expect(needsLook(SMSC_33)).toBe(true);
  });
});
