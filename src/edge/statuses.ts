/** command_status as a session may be told it: an SMSC of another version has others. */
import * as smpp from '../smpp/constants.ts';

/** What a request is refused with where its version has no word for why, or nothing is known of it. */
const FAILURES: ReadonlyMap<number, number> = new Map([
  [smpp.QUERY_SM, smpp.ESME_RQUERYFAIL],
  [smpp.CANCEL_SM, smpp.ESME_RCANCELFAIL],
  [smpp.REPLACE_SM, smpp.ESME_RREPLACEFAIL],
  [smpp.BROADCAST_SM, smpp.ESME_RBCASTFAIL],
  [smpp.QUERY_BROADCAST_SM, smpp.ESME_RBCASTQUERYFAIL],
  [smpp.CANCEL_BROADCAST_SM, smpp.ESME_RBCASTCANCELFAIL],
]);
const FIRST_OF_50 = 0x100;
const [FIRST_OF_VENDORS, LAST_OF_VENDORS] = [0x400, 0x4ff];

/** `command`: the command_id of a request. */
export function failureOf(command: number): number {
  return FAILURES.get(command) ?? smpp.ESME_RSUBMITFAIL;
}

/**
 * `status` where the session's version has it, else the general failure of the request. 5.0 added those from 0x100 on,
 * 3.4 the vendors'; what is reserved is never sent, and 3.3 is sent the numbers of 3.4 (spec section 6).
 */
export function statusFor(version: number, command: number, status: number): number {
  const isVendors = status >= FIRST_OF_VENDORS && status <= LAST_OF_VENDORS;
  const isHad = isVendors
    ? version >= smpp.VERSION_34
    : smpp.isKnownStatus(status) && (status < FIRST_OF_50 || version >= smpp.VERSION_50);
  return isHad ? status : failureOf(command);
}
