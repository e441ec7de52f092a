/** Sessions: every bind in every version, what is refused, enquire_link, unbind. */
import { npm } from '../daemon/esme.ts';
import type { Stage } from '../daemon/stage.ts';
import { pause } from '../support/daemon.ts';
import type { Ground } from './ground.ts';
import { NpmEsme, NpmUpstream, textOf } from './npm-peers.ts';
import type { BindKind, NpmPdu } from './npm-peers.ts';
import type { Tap } from './tap.ts';

const VERSIONS = [0x33, 0x34, 0x50] as const;
const KINDS: readonly BindKind[] = ['bind_transmitter', 'bind_receiver', 'bind_transceiver'];

const ROK = 0;
const RINVCMDID = 0x03;
const RINVBNDSTS = 0x04;
const RALYBND = 0x05;
const RINVDSTADR = 0x0b;
const RBINDFAIL = 0x0d;

export interface Behind {
  stage: Stage;
  upstream: NpmUpstream;
  /** Between the ESMEs and the daemon. */
  front: Tap;
  /** Between the daemon and the SMSC. */
  back: Tap;
}

/** A daemon with an SMSC of the package behind it, both seen through relays. */
export async function serveWithUpstream(
  ground: Ground,
  { account = {}, smsc = {}, smpp = {}, upstream = new NpmUpstream() } = {},
): Promise<Behind> {
  await upstream.listen();
  ground.onEnd(() => upstream.close());
  const back = await ground.tap(upstream.port, 'client');
  const stage = ground.stage();
  const tables = { account: [{ sessions_max: 50, ...account }], smsc: [{ port: back.port, ...smsc }], smpp };
  await stage.serve(tables);
  const front = await ground.tap(stage.site.smppPort, 'server');
  return { stage, upstream, front, back };
}

/** A session is the better one of what both sides know; only from 3.4 on the answer says which. */
export async function checkBinds(ground: Ground): Promise<void> {
  const { checks } = ground;
  const { upstream, front } = await serveWithUpstream(ground);
  for (const version of VERSIONS) {
    checks.topic(`ESME: binds and a message in version ${version.toString(16)}`);
    const known = version === 0x33 ? undefined : version;
    for (const kind of KINDS) {
      const esme = await NpmEsme.bind(front.port, kind, { interface_version: version });
      checks.equal(`${kind} is accepted`, esme.bound.command_status, ROK);
      checks.equal(`${kind}_resp has the gateway's system_id`, esme.bound.system_id, 'tollgate');
      checks.equal(`${kind}_resp has sc_interface_version`, esme.bound.sc_interface_version, known);
      checks.equal('enquire_link is answered', (await esme.request('enquire_link')).command_status, ROK);
      if (kind !== 'bind_receiver') await sendOne(ground, esme, upstream, `${kind} ${version}`, version);
      checks.equal('unbind is answered', (await esme.request('unbind')).command_status, ROK);
      esme.cut();
    }
  }
}

async function sendOne(
  ground: Ground,
  esme: NpmEsme,
  upstream: NpmUpstream,
  text: string,
  version: number,
): Promise<void> {
  const { checks } = ground;
  const answer = await esme.submit({ short_message: text });
  checks.equal('submit_sm is accepted', answer.command_status, ROK);
  const form = version === 0x33 ? /^[0-9A-Fa-f]{1,8}$/ : /^.{1,64}$/;
  checks.that('its message_id has the form of the version', form.test(String(answer.message_id)));
  const congestion = answer.congestion_state as number | undefined;
  if (version < 0x50) checks.equal('congestion_state', congestion, undefined);
  await ground.comes('it comes to the SMSC', () => upstream.withText(text).length === 1);
}

/** 90 and more slows clients down: a stranger who waits for the answer to a wrong password is no congestion. */
export async function checkCongestion(ground: Ground): Promise<void> {
  const { checks } = ground;
  checks.topic('ESME: congestion_state while a stranger tries to bind');
  const { front } = await serveWithUpstream(ground);
  const esme = await NpmEsme.bind(front.port, 'bind_transceiver', { interface_version: 0x50 });
  const stranger = NpmEsme.bind(front.port, 'bind_transceiver', { password: 'wrong' });
  const states: number[] = [];
  for (let count = 0; count < 5; count++) {
    await pause(100);
    states.push((await esme.submit({ data_coding: 0, short_message: 'x' })).congestion_state as number);
  }
  checks.that(
    'is low',
    states.every((state) => state < 30),
    states.join(' '),
  );
  checks.equal('the stranger is refused', (await stranger).bound.command_status, RBINDFAIL);
  esme.cut();
}

/** What a client does wrong is answered by name and costs it nothing more than that. */
export async function checkRefusals(ground: Ground): Promise<void> {
  const { checks } = ground;
  const { front } = await serveWithUpstream(ground);
  checks.topic('ESME: what is refused, and how');
  const trx = await NpmEsme.bind(front.port, 'bind_transceiver');
  const again = await trx.request('bind_transceiver', { system_id: 'demo', password: 'demo1234' });
  checks.equal('a second bind', again.command_status, RALYBND);
  const nowhere = await trx.submit({ destination_addr: '', short_message: 'x' });
  checks.equal('a submit_sm to nobody', nowhere.command_status, RINVDSTADR);
  const upward = await trx.request('deliver_sm', { destination_addr: '1', short_message: 'x' });
  checks.that('a deliver_sm from an ESME', [RINVBNDSTS, RINVCMDID].includes(upward.command_status));
  const unknown = await unknownCommand(trx);
  checks.equal('an unknown command gets generic_nack', unknown.command, 'generic_nack');
  checks.equal('its status', unknown.command_status, RINVCMDID);
  checks.equal('the session is still there', (await trx.request('enquire_link')).command_status, ROK);
  const rx = await NpmEsme.bind(front.port, 'bind_receiver');
  checks.equal('a submit_sm on a receiver', (await rx.submit({})).command_status, RINVBNDSTS);
  checks.equal('the receiver is still there', (await rx.request('enquire_link')).command_status, ROK);
  const guest = await NpmEsme.bind(front.port, 'bind_transceiver', { password: 'wrong' });
  checks.equal('a wrong password', guest.bound.command_status, RBINDFAIL);
  checks.equal('error responses have no body in 3.4', withBody(front.ours), []);
  for (const esme of [trx, rx, guest]) esme.cut();
}

/** Silence makes us ask on both sides; an orderly end says unbind on both. */
export async function checkOurOwn(ground: Ground): Promise<void> {
  const { checks } = ground;
  checks.topic('what we send of ourselves: enquire_link and unbind');
  const often = { enquire_link_s: 1 };
  const { stage, upstream, front } = await serveWithUpstream(ground, { smpp: often, smsc: often });
  const esme = await NpmEsme.bind(front.port, 'bind_transceiver');
  const heard = (command: string): number => esme.pdus.filter((pdu) => pdu.command === command).length;
  await ground.comes('the ESME is asked twice', () => heard('enquire_link') >= 2);
  await ground.comes('and the SMSC', () => upstream.of('enquire_link').length >= 2);
  checks.equal('nobody was cut', [esme.session.closed, upstream.sessions[0].closed], [false, false]);
  checks.equal('exit code after SIGTERM', await stage.daemon.stop(), 0);
  await ground.comes('the ESME is told', () => heard('unbind') === 1);
  await ground.comes('and the SMSC', () => upstream.of('unbind').length === 1);
  await ground.comes('both connections end', () => esme.session.closed && upstream.sessions[0].closed);
}

/** A request of a number that nobody has given a meaning, with a body. */
function unknownCommand(esme: NpmEsme): Promise<NpmPdu> {
  const whole = npm as unknown as { addCommand(name: string, options: object): void };
  whole.addCommand('nobodys_command', { id: 0x0001_0300 });
  whole.addCommand('nobodys_command_resp', { id: 0x8001_0300 });
  return esme.request('nobodys_command');
}

/** Errors in answer to requests of 3.4 that are longer than their header (deliver_sm_resp always has its NUL). */
function withBody(pdus: readonly Buffer[]): string[] {
  return pdus
    .filter((pdu) => pdu.readUInt32BE(4) >= 0x8000_0000 && pdu.readUInt32BE(8) !== 0 && pdu.length > 16)
    .filter((pdu) => pdu.readUInt32BE(4) !== 0x8000_0005)
    .map((pdu) => pdu.toString('hex'));
}

/** For the other files of this part: the text of what came, as a string where the package could read it. */
export function shownText(pdu: NpmPdu): string {
  const text = textOf(pdu);
  return Buffer.isBuffer(text) ? text.toString('hex') : text;
}
