import { LONG_CREDENTIAL_LENGTH_MAX, NAME_LENGTH_MAX, PASSWORD_LENGTH_MAX } from './limits.ts';
import { suggest } from './suggest.ts';

export interface ConfigProblem {
  /** Keys from the top of the file; a number counts the tables of one [[name]], from 0. */
  readonly path: readonly (string | number)[];
  readonly message: string;
}

type Table = Record<string, unknown>;

/** Relations between options; says nothing of what is not there or has the wrong type. */
export function relationProblems(value: unknown): ConfigProblem[] {
  const top = table(value);
  const problems: ConfigProblem[] = [];
  const add = (path: (string | number)[], message: string): void => void problems.push({ path, message });
  const smscs = tables(top.smsc);
  const { listen } = table(top.http);
  if (typeof listen === 'string' && listen === table(top.smpp).listen) {
    add(['http', 'listen'], 'must not be the address of smpp.listen');
  }
  duplicates('account', 'name', tables(top.account), add);
  duplicates('smsc', 'id', smscs, add);
  duplicates('tlv', 'name', tables(top.tlv), add);
  duplicates('tlv', 'tag', tables(top.tlv), add);
  ordered(table(top.smpp), ['smpp'], 'pdu_bytes_max_unbound', 'pdu_bytes_max', add);
  smscs.forEach((one, at) => {
    ordered(one, ['smsc', at], 'reconnect_min_s', 'reconnect_max_s', add);
    ordered(one, ['smsc', at], 'retry_min_s', 'retry_max_s', add);
  });
  tables(top.account).forEach((one, at) => short(one, ['account', at], 'name', NAME_LENGTH_MAX, add));
  routes(table(top.route).smscs, ['route', 'smscs'], smscs, add);
  const tlvs = tables(top.tlv).map((one) => one.name);
  const types = typesOf(tables(top.tlv));
  tables(table(top.route).rule).forEach((rule, at) => {
    routes(rule.smscs, ['route', 'rule', at, 'smscs'], smscs, add);
    if (typeof rule.tlv === 'string') known(rule.tlv, ['route', 'rule', at, 'tlv'], tlvs, add);
    comparable(rule, types.get(rule.tlv), ['route', 'rule', at, 'equals'], add);
  });
  smscs.forEach((one, at) => {
    for (const [from, to] of Object.entries(table(one.tlv_map))) {
      known(from, ['smsc', at, 'tlv_map', from], tlvs, add);
      if (typeof to !== 'string' || to === '') continue;
      known(to, ['smsc', at, 'tlv_map', from], tlvs, add);
      const [type, other] = [types.get(from), types.get(to)];
      if (type === undefined || other === undefined || type === other) continue;
      add(['smsc', at, 'tlv_map', from], `"${to}" is of another type ("${other}" is not "${type}")`);
    }
    supported(one, at, add);
    short(one, ['smsc', at], 'system_id', NAME_LENGTH_MAX, add);
    short(one, ['smsc', at], 'password', PASSWORD_LENGTH_MAX, add);
    if (typeof one.outbind_listen === 'string') {
      // Who calls is told our password there: it must have said something that not everybody knows.
      for (const key of ['outbind_system_id', 'outbind_password']) {
        if (one[key] === undefined || one[key] === '') {
          add(['smsc', at, key], 'must not be empty with outbind_listen');
        }
      }
    }
    if (typeof one.outbind_listen === 'string' && one.bind !== 'receiver' && one.bind !== 'transceiver') {
      if (one.bind !== undefined)
        add(['smsc', at, 'bind'], 'must be "receiver" or "transceiver" with outbind_listen');
    }
  });
  const demoTable = table(top.demo);
  if (demoTable.password && demoTable.simulator !== true) {
    add(['demo', 'password'], 'is only for a demo: needs simulator = true');
  }
  const host = smscs[0]?.host;
  if (demoTable.simulator === true && typeof host === 'string' && !/^(127\.|localhost$|::1$)/.test(host)) {
    add(['smsc', 0, 'host'], 'must be 127.0.0.1 while [demo] simulator = true');
  }
  return problems;
}

/** What came with a version that the SMSC is not bound with. */
function supported({ supports, interface_version: version = '3.4' }: Table, at: number, add: Add): void {
  if (!Array.isArray(supports)) return;
  const problem = (name: string, needs: string): void =>
    add(['smsc', at, 'supports'], `"${name}" needs interface_version ${needs} (it is "${String(version)}")`);
  if (supports.includes('broadcast_sm') && version !== '5.0') problem('broadcast_sm', '"5.0"');
  if (supports.includes('data_sm') && version === '3.3') problem('data_sm', '"3.4" or "5.0"');
}

type Add = (path: (string | number)[], message: string) => void;

function duplicates(list: string, key: string, entries: readonly Table[], add: Add): void {
  const first = new Map<unknown, number>();
  entries.forEach((entry, at) => {
    const name = entry[key];
    if (typeof name !== 'string' && typeof name !== 'number') return;
    const before = first.get(name);
    if (before === undefined) first.set(name, at);
    else add([list, at, key], `"${name}" is already the ${key} of ${list} ${before + 1}`);
  });
}

/** What goes into a field of the bind is no longer than SMPP has it, unless long_credentials says that it may be. */
function short(entry: Table, path: (string | number)[], key: string, most: number, add: Add): void {
  const value = entry[key];
  if (typeof value !== 'string' || value.length <= most || entry.long_credentials === true) return;
  // Too long with it, too: that is said already.
  if (value.length > LONG_CREDENTIAL_LENGTH_MAX) return;
  add([...path, key], `must be ${most} characters at most, more need long_credentials = true`);
}

function ordered(entry: Table, path: (string | number)[], low: string, high: string, add: Add): void {
  const [a, b] = [entry[low], entry[high]];
  if (typeof a === 'number' && typeof b === 'number' && a > b) {
    add([...path, low], `must not be above ${high} (${a} > ${b})`);
  }
}

function table(value: unknown): Table {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Table) : {};
}

function tables(value: unknown): Table[] {
  return Array.isArray(value) ? value.map(table) : [];
}

const INTEGER_MAX = 2n ** 64n - 1n;

/** A rule compares with a value that its TLV can have. */
function comparable(
  { tlv, equals }: Table,
  type: string | undefined,
  path: (string | number)[],
  add: Add,
): void {
  if (typeof equals !== 'string' || typeof tlv !== 'string') return;
  if (type === 'octets' && !/^(?:[0-9a-f]{2})*$/i.test(equals)) {
    add(path, `must be octets in hexadecimal: "${tlv}" is octets`);
  }
  const isNumber = /^[0-9]+$/.test(equals);
  if (type === 'integer' && !isNumber) {
    add(path, `must be a number in decimal: "${tlv}" is an integer`);
  } else if (type === 'integer' && BigInt(equals) > INTEGER_MAX) {
    add(path, `must be a number in decimal, of 8 octets at most: "${tlv}" is an integer`);
  }
}

/** By name. */
function typesOf(tlvs: readonly Table[]): Map<unknown, string> {
  const types = new Map<unknown, string>();
  for (const { name, type } of tlvs) if (typeof type === 'string') types.set(name, type);
  return types;
}

/** A [[tlv]] is named that there is. */
function known(name: string, path: (string | number)[], tlvs: readonly unknown[], add: Add): void {
  if (tlvs.includes(name)) return;
  const near = suggest(
    name,
    tlvs.filter((one) => typeof one === 'string'),
  );
  add(path, `no [[tlv]] has the name "${name}"${near === undefined ? '' : `, did you mean "${near}"?`}`);
}

function routes(routed: unknown, at0: (string | number)[], smscs: readonly Table[], add: Add): void {
  const ids = smscs.map((one) => one.id).filter((id) => typeof id === 'string');
  const seen = new Set<string>();
  (Array.isArray(routed) ? routed : []).forEach((id: unknown, at) => {
    if (typeof id !== 'string') return;
    const path = [...at0, at];
    const found = smscs.find((one) => one.id === id);
    if (found === undefined) {
      const near = suggest(id, ids);
      add(path, `no [[smsc]] has the id "${id}"${near === undefined ? '' : `, did you mean "${near}"?`}`);
    } else if (found.bind === 'receiver') {
      add(path, `"${id}" is bound as a receiver and takes no messages`);
    } else if (seen.has(id)) {
      add(path, `"${id}" is named twice`);
    }
    seen.add(id);
  });
}
