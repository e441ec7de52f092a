/** Senders, SMSCs and messages for the tests of shaping. */
import { ReferenceNumbers } from '../../src/core/reference-numbers.ts';
import type { MessageObject } from '../../src/smpp/pdu/message-encode.ts';
import { readMessage } from '../../src/smpp/pdu/message-encode.ts';
import { MessageFields } from '../../src/smpp/pdu/message-fields.ts';
import { scanDeliverSm } from '../../src/smpp/pdu/deliver-sm.ts';
import { shape, type Shaped } from '../../src/smpp/shape.ts';
import type { Sender, SmscProfile } from '../../src/smpp/shape-profile.ts';
import { vectorNamed, versionOf } from '../support/vectors.ts';

export const NOW_MS = Date.UTC(2026, 5, 1, 12);

export const SENDER: Sender = { version: 0x34, alphabet: 'gsm', transliterate: false, partsMax: 255 };
export const SMSC: SmscProfile = {
  version: 0x34,
  tlvs: true,
  alphabet: 'gsm',
  languages: [],
  longMessages: 'as-is',
  tlvMap: new Map(),
};
export const SMSC_33: SmscProfile = { ...SMSC, version: 0x33, tlvs: false };
export const SMSC_50: SmscProfile = { ...SMSC, version: 0x50 };

/** Shaped for that SMSC; references begin at 0. */
export function shaped(
  message: MessageObject,
  smsc: Partial<SmscProfile>,
  sender: Partial<Sender> = {},
): Shaped {
  const references = new ReferenceNumbers();
  return shape(message, { ...SENDER, ...sender }, { ...SMSC, ...smsc }, references, NOW_MS);
}

/** The bodies; throws where it was refused. */
export function bodiesOf(
  message: MessageObject,
  smsc: Partial<SmscProfile>,
  sender: Partial<Sender> = {},
): MessageObject[] {
  const result = shaped(message, smsc, sender);
  if (!result.ok) throw new Error(`refused with ${result.status}: ${result.reason}`);
  return result.bodies;
}

export function vectorMessage(name: string): Required<MessageObject> {
  const vector = vectorNamed(name);
  const f = new MessageFields();
  scanDeliverSm(vector.bytes, 0, vector.bytes.length, versionOf(vector), f);
  return readMessage(vector.bytes, f);
}

/** Tags and values in hexadecimal, in order. */
export function tlvsOf({ tlvs = [] }: MessageObject): string[] {
  return tlvs.map(({ tag, value }) => `${tag.toString(16).padStart(4, '0')}=${value.toString('hex')}`);
}

export const hexOf = ({ message }: MessageObject): string | undefined => message?.toString('hex');
