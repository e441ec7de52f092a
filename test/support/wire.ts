/** A PDU put together by hand: header and body, the command_length counted. Strings are Latin-1, NULs and all. */
export function wirePdu(
  commandId: number,
  body: string | Buffer = '',
  status = 0,
  sequenceNumber = 1,
): Buffer {
  const bytes = typeof body === 'string' ? Buffer.from(body, 'latin1') : body;
  const pdu = Buffer.alloc(16 + bytes.length);
  pdu.writeUInt32BE(pdu.length, 0);
  pdu.writeUInt32BE(commandId, 4);
  pdu.writeUInt32BE(status, 8);
  pdu.writeUInt32BE(sequenceNumber, 12);
  bytes.copy(pdu, 16);
  return pdu;
}
