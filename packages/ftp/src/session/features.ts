/** What the server can do, and what it has to be told: RFC 2228 §3, RFC 2389, RFC 2640 §3.1, RFC 3659 §7.9, RFC 4217 §9. */
import {
  type LineConnection,
  type Reply,
  StartTlsError,
  serverReply,
  type Transport,
} from '@fivewire/line-protocol';
import { askModeZ } from '../transfer/mode-z.js';
import type { FtpConnectOptions } from '../types.js';
import type { Charset } from './charset.js';
import { command, Dialogue } from './dialogue.js';
import { hintFor, rejected } from './failures.js';
import { askProving } from './prove-pipelining.js';
import { readFeatures } from './reply-text.js';
import type { ServerTraits } from './server-traits.js';
import type { Learned, Session } from './session.js';

/** Asked under TLS and after the login, in one flight where the server takes one. */
export async function explore(
  connection: LineConnection,
  transport: Transport,
  charset: Charset,
  traits: ServerTraits,
  options: FtpConnectOptions,
): Promise<Pick<Session, 'features' | 'system' | 'learned' | 'securesData'>> {
  const loggedIn = options.auth !== undefined;
  const dialogue = new Dialogue(connection, transport.timeouts.reply, 'capabilities');
  const pbsz = command('PBSZ', '0');
  const inClear = options.dataProtection === 'unsafe-clear';
  const prot = command('PROT', inClear ? 'C' : 'P');
  const feat = command('FEAT');
  const syst = command('SYST');
  const type = command('TYPE', 'I');
  const secured = transport.context === undefined ? [] : [pbsz, prot];
  const questions = [feat, syst].filter(({ masked }) => !transport.disable.has(masked));
  const lines = [...secured, ...questions, ...(loggedIn ? [type] : [])];
  const given = loggedIn
    ? await askProving(dialogue, traits, lines)
    : await askProving(dialogue, { ...traits, pipelining: 'refused' }, lines);
  const replies = new Map(lines.map((line, index) => [line, given[index]]));

  // RFC 4217 §9: without PROT P data would travel in clear. PBSZ 0 is a form that some servers leave out.
  const protection = replies.get(prot);
  if (protection !== undefined && protection.class !== 2 && !inClear)
    throw noProtection(protection);
  const typed = replies.get(type);
  if (typed !== undefined && typed.class !== 2) throw rejected(typed, type.masked);
  const featured = replies.get(feat);
  const features = featured?.class === 2 ? readFeatures(featured.lines) : new Map();
  // pyftpdlib, whatever the application built on it calls itself: no other server writes these facts in lower case.
  if (features.get('MLST')?.[0]?.includes('unix.mode;unix.uid;unix.gid;')) traits.hello = 'late';
  const named = replies.get(syst);
  if (protection !== undefined && protection.class !== 2)
    await clearData(dialogue, protection, features);
  await tune(dialogue, transport, charset, features, traits, options);
  const system = named?.class === 2 ? named.text : '';
  if (loggedIn && /OS\/400/i.test(system) && !transport.disable.has('NAMEFMT'))
    await askUnixNames(dialogue);
  const learned: Learned = {
    deflates: options.compress === true && (await askModeZ(dialogue, features)),
    staleRestart: false,
    type: typed === undefined ? undefined : 'I',
    home: undefined,
    row: { files: 0, at: 0 },
    port: undefined,
  };
  const securesData = transport.context !== undefined && !inClear;
  return { features, system, learned, securesData };
}

/**
 * OS/400 names files as LIBRARY/FILE.MEMBER and lists them in tables, until it is asked for paths and lines as Unix has them (IBM i, FTP
 * subcommands NAMEFMT and LISTFMT). What is refused is done without.
 */
async function askUnixNames(dialogue: Dialogue): Promise<void> {
  const named = await dialogue.ask(command('SITE', 'NAMEFMT', '1'));
  if (named.class === 2) await dialogue.ask(command('SITE', 'LISTFMT', '1'));
}

/** CDC of GlobalSCAPE, where PROT C is refused. */
async function clearData(
  dialogue: Dialogue,
  refusal: Reply,
  features: ReadonlyMap<string, readonly string[]>,
): Promise<void> {
  const prot = rejected(refusal, 'PROT C');
  if (!features.has('CDC')) throw dialogue.connection.locate(prot);
  await dialogue.demand(command('CDC'));
}

/**
 * Who asks (CLNT, which some servers want ahead of UTF-8: G6, RaidenFTPD), UTF-8 (RFC 2640 §3.1, where servers have it off by
 * default), the facts that we read (RFC 3659 §7.9), the language of replies (RFC 2640 §4). What is refused is done without.
 */
async function tune(
  dialogue: Dialogue,
  { disable }: Transport,
  charset: Charset,
  features: ReadonlyMap<string, readonly string[]>,
  traits: ServerTraits,
  { clientName = 'fivewire', language, auth }: FtpConnectOptions,
): Promise<void> {
  const has = (name: string): boolean => features.has(name) && !disable.has(name);
  const lines = [];
  if (has('CLNT') && clientName !== false) lines.push(command('CLNT', clientName));
  if (has('UTF8') && charset.isUtf8) lines.push(command('OPTS', 'UTF8', 'ON'));
  const facts = (features.get('MLST')?.[0] ?? '').split(';').filter((fact) => fact !== '');
  const off = facts.filter((fact) => wanted.has(fact.toLowerCase()));
  if (off.length > 0 && !disable.has('MLST')) {
    const on = facts.filter((fact) => fact.endsWith('*')).map((fact) => fact.slice(0, -1));
    lines.push(command('OPTS', 'MLST', `${[...on, ...off].join(';')};`));
  }
  if (language !== undefined && !disable.has('LANG')) lines.push(command('LANG', language));
  const mayTry = auth !== undefined && traits.pipelining === 'proven';
  await askProving(dialogue, mayTry ? traits : { ...traits, pipelining: 'refused' }, lines);
}

const wanted = new Set(['type', 'size', 'modify', 'unix.mode', 'perm']);

function noProtection(reply: Reply): StartTlsError {
  const { text } = serverReply(reply);
  return new StartTlsError(
    'ERR_STARTTLS_REFUSED',
    `The server does not protect data connections: ${reply.code} ${text}`,
    {
      reply: `${reply.code} ${text}`,
      phase: 'capabilities',
      command: 'PROT P',
      hint:
        hintFor(reply) ?? 'Have the server allow PROT P; files would travel in clear without it.',
    },
  );
}
