/** POP3, SMTP, FTP and NNTP servers as their users have met them. */
import type { FtpServerOptions } from '../ftp/ftp-server.js';
import type { NntpServerOptions } from '../nntp/nntp-server.js';
import type { Pop3ServerOptions } from '../pop3/pop3-server.js';
import type { SmtpServerOptions } from '../smtp/smtp-server.js';
import type { Manner } from './manner.js';

export const pop3Manners: Readonly<Record<string, Manner<Pop3ServerOptions>>> = {
  // Pipelining shows after the login only: mail-api#50.
  gmail: { hideBeforeLogin: ['PIPELINING'] },
  zimbra: { hideBeforeLogin: ['PIPELINING'] },

  outlook: {
    answers: [
      // A token in AUTH's own line is a protocol error: getmail6#256, mpop#11.
      {
        to: /^AUTH (?:XOAUTH2|OAUTHBEARER) \S/i,
        say: '-ERR Protocol error. Connection is closed. 10',
        close: true,
      },
    ],
  },

  exchange: {
    hide: ['PIPELINING'],
    // LIST's sizes are not those that come.
    says: [
      {
        in: /^LIST$/i,
        what: /^(\d+) (\d+)(?=\r\n)/gm,
        instead: (_whole, number, size) => `${number} ${Number(size) + 17}`,
      },
    ],
  },

  // An empty line too many.
  qmail: {
    hide: ['PIPELINING'],
    says: [{ in: /^RETR/i, what: /^\.\r\n$/m, instead: '\r\n.\r\n' }],
  },

  // Unique-ids of more than 70 characters, which is more than RFC 1939 allows.
  fastmail: {
    says: [
      { in: /^UIDL/i, what: /^((?:\+OK )?\d+) (\S+)(?=\r\n)/gm, instead: `$1 ${'f'.repeat(70)}$2` },
    ],
  },

  // The dot behind a message that has no line end of its own.
  'exchange-2000': {
    hide: ['PIPELINING'],
    says: [{ in: /^RETR/i, what: /\r\n\.\r\n$/, instead: '.\r\n' }],
  },

  // Dots are not doubled: greenmail#1049.
  greenmail: { says: [{ in: /^(?:RETR|TOP)/i, what: /^\.\./gm, instead: '.' }] },

  // A challenge begins with +OK: MailKit#171.
  'o2.pl': {
    options: { sasl: { mechanisms: ['PLAIN', 'LOGIN'] } },
    says: [{ in: /^AUTH/i, what: /^\+ /, instead: '+OK ' }],
  },

  // UIDL works and is not listed: neomutt#1427.
  unlisted: { says: [{ in: /^CAPA/i, what: /^UIDL\r\n/m, instead: '' }] },
};

export const smtpManners: Readonly<Record<string, Manner<SmtpServerOptions>>> = {
  gmail: { hide: ['DSN', 'BINARYMIME', 'REQUIRETLS'] },
  exchange: { hide: ['SMTPUTF8', 'REQUIRETLS'] },
  outlook: { hide: ['REQUIRETLS'] },
  qq: { hide: ['PIPELINING', 'SMTPUTF8', 'DSN', 'CHUNKING', 'BINARYMIME', 'REQUIRETLS'] },
};

export const ftpManners: Readonly<Record<string, Manner<FtpServerOptions>>> = {
  // Session reuse and protected data are demanded; no machine-readable listings.
  vsftpd: {
    hide: ['MLST', 'MLSD', 'HASH', 'MFMT'],
    options: { requireSessionReuse: true, requireProtectedData: true },
  },

  proftpd: {
    options: { requireSessionReuse: true },
    answers: [{ to: /^SIZE /i, unless: /^TYPE I$/i, say: '550 SIZE not allowed in ASCII mode' }],
    says: [
      // Each line of FEAT with its code, an option of the server.
      { in: /^FEAT/i, what: /^ (.*)(?=\r\n)/gm, instead: '211-$1' },
      // The login directory is a cdir in MLST too, up to 1.3.5a.
      { in: /^MLST(?: \.| \/)?$/i, what: /type=dir;/, instead: 'type=cdir;' },
    ],
  },

  filezilla: { options: { requireSessionReuse: true, requireProtectedData: true } },

  // Further lines around the end of a transfer.
  pureftpd: {
    hide: ['HASH'],
    says: [
      {
        what: /^226 (Transfer complete)\r\n/m,
        instead: '226-$1\r\n226 0.000 seconds (measured here), 1.00 Mbytes per second\r\n',
      },
    ],
  },

  iis: {
    hide: ['MLST', 'MLSD', 'HASH', 'MFMT', 'EPSV'],
    options: { listing: 'dos' },
    says: [{ in: /^SYST/i, what: /^215 .*(?=\r\n)/, instead: '215 Windows_NT' }],
  },

  // A dot behind EPSV's answer.
  'serv-u': {
    hide: ['MLST', 'MLSD'],
    says: [{ in: /^EPSV/i, what: /^(229 .*\))(?=\r\n)/, instead: '$1.' }],
  },

  // EPSV's answer has a delimiter of its own (RFC 2428 §3 allows any).
  os400: {
    hide: ['MLST', 'MLSD', 'HASH', 'MFMT'],
    says: [
      {
        in: /^SYST/i,
        what: /^215 .*(?=\r\n)/,
        instead: '215 OS/400 is the remote operating system',
      },
      { in: /^EPSV/i, what: /\(\|\|\|(\d+)\|\)/, instead: '(!!!$1!)' },
    ],
  },

  // Many machines: which one listens depends on what is announced by PRET. A folder with nothing in it is an error.
  drftpd: {
    hide: ['MLST', 'MLSD', 'HASH', 'MFMT'],
    options: { emptyListing: '550 No files found' },
    answers: [
      { to: /^PRET /i, say: '200 OK, planning for the upcoming transfer' },
      {
        to: /^(?:PASV|EPSV)/i,
        unless: /^PRET /i,
        say: '500 You need to use a client supporting PRET (PRE Transfer) to use PASV',
      },
    ],
    says: [{ in: /^FEAT/i, what: /^( SIZE\r\n)/m, instead: ' PRET\r\n$1' }],
  },

  // The last line of several has a code of its own.
  glftpd: {
    hide: ['MLST', 'MLSD', 'HASH', 'MFMT'],
    says: [
      {
        in: /^(?:CWD|DELE)/i,
        what: /^250 .*\r\n/,
        instead: '250-[ info ]\r\n 100 credits left\r\n200 Command okay.\r\n',
      },
      { in: /^FEAT/i, what: /^211 (?=End)/m, instead: '200 ' },
    ],
  },

  // z/OS over its Unix files: options of ls are names there, and a folder with nothing in it is an error.
  mvs: {
    hide: ['MLST', 'MLSD', 'HASH', 'MFMT'],
    options: { emptyListing: '550 No members/data sets found' },
    answers: [{ to: /^(?:LIST|NLST) -/i, say: '501 Invalid data set name' }],
    says: [
      {
        in: /^SYST/i,
        what: /^215 .*(?=\r\n)/,
        instead: '215 MVS is the operating system of this server. FTP Server is running on z/OS.',
      },
    ],
  },

  // As small devices have it.
  fritzbox: { hide: ['AUTH', 'FEAT', 'EPSV', 'MLST', 'MLSD', 'HASH', 'MFMT', 'OPTS'] },
};

export const nntpManners: Readonly<Record<string, Manner<NntpServerOptions>>> = {
  // An empty group, and no article in a range: INN#250, INN#122.
  inn: {
    says: [
      { in: /^(?:LIST)?GROUP/i, what: /^211 0 \d+ \d+ /, instead: '211 0 0 0 ' },
      { in: /^X?OVER/i, what: /^423 .*(?=\r\n)/, instead: '420 No such article' },
    ],
  },

  // CAPABILITIES is unknown.
  leafnode: { hide: ['CAPABILITIES', 'STARTTLS'] },

  // 480 to all before the login, and no counts in LISTGROUP: keimpema/Usenet#3.
  usenet: {
    options: { requireAuth: true },
    says: [{ in: /^LISTGROUP/i, what: /^211 .*(?=\r\n)/, instead: '211 Article list follows' }],
  },
};
