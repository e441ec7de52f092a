import { readFileSync } from 'node:fs';

/** One of the 149 PDUs of the vectors file: valid ones with their fields, others with the reaction they must get. */
export interface Vector {
  name: string;
  version: string;
  valid: boolean;
  bytes: Buffer;
  fields: VectorFields;
  reaction: { state: string; receiver: string; close: boolean; respond: VectorResponse[] } | undefined;
}

export interface VectorFields {
  [field: string]: string | number | VectorTlv[] | string[] | undefined;
  command: string;
  tlvs?: VectorTlv[];
  stream?: string[];
}

export interface VectorTlv {
  tag: string;
  name: string;
  length: number;
  value_hex: string;
}

export interface VectorResponse {
  command: string;
  command_status: string;
  sequence_number: number;
  hex: string;
}

const file = new URL('smpp-vectors.json', import.meta.url);
const entries = JSON.parse(readFileSync(file, 'utf8')) as (Omit<Vector, 'bytes'> & { hex: string })[];

export const vectors: readonly Vector[] = entries.map(({ hex, ...rest }) => ({
  ...rest,
  bytes: Buffer.from(hex, 'hex'),
}));

export function vectorNamed(name: string): Vector {
  const found = vectors.find((vector) => vector.name === name);
  if (found === undefined) throw new Error(`no vector ${name}`);
  return found;
}

/** The valid PDUs of one command. */
export function validOf(command: string): Vector[] {
  return vectors.filter((vector) => vector.valid && vector.fields.command === command);
}

/** What a bad PDU with this request id must be answered with, as a command_status. */
export function refused(vector: Vector): number {
  return Number(vector.reaction?.respond[0]?.command_status ?? 0);
}

/** The interface_version of a vector's session. */
export function versionOf(vector: Vector): number {
  return Number.parseInt(vector.version.replace('.', ''), 16);
}
