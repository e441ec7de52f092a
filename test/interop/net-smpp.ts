/** Perl's Net::SMPP as ESME of a daemon; the npm package `smpp` is the SMSC behind it. */
import type { Ground, Part } from './ground.ts';
import { checkDroppedReceipt, checkPerlMessages } from './net-smpp-messages.ts';
import { checkPerlOperations } from './net-smpp-operations.ts';
import { complaints, CREDENTIALS, PerlEsme } from './net-smpp-esme.ts';
import { NET_SMPP } from './programs.ts';
import { serveWithUpstream } from './smpp-binds.ts';
import { commandIdOf, statusOf } from './tap.ts';

const ROK = 0;
const RINVCMDID = 0x03;
const RBINDFAIL = 0x0d;
const GENERIC_NACK = 0x8000_0000;
const VERSIONS = [0x33, 0x34, 0x50] as const;
const KINDS = ['bind_transmitter', 'bind_receiver', 'bind_transceiver'] as const;

async function checkSessions(ground: Ground): Promise<void> {
  const { checks } = ground;
  const { front } = await serveWithUpstream(ground);
  const perl = new PerlEsme(ground);
  for (const version of VERSIONS) {
    checks.topic(`binds in version ${version.toString(16)}`);
    for (const kind of KINDS) {
      const session = `${kind} ${version}`;
      await perl.connect(session, front.port, version);
      const bound = await perl.call(session, kind, { ...CREDENTIALS, interface_version: version });
      checks.equal(`${kind} is accepted`, [bound.name, bound.status], [`${kind}_resp`, ROK]);
      checks.equal('system_id', bound.system_id, 'tollgate');
      const known = version === 0x33 ? undefined : String.fromCharCode(version);
      checks.equal('sc_interface_version', bound.sc_interface_version, known);
      const alive = await perl.call(session, 'enquire_link');
      checks.equal('enquire_link', [alive.name, alive.status], ['enquire_link_resp', ROK]);
      const unbound = await perl.call(session, 'unbind');
      checks.equal('unbind', [unbound.name, unbound.status], ['unbind_resp', ROK]);
      await perl.close(session);
    }
  }
  await checkRefused(ground, perl);
  checks.equal('the module complains of nothing', complaints(perl), []);
}

/** Silence makes us ask; an orderly end says unbind. */
async function checkOurOwn(ground: Ground): Promise<void> {
  const { checks } = ground;
  checks.topic('what we send of ourselves: enquire_link and unbind');
  const { stage, front } = await serveWithUpstream(ground, { smpp: { enquire_link_s: 1 } });
  const perl = new PerlEsme(ground);
  await perl.connect('idle', front.port, 0x34);
  await perl.call('idle', 'bind_transceiver', CREDENTIALS);
  await perl.listen('idle', 2_500);
  const asked = perl.heard.filter(({ name }) => name === 'enquire_link').length;
  checks.that('it is asked twice', asked >= 2, String(asked));
  checks.equal('and was not cut', (await perl.call('idle', 'enquire_link')).status, ROK);
  const stopped = stage.daemon.stop();
  checks.that('it is told', (await perl.hears('idle', ({ name }) => name === 'unbind')) !== undefined);
  checks.equal('exit code after SIGTERM', await stopped, 0);
}

async function checkRefused(ground: Ground, perl: PerlEsme): Promise<void> {
  const { checks } = ground;
  const { front } = await serveWithUpstream(ground);
  checks.topic('binds that are refused');
  await perl.connect('guest', front.port, 0x34);
  const refused = await perl.call('guest', 'bind_transceiver', { system_id: 'demo', password: 'wrong' });
  checks.equal('a wrong password', [refused.name, refused.status], ['bind_transceiver_resp', RBINDFAIL]);
  await perl.connect('early', front.port, 0x34);
  const early = await perl.call('early', 'submit_sm', {
    destination_addr: '447700900123',
    short_message: 'x',
  });
  checks.equal('a submit_sm before the bind', [early.name, early.status], ['submit_sm_resp', 4]);
  const alive = await perl.call('early', 'enquire_link');
  checks.equal('enquire_link before the bind', [alive.name, alive.status], ['enquire_link_resp', ROK]);
  await perl.close('early');
  // Version 4.0 has headers of 20 octets and other numbers: the module waits for more than comes.
  const before = front.ours.length;
  await perl.connect('four', front.port, 0x40);
  void perl.call('four', 'bind_transmitter', { ...CREDENTIALS, interface_version: 0x40 });
  await ground.comes('a bind of version 4.0 is answered', () => front.ours.length > before);
  const [answer] = front.ours.slice(before);
  if (answer !== undefined) {
    checks.equal('with generic_nack', [commandIdOf(answer), statusOf(answer)], [GENERIC_NACK, RINVCMDID]);
  }
  await perl.listen('four', 1);
}

async function run(ground: Ground): Promise<void> {
  for (const scenario of [
    checkSessions,
    checkOurOwn,
    checkPerlMessages,
    checkDroppedReceipt,
    checkPerlOperations,
  ]) {
    try {
      await scenario(ground);
    } catch (error) {
      ground.checks.broken(error);
    }
    await ground.rest();
  }
}

export const netSmppPart: Part = { name: 'net-smpp', needs: [NET_SMPP], limitMs: 300_000, run };
