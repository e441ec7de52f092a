/** Receipts: in the dialects of vendors towards us, and in the forms that an account can ask for from us. */
import { until } from '../support/daemon.ts';
import type { Ground } from './ground.ts';
import { NpmEsme, NpmUpstream, textOf } from './npm-peers.ts';
import type { NpmPdu, NpmReceipt } from './npm-peers.ts';
import { serveWithUpstream } from './smpp-binds.ts';

const ROK = 0;

interface Dialect {
  what: string;
  /** Of the receipt of the message whose id at the SMSC is this. */
  fields: (id: string) => Record<string, unknown>;
  stat: string;
}

const DIALECTS: readonly Dialect[] = [
  {
    what: 'keys in capitals, seconds in the dates',
    fields: (id) => ({
      short_message: `ID:${id} SUB:001 DLVRD:001 SUBMIT DATE:261122010159 DONE DATE:261122010200 STAT:DELIVRD ERR:0`,
    }),
    stat: 'DELIVRD',
  },
  {
    what: 'the id in hexadecimal',
    fields: (id) => ({ short_message: `id:${Number(id).toString(16)} stat:UNDELIV err:06B text:` }),
    stat: 'UNDELIV',
  },
  {
    what: 'TLVs only',
    fields: (id) => ({ short_message: '', receipted_message_id: id, message_state: 3 }),
    stat: 'EXPIRED',
  },
  {
    what: 'UCS-2 text',
    fields: (id) => ({ data_coding: 8, short_message: `id:${id} stat:REJECTD err:001 text:` }),
    stat: 'REJECTD',
  },
  {
    what: 'message_payload',
    fields: (id) => ({ message_payload: { message: `id:${id} stat:DELETED err:000 text:` } }),
    stat: 'DELETED',
  },
];

/** As vendors write them: understood, and written to the client by the book. */
export async function checkDialects(ground: Ground): Promise<void> {
  const { checks } = ground;
  checks.topic("receipts in vendors' dialects");
  const upstream = new NpmUpstream();
  // So long that decimal and hexadecimal digits differ.
  upstream.lastId = 3_000_000_000;
  const { front } = await serveWithUpstream(ground, { upstream });
  const esme = await NpmEsme.bind(front.port, 'bind_transceiver');
  for (const [index, { what, fields, stat }] of DIALECTS.entries()) {
    const text = `dialect ${index}`;
    const answer = await esme.submit({ data_coding: 0, short_message: text });
    await until(() => upstream.withText(text).length === 1, text);
    const [asked] = upstream.withText(text);
    const taken = await upstream.receipt(asked, stat, fields(upstream.idOf(asked)));
    checks.equal(`${what}: answered`, taken.command_status, ROK);
    const receipt = await comes(ground, esme, String(answer.message_id), what);
    checks.equal(`${what}: stat`, receipt?.stat, stat);
  }
  await checkIntermediate(ground, esme, upstream);
  esme.cut();
}

async function comes(
  ground: Ground,
  esme: NpmEsme,
  id: string,
  what: string,
): Promise<NpmReceipt | undefined> {
  const found = (): NpmReceipt | undefined => esme.receipts.find((one) => one.id === id);
  await ground.comes(`${what}: the receipt comes`, () => found() !== undefined);
  return found();
}

/** ENROUTE on the way is told to who asked for it (registered_delivery 0x10), and is not the end. */
async function checkIntermediate(ground: Ground, esme: NpmEsme, upstream: NpmUpstream): Promise<void> {
  const { checks } = ground;
  checks.topic('intermediate notification');
  const answer = await esme.submit({
    data_coding: 0,
    short_message: 'on its way',
    registered_delivery: 0x11,
  });
  await until(() => upstream.withText('on its way').length === 1, 'the message comes');
  const [asked] = upstream.withText('on its way');
  await upstream.receipt(asked, 'ENROUTE', { esm_class: 0x20 });
  const id = String(answer.message_id);
  const stats = (): string[] => esme.receipts.filter((one) => one.id === id).map(({ stat }) => stat);
  await ground.comes('it is told', () => stats().includes('ENROUTE'));
  await upstream.receipt(asked);
  await ground.comes('and so is the end', () => stats().includes('DELIVRD'));
  checks.equal('in order', stats(), ['ENROUTE', 'DELIVRD']);
  const classes = esme.receipts.filter((one) => one.id === id).map(({ pdu }) => pdu.esm_class);
  checks.equal('esm_class', classes, [0x20, 0x04]);
}

interface Form {
  what: string;
  account: Record<string, unknown>;
  check: (ground: Ground, pdu: NpmPdu, id: string) => void;
}

const FORMS: readonly Form[] = [
  {
    what: 'text only',
    account: { receipt_content: 'text' },
    check: ({ checks }, pdu, id) => {
      checks.that('the text has the id', String(textOf(pdu)).startsWith(`id:${id} `));
      checks.equal('no TLV', [pdu.receipted_message_id, pdu.message_state], [undefined, undefined]);
    },
  },
  {
    what: 'TLVs only',
    account: { receipt_content: 'tlvs' },
    check: ({ checks }, pdu, id) => {
      checks.equal('no text', textOf(pdu).length, 0);
      checks.equal('receipted_message_id', pdu.receipted_message_id, id);
      checks.equal('message_state', pdu.message_state, 2);
    },
  },
  {
    what: 'in a data_sm',
    account: { receipt_pdu: 'data_sm' },
    check: ({ checks }, pdu, id) => {
      checks.equal('command', pdu.command, 'data_sm');
      checks.equal('receipted_message_id', pdu.receipted_message_id, id);
    },
  },
  {
    what: 'decimal ids, dates with century and seconds',
    account: { receipt_id: 'decimal', receipt_date_digits: 14 },
    check: ({ checks }, pdu, id) => {
      checks.that('the id has decimal digits', /^\d{1,20}$/.test(id), id);
      const text = String(textOf(pdu));
      checks.that('the text has it', text.startsWith(`id:${id} sub:001 dlvrd:001 submit date:20`), text);
      checks.that('dates', /submit date:\d{14} done date:\d{14} stat:DELIVRD/.test(text), text);
    },
  },
];

/** As an account asks for them. */
export async function checkReceiptForms(ground: Ground): Promise<void> {
  const { checks } = ground;
  for (const { what, account, check } of FORMS) {
    checks.topic(`receipts to a client: ${what}`);
    const { upstream, front } = await serveWithUpstream(ground, { account });
    const esme = await NpmEsme.bind(front.port, 'bind_transceiver');
    const answer = await esme.submit({ data_coding: 0, short_message: 'in a form' });
    await until(() => upstream.withText('in a form').length === 1, 'the message comes');
    await upstream.receipt(upstream.withText('in a form')[0]);
    const receipts = (): NpmPdu[] => esme.pdus.filter(({ esm_class }) => esm_class === 4);
    if (await ground.comes('it comes', () => receipts().length === 1)) {
      check(ground, receipts()[0], String(answer.message_id));
    }
    esme.cut();
    await ground.rest();
  }
}
