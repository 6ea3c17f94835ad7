/** The methods of ImapClient and Mailbox, and what can be wrong with their arguments. */
import type { ImapClient, Mailbox, MessageBase } from '@fivewire/imap';
import { object, saslAuth } from './connect.js';
import { callOptions, type Method, option, type Table } from './table.js';
import {
  type BadValues,
  body,
  count,
  optionalCount,
  optionalDate,
  optionalFlag,
  optionalList,
  optionalPositive,
  optionalText,
  positive,
  text,
  textOrEmpty,
  without,
} from './values.js';
import { message } from './world.js';

type Client = ImapClient;

/** An entry of `list()` stands for a name: its raw octets go out. */
const name: BadValues = {
  ...text,
  'a raw name with CRLF': { raw: 'a\r\nb' },
  'a raw name with characters beyond octets': { raw: 'ä\u0100' },
  'an empty raw name': { raw: '' },
};
const uids: BadValues = {
  ...without(positive, 'an empty array', 'a numeral', 'an array of itself'),
  'a set of words': 'all',
  'a set with a command': '1 FLAGS\r\n',
  'an array of a text': ['x'],
  'an array of 0': [1, 0],
};
const modSeq: BadValues = { ...optionalText, 'a word': 'now', 'a negative one': '-1' };
/** Text of which only what breaks the line, or cannot be text, is wrong. */
const lineText: BadValues = without(textOrEmpty, 'a lone high surrogate', 'a lone low surrogate');
const flags: BadValues = { ...optionalList, undefined: undefined };
const flag: BadValues = { ...text, 'two at once': '\\Seen \\Deleted', '\\Recent': '\\Recent' };
const statusItems: BadValues = {
  ...flags,
  'an empty array': [],
  'an unknown item': ['seen'],
  'a name of Object': ['constructor'],
};

export const imapTable: Table<Client> = {
  list: {
    gives: 'rows',
    arguments: {
      ...callOptions<Client>((imap, options) => imap.list(options)),
      ...option<Client>('pattern', without(textOrEmpty, 'undefined'), (imap, options) =>
        imap.list(options),
      ),
      ...option<Client>('reference', without(textOrEmpty, 'undefined'), (imap, options) =>
        imap.list(options),
      ),
      ...Object.assign(
        {},
        ...(
          ['subscribed', 'specialUse', 'remote', 'recursiveMatch', 'children', 'myRights'] as const
        ).map((key) => option<Client>(key, optionalFlag, (imap, options) => imap.list(options))),
      ),
      ...option<Client>('status', without(statusItems, 'undefined'), (imap, options) =>
        imap.list(options),
      ),
    },
  },
  namespaces: {
    gives: 'promise',
    arguments: callOptions<Client>((imap, options) => imap.namespaces(options)),
  },
  status: {
    gives: 'promise',
    arguments: {
      name: { bad: name, call: (imap, bad) => imap.status(bad, ['messages']) },
      items: { bad: statusItems, call: (imap, bad) => imap.status('INBOX', bad) },
      ...callOptions<Client>((imap, options) => imap.status('INBOX', ['messages'], options)),
    },
  },
  open: {
    gives: 'promise',
    arguments: {
      name: { bad: name, call: (imap, bad) => imap.open(bad) },
      ...callOptions<Client>((imap, options) => imap.open('INBOX', options)),
      ...option<Client>('readOnly', optionalFlag, (imap, options) => imap.open('INBOX', options)),
      ...option<Client>('wait', optionalFlag, (imap, options) => imap.open('INBOX', options)),
      resync: {
        bad: { ...object, 'no MODSEQ': { uidValidity: 1 }, 'a Map': new Map() },
        call: (imap, bad) => imap.open('INBOX', { resync: bad }),
      },
    },
  },
  create: {
    gives: 'promise',
    arguments: {
      name: { bad: name, call: (imap, bad) => imap.create(bad) },
      ...callOptions<Client>((imap, options) => imap.create('New', options)),
      ...option<Client>('specialUse', optionalText, (imap, options) => imap.create('New', options)),
    },
  },
  delete: onMailbox((imap, bad, options) => imap.delete(bad, options)),
  rename: {
    gives: 'promise',
    arguments: {
      from: { bad: name, call: (imap, bad) => imap.rename(bad, 'New') },
      to: { bad: name, call: (imap, bad) => imap.rename('INBOX', bad) },
      ...callOptions<Client>((imap, options) => imap.rename('Old', 'New', options)),
    },
  },
  subscribe: onMailbox((imap, bad, options) => imap.subscribe(bad, options)),
  unsubscribe: onMailbox((imap, bad, options) => imap.unsubscribe(bad, options)),
  append: {
    gives: 'promise',
    arguments: {
      name: { bad: name, call: (imap, bad) => imap.append(bad, message) },
      body: { bad: body, call: (imap, bad) => imap.append('INBOX', bad) },
      ...callOptions<Client>((imap, options) => imap.append('INBOX', message, options)),
      ...option<Client>('flags', optionalList, (imap, options) =>
        imap.append('INBOX', message, options),
      ),
      'options.flags[0]': {
        bad: flag,
        call: (imap, bad) => imap.append('INBOX', message, { flags: [bad] }),
      },
      ...option<Client>('date', optionalDate, (imap, options) =>
        imap.append('INBOX', message, options),
      ),
      ...option<Client>(
        'size',
        { ...optionalCount, 'another than the body has': 1 },
        (imap, options) => imap.append('INBOX', message, options),
      ),
    },
  },
  personal: onMailbox(
    (imap, bad, options) => imap.personal(bad, options),
    without(
      name,
      'a raw name with CRLF',
      'a raw name with characters beyond octets',
      'an empty raw name',
    ),
  ),
  find: {
    gives: 'promise',
    arguments: {
      ...callOptions<Client>((imap, options) => imap.find(options as never)),
      'options.specialUse': {
        bad: text,
        call: (imap, bad) => imap.find({ specialUse: bad }),
      },
    },
  },
  appendMany: {
    gives: 'promise',
    arguments: {
      name: { bad: name, call: (imap, bad) => imap.appendMany(bad, [{ body: message }]) },
      messages: { bad: flags, call: (imap, bad) => imap.appendMany('INBOX', bad) },
      'messages[0].body': {
        bad: body,
        call: (imap, bad) => imap.appendMany('INBOX', [{ body: bad }]),
      },
      ...callOptions<Client>((imap, options) =>
        imap.appendMany('INBOX', [{ body: message }], options),
      ),
    },
  },
  catenate: {
    gives: 'promise',
    arguments: {
      name: { bad: name, call: (imap, bad) => imap.catenate(bad, [{ text: message }]) },
      pieces: { bad: flags, call: (imap, bad) => imap.catenate('INBOX', bad) },
      'pieces[0].text': { bad: body, call: (imap, bad) => imap.catenate('INBOX', [{ text: bad }]) },
      'pieces[0].url': {
        bad: without(textOrEmpty, 'a lone high surrogate', 'a lone low surrogate'),
        call: (imap, bad) => imap.catenate('INBOX', [{ url: bad }]),
      },
      ...callOptions<Client>((imap, options) =>
        imap.catenate('INBOX', [{ text: message }], options),
      ),
    },
  },
  quota: onMailbox((imap, bad, options) => imap.quota(bad, options), without(name, 'undefined')),
  setQuota: {
    gives: 'promise',
    arguments: {
      root: { bad: lineText, call: (imap, bad) => imap.setQuota(bad, { STORAGE: 1 }) },
      limits: {
        bad: without(flags, 'an empty object'),
        call: (imap, bad) => imap.setQuota('', bad),
      },
      'limits.STORAGE': { bad: count, call: (imap, bad) => imap.setQuota('', { STORAGE: bad }) },
      ...callOptions<Client>((imap, options) => imap.setQuota('', { STORAGE: 1 }, options)),
    },
  },
  acl: onMailbox((imap, bad, options) => imap.acl(bad, options)),
  myRights: onMailbox((imap, bad, options) => imap.myRights(bad, options)),
  listRights: withIdentifier((imap, bad, identifier, options) =>
    imap.listRights(bad, identifier, options),
  ),
  setRights: {
    gives: 'promise',
    arguments: {
      name: { bad: name, call: (imap, bad) => imap.setRights(bad, 'alice', 'lrs') },
      identifier: { bad: lineText, call: (imap, bad) => imap.setRights('INBOX', bad, 'lrs') },
      rights: { bad: lineText, call: (imap, bad) => imap.setRights('INBOX', 'alice', bad) },
      ...callOptions<Client>((imap, options) => imap.setRights('INBOX', 'alice', 'lrs', options)),
    },
  },
  deleteRights: withIdentifier((imap, bad, identifier, options) =>
    imap.deleteRights(bad, identifier, options),
  ),
  metadata: {
    gives: 'promise',
    arguments: {
      name: {
        bad: without(name, 'an empty string'),
        call: (imap, bad) => imap.metadata(bad, ['/private/comment']),
      },
      entries: {
        bad: { ...flags, 'an empty array': [] },
        call: (imap, bad) => imap.metadata('INBOX', bad),
      },
      'entries[0]': {
        bad: { ...text, 'a wildcard': '/private/*' },
        call: (imap, bad) => imap.metadata('INBOX', [bad]),
      },
      ...callOptions<Client>((imap, options) =>
        imap.metadata('INBOX', ['/private/comment'], options),
      ),
      ...option<Client>('depth', without({ ...optionalCount, 2: 2 }, '0'), (imap, options) =>
        imap.metadata('INBOX', ['/private/comment'], options),
      ),
      ...option<Client>('maxSize', optionalCount, (imap, options) =>
        imap.metadata('INBOX', ['/private/comment'], options),
      ),
    },
  },
  setMetadata: {
    gives: 'promise',
    arguments: {
      name: {
        bad: without(name, 'an empty string'),
        call: (imap, bad) => imap.setMetadata(bad, { '/private/comment': null }),
      },
      entries: {
        bad: { ...flags, 'an empty array': [] },
        call: (imap, bad) => imap.setMetadata('INBOX', bad),
      },
      'entries.value': {
        bad: { ...without(body, 'null'), 'a million octets': 'x'.repeat(1_000_000) },
        call: (imap, bad) => imap.setMetadata('INBOX', { '/private/comment': bad }),
      },
      ...callOptions<Client>((imap, options) =>
        imap.setMetadata('INBOX', { '/private/comment': null }, options),
      ),
    },
  },
  jmapAccess: {
    gives: 'promise',
    arguments: callOptions<Client>((imap, options) => imap.jmapAccess(options)),
  },
  authenticate: {
    gives: 'promise',
    arguments: {
      auth: { bad: saslAuth, call: (imap, bad) => imap.authenticate(bad) },
      ...callOptions<Client>((imap, options) =>
        imap.authenticate({ user: 'alice', password: 'secret' }, options),
      ),
    },
  },
  unauthenticate: {
    gives: 'promise',
    arguments: callOptions<Client>((imap, options) => imap.unauthenticate(options)),
  },
  watch: {
    gives: 'rows',
    arguments: {
      names: { bad: name, call: (imap, bad) => imap.watch(bad) },
      'names[1]': { bad: name, call: (imap, bad) => imap.watch(['INBOX', bad]) },
      ...callOptions<Client>((imap, options) => imap.watch('INBOX', options)),
      ...option<Client>('from', optionalPositive, (imap, options) => imap.watch('INBOX', options)),
      ...option<Client>('refresh', optionalPositive, (imap, options) =>
        imap.watch('INBOX', options),
      ),
      ...option<Client>('reconnect', optionalFlag, (imap, options) => imap.watch('INBOX', options)),
      ...option<Client>('interval', optionalPositive, (imap, options) =>
        imap.watch('INBOX', options),
      ),
    },
  },
  sync: {
    gives: 'rows',
    arguments: {
      name: { bad: name, call: (imap, bad) => imap.sync(bad) },
      state: {
        bad: {
          ...without(body, 'undefined'),
          'words for sets': { uidValidity: 1, uids: 'all', flags: {} },
          'words for flags': { uidValidity: 1, uids: '', flags: { x: 'all' } },
        },
        call: (imap, bad) => imap.sync('INBOX', bad),
      },
      items: {
        bad: {
          ...without(body, 'undefined', 'an empty object'),
          'an unknown item': { subject: true },
        },
        call: (imap, bad) => imap.sync('INBOX', undefined, bad),
      },
      ...callOptions<Client>((imap, options) => imap.sync('INBOX', undefined, {}, options)),
    },
  },
  noop: {
    gives: 'promise',
    arguments: callOptions<Client>((imap, options) => imap.noop(options)),
  },
  command: {
    gives: 'promise',
    arguments: {
      verb: {
        bad: { ...text, 'a refused verb': 'login', 'a refused verb behind UID': 'uid select' },
        call: (imap, bad) => imap.command(bad),
      },
      args: {
        bad: without(optionalList, 'an array of itself'),
        call: (imap, bad) => imap.command('X', bad),
      },
      'args[0]': {
        bad: {
          ...without(textOrEmpty, 'a number', 'an empty array', 'an array of itself'),
          NaN: Number.NaN,
          '-1': -1,
          '1.5': 1.5,
        },
        call: (imap, bad) => imap.command('X', [bad]),
      },
      'args[0].atom': {
        bad: { ...text, 'a space': 'a b', 'a parenthesis': 'a)' },
        call: (imap, bad) => imap.command('X', [{ atom: bad }]),
      },
      ...callOptions<Client>((imap, options) => imap.command('NOOP', [], options)),
    },
  },
  quit: {
    gives: 'promise',
    arguments: callOptions<Client>((imap, options) => imap.quit(options)),
  },
};

function withIdentifier(
  call: (imap: Client, name: never, identifier: never, options?: never) => unknown,
): Method<Client> {
  return {
    gives: 'promise',
    arguments: {
      name: { bad: name, call: (imap, bad) => call(imap, bad, 'alice' as never) },
      identifier: { bad: lineText, call: (imap, bad) => call(imap, 'INBOX' as never, bad) },
      ...callOptions<Client>((imap, options) =>
        call(imap, 'INBOX' as never, 'alice' as never, options),
      ),
    },
  };
}

function onMailbox(
  call: (imap: Client, name: never, options?: never) => unknown,
  bad: BadValues = name,
): Method<Client> {
  return {
    gives: 'promise',
    arguments: {
      name: { bad, call },
      ...callOptions<Client>((imap, options) => call(imap, 'Other' as never, options)),
    },
  };
}

const flagging = (
  call: (box: Mailbox, uids: never, flags: never, options?: never) => unknown,
): Method<Mailbox> => ({
  gives: 'promise',
  arguments: {
    uids: { bad: uids, call: (box, bad) => call(box, bad, ['\\Seen'] as never) },
    flags: { bad: flags, call: (box, bad) => call(box, 1 as never, bad) },
    'flags[0]': { bad: flag, call: (box, bad) => call(box, 1 as never, [bad] as never) },
    ...callOptions<Mailbox>((box, options) => call(box, 1 as never, ['\\Seen'] as never, options)),
    ...option<Mailbox>('unchangedSince', modSeq, (box, options) =>
      call(box, 1 as never, ['\\Seen'] as never, options as never),
    ),
  },
});
const copying = (
  call: (box: Mailbox, uids: never, to: never, options?: never) => unknown,
): Method<Mailbox> => ({
  gives: 'promise',
  arguments: {
    uids: { bad: uids, call: (box, bad) => call(box, bad, 'INBOX' as never) },
    to: { bad: name, call: (box, bad) => call(box, 1 as never, bad) },
    ...callOptions<Mailbox>((box, options) => call(box, 1 as never, 'INBOX' as never, options)),
  },
});
const item = (key: string, bad: BadValues) => ({
  [`items.${key}`]: { bad, call: (box: Mailbox, value: never) => box.fetch(1, { [key]: value }) },
});
const condition = (key: string, bad: BadValues) => ({
  [`query.${key}`]: { bad, call: (box: Mailbox, value: never) => box.search({ [key]: value }) },
});
/** One text, or a list of them. */
const texts = without(textOrEmpty, 'undefined', 'an empty array');
const words = without(optionalText, 'an empty array');
const day: BadValues = { ...optionalDate, 'no day': '2026-02-30', 'a day in words': 'yesterday' };

const places: BadValues = {
  ...optionalList,
  'an empty array': [],
  'one place': [1],
  'a place 0': [0, 5],
  'places from both ends': [1, -5],
  'words for places': ['1', '2'],
};
const query: BadValues = {
  ...without(body, 'undefined', 'an empty object'),
  'an unknown condition': { sender: 'x' },
};
const querying = (
  call: (box: Mailbox, query: never, options?: never) => unknown,
): Method<Mailbox> => ({
  gives: 'promise',
  arguments: {
    query: { bad: query, call: (box, bad) => call(box, bad) },
    ...callOptions<Mailbox>((box, options) => call(box, {} as never, options)),
  },
});
const labelling = (
  call: (box: Mailbox, uids: never, labels: never, options?: never) => unknown,
): Method<Mailbox> => ({
  gives: 'promise',
  arguments: {
    uids: { bad: uids, call: (box, bad) => call(box, bad, ['x'] as never) },
    labels: { bad: flags, call: (box, bad) => call(box, 1 as never, bad) },
    'labels[0]': { bad: text, call: (box, bad) => call(box, 1 as never, [bad] as never) },
    ...callOptions<Mailbox>((box, options) => call(box, 1 as never, ['x'] as never, options)),
  },
});

/** A row of `fetch`: what of it talks. */
export const messageTable: Table<MessageBase> = {
  body: {
    gives: 'stream',
    arguments: {
      part: {
        bad: {
          ...without(textOrEmpty, 'undefined'),
          'no part': '0',
          'a field list': 'HEADER.FIELDS (X)',
        },
        call: (row, bad) => row.body(bad),
      },
      ...callOptions<MessageBase>((row, options) => row.body('', options)),
    },
  },
};

export const mailboxTable: Table<Mailbox> = {
  fetch: {
    gives: 'rows',
    arguments: {
      uids: { bad: uids, call: (box, bad) => box.fetch(bad, { flags: true }) },
      items: {
        bad: { ...without(body, 'an empty object'), 'an unknown item': { subject: true } },
        call: (box, bad) => box.fetch(1, bad),
      },
      ...Object.assign(
        {},
        ...[
          'flags',
          'envelope',
          'structure',
          'size',
          'internalDate',
          'modSeq',
          'saveDate',
          'preview',
          'emailId',
          'threadId',
          'gmailMessageId',
          'gmailThreadId',
          'gmailLabels',
        ].map((key) => item(key, optionalFlag)),
      ),
      ...item('headers', { ...without(optionalList, 'a boolean'), 'an empty array': [] }),
      'items.headers[0]': {
        bad: { ...text, 'a colon': 'a:b' },
        call: (box, bad) => box.fetch(1, { headers: [bad] }),
      },
      ...item('bodies', optionalList),
      'items.bodies[0]': {
        bad: { ...textOrEmpty, 'no part': '0', 'a section of HEADER.FIELDS': 'HEADER.FIELDS (X)' },
        call: (box, bad) => box.fetch(1, { bodies: [bad] }),
      },
      ...callOptions<Mailbox>((box, options) => box.fetch(1, { flags: true }, options)),
      ...option<Mailbox>('changedSince', modSeq, (box, options) => box.fetch(1, {}, options)),
      ...option<Mailbox>('partial', places, (box, options) => box.fetch(1, {}, options)),
    },
  },
  follow: {
    gives: 'rows',
    arguments: {
      query: {
        bad: {
          ...without(body, 'undefined', 'an empty object'),
          'an unknown condition': { sender: 'x' },
        },
        call: (box, bad) => box.follow(bad),
      },
      ...callOptions<Mailbox>((box, options) => box.follow({}, options)),
      ...option<Mailbox>('interval', optionalPositive, (box, options) => box.follow({}, options)),
    },
  },
  search: {
    gives: 'promise',
    arguments: {
      query: {
        bad: {
          ...without(body, 'undefined', 'an empty object'),
          'an unknown condition': { sender: 'x' },
          'a name of Object': { constructor: 'x' },
        },
        call: (box, bad) => box.search(bad),
      },
      ...condition('uid', without(uids, 'undefined')),
      ...condition('sequence', without(uids, 'undefined')),
      ...Object.assign(
        {},
        ...['seen', 'answered', 'flagged', 'deleted', 'draft'].map((key) =>
          condition(key, optionalFlag),
        ),
      ),
      ...Object.assign(
        {},
        ...['keyword', 'unkeyword', 'emailId', 'threadId'].map((key) => condition(key, words)),
      ),
      ...Object.assign(
        {},
        ...['from', 'to', 'cc', 'bcc', 'subject', 'body', 'text', 'gmailRaw'].map((key) =>
          condition(key, texts),
        ),
      ),
      ...condition('header', {
        ...without(optionalList, 'an empty object', 'a boolean'),
        'a field with CRLF': { 'a\r\nb': 'x' },
        'a text with CRLF': { Subject: 'a\r\nb' },
        'a number for a text': { Subject: 7 },
      }),
      ...Object.assign(
        {},
        ...['before', 'on', 'since', 'sentBefore', 'sentOn', 'sentSince'].map((key) =>
          condition(key, without(day, 'a text')),
        ),
      ),
      ...Object.assign(
        {},
        ...['larger', 'smaller', 'younger', 'older'].map((key) => condition(key, optionalCount)),
      ),
      ...condition('modSeq', words),
      ...condition('or', { ...optionalList, 'an empty array': [] }),
      ...condition('and', optionalList),
      ...condition('not', without(body, 'undefined', 'an empty object')),
      ...callOptions<Mailbox>((box, options) => box.search({}, options)),
      ...option<Mailbox>('partial', places, (box, options) => box.search({}, options)),
      ...option<Mailbox>('save', optionalFlag, (box, options) => box.search({}, options)),
    },
  },
  count: querying((box, query, options) => box.count(query, options)),
  summary: querying((box, query, options) => box.summary(query, options)),
  sort: {
    gives: 'promise',
    arguments: {
      by: {
        bad: {
          ...without(flags, 'an array of itself'),
          'an empty array': [],
          'an unknown key': 'sender',
        },
        call: (box, bad) => box.sort(bad),
      },
      query: { bad: query, call: (box, bad) => box.sort('date', bad) },
      ...callOptions<Mailbox>((box, options) => box.sort('date', {}, options)),
    },
  },
  thread: {
    gives: 'promise',
    arguments: {
      algorithm: { bad: without(text, 'undefined'), call: (box, bad) => box.thread(bad) },
      query: { bad: query, call: (box, bad) => box.thread('REFERENCES', bad) },
      ...callOptions<Mailbox>((box, options) => box.thread('REFERENCES', {}, options)),
    },
  },
  addLabels: labelling((box, ...args) =>
    box.addLabels(...(args as unknown as Parameters<Mailbox['addLabels']>)),
  ),
  removeLabels: labelling((box, ...args) =>
    box.removeLabels(...(args as unknown as Parameters<Mailbox['addLabels']>)),
  ),
  setLabels: labelling((box, ...args) =>
    box.setLabels(...(args as unknown as Parameters<Mailbox['addLabels']>)),
  ),
  replace: {
    gives: 'promise',
    arguments: {
      uid: { bad: uids, call: (box, bad) => box.replace(bad, message) },
      body: { bad: body, call: (box, bad) => box.replace(1, bad) },
      ...callOptions<Mailbox>((box, options) => box.replace(1, message, options)),
      ...option<Mailbox>('mailbox', without(name, 'undefined'), (box, options) =>
        box.replace(1, message, options),
      ),
    },
  },
  addFlags: flagging((box, ...args) =>
    box.addFlags(...(args as unknown as Parameters<Mailbox['addFlags']>)),
  ),
  removeFlags: flagging((box, ...args) =>
    box.removeFlags(...(args as unknown as Parameters<Mailbox['addFlags']>)),
  ),
  setFlags: flagging((box, ...args) =>
    box.setFlags(...(args as unknown as Parameters<Mailbox['addFlags']>)),
  ),
  move: copying((box, ...args) => box.move(...(args as unknown as Parameters<Mailbox['move']>))),
  copy: copying((box, ...args) => box.copy(...(args as unknown as Parameters<Mailbox['copy']>))),
  expunge: {
    gives: 'promise',
    arguments: {
      uids: { bad: uids, call: (box, bad) => box.expunge(bad) },
      ...callOptions<Mailbox>((box, options) => box.expunge(1, options)),
    },
  },
};
