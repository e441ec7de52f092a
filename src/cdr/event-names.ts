/** Names for the numbers in events. */
export const EVENT_NAMES = [
  'VOID',
  'ACCEPTED',
  'SENT',
  'ATTEMPT_FAILED',
  'RECEIPT',
  'FINAL',
  'PARKED',
  'ORPHANED',
  'LATE',
  'NAMES',
  'REPLACED',
  'JOINED',
  'RELEASED',
  'INTERMEDIATE',
] as const;

/** SMPP v3.4 section 5.2.28. */
const STATE_NAMES = [
  'SCHEDULED',
  'ENROUTE',
  'DELIVERED',
  'EXPIRED',
  'DELETED',
  'UNDELIVERABLE',
  'ACCEPTED',
  'UNKNOWN',
  'REJECTED',
  'SKIPPED',
];
export const FINAL_REASONS = [
  '',
  'RECEIPT_TAKEN',
  'SENT',
  'FAILED',
  'NO_RECEIPT',
  'RECEIPT_NOT_TAKEN',
  'CANCELLED',
  'PART',
  'REPEATED',
];

export function stateName(state: number): string {
  return STATE_NAMES[state] ?? `state ${state}`;
}
