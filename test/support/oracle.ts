import smpp from 'smpp';

/** The npm package `smpp` as an independent second codec. */
export const oracleTables = { commands: smpp.commands, errors: smpp.errors, tlvs: smpp.tlvs };

/** A PDU as the other codec writes it; strings in `short_message` must come as buffers. */
export function oracleEncode(command: string, fields: Record<string, unknown>): Buffer {
  return new smpp.PDU(command, fields).toBuffer();
}

/** A PDU as the other codec reads it. */
export function oracleDecode(bytes: Buffer): Record<string, unknown> & { command: string } {
  return new smpp.PDU(bytes);
}
