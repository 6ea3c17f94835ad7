import { inspect } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyCharacter } from '../../../test/support/any-character.js';
import { checkArgument, commandLine, secret, secretLine } from '../src/index.js';

describe('commandLine', () => {
  it('joins verb and arguments and ends the line', () => {
    const line = commandLine('USER', ['ünal']);
    expect(line.octets.toString()).toBe('USER ünal\r\n');
    expect(line.masked).toBe('USER ünal');
  });

  it('writes secrets and shows none', () => {
    const password = secret('hunter2');
    const line = commandLine('PASS', [password]);
    expect(line.octets.toString()).toBe('PASS hunter2\r\n');
    for (const shown of [
      line.masked,
      inspect(password),
      inspect({ password }),
      JSON.stringify({ password }),
      `${password}`,
    ]) {
      expect(shown).toContain('***');
      expect(shown).not.toContain('hunter2');
    }
    expect(secretLine('dG9rZW4=').masked).toBe('***');
  });

  it.each([
    ['a carriage return', 'a\rb'],
    ['a line feed', 'a\nDELE 1'],
    ['NUL', 'a\0b'],
    ['half a surrogate pair', 'a\ud800b'],
    ['half a surrogate pair', '\udc00'],
    ['half a surrogate pair', 'x\ud83d'],
  ])('refuses %s', (what, text) => {
    for (const argument of [text, secret(text)]) {
      expect(() => commandLine('X', [argument])).toThrow(
        expect.objectContaining({ code: 'ERR_ARGUMENT', message: expect.stringContaining(what) }),
      );
    }
    expect(() => secretLine(text)).toThrow(expect.objectContaining({ code: 'ERR_ARGUMENT' }));
  });

  it('names no secret when it refuses one', () => {
    const message = (() => {
      try {
        commandLine('PASS', [secret('top\nsecret')]);
      } catch (error) {
        return inspect(error);
      }
      return '';
    })();
    expect(message).toContain('ERR_ARGUMENT');
    expect(message).not.toMatch(/top|secret\b.*\bsecret'/);
  });

  it('refuses what is no string, and a line that is too long in octets', () => {
    for (const value of [undefined, null, {}, [], ['a']])
      expect(() => commandLine('X', [value as never])).toThrow(/must be a string/);
    expect(() => commandLine('X', [7 as never])).toThrow(
      expect.objectContaining({ code: 'ERR_ARGUMENT' }),
    );
    expect(() => commandLine('X', [undefined as never])).toThrow(
      expect.objectContaining({ code: 'ERR_ARGUMENT' }),
    );
    expect(() => commandLine('X', ['é'.repeat(255)])).toThrow(
      expect.objectContaining({ code: 'ERR_ARGUMENT' }),
    );
    expect(commandLine('X', ['e'.repeat(508)]).octets.length).toBe(512);
  });

  it('never lets a second line through', () => {
    fc.assert(
      fc.property(fc.string({ unit: anyCharacter }), (text) => {
        let octets: Buffer;
        try {
          octets = commandLine('X', [text]).octets;
        } catch (error) {
          expect((error as { code: string }).code).toBe('ERR_ARGUMENT');
          return;
        }
        const line = octets.toString('latin1');
        expect(line.indexOf('\n')).toBe(line.length - 1);
        expect(line).not.toContain('\0');
        checkArgument(text, 'text');
      }),
    );
  });
});
