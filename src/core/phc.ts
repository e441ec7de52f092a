import { ARGON2_LANES_MAX, ARGON2_MEMORY_KIB_MAX, ARGON2_PASSES_MAX } from './limits.ts';

/** An argon2id password hash in its PHC string form. */
export interface Argon2Hash {
  readonly memoryKib: number;
  readonly passes: number;
  readonly lanes: number;
  /** Standard base64 without padding, as in the string. */
  readonly salt: string;
  readonly tag: string;
}

const BASE64 = '[A-Za-z0-9+/]';
const PATTERN = new RegExp(
  `^\\$argon2id\\$v=19\\$m=(\\d{1,7}),t=(\\d{1,3}),p=(\\d{1,3})\\$(${BASE64}{11,86})\\$(${BASE64}{22,86})$`,
);

/**
 * Reads `$argon2id$v=19$m=19456,t=2,p=1$<salt>$<tag>`. Returns undefined for any other text, and for
 * parameters so heavy that one bind would hold a hashing thread for seconds.
 */
export function parseArgon2Hash(text: string): Argon2Hash | undefined {
  const found = PATTERN.exec(text);
  if (found === null) return undefined;
  const [memoryKib, passes, lanes] = [Number(found[1]), Number(found[2]), Number(found[3])];
  if (lanes < 1 || lanes > ARGON2_LANES_MAX) return undefined;
  if (passes < 1 || passes > ARGON2_PASSES_MAX) return undefined;
  if (memoryKib < 8 * lanes || memoryKib > ARGON2_MEMORY_KIB_MAX) return undefined;
  return { memoryKib, passes, lanes, salt: found[4], tag: found[5] };
}
