/** What tshark says of SMPP in a pcap file, read from its PDML (XML of packets, protocols and fields). */
import { spawn } from 'node:child_process';
import { SEARCHED } from './programs.ts';

export interface PdmlField {
  /** `smpp.source_addr` ...; empty: a line of text. */
  name: string;
  showname: string;
  show: string;
  /** Of the octets it stands for, in hexadecimal; of a bit field, the whole octet's. */
  value: string;
  pos: number;
  size: number;
  fields: PdmlField[];
}

export interface PdmlPacket {
  port: number;
  /** Of the SMPP PDUs that end in this packet. */
  pdus: PdmlField[];
  /** Names of all protocols. */
  protocols: string[];
  /** What the dissectors complain of, with the field it is about: `smpp.message_text: Expert Info (...): ...`. */
  complaints: string[];
}

/** tshark without anything of the user's own, with these protocols only. */
const WORDS = [
  '-n',
  '-Q',
  '-d',
  'tcp.port==2775,smpp',
  '-o',
  'smpp.reassemble_smpp_over_tcp:TRUE',
  '-o',
  'tcp.check_checksum:TRUE',
  '-T',
  'pdml',
];
const LIMIT_MS = 90_000;

/** Dissects a file; rejects when tshark fails. `checksums`: TCP checksums must be right. */
export async function dissect(path: string, checksums: boolean): Promise<PdmlPacket[]> {
  const words = WORDS.map((word) =>
    checksums ? word : word.replace('check_checksum:TRUE', 'check_checksum:FALSE'),
  );
  const child = spawn('tshark', ['-r', path, ...words], { env: SEARCHED, timeout: LIMIT_MS });
  const chunks: Buffer[] = [];
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code !== 0) throw new Error(`tshark ended with ${code}: ${said}`);
  return readPdml(Buffer.concat(chunks).toString('utf8'));
}

/** The document is flat enough for a stack: proto and field elements within packets. */
export function readPdml(text: string): PdmlPacket[] {
  return text
    .split('<packet>')
    .slice(1)
    .map((packet) => readPacket(packet));
}

function readPacket(text: string): PdmlPacket {
  const root: PdmlField = { name: '', showname: '', show: '', value: '', pos: 0, size: 0, fields: [] };
  const stack = [root];
  for (const [, close, attributes, selfClosing] of text.matchAll(/<(\/?)(?:proto|field)\b([^>]*?)(\/?)>/g)) {
    if (close === '/') {
      stack.pop();
      continue;
    }
    const field = readField(attributes);
    stack[stack.length - 1].fields.push(field);
    if (selfClosing === '') stack.push(field);
  }
  const all = flat(root);
  const complaints = all.flatMap((parent) =>
    parent.fields
      .filter(({ name }) => name === '_ws.malformed' || name === '_ws.expert')
      .map(({ showname }) => `${parent.name}: ${showname}`),
  );
  const port = all.find(({ name }) => name === 'tcp.srcport')?.show ?? '0';
  return {
    port: Number(port),
    pdus: root.fields.filter(({ name }) => name === 'smpp'),
    protocols: root.fields.map(({ name }) => name),
    complaints,
  };
}

function readField(attributes: string): PdmlField {
  const found = new Map([...attributes.matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [name, value]));
  const text = (name: string): string => unescaped(found.get(name) ?? '');
  return {
    name: text('name'),
    showname: text('showname'),
    show: text('show'),
    value: text('unmaskedvalue') || text('value'),
    pos: Number(found.get('pos') ?? 0),
    size: Number(found.get('size') ?? 0),
    fields: [],
  };
}

const ENTITIES: Record<string, string> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

function unescaped(text: string): string {
  return text.replace(/&(?:#x([0-9a-f]+)|(\w+));/gi, (whole, code: string | undefined, name: string) =>
    code === undefined ? (ENTITIES[name] ?? whole) : String.fromCodePoint(Number.parseInt(code, 16)),
  );
}

/** The field and everything in it, in order of the document. */
export function flat(field: PdmlField): PdmlField[] {
  return [field, ...field.fields.flatMap(flat)];
}
