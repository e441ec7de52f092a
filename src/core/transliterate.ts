import { isGsmText, septetsOf } from './gsm-text.ts';

/**
 * Characters that the default alphabet lacks, each with what is written for it: typographic signs, blanks, letters
 * that do not fall apart into a base letter and marks, and Greek letters by the capital that looks like them.
 */
const SIMILAR: ReadonlyMap<string, string> = new Map([
  ...each('‘’‚‛′‵´`ʻʼʹˈ＇', "'"),
  ...each('“”„‟″«»‶＂', '"'),
  ...each('‹', '<'),
  ...each('›', '>'),
  ...each('‐‑‒–—―−﹘﹣－', '-'),
  ...each(
    '\t\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000',
    ' ',
  ),
  ...each('\u000b\u0085\u2028\u2029', '\n'),
  ...each('\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff', ''),
  ...each('•·∙●▪', '*'),
  ...each('⁄÷∕', '/'),
  ...each('×', 'x'),
  ...each('¦', '|'),
  ...each('¢', 'c'),
  ...each('ƒ', 'f'),
  ['©', '(C)'],
  ['®', '(R)'],
  ['±', '+/-'],
  ['≤', '<='],
  ['≥', '>='],
  ['≠', '!='],
  ['→', '->'],
  ['←', '<-'],
  ['Œ', 'OE'],
  ['œ', 'oe'],
  ['Þ', 'Th'],
  ['þ', 'th'],
  ['ẞ', 'SS'],
  ...pairs('ÐD ðd ĐD đd ĦH ħh ıi ĸk ŁL łl ŊN ŋn ŦT ŧt ƀb ŉn ƏA əe'),
  ...pairs('ΑA ΒB ΕE ΖZ ΗH ΙI ΚK ΜM ΝN ΟO ΡP ΤT ΥY ΧX'),
  ...pairs('αA βB γΓ δΔ εE ζZ ηH θΘ ιI κK λΛ μM νN ξΞ οO πΠ ρP σΣ ςΣ τT υY φΦ χX ψΨ ωΩ'),
]);
const MARK = /^\p{Mark}$/u;

/**
 * The text in characters of the GSM default alphabet, similar ones standing in for what it lacks; undefined when
 * something has none: half a transliteration would cost the sender both, the characters and UCS-2.
 */
export function transliterate(text: string): string | undefined {
  let result = '';
  for (const character of text.normalize('NFC')) {
    const similar = similarTo(character);
    if (similar === undefined) return undefined;
    result += similar;
  }
  return result;
}

function similarTo(character: string): string | undefined {
  if (character.length === 1 && septetsOf(character.charCodeAt(0)) > 0) return character;
  const similar = SIMILAR.get(character);
  if (similar !== undefined) return similar;
  // A letter with marks falls apart, and so do ligatures, fractions and forms of other widths.
  let result = '';
  for (const piece of character.normalize('NFKD')) {
    if (MARK.test(piece)) continue;
    const found = isGsmText(piece) ? piece : SIMILAR.get(piece);
    if (found === undefined) return undefined;
    result += found;
  }
  return result;
}

function each(characters: string, similar: string): [string, string][] {
  return Array.from(characters, (character) => [character, similar]);
}

/** `ÐD ðd`: what is written for the first character of each pair is the second. */
function pairs(text: string): [string, string][] {
  return text.split(' ').map((pair) => [pair[0], pair[1]]);
}
