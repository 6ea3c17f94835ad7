/** A POP3 server, RFC 1939, with CAPA (RFC 2449), STLS (RFC 2595), AUTH (RFC 5034) and UTF8 (RFC 6856). */
import { createHash, randomBytes } from 'node:crypto';
import { dotLines, dotStuff, withLineEnd } from '../dot-stuffing.js';
import { claimed, greet, nextCommand } from '../impostor/conversation.js';
import {
  type ServerContext,
  startLineServer,
  type TestServer,
  type TestServerOptions,
} from '../line-server.js';
import type { LineSession } from '../line-session.js';
import { MailStore, type StoredMessage } from '../mail-store.js';
import { withManner } from '../manners/table.js';
import { topOf } from '../message.js';
import {
  authenticate,
  decodeResponse,
  offeredMechanisms,
  type SaslEnvironment,
} from '../sasl-server.js';
import { SessionEnded } from '../session-ended.js';

export interface Pop3ServerOptions extends TestServerOptions {
  /** Whose mail is served: share it with an SMTP server. Default: an empty store. */
  mail?: MailStore;
  /** Offer APOP: a timestamp in the greeting. Default false. */
  apop?: boolean;
}

export interface Pop3Server extends TestServer {
  readonly mail: MailStore;
}

export async function startPop3Server(given: Pop3ServerOptions = {}): Promise<Pop3Server> {
  const options = withManner('pop3', given);
  const mail = options.mail ?? new MailStore();
  const server = await startLineServer('pop3', options, (session, context) =>
    new Pop3Session(session, context, mail, options.apop ?? false).run(),
  );
  return Object.assign(server, { mail });
}

/** A message of the maildrop as it was when the session began: numbers never move, RFC 1939 §5. */
interface Entry {
  message: StoredMessage;
  deleted: boolean;
}

type State = 'authorization' | 'transaction';

interface Command {
  state: State | 'any';
  run(at: Pop3Session, argument: string): Promise<void>;
}

class Pop3Session {
  readonly session: LineSession;
  readonly context: ServerContext;
  readonly mail: MailStore;
  readonly timestamp: string;
  state: State = 'authorization';
  user = '';
  maildrop: Entry[] = [];
  over = false;

  constructor(session: LineSession, context: ServerContext, mail: MailStore, apop: boolean) {
    this.session = session;
    this.context = context;
    this.mail = mail;
    this.timestamp = apop ? `<${randomBytes(8).toString('hex')}@test-servers.invalid>` : '';
  }

  async run(): Promise<void> {
    const greeting = `+OK POP3 ready ${this.timestamp}`.trimEnd();
    await greet(this.session, this.context, greeting);
    while (!this.over) {
      const line = await nextCommand(this.session, this.context);
      if (line === undefined) return;
      await this.#dispatch(line);
    }
  }

  ok(text = ''): Promise<void> {
    return this.session.reply(`+OK ${text}`.trimEnd());
  }

  err(text: string): Promise<void> {
    return this.session.reply(`-ERR ${text}`);
  }

  get environment(): SaslEnvironment {
    const { session, context } = this;
    const { accounts } = context;
    return { accounts, session, options: context.options.sasl ?? {}, service: 'pop' };
  }

  async open(user: string): Promise<void> {
    this.state = 'transaction';
    this.user = user;
    this.session.record.user = user;
    this.maildrop = this.mail.inbox(user).messages.map((message) => ({ message, deleted: false }));
    await this.ok(`${this.maildrop.length} messages`);
  }

  /** The entry that a message number names, or an `-ERR` and nothing. */
  async entry(argument: string): Promise<Entry | undefined> {
    const entry = /^\d+$/.test(argument) ? this.maildrop[Number(argument) - 1] : undefined;
    if (entry && !entry.deleted) return entry;
    await this.err('[SYS/PERM] No such message.');
    return undefined;
  }

  /** One line for one message, or all of them. */
  async listing(argument: string, describe: (message: StoredMessage) => string | number) {
    if (argument) {
      const entry = await this.entry(argument);
      if (entry) await this.ok(`${Number(argument)} ${describe(entry.message)}`);
      return;
    }
    const lines = this.maildrop.flatMap(({ message, deleted }, at) =>
      deleted ? [] : [`${at + 1} ${describe(message)}`],
    );
    await this.ok(`${lines.length} messages`);
    await this.session.write(dotLines(lines));
  }

  async #dispatch(line: string): Promise<void> {
    const [, verb = '', argument = ''] = /^(\S*) ?(.*)$/s.exec(line) ?? [];
    const name = verb.toUpperCase();
    const command = commands[name];
    if (!command || !this.context.shows(name)) return this.err(`Unknown command.`);
    if (command.state !== 'any' && command.state !== this.state)
      return this.err(`Not in the ${this.state} state.`);
    await command.run(this, argument.trim());
  }
}

const commands: Readonly<Record<string, Command>> = {
  CAPA: {
    state: 'any',
    async run(at) {
      await at.ok('Capability list follows');
      await at.session.write(dotLines(claimed(at.session, at.context, capabilities(at))));
    },
  },

  STLS: {
    state: 'authorization',
    async run(at) {
      if (!at.session.canStartTls) return at.err('TLS is not to be had here.');
      at.user = '';
      await at.session.startTls('+OK Begin TLS');
    },
  },

  USER: {
    state: 'authorization',
    async run(at, name) {
      if (!at.session.allowsCredentials) return at.err('Use STLS first.');
      at.user = name;
      // Known or not, the answer is the same.
      await at.ok('Send PASS');
    },
  },

  PASS: {
    state: 'authorization',
    async run(at, password) {
      if (!at.session.allowsCredentials) return at.err('Use STLS first.');
      if (!at.user) return at.err('USER comes first.');
      if (at.context.accounts.accepts(at.user, utf8(password))) return at.open(at.user);
      at.user = '';
      await at.err('[AUTH] Authentication failed.');
    },
  },

  APOP: {
    state: 'authorization',
    async run(at, argument) {
      const [name = '', digest] = argument.split(' ');
      const password = at.context.accounts.password(name);
      if (!at.timestamp || !at.session.allowsCredentials || password === undefined)
        return at.err('[AUTH] Authentication failed.');
      const expected = createHash('md5')
        .update(at.timestamp + password)
        .digest('hex');
      await (digest === expected ? at.open(name) : at.err('[AUTH] Authentication failed.'));
    },
  },

  AUTH: {
    state: 'authorization',
    async run(at, argument) {
      const [name = '', initial] = argument.split(' ');
      const verdict = await authenticate(
        name.toUpperCase(),
        at.environment,
        initial === undefined ? undefined : decodeResponse(initial),
        async (challenge) => {
          await at.session.reply(`+ ${Buffer.from(challenge).toString('base64')}`);
          const response = await at.session.line();
          if (response === undefined) throw new SessionEnded();
          return decodeResponse(response);
        },
      );
      if ('user' in verdict) return at.open(verdict.user);
      await at.err(`[AUTH] ${verdict.refused}`);
    },
  },

  UTF8: { state: 'authorization', run: (at) => at.ok() },

  STAT: {
    state: 'transaction',
    async run(at) {
      const left = at.maildrop.filter(({ deleted }) => !deleted);
      const octets = left.reduce((sum, { message }) => sum + wireLength(message), 0);
      await at.ok(`${left.length} ${octets}`);
    },
  },

  LIST: {
    state: 'transaction',
    run: (at, argument) => at.listing(argument, wireLength),
  },

  UIDL: {
    state: 'transaction',
    run: (at, argument) => at.listing(argument, ({ uniqueId }) => uniqueId),
  },

  RETR: {
    state: 'transaction',
    async run(at, argument) {
      const entry = await at.entry(argument);
      if (!entry) return;
      await at.ok(`${wireLength(entry.message)} octets`);
      await at.session.write(dotStuff(entry.message.octets));
    },
  },

  TOP: {
    state: 'transaction',
    async run(at, argument) {
      const [number = '', lines = ''] = argument.split(' ');
      if (!/^\d+$/.test(lines)) return at.err('TOP takes a message and a number of lines.');
      const entry = await at.entry(number);
      if (!entry) return;
      await at.ok();
      await at.session.write(dotStuff(topOf(entry.message.octets, Number(lines))));
    },
  },

  DELE: {
    state: 'transaction',
    async run(at, argument) {
      const entry = await at.entry(argument);
      if (!entry) return;
      entry.deleted = true;
      await at.ok('Marked');
    },
  },

  RSET: {
    state: 'transaction',
    async run(at) {
      for (const entry of at.maildrop) entry.deleted = false;
      await at.ok();
    },
  },

  NOOP: { state: 'transaction', run: (at) => at.ok() },

  QUIT: {
    state: 'any',
    async run(at) {
      // Only here do deletions happen, RFC 1939 §6.
      const gone = at.maildrop.filter(({ deleted }) => deleted);
      if (gone.length > 0) at.mail.inbox(at.user).remove(gone.map(({ message }) => message.uid));
      at.over = true;
      await at.ok('Bye');
    },
  },
};

function capabilities(at: Pop3Session): string[] {
  const { session, context } = at;
  const mechanisms = offeredMechanisms(at.environment);
  const shown = (name: string) => context.shows(name, session);
  return [
    ...['TOP', 'UIDL', 'RESP-CODES', 'AUTH-RESP-CODE', 'PIPELINING', 'UTF8'].filter(shown),
    ...(session.canStartTls && shown('STLS') ? ['STLS'] : []),
    ...(session.allowsCredentials && shown('USER') ? ['USER'] : []),
    ...(mechanisms.length > 0 && shown('SASL') ? [`SASL ${mechanisms.join(' ')}`] : []),
    'IMPLEMENTATION fivewire-test-servers',
  ];
}

/** The octets that RETR will bring, dots unstuffed. */
const wireLength = ({ octets }: StoredMessage): number => withLineEnd(octets).length;

const utf8 = (latin1: string): string => Buffer.from(latin1, 'latin1').toString('utf8');
