/** Against the npm package `smpp`, both ways, for every PDU that it knows. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  COMMANDS,
  decodePdu,
  encodePdu,
  isCommandOf,
  type Command,
  type PduInput,
} from '../../src/smpp/codec.ts';
import * as smpp from '../../src/smpp/constants.ts';
import type { Tlv } from '../../src/smpp/pdu/tlv.ts';
import { readTlvValue, STANDARD_TAGS } from '../../src/smpp/tags.ts';
import { oracleDecode, oracleEncode, oracleRead, oracleTables, oracleTlv } from '../support/oracle.ts';
import { pduArbitrary } from '../support/pdu-arbitraries.ts';

const SEED = Number(process.env.TEST_SEED ?? 20_260_202);
const known = COMMANDS.filter((command) => command in oracleTables.commands);
const cases = [smpp.VERSION_33, smpp.VERSION_34, smpp.VERSION_50].flatMap((version) =>
  known.filter((command) => isCommandOf(command, version)).map((command) => ({ command, version })),
);

/**
 * Where the package is wrong or decides otherwise (reference section 14): source_telematics_id has 2 octets there,
 * dest_addr_np_country 4, and an alert_on_message_delivery without octets makes it throw.
 */
const DIFFERENT = new Set<number>([
  smpp.TLV_SOURCE_TELEMATICS_ID,
  smpp.TLV_DEST_ADDR_NP_COUNTRY,
  smpp.TLV_ALERT_ON_MESSAGE_DELIVERY,
]);

function snake(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** Under SMPP's names; entries of lists as the package has them: it sees a list by its dl_name. */
function wire(pdu: PduInput): Record<string, unknown> {
  const { command: _command, commandStatus: _status, sequenceNumber: _sequence, tlvs: _tlvs, ...body } = pdu;
  return Object.fromEntries(Object.entries(body).map(([key, value]) => [snake(key), wireValue(value)]));
}

function wireValue(value: unknown): unknown {
  if (!Array.isArray(value)) return value;
  return value.map((one: Record<string, unknown>) => {
    const { destFlag: _flag, ...rest } = one;
    return Object.fromEntries(Object.entries(rest).map(([key, inner]) => [snake(key), inner]));
  });
}

/** What the package can hold: of a TLV that it does not repeat the first, of one that it does all, side by side. */
function holdable(tlvs: readonly Tlv[]): Tlv[] {
  const tags = [...new Set(tlvs.map(({ tag }) => tag))].filter((tag) => !DIFFERENT.has(tag));
  return tags.flatMap((tag) => {
    const all = tlvs.filter((one) => one.tag === tag);
    return oracleTlv(tag)?.repeats === true ? all : all.slice(0, 1);
  });
}

/** A value in the form in which the package's types read it: numbers, strings without NUL, octets. */
function content({ tag, value }: Tlv): unknown {
  const read = readTlvValue(tag, value);
  if (tag === smpp.TLV_BROADCAST_END_TIME) return value.toString('latin1');
  const isText = [smpp.TLV_BROADCAST_CONTENT_TYPE_INFO, smpp.TLV_BROADCAST_SERVICE_GROUP].includes(tag);
  return isText && Buffer.isBuffer(read) ? read.toString('ascii') : read;
}

function oracleTlvs(tlvs: readonly Tlv[]): Record<string, unknown> {
  const fields: Record<string, unknown[]> = {};
  for (const tlv of tlvs) {
    const name = oracleTlv(tlv.tag)?.name ?? '';
    // It writes a string as ASCII, a Buffer as it is.
    const value = readTlvValue(tlv.tag, tlv.value);
    const plain = STANDARD_TAGS.byTag(tlv.tag)?.type === 'cstring' && tlv.tag !== smpp.TLV_BROADCAST_END_TIME;
    (fields[name] ??= []).push(plain || typeof value === 'number' ? value : tlv.value);
  }
  return Object.fromEntries(
    Object.entries(fields).map(([name, values]) => [
      name,
      oracleTlv(oracleTables.tlvs[name].id)?.repeats === true ? values : values[0],
    ]),
  );
}

describe(`beside the npm package, seed ${SEED}`, () => {
  it('are all commands but those that only 3.3 has', () => {
    const only33 = COMMANDS.filter((command) => !isCommandOf(command, smpp.VERSION_50));
    expect(only33).toHaveLength(6);
    expect(new Set([...known, ...only33])).toEqual(new Set(COMMANDS));
  });

  it.each(cases)('it reads our $command of version $version', ({ command, version }) => {
    const property = fc.property(pdus(command, version), (pdu) => {
      const bytes = encodePdu(pdu, version);
      const read = oracleRead(bytes);
      expect(read.command).toBe(command);
      expect(read.fields).toEqual(wire(pdu));
      const { tlvs = [] } = pdu;
      expect(read.tlvs).toEqual(tlvs.map((tlv) => ({ tag: tlv.tag, value: content(tlv) })));
      const whole = oracleDecode(bytes);
      expect(whole.command_status).toBe(pdu.commandStatus);
      expect(whole.sequence_number).toBe(pdu.sequenceNumber);
      expect(whole.command_length).toBe(bytes.length);
    });
    fc.assert(property, { numRuns: 40, seed: SEED });
  });

  it.each(cases)('we read its $command of version $version', ({ command, version }) => {
    const property = fc.property(pdus(command, version), (pdu) => {
      const { sequenceNumber, tlvs = [] } = pdu;
      const theirs = oracleEncode(command, {
        sequence_number: sequenceNumber,
        ...wire(pdu),
        // A local time as a string would be taken for a duration, and written as one.
        ...('finalDate' in pdu && { final_date: Buffer.from(pdu.finalDate ?? '') }),
        ...oracleTlvs(tlvs),
      });
      const result = decodePdu(theirs, 0, theirs.length, version);
      if (!result.ok) throw new Error(`refused: ${result.reason}`);
      // An error of theirs is the header alone, so all of theirs are successes here.
      expect(result.pdu).toEqual({ ...pdu, commandStatus: 0 });
    });
    fc.assert(property, { numRuns: 40, seed: SEED + 1 });
  });
});

function pdus(command: Command, version: number): fc.Arbitrary<PduInput> {
  return pduArbitrary(command, version, { alphabet: 'ascii', strangers: false }).map((pdu) => ({
    ...pdu,
    tlvs: holdable(pdu.tlvs ?? []),
  }));
}
