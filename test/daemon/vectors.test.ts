/** Every malformed PDU of the vectors file, sent to a running daemon: from a client, and from an SMSC. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ClientSide, forClient, forServer, malformed, ServerSide } from '../vectors/reactions.ts';

test('the vectors are all there', () => {
  expect(malformed).toHaveLength(50);
  expect(forServer).toHaveLength(49);
  expect(forClient.length).toBeGreaterThanOrEqual(11);
  const silent = malformed.filter(({ reaction }) => reaction === undefined);
  expect(silent).toEqual([]);
});

describe('from a client', () => {
  const side = new ServerSide();
  beforeAll(() => side.start());
  afterAll(() => side.clear());

  test.each(forServer)('$name', (vector) => side.check(vector));

  test('none of them left anything behind', async () => {
    const { daemon } = side.stage;
    await daemon.untilNonePending();
    expect(await daemon.metric('conservation_difference')).toBe(0);
    // One for each vector, and the truncated one once it was whole.
    expect(await daemon.metric('accepted_total')).toBe(forServer.length + 1);
  });
});

describe('from an SMSC', () => {
  const side = new ClientSide();
  beforeAll(() => side.start());
  afterAll(() => side.clear());

  test.each(forClient)('$name', (vector) => side.check(vector));
});
