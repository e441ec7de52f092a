/** Kannel's sessions: each version, both kinds of bind, refused, throttled, and a gateway that dies. */
import type { Ground } from './ground.ts';
import { KannelBoxes, smppGroup } from './kannel-boxes.ts';
import { NpmUpstream } from './npm-peers.ts';
import { serveWithUpstream } from './smpp-binds.ts';
import { commandIdOf, statusOf } from './tap.ts';

const DELIVERED = 1;
const ALL = 31;
const BIND_TRANSCEIVER_RESP = 0x8000_0009;
const SUBMIT_SM_RESP = 0x8000_0004;
const RBINDFAIL = 0x0d;
const RTHROTTLED = 0x58;

export async function checkKannelSessions(ground: Ground): Promise<void> {
  await checkVersion(ground, 33, { 'interface-version': 33, 'transceiver-mode': 'true' });
  await ground.rest();
  await checkVersion(ground, 50, { 'interface-version': 50 });
  await ground.rest();
  for (const form of FORMS) {
    await checkForm(ground, form);
    await ground.rest();
  }
  await checkApart(ground);
  await ground.rest();
  await checkRefusedBind(ground);
  await ground.rest();
  await checkThrottled(ground);
  await ground.rest();
  await checkRestart(ground);
}

/** Sends `count` messages; the SMSC tells all of them delivered a moment after its answer. */
async function sendAndReport(
  ground: Ground,
  kannel: KannelBoxes,
  upstream: NpmUpstream,
  count: number,
): Promise<void> {
  const { checks } = ground;
  const before = upstream.of('submit_sm').length;
  upstream.onMessage = (asked) => {
    // With two connections Kannel may read a receipt before the response on the other one, and then drops it.
    setTimeout(() => void upstream.receipt(asked), 300);
  };
  const keys = Array.from({ length: count }, (_, index) => `s${before + index}`);
  for (const key of keys) {
    const fields = { from: 'Interop', to: '+447700900123', text: key, binfo: 'ABC' };
    checks.equal('Kannel takes it', (await kannel.send(key, ALL, fields)).slice(0, 3), '202');
  }
  const told = (): string[] => keys.filter((key) => kannel.typesOf(key).includes(DELIVERED));
  await ground.comes('all are told delivered', () => told().length === count, 40_000);
  const texts = upstream
    .of('submit_sm')
    .slice(before)
    .map(({ pdu }) => String((pdu.short_message as { message: unknown }).message));
  checks.equal('each came once', texts.toSorted(), keys.toSorted());
}

async function checkVersion(
  ground: Ground,
  version: number,
  lines: Record<string, string | number>,
): Promise<void> {
  const { checks } = ground;
  checks.topic(`session of version ${version}`);
  const { upstream, front } = await serveWithUpstream(ground, { smsc: { interface_version: '5.0' } });
  const kannel = await new KannelBoxes(ground, `version${version}`).start([smppGroup(front.port, lines)]);
  if (!(await kannel.online(1))) return;
  await sendAndReport(ground, kannel, upstream, 5);
  checks.equal('what Kannel complains of', kannel.complaints, []);
  checks.equal('exit code of the bearerbox', await kannel.stop(), 0);
}

const FORMS = [
  { receipt_pdu: 'data_sm' },
  { receipt_content: 'tlvs' },
  { receipt_content: 'text', receipt_id: 'decimal', receipt_date_digits: 14 },
];

/** Receipts in every form that an account can ask for are ones that Kannel reads. */
async function checkForm(ground: Ground, account: (typeof FORMS)[number]): Promise<void> {
  const { checks } = ground;
  const name = Object.entries(account).map(([option, value]) => `${option} ${value}`);
  checks.topic(`receipts: ${name.join(', ')}`);
  const { upstream, front } = await serveWithUpstream(ground, { account });
  const kannel = await new KannelBoxes(ground, name.join('-')).start([smppGroup(front.port)]);
  if (!(await kannel.online(1))) return;
  await sendAndReport(ground, kannel, upstream, 3);
  checks.equal('what Kannel complains of', kannel.complaints, []);
  checks.equal('exit code of the bearerbox', await kannel.stop(), 0);
}

async function checkApart(ground: Ground): Promise<void> {
  const { checks } = ground;
  checks.topic('transmitter and receiver apart');
  const { upstream, front } = await serveWithUpstream(ground);
  const apart = { 'transceiver-mode': 'false' };
  const receiver: Record<string, string | number> = smppGroup(0, { ...apart, 'receive-port': front.port });
  delete receiver.port;
  const kannel = await new KannelBoxes(ground, 'apart').start([smppGroup(front.port, apart), receiver]);
  if (!(await kannel.online(2))) return;
  await sendAndReport(ground, kannel, upstream, 5);
  checks.equal('exit code of the bearerbox', await kannel.stop(), 0);
}

/** ESME_RBINDFAIL lets Kannel try again; after ESME_RINVPASWD or ESME_RINVSYSID it would give up for good. */
async function checkRefusedBind(ground: Ground): Promise<void> {
  const { checks } = ground;
  checks.topic('a bind that is refused');
  const { front } = await serveWithUpstream(ground);
  const wrong = { 'smsc-password': 'wrong' };
  await new KannelBoxes(ground, 'refused').start([smppGroup(front.port, wrong)]);
  const refusals = (): Buffer[] => front.ours.filter((pdu) => commandIdOf(pdu) === BIND_TRANSCEIVER_RESP);
  await ground.comes('Kannel tries again', () => refusals().length >= 2, 20_000);
  for (const pdu of refusals()) checks.equal('the answer', statusOf(pdu), RBINDFAIL);
}

const RATE = 4;
const BURST = 12;

/** Over its rate Kannel is told ESME_RTHROTTLED, waits and sends again: nothing is lost or doubled. */
async function checkThrottled(ground: Ground): Promise<void> {
  const { checks } = ground;
  checks.topic('an account over its rate');
  const { upstream, front } = await serveWithUpstream(ground, { account: { tps: RATE } });
  const kannel = await new KannelBoxes(ground, 'throttled').start([smppGroup(front.port)]);
  if (!(await kannel.online(1))) return;
  await sendAndReport(ground, kannel, upstream, BURST);
  const throttled = front.ours.filter(
    (pdu) => commandIdOf(pdu) === SUBMIT_SM_RESP && statusOf(pdu) === RTHROTTLED,
  );
  checks.that('ESME_RTHROTTLED was said', throttled.length > 0);
}

/** The daemon is stopped, then killed, and comes back each time: Kannel binds again and goes on. */
async function checkRestart(ground: Ground): Promise<void> {
  const { checks } = ground;
  checks.topic('a gateway that ends and comes back');
  const upstream = await new NpmUpstream().listen();
  ground.onEnd(() => upstream.close());
  const stage = ground.stage();
  await stage.serve({ smsc: [{ port: upstream.port }] });
  const kannel = await new KannelBoxes(ground, 'restart').start([smppGroup(stage.site.smppPort)]);
  if (!(await kannel.online(1))) return;
  await sendAndReport(ground, kannel, upstream, 3);
  for (const end of ['stop', 'kill'] as const) {
    const code = await stage.daemon[end]();
    if (end === 'stop') checks.equal('exit code of the daemon', code, 0);
    await stage.start();
    await stage.daemon.untilMetric('smsc_bound', (count) => count >= 1);
    if (!(await kannel.online(1, 30_000))) return;
    await sendAndReport(ground, kannel, upstream, 3);
  }
}
