import { describe, expect, test } from 'vitest';
import { isGsmText } from '../../src/core/gsm-text.ts';
import { transliterate } from '../../src/core/transliterate.ts';

describe('transliterate', () => {
  test.each([
    ['plain [text] € Ω é', 'plain [text] € Ω é'],
    ['“a” ‘b’ «c» ´d´ `e`', "\"a\" 'b' \"c\" 'd' 'e'"],
    ['1–2—3−4‑5', '1-2-3-4-5'],
    ['a\u00a0b\u2009c\td', 'a b c d'],
    ['soft\u00adhyphen, zero\u200bwidth', 'softhyphen, zerowidth'],
    ['wait…', 'wait...'],
    ['ﬁle №5 ½ x²', 'file No5 1/2 x2'],
    ['ç Č ő ů ź ı ł đ ß', 'c C o u z i l d ß'],
    ['œuvre Þór', 'oeuvre Thor'],
    // Decomposed, and composed first: é is of the alphabet.
    ['e\u0301', 'é'],
    ['q\u0303', 'q'],
    ['ΑΒΓ αβγς', 'ABΓ ABΓΣ'],
    ['© ® ™ • × ÷', '(C) (R) TM * x /'],
    ['line\u2028next', 'line\nnext'],
    ['', ''],
  ])('%j becomes %j', (text, expected) => {
    expect(transliterate(text)).toBe(expected);
  });

  test.each(['ж', '漢', 'مرحبا', '😀', '20°', 'a\u001b', '\0', '\ud83d'])(
    '%j has nothing similar',
    (text) => {
      expect(transliterate(`ok ${text}`)).toBeUndefined();
    },
  );

  test('what comes out is GSM, whatever one character goes in', () => {
    for (let point = 0; point < 0x3000; point++) {
      const similar = transliterate(String.fromCodePoint(point));
      if (similar !== undefined) expect(isGsmText(similar), point.toString(16)).toBe(true);
    }
  });
});
