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
