/** The TLVs of a message, or of a receipt, that the configuration names, for people to read. */

/** A [[tlv]]. */
export interface TlvView {
  name: string;
  tag: number;
  type: 'integer' | 'cstring' | 'octets';
}

const HEADER_BYTES = 4;
/** Above this a number loses digits; such a value is shown as octets. */
const INTEGER_BYTES_MAX = 6;

/**
 * `tlv.NAME` (or another prefix) for each of `views` among `tlvs` (tag u16, length u16, value; big-endian): integers
 * in decimal, cstrings up to their NUL, octets in hexadecimal digits. One that occurs again is `tlv.NAME.2`. What is
 * broken is left out.
 */
export function tlvFields(
  tlvs: Buffer,
  views: readonly TlvView[],
  prefix = 'tlv',
): Record<string, string | number> {
  const fields: Record<string, string | number> = {};
  if (views.length === 0) return fields;
  let at = 0;
  while (at + HEADER_BYTES <= tlvs.length) {
    const valueAt = at + HEADER_BYTES;
    const end = valueAt + tlvs.readUInt16BE(at + 2);
    if (end > tlvs.length) break;
    const tag = tlvs.readUInt16BE(at);
    const view = views.find((one) => one.tag === tag);
    if (view !== undefined)
      fields[freeName(fields, `${prefix}.${view.name}`)] = valueOf(view, tlvs.subarray(valueAt, end));
    at = end;
  }
  return fields;
}

function freeName(fields: object, name: string): string {
  if (!(name in fields)) return name;
  let count = 2;
  while (`${name}.${count}` in fields) count++;
  return `${name}.${count}`;
}

function valueOf({ type }: TlvView, value: Buffer): string | number {
  if (type === 'integer' && value.length > 0 && value.length <= INTEGER_BYTES_MAX) {
    return value.readUIntBE(0, value.length);
  }
  if (type !== 'cstring') return value.toString('hex');
  const nul = value.indexOf(0);
  return value.toString('latin1', 0, nul < 0 ? value.length : nul);
}
