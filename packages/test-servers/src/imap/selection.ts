/** What a command's numbers mean in the selected mailbox, RFC 9051 §2.3.1, §6.4.4.1. */
import { Refusal } from './arguments.js';
import type { ImapSession, Seen, Selected } from './imap-session.js';
import { contains, parseSequenceSet } from './sequence-set.js';

/** A message with the number that the client knows it by. */
export interface Numbered {
  number: number;
  seen: Seen;
}

/** The messages that a set names, in the client's view. `$` is the saved result of a search. */
export function messagesOf(at: ImapSession, text: string, byUid: boolean): Numbered[] {
  const { view } = current(at);
  const all = view.map((seen, index) => ({ number: index + 1, seen }));
  if (text === '$') {
    const saved = new Set(at.savedUids);
    return all.filter(({ seen }) => saved.has(seen.message.uid));
  }
  const last = byUid ? (view.at(-1)?.message.uid ?? 0) : view.length;
  const set = parseSequenceSet(text, last);
  if (!byUid && set.some(([from, to]) => from < 1 || to > view.length) && view.length > 0)
    throw new Refusal('BAD No message with that number');
  return all.filter(({ number, seen }) => contains(set, byUid ? seen.message.uid : number));
}

export function current(at: ImapSession): Selected {
  if (!at.selected) throw new Refusal('BAD No mailbox is selected');
  return at.selected;
}

/** The selected mailbox, if it may be changed. @throws Refusal */
export function writable(at: ImapSession): Selected {
  const here = current(at);
  if (here.readOnly) throw new Refusal('NO [READ-ONLY] The mailbox is open read-only');
  return here;
}

/** System flags are written one way, whatever the client's case. */
export function canonicalFlag(flag: string): string {
  return flag.startsWith('\\')
    ? `\\${flag.slice(1, 2).toUpperCase()}${flag.slice(2).toLowerCase()}`
    : flag;
}
