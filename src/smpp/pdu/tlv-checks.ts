import * as smpp from '../constants.ts';
import { readU16 } from '../cursor.ts';
import { isExpectedIn, tlvName, tlvStatus, type TagTable } from '../tags.ts';
import type { BodyReader } from './grammar.ts';
import { TLV_HEADER_BYTES, type Tlv } from './tlv.ts';

/** How TLVs are looked at while they are read. */
export interface TlvReading {
  readonly tags: TagTable;
  /** Refuse numbers that no version assigns (ESME_RINVTLVVAL); else only the sar_* must make sense. */
  readonly values: boolean;
}

/**
 * The TLVs from `r.at` on, with their values in the memory of `r.b`. Unknown and unexpected ones are kept as they
 * are. Strictly: lengths of the expected ones must be legal and the sar_* must agree. Fails with ESME_RINVTLVSTREAM
 * where one runs over the end or 1 to 3 octets are left.
 */
export function readTlvList(r: BodyReader, commandId: number, reading: TlvReading): Tlv[] {
  const { b, end } = r;
  const tlvs: Tlv[] = [];
  while (end - r.at >= TLV_HEADER_BYTES) {
    const tag = readU16(b, r.at);
    const length = readU16(b, r.at + 2);
    const from = r.at + TLV_HEADER_BYTES;
    if (length > end - from) {
      const has = `has ${end - from} of its ${length} octets`;
      r.fail(smpp.ESME_RINVTLVSTREAM, `TLV ${tlvName(tag, reading.tags)} ${has}`);
      return tlvs;
    }
    r.at = from + length;
    const tlv = { tag, value: b.subarray(from, r.at) };
    tlvs.push(tlv);
    if (!r.lenient && !checkTlv(r, commandId, tlv, reading)) return tlvs;
  }
  const left = end - r.at;
  if (left > 0 && !(r.spareNul && left === 1 && b[r.at] === 0)) {
    r.fail(smpp.ESME_RINVTLVSTREAM, `TLVs: ${left} octets are left over`);
  } else if (!r.lenient && tlvs.length >= 3) {
    checkSar(r, commandId, tlvs, reading.tags);
  }
  return tlvs;
}

function checkTlv(r: BodyReader, commandId: number, tlv: Tlv, reading: TlvReading): boolean {
  const definition = reading.tags.byTag(tlv.tag);
  if (definition === undefined || !isExpectedIn(definition, commandId, r.version)) return true;
  const status = tlvStatus(definition, tlv.value);
  if (status === smpp.ESME_ROK || (status === smpp.ESME_RINVTLVVAL && !reading.values)) return true;
  const what =
    status === smpp.ESME_RINVTLVLEN ? `${tlv.value.length} octets` : 'a value that is not assigned';
  r.fail(status, `TLV ${definition.name} has ${what}`);
  return false;
}

/** The three sar_* count only together (v3.4 section 5.3.2.22 and on); of a repeated one the first. */
export function checkSar(r: BodyReader, commandId: number, tlvs: readonly Tlv[], tags: TagTable): void {
  const definition = tags.byTag(smpp.TLV_SAR_TOTAL_SEGMENTS);
  if (definition === undefined || !isExpectedIn(definition, commandId, r.version)) return;
  const reference = tlvs.find(({ tag }) => tag === smpp.TLV_SAR_MSG_REF_NUM);
  const total = tlvs.find(({ tag }) => tag === smpp.TLV_SAR_TOTAL_SEGMENTS)?.value[0];
  const sequence = tlvs.find(({ tag }) => tag === smpp.TLV_SAR_SEGMENT_SEQNUM)?.value[0];
  if (reference === undefined || total === undefined || sequence === undefined) return;
  if (sequence >= 1 && sequence <= total) return;
  r.fail(smpp.ESME_RINVTLVVAL, `TLV sar_segment_seqnum is ${sequence} of ${total}`);
}
