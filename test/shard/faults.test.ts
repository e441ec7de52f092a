import { expect, test } from 'vitest';
import { FaultTeller } from '../../src/shard/faults.ts';
import type { Smsc } from '../../src/shard/state.ts';
import { Faults } from '../../src/smpp/faults.ts';

const START = 1_767_225_600_000;
const MALFORMED_CELL = 15;

test('bad PDUs of a bind are logged once a minute at most, with how many there were since', () => {
  const lines: Record<string, unknown>[] = [];
  const teller = new FaultTeller((_message, detail) => lines.push(detail));
  const binds = [0, 1].map((number) => ({ number, faults: new Faults() }));
  const cells = new Float64Array(16);
  const smsc = { config: { id: 'north' }, binds, cells } as unknown as Smsc;
  const tell = (afterS: number): void => teller.tell([smsc], START + afterS * 1000);

  tell(0);
  expect(lines).toEqual([]);
  binds[1].faults.add('malformed');
  binds[1].faults.add('wrongState');
  tell(1);
  binds[1].faults.add('malformed');
  for (let second = 2; second < 61; second++) tell(second);
  expect(lines).toEqual([{ smsc: 'north', bind: 1, malformed: 1, unknownCommand: 0, wrongState: 1 }]);
  expect(cells[MALFORMED_CELL]).toBe(3);
  // What came in that minute is told at its end, although nothing new comes.
  tell(61);
  expect(lines.slice(1)).toEqual([
    { smsc: 'north', bind: 1, malformed: 1, unknownCommand: 0, wrongState: 0 },
  ]);
  // Another bind has a minute of its own.
  binds[0].faults.add('unknownCommand');
  tell(62);
  expect(lines.slice(2)).toEqual([
    { smsc: 'north', bind: 0, malformed: 0, unknownCommand: 1, wrongState: 0 },
  ]);
  tell(500);
  expect(lines).toHaveLength(3);
  // A clock that was set back holds nothing up.
  binds[0].faults.add('unknownCommand');
  tell(-10_000);
  expect(lines).toHaveLength(4);
  expect(cells[MALFORMED_CELL]).toBe(5);
});
