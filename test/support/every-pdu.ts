/** The vectors as a test of endurance: what a session must survive, whatever its kind, version and state. */
import type { RawPeer } from '../daemon/raw.ts';
import { until } from './daemon.ts';
import { vectors, vectorNamed } from './vectors.ts';

const UNBIND = 6;
const FIRST_PING = 0x0100_0000;

/** Every PDU that leaves a session standing: but for an unbind, and a length that breaks the framing. */
const staying = vectors.filter(({ bytes, reaction }) => {
  const whole = bytes.length >= 16 && bytes.readUInt32BE(0) === bytes.length;
  return whole && reaction?.close !== true && bytes.readUInt32BE(4) !== UNBIND;
});

function ping(index: number, name: 'enquire_link' | 'enquire_link_resp'): Buffer {
  const bytes = Buffer.from(vectorNamed(name).bytes);
  bytes.writeUInt32BE(FIRST_PING + index, 12);
  return bytes;
}

/** Sends all but those that `except` is true for, an enquire_link behind each; throws at the first unanswered one. */
export async function endure(
  peer: RawPeer,
  session: string,
  except: (command: number) => boolean = () => false,
): Promise<void> {
  const sent = staying.filter(({ bytes }) => !except(bytes.readUInt32BE(4)));
  if (sent.length < 120) throw new Error(`only ${sent.length} PDUs are sent`);
  for (const [index, { bytes }] of sent.entries()) {
    peer.write(bytes);
    peer.write(ping(index, 'enquire_link'));
  }
  const pong = (index: number): string => ping(index, 'enquire_link_resp').toString('hex');
  const last = pong(sent.length - 1);
  const silent = (): string | undefined => sent.find((_, index) => !peer.heard.includes(pong(index)))?.name;
  try {
    await until(() => peer.closed || peer.heard.includes(last), 'the last answer');
  } catch (error) {
    throw new Error(`${session}: nothing is answered from ${silent()} on`, { cause: error });
  }
  const name = silent();
  if (name !== undefined) throw new Error(`${session}: the connection ended at ${name}`);
}
