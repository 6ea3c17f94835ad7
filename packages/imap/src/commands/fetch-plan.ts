/** fetch-att, RFC 9051 §6.4.5: which items go on the wire for what a caller asks, and what a row then has to have. */
import { UsageError, unknownOption } from 'tls-context-core';
import { extensionRequired } from '../command-error.js';
import { type Argument, atom, list, string, syntax } from '../grammar/encoder.js';
import type { FetchData, FetchSection } from '../grammar/fetch-data.js';
import { checkedSection, type FetchItems } from '../message.js';

/** One thing asked for. */
interface Wanted {
  /** As it goes on the wire, and as `problems` names it. */
  readonly name: string;
  readonly has: (row: FetchData) => boolean;
}

/** The items as they go on the wire, and which of them a row has to have. */
export interface FetchPlan {
  items: FetchItems;
  /** @param head so many octets of each body at most */
  args: (head: number) => Argument;
  /** Whether all that was asked for has come, readable or not. */
  wanted: (row: FetchData) => boolean;
  /** What was asked for and has not come, by its name on the wire. */
  missing: (row: FetchData) => string[];
  /** Whether FLAGS is all that was asked for: then a row that no command asked for looks like one that was. */
  onlyFlags: boolean;
  asksFlags: boolean;
  /** Bodies in a row. */
  bodies: number;
  /** @throws CommandError `ERR_EXTENSION_REQUIRED` for items of an extension that the server does not have */
  check: (capabilities: ReadonlySet<string>) => void;
}

/** @throws UsageError `ERR_ARGUMENT` for items that do not exist */
export function planFetch(items: FetchItems): FetchPlan {
  if (typeof items !== 'object' || items === null || Array.isArray(items))
    throw noItem('items', 'an object such as { envelope: true }');
  const names: ((head: number) => Argument)[] = [() => syntax('UID')];
  const wanted: Wanted[] = [];
  const needs: SimpleItem[] = [];
  let bodies = 0;
  for (const [name, value] of Object.entries(items)) {
    if (value === undefined || value === false) continue;
    const known = simpleItems[name];
    if (known !== undefined) {
      if (value !== true) throw noItem(name, 'true or false');
      names.push(() => syntax(known.name));
      wanted.push(known);
      if (known.needs !== undefined) needs.push(known);
    } else if (name === 'headers') {
      const header = headerItem(value);
      names.push(() => header);
      wanted.push({ name: 'HEADER', has: hasSection(isHeader) });
    } else if (name === 'bodies') {
      if (!Array.isArray(value)) throw noItem(name, "a list of parts such as ['1', 'TEXT']");
      const parts = [...new Set((value as readonly string[]).map(checkedSection))];
      for (const part of parts) {
        names.push((head) => syntax(`BODY.PEEK[${part}]<0.${head}>`));
        wanted.push({
          name: `BODY[${part}]`,
          has: hasSection(({ section, binary }) => section === part && !binary),
        });
      }
      bodies = parts.length;
    } else throw unknownOption(`items.${name}`, [...Object.keys(simpleItems), 'headers', 'bodies']);
  }
  const came = (row: FetchData, { name, has }: Wanted): boolean =>
    has(row) || row.problems.some((problem) => problem.startsWith(`${name}:`));
  const asksFlags = items.flags === true;
  return {
    items,
    args: (head) => list(names.map((name) => name(head))),
    wanted: (row) => wanted.every((item) => came(row, item)),
    missing: (row) => wanted.filter((item) => !came(row, item)).map(({ name }) => name),
    onlyFlags: asksFlags && wanted.length === 1,
    asksFlags,
    bodies,
    check: (capabilities) => {
      for (const { name, needs: any = [] } of needs) {
        if (any.some((capability) => capabilities.has(capability))) continue;
        throw extensionRequired(any[0] as string, `fetching ${name}`, 'Leave the item out.');
      }
    },
  };
}

interface SimpleItem extends Wanted {
  /** Capabilities of which the server has to have one. */
  readonly needs?: readonly string[];
}

const simpleItems: Record<string, SimpleItem> = {
  flags: { name: 'FLAGS', has: (row) => row.flags !== undefined },
  envelope: { name: 'ENVELOPE', has: (row) => row.envelope !== undefined },
  structure: { name: 'BODYSTRUCTURE', has: (row) => row.structure !== undefined },
  size: { name: 'RFC822.SIZE', has: (row) => row.size !== undefined },
  internalDate: { name: 'INTERNALDATE', has: (row) => row.internalDate !== undefined },
  modSeq: {
    name: 'MODSEQ',
    has: (row) => row.modSeq !== undefined,
    needs: ['CONDSTORE'],
  },
  saveDate: { name: 'SAVEDATE', has: (row) => row.saveDate !== undefined, needs: ['SAVEDATE'] },
  preview: { name: 'PREVIEW', has: (row) => row.preview !== undefined, needs: ['PREVIEW'] },
  emailId: { name: 'EMAILID', has: (row) => row.emailId !== undefined, needs: ['OBJECTID'] },
  threadId: { name: 'THREADID', has: (row) => row.threadId !== undefined, needs: ['OBJECTID'] },
  gmailMessageId: {
    name: 'X-GM-MSGID',
    has: (row) => row.gmailMessageId !== undefined,
    needs: ['X-GM-EXT-1'],
  },
  gmailThreadId: {
    name: 'X-GM-THRID',
    has: (row) => row.gmailThreadId !== undefined,
    needs: ['X-GM-EXT-1'],
  },
  gmailLabels: {
    name: 'X-GM-LABELS',
    has: (row) => row.gmailLabels !== undefined,
    needs: ['X-GM-EXT-1'],
  },
};
Object.setPrototypeOf(simpleItems, null);

const isHeader = ({ section }: FetchSection): boolean => section.startsWith('HEADER');
const hasSection =
  (which: (section: FetchSection) => boolean) =>
  (row: FetchData): boolean =>
    row.sections.some(which);

/** BODY.PEEK[HEADER], or BODY.PEEK[HEADER.FIELDS (…)] */
function headerItem(value: unknown): Argument {
  if (value === true) return syntax('BODY.PEEK[HEADER]');
  if (!Array.isArray(value) || value.length === 0)
    throw noItem('headers', 'true, or names of header fields');
  const fields = value.map((name) => {
    if (typeof name !== 'string' || !/^[!-9;-~]+$/.test(name))
      throw noItem('headers', 'names of header fields, such as "List-Id"');
    return /^[A-Za-z0-9-]+$/.test(name) ? atom(name) : string(name);
  });
  return (writer) => {
    writer.text('BODY.PEEK[HEADER.FIELDS ');
    list(fields)(writer);
    writer.text(']');
  };
}

const noItem = (argument: string, expected: string): UsageError =>
  new UsageError('ERR_ARGUMENT', `${argument} must be ${expected}`, { argument });
