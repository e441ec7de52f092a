/** The options of an [[smsc]]: an upstream. */
import { z } from 'zod';
import {
  alphabet,
  ascii,
  integer,
  interfaceVersion,
  language,
  listen,
  seconds,
  tlvName,
} from './config-values.ts';
import * as limits from './limits.ts';

export const smsc = z.strictObject({
  id: z
    .string()
    .regex(
      new RegExp(`^[a-z0-9_-]{1,${limits.SMSC_ID_LENGTH_MAX}}$`),
      `must be 1 to ${limits.SMSC_ID_LENGTH_MAX} of a-z, 0-9, _ and -`,
    )
    .describe('Our name of this SMSC.'),
  host: z
    .string()
    .regex(/^[A-Za-z0-9._:-]{1,253}$/, 'must be a host name or an address')
    .describe('Host name or address.'),
  port: integer(1, 65_535).describe('TCP port.'),
  system_id: ascii(0, limits.LONG_CREDENTIAL_LENGTH_MAX).describe('Our name at this SMSC.'),
  password: ascii(0, limits.LONG_CREDENTIAL_LENGTH_MAX).describe(
    'Our password: as it is, "file:PATH" or "env:NAME".',
  ),
  long_credentials: z
    .boolean()
    .default(false)
    .describe('system_id and password may have up to 64 characters; SMPP allows 15 and 8.'),
  system_type: ascii(0, limits.SYSTEM_TYPE_LENGTH_MAX).default('').describe('As the SMSC asks for it.'),
  bind: z
    .enum(['transceiver', 'pair', 'transmitter', 'receiver'])
    .default('transceiver')
    .describe('What is bound; pair: a transmitter and a receiver each time.'),
  binds: integer(1, limits.BINDS_PER_SMSC_MAX).default(1).describe('Connections at one time.'),
  window: integer(1, limits.WINDOW_MAX)
    .default(10)
    .describe('Submits of one bind that may wait for an answer.'),
  tps: integer(0, limits.TPS_MAX).default(0).describe('Messages a second over all its binds; 0: no limit.'),
  queue_max: integer(1, limits.QUEUE_MAX)
    .default(10_000_000)
    .describe('Messages that may wait for this SMSC.'),
  connect_timeout_s: seconds(1).default(10).describe('Connecting and binding must be done by then.'),
  response_timeout_s: seconds(1).default(60).describe('A submit without an answer by then is retried.'),
  enquire_link_s: seconds(1).default(30).describe('Silence after which we send enquire_link.'),
  reconnect_min_s: seconds(1).default(1).describe('First wait before connecting again; doubles each time.'),
  reconnect_max_s: seconds(1).default(60).describe('Longest wait before connecting again.'),
  retry_min_s: seconds(1)
    .default(1)
    .describe('First wait before a message is tried again; doubles each time.'),
  retry_max_s: seconds(1).default(120).describe('Longest wait before a message is tried again.'),
  retry_attempts_max: integer(1, 255).default(10).describe('Tries of one message, the first included.'),
  validity_default_s: integer(1, limits.RETENTION_S_MAX)
    .default(172_800)
    .describe('How long a message without a validity_period is tried.'),
  interface_version: interfaceVersion
    .default('3.4')
    .describe('Announced in the bind; an SMSC that answers with a lower one gets that.'),
  assume_tlvs: z
    .boolean()
    .default(true)
    .describe('Send TLVs also where the bind response has no sc_interface_version.'),
  alphabet: alphabet.default('gsm').describe('What data_coding 0 means there.'),
  languages: z
    .array(language)
    .max(13, 'at most 13')
    .default([])
    .describe('National language shift tables that its network takes.'),
  long_messages: z
    .enum(['as-is', 'udh8', 'udh16', 'sar', 'payload'])
    .default('as-is')
    .describe('How long messages go there; as-is: parts as they came, what must be split as udh8.'),
  receipt_ids: z
    .enum(['as-is', 'hex-to-decimal', 'decimal-to-hex', 'auto'])
    .default('auto')
    .describe('How the ids of its receipts differ from those of its responses.'),
  receipts_by_content: z
    .boolean()
    .default(false)
    .describe(
      'A deliver_sm without the esm_class of a receipt is one if its text has an id and a stat and its addresses are ' +
        'those of the message.',
    ),
  supports: z
    .array(z.enum(['query_sm', 'cancel_sm', 'replace_sm', 'data_sm', 'broadcast_sm']))
    .default([])
    .describe('Operations that are passed on to it.'),
  status_classes: z
    .record(
      z.string().regex(/^0x[0-9a-fA-F]{1,8}$/, 'must be a command_status such as "0x400"'),
      z.enum(['temporary', 'queue-full', 'throttle', 'permanent', 'session']),
    )
    .default({})
    .describe('What its own command_status codes mean for the message.'),
  tlv_map: z
    .record(tlvName, tlvName.or(z.literal('')))
    .default({})
    .describe('TLVs under another name there; "": not sent.'),
  outbind_listen: listen
    .optional()
    .describe(
      'The SMSC calls us here with outbind, we bind on its connection and do not call host and port.',
    ),
  outbind_system_id: ascii(0, limits.NAME_LENGTH_MAX).default('').describe('Its name in the outbind.'),
  outbind_password: ascii(0, limits.PASSWORD_LENGTH_MAX)
    .default('')
    .describe('Its password in the outbind: as it is, "file:PATH" or "env:NAME".'),
});
