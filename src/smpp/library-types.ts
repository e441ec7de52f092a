/** What the sessions of the library have in common for their users: requests, answers, errors. */
import type { Command, PduOf } from './codec.ts';
import { statusName } from './constants.ts';
import type { PduHead } from './pdu/grammar.ts';
import type { UnsuccessSme } from './pdu/grammar/submit-multi.ts';
import type { Tlv } from './pdu/tlv.ts';

/** Requests that have a response. */
export type RequestCommand =
  | 'bind_transmitter'
  | 'bind_receiver'
  | 'bind_transceiver'
  | 'submit_sm'
  | 'submit_multi'
  | 'data_sm'
  | 'deliver_sm'
  | 'query_sm'
  | 'cancel_sm'
  | 'replace_sm'
  | 'broadcast_sm'
  | 'query_broadcast_sm'
  | 'cancel_broadcast_sm'
  | 'query_last_msgs'
  | 'query_msg_details'
  | 'param_retrieve'
  | 'enquire_link'
  | 'unbind';

type Responses = { [C in RequestCommand]: PduOf<`${C}_resp`> };
export type ResponseTo<C extends RequestCommand> = Responses[C];

type BodyOf<P extends PduHead> = { readonly [K in Exclude<keyof P, keyof PduHead>]?: P[K] | undefined };
type Inputs = { [C in Command]: BodyOf<PduOf<C>> & { readonly tlvs?: readonly Tlv[] | undefined } };
/** The fields of a PDU that its sender chooses; what is left out is 0 or empty. */
export type Fields<C extends Command> = Inputs[C];

/** Fields of a response, under SMPP's names; each response takes those that it has. */
export interface AnswerFields {
  commandStatus?: number;
  /** A bind. */
  systemId?: string;
  messageId?: string;
  /** From 3.4 on; left out on a session of 3.3, which knows none. */
  tlvs?: readonly Tlv[];
  /** submit_multi: those destinations that were not taken. */
  unsuccessSme?: readonly UnsuccessSme[];
  /** query_sm. */
  finalDate?: string;
  messageState?: number;
  errorCode?: number;
  /** The three commands that 3.3 alone has. */
  messageIds?: readonly string[];
  paramValue?: string;
  details?: MessageDetails;
}

type Details = PduOf<'query_msg_details_resp'>;
/** What query_msg_details asks for. */
export type MessageDetails = {
  [K in Exclude<keyof Details, 'command' | 'commandStatus' | 'sequenceNumber' | 'tlvs'>]?: NonNullable<
    Details[K]
  >;
};

/**
 * How a request is answered: with a command_status alone, or with fields of its response. ESME_RINVCMDID goes out as
 * generic_nack: the command is none that is served.
 */
export type Answer = number | AnswerFields;

/** A request was not answered by a response of its own. */
export class RequestError extends Error {
  override name = 'RequestError';
  /** command_status of the generic_nack that came instead; undefined: nothing came. */
  readonly status: number | undefined;

  constructor(message: string, status?: number) {
    super(message);
    this.status = status;
  }
}

/** A bind was refused. */
export class BindError extends Error {
  override name = 'BindError';
  /** command_status of the answer. */
  readonly status: number;

  constructor(status: number) {
    super(`the bind was refused: ${statusName(status)}`);
    this.status = status;
  }
}
