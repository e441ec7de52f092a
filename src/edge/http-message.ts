/** The body of POST /v1/messages: JSON in, the fields of a submit_sm out. */
import { z } from 'zod';
import type { ParsedAddress } from '../core/text.ts';
import { GSM_SEPTETS_MAX, UCS2_OCTETS_MAX, encodeText, parseDestination, parseSender } from '../core/text.ts';
import type { MessageObject } from '../smpp/pdu/message-encode.ts';

/** Octets that are no UTF-8 are refused: they would go out as other characters than the client meant. */
const UTF8 = new TextDecoder('utf-8', { fatal: true });

const schema = z.strictObject({
  from: z.string(),
  to: z.string(),
  text: z.string().min(1, 'must not be empty'),
  receipt: z.boolean().default(true),
});

export interface FieldError {
  pointer: string;
  detail: string;
}

export type ReadMessage =
  | { ok: true; submit: MessageObject; to: string }
  | { ok: false; status: number; detail: string; errors: FieldError[] };

/** Status 400 where it is no JSON, 422 where a field is wrong. */
export function readMessage(body: Buffer): ReadMessage {
  let value: unknown;
  try {
    value = JSON.parse(UTF8.decode(body));
  } catch (error) {
    const detail = `the body is not JSON: ${error instanceof Error ? error.message : String(error)}`;
    return { ok: false, status: 400, detail, errors: [] };
  }
  const result = schema.safeParse(value);
  if (!result.success) {
    return refused(
      result.error.issues.map((issue) => ({ pointer: `/${issue.path.join('/')}`, detail: issue.message })),
    );
  }
  return toSubmit(result.data);
}

function toSubmit({ from, to, text, receipt }: z.infer<typeof schema>): ReadMessage {
  const source = parseSender(from);
  const dest = parseDestination(to);
  const encoded = encodeText(text);
  const errors: FieldError[] = [];
  if (source === undefined)
    errors.push({ pointer: '/from', detail: 'a number, or 1 to 11 letters and digits' });
  if (dest === undefined)
    errors.push({ pointer: '/to', detail: 'an international number of 5 to 15 digits' });
  if (!encoded.fits) {
    const most =
      encoded.dataCoding === 0 ? `${GSM_SEPTETS_MAX} GSM characters` : `${UCS2_OCTETS_MAX / 2} UCS-2 units`;
    errors.push({ pointer: '/text', detail: `longer than one SMS (${most})` });
  }
  if (source === undefined || dest === undefined || errors.length > 0) return refused(errors);
  return {
    ok: true,
    to: dest.address,
    submit: submitOf(source, dest, encoded.dataCoding, encoded.bytes, receipt),
  };
}

function submitOf(
  source: ParsedAddress,
  dest: ParsedAddress,
  dataCoding: number,
  message: Buffer,
  receipt: boolean,
): MessageObject {
  return {
    sourceTon: source.ton,
    sourceNpi: source.npi,
    source: source.address,
    destTon: dest.ton,
    destNpi: dest.npi,
    dest: dest.address,
    registeredDelivery: receipt ? 1 : 0,
    dataCoding,
    message,
  };
}

function refused(errors: FieldError[]): ReadMessage {
  const detail = errors.map(({ pointer, detail: what }) => `${pointer}: ${what}`).join('; ');
  return { ok: false, status: 422, detail, errors };
}
