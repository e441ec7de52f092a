/** How a request is refused that does not belong to the session or its state. */
import { encodePdu } from './codec.ts';
import type { PduInput } from './codec.ts';
import * as smpp from './constants.ts';
import { writeGenericNack } from './pdu/header-only.ts';
import { SERVER } from './session.ts';
import type { Role } from './session.ts';

/**
 * The whole response to a request with this command_id: generic_nack for ESME_RINVCMDID, else its own response, with
 * the empty body that version 3.3, which knows no bare form, and an ESME's deliver_sm_resp have (reference sections 3.1
 * and 7.4). An SMSC (`role` is SERVER) takes no deliver_sm: what it refuses one with is the header alone.
 */
export function refusalOf(
  role: Role,
  command: number,
  status: number,
  sequenceNumber: number,
  version: number,
): Buffer {
  if (status === smpp.ESME_RINVCMDID) {
    const nack = Buffer.alloc(smpp.HEADER_BYTES);
    writeGenericNack(nack, 0, status, sequenceNumber);
    return nack;
  }
  const name = smpp.commandName(smpp.responseIdOf(command));
  const isStray = role === SERVER && command === smpp.DELIVER_SM && version > smpp.VERSION_33;
  const body = isStray ? { messageId: null } : {};
  const response = { command: name, commandStatus: status, sequenceNumber, ...body };
  // data_sm is none of 3.3, yet an SMSC of 3.3 that sends one gets its response.
  return encodePdu(response as PduInput, version, { lenient: true });
}
