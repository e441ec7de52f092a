/** What a client's operation is answered with. */
export interface Answer {
  edge: number;
  session: number;
  sequence: number;
  /** OPERATION_* */
  operation: number;
  /** The message that was asked about. */
  idHigh: number;
  idLow: number;
  /** command_status */
  status: number;
  /** message_state, error_code and end (0: none) of a query_sm. */
  state: number;
  errorCode: number;
  doneMs: number;
  /** Body of the SMSC's response, where that goes back as it is. */
  data: Buffer | undefined;
}

/**
 * What is done with an SMSC's response, which is in [start, end) of `bytes`; NO_RESPONSE and an empty range: none came.
 */
export type OnOperationResponse = (status: number, bytes: Buffer, start: number, end: number) => void;
