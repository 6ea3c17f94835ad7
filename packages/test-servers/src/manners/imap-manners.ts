/** IMAP servers as their users have met them. Each line names where it was met. */
import type { ImapServerOptions } from '../imap/imap-server.js';
import type { Manner } from './manner.js';

/** Of our extensions, those that only the large servers of today have. */
const modern = [
  'IMAP4rev2',
  'BINARY',
  'SEARCHRES',
  'WITHIN',
  'SORT',
  'SORT=DISPLAY',
  'ESORT',
  'THREAD=ORDEREDSUBJECT',
  'THREAD=REFERENCES',
  'ACL',
  'RIGHTS=kxte',
  'QUOTASET',
  'NOTIFY',
  'STATUS=SIZE',
] as const;
const plain = [
  ...modern,
  'CONDSTORE',
  'ENABLE',
  'ESEARCH',
  'LIST-EXTENDED',
  'LIST-STATUS',
  'SPECIAL-USE',
  'QUOTA',
  'QUOTA=RES-STORAGE',
  'QUOTA=RES-MESSAGE',
  'UTF8=ACCEPT',
] as const;

/** A set that names a range downwards, or its numbers out of order. */
function descends(line: string): boolean {
  const set = /^(?:UID )?(?:FETCH|STORE|COPY|MOVE|EXPUNGE) ([\d:,*]+)/i.exec(line)?.[1] ?? '';
  const numbers = set.split(/[:,]/).map((text) => (text === '*' ? Infinity : Number(text)));
  return numbers.some((number, at) => number < (numbers[at - 1] ?? 0));
}

const fetching = /^(?:UID )?FETCH /i;

const unsafeLogin = {
  to: /^(?:SELECT|EXAMINE) /i,
  unless: /^ID \(/i,
  say: '<tag> NO SELECT Unsafe Login. Please contact the postmaster for help',
};

export const imapManners: Readonly<Record<string, Manner<ImapServerOptions>>> = {
  courier: {
    hide: plain,
    // No more than 16 KB a word.
    answers: [
      {
        to: (line) => line.split(' ').some((word) => word.length > 16_384),
        say: '<tag> BAD Too long',
      },
    ],
    // A row of no message.
    says: [
      { in: /^(?:UID )?STORE/i, what: /^(?=[^\s*+]+ OK )/m, instead: '* 0 FETCH (FLAGS ())\r\n' },
    ],
  },

  // All data first, then all tagged responses.
  dovecot: { options: { answerOrder: 'data-first' } },

  gmail: {
    hide: modern,
    // [HIGHESTMODSEQ n] without a text: modern-email/defects#28.
    says: [{ what: /^(\* OK \[HIGHESTMODSEQ \d+\]).*(?=\r\n)/gm, instead: '$1' }],
  },

  exchange: {
    hide: plain,
    says: [
      // A disposition that is no list: MailKit#919.
      { in: /BODYSTRUCTURE/i, what: /\("(inline|attachment)" NIL\)/gi, instead: '"$1"' },
      // COPYUID on a line of its own: MailKit#115.
      { in: /MOVE/i, what: /^\* OK (\[COPYUID [^\]]*\]).*(?=\r\n)/gm, instead: '$1' },
    ],
  },

  // Ends the session at NAMESPACE: MailKit#1512.
  'exchange-2003': {
    hide: plain,
    answers: [{ to: /^NAMESPACE$/i, say: '* BYE Connection is closed. 15', close: true }],
    // Its greeting is how clients know it.
    says: [
      {
        what: /^\* OK IMAP4rev1 ready/,
        instead: '* OK Microsoft Exchange Server 2003 IMAP4rev1 server version 6.5.7638.1 ready.',
      },
    ],
  },

  outlook: {
    hide: plain,
    // Spaces between the addresses of an ENVELOPE.
    says: [{ in: /ENVELOPE/i, what: /\)\((?=NIL|")/g, instead: ') (' }],
  },

  // The first FETCH of a connection is too soon: imapflow#142.
  'outlook-throttled': {
    hide: plain,
    answers: [
      {
        to: fetching,
        unless: fetching,
        say: '<tag> BAD Request is throttled. Suggested Backoff Time: 500 milliseconds',
      },
    ],
  },

  // Says goodbye several times.
  yandex: {
    hide: modern,
    says: [{ in: /^LOGOUT/i, what: /^(\* BYE .*\r\n)/m, instead: '$1$1$1' }],
  },

  // No mailbox before the client has said who it is; sets must ascend: modern-email/defects#40.
  qq: {
    hide: plain,
    answers: [unsafeLogin, { to: descends, say: '<tag> BAD Invalid sequence set' }],
  },

  163: {
    hide: plain,
    answers: [unsafeLogin],
    // STATUS without its list: modern-email/defects#15.
    says: [{ in: /^STATUS/i, what: /^(\* STATUS "[^"]*") \(.*\)(?=\r\n)/gm, instead: '$1' }],
  },

  icloud: {
    hide: modern,
    says: [
      // ENABLE is accepted in silence: MailKit#1871.
      { in: /^ENABLE/i, what: /^\* ENABLED.*\r\n/gm, instead: '' },
      { what: /^(\* CAPABILITY .*)(?=\r\n)/gm, instead: '$1 ' },
    ],
  },

  yahoo: {
    hide: [...modern, 'CONDSTORE'],
    answers: [{ to: (line) => line.length > 1_000, say: '<tag> BAD [SERVERBUG] Command too long' }],
    // HIGHESTMODSEQ although there is no CONDSTORE.
    says: [
      {
        in: /^(?:SELECT|EXAMINE) /i,
        what: /^(\* OK \[UIDNEXT \d+\].*\r\n)/gm,
        instead: '$1* OK [HIGHESTMODSEQ 1] Highest\r\n',
      },
    ],
  },

  hmailserver: {
    hide: plain,
    // Ranges downwards are refused: MailKit#1150.
    answers: [{ to: descends, say: '<tag> BAD Invalid sequence number' }],
    says: [{ what: /^(\* (?:OK|CAPABILITY).*)IMAP4rev1/gm, instead: '$1IMAPrev1' }],
  },

  'mail.ru': {
    hide: modern,
    says: [
      {
        what: /RFC822\.SIZE (\d{7,})/g,
        instead: (_whole, size) => `RFC822.SIZE ${inShort(Number(size))}`,
      },
      // A boundary without value: himalaya#649.
      { in: /BODY/i, what: /\("boundary" "[^"]*"\)/g, instead: '("boundary" NIL)' },
    ],
  },

  // MODSEQ is -1: MailKit#1686.
  zoho: { hide: modern, says: [{ what: /MODSEQ \(\d+\)/g, instead: 'MODSEQ (-1)' }] },

  zimbra: {
    hide: modern,
    answers: [{ to: /^(?:UID )?SEARCH.* {2}/i, say: '<tag> BAD Parse error: zero-length atom' }],
  },

  // IMAP4rev2 whose ESEARCH finds nothing (imapflow#411), whose LIST … RETURN forgets INBOX (MailKit#1957).
  strato: {
    says: [
      { what: /^(\* ESEARCH \(TAG "[^"]*"\)(?: UID)?).*(?=\r\n)/gm, instead: '$1' },
      { in: /^LIST.* RETURN/i, what: /^\* LIST .*"INBOX"\r\n/gm, instead: '' },
    ],
  },

  // LIST's selection options are refused: MailKit#674.
  proton: { answers: [{ to: /^LIST \(/i, say: '<tag> BAD Error in IMAP command' }] },

  // A date that is none.
  domino: {
    hide: plain,
    says: [{ what: /INTERNALDATE "[^"]*"/g, instead: 'INTERNALDATE "00-Jan-0000 00:00:00 +0000"' }],
  },

  smartermail: {
    hide: plain,
    // NIL among the addresses of an ENVELOPE: MailKit#991.
    says: [{ in: /ENVELOPE/i, what: /\("?[^()]*\)(?=\) (?:NIL|\())/g, instead: '$& NIL' }],
  },
};

/** C's `%.3g`. */
const inShort = (number: number): string => number.toExponential(2).replace(/e\+(\d)$/, 'e+0$1');
