/** The part of the npm package `smpp` (which publishes no types) that the tests use. */
declare module 'smpp' {
  interface Pdu {
    [field: string]: unknown;
    command: string;
    command_id: number;
    command_length: number;
    command_status: number;
    sequence_number: number;
    toBuffer(): Buffer;
  }
  interface PduClass {
    new (command: string, fields?: Record<string, unknown>): Pdu;
    new (bytes: Buffer): Pdu;
  }
  interface Smpp {
    PDU: PduClass;
    commands: Record<string, { id: number }>;
    errors: Record<string, number>;
    tlvs: Record<string, { id: number }>;
  }
  const smpp: Smpp;
  export default smpp;
}
