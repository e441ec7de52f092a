/** What can be done with messages beside sending one: to many, as data_sm, asked after, changed, taken back. */
import { freePort } from '../support/ports.ts';
import { DEMO_HASH } from '../support/daemon.ts';
import type { Ground } from './ground.ts';
import { NpmEsme, NpmUpstream, textOf } from './npm-peers.ts';
import { serveWithUpstream, shownText } from './smpp-binds.ts';

const ROK = 0;
const RINVMSGID = 0x0c;
const RINVDSTADR = 0x0b;
const RINVDLNAME = 0x34;
const RQUERYFAIL = 0x67;
const RPROHIBITED = 0x101;
const ENROUTE = 1;
const DELETED = 4;

const SOURCE = { source_addr_ton: 5, source_addr_npi: 0, source_addr: 'Interop' };

interface Unsuccess {
  destination_addr: string;
  error_status_code: number;
}

/** submit_multi to numbers and a list, with what can not be sent named. */
export async function checkMulti(ground: Ground): Promise<void> {
  const { checks } = ground;
  const list = [{ name: 'staff', numbers: ['447700900201', '447700900202'] }];
  const { upstream, front } = await serveWithUpstream(ground, { account: { list } });
  const esme = await NpmEsme.bind(front.port, 'bind_transceiver');
  checks.topic('submit_multi');
  const destinations = ['447700900101', '447700900102', '447700900201', '447700900202'];
  const answer = await esme.request('submit_multi', {
    ...SOURCE,
    registered_delivery: 1,
    data_coding: 0,
    short_message: 'to many',
    dest_address: [
      { dest_addr_ton: 1, dest_addr_npi: 1, destination_addr: destinations[0] },
      { dest_addr_ton: 1, dest_addr_npi: 1, destination_addr: destinations[1] },
      { dl_name: 'staff' },
      { dest_addr_ton: 1, dest_addr_npi: 1, destination_addr: '' },
    ],
  });
  checks.equal('is answered', answer.command, 'submit_multi_resp');
  checks.equal('is accepted', answer.command_status, ROK);
  const unsuccess = (answer.unsuccess_sme ?? []) as Unsuccess[];
  const named = unsuccess.map(({ error_status_code }) => error_status_code);
  checks.equal('who can not be sent to is named', named, [RINVDSTADR]);
  await ground.comes('each destination comes once', () => upstream.withText('to many').length >= 4);
  const came = upstream.withText('to many').map(({ pdu }) => String(pdu.destination_addr));
  checks.equal('to whom', came.toSorted(), destinations);
  for (const asked of upstream.withText('to many')) {
    await upstream.receipt(asked);
  }
  const id = String(answer.message_id);
  const receipts = () => esme.receipts.filter((receipt) => receipt.id === id);
  await ground.comes('a receipt for each destination', () => receipts().length >= 4);
  const sources = receipts().map(({ pdu }) => String(pdu.source_addr));
  checks.equal('from whom', sources.toSorted(), destinations);
  await checkMultiRefused(ground, esme);
  esme.cut();
}

async function checkMultiRefused(ground: Ground, esme: NpmEsme): Promise<void> {
  const { checks } = ground;
  const none = await esme.request('submit_multi', { ...SOURCE, data_coding: 0, short_message: 'x' });
  checks.equal('to nobody: ESME_RINVNUMDESTS', none.command_status, 0x33);
  // An unsuccess_sme has room for a number only: a list that is not there can not be named in one.
  const dest_address = [{ dl_name: 'nobody' }];
  const unknown = await esme.request('submit_multi', {
    ...SOURCE,
    data_coding: 0,
    short_message: 'x',
    dest_address,
  });
  checks.equal('to a list that is not there', unknown.command_status, RINVDLNAME);
  checks.equal('the session is still there', (await esme.request('enquire_link')).command_status, ROK);
}

/** data_sm from the client, and as the carrier of a receipt. */
export async function checkDataSm(ground: Ground): Promise<void> {
  const { checks } = ground;
  for (const supports of [[], ['data_sm']]) {
    checks.topic(
      `data_sm to an SMSC that ${supports.length === 0 ? 'knows submit_sm only' : 'takes data_sm'}`,
    );
    const { upstream, front } = await serveWithUpstream(ground, { smsc: { supports } });
    const esme = await NpmEsme.bind(front.port, 'bind_transceiver');
    const answer = await esme.request('data_sm', {
      ...SOURCE,
      dest_addr_ton: 1,
      dest_addr_npi: 1,
      destination_addr: '447700900123',
      registered_delivery: 1,
      data_coding: 8,
      message_payload: { message: 'данные' },
      user_message_reference: 77,
    });
    checks.equal('is accepted', answer.command_status, ROK);
    if (!(await ground.comes('it comes', () => upstream.withText('данные').length === 1))) continue;
    const [asked] = upstream.withText('данные');
    checks.equal('as', asked.pdu.command, supports.length === 0 ? 'submit_sm' : 'data_sm');
    checks.equal('data_coding', asked.pdu.data_coding, 8);
    checks.equal('user_message_reference', asked.pdu.user_message_reference, 77);
    const smscId = upstream.idOf(asked);
    const payload = { message: `id:${smscId} stat:DELIVRD err:000 text:` };
    const carried = await upstream.send('data_sm', {
      esm_class: 4,
      source_addr: '447700900123',
      destination_addr: 'Interop',
      data_coding: 0,
      receipted_message_id: smscId,
      message_state: 2,
      message_payload: payload,
    });
    checks.equal(
      'a receipt in a data_sm is taken',
      [carried.command, carried.command_status],
      ['data_sm_resp', ROK],
    );
    const receipt = await esme.receipt(String(answer.message_id));
    checks.equal('and comes back', receipt.stat, 'DELIVRD');
    esme.cut();
  }
}

/** query_sm, replace_sm, cancel_sm on messages that wait for an SMSC which is not there yet. */
export async function checkQueued(ground: Ground): Promise<void> {
  const { checks } = ground;
  const port = await freePort();
  const stage = ground.stage();
  const other = { name: 'other', password_hash: DEMO_HASH };
  await stage.serve({ account: [{ sessions_max: 9 }, other], smsc: [{ port }] }, false);
  const front = await ground.tap(stage.site.smppPort, 'server');
  const esme = await NpmEsme.bind(front.port, 'bind_transceiver');
  const submit = async (text: string, number: string): Promise<string> => {
    const answer = await esme.submit({ data_coding: 0, short_message: text, destination_addr: number });
    return String(answer.message_id);
  };
  const kept = await submit('as it was', '447700900301');
  const replaced = await submit('before', '447700900302');
  const cancelled = await submit('never', '447700900303');
  const others = [await submit('never two', '447700900304'), await submit('never three', '447700900304')];
  await checkQuery(ground, esme, kept);
  await checkReplace(ground, esme, replaced);
  await checkCancel(ground, esme, cancelled, others);
  await checkForeign(ground, front.port, kept);
  const upstream = await new NpmUpstream().listen(port);
  ground.onEnd(() => upstream.close());
  checks.topic('what the SMSC gets when it comes');
  await ground.comes('the messages that are left', () => upstream.of('submit_sm').length >= 2, 30_000);
  // Whatever was cancelled had its turn before the SMSC answered these.
  const texts = upstream.of('submit_sm').map(({ pdu }) => shownText(pdu));
  checks.equal('their texts', texts.toSorted(), ['after', 'as it was']);
  const [asked] = upstream.withText('as it was');
  await upstream.receipt(asked);
  checks.equal('the receipt', (await esme.receipt(kept)).stat, 'DELIVRD');
  esme.cut();
}

async function checkQuery(ground: Ground, esme: NpmEsme, id: string): Promise<void> {
  const { checks } = ground;
  checks.topic('query_sm');
  const found = await esme.request('query_sm', { message_id: id, ...SOURCE });
  checks.equal('of a waiting message', found.command_status, ROK);
  checks.equal('message_id', found.message_id, id);
  checks.equal('message_state', found.message_state, ENROUTE);
  checks.equal('final_date', found.final_date, '');
  const wrong = await esme.request('query_sm', { message_id: id, ...SOURCE, source_addr: 'Another' });
  checks.that('with another source', [RINVMSGID, RQUERYFAIL].includes(wrong.command_status));
  const unknown = await esme.request('query_sm', { message_id: 'ffffffffffffffff', ...SOURCE });
  checks.that('of an unknown id', [RINVMSGID, RQUERYFAIL].includes(unknown.command_status));
}

async function checkReplace(ground: Ground, esme: NpmEsme, id: string): Promise<void> {
  const { checks } = ground;
  checks.topic('replace_sm');
  const fields = { ...SOURCE, registered_delivery: 1, short_message: Buffer.from('after') };
  const done = await esme.request('replace_sm', { message_id: id, ...fields });
  checks.equal('of a waiting message', [done.command, done.command_status], ['replace_sm_resp', ROK]);
  const unknown = await esme.request('replace_sm', { message_id: 'ffffffffffffffff', ...fields });
  checks.equal('of an unknown id', unknown.command_status, RINVMSGID);
}

async function checkCancel(ground: Ground, esme: NpmEsme, id: string, others: string[]): Promise<void> {
  const { checks } = ground;
  checks.topic('cancel_sm');
  const destination = { dest_addr_ton: 1, dest_addr_npi: 1 };
  const fields = { ...SOURCE, ...destination, destination_addr: '447700900303' };
  const done = await esme.request('cancel_sm', { message_id: id, ...fields });
  checks.equal('of a waiting message', [done.command, done.command_status], ['cancel_sm_resp', ROK]);
  checks.equal('its receipt', (await esme.receipt(id)).stat, 'DELETED');
  const query = await esme.request('query_sm', { message_id: id, ...SOURCE });
  if (query.command_status === ROK) checks.equal('its state', query.message_state, DELETED);
  const again = await esme.request('cancel_sm', { message_id: id, ...fields });
  checks.that('a second time', again.command_status !== ROK);
  const all = { ...SOURCE, ...destination, destination_addr: '447700900304' };
  const many = await esme.request('cancel_sm', { message_id: '', ...all });
  checks.equal('of all to one destination', many.command_status, ROK);
  for (const one of others) checks.equal('each is deleted', (await esme.receipt(one)).stat, 'DELETED');
}

/** Another account sees nothing of it. */
async function checkForeign(ground: Ground, port: number, id: string): Promise<void> {
  const { checks } = ground;
  checks.topic("operations on another account's message");
  const stranger = await NpmEsme.bind(port, 'bind_transceiver', { system_id: 'other' });
  checks.equal('the other account is bound', stranger.bound.command_status, ROK);
  const destination = { dest_addr_ton: 1, dest_addr_npi: 1, destination_addr: '447700900301' };
  const query = await stranger.request('query_sm', { message_id: id, ...SOURCE });
  checks.that('query_sm', [RINVMSGID, RQUERYFAIL].includes(query.command_status));
  const cancel = await stranger.request('cancel_sm', { message_id: id, ...SOURCE, ...destination });
  checks.equal('cancel_sm', cancel.command_status, RINVMSGID);
  const fields = { ...SOURCE, short_message: Buffer.from('stolen') };
  const replace = await stranger.request('replace_sm', { message_id: id, ...fields });
  checks.equal('replace_sm', replace.command_status, RINVMSGID);
  stranger.cut();
}

const BROADCAST = {
  ...SOURCE,
  data_coding: 0,
  broadcast_area_identifier: ['Downtown', 'Harbour'],
  broadcast_content_type: { network: 1, content_type: 0x33 },
  broadcast_rep_num: 10,
  broadcast_frequency_interval: { unit: 9, interval: 31 },
  message_payload: { message: 'Storm warning' },
};

/** broadcast_sm and its kin on a session of 5.0, to an SMSC that takes them and to one that does not. */
export async function checkBroadcast(ground: Ground): Promise<void> {
  const { checks } = ground;
  checks.topic('broadcast_sm');
  const smsc = { supports: ['broadcast_sm'], interface_version: '5.0' };
  const upstream = new NpmUpstream();
  upstream.bindFields = { system_id: 'npmsmsc', sc_interface_version: 0x50 };
  const { front } = await serveWithUpstream(ground, { account: { broadcast: true }, smsc, upstream });
  upstream.answers.set('query_broadcast_sm', ({ pdu }) => ({
    message_id: pdu.message_id,
    message_state: 2,
    broadcast_area_identifier: ['Downtown', 'Harbour'],
    broadcast_area_success: [100, 255],
  }));
  const esme = await NpmEsme.bind(front.port, 'bind_transceiver', { interface_version: 0x50 });
  const answer = await esme.request('broadcast_sm', BROADCAST);
  checks.equal('is accepted', [answer.command, answer.command_status], ['broadcast_sm_resp', ROK]);
  checks.that('has a message_id', typeof answer.message_id === 'string' && answer.message_id !== '');
  if (await ground.comes('it comes to the SMSC', () => upstream.of('broadcast_sm').length === 1)) {
    const [{ pdu }] = upstream.of('broadcast_sm');
    const areas = pdu.broadcast_area_identifier as { data: string }[] | undefined;
    checks.equal(
      'its areas',
      areas?.map(({ data }) => data),
      ['Downtown', 'Harbour'],
    );
    checks.equal('its text', textOf(pdu), 'Storm warning');
    checks.equal('broadcast_rep_num', pdu.broadcast_rep_num, 10);
  }
  const named = { message_id: answer.message_id, ...SOURCE };
  const query = await esme.request('query_broadcast_sm', named);
  checks.equal('query_broadcast_sm', query.command_status, ROK);
  checks.equal('names our id', query.message_id, answer.message_id);
  checks.equal('message_state', query.message_state, 2);
  const cancel = await esme.request('cancel_broadcast_sm', named);
  checks.equal('cancel_broadcast_sm', cancel.command_status, ROK);
  const ids = ['query_broadcast_sm', 'cancel_broadcast_sm'].map(
    (name) => upstream.of(name)[0]?.pdu.message_id,
  );
  checks.equal('the SMSC is asked with its own id', ids, ['0000000001', '0000000001']);
  esme.cut();
  await checkNoBroadcast(ground);
}

async function checkNoBroadcast(ground: Ground): Promise<void> {
  const { checks } = ground;
  const { upstream, front } = await serveWithUpstream(ground);
  const old = await NpmEsme.bind(front.port, 'bind_transceiver', { interface_version: 0x34 });
  const nack = await old.request('broadcast_sm', BROADCAST);
  checks.equal('on a session of 3.4', [nack.command, nack.command_status], ['generic_nack', 3]);
  const plain = await NpmEsme.bind(front.port, 'bind_transceiver', { interface_version: 0x50 });
  const refused = await plain.request('broadcast_sm', BROADCAST);
  checks.equal('by an account that may not', refused.command_status, RPROHIBITED);
  checks.equal('reaches no SMSC', upstream.of('broadcast_sm').length, 0);
  for (const esme of [old, plain]) esme.cut();
}
