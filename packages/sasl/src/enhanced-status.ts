/**
 * The enhanced status codes of RFC 3463, its registry and the big providers: what each means to a message, and what to a login (RFC 4954 §6).
 * One table, so that no two stages of a session read one code in two ways.
 */
import type { RefusalReason } from 'tls-context-core';

export interface EnhancedStatus {
  /** What to do about it. */
  readonly hint: string;
  /** The same in class 5, where the server will not say otherwise later. */
  readonly lasting?: string;
  /** As the answer to a login, in these classes. */
  readonly login?: {
    readonly classes: string;
    readonly reason: RefusalReason;
    readonly hint: string;
  };
}

const full = 'The mailbox is full.';
const unknownAddress =
  'The server cannot tell now whether there is such an address: try later, and check its spelling.';
const noAddress = 'There is no such address: check its spelling.';
const badSender =
  'The server does not take this sender: check envelope.from, and that its domain exists.';
const tooBig = 'The message is too big for this server; capabilities.get("SIZE") tells its limit.';
const tooMany = 'Too many recipients at once: send to the rest in another message.';
const unknownCommand = 'The server does not know the command, or not here.';
const wantsLogin = 'The server wants a login first: give `auth`.';
const wantsTls = "The server wants TLS first: use security: 'starttls' or 'implicit-tls'.";
const notRelayed =
  'The server carries mail for strangers to its own users only: give `auth`, or send through your own provider.';
const notTheirSender = 'This login may not send as envelope.from.';
const reputation =
  'The server does not take mail from this IP address: see the list or the page that its words name, or send through your provider.';
const senderPolicy = 'SPF, reverse DNS or DKIM of the sender failed a policy of the server.';
const tooManySessions =
  'In use by another session, or too many connections: closed ones linger for a while on the server. Try later, or use fewer.';
const usedUp =
  'What this account may use is used up: wait until it is renewed (later), or get more; user and password are right.';
const askAdministrator = 'The server asks you to contact its administrator.';
const transition =
  "The account must log in once by PLAIN: set mechanisms: ['PLAIN'] for one connection over TLS.";

/** By `subject.detail`, whatever the class. */
export const enhancedStatus: Readonly<Record<string, EnhancedStatus>> = {
  '1.0': { hint: unknownAddress, lasting: noAddress },
  '1.1': { hint: unknownAddress, lasting: noAddress },
  '1.2': { hint: 'There is no such domain, or it takes no mail: check its spelling.' },
  '1.3': { hint: 'The server finds the address malformed: check its spelling.' },
  '1.6': { hint: 'The mailbox has moved; the words of the server may say where.' },
  '1.7': { hint: badSender },
  '1.8': { hint: badSender },
  '1.10': { hint: 'The domain takes no mail (RFC 7505): check its spelling.' },
  '2.0': { hint: 'The mailbox cannot take it now.' },
  '2.1': {
    hint: 'The mailbox takes nothing now: try later.',
    lasting: 'The mailbox is switched off.',
    login: { classes: '5', reason: 'account', hint: askAdministrator },
  },
  '2.2': { hint: full, login: { classes: '4', reason: 'quota', hint: usedUp } },
  '2.3': { hint: 'The message is too big for this mailbox.' },
  '3.1': {
    hint: 'The server has no room left: try later.',
    lasting: 'The server has no room for it.',
  },
  '3.2': {
    hint: 'The server takes nothing now: try later.',
    lasting: 'The server takes no mail (RFC 7504).',
    login: { classes: '4', reason: 'busy', hint: tooManySessions },
  },
  '3.3': { hint: 'The server cannot do what the message needs.' },
  '3.4': { hint: tooBig },
  '4.5': {
    hint: 'The server is overloaded: try later.',
    lasting: 'What may be sent in a day or an hour is used up: wait until it is renewed.',
  },
  '5.0': { hint: unknownCommand },
  '5.1': { hint: unknownCommand },
  '5.2': { hint: unknownCommand },
  '5.3': { hint: tooMany, login: { classes: '4', reason: 'quota', hint: usedUp } },
  '5.4': { hint: unknownCommand },
  '5.6': {
    hint: 'A line of the message is longer than the server takes: encode it (quoted-printable).',
  },
  '6.3': { hint: 'The server would have to convert the message, and may not.' },
  '6.7': { hint: 'The server takes no UTF-8 in addresses here: use an ASCII address.' },
  '7.0': { hint: 'A policy of the server forbids it; its words say which.' },
  '7.1': { hint: 'A policy of the server forbids it; its words say which.' },
  '7.2': { hint: 'You may not send to this list.' },
  '7.8': { hint: 'User and password were not accepted.' },
  '7.9': { hint: 'The server wants a stronger mechanism.' },
  '7.10': { hint: wantsTls, login: { classes: '45', reason: 'tls', hint: wantsTls } },
  '7.11': { hint: wantsTls, login: { classes: '45', reason: 'tls', hint: wantsTls } },
  '7.12': { hint: transition, login: { classes: '4', reason: 'mechanism', hint: transition } },
  '7.13': {
    hint: 'The account is switched off: ask its administrator.',
    login: { classes: '5', reason: 'account', hint: askAdministrator },
  },
  '7.20': { hint: senderPolicy },
  '7.21': { hint: senderPolicy },
  '7.22': { hint: senderPolicy },
  '7.23': { hint: senderPolicy },
  '7.24': { hint: senderPolicy },
  '7.25': { hint: senderPolicy },
  '7.26': { hint: senderPolicy },
  '7.27': { hint: 'The domain of the sender takes no mail (RFC 7505): check envelope.from.' },
  '7.28': { hint: 'Too much mail of this kind: send slower, and try later.' },
  // Exchange's own
  '7.54': { hint: notRelayed },
  '7.57': { hint: wantsLogin },
  '7.60': { hint: notTheirSender },
  '7.64': { hint: notRelayed },
  '7.606': { hint: reputation },
  '7.708': { hint: reputation },
  '7.30': { hint: 'The next server cannot promise TLS all the way (RFC 8689).' },
};
