/** The one gate for addresses, names and domains in commands: RFC 5321 §4.1.2, RFC 6531 §3.7. */
import { checkArgument } from '@fivewire/line-protocol';
import { asciiDomain, parseAddress } from './address.js';
import { wrong } from './arguments.js';
import { requireExtension } from './extensions.js';
import type { Extensions } from './types.js';

/**
 * An address, whose domain becomes A-labels, or a user's or list's name. What holds UTF-8 then needs SMTPUTF8, and says so in
 * the command.
 *
 * @throws UsageError `ERR_ARGUMENT`; CommandError `ERR_EXTENSION_REQUIRED`
 */
export function mailboxArguments(
  extensions: Extensions,
  value: unknown,
  argument: string,
): string[] {
  checkText(value, argument);
  const name = value as string;
  if (name === '') throw wrong(argument, 'is empty');
  const path = /^<(.*)>$/.exec(name)?.[1];
  const text = (path ?? name).includes('@')
    ? parseAddress(path ?? name, argument).text
    : (path ?? name);
  const written = path === undefined ? text : `<${text}>`;
  if (isAscii(written)) return [written];
  requireExtension(extensions, 'SMTPUTF8', argument);
  return [written, 'SMTPUTF8'];
}

/** A domain, in A-labels. A prefix of RFC 1985 §3 (`@` or `#`) stays before it. */
export function domainArgument(value: unknown, argument: string): string {
  checkText(value, argument);
  const [, prefix = '', name = ''] = /^([@#]?)(.*)$/s.exec(value as string) ?? [];
  const domain = asciiDomain(name);
  if (domain === undefined && (prefix !== '#' || !/^[\x21-\x7e]+$/.test(name)))
    throw wrong(argument, 'is no domain name', 'Such as example.org.');
  return prefix + (domain ?? name);
}

/** Free text: what holds UTF-8 goes to servers alone that agree to it. */
export function freeArgument(extensions: Extensions, value: unknown, argument: string): string {
  checkText(value, argument);
  if (value === '') throw wrong(argument, 'is empty');
  if (!isAscii(value as string)) requireExtension(extensions, 'SMTPUTF8', argument);
  return value as string;
}

function checkText(value: unknown, argument: string): void {
  checkArgument(value, argument);
  if (/[\x00-\x08\x0b-\x1f\x7f-\x9f]/.test(value as string))
    throw wrong(argument, 'holds a control character');
}

const isAscii = (text: string): boolean => /^[\x00-\x7f]*$/.test(text);
