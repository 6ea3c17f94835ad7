import { resolve, sep } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ancestry,
  joinPath,
  notAnOption,
  pathArgument,
  splitPath,
} from '../src/files/remote-path.js';
import { localPath } from '../src/index.js';
import { createCharset } from '../src/session/charset.js';

const charset = createCharset();
const refused = expect.objectContaining({ code: 'ERR_ARGUMENT' });

describe('a path as an argument', () => {
  it.each(['a\r\nDELE b', 'a\nb', 'a\rb', 'a\0b', '', '\ud800', 'x'.repeat(8193)])(
    'refuses %j',
    (path) => {
      expect(() => pathArgument(path, charset)).toThrow(refused);
      if (path.isWellFormed()) {
        expect(() => pathArgument(Buffer.from(path), charset)).toThrow(refused);
      }
    },
  );

  it.each([undefined, null, 7, {}, ['a'], new ArrayBuffer(1)])('refuses %s', (path) => {
    expect(() => pathArgument(path as unknown as string, charset)).toThrow(refused);
  });

  it('is UTF-8, or the octets that were given', () => {
    expect(pathArgument('ü', charset)).toBe('\xc3\xbc');
    expect(pathArgument(Buffer.from([0xfc]), charset)).toBe('\xfc');
    expect(pathArgument('ü', createCharset({ encoding: 'windows-1252' }))).toBe('\xfc');
    expect(() => pathArgument('→', createCharset({ encoding: 'windows-1252' }))).toThrow(refused);
  });

  it('comes back as it was', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (path) => {
        fc.pre(!/[\r\n\0]/.test(path) && path.isWellFormed());
        expect(charset.decode(pathArgument(path, charset))).toBe(path);
      }),
    );
  });
});

it('joins and splits', () => {
  expect(joinPath('/a/', 'b', false)).toBe('/a/b');
  expect(joinPath('', 'b', false)).toBe('b');
  expect(splitPath('/a/b/')).toEqual({ parent: '/a', name: 'b' });
  expect(splitPath('/a')).toEqual({ parent: '/', name: 'a' });
  expect(splitPath('a')).toEqual({ parent: '', name: 'a' });
  expect(splitPath('/')).toEqual({ parent: '/', name: '' });
  expect(ancestry('/a//b/c/')).toEqual(['/a', '/a//b', '/a//b/c']);
  expect(ancestry('./a/b')).toEqual(['./a', './a/b']);
  expect(notAnOption('-la')).toBe('./-la');
});

describe('a name on this side', () => {
  const outside = expect.objectContaining({ code: 'ERR_LOCAL_PATH', connection: 'usable' });
  it.each(['..', '.', '', 'a/b', '/etc/passwd', '../x', 'a\0b'])(
    'refuses %j everywhere',
    (name) => {
      expect(() => localPath('/d', name, 'linux')).toThrow(outside);
      expect(() => localPath('/d', name, 'win32')).toThrow(outside);
    },
  );

  it.each([
    'a\\b',
    '..\\x',
    'C:x',
    'C:\\x',
    'a:stream',
    'CON',
    'con.txt',
    'Com1',
    'LPT9.log',
    'COM¹',
    'nul .txt',
    'aux ',
    'x.',
    'x ',
    'a?',
    'a\tb',
    'CONIN$',
  ])('refuses %j on Windows', (name) => {
    expect(() => localPath('/d', name, 'win32')).toThrow(outside);
  }); // prettier-ignore

  it.each(['common', 'con-text', 'a b', 'ü', 'x..y', 'lpt10'])('takes %j', (name) => {
    expect(localPath('/d', name, 'win32')).toContain(name);
  });

  it('never leaves the directory', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('.', '/', '\\', 'a', ':', '\0', ' ') }),
        (name) => {
          let path: string;
          try {
            path = localPath('/base/dir', name);
          } catch {
            return;
          }
          expect(resolve(path).startsWith(resolve('/base/dir') + sep)).toBe(true);
        },
      ),
    );
  });
});
