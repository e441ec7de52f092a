/** A small SMSC of the library under test, and ESMEs for it. */
import type { Answer } from '../../src/smpp/library-types.ts';
import { listenSmpp } from '../../src/smpp/server-session.ts';
import type {
  EsmeRequest,
  ServerHandlers,
  ServerOptions,
  ServerSession,
  SmppServer,
} from '../../src/smpp/server-session.ts';
import { bindBytes, rawClient } from '../daemon/raw.ts';
import type { RawPeer } from '../daemon/raw.ts';
import { until } from '../support/daemon.ts';
import { onEnd } from './library.ts';
import { NpmPeer } from './npm-peer.ts';
import type { NpmPdu } from './npm-peer.ts';

export interface Scene {
  server: SmppServer;
  requests: EsmeRequest[];
  sessions: ServerSession[];
  told: string[];
}

/** Takes binds with the password "pw"; requests are answered by `answer`. */
export async function serve(
  answer: (pdu: EsmeRequest) => Answer | Promise<Answer> = () => 0,
  options: Partial<ServerOptions> = {},
  handlers: Partial<ServerHandlers> = {},
): Promise<Scene> {
  const scene = { requests: [] as EsmeRequest[], sessions: [] as ServerSession[], told: [] as string[] };
  const { requests, sessions, told } = scene;
  const server = await listenSmpp(
    { host: '127.0.0.1', port: 0, systemId: 'tiny', ...options },
    {
      onBind: (pdu) => (pdu.password === 'pw' ? 0 : 0x0d),
      onBound: (session) => sessions.push(session),
      onRequest: (pdu) => {
        requests.push(pdu);
        return answer(pdu);
      },
      onUnbind: () => told.push('unbind'),
      onMalformed: ({ status, reason }) => told.push(`malformed ${status} ${reason}`),
      onClosed: (_session, why) => told.push(`closed ${why}`),
      ...handlers,
    },
  );
  onEnd(() => server.close());
  return { server, ...scene };
}

export async function npmEsme(
  scene: Scene,
  bind = 'bind_transceiver',
  version = 0x34,
  options: object = {},
): Promise<{ esme: NpmPeer; answer: NpmPdu }> {
  const esme = await NpmPeer.esme({ port: scene.server.port, ...options });
  onEnd(() => esme.close());
  const answer = await esme.ask(bind, { system_id: 'us', password: 'pw', interface_version: version });
  await until(() => scene.sessions.length > 0, 'the session');
  return { esme, answer };
}

export async function rawEsme(scene: Scene, version = 0x34): Promise<RawPeer> {
  const peer = await rawClient(scene.server.port);
  onEnd(() => peer.destroy());
  peer.write(bindBytes(9, { name: 'us', password: 'pw', version }));
  await peer.takePdu();
  return peer;
}
