// Every fixed bound of the program. What an operator may change is an option in config.ts; what is here is
// what the options themselves may not pass, and what no option changes. Relations between bounds are checked
// when this loads.

import { SHARD_BITS } from './message-id.ts';
import { ACCEPTED_BODY, RECORD_BYTES_MAX } from './records.ts';

/** Threads. Every edge has two rings to every shard, so memory for rings grows with the product. */
export const SHARDS_MAX = 16;
export const EDGE_THREADS_MAX = 16;

/** Names. An SMPP system_id is 15 octets and a NUL (SMPP v3.4 section 4.1.1). */
export const NAME_LENGTH_MAX = 15;
export const SMSC_ID_LENGTH_MAX = 32;
export const NODE_ID_LENGTH_MAX = 32;
/** The specification says 8 octets and a NUL. */
export const PASSWORD_LENGTH_MAX = 8;
/** system_id and password with long_credentials: many peers have longer ones than the specification. */
export const LONG_CREDENTIAL_LENGTH_MAX = 64;
export const SYSTEM_TYPE_LENGTH_MAX = 12;

/** How many there may be of what the configuration lists. */
export const ACCOUNTS_MAX = 10_000;
export const SMSCS_MAX = 1_000;
export const BINDS_PER_SMSC_MAX = 64;
export const SESSIONS_MAX = 60_000;

/** Distribution lists. A dl_name is 20 octets and a NUL (SMPP v3.4 section 5.2.27). */
export const LIST_NAME_LENGTH_MAX = 20;
export const LIST_NUMBERS_MAX = 10_000;
export const LISTS_MAX = 1_000;

/** Long messages: a part's number is one octet (3GPP TS 23.040 section 9.2.3.24.1). */
export const PARTS_MAX = 255;

/** TLVs that the configuration names. */
export const TLVS_MAX = 256;

/** A trace of a session ends by itself. */
export const TRACE_S_MAX = 3_600;

/** A window is held in typed arrays of a power of two cells, one set a bind. */
export const WINDOW_MAX = 65_536;
export const TPS_MAX = 1_000_000;
export const QUEUE_MAX = 100_000_000;

/**
 * PDUs. The largest legal bind is 98 octets, with long credentials 203; the largest submit_sm carries a message_payload
 * of 65,535.
 */
export const BIND_BYTES_MAX = 98;
const LONG_BIND_BYTES_MAX =
  BIND_BYTES_MAX + 2 * LONG_CREDENTIAL_LENGTH_MAX - NAME_LENGTH_MAX - PASSWORD_LENGTH_MAX;
export const MESSAGE_PAYLOAD_BYTES_MAX = 65_535;
/**
 * Octets of vendor TLVs of one receipt that its client is handed, headers counted. They stand in its event, its row and
 * its record, and in memory for as long as the client stays away: at most as much again as a slot of the message table
 * takes. So an SMSC that sends 64 KB with each receipt fills neither a ring nor the disk nor memory.
 */
export const RECEIPT_TLVS_BYTES_MAX = 255;
export const PDU_BYTES_FLOOR = 256;
/** Leaves room for the event around it: what the ledger's readers refuse must never be written. */
export const PDU_BYTES_MAX = 196_608;

/** HTTP. */
export const HTTP_BODY_BYTES_FLOOR = 1_024;
export const HTTP_BODY_BYTES_MAX = 16_777_216;
export const HTTP_BODY_MS_MAX = 10_000;
export const HTTP_CLOSE_MS_MAX = 1_000;
export const HTTP_HEADER_BYTES_MAX = 16_384;

/** Time. One timer of Node.js holds 2^31 - 1 ms (24.8 days), so what runs on a timer is a week at most. */
export const TIMER_S_MAX = 604_800;
export const TIMER_MS_MAX = 2_147_483_647;
export const RETENTION_S_MAX = 31_622_400;

/** Password hashing (argon2id): what is made, and what is accepted from a configuration file. */
export const ARGON2_MEMORY_KIB = 19_456;
export const ARGON2_PASSES = 2;
export const ARGON2_LANES = 1;
export const ARGON2_MEMORY_KIB_MAX = 131_072;
export const ARGON2_PASSES_MAX = 10;
export const ARGON2_LANES_MAX = 4;
export const HASH_QUEUE_MAX = 64;
export const HASH_THREADS = 1;
export const PASSWORD_CACHE_MS_MAX = 600_000;
export const PASSWORD_CACHE_ENTRIES_MAX = 20_000;

/** Ledger. LMDB maps a segment whole, and one block must fit well inside one. */
export const SEGMENT_BYTES_FLOOR = 1_048_576;
export const SEGMENT_BYTES_MAX = 1_073_741_824;
/** Less than this, and what is under way could fill the disk between two looks at its room. */
export const DISK_RESERVE_BYTES_FLOOR = 8_388_608;
export const MESSAGES_IN_MEMORY_FLOOR = 1_024;
export const MESSAGES_IN_MEMORY_MAX = 4_194_304;

function relation(holds: boolean, text: string): void {
  if (!holds) throw new Error(`limits.ts: relation broken: ${text}`);
}

relation(PDU_BYTES_FLOOR >= LONG_BIND_BYTES_MAX, 'every bind fits the smallest PDU bound');
relation(
  PDU_BYTES_MAX > MESSAGE_PAYLOAD_BYTES_MAX + 1_024,
  'a full message_payload fits the largest PDU bound',
);
relation(PDU_BYTES_MAX + ACCEPTED_BODY <= RECORD_BYTES_MAX, 'the largest PDU fits a record');
relation(RECEIPT_TLVS_BYTES_MAX <= 0xffff, 'the TLVs of a receipt fit the length that a row has for them');
relation((WINDOW_MAX & (WINDOW_MAX - 1)) === 0, 'WINDOW_MAX is a power of two');
relation(TIMER_S_MAX * 1_000 <= TIMER_MS_MAX, 'every timer option fits a timer');
relation(PASSWORD_LENGTH_MAX <= LONG_CREDENTIAL_LENGTH_MAX, 'long credentials are no shorter than others');
relation(ARGON2_MEMORY_KIB <= ARGON2_MEMORY_KIB_MAX, 'our own hashes are accepted (memory)');
relation(ARGON2_PASSES <= ARGON2_PASSES_MAX, 'our own hashes are accepted (passes)');
relation(ARGON2_LANES <= ARGON2_LANES_MAX, 'our own hashes are accepted (lanes)');
relation(
  SEGMENT_BYTES_FLOOR >= 4 * MESSAGE_PAYLOAD_BYTES_MAX,
  'a segment holds several of the largest messages',
);
relation(SHARDS_MAX <= 1 << SHARD_BITS, 'every shard fits its bits of the message id');
