/**
 * The 7-bit alphabets of 3GPP TS 23.038: the default alphabet (6.2.1), its extension table (6.2.1.1), the single
 * shift tables (A.2), which stand in for the extension table, and the locking shift tables (A.3), which stand in for
 * the default alphabet. A table is 128 code points by septet; NONE where it has no character.
 *
 * Languages have the numbers of TS 23.038 section 6.2.1.2.4, which are the values of the information elements 0x24
 * (single shift) and 0x25 (locking shift).
 */
export type Language = Exclude<(typeof LANGUAGES)[number], 'default'>;

/** By number; 0 is the default alphabet. */
export const LANGUAGES = [
  'default',
  'turkish',
  'spanish',
  'portuguese',
  'bengali',
  'gujarati',
  'hindi',
  'kannada',
  'malayalam',
  'oriya',
  'punjabi',
  'tamil',
  'telugu',
  'urdu',
] as const;

export const NONE = 0;
export const ESCAPE = 0x1b;
const SEPTETS = 128;

const DEFAULT_ALPHABET = fromText(
  '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\0ÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?' +
    '¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà',
);

const DEFAULT_EXTENSION = changed(new Uint16Array(SEPTETS), '0a\f 14^ 28{ 29} 2f\\ 3c[ 3d~ 3e] 40| 65€');

/** European tables as what they change: a septet in hexadecimal and its character. */
const TURKISH_LOCKING = '04€ 07ı 0bĞ 0cğ 1cŞ 1dş 40İ 60ç';
const TURKISH_SINGLE = '47Ğ 49İ 53Ş 63ç 67ğ 69ı 73ş';
const SPANISH_SINGLE = '09ç 41Á 49Í 4fÓ 55Ú 61á 69í 6fó 75ú';
const PORTUGUESE_LOCKING =
  '04ê 06ú 07í 08ó 09ç 0bÔ 0cô 0eÁ 0fá 12ª 13Ç 14À 15∞ 16^ 17\\ 18€ 19Ó 1a| 1cÂ 1dâ 1eÊ 24º 40Í ' +
  '5bÃ 5cÕ 5dÚ 60~ 7bã 7cõ 7d`';
const PORTUGUESE_SINGLE =
  '05ê 09ç 0bÔ 0cô 0eÁ 0fá 12Φ 13Γ 15Ω 16Π 17Ψ 18Σ 19Θ 1fÊ 41À 49Í 4fÓ 55Ú 5bÃ 5cÕ 61Â 69í 6fó ' +
  '75ú 7bã 7cõ 7fâ';

/**
 * The Indian tables have punctuation, digits and the small letters a to z at the same septets; the septets between
 * are the language's own. These are their code points in the order of the septets: hexadecimal, ranges, and `.n` for
 * n septets without a character. What is left out at the end is without one too.
 */
const INDIAN: readonly (readonly [locking: string, single: string])[] = [
  [
    // Bengali
    '981-983 985-98c .2 98f-990 .2 993-9a8 .1 9aa-9b0 .1 9b2 .3 9b6-9b9 9bc-9c4 .2 9c7-9c8 .2 9cb-9ce 9d7 ' +
      '9dc-9dd 9f0-9f1',
    '9e6-9ef 9df-9e3 9f2-9fa',
  ],
  [
    // Gujarati
    'a81-a83 a85-a8d .1 a8f-a91 .1 a93-aa8 .1 aaa-ab0 .1 ab2-ab3 .1 ab5-ab9 abc-ac5 .1 ac7-ac9 .1 acb-acd ' +
      'ad0 ae0-ae3 af1',
    '964-965 ae6-aef',
  ],
  [
    // Hindi
    '901-903 905-939 93c-94d 950 972 97b-97c 97e-97f',
    '964-96f 951-954 958-963 970-971',
  ],
  [
    // Kannada
    '.1 c82-c83 c85-c8c .1 c8e-c90 .1 c92-ca8 .1 caa-cb3 .1 cb5-cb9 cbc-cc4 .1 cc6-cc8 .1 cca-ccd cd5-cd6 ' +
      'ce0-ce3',
    '964-965 ce6-cef cde cf1-cf2',
  ],
  [
    // Malayalam
    '.1 d02-d03 d05-d0c .1 d0e-d10 .1 d12-d28 .1 d2a-d39 .1 d3d-d44 .1 d46-d48 .1 d4a-d4d d57 d60-d63 d79',
    '964-965 d66-d75 d7a-d7f',
  ],
  [
    // Oriya
    'b01-b03 b05-b0c .2 b0f-b10 .2 b13-b28 .1 b2a-b30 .1 b32-b33 .1 b35-b39 b3c-b44 .2 b47-b48 .2 b4b-b4d ' +
      'b56-b57 b60-b63',
    '964-965 b66-b6f b5c-b5d b5f b70-b71',
  ],
  [
    // Punjabi
    'a01-a03 a05-a0a .4 a0f-a10 .2 a13-a28 .1 a2a-a30 .1 a32-a33 .1 a35-a36 .1 a38-a39 a3c .1 a3e-a42 .4 ' +
      'a47-a48 .2 a4b-a4d a51 a70-a74',
    '964-965 a66-a6f a59-a5c a5e a75',
  ],
  [
    // Tamil
    '.1 b82-b83 b85-b8a .3 b8e-b90 .1 b92-b95 .3 b99-b9a .1 b9c .1 b9e-b9f .3 ba3-ba4 .3 ba8-baa .3 bae-bb9 ' +
      '.2 bbe-bc2 .3 bc6-bc8 .1 bca-bcd bd0 bd7 bf0-bf2 bf9',
    '964-965 be6-bef bf3-bf8 bfa',
  ],
  [
    // Telugu
    'c01-c03 c05-c0c .1 c0e-c10 .1 c12-c28 .1 c2a-c33 .1 c35-c39 .1 c3d-c44 .1 c46-c48 .1 c4a-c4d c55-c56 ' +
      'c60-c63',
    '.2 c66-c6f c58-c59 c78-c7f',
  ],
  [
    // Urdu
    '627 622 628 67b 680 67e 6a6 62a 6c2 67f 679 67d 67a 67c 62b-62c 681 684 683 685-687 62d-62f 68c 688-68a ' +
      '68f 68d 630-631 691 693 699 632 696 698 69a 633-639 641-642 6a9-6ab 6af 6b3 6b1 644-646 6ba-6bc 648 ' +
      '6c4 6d5 6c1 6be 621 6cc 6d0 6d2 64d 650 64f 657 654-655 651 653 656 670',
    '600-601 6f0-6f9 60c-614 61b 61f 640 652 658 66b-66c 672-673 6cd 6d4',
  ],
];

/** The septets of a language's own characters. */
const INDIAN_LOCKING_OWN = codePoints('0-9 b-c e-1a 1c-1f 22-27 2a-2b 2d 2f 3c-3e 40-60 7b-7f');
const INDIAN_SINGLE_OWN = codePoints('19-1a 1c-27 2a-2e 30-3b 3f');
/** The ten single shift tables begin alike. */
const INDIAN_SINGLE_START = '@£$¥¿"¤%&\'\f*+\0-/<=>¡^¡_#*';

const LOCKING: readonly (Uint16Array | undefined)[] = [
  DEFAULT_ALPHABET,
  changed(DEFAULT_ALPHABET, TURKISH_LOCKING),
  undefined,
  changed(DEFAULT_ALPHABET, PORTUGUESE_LOCKING),
  ...INDIAN.map(([locking]) => indianLocking(codePoints(locking))),
];
const SINGLE: readonly Uint16Array[] = [
  DEFAULT_EXTENSION,
  changed(DEFAULT_EXTENSION, TURKISH_SINGLE),
  changed(DEFAULT_EXTENSION, SPANISH_SINGLE),
  changed(DEFAULT_EXTENSION, PORTUGUESE_SINGLE),
  ...INDIAN.map(([, single]) => indianSingle(codePoints(single))),
];

/** The table in force with this value of element 0x25; a language that has none, or that nobody knows: the default. */
export function lockingTable(language: number): Uint16Array {
  return LOCKING[language] ?? DEFAULT_ALPHABET;
}

/** The table behind the escape with this value of element 0x24; likewise. */
export function singleTable(language: number): Uint16Array {
  return SINGLE[language] ?? DEFAULT_EXTENSION;
}

/** As the information elements carry it. */
export function languageNumber(language: Language): number {
  return LANGUAGES.indexOf(language);
}

/** Spanish has a single shift table only. */
export function hasLockingTable(language: number): boolean {
  return LOCKING[language] !== undefined;
}

function indianLocking(own: readonly number[]): Uint16Array {
  const table = DEFAULT_ALPHABET.slice();
  for (const [index, septet] of INDIAN_LOCKING_OWN.entries()) table[septet] = own[index] ?? NONE;
  // The parentheses have changed places.
  return changed(table, '28) 29(');
}

function indianSingle(own: readonly number[]): Uint16Array {
  const table = DEFAULT_EXTENSION.slice();
  table.set(fromText(INDIAN_SINGLE_START));
  for (let capital = 0x41; capital <= 0x5a; capital++) table[capital] = capital;
  for (const [index, septet] of INDIAN_SINGLE_OWN.entries()) table[septet] = own[index] ?? NONE;
  return table;
}

function fromText(text: string): Uint16Array {
  return Uint16Array.from(text, (character) => character.charCodeAt(0));
}

/** A copy with `changes` written into it: septet in two hexadecimal digits and its character, blank between them. */
function changed(table: Uint16Array, changes: string): Uint16Array {
  const copy = table.slice();
  for (const change of changes.split(' '))
    copy[Number.parseInt(change.slice(0, 2), 16)] = change.charCodeAt(2);
  return copy;
}

/** `981-983 .2 9f0` as a list, NONE for each of `.n`. */
function codePoints(text: string): number[] {
  return text.split(' ').flatMap((word) => {
    if (word.startsWith('.')) return Array.from({ length: Number(word.slice(1)) }, () => NONE);
    const [first, last = first] = word.split('-').map((digits) => Number.parseInt(digits, 16));
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
}
