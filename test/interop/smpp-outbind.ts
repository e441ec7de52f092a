/** outbind both ways: an SMSC that dials us, and an ESME that we call when receipts wait for it. */
import { freePort } from '../support/ports.ts';
import type { Ground } from './ground.ts';
import { NpmCallee, NpmEsme, NpmUpstream } from './npm-peers.ts';

const ROK = 0;

export async function checkOutbind(ground: Ground): Promise<void> {
  await checkFromSmsc(ground);
  await checkToEsme(ground);
}

async function checkFromSmsc(ground: Ground): Promise<void> {
  const { checks } = ground;
  checks.topic('outbind from an SMSC');
  const port = await freePort();
  const stage = ground.stage();
  const outbind = {
    outbind_listen: `127.0.0.1:${port}`,
    outbind_system_id: 'npmsmsc',
    outbind_password: 'opensesa',
  };
  await stage.serve({ smsc: [{ port: await freePort(), ...outbind }] }, false);
  const stranger = new NpmUpstream();
  const upstream = new NpmUpstream();
  ground.onEnd(() => [stranger, upstream].forEach((one) => one.close()));
  await stranger.dial(port, 'npmsmsc', 'wrong');
  await ground.comes('a wrong password is cut', () => stranger.sessions[0].closed);
  checks.equal('and not bound to', stranger.asked.length, 0);
  await upstream.dial(port, 'npmsmsc', 'opensesa');
  await ground.comes('the right one is bound to', () => upstream.receivers.length === 1);
  const esme = await NpmEsme.bind(stage.site.smppPort, 'bind_transceiver');
  const answer = await esme.submit({ data_coding: 0, short_message: 'over its call' });
  checks.equal('submit_sm is accepted', answer.command_status, ROK);
  await ground.comes('and sent there', () => upstream.withText('over its call').length === 1);
  esme.cut();
}

async function checkToEsme(ground: Ground): Promise<void> {
  const { checks } = ground;
  checks.topic('outbind to an ESME');
  const port = await freePort();
  const callee = new NpmCallee(port);
  ground.onEnd(() => callee.close());
  const upstream = await new NpmUpstream().listen();
  ground.onEnd(() => upstream.close());
  const stage = ground.stage();
  const account = { outbind: `127.0.0.1:${port}`, outbind_password: 'callback' };
  await stage.serve({ account: [account], smsc: [{ port: upstream.port }] });
  const esme = await NpmEsme.bind(stage.site.smppPort, 'bind_transmitter');
  const answer = await esme.submit({ data_coding: 0, short_message: 'and gone' });
  await esme.request('unbind');
  esme.cut();
  await ground.comes('a message comes', () => upstream.withText('and gone').length === 1);
  await upstream.receipt(upstream.withText('and gone')[0]);
  if (!(await ground.comes('its client is called', () => callee.outbinds.length === 1, 45_000))) return;
  checks.equal('with our system_id', callee.outbinds[0].system_id, 'tollgate');
  checks.equal('and the password', callee.outbinds[0].password, 'callback');
  if (!(await ground.comes('it binds', () => callee.esmes.length === 1))) return;
  checks.equal('and is accepted', callee.esmes[0].bound.command_status, ROK);
  checks.equal(
    'the receipt comes',
    (await callee.esmes[0].receipt(String(answer.message_id))).stat,
    'DELIVRD',
  );
}
