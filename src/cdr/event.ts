/** The events of the ledger as objects, for people and tools to read. */

export interface Address {
  ton: number;
  npi: number;
  address: string;
}

export interface Common {
  messageId: string;
  timeMs: number;
}

/** REPLACED: the message has this text from now on. */
export interface AcceptedEvent extends Common {
  type: 'ACCEPTED' | 'REPLACED';
  protocol: 'smpp' | 'http';
  /** Index of the account in the segment's NAMES. */
  account: number;
  smsc: number;
  session: number;
  sequenceNumber: number;
  registeredDelivery: number;
  esmClass: number;
  dataCoding: number;
  priority: number;
  source: Address;
  destination: Address;
  expiresAtMs: number;
  /** short_message, or message_payload where the submit has that instead. */
  message: Buffer;
  /** The TLVs at the end of the body. */
  tlvs: Buffer;
  /** The submit_sm body (data_sm where `command` says so) for the SMSC. */
  body: Buffer;
  command: 'submit_sm' | 'data_sm';
  /** The id that the client was told, where it is not the message's own. */
  toldId: string | undefined;
  /** A part that passed as it came: the part of its message that came first. */
  leaderId: string | undefined;
  /** 0: at once. */
  scheduleMs: number;
  /** Which of how many parts; `parts` 0: it is whole. */
  part: number;
  parts: number;
  /** It waits to be joined with the other parts. */
  held: boolean;
  /** Made by joining parts: no client knows it. */
  internal: boolean;
}

export interface JoinedEvent extends Common {
  type: 'JOINED';
  /** The first message that the parts were made into. */
  leaderId: string;
  /** The client gets no receipt for this part. */
  silent: boolean;
}

export interface ReleasedEvent extends Common {
  type: 'RELEASED';
}

export interface SentEvent extends Common {
  type: 'SENT';
  attempt: number;
  smsc: number;
  bind: number;
  duplicateRisk: boolean;
  smscMessageId: string;
}

export interface AttemptFailedEvent extends Common {
  type: 'ATTEMPT_FAILED';
  attempt: number;
  smsc: number;
  /** undefined: the SMSC did not answer. */
  commandStatus: number | undefined;
  dueMs: number;
}

export interface ReceiptEvent extends Common {
  type: 'RECEIPT';
  state: string;
  /** undefined: made by the gateway itself. */
  smsc: number | undefined;
  doneMs: number;
  err: string;
  networkError: NetworkError | undefined;
  commandStatus: number;
  /** Vendor TLVs for the client, as in a PDU. */
  tlvs: Buffer;
}

/** network_error_code as the SMSC told it. */
export interface NetworkError {
  type: number;
  code: number;
}

/** What the SMSC told of a message without ending it. */
export interface IntermediateEvent extends Common {
  type: 'INTERMEDIATE';
  /** undefined: none was told. */
  state: string | undefined;
  smsc: number;
  doneMs: number;
  err: string;
  networkError: NetworkError | undefined;
  /** As the client is told it. */
  esmClass: number;
  dataCoding: number;
  /** undefined: none was told. */
  userResponseCode: number | undefined;
  /** The words of the recipient, if it is an acknowledgement. */
  text: Buffer;
  tlvs: Buffer;
}

export interface FinalEvent extends Common {
  type: 'FINAL';
  state: string;
  reason: string;
  commandStatus: number;
  attempts: number;
  duplicateRisk: boolean;
}

export interface ParkedEvent extends Common {
  type: 'PARKED' | 'ORPHANED';
  state: string;
  smsc: number;
  doneMs: number;
  err: string;
  networkError: NetworkError | undefined;
  smscMessageId: string;
  tlvs: Buffer;
}

export interface LateEvent extends Common {
  type: 'LATE';
  attempt: number;
  smsc: number;
  commandStatus: number;
  smscMessageId: string;
}

export interface NamesEvent extends Common {
  type: 'NAMES';
  nodeId: string;
  shard: number;
  accounts: string[];
  smscs: string[];
}

export interface VoidEvent extends Common {
  type: 'VOID';
}

export type LedgerEvent =
  | AcceptedEvent
  | JoinedEvent
  | ReleasedEvent
  | SentEvent
  | AttemptFailedEvent
  | ReceiptEvent
  | IntermediateEvent
  | FinalEvent
  | ParkedEvent
  | LateEvent
  | NamesEvent
  | VoidEvent;
