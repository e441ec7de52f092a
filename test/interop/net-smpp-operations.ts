/** submit_multi, data_sm, query_sm, replace_sm and cancel_sm as Net::SMPP writes them. */
import { freePort } from '../support/ports.ts';
import type { Ground } from './ground.ts';
import { complaints, CREDENTIALS, fieldText, PerlEsme } from './net-smpp-esme.ts';
import type { PerlFields } from './net-smpp-esme.ts';
import { PERL_DEST, PERL_SOURCE } from './net-smpp-messages.ts';
import { NpmUpstream } from './npm-peers.ts';
import { shownText } from './smpp-binds.ts';

const ROK = 0;
const RINVMSGID = 0x0c;
const RINVDSTADR = 0x0b;
const ENROUTE = 1;

/** Everything waits for an SMSC that comes at the end. */
export async function checkPerlOperations(ground: Ground): Promise<void> {
  const { checks } = ground;
  const port = await freePort();
  const stage = ground.stage();
  const list = [{ name: 'staff', numbers: ['447700900201', '447700900202'] }];
  await stage.serve({ account: [{ list }], smsc: [{ port }] }, false);
  const front = await ground.tap(stage.site.smppPort, 'server');
  const perl = new PerlEsme(ground);
  await perl.connect('trx', front.port, 0x34);
  await perl.call('trx', 'bind_transceiver', CREDENTIALS);
  await checkMulti(ground, perl);
  await checkData(ground, perl);
  await checkWaiting(ground, perl);
  const upstream = await new NpmUpstream().listen(port);
  ground.onEnd(() => upstream.close());
  checks.topic('what the SMSC gets when it comes');
  const expected = ['after', 'by data', 'kept', ...Array.from({ length: 4 }, () => 'to many')];
  const texts = (): string[] => upstream.of('submit_sm').map(({ pdu }) => shownText(pdu));
  await ground.comes('the messages that are left', () => texts().length >= expected.length, 30_000);
  checks.equal('their texts', texts().toSorted(), expected);
  checks.equal('the module complains of nothing', complaints(perl), []);
}

async function checkMulti(ground: Ground, perl: PerlEsme): Promise<void> {
  const { checks } = ground;
  checks.topic('submit_multi');
  const answer = await perl.call('trx', 'submit_multi', {
    ...PERL_SOURCE,
    dest_flag: [1, 1, 2, 1],
    dest_addr_ton: [1, 1, 0, 1],
    dest_addr_npi: [1, 1, 0, 1],
    destination_addr: ['447700900101', '447700900102', 'staff', ''],
    short_message: 'to many',
  });
  checks.equal('is accepted', [answer.name, answer.status], ['submit_multi_resp', ROK]);
  checks.equal('no_unsuccess', answer.no_unsuccess, 1);
  checks.equal('error_status_code', answer.error_status_code, [RINVDSTADR]);
}

async function checkData(ground: Ground, perl: PerlEsme): Promise<void> {
  const { checks } = ground;
  checks.topic('data_sm');
  const base = { ...PERL_SOURCE, ...PERL_DEST, destination_addr: '447700900123' };
  const answer = await perl.call('trx', 'data_sm', { ...base, message_payload: 'by data' });
  checks.equal('is accepted', [answer.name, answer.status], ['data_sm_resp', ROK]);
  checks.that('has a message_id', fieldText(answer, 'message_id') !== '');
  const empty = await perl.call('trx', 'data_sm', base);
  checks.equal('without message_payload', [empty.name, empty.status], ['data_sm_resp', 0xc3]);
}

async function checkWaiting(ground: Ground, perl: PerlEsme): Promise<void> {
  const { checks } = ground;
  const base = { ...PERL_SOURCE, ...PERL_DEST, registered_delivery: 1 };
  const submit = async (short_message: string, destination_addr: string): Promise<string> => {
    const answer = await perl.call('trx', 'submit_sm', { ...base, short_message, destination_addr });
    return String(answer.message_id);
  };
  const kept = await submit('kept', '447700900301');
  const replaced = await submit('before', '447700900302');
  const cancelled = await submit('never', '447700900303');
  const call = (method: string, message_id: string, fields: PerlFields = {}) =>
    perl.call('trx', method, { message_id, ...PERL_SOURCE, ...fields });
  checks.topic('query_sm');
  const query = await call('query_sm', kept);
  checks.equal('of a waiting message', [query.name, query.status], ['query_sm_resp', ROK]);
  checks.equal('message_id', query.message_id, kept);
  checks.equal('message_state', query.message_state, ENROUTE);
  checks.equal('final_date', query.final_date, '');
  checks.topic('replace_sm');
  const replace = await call('replace_sm', replaced, { short_message: 'after', registered_delivery: 1 });
  checks.equal('of a waiting message', [replace.name, replace.status], ['replace_sm_resp', ROK]);
  const unknown = await call('replace_sm', 'ffffffffffffffff', { short_message: 'x' });
  checks.equal('of an unknown id', unknown.status, RINVMSGID);
  checks.topic('cancel_sm');
  const destination = { ...PERL_DEST, destination_addr: '447700900303' };
  const cancel = await call('cancel_sm', cancelled, destination);
  checks.equal('of a waiting message', [cancel.name, cancel.status], ['cancel_sm_resp', ROK]);
  const deleted = await perl.hears('trx', (pdu) =>
    fieldText(pdu, 'short_message').startsWith(`id:${cancelled} `),
  );
  checks.that('its receipt says DELETED', fieldText(deleted, 'short_message').includes('stat:DELETED'));
  const again = await call('cancel_sm', cancelled, destination);
  checks.that('a second time', again.status !== ROK);
}
