/** Random PDUs of every command in every version, and random TLVs, there and back. */
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
import { makeTlv } from '../../src/smpp/pdu/tlv.ts';
import { isExpectedIn, readTlvValue, STANDARD_TAGS, tlvStatus } from '../../src/smpp/tags.ts';
import { shiftedInto } from '../support/messages.ts';
import { fieldNames, pduArbitrary } from '../support/pdu-arbitraries.ts';
import { tlvValue } from '../support/tlv-arbitraries.ts';

const SEED = Number(process.env.TEST_SEED ?? 20_260_201);
const VERSIONS: [string, number][] = [
  ['3.3', smpp.VERSION_33],
  ['3.4', smpp.VERSION_34],
  ['5.0', smpp.VERSION_50],
];
const cases = VERSIONS.flatMap(([name, version]) =>
  COMMANDS.filter((command) => isCommandOf(command, version)).map((command) => ({ name, version, command })),
);

describe(`random PDUs, seed ${SEED}`, () => {
  it('are of every command', () => {
    expect(new Set(cases.map(({ command }) => command))).toEqual(new Set(COMMANDS));
    expect(COMMANDS).toHaveLength(39);
    const counts = VERSIONS.map(([name]) => cases.filter((one) => one.name === name).length);
    expect(counts).toEqual([29, 27, 33]);
  });

  it.each(cases)('$command of $name is the same there and back', ({ command, version }) => {
    const property = fc.property(pduArbitrary(command, version), (pdu) => {
      const bytes = encodePdu(pdu, version);
      const { b, start, end } = shiftedInto(bytes, 11);
      for (const lenient of [false, true]) {
        const result = decodePdu(b, start, end, version, { lenient });
        if (!result.ok) throw new Error(`refused: ${result.reason}`);
        expect(result.pdu).toEqual(pdu);
        expect(Object.keys(result.pdu).slice(4).sort()).toEqual(fieldNames(command).sort());
      }
    });
    fc.assert(property, { numRuns: 60, seed: SEED });
  });

  it.each(cases)('$command of $name, cut off anywhere or with any octet changed, never throws', (one) => {
    const { command, version } = one;
    const property = fc.property(pduArbitrary(command, version), fc.nat(), fc.nat(255), (pdu, at, octet) => {
      const bytes = encodePdu(pdu, version);
      for (let end = 0; end < Math.min(bytes.length, 200); end++) {
        // Its length is right: the body is what is cut.
        const cut = Buffer.from(bytes.subarray(0, end));
        if (end >= 4) cut.writeUInt32BE(end, 0);
        expectSane(cut, version);
      }
      bytes[4 + (at % (bytes.length - 4))] = octet;
      expectSane(bytes, version);
    });
    fc.assert(property, { numRuns: 8, seed: SEED });
  });
});

/** Either all is well, or a status and a reason are there; and what was read is inside. */
function expectSane(bytes: Buffer, version: number): void {
  for (const lenient of [false, true]) {
    const result = decodePdu(bytes, 0, bytes.length, version, { lenient });
    if (!result.ok) {
      if (result.status === smpp.ESME_ROK || result.reason === '') throw new Error('no status or no reason');
      continue;
    }
    for (const { value } of result.pdu.tlvs) expectInside(value, bytes);
    if ('shortMessage' in result.pdu && result.pdu.shortMessage !== null)
      expectInside(result.pdu.shortMessage, bytes);
  }
}

function expectInside(part: Buffer, whole: Buffer): void {
  if (part.length === 0) return;
  const from = part.byteOffset - whole.byteOffset;
  if (part.buffer !== whole.buffer || from < 16 || from + part.length > whole.length)
    throw new Error('outside');
}

const standard = [...STANDARD_TAGS];

describe(`random TLVs, seed ${SEED}`, () => {
  const versions = VERSIONS.filter(([, version]) => version >= smpp.VERSION_34);
  const places = versions.flatMap(([name, version]) =>
    standard
      .filter(({ pdus34, pdus50 }) => (version === smpp.VERSION_34 ? pdus34 : pdus50)?.size !== 0)
      .map((definition) => ({ name, version, tag: definition.name, definition })),
  );

  it.each(places)('$tag of $name', ({ version, definition }) => {
    const commands = COMMANDS.filter(
      (command) => isCommandOf(command, version) && isExpectedIn(definition, idOf(command), version),
    );
    expect(commands.length).toBeGreaterThan(0);
    const { tag } = definition;
    const property = fc.property(
      tlvValue(definition, version),
      fc.constantFrom(...commands),
      (value, command) => {
        expect(tlvStatus(definition, value)).toBe(smpp.ESME_ROK);
        const content = readTlvValue(tag, value);
        // A number or a string makes the same octets again; 5.0 takes the alert of 3.4 without octets, too.
        const isAlert34 = value.length === 0 && tag === smpp.TLV_ALERT_ON_MESSAGE_DELIVERY;
        const again = makeTlv(definition.name, content, isAlert34 ? smpp.VERSION_34 : version);
        expect(again).toEqual({ tag, value });
        const destAddress = [{ destFlag: 2, dlName: 'staff' }];
        const tlvs = [{ tag, value }];
        const pdu = { command, sequenceNumber: 1, destAddress, tlvs } as unknown as PduInput;
        // What else each command must have is left out.
        const bytes = encodePdu(pdu, version, { lenient: true });
        const result = decodePdu(bytes, 0, bytes.length, version, { lenient: true });
        expect(result.ok && result.pdu.tlvs).toEqual([{ tag, value }]);
      },
    );
    fc.assert(property, { numRuns: 50, seed: SEED });
  });
});

function idOf(command: Command): number {
  return (smpp as unknown as Record<string, number>)[command.toUpperCase()];
}
