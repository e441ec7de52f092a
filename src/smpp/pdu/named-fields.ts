import * as smpp from '../constants.ts';
import { cString, integer, time } from './fields.ts';
import { isRegisteredDelivery, priorityMax } from './message-body.ts';

/** Fields that several PDUs have, with their sizes and the command_status that a wrong value is answered with. */

const ADDRESS_BYTES = 21;
const LONG_ADDRESS_BYTES = 65;
const TRIMMED = { trims33: true };

export const octet = integer();
export const serviceType = cString(6, smpp.ESME_RINVSERTYP);
export const systemId = cString(16, smpp.ESME_RINVSYSID);
export const password = cString(9, smpp.ESME_RINVPASWD);
export const sourceAddr = cString(ADDRESS_BYTES, smpp.ESME_RINVSRCADR, TRIMMED);
/** Empty it is legal: cancel_sm without a destination, deliver_sm. */
export const destinationAddr = cString(ADDRESS_BYTES, smpp.ESME_RINVDSTADR, TRIMMED);
export const neededDestinationAddr = cString(ADDRESS_BYTES, smpp.ESME_RINVDSTADR, {
  ...TRIMMED,
  empty: smpp.ESME_RINVDSTADR,
});
export const longSourceAddr = cString(LONG_ADDRESS_BYTES, smpp.ESME_RINVSRCADR, TRIMMED);
export const longDestinationAddr = cString(LONG_ADDRESS_BYTES, smpp.ESME_RINVDSTADR, TRIMMED);
export const neededLongDestinationAddr = cString(LONG_ADDRESS_BYTES, smpp.ESME_RINVDSTADR, {
  ...TRIMMED,
  empty: smpp.ESME_RINVDSTADR,
});
/** 3.3: at most 8 hexadecimal digits; later: up to 64 of anything. */
export const messageId = cString(65, smpp.ESME_RINVMSGID, { bytesMax33: 9, trims33: true });
/** The message_id of the 3.3-only commands. */
export const messageId33 = cString(9, smpp.ESME_RINVMSGID, TRIMMED);
export const scheduleDeliveryTime = time(smpp.ESME_RINVSCHED);
export const validityPeriod = time(smpp.ESME_RINVEXPIRY);
export const priorityFlag = integer(1, (value, version) =>
  value > priorityMax(version) ? smpp.ESME_RINVPRTFLG : smpp.ESME_ROK,
);
export const registeredDelivery = integer(1, (value, version) =>
  isRegisteredDelivery(value, version) ? smpp.ESME_ROK : smpp.ESME_RINVREGDLVFLG,
);
export const replaceIfPresentFlag = integer(1, (value) =>
  value > 1 ? smpp.ESME_RINVREPFLAG : smpp.ESME_ROK,
);
