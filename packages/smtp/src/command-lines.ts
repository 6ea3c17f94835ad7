/** Commands outside of transactions, their arguments checked: RFC 5321 §3.5 and §4.1.1.8, RFC 1985. */
import { type CommandLine, commandLine } from '@fivewire/line-protocol';
import { domainArgument, freeArgument, mailboxArguments } from './command-text.js';
import type { Extensions } from './types.js';

/** @throws UsageError `ERR_ARGUMENT`; CommandError `ERR_EXTENSION_REQUIRED` */
export const lookUpLine = (
  extensions: Extensions,
  verb: 'VRFY' | 'EXPN',
  name: string,
): CommandLine => commandLine(verb, mailboxArguments(extensions, name, 'name'));

/** @throws UsageError `ERR_ARGUMENT`; CommandError `ERR_EXTENSION_REQUIRED` */
export const helpLine = (extensions: Extensions, topic: string | undefined): CommandLine =>
  commandLine('HELP', topic === undefined ? [] : [freeArgument(extensions, topic, 'topic')]);

/** @throws UsageError `ERR_ARGUMENT` */
export const etrnLine = (domain: string): CommandLine =>
  commandLine('ETRN', [domainArgument(domain, 'domain')]);
