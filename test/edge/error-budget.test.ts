import { describe, expect, test } from 'vitest';
import { ErrorBudget, isMalformed } from '../../src/edge/error-budget.ts';
import { MessageFields } from '../../src/smpp/pdu/message-fields.ts';

const RINVMSGLEN = 0x01;
const START = 1_767_225_600_000;

describe('the budget', () => {
  test('so many within the time are let pass, one more is over it', () => {
    const budget = new ErrorBudget(3, 60_000);
    const over = [0, 1, 2, 3, 4].map((at) => budget.add('malformed', START + at * 1_000));
    expect(over).toEqual([false, false, false, true, true]);
    expect([budget.total, budget.counts.malformed]).toEqual([5, 5]);
  });

  test('all kinds count together and are told apart', () => {
    const budget = new ErrorBudget(2, 60_000);
    expect(budget.add('malformed', START)).toBe(false);
    expect(budget.add('unknownCommand', START)).toBe(false);
    expect(budget.add('wrongState', START)).toBe(true);
    expect(budget.counts).toEqual({ malformed: 1, unknownCommand: 1, wrongState: 1 });
  });

  test('at a pace that the time allows there is no end', () => {
    // Three in 60 s are allowed; one every 22 s never makes four of them in 60 s and a sixteenth.
    const budget = new ErrorBudget(3, 60_000);
    for (let count = 0; count < 1_000; count++)
      expect(budget.add('malformed', START + count * 22_000)).toBe(false);
    // One every 15 s does.
    const brisk = new ErrorBudget(3, 60_000);
    const over = [0, 1, 2, 3].map((count) => brisk.add('malformed', START + count * 15_000));
    expect(over.at(-1)).toBe(true);
  });

  test('after a silence as long as the time all is forgotten; a clock set back forgets nothing', () => {
    const budget = new ErrorBudget(1, 1_000);
    expect(budget.add('malformed', START)).toBe(false);
    expect(budget.add('malformed', START + 1_100)).toBe(false);
    expect(budget.add('malformed', START + 1_000_000)).toBe(false);
    expect(budget.add('malformed', START)).toBe(true);
  });
});

describe('what is malformed', () => {
  const fields = new MessageFields();
  fields.tlvAt = 60;
  fields.end = 60;

  test.each([
    ['ESME_RINVCMDLEN', 0x02],
    ['ESME_RINVSRCADR', 0x0a],
    ['ESME_RINVSERTYP', 0x15],
    ['ESME_RINVPRTFLG', 0x06],
    ['ESME_RINVTLVSTREAM', 0xc0],
    ['ESME_RINVTLVLEN', 0xc2],
  ])('%s', (_name, status) => {
    expect(isMalformed(status, fields)).toBe(true);
  });

  test.each([
    ['ESME_RTHROTTLED', 0x58],
    ['ESME_RMSGQFUL', 0x14],
    ['ESME_RINVDSTADR', 0x0b],
    ['ESME_RINVDCS', 0x104],
    ['ESME_RSUBMITFAIL', 0x45],
    ['ESME_RINVEXPIRY', 0x62],
    ['ESME_RSYSERR', 0x08],
    ['ESME_RINVMSGID', 0x0c],
    ['ESME_RPROHIBITED', 0x101],
  ])('not %s: the request was sound', (_name, status) => {
    expect(isMalformed(status, fields)).toBe(false);
  });

  test('ESME_RINVMSGLEN where the message runs out of the PDU, not where it is too long', () => {
    expect(isMalformed(RINVMSGLEN, fields)).toBe(false);
    fields.tlvAt = 61;
    expect(isMalformed(RINVMSGLEN, fields)).toBe(true);
  });
});
