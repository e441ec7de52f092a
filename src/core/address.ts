/** Addresses as people write them. */
export interface ParsedAddress {
  ton: number;
  npi: number;
  address: string;
}

/** A destination: 5 to 15 digits, international, with or without "+". */
export function parseDestination(text: string): ParsedAddress | undefined {
  const digits = text.replace(/^\+/, '');
  return /^\d{5,15}$/.test(digits) ? { ton: 1, npi: 1, address: digits } : undefined;
}

/** A sender: a number, a short code (up to 6 digits), or up to 11 letters, digits and blanks. */
export function parseSender(text: string): ParsedAddress | undefined {
  const digits = text.replace(/^\+/, '');
  if (/^\d{7,15}$/.test(digits)) return { ton: 1, npi: 1, address: digits };
  if (/^\d{1,6}$/.test(text)) return { ton: 0, npi: 1, address: text };
  return /^[A-Za-z0-9 ._&-]{1,11}$/.test(text) ? { ton: 5, npi: 0, address: text } : undefined;
}

const PLUS = 0x2b;
const ZERO = 0x30;
const NINE = 0x39;
/** Fewer digits at the end than this may be anybody's. */
const COMMON_DIGITS_MIN = 7;

/**
 * Are these octets, without ton, npi and NUL, one address? Networks write numbers as international or national ones, so
 * "+", leading zeros, and what one has before the other count for nothing; neither does the case of letters.
 */
export function isSameAddress(a: Uint8Array, b: Uint8Array): boolean {
  if (!isNumber(a) || !isNumber(b)) return a.length === b.length && endsAlike(a, b, a.length);
  const [aDigits, bDigits] = [digitsOf(a), digitsOf(b)];
  const least = Math.min(aDigits, bDigits);
  return (aDigits === bDigits || least >= COMMON_DIGITS_MIN) && endsAlike(a, b, least);
}

function isNumber(address: Uint8Array): boolean {
  const from = address[0] === PLUS ? 1 : 0;
  for (let i = from; i < address.length; i++) if (address[i] < ZERO || address[i] > NINE) return false;
  return address.length > from;
}

/** How many from the first that is not 0 on. */
function digitsOf(number: Uint8Array): number {
  let from = number[0] === PLUS ? 1 : 0;
  while (from < number.length && number[from] === ZERO) from++;
  return number.length - from;
}

function endsAlike(a: Uint8Array, b: Uint8Array, length: number): boolean {
  for (let i = 1; i <= length; i++) {
    if (lowerCase(a[a.length - i]) !== lowerCase(b[b.length - i])) return false;
  }
  return true;
}

function lowerCase(octet: number): number {
  return octet >= 0x41 && octet <= 0x5a ? octet | 0x20 : octet;
}
