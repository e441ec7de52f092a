/** What depends on the version of a session, byte by byte. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { BIND_TRANSCEIVER, bindBytes, rawBound, rawClient, submitBytes } from './raw.ts';
import { Stage } from './stage.ts';

let stage: Stage;
beforeEach(() => void (stage = new Stage()));
afterEach(() => stage.clear());

test("the lower version of both sides is the session's, and its answers have that form", async () => {
  const simulator = await stage.simulator();
  await stage.serve({ account: [{ interface_version_max: '3.4' }], smsc: [{ port: simulator.port }] });
  const { smppPort } = stage.site;
  // "tollgate", and from 3.4 on sc_interface_version (tag 0210, 1 octet).
  const systemId = '746f6c6c6761746500';
  for (const [asked, tlv] of [
    [0x00, ''],
    [0x33, ''],
    [0x34, '0210000134'],
    [0x50, '0210000134'],
  ] as const) {
    const peer = await rawClient(smppPort);
    peer.write(bindBytes(BIND_TRANSCEIVER, { version: asked }));
    const length = (16 + (systemId.length + tlv.length) / 2).toString(16).padStart(8, '0');
    expect(await peer.takePdu()).toBe(`${length}800000090000000000000001${systemId}${tlv}`);
    peer.destroy();
  }
});

test('a refused submit_sm: the header alone from 3.4 on, an empty message_id behind it before', async () => {
  const simulator = await stage.simulator();
  await stage.serve({ smsc: [{ port: simulator.port }] });
  // A submit_sm whose destination is empty.
  const bad = submitBytes(7);
  const empty = Buffer.concat([bad.subarray(0, 23), bad.subarray(35)]);
  empty.writeUInt32BE(empty.length, 0);
  for (const [version, body] of [
    [0x33, '00'],
    [0x34, ''],
    [0x50, ''],
  ] as const) {
    const peer = await rawBound(stage.site.smppPort, BIND_TRANSCEIVER, version);
    peer.write(empty);
    const length = body === '' ? '00000010' : '00000011';
    expect(await peer.takePdu(), version.toString(16)).toBe(`${length}800000040000000b00000007${body}`);
    peer.destroy();
  }
});

test('a refused bind: the same', async () => {
  const simulator = await stage.simulator();
  await stage.serve({ smsc: [{ port: simulator.port }] });
  for (const [version, body] of [
    [0x33, '00'],
    [0x34, ''],
  ] as const) {
    const peer = await rawClient(stage.site.smppPort);
    peer.write(bindBytes(BIND_TRANSCEIVER, { version, password: 'wrong' }));
    const length = body === '' ? '00000010' : '00000011';
    expect(await peer.takePdu()).toBe(`${length}800000090000000d00000001${body}`);
    await peer.untilClosed();
  }
});

test('only 5.0 has the broadcast family, and only it takes 255 octets and priority 4', async () => {
  const simulator = await stage.simulator();
  await stage.serve({ smsc: [{ port: simulator.port }] });
  const long = submitBytes(9, 'x'.repeat(255));
  const urgent = submitBytes(10);
  // Behind service_type, source (4 octets) and destination (15): esm_class, protocol_id, priority_flag.
  urgent[16 + 1 + 4 + 15 + 2] = 4;
  for (const [version, statuses] of [
    [0x34, ['00000001', '00000006']],
    [0x50, ['00000000', '00000000']],
  ] as const) {
    const peer = await rawBound(stage.site.smppPort, BIND_TRANSCEIVER, version);
    peer.write(Buffer.concat([long, urgent]));
    const answers = [await peer.takePdu(), await peer.takePdu()].toSorted((a, b) =>
      a.slice(24, 32) < b.slice(24, 32) ? -1 : 1,
    );
    expect(
      answers.map((pdu) => pdu.slice(16, 24)),
      version.toString(16),
    ).toEqual(statuses);
    // query_broadcast_sm of an id that there is not.
    peer.write(Buffer.from('0000001b000001120000000000000047422d373000000043424500', 'hex'));
    const answer = await peer.takePdu();
    expect(answer).toBe(
      version === 0x34 ? '00000010800000000000000300000047' : '00000010800001120000010100000047',
    );
    peer.destroy();
  }
});
