import { expect, it } from 'vitest';
import { disguiseOperands, ownWords, revealOperands } from '../src/operands.js';

it.each<[string[], string[]]>([
  [
    ['put', '--quiet', '--', '-dash.bin', 'ftp://h/'],
    ['put', '--quiet', '\0-dash.bin', 'ftp://h/'],
  ],
  [
    ['--', 'ls', 'ftp://h/'],
    ['ls', 'ftp://h/'],
  ],
  [
    ['get', 'ftp://h/x', '-'],
    ['get', 'ftp://h/x', '\0-'],
  ],
  [
    ['put', '--', '--', 'x'],
    ['put', '\0--', 'x'],
  ],
])('%j', (argv, disguised) => {
  expect(disguiseOperands(argv)).toEqual(disguised);
});

it('gives them back as they were written', () => {
  expect(revealOperands({ file: '\0-dash.bin', to: ['\0-', 'x'], recursive: true })).toEqual({
    file: '-dash.bin',
    to: ['-', 'x'],
    recursive: true,
  });
});

it('knows a value of an option from a word of its own', () => {
  const options = { subject: { type: 'string', describe: '' } } as const;
  expect(ownWords(['send', '--subject', '-h', '--help', '--', '--version'], options)).toEqual([
    'send',
    '--subject',
    '--help',
  ]);
});
