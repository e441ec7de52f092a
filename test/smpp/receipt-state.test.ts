import { describe, expect, it } from 'vitest';
import { isFinalState, stateOf, stateText, writeStateText } from '../../src/smpp/receipt-state.ts';

describe('the states of a receipt', () => {
  it('are read back from what is written', () => {
    const b = Buffer.alloc(9, 0x2e);
    for (let state = 1; state <= 9; state++) {
      expect(writeStateText(b, 1, state)).toBe(7);
      expect(b.toString('latin1')).toBe(`.${stateText(state)}.`);
      expect(stateOf(b, 1, 8)).toBe(state);
    }
    writeStateText(b, 1, 200);
    expect(stateOf(b, 1, 8)).toBe(7);
  });

  it('are final where nothing can follow', () => {
    const final = Array.from({ length: 10 }, (_, state) => state).filter((state) => isFinalState(state));
    // 6, ACCEPTED, is "the network took it" in the field; 7, UNKNOWN, says nothing.
    expect(final).toEqual([2, 3, 4, 5, 8, 9]);
  });
});
