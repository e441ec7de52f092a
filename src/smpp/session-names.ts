/** The states of a session in words, for people. */
import { BINDING, BOUND_RX, BOUND_TRX, BOUND_TX, CLOSED, OPEN, UNBOUND } from './session.ts';

const STATES: Record<number, string> = {
  [OPEN]: 'open',
  [BINDING]: 'binding',
  [BOUND_TX]: 'bound',
  [BOUND_RX]: 'bound',
  [BOUND_TRX]: 'bound',
  [UNBOUND]: 'unbound',
  [CLOSED]: 'closed',
};
const BINDS: Record<number, string> = {
  [BOUND_TX]: 'transmitter',
  [BOUND_RX]: 'receiver',
  [BOUND_TRX]: 'transceiver',
};

/** `open`, `binding`, `bound`, `unbound` or `closed`. */
export function stateName(state: number): string {
  return STATES[state];
}

/** `transmitter`, `receiver` or `transceiver`; '' of a session that is not bound. */
export function bindName(state: number): string {
  return BINDS[state] ?? '';
}
