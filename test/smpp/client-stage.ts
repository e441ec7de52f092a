/** An outbound bind and the bare SMSC that it is to; for tests of the client. */
import type { BindKind } from '../../src/smpp/client-bind.ts';
import { OutboundBind } from '../../src/smpp/client.ts';
import * as smpp from '../../src/smpp/constants.ts';
import { pduBytes } from '../daemon/raw.ts';
import type { RawPeer } from '../daemon/raw.ts';
import { PeerSmsc, Told, smscConfig } from './smsc-peer.ts';

export class ClientStage {
  readonly smsc: PeerSmsc;
  told = new Told();
  #bind: OutboundBind | undefined;

  private constructor(smsc: PeerSmsc) {
    this.smsc = smsc;
  }

  static async start(): Promise<ClientStage> {
    return new ClientStage(await PeerSmsc.start());
  }

  get bind(): OutboundBind {
    if (this.#bind === undefined) throw new Error('no client on this stage');
    return this.#bind;
  }

  /** Options of the [[smsc]]. */
  client(options: Record<string, unknown> = {}, kind: BindKind = 'transceiver'): void {
    this.#bind = new OutboundBind(0, 3, kind, smscConfig({ port: this.smsc.port, ...options }), this.told);
  }

  /** Connects and reads the bind request. */
  async asked(count = 1): Promise<{ peer: RawPeer; request: Buffer }> {
    this.bind.tick(Date.now());
    const peer = await this.smsc.connection(count);
    return { peer, request: Buffer.from(await peer.takePdu(), 'hex') };
  }

  /** Binds; `body` is that of the response. */
  async bound(
    options: Record<string, unknown> = {},
    body: Buffer = Buffer.from('raw\0'),
    kind: BindKind = 'transceiver',
  ): Promise<RawPeer> {
    this.client(options, kind);
    const { peer, request } = await this.asked();
    peer.write(pduBytes(smpp.responseIdOf(request.readUInt32BE(4)), request.readUInt32BE(12), body));
    await this.told.line('bound');
    return peer;
  }

  /** Ends everything; for afterEach. */
  end(): void {
    this.#bind?.close();
    this.smsc.close();
  }
}

/** The body of a bind response that announces an sc_interface_version. */
export function announcing(version: number): Buffer {
  return Buffer.from(`raw\0\x02\x10\x00\x01${String.fromCharCode(version)}`, 'latin1');
}
