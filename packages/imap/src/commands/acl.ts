/** ACL, RFC 4314: who may do what with a mailbox. */
import type { CallOptions } from '../command.js';
import { requireCapability, unreadable } from '../command-error.js';
import type { CommandRunner } from '../command-runner.js';
import { mailboxData } from '../extension-data.js';
import { parseRights, type RightsData } from '../grammar/account-data.js';
import { type Argument, mailbox, string } from '../grammar/encoder.js';
import { encodeMailboxName, type MailboxName } from '../grammar/mailbox-name.js';

/** Rights by identifier: `{ alice: 'lrswipkxtecda', anyone: 'lr' }` (RFC 4314 §2.1 for the letters). */
export type Acl = Readonly<Record<string, string>>;

export interface PossibleRights {
  /** What the identifier always has. */
  readonly required: string;
  /** What can be granted; rights in one text go together. */
  readonly optional: readonly string[];
}

export async function acl(
  runner: CommandRunner,
  name: MailboxName,
  options?: CallOptions,
): Promise<Acl> {
  const found = await ask(runner, 'GETACL', 'ACL', name, [], options);
  const words = found?.words ?? [];
  if (words.length % 2 === 1)
    runner.unread(`ACL ${found?.name} ${words.at(-1)}`, 'an identifier without its rights');
  const rights: Record<string, string> = Object.create(null);
  for (let i = 0; i + 1 < words.length; i += 2) {
    const [identifier, granted] = words.slice(i, i + 2);
    if (identifier !== undefined && granted !== undefined) rights[identifier] = orNone(granted);
  }
  return rights;
}

export async function myRights(
  runner: CommandRunner,
  name: MailboxName,
  options?: CallOptions,
): Promise<string> {
  const found = await ask(runner, 'MYRIGHTS', 'MYRIGHTS', name, [], options);
  const first = word(runner, 'MYRIGHTS', found, 0);
  const [, ...others] = found?.words ?? [];
  if (others.length === 0) return first;
  // Letters one by one.
  runner.unread(
    `MYRIGHTS ${found?.name} ${found?.words.join(' ')}`,
    'rights in more than one word',
  );
  return [first, ...others].join('');
}

/** NIL, which no letters of rights are, for none. */
const orNone = (rights: string): string => (rights === 'NIL' ? '' : rights);

/** A word without which there is no answer. */
function word(
  runner: CommandRunner,
  verb: string,
  found: RightsData | undefined,
  index: number,
): string {
  if (found === undefined) return '';
  const given = found.words[index];
  if (given === undefined) throw runner.connection.locate(unreadable(verb, 'no rights'));
  return orNone(given);
}

export async function listRights(
  runner: CommandRunner,
  name: MailboxName,
  identifier: string,
  options?: CallOptions,
): Promise<PossibleRights> {
  const args = [string(identifier, 'identifier')];
  const found = await ask(runner, 'LISTRIGHTS', 'LISTRIGHTS', name, args, options);
  const [of = identifier] = found?.words ?? [];
  if (of.toLowerCase() !== identifier.toLowerCase()) {
    const problem = `it is about ${of}`;
    runner.unread(`LISTRIGHTS ${found?.name} ${of}`, problem);
    throw runner.connection.locate(unreadable('LISTRIGHTS', problem));
  }
  const [, , ...optional] = found?.words ?? [];
  return {
    required: word(runner, 'LISTRIGHTS', found, 1),
    optional: optional.filter((rights) => rights !== undefined),
  };
}

/** @param rights replaces them; with `+` or `-` before it adds or takes away */
export async function setRights(
  runner: CommandRunner,
  name: MailboxName,
  identifier: string,
  rights: string,
  options?: CallOptions,
): Promise<void> {
  const args = [string(identifier, 'identifier'), string(rights, 'rights')];
  await ask(runner, 'SETACL', 'ACL', name, args, options);
}

export async function deleteRights(
  runner: CommandRunner,
  name: MailboxName,
  identifier: string,
  options?: CallOptions,
): Promise<void> {
  await ask(runner, 'DELETEACL', 'ACL', name, [string(identifier, 'identifier')], options);
}

/** The answer; the one that names the mailbox just so, where there are several. */
async function ask(
  runner: CommandRunner,
  verb: string,
  name: 'ACL' | 'MYRIGHTS' | 'LISTRIGHTS',
  box: MailboxName,
  args: readonly Argument[],
  options?: CallOptions,
): Promise<RightsData | undefined> {
  const asked = encodeMailboxName(box, runner.utf8);
  requireCapability(runner, ['ACL'], verb);
  const found: RightsData[] = [];
  await runner.run(
    {
      verb,
      args: [mailbox(box), ...args],
      ...(verb === 'SETACL' || verb === 'DELETEACL' ? {} : { answeredBy: [name] }),
      claim: (response, frame) => {
        const one = mailboxData(runner, response, frame, name, parseRights, asked);
        if (one !== undefined) found.push(one);
        return one !== undefined;
      },
    },
    options,
  );
  const answer = found.find(({ raw }) => raw === asked) ?? found[0];
  for (const one of found) {
    if (one !== answer)
      runner.ofAnother(`${name} ${one.name} ${one.words.join(' ')}`, `${name}: one more answer`);
  }
  return answer;
}
