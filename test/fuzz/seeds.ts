/** What the mutations start from: every PDU of the vectors, with the places in it that matter to a reader. */
import { encodePdu } from '../../src/smpp/codec.ts';
import * as smpp from '../../src/smpp/constants.ts';
import { vectors } from '../support/vectors.ts';

/** The first octet of a C-string; its NUL; an octet that counts what follows; a TLV; a number. */
export const STRING = 1;
export const NUL = 2;
export const COUNT = 3;
export const TLV = 4;
export const NUMBER = 5;

export interface Seed {
  readonly bytes: Buffer;
  readonly places: readonly Place[];
}

export interface Place {
  readonly at: number;
  readonly kind: number;
}

/**
 * The fields of each body, a letter each: s C-string, 1 an octet, 4 four octets, m a counted message, d counted
 * dest_address, u counted unsuccess_sme, i counted message ids. TLVs follow.
 */
const BIND = 'sss111s';
const MESSAGE = 's11s11s111ss1111m';
const LAYOUTS: ReadonlyMap<number, string> = new Map([
  [smpp.BIND_TRANSMITTER, BIND],
  [smpp.BIND_RECEIVER, BIND],
  [smpp.BIND_TRANSCEIVER, BIND],
  [smpp.BIND_TRANSMITTER_RESP, 's'],
  [smpp.BIND_RECEIVER_RESP, 's'],
  [smpp.BIND_TRANSCEIVER_RESP, 's'],
  [smpp.OUTBIND, 'ss'],
  [smpp.ALERT_NOTIFICATION, '11s11s'],
  [smpp.SUBMIT_SM, MESSAGE],
  [smpp.DELIVER_SM, MESSAGE],
  [smpp.SUBMIT_SM_RESP, 's'],
  [smpp.DELIVER_SM_RESP, 's'],
  [smpp.SUBMIT_MULTI, 's11sd111ss1111m'],
  [smpp.SUBMIT_MULTI_RESP, 'su'],
  [smpp.DATA_SM, 's11s11s111'],
  [smpp.DATA_SM_RESP, 's'],
  [smpp.QUERY_SM, 's11s'],
  [smpp.QUERY_SM_RESP, 'ss11'],
  [smpp.CANCEL_SM, 'ss11s11s'],
  [smpp.REPLACE_SM, 's11sss11m'],
  [smpp.BROADCAST_SM, 's11ss1ss111'],
  [smpp.BROADCAST_SM_RESP, 's'],
  [smpp.QUERY_BROADCAST_SM, 's11s'],
  [smpp.QUERY_BROADCAST_SM_RESP, 's'],
  [smpp.CANCEL_BROADCAST_SM, 'ss11s'],
  [smpp.QUERY_LAST_MSGS, '11s1'],
  [smpp.QUERY_LAST_MSGS_RESP, 'i'],
  [smpp.QUERY_MSG_DETAILS, 's11s1'],
  [smpp.QUERY_MSG_DETAILS_RESP, 's11sd11ss11mss11'],
  [smpp.PARAM_RETRIEVE, 's'],
  [smpp.PARAM_RETRIEVE_RESP, 's'],
]);

/** Ids of the commands that there are. */
export const COMMAND_IDS: readonly number[] = [
  ...LAYOUTS.keys(),
  smpp.ENQUIRE_LINK,
  smpp.ENQUIRE_LINK_RESP,
  smpp.UNBIND,
  smpp.UNBIND_RESP,
  smpp.GENERIC_NACK,
  smpp.CANCEL_SM_RESP,
  smpp.REPLACE_SM_RESP,
  smpp.CANCEL_BROADCAST_SM_RESP,
];

/** Finds the places of a PDU, as far as it can be read. */
class Walk {
  readonly places: Place[] = [];
  readonly b: Buffer;
  at = smpp.HEADER_BYTES;

  constructor(b: Buffer) {
    this.b = b;
    for (const letter of LAYOUTS.get(b.readUInt32BE(4)) ?? '') this.field(letter);
    while (this.b.length - this.at >= 4) {
      this.mark(TLV);
      this.at += 4 + this.b.readUInt16BE(this.at + 2);
    }
  }

  private mark(kind: number): void {
    if (this.at < this.b.length) this.places.push({ at: this.at, kind });
  }

  private string(): void {
    this.mark(STRING);
    while (this.at < this.b.length && this.b[this.at] !== 0) this.at++;
    this.mark(NUL);
    this.at++;
  }

  private number(bytes: number): void {
    this.mark(NUMBER);
    this.at += bytes;
  }

  private field(letter: string): void {
    if (letter === 's') this.string();
    else if (letter === '1' || letter === '4') this.number(Number(letter));
    else this.counted(letter);
  }

  private counted(letter: string): void {
    this.mark(COUNT);
    const count = this.at < this.b.length ? this.b[this.at] : 0;
    this.at++;
    if (letter === 'm') {
      this.at += count;
      return;
    }
    for (let i = 0; i < count && this.at < this.b.length; i++) {
      if (letter === 'd') for (const one of this.b[this.at] === 1 ? '111s' : '1s') this.field(one);
      else for (const one of letter === 'u' ? '11s4' : 's') this.field(one);
    }
  }
}

/** Of this there is no vector. */
const DETAILS = encodePdu(
  {
    command: 'query_msg_details_resp',
    sequenceNumber: 1,
    destAddress: [{ destFlag: 2, dlName: 'staff' }],
    shortMessage: Buffer.from('hi'),
    messageId: '0A1B2C3D',
  },
  smpp.VERSION_33,
);

export const seeds: readonly Seed[] = [...vectors.map(({ bytes }) => bytes), DETAILS]
  .filter(({ length }) => length >= smpp.HEADER_BYTES)
  .map((bytes) => ({ bytes, places: new Walk(bytes).places }));

/** submit_sm and deliver_sm: what is sent most is mutated most. */
export const messageSeeds: readonly Seed[] = seeds.filter(({ bytes }) =>
  [smpp.SUBMIT_SM, smpp.DELIVER_SM].includes(bytes.readUInt32BE(4)),
);
