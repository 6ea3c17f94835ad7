/** IMAP's status responses as the study writes them, RFC 9051 §7.1. */

export interface Status {
  kind: 'Ok' | 'No' | 'Bad' | 'PreAuth' | 'Bye';
  tag?: string;
  code: Code | null;
  text: string;
}

type Code =
  | 'Alert'
  | 'Parse'
  | { Capability: [readonly Name[]] }
  | { BadCharset: { allowed: readonly { Atom: readonly [string] }[] } }
  | { Referral: string };

type Name = string | { Auth: readonly [string] };

export function statusWire({ kind, tag = '*', code, text }: Status): string {
  const shown = code === null ? '' : `[${codeWire(code)}] `;
  return `${tag} ${kind.toUpperCase()} ${shown}${text}\r\n`;
}

function codeWire(code: Code): string {
  if (typeof code === 'string') return code.toUpperCase();
  if ('Capability' in code) return `CAPABILITY ${code.Capability[0].map(capabilityName).join(' ')}`;
  if ('Referral' in code) return `REFERRAL ${code.Referral}`;
  return `BADCHARSET (${code.BadCharset.allowed.map(({ Atom: [name] }) => name).join(' ')})`;
}

/** Names that the study's codec knows by another one than the wire does. */
const wireNames: Readonly<Record<string, string>> = {
  Imap4Rev1: 'IMAP4REV1',
  StartTls: 'STARTTLS',
  LoginDisabled: 'LOGINDISABLED',
  MailboxReferrals: 'MAILBOX-REFERRALS',
  Idle: 'IDLE',
  Enable: 'ENABLE',
  Compress: 'COMPRESS=DEFLATE',
};

const capabilityName = (name: Name): string =>
  typeof name === 'string' ? (wireNames[name] ?? name) : `AUTH=${name.Auth[0].toUpperCase()}`;

export const capabilityNames = (names: readonly string[]): string[] => names.map(capabilityName);
