/** data_sm from an ESME: the same message as a submit_sm, with fewer fields and its text in message_payload. */
import type { PduOf } from '../smpp/codec.ts';
import * as smpp from '../smpp/constants.ts';
import { encodeMessage } from '../smpp/pdu/message-encode.ts';
import type { MessageObject } from '../smpp/pdu/message-encode.ts';
import { scanDeliverSm } from '../smpp/pdu/deliver-sm.ts';
import { timeToLiveIn } from '../smpp/validity.ts';
import { PROTOCOL_SMPP } from '../core/records.ts';
import { concatOf } from '../smpp/concat.ts';
import { hasNoRoom, takeTimeToLive, takeToken } from './admission.ts';
import { formatIdFor } from './message-ids.ts';
import { respond, statusAnswer } from './responses.ts';
import { chooseSmsc } from './route.ts';
import type { EdgeAccount, Session } from './state.ts';
import { submitMessage } from './submit-message.ts';

/** Longest address of a submit_sm, and of what reaches a handset. */
const ADDRESS_MAX = 20;

export function dataSm(session: Session, pdu: PduOf<'data_sm'>, sequence: number): number {
  const { edge } = session;
  const account = session.account as EdgeAccount;
  if (pdu.destinationAddr === '' || pdu.destinationAddr.length > ADDRESS_MAX) return smpp.ESME_RINVDSTADR;
  if (pdu.sourceAddr.length > ADDRESS_MAX) return smpp.ESME_RINVSRCADR;
  if (!pdu.tlvs.some(({ tag }) => tag === smpp.TLV_MESSAGE_PAYLOAD)) return smpp.ESME_RMISSINGTLV;
  const message: MessageObject = {
    serviceType: pdu.serviceType,
    sourceTon: pdu.sourceAddrTon,
    sourceNpi: pdu.sourceAddrNpi,
    source: pdu.sourceAddr,
    destTon: pdu.destAddrTon,
    destNpi: pdu.destAddrNpi,
    dest: pdu.destinationAddr,
    esmClass: pdu.esmClass,
    registeredDelivery: pdu.registeredDelivery,
    dataCoding: pdu.dataCoding,
    tlvs: pdu.tlvs,
  };
  // As a submit_sm it is checked and routed like one.
  const bytes = encodeMessage(smpp.SUBMIT_SM, message, sequence);
  const { fields } = edge;
  scanDeliverSm(bytes, 0, bytes.length, session.version, fields);
  if (!takeToken(edge, account)) return smpp.ESME_RTHROTTLED;
  const smsc = chooseSmsc(edge, account, bytes, fields);
  if (hasNoRoom(edge, smsc)) return smpp.ESME_RMSGQFUL;
  edge.times.scheduleMs = 0;
  edge.times.expiresMs = 0;
  takeTimeToLive(edge, timeToLiveIn(bytes, fields.tlvAt, fields.end));
  const { version, reference } = session;
  const origin = { version, protocol: PROTOCOL_SMPP, session: reference, sequence, isData: true };
  const concat = concatOf(bytes, fields);
  const part = concat !== undefined && concat.total > 1 ? concat : undefined;
  const sent = submitMessage(edge, account, smsc, origin, message, bytes, part);
  if (sent === smpp.ESME_ROK) expectId(session, sequence);
  return sent;
}

function expectId(session: Session, sequence: number): void {
  session.expect(sequence, {
    command: smpp.DATA_SM,
    onAnswer: (_shard, status, idHigh, idLow) => {
      if (status !== smpp.ESME_ROK) statusAnswer(session, sequence, smpp.DATA_SM, status);
      else {
        const messageId = formatIdFor(session, idHigh, idLow);
        respond(session, { command: 'data_sm_resp', sequenceNumber: sequence, messageId });
      }
      return true;
    },
  });
}
