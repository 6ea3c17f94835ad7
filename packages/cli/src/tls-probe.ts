/**
 * What people ask `openssl s_client` and testssl: which versions a server takes, whether it resumes in each, and whether commands
 * that came in clear behind STARTTLS are obeyed under TLS (CVE-2011-0411).
 */
import {
  commandLine,
  type LineConnection,
  openConnection,
  type ProtocolProfile,
  resolveTransport,
  type Wait,
} from '@fivewire/line-protocol';
import { isFivewireError } from 'tls-context-core';
import type { Context } from './context.js';
import { ftpDataResumes, resumes } from './resumption.js';
import { withSession } from './sessions.js';
import type { Protocol, Target } from './target.js';

/** What this program does not ask says so: silence would be read as good news. */
export type Answer = 'yes' | 'no' | 'not asked' | 'unknown';

export interface ProbeResult {
  versions: Readonly<Record<string, { accepted: Answer; resumes: Answer }>>;
  /** Whether what was sent in clear behind STARTTLS was obeyed under TLS. */
  smuggled: Answer;
  /** Which other key exchange groups the server would take: this client has one list. The one that was taken is told without a probe. */
  groups: Answer;
  /** Whether FTP's data connections resume the session of the control connection. */
  ftpDataResumes: Answer | 'not asked: needs a login';
}

/** @param account the same FTP server with a login, where there is one */
export async function probe(
  target: Target,
  account: Target | undefined,
  context: Context,
): Promise<ProbeResult> {
  const versions: Record<string, { accepted: Answer; resumes: Answer }> = {
    // Below what this client can ever speak.
    'TLS 1.0': { accepted: 'not asked', resumes: 'not asked' },
    'TLS 1.1': { accepted: 'not asked', resumes: 'not asked' },
  };
  for (const [name, version] of [
    ['TLS 1.2', 'TLSv1.2'],
    ['TLS 1.3', 'TLSv1.3'],
  ] as const) {
    const tls = { ...target.connect.tls, minVersion: version, maxVersion: version };
    versions[name] = await inVersion({ ...target, connect: { ...target.connect, tls } }, context);
  }
  return {
    versions,
    smuggled: await smuggled(target, context),
    groups: 'not asked',
    ftpDataResumes: await ftpData(target, account, context),
  };
}

async function ftpData(
  { protocol, connect: { security } }: Target,
  account: Target | undefined,
  { signal }: Context,
): Promise<ProbeResult['ftpDataResumes']> {
  if (protocol !== 'ftp' || security === 'cleartext') return 'not asked';
  if (account === undefined) return 'not asked: needs a login';
  const resumed = await ftpDataResumes(account, signal);
  return resumed === undefined ? 'unknown' : resumed ? 'yes' : 'no';
}

async function inVersion(
  target: Target,
  context: Context,
): Promise<{ accepted: Answer; resumes: Answer }> {
  try {
    await withSession(target.protocol, target, context, async () => {});
  } catch (error) {
    if (!isFivewireError(error) || context.signal.aborted) throw error;
    const isRefusal = error.code === 'ERR_TLS_HANDSHAKE';
    return { accepted: isRefusal ? 'no' : 'unknown', resumes: isRefusal ? 'no' : 'unknown' };
  }
  const found = await resumes(target, context);
  return { accepted: 'yes', resumes: found === undefined ? 'unknown' : found ? 'yes' : 'no' };
}

interface Dialogue {
  /** Before, in clear; and how its answer ends. */
  first?: readonly [string, RegExp];
  greeting: RegExp;
  upgrade: string;
  goAhead: RegExp;
  smuggled: string;
  quit: string;
  /** What a server says that has forgotten what came in clear. */
  innocent: RegExp;
}

const dialogues: Readonly<Record<Protocol, Dialogue>> = {
  smtp: {
    greeting: /^220 /,
    first: ['EHLO [127.0.0.1]', /^250 /],
    upgrade: 'STARTTLS',
    goAhead: /^220[ -]/,
    smuggled: 'NOOP',
    quit: 'QUIT',
    innocent: /^221/,
  },
  ftp: {
    greeting: /^220 /,
    upgrade: 'AUTH TLS',
    goAhead: /^234/,
    smuggled: 'NOOP',
    quit: 'QUIT',
    innocent: /^221/,
  },
  imap: {
    greeting: /^\* /,
    upgrade: 'a1 STARTTLS',
    goAhead: /^a1 OK/i,
    smuggled: 'a2 NOOP',
    quit: 'a3 LOGOUT',
    innocent: /^(\*|a3)/,
  },
  pop3: {
    greeting: /^\+OK/,
    upgrade: 'STLS',
    goAhead: /^\+OK/,
    smuggled: 'XFIVEWIRE',
    quit: 'QUIT',
    innocent: /^\+OK/,
  },
  nntp: {
    greeting: /^20[01]/,
    upgrade: 'STARTTLS',
    goAhead: /^382/,
    smuggled: 'DATE',
    quit: 'QUIT',
    innocent: /^205/,
  },
};

/** Two commands in one write: the second must be gone when TLS is there. */
async function smuggled({ protocol, connect }: Target, { signal }: Context): Promise<Answer> {
  if (connect.security !== 'starttls') return 'not asked';
  const dialogue = dialogues[protocol];
  const profile: ProtocolProfile = {
    protocol,
    ports: { 'implicit-tls': 0, starttls: 0, cleartext: 0 },
    schemes: {},
    options: ['auth'],
  };
  const transport = resolveTransport(profile, { ...connect, signal });
  const wait: Wait = { phase: 'starttls', timeout: transport.timeouts.reply };
  try {
    const connection = await openConnection(transport);
    return await connection.establish(signal, async () => {
      await until(connection, dialogue.greeting, wait);
      if (dialogue.first !== undefined) {
        connection.send(words(dialogue.first[0]));
        await until(connection, dialogue.first[1], wait);
      }
      connection.send(words(dialogue.upgrade), words(dialogue.smuggled));
      const reply = await nextLine(connection, wait);
      if (!dialogue.goAhead.test(reply)) return 'unknown';
      await connection.startTls('starttls', signal);
      connection.send(words(dialogue.quit));
      const first = await nextLine(connection, wait);
      connection.close();
      return dialogue.innocent.test(first) ? 'no' : 'yes';
    });
  } catch (error) {
    if (!isFivewireError(error) || signal.aborted) throw error;
    // The octets were taken for a broken handshake, or answered in clear: either way the server did not obey them under TLS.
    return /TLS|STARTTLS|CLOSED/.test(error.code) ? 'no' : 'unknown';
  }
}

const words = (line: string) => {
  const [verb = '', ...rest] = line.split(' ');
  return commandLine(verb, rest);
};

/** More than any greeting and capability list. */
const mostLines = 200;

async function until(connection: LineConnection, end: RegExp, wait: Wait): Promise<void> {
  for (let lines = 0; lines < mostLines; lines++)
    if (end.test(await nextLine(connection, wait))) return;
  throw connection.exceeded('lines', mostLines, {});
}

async function nextLine(connection: LineConnection, wait: Wait): Promise<string> {
  for (;;) {
    const line = connection.takeLine();
    if (line !== undefined) return line;
    await connection.fill(wait);
  }
}
