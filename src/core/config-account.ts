/** The options of an [[account]]: who sends. */
import { z } from 'zod';
import { alphabet, ascii, integer, interfaceVersion, listen } from './config-values.ts';
import * as limits from './limits.ts';
import { parseArgon2Hash } from './phc.ts';

const list = z.strictObject({
  name: ascii(1, limits.LIST_NAME_LENGTH_MAX).describe('dl_name in a submit_multi.'),
  numbers: z
    .array(z.string().regex(/^\d{1,20}$/, 'must be 1 to 20 digits, international'))
    .min(1, 'must have at least one number')
    .max(limits.LIST_NUMBERS_MAX, `at most ${limits.LIST_NUMBERS_MAX}`)
    .describe('Whom it stands for.'),
});

export const account = z.strictObject({
  name: ascii(1, limits.LONG_CREDENTIAL_LENGTH_MAX).describe(
    'The system_id of its binds and its user name over HTTP: up to 15 characters, 64 with long_credentials.',
  ),
  password_hash: z
    .string()
    .refine(
      (text) => parseArgon2Hash(text) !== undefined,
      'must be an argon2id hash as printed by "tollgate hash-password"',
    )
    .describe('As printed by "tollgate hash-password".'),
  long_credentials: z
    .boolean()
    .default(false)
    .describe('Its name and password may have up to 64 characters; SMPP allows 15 and 8.'),
  tps: integer(0, limits.TPS_MAX)
    .default(0)
    .describe('Messages a second, the parts of long ones counted; 0: no limit.'),
  sessions_max: integer(1, limits.SESSIONS_MAX).default(4).describe('Sessions at one time.'),
  submit_window: integer(1, limits.WINDOW_MAX)
    .default(1_000)
    .describe('Submits of one session that may wait for our answer.'),
  receipt_window: integer(1, limits.WINDOW_MAX)
    .default(100)
    .describe('Receipts that may wait for the answer of one session.'),
  receipt_group_ms: integer(0, 10_000)
    .default(200)
    .describe('Receipts of a session that submits one by one are sent in groups, this far apart; 0: never.'),
  interface_version_max: interfaceVersion
    .default('5.0')
    .describe('Highest SMPP version of its sessions; a client that asks for less gets less.'),
  default_alphabet: alphabet.default('gsm').describe('What data_coding 0 of its messages means.'),
  transliterate: z
    .boolean()
    .default(false)
    .describe('Characters that only UCS-2 has become similar ones of the GSM alphabet.'),
  parts_max: integer(1, limits.PARTS_MAX).default(20).describe('Parts that one message may have.'),
  receipts: z
    .enum(['each', 'merged'])
    .default('each')
    .describe('Of a message that came in parts: a receipt for each part, or one for all under the first id.'),
  receipt_content: z
    .enum(['auto', 'text', 'tlvs'])
    .default('auto')
    .describe('auto: text, and TLVs beside it from 3.4 on; text: no TLVs; tlvs: no text (3.4 and later).'),
  receipt_pdu: z
    .enum(['deliver_sm', 'data_sm'])
    .default('deliver_sm')
    .describe('What carries a receipt; 3.3 has deliver_sm only.'),
  receipt_id: z
    .enum(['hex', 'decimal'])
    .default('hex')
    .describe('How message ids are written, in responses and in receipts.'),
  receipt_date_digits: z
    .union([z.literal(10), z.literal(12), z.literal(14)], 'must be 10, 12 or 14')
    .default(10)
    .describe('Dates in receipts: YYMMDDhhmm, with seconds, or with seconds and century; UTC.'),
  broadcast: z.boolean().default(false).describe('It may send broadcast_sm.'),
  outbind: listen
    .optional()
    .describe('Where its ESME listens: it is called with outbind while receipts wait and none is bound.'),
  outbind_password: ascii(0, limits.PASSWORD_LENGTH_MAX)
    .default('')
    .describe('Our password there: as it is, "file:PATH" or "env:NAME".'),
  list: z.array(list).max(limits.LISTS_MAX, `at most ${limits.LISTS_MAX}`).default([]),
});
