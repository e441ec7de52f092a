/**
 * Every malformed PDU of the vectors file on a real socket: sent to a whole daemon by a client, and to it by an SMSC.
 * Without a test runner, so that the script beside this file can count them too.
 */
import { until } from '../support/daemon.ts';
import { vectorNamed, vectors } from '../support/vectors.ts';
import type { Vector } from '../support/vectors.ts';
import type { Esme } from '../daemon/esme.ts';
import {
  BIND_RECEIVER,
  BIND_TRANSCEIVER,
  BIND_TRANSMITTER,
  RawSmsc,
  pduBytes,
  rawBound,
  rawClient,
} from '../daemon/raw.ts';
import type { RawPeer } from '../daemon/raw.ts';
import { Stage } from '../daemon/stage.ts';

const ENQUIRE_LINK = 0x15;
const UNBIND = 0x06;
/** No vector uses this sequence_number. */
const MARK = 0x1122_3344;
const MARKED = '00000010800000150000000011223344';
/** Longer than a daemon on this machine thinks about a PDU. */
const SILENCE_MS = 100;

export const malformed: readonly Vector[] = vectors.filter(({ valid }) => !valid);
export const forServer: readonly Vector[] = malformed.filter(
  ({ reaction }) => reaction?.receiver !== 'client',
);
export const forClient: readonly Vector[] = malformed.filter(
  ({ reaction }) => reaction?.receiver !== 'server',
);

function same(what: string, found: unknown, expected: unknown): void {
  if (found !== expected) throw new Error(`${what} is ${String(found)}, expected ${String(expected)}`);
}

/** The answer is exactly the expected bytes, and the connection ends or stays as the vector says; throws otherwise. */
async function checkReaction(peer: RawPeer, vector: Vector): Promise<void> {
  if (vector.reaction === undefined) throw new Error('the vector says nothing of a reaction');
  const expected = vector.reaction.respond.map(({ hex }) => hex).join('');
  peer.write(vector.bytes);
  if (vector.reaction.close) {
    await peer.untilClosed();
    same('the answer', peer.heard, expected);
    return;
  }
  if (vector.name === 'truncated_pdu_wait') {
    await checkWaiting(peer, vector);
    return;
  }
  peer.write(pduBytes(ENQUIRE_LINK, MARK));
  const bytes = (expected + MARKED).length / 2;
  const answer = await peer.take(bytes).catch((error: unknown) => {
    throw new Error(`the answer is ${peer.heard}, expected ${expected}`, { cause: error });
  });
  same('the answer', answer, expected + MARKED);
  same('the end of the connection', peer.closed, false);
}

/** The rest of it comes later: then it is an ordinary submit_sm. */
async function checkWaiting(peer: RawPeer, vector: Vector): Promise<void> {
  const whole = vectorNamed('submit_sm_gsm7_plain').bytes;
  same('the start', whole.subarray(0, vector.bytes.length).equals(vector.bytes), true);
  await new Promise((resolve) => setTimeout(resolve, SILENCE_MS));
  same('the answer', peer.heard, '');
  peer.write(whole.subarray(vector.bytes.length));
  const answer = await peer.take(33);
  same('the answer', answer.slice(0, 32), '0000002180000004000000000000000a');
  // Its receipt may come at any time now, so no more is said.
  same('the end of the connection', peer.closed, false);
}

async function peerIn(state: string, version: number, port: number): Promise<RawPeer> {
  if (state === 'OPEN') return rawClient(port);
  if (state === 'BOUND_TX') return rawBound(port, BIND_TRANSMITTER, version);
  if (state === 'BOUND_RX') return rawBound(port, BIND_RECEIVER, version);
  const peer = await rawBound(port, BIND_TRANSCEIVER, version);
  if (state === 'BOUND_TRX') return peer;
  if (state !== 'UNBOUND') throw new Error(`no such state: ${state}`);
  peer.write(pduBytes(UNBIND, 2));
  same('the answer to unbind', await peer.takePdu(), '00000010800000060000000000000002');
  return peer;
}

/** A daemon, and a client of it that must not notice anything. */
export class ServerSide {
  readonly stage = new Stage();
  #good: Esme | undefined;

  async start(): Promise<void> {
    const simulator = await this.stage.simulator();
    // esme1 exists, and its password is another than the vectors': a refusal for the password alone.
    const account = [{ sessions_max: 100 }, { name: 'esme1' }];
    await this.stage.serve({ account, smsc: [{ port: simulator.port }] });
    this.#good = await this.stage.esme();
  }

  /** Throws where the daemon reacts otherwise than the vector says, or another session suffers. */
  async check(vector: Vector): Promise<void> {
    if (this.#good === undefined) throw new Error('not started');
    const version = vector.version === '5.0' ? 0x50 : 0x34;
    const peer = await peerIn(vector.reaction?.state ?? '', version, this.stage.site.smppPort);
    try {
      await checkReaction(peer, vector);
    } finally {
      // One that stayed would take receipts of the session below: they are of one account.
      peer.destroy();
    }
    await this.#good.receipt(await this.#good.send());
  }

  clear(): Promise<void> {
    return this.stage.clear();
  }
}

/** A daemon with two SMSCs: one sends it the vectors, the other must not suffer. */
export class ClientSide {
  readonly stage = new Stage();
  #smsc: RawSmsc | undefined;

  async start(): Promise<void> {
    this.#smsc = await RawSmsc.start();
    const simulator = await this.stage.simulator();
    const smscs = [{ port: simulator.port }, { port: this.#smsc.port }];
    await this.stage.serve({ smsc: smscs, route: { smscs: ['sim0'] } });
  }

  /** Throws where the daemon reacts otherwise than the vector says, or messages do not go on. */
  async check(vector: Vector): Promise<void> {
    if (this.#smsc === undefined) throw new Error('not started');
    const smsc = this.#smsc;
    const peer = await smsc.peer();
    const binds = smsc.bound.length;
    await checkReaction(peer, vector);
    // After a broken stream it connects anew.
    if (vector.reaction?.close === true) await until(() => smsc.bound.length > binds, 'a new bind');
    const esme = await this.stage.esme();
    await esme.receipt(await esme.send());
    await esme.unbind();
  }

  async clear(): Promise<void> {
    this.#smsc?.close();
    await this.stage.clear();
  }
}
