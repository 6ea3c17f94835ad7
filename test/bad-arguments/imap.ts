/** The methods of ImapClient and Mailbox, and what can be wrong with their arguments. */
import type { ImapClient, Mailbox, MessageBase } from '@fivewire/imap';
import { callOptions, type Method, option, type Table } from './table.js';
import {
  type BadValues,
  body,
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
      ...option<Client>('subscribed', optionalFlag, (imap, options) => imap.list(options)),
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
      ...option<Client>('interval', optionalPositive, (imap, options) =>
        imap.watch('INBOX', options),
      ),
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

function onMailbox(call: (imap: Client, name: never, options?: never) => unknown): Method<Client> {
  return {
    gives: 'promise',
    arguments: {
      name: { bad: name, call },
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
          'emailId',
          'threadId',
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
