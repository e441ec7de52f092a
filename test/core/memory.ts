import { allocateBytes } from '../../src/core/bytes.ts';
import type { Bytes } from '../../src/core/bytes.ts';

/** Aligned views that begin with these bytes. */
export function bytesWith(content: Uint8Array): Bytes {
  const bytes = allocateBytes(Math.ceil(content.length / 8) * 8);
  bytes.u8.set(content);
  return bytes;
}
