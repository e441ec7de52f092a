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
  interface FieldType {
    read(buffer: Buffer, offset: number, length?: number): unknown;
    size(value: unknown): number;
  }
  interface TlvType {
    id: number;
    tag: string;
    type: FieldType;
    multiple?: boolean;
  }
  interface Smpp {
    PDU: PduClass;
    commands: Record<string, { id: number; params?: Record<string, { type: FieldType }> }>;
    commandsById: Record<number, { command: string }>;
    errors: Record<string, number>;
    tlvs: Record<string, TlvType>;
    tlvsById: Record<number, TlvType>;
    /** GSM 03.38 text; encoding: a language number, whose locking and single shift tables are both in force. */
    gsmCoder: {
      encode(text: string, encoding: number): Buffer;
      decode(septets: ArrayLike<number>, encoding: number): string;
    };
  }
  const smpp: Smpp;
  export default smpp;
}
