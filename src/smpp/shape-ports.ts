/**
 * Application ports of 16 bits. They stand in an element of the header (3GPP TS 23.040 section 9.2.3.24.4), or in
 * source_port and destination_port, from which the SMSC writes that element.
 */
import { type InformationElement, portsElement, portsOf } from '../core/udh.ts';
import { TLV_DESTINATION_PORT, TLV_SOURCE_PORT } from './constants.ts';
import { readU16 } from './cursor.ts';
import type { MessageObject } from './pdu/message-encode.ts';
import { type Tlv, tlvValueOf } from './pdu/tlv.ts';
import type { SmscProfile } from './shape-profile.ts';

/** The element that these parameters become; undefined without either. One that is missing is 0. */
export function portsBeside(tlvs: readonly Tlv[], profile: SmscProfile): InformationElement | undefined {
  const source = portOf(tlvs, TLV_SOURCE_PORT, profile);
  const destination = portOf(tlvs, TLV_DESTINATION_PORT, profile);
  if (source === undefined && destination === undefined) return undefined;
  return portsElement({ source: source ?? 0, destination: destination ?? 0 });
}

function portOf(tlvs: readonly Tlv[], tag: number, { tlvMap }: SmscProfile): number | undefined {
  const value = tlvMap.get(tag) === 0 ? undefined : tlvValueOf(tlvs, tag);
  return value?.length === 2 ? readU16(value, 0) : undefined;
}

/** Whether ports of a header may move to the parameters: its tlv_map leaves neither out. */
export function takesPorts({ tlvMap }: SmscProfile): boolean {
  return tlvMap.get(TLV_SOURCE_PORT) !== 0 && tlvMap.get(TLV_DESTINATION_PORT) !== 0;
}

/** The ports among these elements as parameters, in place of those that are there. */
export function withPorts(
  base: MessageObject,
  elements: readonly InformationElement[],
  profile: SmscProfile,
): MessageObject {
  const ports = portsOf(elements);
  if (ports === undefined) return base;
  const { source, destination } = ports;
  const own = [
    { tag: tagOf(TLV_SOURCE_PORT, profile), value: Buffer.from([source >> 8, source & 0xff]) },
    { tag: tagOf(TLV_DESTINATION_PORT, profile), value: Buffer.from([destination >> 8, destination & 0xff]) },
  ];
  return { ...base, tlvs: [...(withoutPorts(base, profile).tlvs ?? []), ...own] };
}

/** `base` has the tags that the SMSC knows them by. */
export function withoutPorts(base: MessageObject, profile: SmscProfile): MessageObject {
  if (base.tlvs === undefined) return base;
  const source = tagOf(TLV_SOURCE_PORT, profile);
  const destination = tagOf(TLV_DESTINATION_PORT, profile);
  return { ...base, tlvs: base.tlvs.filter(({ tag }) => tag !== source && tag !== destination) };
}

function tagOf(tag: number, { tlvMap }: SmscProfile): number {
  return tlvMap.get(tag) ?? tag;
}
