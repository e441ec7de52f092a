import { expect, test } from 'vitest';
import { PduQueue, Wheel } from '../../src/sim/wheel.ts';

/** A 16-byte header with a number in its last octet stands for a PDU. */
function pdu(number: number, length = 16): Buffer {
  const bytes = Buffer.alloc(length);
  bytes.writeUInt32BE(length, 0);
  bytes[15] = number;
  return bytes;
}

function drain(queue: PduQueue): number[] {
  const numbers: number[] = [];
  while (!queue.isEmpty()) {
    numbers.push(queue.bytes[queue.head + 15]);
    queue.shift();
  }
  return numbers;
}

test('a queue keeps the order over growth and over shifting in between', () => {
  const queue = new PduQueue();
  const expected: number[] = [];
  const taken: number[] = [];
  for (let number = 0; number < 200; number++) {
    const bytes = pdu(number, 16 + ((number * 37) % 400));
    queue.push(bytes, 0, bytes.length);
    expected.push(number);
    if (number % 3 === 0) {
      taken.push(queue.bytes[queue.head + 15]);
      queue.shift();
    }
  }
  expect([...taken, ...drain(queue)]).toEqual(expected);
});

test('nothing leaves early, and slots leave oldest first', () => {
  const wheel = new Wheel();
  for (const [number, dueMs] of [
    [1, 160],
    [2, 140.2],
    [3, 141],
    [4, 100],
  ]) {
    wheel.add(100.5, dueMs, pdu(number), 0, 16);
  }
  const out: number[] = [];
  const sink = { onDue: (slot: PduQueue): void => void out.push(...drain(slot)) };
  wheel.flush(100.9, sink);
  expect(out).toEqual([]);
  wheel.flush(101, sink);
  expect(out).toEqual([4]);
  wheel.flush(140.9, sink);
  expect(out).toEqual([4]);
  wheel.flush(141, sink);
  expect(out).toEqual([4, 2, 3]);
  expect(wheel.isEmpty()).toBe(false);
  wheel.flush(100_000, sink);
  expect(out).toEqual([4, 2, 3, 1]);
  expect(wheel.isEmpty()).toBe(true);
});

test('after a long silence the next slot is due at its own time', () => {
  const wheel = new Wheel();
  const out: number[] = [];
  const sink = { onDue: (slot: PduQueue): void => void out.push(...drain(slot)) };
  wheel.add(10, 20, pdu(1), 0, 16);
  wheel.flush(20, sink);
  wheel.add(900_000, 900_060, pdu(2), 0, 16);
  wheel.add(900_000, 900_040, pdu(3), 0, 16);
  wheel.flush(900_040, sink);
  expect(out).toEqual([1, 3]);
});
