/** Commands about the connection and the login, RFC 9051 §6.1, §6.2, RFC 2177, RFC 2971, RFC 5161. */
import { claimed } from '../impostor/conversation.js';
import { authenticate, decodeResponse, offeredMechanisms } from '../sasl-server.js';
import { SessionEnded } from '../session-ended.js';
import { Refusal, textOf } from './arguments.js';
import type { Command, ImapSession } from './imap-session.js';

const always = ['not-authenticated', 'authenticated', 'selected'] as const;
const loggedIn = ['authenticated', 'selected'] as const;

export const sessionCommands: Readonly<Record<string, Command>> = {
  CAPABILITY: {
    states: always,
    async run(at) {
      await at.untagged(`CAPABILITY ${capabilities(at).join(' ')}`);
    },
  },

  NOOP: { states: always, async run() {} },

  LOGOUT: {
    states: always,
    async run(at) {
      await at.untagged('BYE See you');
      at.over = true;
    },
  },

  STARTTLS: {
    states: ['not-authenticated'],
    async run(at) {
      if (!at.session.canStartTls) throw new Refusal('BAD TLS is not to be had here');
      return 'OK Begin TLS negotiation now';
    },
  },

  AUTHENTICATE: {
    states: ['not-authenticated'],
    raw: true,
    async run(at, _args, line) {
      const [name = '', initial] = line.trim().split(' ');
      if (!at.session.allowsCredentials)
        throw new Refusal('NO [PRIVACYREQUIRED] Use STARTTLS first');
      const verdict = await authenticate(
        name.toUpperCase(),
        at.environment,
        initial === undefined ? undefined : decodeResponse(initial),
        async (challenge) => {
          await at.continuation(Buffer.from(challenge).toString('base64'));
          const response = await at.session.line();
          if (response === undefined) throw new SessionEnded();
          return decodeResponse(response);
        },
      );
      if ('refused' in verdict) throw new Refusal(refusal(verdict.refused));
      at.login(verdict.user);
      return `OK [CAPABILITY ${capabilities(at).join(' ')}] Logged in`;
    },
  },

  LOGIN: {
    states: ['not-authenticated'],
    async run(at, args) {
      if (!at.session.allowsCredentials)
        throw new Refusal('NO [PRIVACYREQUIRED] Use STARTTLS first');
      if (!at.context.shows('LOGIN')) throw new Refusal('NO LOGIN is disabled');
      const [user = '', password = ''] = args.map((argument) =>
        Buffer.from(textOf(argument), 'latin1').toString('utf8'),
      );
      if (args.length !== 2) throw new Refusal('BAD LOGIN takes a user and a password');
      if (!at.context.accounts.accepts(user, password))
        throw new Refusal('NO [AUTHENTICATIONFAILED] Authentication failed');
      at.login(user);
      return `OK [CAPABILITY ${capabilities(at).join(' ')}] Logged in`;
    },
  },

  ENABLE: {
    states: ['authenticated', 'selected'],
    async run(at, args) {
      const names = args.map((argument) => textOf(argument).toUpperCase());
      const known = names.filter((name) => enableable.has(name) && at.context.shows(name));
      for (const name of known) at.enabled.add(name);
      await at.untagged(`ENABLED${known.map((name) => ` ${name}`).join('')}`);
    },
  },

  ID: {
    states: always,
    async run(at) {
      await at.untagged('ID ("name" "fivewire-test-servers")');
    },
  },

  IDLE: { states: loggedIn, run: idle },

  NOTIFY: {
    states: loggedIn,
    async run(at, args) {
      await at.setNotification(args);
    },
  },
};

const enableable = new Set(['CONDSTORE', 'UTF8=ACCEPT', 'IMAP4REV2']);

/** RFC 2177: changes are pushed as they happen, until DONE. */
async function idle(at: ImapSession): Promise<string> {
  await at.continuation('idling');
  let pushing: Promise<void> = Promise.resolve();
  const push = () => {
    const { notification } = at;
    const tell = notification ? () => notification.tell(at) : () => at.sync(true);
    pushing = pushing.then(tell).catch(() => {}); // an end of the connection shows below
  };
  push();
  const unwatch = (at.notification ? at.mail : at.selected?.mailbox)?.watch(push);
  try {
    const line = await at.session.line();
    if (line === undefined) throw new SessionEnded();
    await pushing;
    if (!/^done$/i.test(line)) throw new Refusal('BAD Expected DONE');
    return 'OK Idle is over';
  } finally {
    unwatch?.();
  }
}

function refusal(why: string): string {
  if (why === 'Cancelled.') return 'BAD Cancelled';
  return `NO [AUTHENTICATIONFAILED] ${why}`;
}

/** What the server shows. */
export const capabilities = (at: ImapSession): readonly string[] =>
  claimed(at.session, at.context, trueCapabilities(at));

function trueCapabilities(at: ImapSession): string[] {
  const { session, context } = at;
  const before = [
    'SASL-IR',
    ...(session.canStartTls ? ['STARTTLS'] : []),
    ...(session.allowsCredentials && context.shows('LOGIN') ? [] : ['LOGINDISABLED']),
    ...offeredMechanisms(at.environment).map((name) => `AUTH=${name}`),
  ];
  const after = [
    'NAMESPACE',
    'IDLE',
    'UIDPLUS',
    'MOVE',
    'UNSELECT',
    'CHILDREN',
    'SPECIAL-USE',
    'LIST-EXTENDED',
    'LIST-STATUS',
    'ESEARCH',
    'SEARCHRES',
    'CONDSTORE',
    'STATUS=SIZE',
    'BINARY',
    'UTF8=ACCEPT',
    'WITHIN',
    'SORT',
    'SORT=DISPLAY',
    'ESORT',
    'THREAD=ORDEREDSUBJECT',
    'THREAD=REFERENCES',
    'QUOTA',
    'QUOTASET',
    'QUOTA=RES-STORAGE',
    'QUOTA=RES-MESSAGE',
    'ACL',
    'RIGHTS=kxte',
    'NOTIFY',
  ];
  return [
    'IMAP4rev1',
    'IMAP4rev2',
    'LITERAL+',
    'ID',
    'ENABLE',
    ...(at.state === 'not-authenticated' ? before : after),
  ].filter((name) => context.shows(name));
}
