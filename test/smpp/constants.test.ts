import { describe, expect, it } from 'vitest';
import * as smpp from '../../src/smpp/constants.ts';
import { oracleTables } from '../support/oracle.ts';

const ours: Record<string, unknown> = { ...smpp };

describe('the numbers', () => {
  it('of command_status are those of an independent table, name by name', () => {
    const renamed: Record<string, string> = {
      ESME_RINVOPTPARSTREAM: 'ESME_RINVTLVSTREAM',
      ESME_ROPTPARNOTALLWD: 'ESME_RTLVNOTALLWD',
      ESME_RINVPARLEN: 'ESME_RINVTLVLEN',
      ESME_RMISSINGOPTPARAM: 'ESME_RMISSINGTLV',
      ESME_RINVOPTPARAMVAL: 'ESME_RINVTLVVAL',
    };
    let compared = 0;
    for (const [name, code] of Object.entries(oracleTables.errors)) {
      const own = renamed[name] ?? name;
      if (!(own in ours)) continue;
      expect(ours[own], name).toBe(code);
      expect(smpp.statusName(code)).toBe(own);
      compared++;
    }
    expect(compared).toBeGreaterThanOrEqual(60);
  });

  it('of commands are those of an independent table', () => {
    for (const [name, { id }] of Object.entries(oracleTables.commands)) {
      if (name === 'unknown') continue;
      expect(ours[name.toUpperCase()], name).toBe(id);
      expect(smpp.commandName(id)).toBe(name);
      expect(smpp.isKnownCommand(id)).toBe(true);
    }
  });

  it('of TLV tags are those of an independent table', () => {
    let compared = 0;
    for (const [name, { id }] of Object.entries(oracleTables.tlvs)) {
      const own = `TLV_${name.toUpperCase()}`;
      if (!(own in ours)) continue;
      expect(ours[own], name).toBe(id);
      compared++;
    }
    expect(compared).toBeGreaterThanOrEqual(40);
  });
});

describe('names of what nobody assigned', () => {
  it('are the numbers', () => {
    expect(smpp.commandName(0x0a)).toBe('0x0000000a');
    expect(smpp.commandName(0x8000_00ff)).toBe('0x800000ff');
    // outbind and alert_notification have no response.
    expect(smpp.commandName(0x8000_000b)).toBe('0x8000000b');
    expect(smpp.isKnownCommand(0x8000_0102)).toBe(false);
    expect(smpp.statusName(0x400)).toBe('0x00000400');
  });

  it('answers a request with bit 31 set', () => {
    expect(smpp.responseIdOf(smpp.SUBMIT_SM)).toBe(0x8000_0004);
    expect(smpp.responseIdOf(smpp.SUBMIT_SM_RESP)).toBe(0x8000_0004);
  });
});
