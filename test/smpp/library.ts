/** What the tests of the library's sessions share: peers, and their end. */
import * as smpp from '../../src/smpp/constants.ts';
import { EsmeSession } from '../../src/smpp/esme-session.ts';
import type { EsmeHandlers, EsmeOptions } from '../../src/smpp/esme-session.ts';
import { pduBytes } from '../daemon/raw.ts';
import type { RawPeer } from '../daemon/raw.ts';
import { NpmPeer } from './npm-peer.ts';
import { PeerSmsc } from './smsc-peer.ts';

const ends: (() => unknown)[] = [];

/** Called when the test is over, the last one first. */
export function onEnd(end: () => unknown): void {
  ends.push(end);
}

/** For afterEach. */
export async function endAll(): Promise<void> {
  for (const end of ends.splice(0).toReversed()) await end();
}

export async function npmSmsc(options: object = {}): Promise<NpmPeer> {
  const smsc = await NpmPeer.smsc(options);
  onEnd(() => smsc.close());
  return smsc;
}

export async function rawSmsc(): Promise<PeerSmsc> {
  const smsc = await PeerSmsc.start();
  onEnd(() => smsc.close());
  return smsc;
}

export async function bound(
  port: number,
  options: Partial<EsmeOptions> = {},
  handlers: EsmeHandlers = {},
): Promise<EsmeSession> {
  const whole = { host: '127.0.0.1', port, systemId: 'us', password: 'pw', ...options };
  const session = await EsmeSession.connect(whole, handlers);
  onEnd(() => session.close());
  return session;
}

/** Bound to a bare SMSC, whose every byte the test chooses. */
export async function overRaw(
  options: Partial<EsmeOptions> = {},
  handlers: EsmeHandlers = {},
): Promise<{ session: EsmeSession; peer: RawPeer }> {
  const smsc = await rawSmsc();
  const connecting = bound(smsc.port, options, handlers);
  const peer = await smsc.connection();
  const request = Buffer.from(await peer.takePdu(), 'hex');
  const body = Buffer.from('raw\0\x02\x10\0\x01\x50', 'latin1');
  peer.write(pduBytes(smpp.responseIdOf(request.readUInt32BE(4)), request.readUInt32BE(12), body));
  return { session: await connecting, peer };
}

/** A TLV by its tag and its value in hexadecimal. */
export function tlv(tag: number, hex: string): { tag: number; value: Buffer } {
  return { tag, value: Buffer.from(hex, 'hex') };
}
