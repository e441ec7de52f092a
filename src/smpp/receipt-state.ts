import * as smpp from './constants.ts';

/** How a message_state is spelt in a receipt's text: seven letters (v3.4 appendix B), by state. */
const STATE_TEXTS = [
  // 0 is of v5.0 only and has no word of its own; 9 likewise.
  'ENROUTE',
  'ENROUTE',
  'DELIVRD',
  'EXPIRED',
  'DELETED',
  'UNDELIV',
  'ACCEPTD',
  'UNKNOWN',
  'REJECTD',
  'SKIPPED',
] as const;

/** Seven letters; UNKNOWN for a number that is no message_state. */
export function stateText(state: number): string {
  return STATE_TEXTS[state] ?? 'UNKNOWN';
}

const STATE_BYTES: readonly Uint8Array[] = STATE_TEXTS.map((text) => Buffer.from(text, 'latin1'));

/** Writes the seven letters and returns 7. */
export function writeStateText(b: Uint8Array, at: number, state: number): number {
  const text = STATE_BYTES[state] ?? STATE_BYTES[smpp.STATE_UNKNOWN];
  for (let i = 0; i < 7; i++) b[at + i] = text[i];
  return 7;
}

interface Word {
  state: number;
  bytes: Uint8Array;
}

/** Words seen in the field besides the seven-letter ones. The ones most often seen come first. */
const WORDS: readonly Word[] = [
  ['delivrd', smpp.STATE_DELIVERED],
  ['undeliv', smpp.STATE_UNDELIVERABLE],
  ['expired', smpp.STATE_EXPIRED],
  ['rejectd', smpp.STATE_REJECTED],
  ['acceptd', smpp.STATE_ACCEPTED],
  ['enroute', smpp.STATE_ENROUTE],
  ['unknown', smpp.STATE_UNKNOWN],
  ['deleted', smpp.STATE_DELETED],
  ['delivered', smpp.STATE_DELIVERED],
  ['undelivered', smpp.STATE_UNDELIVERABLE],
  ['undeliverable', smpp.STATE_UNDELIVERABLE],
  ['failed', smpp.STATE_UNDELIVERABLE],
  ['rejected', smpp.STATE_REJECTED],
  ['nack', smpp.STATE_REJECTED],
  ['accepted', smpp.STATE_ACCEPTED],
  // On its way: the network has it and has not reported yet.
  ['acked', smpp.STATE_ACCEPTED],
  ['buffred', smpp.STATE_ENROUTE],
  ['bufferd', smpp.STATE_ENROUTE],
  ['buffered', smpp.STATE_ENROUTE],
  ['schedul', smpp.STATE_SCHEDULED],
  ['scheduled', smpp.STATE_SCHEDULED],
  ['skipped', smpp.STATE_SKIPPED],
  // The name that 3.3 has for state 7.
  ['invalid', smpp.STATE_UNKNOWN],
].map(([word, state]) => ({ state: state as number, bytes: Buffer.from(word as string, 'latin1') }));

/** The message_state that the word in [at, end) names, in any case; -1 when it names none. */
export function stateOf(b: Uint8Array, at: number, end: number): number {
  const length = end - at;
  for (let w = 0; w < WORDS.length; w++) {
    const bytes = WORDS[w].bytes;
    if (bytes.length !== length) continue;
    let i = 0;
    while (i < length && (b[at + i] | 0x20) === bytes[i]) i++;
    if (i === length) return WORDS[w].state;
  }
  return -1;
}

/** Whether nothing can follow; ACCEPTED is final in 5.0 but means "the network took it" in the field. */
export function isFinalState(state: number): boolean {
  return (
    state === smpp.STATE_DELIVERED ||
    state === smpp.STATE_EXPIRED ||
    state === smpp.STATE_DELETED ||
    state === smpp.STATE_UNDELIVERABLE ||
    state === smpp.STATE_REJECTED ||
    state === smpp.STATE_SKIPPED
  );
}
