import { expect, test } from 'vitest';
import { Faults } from '../../src/smpp/faults.ts';
import { ACT_UNKNOWN, ACT_WRONG_STATE } from '../../src/smpp/session.ts';

test('what an SMSC asks and may not is refused and counted by its kind', () => {
  const faults = new Faults();
  const answers = [
    faults.refuse(ACT_UNKNOWN, 0x0a, 7, 0x34),
    faults.refuse(ACT_WRONG_STATE, 0x04, 8, 0x34),
    // 3.3 knows no response without its body.
    faults.refuse(ACT_WRONG_STATE, 0x04, 9, 0x33),
    faults.refuse(ACT_WRONG_STATE, 0x05, 10, 0x34),
  ];
  faults.add('malformed');
  expect(answers.map((bytes) => bytes.toString('hex'))).toEqual([
    '00000010800000000000000300000007',
    '00000010800000040000000400000008',
    '000000118000000400000004000000' + '0900',
    '000000118000000500000004' + '0000000a00',
  ]);
  expect(faults.total).toBe(5);
  expect(faults.counts).toEqual({ malformed: 1, unknownCommand: 1, wrongState: 3 });
});
