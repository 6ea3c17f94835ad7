/**
 * One command line: checked before an octet leaves, masked wherever it is shown.
 *
 * A CR, LF or NUL inside an argument would be a second command (RFC 5321 §2.3.8, RFC 3977 §3.1, RFC 959 §5.3).
 * All clients pass through this door.
 */
import { UsageError } from 'tls-context-core';
import { mask, reveal, Secret } from './secret.js';

export interface CommandLine {
  /** What goes out, CRLF included. */
  readonly octets: Buffer;
  /** What logs and errors show; '' for octets that belong to what stands beside them. */
  readonly masked: string;
}

export interface CommandLineOptions {
  /** Octets without CRLF. Default 510: RFC 959, 3977 and 2449 all allow at least as much. */
  limit?: number;
  /** Default `'utf8'`. `'latin1'`: each character is an octet already. */
  encoding?: 'utf8' | 'latin1';
}

const lineLimit = 510;

/** Joins a verb and its arguments by single spaces. Throws `ERR_ARGUMENT` for what must not go out. */
export function commandLine(
  verb: string,
  args: readonly (string | Secret)[] = [],
  { limit = lineLimit, encoding = 'utf8' }: CommandLineOptions = {},
): CommandLine {
  const parts = [verb, ...args];
  for (const part of parts) checkArgument(part, verb);
  const masked = parts.join(' ');
  const text = args.some((part) => typeof part !== 'string') ? parts.map(reveal).join(' ') : masked;
  const octets = Buffer.from(`${text}\r\n`, encoding);
  checkLength(verb, octets.length - 2, limit);
  return { octets, masked };
}

/**
 * As {@link commandLine} where nothing is secret: its text without the CRLF, for `sendText`.
 *
 * @param limit octets
 */
export function commandText(verb: string, args: readonly string[], limit: number): string {
  checkArgument(verb, verb);
  let text = verb;
  for (const part of args) {
    checkArgument(part, verb);
    text += ` ${part}`;
  }
  if (text.length * mostOctets > limit) checkLength(verb, Buffer.byteLength(text), limit);
  return text;
}

/** Of one UTF-16 unit, as UTF-8. */
const mostOctets = 3;

function checkLength(verb: string, length: number, limit: number): void {
  if (length <= limit) return;
  throw new UsageError(
    'ERR_ARGUMENT',
    `The ${verb} command has ${length} octets; ${limit} are allowed`,
    {
      argument: verb,
      hint: 'Shorten the argument: servers cut or refuse longer command lines.',
    },
  );
}

/** A line without a verb, such as a SASL response: always masked. */
export function secretLine(text: string): CommandLine {
  checkArgument(text, 'response');
  return { octets: Buffer.from(`${text}\r\n`, 'latin1'), masked: mask };
}

/** Refuses what is no string, and strings with CR, LF, NUL or lone surrogates. Also for names and paths before use. */
export function checkArgument(value: unknown, argument: string): void {
  const text = value instanceof Secret ? reveal(value) : value;
  if (typeof text !== 'string') {
    throw new UsageError('ERR_ARGUMENT', `${argument} must be a string, not ${typeof value}`, {
      argument,
    });
  }
  const control = /[\0\r\n]/.exec(text)?.[0];
  if (control !== undefined) {
    throw new UsageError(
      'ERR_ARGUMENT',
      `${argument} contains ${controlNames[control]}, which would end the line`,
      {
        argument,
        hint: 'CR, LF and NUL would let the argument act as a second command; remove them.',
      },
    );
  }
  if (!text.isWellFormed()) {
    throw new UsageError(
      'ERR_ARGUMENT',
      `${argument} contains half a surrogate pair, which has no UTF-8 form`,
      { argument },
    );
  }
}

const controlNames: Record<string, string> = {
  '\0': 'NUL',
  '\n': 'a line feed',
  '\r': 'a carriage return',
};
