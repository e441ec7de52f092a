/** Requests other than submit_sm, through the npm package `smpp`. */
import type { Esme, Pdu } from './esme.ts';

export type Answer = Pdu & {
  final_date?: Date | string | null;
  message_state?: number;
  error_code?: number;
  unsuccess_sme?: { destination_addr: string; error_status_code: number }[];
};

type Asking = Record<string, (fields: object, onResponse: (pdu: Answer) => void) => boolean>;

/** Sends any request and resolves with its response. */
export function ask(esme: Esme, command: string, fields: object = {}): Promise<Answer> {
  const session = esme.session as unknown as Asking;
  return new Promise((resolve) => session[command](fields, resolve));
}

export const SENDER = { source_addr: 'Sender' };

/** Status and state that query_sm answers. */
export async function stateOf(
  esme: Esme,
  id: string,
  fields: object = SENDER,
): Promise<[number, number | undefined]> {
  const answer = await ask(esme, 'query_sm', { message_id: id, ...fields });
  return [answer.command_status, answer.message_state];
}

/** A relative time of SMPP. */
export function inSeconds(seconds: number): string {
  return `00000000${String(Math.floor(seconds / 60)).padStart(2, '0')}${String(seconds % 60).padStart(2, '0')}000R`;
}
