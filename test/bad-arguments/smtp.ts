/** The methods of SmtpClient, and what can be wrong with their arguments. */
import type { SmtpClient } from '@fivewire/smtp';
import { callOptions, option, type Table } from './table.js';
import {
  type BadValues,
  body,
  optionalCount,
  optionalFlag,
  optionalList,
  optionalPositive,
  optionalText,
  optionalWord,
  text,
  textOrEmpty,
  without,
} from './values.js';
import { message } from './world.js';

type Client = SmtpClient;

const envelope = { from: 'a@example.org', to: 'b@example.org' };
const address: BadValues = {
  ...text,
  'a display name': 'A <a@example.org>',
  'two at once': 'a@example.org, b@example.org',
  'a parameter': 'a@example.org> SIZE=1 <',
};
const sent = (part: object) => (smtp: Client) =>
  smtp.send({ ...envelope, ...part } as never, message);
const inEnvelope = (name: string, bad: BadValues, wrap: (value: unknown) => object) => ({
  [`envelope.${name}`]: { bad, call: (smtp: Client, value: never) => sent(wrap(value))(smtp) },
});

export const smtpTable: Table<Client> = {
  send: {
    gives: 'promise',
    arguments: {
      envelope: {
        bad: {
          ...body,
          'a text': 'a@example.org',
          'an unknown part': { ...envelope, cc: 'x@example.org' },
        },
        call: (smtp, bad) => smtp.send(bad, message),
      },
      ...inEnvelope('from', without(address, 'null'), (from) => ({ from })),
      ...inEnvelope('to', address, (to) => ({ to })),
      ...inEnvelope('to[1]', address, (to) => ({ to: ['b@example.org', to] })),
      ...inEnvelope('to.address', address, (to) => ({ to: { address: to } })),
      ...inEnvelope('to.notify', { ...optionalWord, 'no moment': ['later'] }, (notify) => ({
        to: { address: 'b@example.org', notify },
      })),
      ...inEnvelope('to.originalRecipient', without(address, 'undefined'), (originalRecipient) => ({
        to: { address: 'b@example.org', originalRecipient },
      })),
      ...inEnvelope('size', optionalCount, (size) => ({ size })),
      ...inEnvelope('body', optionalWord, (kind) => ({ body: kind })),
      ...inEnvelope('smtpUtf8', optionalFlag, (smtpUtf8) => ({ smtpUtf8 })),
      ...inEnvelope('requireTls', optionalFlag, (requireTls) => ({ requireTls })),
      ...inEnvelope(
        'dsn',
        { ...without(body, 'undefined', 'an empty object'), 'an unknown part': { ret: 'full' } },
        (dsn) => ({ dsn }),
      ),
      ...inEnvelope('dsn.return', optionalWord, (part) => ({ dsn: { return: part } })),
      ...inEnvelope('dsn.envelopeId', optionalText, (envelopeId) => ({ dsn: { envelopeId } })),
      ...inEnvelope('dsn.optional', optionalFlag, (optional) => ({
        dsn: { return: 'full', optional },
      })),
      ...inEnvelope('auth', without(address, 'undefined', 'null'), (auth) => ({ auth })),
      ...inEnvelope('deliverBy', without(body, 'undefined'), (deliverBy) => ({ deliverBy })),
      ...inEnvelope('hold', without(body, 'undefined'), (hold) => ({ hold })),
      ...inEnvelope('priority', { ...without(optionalCount, '-1'), '10': 10 }, (priority) => ({
        priority,
      })),
      ...inEnvelope('optional', without(optionalList, 'an empty array'), (optional) => ({
        optional,
      })),
      ...inEnvelope(
        'to.validSince',
        { ...without(body, 'undefined'), 'no date': new Date(Number.NaN) },
        (validSince) => ({ to: { address: 'b@example.org', validSince } }),
      ),
      body: { bad: body, call: (smtp, bad) => smtp.send(envelope, bad) },
      ...callOptions<Client>((smtp, options) => smtp.send(envelope, message, options)),
      ...option<Client>('onRefused', optionalWord, (smtp, options) =>
        smtp.send(envelope, message, options),
      ),
    },
  },
  probe: {
    gives: 'promise',
    arguments: {
      envelope: {
        bad: { ...body, 'a text': 'a@example.org' },
        call: (smtp, bad) => smtp.probe(bad),
      },
      'envelope.from': {
        bad: without(address, 'null'),
        call: (smtp, from) => smtp.probe({ ...envelope, from }),
      },
      'envelope.to': { bad: address, call: (smtp, to) => smtp.probe({ ...envelope, to }) },
      ...callOptions<Client>((smtp, options) => smtp.probe(envelope, options)),
    },
  },
  sendMany: {
    gives: 'rows',
    arguments: {
      messages: {
        bad: without({ ...body, 'a text': 'x' }, 'an empty array', 'an array of itself'),
        call: (smtp, bad) => smtp.sendMany(bad),
      },
      ...callOptions<Client>((smtp, options) =>
        smtp.sendMany([{ envelope, body: message }], options),
      ),
      ...option<Client>('window', optionalPositive, (smtp, options) =>
        smtp.sendMany([{ envelope, body: message }], options),
      ),
    },
  },
  verify: {
    gives: 'promise',
    arguments: {
      address: { bad: text, call: (smtp, bad) => smtp.verify(bad) },
      ...callOptions<Client>((smtp, options) => smtp.verify('a@example.org', options)),
    },
  },
  expand: {
    gives: 'promise',
    arguments: {
      list: { bad: text, call: (smtp, bad) => smtp.expand(bad) },
      ...callOptions<Client>((smtp, options) => smtp.expand('staff', options)),
    },
  },
  sendUrl: {
    gives: 'promise',
    arguments: {
      url: {
        bad: { ...text, 'no IMAP URL': 'http://example.org/' },
        call: (smtp, bad) => smtp.sendUrl(envelope, bad),
      },
      ...callOptions<Client>((smtp, options) =>
        smtp.sendUrl(envelope, 'imap://example.org/x', options),
      ),
    },
  },
  help: {
    gives: 'promise',
    arguments: {
      topic: { bad: optionalText, call: (smtp, bad) => smtp.help(bad) },
      ...callOptions<Client>((smtp, options) => smtp.help('MAIL', options)),
    },
  },
  etrn: {
    gives: 'promise',
    arguments: {
      domain: { bad: { ...text, 'a space': 'a b' }, call: (smtp, bad) => smtp.etrn(bad) },
      ...callOptions<Client>((smtp, options) => smtp.etrn('example.org', options)),
    },
  },
  xclient: {
    gives: 'promise',
    arguments: {
      attributes: {
        bad: { ...body, 'a text': 'LOGIN=a', 'an unknown attribute': { user: 'a' } },
        call: (smtp, bad) => smtp.xclient(bad),
      },
      ...callOptions<Client>((smtp, options) => smtp.xclient({ login: 'a' }, options)),
    },
  },
  noop: {
    gives: 'promise',
    arguments: callOptions<Client>((smtp, options) => smtp.noop(options)),
  },
  reset: {
    gives: 'promise',
    arguments: callOptions<Client>((smtp, options) => smtp.reset(options)),
  },
  command: {
    gives: 'promise',
    arguments: {
      verb: {
        bad: { ...text, 'a verb with an argument': 'ETRN example.org', 'a refused verb': 'data' },
        call: (smtp, bad) => smtp.command(bad),
      },
      args: { bad: optionalList, call: (smtp, bad) => smtp.command('ETRN', bad) },
      'args[0]': { bad: textOrEmpty, call: (smtp, bad) => smtp.command('ETRN', [bad]) },
      ...callOptions<Client>((smtp, options) => smtp.command('NOOP', [], options)),
    },
  },
  quit: {
    gives: 'promise',
    arguments: callOptions<Client>((smtp, options) => smtp.quit(options)),
  },
};
