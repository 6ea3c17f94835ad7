import fc from 'fast-check';

/** Any code point that text can have. fast-check's own unit for it fills a map with all of them, a second of work. */
export const anyCharacter = fc
  .nat(0x10_ffff)
  .filter((point) => point < 0xd800 || point > 0xdfff)
  .map((point) => String.fromCodePoint(point));
