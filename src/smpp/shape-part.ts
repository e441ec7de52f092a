/** A part of a long message that goes without the others of it. */
import { isConcatenation, writeUdh } from '../core/udh.ts';
import type { ReferenceNumbers } from '../core/reference-numbers.ts';
import { ESME_RINVMSGLEN } from './constants.ts';
import type { MessageObject } from './pdu/message-encode.ts';
import { classOfSubunit } from './shape-fields.ts';
import type { Sender, SmscProfile } from './shape-profile.ts';
import { codedFor } from './shape-text.ts';
import { type Shaped, shape } from './shape.ts';
import { partOf, readUserData, withOctets } from './udh.ts';

/**
 * One body, as `shape` makes it. A part whose text must be converted is converted by itself, for the others are not
 * coming: they might have become another data_coding, so `shape` does not do that. Refused as there, and with
 * ESME_RINVMSGLEN where it would not be one SMS then.
 */
export function shapeLonePart(
  message: MessageObject,
  sender: Sender,
  profile: SmscProfile,
  references: ReferenceNumbers,
  nowMs: number,
): Shaped {
  const asItIs = { ...profile, longMessages: 'as-is' as const };
  let shaped = shape(message, sender, asItIs, references, nowMs);
  if (!shaped.ok) {
    const converted = convertedPart(message, sender, asItIs);
    if (converted === undefined) return shaped;
    // It speaks the SMSC's language now.
    const { version, alphabet } = profile;
    const native = { version, alphabet, transliterate: false, partsMax: 1 };
    shaped = shape(converted, native, asItIs, references, nowMs);
  }
  if (!shaped.ok || shaped.bodies.length === 1) return shaped;
  return { ok: false, status: ESME_RINVMSGLEN, reason: 'the part is longer than one SMS' };
}

/** The part with its text as the SMSC's data_coding says it; undefined: it is none, or can not be said. */
function convertedPart(
  message: MessageObject,
  sender: Sender,
  profile: SmscProfile,
): MessageObject | undefined {
  const carried = readUserData(message);
  if (carried === undefined || partOf(message, carried.elements) === undefined) return undefined;
  const coded = codedFor(
    {
      dataCoding: message.dataCoding ?? 0,
      messageClass: classOfSubunit(message, profile),
      octets: carried.octets,
      elements: carried.elements,
      beside: [],
      part: undefined,
      style: 'udh8',
    },
    sender,
    profile,
  );
  if (typeof coded === 'string') return undefined;
  const elements = [...carried.elements.filter(isConcatenation), ...coded.data.elements];
  return withOctets(message, writeUdh(elements), coded.data.octets, coded.dataCoding, carried.inPayload);
}
