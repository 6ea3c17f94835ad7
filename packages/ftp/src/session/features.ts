/** What the server can do, and what it has to be told: RFC 2228 §3, RFC 2389, RFC 2640 §3.1, RFC 3659 §7.9, RFC 4217 §9. */
import {
  type LineConnection,
  type Reply,
  StartTlsError,
  serverReply,
  type Transport,
} from '@fivewire/line-protocol';
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
  loggedIn: boolean,
): Promise<Pick<Session, 'features' | 'system' | 'learned'>> {
  const dialogue = new Dialogue(connection, transport.timeouts.reply, 'capabilities');
  const pbsz = command('PBSZ', '0');
  const prot = command('PROT', 'P');
  const feat = command('FEAT');
  const syst = command('SYST');
  const type = command('TYPE', 'I');
  const secured = transport.context === undefined ? [] : [pbsz, prot];
  const lines = [...secured, feat, syst, ...(loggedIn ? [type] : [])];
  const given = loggedIn
    ? await askProving(dialogue, traits, lines)
    : await askProving(dialogue, { ...traits, pipelining: 'refused' }, lines);
  const replies = new Map(lines.map((line, index) => [line, given[index]]));

  // RFC 4217 §9: without PROT P data would travel in clear. PBSZ 0 is a form that some servers leave out.
  const protection = replies.get(prot);
  if (protection !== undefined && protection.class !== 2) throw noProtection(protection);
  const typed = replies.get(type);
  if (typed !== undefined && typed.class !== 2) throw rejected(typed, type.masked);
  const featured = replies.get(feat);
  const features = featured?.class === 2 ? readFeatures(featured.lines) : new Map();
  const named = replies.get(syst);
  await tune(dialogue, transport, charset, features);
  const learned: Learned = {
    staleRestart: false,
    type: typed === undefined ? undefined : 'I',
    home: undefined,
  };
  return { features, system: named?.class === 2 ? named.text : '', learned };
}

/** UTF-8 (RFC 2640 §3.1, where servers have it off by default) and the facts that we read (RFC 3659 §7.9). */
async function tune(
  dialogue: Dialogue,
  { disable }: Transport,
  charset: Charset,
  features: ReadonlyMap<string, readonly string[]>,
): Promise<void> {
  if (features.has('UTF8') && charset.isUtf8 && !disable.has('UTF8')) {
    await dialogue.ask(command('OPTS', 'UTF8', 'ON')); // refused where it is on for good
  }
  const facts = (features.get('MLST')?.[0] ?? '').split(';').filter((fact) => fact !== '');
  const off = facts.filter((fact) => wanted.has(fact.toLowerCase()));
  if (off.length === 0 || disable.has('MLST')) return;
  const on = facts.filter((fact) => fact.endsWith('*')).map((fact) => fact.slice(0, -1));
  await dialogue.ask(command('OPTS', 'MLST', `${[...on, ...off].join(';')};`));
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
