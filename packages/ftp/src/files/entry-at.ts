/** An entry for a path that the caller named, from what a server says about it. */

import { type Draft, type Entry, ListingEntry } from '../listing/entry.js';
import { octetString } from '../session/charset.js';
import type { Session } from '../session/session.js';
import { splitPath } from './remote-path.js';

/** @param path an octet string */
export function entryAt(session: Session, draft: Draft, path: string, line: string): Entry {
  const { decode } = session.charset;
  const name = splitPath(path).name || path;
  return new ListingEntry(draft, path, decode(name), decode(path), line, decode);
}

/** The same facts, by the path that was asked for. */
export function renamed(session: Session, entry: Entry, path: string): Entry {
  const { size, modified, zone, mode, owner, group, target, blocks, permissions, unique } = entry;
  const draft = { size, modified, zone, mode, owner, group, target, blocks, permissions, unique };
  const { type, precision } = entry;
  return entryAt(session, { ...draft, name: '', type, precision }, path, octetString(entry.raw));
}
