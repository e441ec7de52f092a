import { afterEach, test } from 'vitest';
import { GENERIC_NACK } from '../../src/smpp/constants.ts';
import { startSimulator } from '../../src/sim/simulator.ts';
import { bindBytes, rawClient } from '../daemon/raw.ts';
import type { RawPeer } from '../daemon/raw.ts';
import { endure } from '../support/every-pdu.ts';
import { ClientStage, announcing } from './client-stage.ts';
import { endAll, onEnd, overRaw } from './library.ts';
import { serve } from './tiny-smsc.ts';

afterEach(endAll);

const VERSIONS = [0x00, 0x33, 0x34, 0x50];
const NAMES = ['3.3', '3.4', '5.0'] as const;

async function bindRaw(port: number, version: number, bind: number): Promise<RawPeer> {
  const peer = await rawClient(port);
  onEnd(() => peer.destroy());
  peer.write(bindBytes(bind, { password: 'pw', version }));
  await peer.takePdu();
  return peer;
}

test.each([1, 2, 9])('the library as an SMSC, bind %i', async (bind) => {
  const scene = await serve(() => 0x08);
  for (const version of VERSIONS) {
    await endure(await bindRaw(scene.server.port, version, bind), `an SMSC of 0x${version.toString(16)}`);
  }
});

test('the library as an ESME', async () => {
  for (const interfaceVersion of NAMES) {
    const { peer } = await overRaw({ interfaceVersion });
    await endure(peer, `an ESME of ${interfaceVersion}`);
  }
});

test('an outbound bind of the daemon', async () => {
  for (const name of NAMES) {
    const stage = await ClientStage.start();
    onEnd(() => stage.end());
    const peer = await stage.bound({ interface_version: name }, announcing(0x50));
    // One that speaks of a broken length ends the link, and it should.
    await endure(peer, `an outbound bind of ${name}`, (command) => command === GENERIC_NACK);
  }
});

test.each([1, 2, 9])('the simulator, bind %i', async (bind) => {
  const simulator = await startSimulator({ port: 0, receiptDelayMs: { min: 0, max: 5 }, congestion: 10 });
  onEnd(() => simulator.close());
  for (const version of VERSIONS) {
    await endure(await bindRaw(simulator.port, version, bind), `a simulator of 0x${version.toString(16)}`);
  }
});
