import smpp from 'smpp';

/** The npm package `smpp` as an independent second codec. */
export const oracleTables = { commands: smpp.commands, errors: smpp.errors, tlvs: smpp.tlvs };

/** Its GSM alphabets: the default one (0), Turkish (1), Spanish (2) and Portuguese (3). */
export const oracleGsm = smpp.gsmCoder;

/** A PDU as the other codec writes it; strings in `short_message` must come as buffers. */
export function oracleEncode(command: string, fields: Record<string, unknown>): Buffer {
  return new smpp.PDU(command, fields).toBuffer();
}

/** The PDU with these octets behind it, in hexadecimal: the other codec writes no TLVs that it does not know. */
export function withTlvs(pdu: Buffer, tlvs: string): Buffer {
  const whole = Buffer.concat([pdu, Buffer.from(tlvs.replaceAll(' ', ''), 'hex')]);
  whole.writeUInt32BE(whole.length, 0);
  return whole;
}

/** A PDU as the other codec reads it. */
export function oracleDecode(bytes: Buffer): Record<string, unknown> & { command: string } {
  return new smpp.PDU(bytes);
}

/** A PDU as the other codec's field types read it, without what it makes of texts and times afterwards. */
export function oracleRead(bytes: Buffer): {
  command: string;
  fields: Record<string, unknown>;
  tlvs: OracleTlv[];
} {
  const { command } = smpp.commandsById[bytes.readUInt32BE(4)];
  const fields: Record<string, unknown> = {};
  const tlvs: OracleTlv[] = [];
  let at = 16;
  for (const [name, { type }] of Object.entries(smpp.commands[command].params ?? {})) {
    if (at >= bytes.length) break;
    fields[name] = type.read(bytes, at);
    at += type.size(fields[name]);
  }
  while (at + 4 <= bytes.length) {
    const tag = bytes.readUInt16BE(at);
    const length = bytes.readUInt16BE(at + 2);
    at += 4;
    const value = smpp.tlvsById[tag]?.type.read(bytes, at, length) ?? bytes.subarray(at, at + length);
    tlvs.push({ tag, value });
    at += length;
  }
  if (at !== bytes.length) throw new Error(`the other codec reads ${at} of ${bytes.length} octets`);
  return { command, fields, tlvs };
}

export interface OracleTlv {
  tag: number;
  value: unknown;
}

/** The other codec's name of a TLV, whether it may hold several, undefined where it does not know the tag. */
export function oracleTlv(tag: number): { name: string; repeats: boolean } | undefined {
  const found = smpp.tlvsById[tag];
  return found && { name: found.tag, repeats: found.multiple === true };
}
