/** The SMSC's side: versions, kinds of bind, odd answers, receipts in its own manner, what it sends of itself. */
import type { Ground } from './ground.ts';
import { NpmEsme, NpmUpstream } from './npm-peers.ts';
import { serveWithUpstream } from './smpp-binds.ts';

const ROK = 0;
const RTHROTTLED = 0x58;

export async function checkUpstreams(ground: Ground): Promise<void> {
  await checkVersions(ground);
  await checkPair(ground);
  await checkAnswers(ground);
  await checkItsOwn(ground);
}

/** An SMSC of 3.3, 3.4 and 5.0: what is announced in the bind, and that no TLV goes to 3.3. */
async function checkVersions(ground: Ground): Promise<void> {
  const { checks } = ground;
  for (const [name, version] of [
    ['3.3', 0x33],
    ['3.4', 0x34],
    ['5.0', 0x50],
  ] as const) {
    checks.topic(`SMSC of version ${name}`);
    const upstream = new NpmUpstream();
    if (version !== 0x33) upstream.bindFields = { system_id: 'npmsmsc', sc_interface_version: version };
    const smsc = { interface_version: name, bind: version === 0x33 ? 'pair' : 'transceiver' };
    const { front } = await serveWithUpstream(ground, { smsc, upstream });
    const binds = upstream.asked.filter(({ pdu }) => pdu.command.startsWith('bind_'));
    for (const { pdu } of binds)
      checks.equal(`${pdu.command}: interface_version`, pdu.interface_version, version);
    const esme = await NpmEsme.bind(front.port, 'bind_transceiver', { interface_version: 0x50 });
    const answer = await esme.submit({
      data_coding: 0,
      short_message: 'by version',
      user_message_reference: 9,
      validity_period: '000001000000000R',
    });
    checks.equal('submit_sm is accepted', answer.command_status, ROK);
    if (!(await ground.comes('it comes', () => upstream.withText('by version').length === 1))) continue;
    const [asked] = upstream.withText('by version');
    const reference = asked.pdu.user_message_reference;
    checks.equal('its TLV', reference, version === 0x33 ? undefined : 9);
    await upstream.receipt(asked);
    checks.equal('the receipt', (await esme.receipt(String(answer.message_id))).stat, 'DELIVRD');
    esme.cut();
    await ground.rest();
  }
}

async function checkPair(ground: Ground): Promise<void> {
  const { checks } = ground;
  checks.topic('SMSC with a transmitter and a receiver');
  const { upstream, front } = await serveWithUpstream(ground, { smsc: { bind: 'pair' } });
  const kinds = upstream.asked.map(({ pdu }) => pdu.command).filter((command) => command.startsWith('bind_'));
  checks.equal('binds', kinds.toSorted(), ['bind_receiver', 'bind_transmitter']);
  const esme = await NpmEsme.bind(front.port, 'bind_transceiver');
  const answer = await esme.submit({ data_coding: 0, short_message: 'pair' });
  await ground.comes('a message comes', () => upstream.withText('pair').length === 1);
  await upstream.receipt(upstream.withText('pair')[0]);
  checks.equal('its receipt', (await esme.receipt(String(answer.message_id))).stat, 'DELIVRD');
  esme.cut();
}

/** Throttled once, refused, nacked: retried, failed with a receipt, retried. */
async function checkAnswers(ground: Ground): Promise<void> {
  const { checks } = ground;
  checks.topic('SMSC that refuses');
  const upstream = new NpmUpstream();
  const ids = new Map<string, number>();
  upstream.answers.set('submit_sm', ({ pdu }) => {
    const text = String((pdu.short_message as { message: unknown }).message);
    const seen = (ids.get(text) ?? 0) + 1;
    ids.set(text, seen);
    if (text === 'throttled' && seen === 1) return { command_status: RTHROTTLED };
    if (text === 'refused') return { command_status: 0x0b };
    return { message_id: upstream.nextId() };
  });
  const { front } = await serveWithUpstream(ground, { upstream });
  const esme = await NpmEsme.bind(front.port, 'bind_transceiver');
  await esme.submit({ data_coding: 0, short_message: 'throttled' });
  const refused = await esme.submit({ data_coding: 0, short_message: 'refused' });
  await ground.comes('ESME_RTHROTTLED is tried again', () => ids.get('throttled') === 2, 30_000);
  const receipt = await esme.receipt(String(refused.message_id));
  checks.that('ESME_RINVDSTADR fails', ['UNDELIV', 'REJECTD'].includes(receipt.stat), receipt.stat);
  checks.equal('and is not tried again', ids.get('refused'), 1);
  esme.cut();
}

/** enquire_link, alert_notification, an unknown receipt, unbind: answered as each wants, and bound again after all. */
async function checkItsOwn(ground: Ground): Promise<void> {
  const { checks } = ground;
  checks.topic('what an SMSC sends of itself');
  const { upstream, front, back } = await serveWithUpstream(ground);
  checks.equal('enquire_link', (await upstream.send('enquire_link', {})).command_status, ROK);
  const session = upstream.receivers[0] as unknown as Record<string, (fields: object) => void>;
  session.alert_notification({
    source_addr: '447700900123',
    esme_addr: 'Interop',
    ms_availability_status: 0,
  });
  const orphan = await upstream.send('deliver_sm', {
    esm_class: 4,
    source_addr: '1',
    destination_addr: '2',
    short_message:
      'id:9999999999 sub:001 dlvrd:001 submit date:2611220101 done date:2611220102 stat:DELIVRD err:000',
  });
  checks.equal('a receipt of nothing we know is taken', orphan.command_status, ROK);
  const unbound = await upstream.send('unbind', {});
  checks.equal('unbind', [unbound.command, unbound.command_status], ['unbind_resp', ROK]);
  for (const { socket } of upstream.receivers.splice(0)) socket.destroy();
  await ground.comes('it is bound to again', () => upstream.receivers.length === 1, 20_000);
  const esme = await NpmEsme.bind(front.port, 'bind_transceiver');
  await esme.submit({ data_coding: 0, short_message: 'after all' });
  await ground.comes('and sent to', () => upstream.withText('after all').length === 1);
  const nacks = back.ours
    .filter((pdu) => pdu.readUInt32BE(4) === 0x8000_0000)
    .map((pdu) => pdu.toString('hex'));
  checks.equal('nothing was answered with generic_nack', nacks, []);
  esme.cut();
}
