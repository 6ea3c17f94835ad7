/** METADATA, RFC 5464: notes of users and administrators about mailboxes and the server. */
import { UsageError } from 'tls-context-core';
import type { CallOptions } from '../command.js';
import { requireCapability } from '../command-error.js';
import type { CommandRunner } from '../command-runner.js';
import { mailboxData } from '../extension-data.js';
import { parseMetadata } from '../grammar/account-data.js';
import {
  type Argument,
  list,
  mailbox,
  number,
  octets,
  string,
  syntax,
} from '../grammar/encoder.js';
import { encodeMailboxName, type MailboxName } from '../grammar/mailbox-name.js';

export interface MetadataOptions extends CallOptions {
  /** Entries below the ones that are named: none, one level, or all. Default `0`. */
  depth?: 0 | 1 | 'infinity';
  /** Values of more octets are left out. */
  maxSize?: number;
}

/** Values by entry name in lower case; `null` for an entry without one. */
export type Metadata = Readonly<Record<string, Buffer | null>>;

/** `''` is the server itself. */
const target = (name: MailboxName): Argument => (name === '' ? syntax('""') : mailbox(name));

const required = (runner: CommandRunner, name: MailboxName, command: string): void =>
  requireCapability(runner, name === '' ? ['METADATA', 'METADATA-SERVER'] : ['METADATA'], command);

/** @throws UsageError `ERR_ARGUMENT` */
export function wantedEntries(
  name: MailboxName,
  entries: readonly string[],
  {
    depth,
    maxSize,
  }: { depth?: MetadataOptions['depth'] | undefined; maxSize?: number | undefined } = {},
): Argument[] {
  if (!Array.isArray(entries) || entries.length === 0) throw noEntries();
  const how: Argument[] = [];
  if (maxSize !== undefined) how.push(syntax('MAXSIZE'), number(maxSize, 'maxSize'));
  if (depth !== undefined) how.push(syntax(`DEPTH ${depth}`));
  return [
    ...(how.length > 0 ? [list(how)] : []),
    target(name),
    list(entries.map((entry) => string(checked(entry), 'entries'))),
  ];
}

/** @param entries such as `'/private/comment'` */
export async function metadata(
  runner: CommandRunner,
  name: MailboxName,
  entries: readonly string[],
  { depth, maxSize, ...options }: MetadataOptions = {},
): Promise<Metadata> {
  const args = wantedEntries(name, entries, { depth, maxSize });
  required(runner, name, 'metadata');
  const asked = name === '' ? '' : encodeMailboxName(name, runner.utf8);
  const found: Record<string, Buffer | null> = Object.create(null);
  await runner.run(
    {
      verb: 'GETMETADATA',
      args,
      answeredBy: ['METADATA'],
      claim: (response, frame) => {
        const data = mailboxData(runner, response, frame, 'METADATA', parseMetadata, asked);
        if (data?.entries === undefined) return false;
        Object.assign(found, data.entries);
        return true;
      },
    },
    options,
  );
  return found;
}

/** @throws UsageError `ERR_ARGUMENT` */
export function givenEntries(
  name: MailboxName,
  entries: Readonly<Record<string, string | Uint8Array | null>>,
): Argument[] {
  if (typeof entries !== 'object' || entries === null || Array.isArray(entries)) throw noEntries();
  const pairs = Object.entries(entries).flatMap(([entry, value]) => [
    string(checked(entry), 'entries'),
    value === null ? syntax('NIL') : octets(value, 'entries'),
  ]);
  if (pairs.length === 0) throw noEntries();
  return [target(name), list(pairs)];
}

/** `null` removes an entry. */
export async function setMetadata(
  runner: CommandRunner,
  name: MailboxName,
  entries: Readonly<Record<string, string | Uint8Array | null>>,
  options?: CallOptions,
): Promise<void> {
  const args = givenEntries(name, entries);
  required(runner, name, 'setMetadata');
  await runner.run({ verb: 'SETMETADATA', args }, options);
}

function checked(entry: string): string {
  if (typeof entry === 'string' && /^\/(?:private|shared)\/[\x21-\x7e]+$/i.test(entry)) {
    if (!/[*%]|\/\/|\/$/.test(entry)) return entry;
  }
  throw new UsageError('ERR_ARGUMENT', 'An entry is named /private/… or /shared/…', {
    argument: 'entries',
  });
}

const noEntries = (): UsageError =>
  new UsageError('ERR_ARGUMENT', 'entries must name at least one entry', { argument: 'entries' });
