/** The options of connect() and of the pools, and what can be wrong with them. */
import type { FtpConnectOptions } from '@fivewire/ftp';
import type { ImapOptions } from '@fivewire/imap';
import type { PoolOptions, TransportOptions } from '@fivewire/line-protocol';
import type { NntpOptions } from '@fivewire/nntp';
import type { Pop3Options } from '@fivewire/pop3';
import type { SmtpOptions } from '@fivewire/smtp';
import { password, user } from '../support/credentials.js';
import {
  type BadValues,
  milliseconds,
  optionalCount,
  optionalFlag,
  optionalFunction,
  optionalList,
  optionalPositive,
  optionalSignal,
  optionalText,
  optionalWord,
  without,
} from './values.js';

/** Every option has a row: the compiler sees to it. */
export type OptionTable<Options> = Readonly<Record<keyof Options, BadValues>>;

export const object: BadValues = {
  null: null,
  'a boolean': true,
  'a text': 'x',
  'a number': 7,
  'an array': [],
  'an unknown key': { none: 1 },
};
const limits: BadValues = {
  ...object,
  'a limit of 0': { lineOctets: 0 },
  'a limit in text': { lineOctets: '100' },
  'a limit of NaN': { lineOctets: Number.NaN },
};

const transport: OptionTable<TransportOptions> = {
  host: {
    ...optionalText,
    undefined: undefined,
    'a URL': 'imaps://example.org',
    'a space': 'a b',
    'a user': 'user@example.org',
  },
  port: { ...optionalPositive, '65536': 65_536 },
  security: { ...optionalWord, 'an old word': 'auto' },
  serverHostname: { ...optionalText, 'a wildcard': '*.example.org', 'a port': 'example.org:25' },
  srvId: { ...optionalText, 'no service': 'example.org' },
  tlsa: { ...optionalList, 'no records': [{}] },
  tls: {
    ...object,
    "Node's word": { rejectUnauthorized: false },
    'no certificate': { ca: 'x' },
    'a number for ca': { ca: 7 },
  },
  sni: optionalFlag,
  stream: { ...object, 'a function': () => {} },
  allowCleartextAuth: optionalFlag,
  timeouts: {
    ...object,
    '-1': { reply: -1 },
    NaN: { reply: Number.NaN },
    'a numeral': { reply: '5' },
  },
  limits,
  disable: { ...optionalList, 'a number in it': ['MOVE', 7] },
  log: optionalFunction,
  signal: optionalSignal,
  proxy: {
    ...without(optionalText, 'a function'),
    'another scheme': 'ftp://127.0.0.1',
    'no port': 'socks5://',
  },
  proxyTls: { ...object, 'verification off': { rejectUnauthorized: false } },
  dial: optionalFunction,
  socketPath: optionalText,
  localAddress: { ...optionalText, 'a name': 'localhost' },
  family: { ...without(optionalPositive, ''), 5: 5, 0: 0 },
  lookup: optionalFunction,
  keepAlive: milliseconds,
};

const auth: BadValues = {
  ...object,
  'an empty object': {},
  'no user': { password },
  'an empty user': { user: '', password },
  'a user with CRLF': { user: 'a\r\nb', password },
  'a user with half a surrogate pair': { user: 'a\ud800', password },
  'an endless user': { user: 'x'.repeat(100_000), password },
  'a number for the user': { user: 7, password },
  'a password with CRLF': { user, password: `${password}\r\n` },
  'a password with NUL': { user, password: `${password}\0` },
  'a password with half a surrogate pair': { user, password: `${password}\ud800` },
  'an endless password': { user, password: password.repeat(10_000) },
  'a number for the password': { user, password: 7 },
  'an unknown key': { user, password, pass: password },
};
export const saslAuth: BadValues = {
  ...auth,
  'no secret': { user },
  'two secrets': { user, password, accessToken: 'x' },
  'a token with a space': { user, accessToken: `Bearer ${password}` },
};
const mechanisms: BadValues = {
  ...optionalList,
  'a number in it': [7],
  'a mechanism with a space': ['PLAIN LOGIN'],
  'one of its own without steps': [{ name: 'NTLM', start: () => undefined }],
  'one of its own with a space': [{ name: 'N T', start: () => undefined, step: () => [] }],
};
const saslLogin = {
  auth: saslAuth,
  mechanisms,
  iterations: { ...object, 'a negative one': { max: -1 } },
  channelBinding: { ...optionalWord, 'a type that is none': 'tls-magic' },
  saltedPasswords: { ...object, 'a Map': new Map() },
} satisfies Record<string, BadValues>;

export const ftpOptions: OptionTable<FtpConnectOptions> = {
  ...transport,
  auth,
  requireCloseNotify: optionalFlag,
  utcOffset: { ...without(optionalCount, '-1', '1.5', '2**53') },
  encoding: { ...optionalText, 'no charset': 'klingon-8' },
  fallbackEncoding: { ...optionalText, 'no charset': 'klingon-8' },
  directory: optionalText,
  active: {
    ...without(object, 'a boolean'),
    'a range that ends before it begins': { ports: [2, 1] },
    'a port above 65535': { ports: [1, 70_000] },
    'a name for an address': { address: 'example.org' },
  },
  virtualHost: { ...without(optionalText, 'a boolean'), false: false, 'a space': 'a b' },
  language: { ...optionalText, 'a space': 'a b' },
  clientName: { ...without(optionalText, 'a boolean'), true: true, 'a space': 'a b' },
  compress: optionalFlag,
  dataProtection: optionalWord,
  controlProtection: optionalWord,
  noopInterval: milliseconds,
  gateway: {
    ...object,
    'no style': { host: 'example.org' },
    'an unknown style': { style: 'telepathy', host: 'example.org' },
    'a host with CRLF': { style: 'site', host: 'a\r\nb' },
    'no user where the style needs one': { style: 'login, user@host', host: 'example.org' },
  },
};
export const imapOptions: OptionTable<ImapOptions> = {
  ...transport,
  ...saslLogin,
  id: {
    ...without(object, 'an unknown key'),
    'a number for a value': { name: 7 },
    'CRLF in a value': { name: 'a\r\nb' },
  },
  enable: { ...optionalList, 'a number in it': [7], 'a capability with a space': ['A B'] },
  compress: optionalFlag,
};
export const pop3Options: OptionTable<Pop3Options> = {
  ...transport,
  ...saslLogin,
  initialResponse: optionalFlag,
  utf8: optionalFlag,
};
export const smtpOptions: OptionTable<SmtpOptions> = {
  ...transport,
  protocol: optionalWord,
  ...saslLogin,
  clientName: { ...optionalText, 'a space': 'a b' },
  chunking: optionalFlag,
  ehloAfterAuth: optionalFlag,
};
export const nntpOptions: OptionTable<NntpOptions> = {
  ...transport,
  ...saslLogin,
  reader: optionalFlag,
  compress: optionalFlag,
};

/** Those of one protocol's pool alone. */
export const ownPoolOptions: Partial<Record<string, OptionTable<{ rate?: unknown }>>> = {
  smtp: {
    rate: {
      ...optionalList,
      'nothing of it': {},
      'no span': { messages: 1 },
      'no limit': { per: 1_000 },
      'a limit of 0': { messages: 0, per: 1_000 },
      'half a recipient': { recipients: 0.5, per: 1_000 },
      'a span of 0': { messages: 1, per: 0 },
      'a span without end': { messages: 1, per: Infinity },
      'a span as text': { messages: 1, per: '1000' },
      'an unknown part': { messages: 1, per: 1_000, burst: 5 },
      'a list with one that is wrong': [{ messages: 1, per: 1_000 }, { messages: 1 }],
      'a list of numbers': [10],
    },
  },
};

export const poolOptions: OptionTable<PoolOptions> = {
  maxConnections: optionalPositive,
  idleTimeout: milliseconds,
  maxAge: milliseconds,
  maxUses: without(optionalPositive, 'Infinity'),
  outageTimeout: milliseconds,
};
