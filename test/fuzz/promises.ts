/** What must hold for every PDU, however broken: of the codec, of the scanners of the message path, and of both. */
import { readUdh } from '../../src/core/udh.ts';
import { decodePdu, encodePdu, type CodecOptions, type DecodedPdu, type Pdu } from '../../src/smpp/codec.ts';
import { concatOf } from '../../src/smpp/concat.ts';
import * as smpp from '../../src/smpp/constants.ts';
import type { PduSink } from '../../src/smpp/frame.ts';
import { decodeBind, decodeBindResp } from '../../src/smpp/pdu/bind.ts';
import { scanDataSm } from '../../src/smpp/pdu/data-sm-scan.ts';
import { encodeDeliverSm, scanDeliverSm } from '../../src/smpp/pdu/deliver-sm.ts';
import { readMessage } from '../../src/smpp/pdu/message-encode.ts';
import { MessageFields } from '../../src/smpp/pdu/message-fields.ts';
import { decodeOutbind } from '../../src/smpp/pdu/outbind.ts';
import { congestionState, deliveryFailureReason } from '../../src/smpp/pdu/response-tlvs.ts';
import { encodeSubmitSm, readResponseId, scanSubmitSm } from '../../src/smpp/pdu/submit-sm.ts';
import { ReceiptFields, scanReceipt } from '../../src/smpp/receipt.ts';
import { CLIENT, judge, SERVER } from '../../src/smpp/session.ts';
import { MessageTimes, validityStatus } from '../../src/smpp/times.ts';
import { checkSame } from './same.ts';
import { messageOf, Shaping } from './shaping.ts';

const LENIENT: CodecOptions = { lenient: true };
const STATES = 7;
const SOME_MS = 1e12;
const BIND_IDS = new Set<number>([smpp.BIND_RECEIVER, smpp.BIND_TRANSMITTER, smpp.BIND_TRANSCEIVER]);

/** Takes PDUs and throws an Error that says which promise one breaks. */
export class Promises implements PduSink {
  version: number = smpp.VERSION_34;
  pdus = 0;
  /** How many of each command a strict reader took. */
  readonly taken = new Map<string, number>();
  /** How often a strict reader refused with each status. */
  readonly refused = new Map<number, number>();
  readonly shaping = new Shaping();
  readonly #f = new MessageFields();
  readonly #receipt = new ReceiptFields();
  readonly #times = new MessageTimes();

  onPdu(b: Buffer, start: number, end: number): boolean {
    if (start < 0 || end > b.length || end - start < smpp.HEADER_BYTES)
      throw new Error(`PDU ${start} to ${end}`);
    this.pdus++;
    const strict = decodePdu(b, start, end, this.version);
    const lenient = decodePdu(b, start, end, this.version, LENIENT);
    this.#count(strict);
    checkSane(strict, b);
    checkSane(lenient, b);
    if (strict.ok && !lenient.ok) throw new Error(`lenient refuses what strict takes: ${lenient.reason}`);
    if (lenient.ok) checkWritten(b, start, end, lenient.pdu, this.version);
    // 3.3 has no TLVs to send.
    const sendable = this.version > smpp.VERSION_33 || (strict.ok && strict.pdu.tlvs.length === 0);
    if (strict.ok && sendable) checkStrictlyWritten(strict.pdu, this.version);
    const id = b.readUInt32BE(start + 4);
    this.#checkMessages(b, start, end, id, strict, lenient);
    this.#checkSession(b, start, end, id, strict);
    return true;
  }

  #count(strict: DecodedPdu): void {
    if (strict.ok) this.taken.set(strict.pdu.command, (this.taken.get(strict.pdu.command) ?? 0) + 1);
    else this.refused.set(strict.status, (this.refused.get(strict.status) ?? 0) + 1);
  }

  /** The scanners are run on any PDU, and must agree with the codec on their own. */
  #checkMessages(
    b: Buffer,
    start: number,
    end: number,
    id: number,
    strict: DecodedPdu,
    lenient: DecodedPdu,
  ): void {
    const f = this.#f;
    const delivered = scanDeliverSm(b, start, end, this.version, f);
    const isRead = delivered === smpp.ESME_ROK && lenient.ok;
    if (isRead && lenient.pdu.command === 'deliver_sm') checkSame(b, f, lenient.pdu, this.version);
    if (delivered === smpp.ESME_ROK) this.#checkScanned(b, start, end, scanDeliverSm, encodeDeliverSm);
    if (id === smpp.DELIVER_SM) agree('deliver_sm', delivered, lenient);
    if (scanDataSm(b, start, end, f) === smpp.ESME_ROK) {
      if (id === smpp.DATA_SM) agree('data_sm', smpp.ESME_ROK, lenient);
      scanReceipt(b, start, f, this.#receipt);
      this.#shapeData(strict);
    } else if (id === smpp.DATA_SM && lenient.ok)
      throw new Error('the scan refuses a data_sm that the codec takes');
    const submitted = scanSubmitSm(b, start, end, this.version, f);
    if (submitted !== smpp.ESME_ROK) {
      if (id === smpp.SUBMIT_SM) agree('submit_sm', submitted, strict);
      return;
    }
    if (delivered !== smpp.ESME_ROK) throw new Error('the lenient scan refuses what the strict one takes');
    if (id === smpp.SUBMIT_SM) agree('submit_sm', submitted, strict);
    if (strict.ok && strict.pdu.command === 'submit_sm') checkSame(b, f, strict.pdu, this.version);
    this.#checkScanned(b, start, end, scanSubmitSm, encodeSubmitSm);
    this.#shapeSubmit(b, start, end);
  }

  #shapeSubmit(b: Buffer, start: number, end: number): void {
    const f = this.#f;
    // As an edge gets it, but for the sequence_number: 0 is that of what is stored.
    const own = Buffer.from(b.subarray(start, end));
    own.writeUInt32BE(smpp.SUBMIT_SM, 4);
    own.writeUInt32BE(smpp.ESME_ROK, 8);
    own.writeUInt32BE(0, 12);
    if (scanSubmitSm(own, 0, own.length, this.version, f) !== smpp.ESME_ROK) return;
    this.shaping.check(readMessage(own, f), this.version, own, f);
  }

  #shapeData(strict: DecodedPdu): void {
    const message = strict.ok && strict.pdu.command === 'data_sm' ? messageOf(strict.pdu) : undefined;
    if (message !== undefined) this.shaping.check(message, this.version, undefined, undefined);
  }

  #checkSession(b: Buffer, start: number, end: number, id: number, strict: DecodedPdu): void {
    for (let state = 0; state < STATES; state++) {
      judge(SERVER, state, this.version, id);
      judge(CLIENT, state, this.version, id);
    }
    const bind = decodeBind(b, start, end);
    if (BIND_IDS.has(id)) agree('bind', bind.status, strict);
    decodeBindResp(b, start, end);
    decodeOutbind(b, start, end);
    const idEnd = readResponseId(b, start, end);
    if (idEnd < start + smpp.HEADER_BYTES || idEnd > end) throw new Error(`the message_id ends at ${idEnd}`);
    congestionState(b, start, end);
    deliveryFailureReason(b, start, end);
  }

  /** What a scan accepted lies inside, and is the same body when it is written again. */
  #checkScanned(
    b: Buffer,
    start: number,
    end: number,
    scan: typeof scanSubmitSm,
    encode: typeof encodeSubmitSm,
  ): void {
    const f = this.#f;
    checkInside(f, start, end);
    concatOf(b, f);
    if (f.udhLength > 0) readUdh(b.subarray(f.dataAt, f.dataAt + f.dataLength));
    validityStatus(b, f.scheduleAt, f.scheduleEnd, f.validityAt, f.validityEnd, SOME_MS, this.#times);
    scanReceipt(b, start, f, this.#receipt);
    const { bytes, idEnd, errEnd } = this.#receipt;
    if (idEnd > bytes.length || errEnd > bytes.length) throw new Error('a receipt runs over its end');
    // Overlong strings are read from SMSCs and never written.
    if (f.sourceEnd - f.sourceAt > 20 || f.destEnd - f.destAt > 20) return;
    if (f.serviceTypeEnd - f.serviceTypeAt > 5) return;
    if (f.scheduleEnd - f.scheduleAt > 16 || f.validityEnd - f.validityAt > 16) return;
    const again = encode(readMessage(b, f), 1);
    // A lone NUL behind the text, let pass from an SMSC, is not written again.
    const same = again.compare(b, start + 16, start + again.length, 16) === 0;
    if (!same || end - start - again.length > 1) throw new Error('a scanned message is written otherwise');
    if (scan(again, 0, again.length, this.version, f) !== smpp.ESME_ROK)
      throw new Error('and refused when read again');
  }
}

/** A refusal says why; what was read lies in the buffer. */
function checkSane(result: DecodedPdu, b: Buffer): void {
  if (!result.ok) {
    if (result.status === smpp.ESME_ROK || result.reason === '')
      throw new Error('a refusal without a reason');
    return;
  }
  for (const { value } of result.pdu.tlvs)
    if (value.buffer !== b.buffer) throw new Error('a TLV of other memory');
}

/** Written by one who is lenient, it is read to the same again; mostly it is the same bytes already. */
function checkWritten(b: Buffer, start: number, end: number, pdu: Pdu, version: number): void {
  const written = encodePdu(pdu, version, LENIENT);
  if (written.length === end - start && written.compare(b, start, end) === 0) return;
  const again = decodePdu(written, 0, written.length, version, LENIENT);
  if (!again.ok) throw new Error(`what was written is refused: ${again.reason}`);
  if (!encodePdu(again.pdu, version, LENIENT).equals(written))
    throw new Error('what was written is read otherwise');
}

/** Written strictly, where that is possible, it is taken strictly. */
function checkStrictlyWritten(pdu: Pdu, version: number): void {
  let written: Buffer;
  try {
    written = encodePdu(pdu, version);
  } catch (error) {
    // More is taken than sent: odd lengths of TLVs that do not belong there, 255 destinations.
    if (error instanceof RangeError && error.message !== '') return;
    throw error;
  }
  const again = decodePdu(written, 0, written.length, version);
  if (!again.ok) throw new Error(`what was written strictly is refused: ${again.reason}`);
}

/** Scanner and codec take and refuse the same; the first fault may be another where the body also ends early. */
function agree(what: string, status: number, result: DecodedPdu): void {
  const other = result.ok ? smpp.ESME_ROK : result.status;
  if (status === other) return;
  const cutOff = status === smpp.ESME_RINVCMDLEN || other === smpp.ESME_RINVCMDLEN;
  if (status !== smpp.ESME_ROK && other !== smpp.ESME_ROK && cutOff) return;
  const reason = result.ok ? '' : `: ${result.reason}`;
  throw new Error(`${what}: scanner ${smpp.statusName(status)}, codec ${smpp.statusName(other)}${reason}`);
}

/** Every offset of an accepted message lies in order inside its PDU. */
function checkInside(f: MessageFields, start: number, end: number): void {
  const inOrder =
    start + 16 === f.serviceTypeAt &&
    f.serviceTypeAt <= f.serviceTypeEnd &&
    f.serviceTypeEnd < f.sourceAt &&
    f.sourceAt <= f.sourceEnd &&
    f.sourceEnd < f.destAt &&
    f.destAt <= f.destEnd &&
    f.destEnd < f.commonAt &&
    f.commonAt < f.scheduleAt &&
    f.scheduleAt <= f.scheduleEnd &&
    f.scheduleEnd < f.validityAt &&
    f.validityAt <= f.validityEnd &&
    f.validityEnd < f.messageAt &&
    f.messageAt <= f.tlvAt &&
    f.tlvAt <= end;
  if (!inOrder) throw new Error('offsets out of order');
  inside('the data', f.dataAt, f.dataLength, start, end);
  if (f.udhLength < 0 || f.udhLength > f.dataLength) throw new Error(`a header of ${f.udhLength} octets`);
  if (f.payloadLength >= 0) inside('message_payload', f.payloadAt, f.payloadLength, start, end);
  if (f.receiptedIdLength >= 0) inside('the receipted id', f.receiptedIdAt, f.receiptedIdLength, start, end);
  if (f.networkErrorAt >= 0) inside('network_error_code', f.networkErrorAt, 3, start, end);
}

function inside(what: string, at: number, length: number, start: number, end: number): void {
  if (length < 0 || at < start + 16 || at + length > end)
    throw new Error(`${what} is at ${at}, ${length} octets`);
}
