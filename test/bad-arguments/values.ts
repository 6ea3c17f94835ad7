/** What nobody should pass: by the kind of argument that it stands for, each under a name for people. */

export type BadValues = Readonly<Record<string, unknown>>;

const longest = 1_000_000;

const wrongTypes: BadValues = {
  null: null,
  'a boolean': true,
  'a symbol': Symbol('none'),
  'a function': () => 'x',
  'an empty object': {},
  'an empty array': [],
  'an array of itself': [['x']],
};

const noText: BadValues = { ...wrongTypes, 'a number': 7 };

/** What would begin a second command, what has no UTF-8 form, and what no server's line can hold. */
const brokenText: BadValues = {
  'a CR': 'a\rb',
  'an LF': 'a\nb',
  'a second command': 'a\r\nQUIT',
  'a trailing CRLF': 'a\r\n',
  'a NUL': 'a\0b',
  'a lone high surrogate': 'a\ud800b',
  'a lone low surrogate': 'a\udc00b',
  'a million octets': 'x'.repeat(longest),
};

/** For arguments that can be left out, nothing is no fault. */
const nothing: BadValues = { undefined: undefined };
const empty: BadValues = { 'an empty string': '' };

export const text: BadValues = { ...nothing, ...empty, ...noText, ...brokenText };
export const optionalText: BadValues = { ...empty, ...noText, ...brokenText };
/** Where '' says something: a prefix, a pattern. */
export const textOrEmpty: BadValues = { ...nothing, ...noText, ...brokenText };

const noNumber: BadValues = {
  ...wrongTypes,
  'a numeral': '1',
  'a date': new Date(0),
  NaN: Number.NaN,
};
const noWhole: BadValues = {
  '-1': -1,
  '1.5': 1.5,
  '2**53': 2 ** 53,
  Infinity: Number.POSITIVE_INFINITY,
  'a bigint': 1n,
};

/** Whole numbers, from 0 or 1. */
export const optionalCount: BadValues = { ...noNumber, ...noWhole };
export const optionalPositive: BadValues = { ...optionalCount, '0': 0 };
export const count: BadValues = { ...nothing, ...optionalCount };
export const positive: BadValues = { ...nothing, ...optionalPositive };
/** Times: fractions and Infinity make sense. */
export const milliseconds: BadValues = { ...noNumber, '-1': -1, 'a bigint': 1n };

export const optionalFlag: BadValues = without(
  { ...wrongTypes, "'false'": 'false', 0: 0, 1: 1 },
  'a boolean',
);
export const optionalFunction: BadValues = without({ ...wrongTypes, 'a text': 'x' }, 'a function');
export const optionalSignal: BadValues = {
  ...wrongTypes,
  'a text': 'abort',
  'what only looks like a signal': {
    aborted: false,
    addEventListener() {},
    removeEventListener() {},
  },
};
/** One of a few words. */
export const optionalWord: BadValues = { ...optionalText, 'a word that is none': 'perhaps' };
export const date: BadValues = {
  ...nothing,
  ...without(wrongTypes, ''),
  'an invalid date': new Date(Number.NaN),
  'a text': '2026-01-01',
  'a number': 0,
};
export const optionalDate: BadValues = without(date, 'undefined');
export const optionalList: BadValues = without(
  { ...wrongTypes, 'a text': 'x', 'a number': 7 },
  'an empty array',
);
/** Bodies: text, octets, streams. */
export const body: BadValues = { ...nothing, ...wrongTypes, 'a number': 7 };
export const optionsObject: BadValues = {
  null: null,
  'a text': 'x',
  'a number': 7,
  'an unknown option': { timout: 5 },
};

/** @returns `values` with other names away: for what is no fault here */
export function without(values: BadValues, ...names: string[]): BadValues {
  return Object.fromEntries(Object.entries(values).filter(([name]) => !names.includes(name)));
}
