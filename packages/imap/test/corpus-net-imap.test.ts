/** The 193 responses of net-imap's own tests, compared with net-imap's own parse trees. */
import { describe, expect, it } from 'vitest';
import { type BodyPart, parseBodyStructureSlice } from '../src/grammar/body-structure.js';
import { parseEnvelopeSlice, type RawAddress } from '../src/grammar/envelope.js';
import type { FetchData } from '../src/grammar/fetch-data.js';
import type { Response } from '../src/grammar/response.js';
import type { ResponseCode } from '../src/grammar/response-code.js';
import { corpus, framesOf, parseOne } from './support/frames.js';

type Tree = { [key: string]: unknown };

/** Where we disagree, and why. */
const disagreements: Record<string, string> = {
  test_invalid_fetch_msg_att_unknown_fails:
    'an unknown item is stepped over: it must not cost the row',
  'invalid literal numeric format (too large)':
    'the size is a matter of framing, which refuses it before parsing',
  test_invalid_noop_response_is_ignored:
    'net-imap has a type of its own for responses it ignores; ours is `other`',
  test_invalid_noop_response_with_unparseable_data: 'as above',
  test_invalid_noop_response_with_numeric_prefix: 'as above',
  test_invalid_noop_response_with_numeric_prefix_and_unparseable_data: 'as above',
};

/** Responses of extensions that are read by whoever sends their commands; here they are `other`, with their text. */
const others = new Set(['ACL', 'QUOTA', 'QUOTAROOT', 'THREAD']);

const cases = corpus('imap/net-imap/cases.jsonl');

describe.runIf(cases !== undefined)('net-imap', () => {
  it('has its 193 cases', () => expect(cases).toHaveLength(193));

  for (const { test, response_b64, expected, expect_fail } of cases ?? []) {
    const name = String(test).split('/').at(-1) as string;
    it(name, () => {
      const octets = Buffer.from(String(response_b64), 'base64');
      if (name.includes('too large')) {
        expect(framesOf(octets)).toEqual([]);
        return;
      }
      const response = parseOne(octets);
      if (expect_fail) {
        expect(disagreements[name]).toBeDefined();
        expect(response).toMatchObject({ type: 'fetch', row: { sequence: 123, problems: [] } });
        return;
      }
      const tree = plain(expected) as Tree;
      const wanted = tree.name as string;
      if (String((expected as Tree).$tag).endsWith('IgnoredResponse') || others.has(wanted)) {
        expect(response).toMatchObject({ type: 'other', name: wanted });
        return;
      }
      expect(ours(response)).toEqual(comparable(tree));
    });
  }
});

/** Their tree without its wrappers. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === 'string') return value.startsWith(':') ? `\\${value.slice(1)}` : value;
  if (typeof value !== 'object' || value === null) return value;
  const { $tag, ...rest } = value as Tree;
  const inner = $tag === undefined ? rest : rest.value;
  const kind = String($tag).split('::').at(-1);
  if (kind === 'SequenceSet') return { set: set((inner as Tree).string as string) };
  if (kind === 'SearchResult') {
    const { internal, ivars } = inner as { internal: number[]; ivars: Tree };
    const modSeq = ivars[':@modseq'] ?? ivars['@modseq'];
    return { uids: set(internal.join(',')), modSeq: modSeq ?? null };
  }
  if (kind === 'InvalidParseData') return null;
  const named = kind?.startsWith('BodyType') || kind === 'ContentDisposition' ? { kind } : {};
  if (Array.isArray(inner) || typeof inner !== 'object' || inner === null) return plain(inner);
  return {
    ...named,
    ...Object.fromEntries(Object.entries(inner).map(([key, part]) => [key, plain(part)])),
  };
}

/** Their sets keep order and direction; ours is the mathematical set. Both as their numbers, ascending. */
function set(text: string): string {
  const numbers = text
    .split(',')
    .filter((range) => range !== '')
    .flatMap((range) => {
      const [a = 0, b = a] = range.split(':').map(Number);
      return Array.from({ length: Math.abs(b - a) + 1 }, (_, i) => Math.min(a, b) + i);
    });
  return numbers.sort((a, b) => a - b).join(' ');
}

/** Of their tree what ours can be compared with. */
function comparable({ tag, name, data }: Tree): Tree {
  if (name === undefined) return { name: '+', text: (data as Tree).text };
  const status =
    data !== null && typeof data === 'object' && 'text' in data ? (data as Tree) : undefined;
  if (status !== undefined) {
    const code = (status.code ?? null) as Tree | null;
    return {
      tag: tag ?? null,
      name,
      code: code?.name ?? null,
      data: comparableCode(code),
      text: status.text,
    };
  }
  if (name === 'FETCH' || name === 'UIDFETCH')
    return { name: 'FETCH', row: theirRow(data as Tree) };
  if (name === 'ESEARCH') return { name, ...theirSearch(data as Tree) };
  if (name === 'SEARCH')
    return {
      name,
      ...(Array.isArray(data) ? { uids: set(data.join(',')), modSeq: null } : (data as Tree)),
    };
  if (name === 'VANISHED')
    return { name, uids: ((data as Tree).uids as Tree).set, earlier: (data as Tree).earlier };
  if (name === 'STATUS') {
    const { mailbox, attr } = data as { mailbox: string; attr: Tree };
    // Extension data of the kinds that no STATUS item has (a set, a list of words) is left out on both sides.
    const scalars = Object.entries(attr).filter(([, value]) => typeof value !== 'object');
    return {
      name,
      mailbox,
      items: Object.fromEntries(scalars.map(([key, value]) => [key, value])),
    };
  }
  if (name === 'NAMESPACE') {
    const kinds = data as Record<string, Tree[]>;
    const pick = (list: Tree[] | undefined): unknown =>
      (list ?? []).map(({ prefix, delim }) => [prefix, delim]);
    return { name, data: [pick(kinds.personal), pick(kinds.other), pick(kinds.shared)] };
  }
  if (name === 'LIST' || name === 'XLIST' || name === 'LSUB') {
    const { attr, delim, name: mailbox } = data as Tree;
    return { name: name === 'LSUB' ? 'LSUB' : 'LIST', attr: lower(attr), delim, mailbox };
  }
  if (name === 'FLAGS') return { name, data: lower(data) };
  if (name === 'ID') return { name, data: data ?? {} };
  if (name === 'CAPABILITY' || name === 'ENABLED') return { name, data };
  return { name, data };
}

function comparableCode(code: Tree | null): unknown {
  const data = code?.data ?? null;
  if (data === null || typeof data !== 'object') return data;
  if (Array.isArray(data)) return lower(data);
  const { uidvalidity, source_uids, assigned_uids, set: ranges } = data as Tree;
  if (ranges !== undefined) return { uids: ranges };
  const uids = ((source_uids ?? assigned_uids) as Tree).set;
  return {
    uidvalidity,
    uids,
    ...(source_uids === undefined ? {} : { copies: (assigned_uids as Tree).set }),
  };
}

/** net-imap writes its flags capitalised; servers do as they like. */
const lower = (flags: unknown): unknown => (flags as string[]).map((flag) => flag.toLowerCase());

function ours(response: Response): Tree {
  switch (response.type) {
    case 'continuation':
      return { name: '+', text: response.text };
    case 'tagged':
    case 'status': {
      const { code, text, status } = response;
      const tag = response.type === 'tagged' ? response.tag : null;
      return { tag, name: status, code: code?.name ?? null, data: ourCode(code), text };
    }
    case 'fetch':
      expect(response.row.problems).toEqual([]);
      return { name: 'FETCH', row: ourRow(response.row) };
    case 'esearch': {
      const { tag, uid, min, max, count, all, modSeq } = response.data;
      return {
        name: 'ESEARCH',
        tag: tag ?? null,
        uid,
        ...given({
          MIN: min,
          MAX: max,
          COUNT: count,
          ALL: all && set(all.toString()),
          MODSEQ: modSeq && Number(modSeq),
        }),
      };
    }
    case 'search': {
      const { uids, modSeq } = response.data;
      return {
        name: 'SEARCH',
        uids: set([...uids].join(',')),
        modSeq: modSeq === undefined ? null : Number(modSeq),
      };
    }
    case 'vanished':
      return {
        name: 'VANISHED',
        uids: set(response.data.uids.toString()),
        earlier: response.data.earlier,
      };
    case 'status-data': {
      const items = [...response.data.items].filter(
        ([key]) => key !== 'SEQ' && key !== 'COMP-ASTRING',
      );
      return { name: 'STATUS', mailbox: response.data.name, items: Object.fromEntries(items) };
    }
    case 'namespace': {
      const { personal, otherUsers, shared } = response.namespaces;
      const data = [personal, otherUsers, shared].map((list) =>
        list.map(({ prefix, delimiter }) => [prefix, delimiter]),
      );
      return { name: 'NAMESPACE', data };
    }
    case 'list':
    case 'lsub': {
      const { attributes, delimiter, name } = response.data;
      return {
        name: response.type.toUpperCase(),
        attr: lower(attributes),
        delim: delimiter,
        mailbox: name,
      };
    }
    case 'flags':
      return { name: 'FLAGS', data: lower(response.flags) };
    case 'id':
      return { name: 'ID', data: { ...response.id } };
    case 'capability':
    case 'enabled':
      return { name: response.type.toUpperCase(), data: response.capabilities };
    case 'exists':
    case 'recent':
    case 'expunge':
      return { name: response.type.toUpperCase(), data: response.number };
    default:
      return response as unknown as Tree;
  }
}

function ourCode(code: ResponseCode | undefined): unknown {
  if (code === undefined) return null;
  const { name, number, modSeq, flags, capabilities, words, uids, copies } = code;
  if (name === 'MAILBOXID') return words?.[0] ?? null;
  const list = flags ?? capabilities ?? words;
  if (list !== undefined) return lower(list);
  const ranges = (bounds: readonly number[]): string =>
    set(
      bounds
        .map((bound, i) => (i % 2 === 0 ? `${bound}:` : `${bound},`))
        .join('')
        .slice(0, -1),
    );
  if (uids !== undefined) {
    if (number === undefined) return { uids: ranges(uids) };
    return {
      uidvalidity: number,
      uids: ranges(uids),
      ...(copies === undefined ? {} : { copies: ranges(copies) }),
    };
  }
  return number ?? (modSeq === undefined ? null : Number(modSeq));
}

function theirSearch({ tag, uid, data }: Tree): Tree {
  const pairs = data as [string, unknown][];
  const values = pairs
    .filter(([key]) => key !== 'PARTIAL') // RFC 9394 is not read yet
    .map(([key, value]) => [
      key,
      typeof value === 'object' && value !== null ? (value as Tree).set : value,
    ]);
  return { tag, uid, ...Object.fromEntries(values) };
}

function theirRow({ seqno, uid, attr }: Tree): Tree {
  const row: Tree = uid === undefined ? { sequence: seqno } : { sequence: 0, UID: uid };
  for (const [key, value] of Object.entries(attr as Tree)) {
    if (key === 'FLAGS' || key === 'X-GM-LABELS') row[key] = lower(value);
    else if (key === 'INTERNALDATE') row[key] = internalDate(String(value));
    else if (key === 'BODYSTRUCTURE' || key === 'BODY') row.structure = theirPart(value as Tree);
    else if (key === 'ENVELOPE') row.envelope = theirEnvelope(value as Tree);
    else if (/^(BODY|RFC822)\b(?!\.SIZE)/.test(key)) row[sectionKey(key)] = value;
    else if (value !== null) row[key] = value;
  }
  return row;
}

/** By JavaScript's own reading of the date. */
const internalDate = (text: string): number =>
  new Date(text.replace(/^( ?\d+)-(\w+)-/, '$1 $2 ')).getTime();

const sectionKey = (key: string): string => {
  if (key === 'RFC822' || key === 'BODY[]') return 'section ';
  if (key.startsWith('RFC822.')) return `section ${key.slice(7)}`;
  return `section ${key.slice(5, -1).toUpperCase()}`;
};

function ourRow(row: FetchData): Tree {
  const sections = row.sections.map((section) => [
    `section ${section.section}`,
    section.octets?.toString('latin1'),
  ]);
  return given({
    sequence: row.sequence,
    UID: row.uid,
    FLAGS: row.flags && lower(row.flags),
    'RFC822.SIZE': row.size,
    INTERNALDATE: row.internalDate?.getTime(),
    MODSEQ: row.modSeq && Number(row.modSeq),
    EMAILID: row.emailId,
    THREADID: row.threadId,
    'X-GM-MSGID': row.gmailMessageId && Number(row.gmailMessageId),
    'X-GM-THRID': row.gmailThreadId && Number(row.gmailThreadId),
    'X-GM-LABELS': row.gmailLabels && lower(row.gmailLabels),
    envelope: row.envelope && ourEnvelope(parseEnvelopeSlice(row.envelope).raw as unknown as Tree),
    structure: row.structure && ourPart(parseBodyStructureSlice(row.structure)),
    ...Object.fromEntries(sections),
  });
}

const addressFields = ['from', 'sender', 'to', 'cc', 'bcc'];

function theirEnvelope(envelope: Tree): Tree {
  const addresses = (list: unknown): unknown => (list as Tree[] | null) ?? [];
  return {
    ...Object.fromEntries(addressFields.map((field) => [field, addresses(envelope[field])])),
    replyTo: addresses(envelope.reply_to),
    date: envelope.date,
    subject: envelope.subject,
    inReplyTo: envelope.in_reply_to,
    messageId: envelope.message_id,
  };
}

function ourEnvelope(envelope: Tree): Tree {
  const plainAddress = ({ name, route, mailbox, host }: RawAddress): Tree => ({
    name,
    route,
    mailbox,
    host,
  });
  const lists = [...addressFields, 'replyTo'];
  return {
    ...envelope,
    ...Object.fromEntries(
      lists.map((field) => [field, (envelope[field] as RawAddress[]).map(plainAddress)]),
    ),
  };
}

/** The parts of a body that both sides hold, names in lower case as ours are. */
function theirPart(part: Tree): Tree {
  const disposition = part.disposition as Tree | null | undefined;
  const language = part.language as string | string[] | null | undefined;
  const isMessage = part.kind === 'BodyTypeMessage';
  const inner = isMessage && part.body ? [theirPart(part.body as Tree)] : [];
  return given({
    type: `${part.media_type}/${part.subtype}`.toLowerCase(),
    parameters: lowerKeys(part.param),
    id: part.content_id,
    description: part.description,
    encoding: String(part.encoding ?? '').toLowerCase(),
    size: part.size ?? 0,
    lines: part.lines,
    md5: part.md5,
    disposition: disposition && {
      type: String(disposition.dsp_type).toLowerCase(),
      parameters: lowerKeys(disposition.param),
    },
    language:
      typeof language === 'string'
        ? [language.toLowerCase()]
        : language?.map((tag) => tag.toLowerCase()),
    location: part.location,
    extension: part.extension ?? undefined,
    envelope: isMessage && part.envelope ? theirEnvelope(part.envelope as Tree) : undefined,
    parts: ((part.parts as Tree[] | undefined | null) ?? []).map(theirPart).concat(inner),
  });
}

function ourPart(part: BodyPart): Tree {
  const {
    type,
    parameters,
    id,
    description,
    encoding,
    size,
    lines,
    md5,
    disposition,
    language,
    location,
  } = part;
  return given({
    type,
    parameters: { ...parameters },
    id,
    description,
    encoding,
    size,
    lines,
    md5,
    disposition: disposition && {
      type: disposition.type,
      parameters: { ...disposition.parameters },
    },
    language: language?.map((tag) => tag.toLowerCase()),
    location,
    extension: part.extension,
    envelope: part.envelope && ourEnvelope(part.envelope.raw as unknown as Tree),
    parts: part.parts.map(ourPart),
  });
}

const lowerKeys = (parameters: unknown): Tree =>
  Object.fromEntries(
    Object.entries((parameters as Tree | null) ?? {}).map(([key, value]) => [
      key.toLowerCase(),
      value,
    ]),
  );

const given = (tree: Tree): Tree =>
  Object.fromEntries(
    Object.entries(tree).filter(([, value]) => value !== undefined && value !== null),
  );
