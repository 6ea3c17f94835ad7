/** One SMTP connection, RFC 5321 §4.1, with its extensions in one table. */
import { claimed, greet, nextCommand } from '../impostor/conversation.js';
import type { ServerContext } from '../line-server.js';
import type { LineSession } from '../line-session.js';
import type { MailStore } from '../mail-store.js';
import {
  authenticate,
  decodeResponse,
  offeredMechanisms,
  type SaslEnvironment,
} from '../sasl-server.js';
import { SessionEnded } from '../session-ended.js';
import { parsePath } from './path.js';
import type { SmtpServerOptions } from './smtp-server.js';

/** A mail transaction, RFC 5321 §3.3. */
interface Transaction {
  from: string;
  to: string[];
  /** BDAT chunks so far, RFC 3030. */
  chunks: Buffer[];
  chunked: number;
  tooBig: boolean;
  /** As announced by MAIL; 0 where it was not, RFC 1870. */
  size: number;
}

type Command = (at: SmtpSession, argument: string) => Promise<void>;

const defaultMaxOctets = 32 << 20;

export class SmtpSession {
  readonly session: LineSession;
  readonly context: ServerContext;
  readonly mail: MailStore;
  readonly options: SmtpServerOptions;
  greeted = false;
  transaction: Transaction | undefined;
  over = false;
  /** Messages taken on this connection. */
  taken = 0;
  /** Pairs of sender and recipient that have been put off once, of all connections. */
  readonly metBefore: Set<string>;

  constructor(
    session: LineSession,
    context: ServerContext,
    mail: MailStore,
    options: SmtpServerOptions,
    metBefore: Set<string>,
  ) {
    this.session = session;
    this.context = context;
    this.mail = mail;
    this.options = options;
    this.metBefore = metBefore;
  }

  get user(): string | undefined {
    return this.session.record.user;
  }

  get maxOctets(): number {
    return this.options.maxMessageOctets ?? defaultMaxOctets;
  }

  get environment(): SaslEnvironment {
    const { session, context } = this;
    const { accounts } = context;
    return { accounts, session, options: context.options.sasl ?? {}, service: 'smtp' };
  }

  async run(): Promise<void> {
    const name = this.options.lmtp ? 'LMTP' : 'ESMTP';
    await greet(this.session, this.context, `220 localhost ${name} ready`);
    while (!this.over) {
      const line = await nextCommand(this.session, this.context);
      if (line === undefined) return;
      const [, verb = '', argument = ''] = /^(\S*) ?(.*)$/s.exec(line) ?? [];
      const name = verb.toUpperCase();
      const command = this.context.shows(name) ? this.#commands[name] : undefined;
      await (command ? command(this, argument.trimEnd()) : this.reply('500 5.5.2 Unknown command'));
    }
  }

  reply(line: string): Promise<void> {
    return this.session.reply(line);
  }

  get #commands(): Readonly<Record<string, Command>> {
    return this.options.lmtp ? lmtpCommands : smtpCommands;
  }
}

const hello: Command = async (at) => {
  at.greeted = true;
  at.transaction = undefined;
  const lines = ['localhost at your service', ...claimed(at.session, at.context, extensions(at))];
  await at.session.write(
    lines.map((line, n) => `250${n < lines.length - 1 ? '-' : ' '}${line}\r\n`).join(''),
  );
};

const common: Readonly<Record<string, Command>> = {
  async STARTTLS(at, argument) {
    if (argument) return at.reply('501 5.5.4 STARTTLS takes nothing');
    if (!at.session.canStartTls) return at.reply('502 5.5.1 TLS is not to be had here');
    // RFC 3207 §4.2: the server forgets all that it learned before.
    at.greeted = false;
    at.transaction = undefined;
    await at.session.startTls('220 2.0.0 Go ahead');
  },

  async AUTH(at, argument) {
    if (at.user !== undefined) return at.reply('503 5.5.1 You are logged in');
    if (at.transaction) return at.reply('503 5.5.1 Not in a transaction');
    if (!at.session.allowsCredentials) return at.reply('538 5.7.11 Encryption required');
    const [name = '', initial] = argument.split(' ');
    if (!offeredMechanisms(at.environment).includes(name.toUpperCase()))
      return at.reply('504 5.5.4 Unknown mechanism');
    const verdict = await authenticate(
      name.toUpperCase(),
      at.environment,
      initial === undefined ? undefined : decodeResponse(initial),
      async (challenge) => {
        await at.reply(`334 ${Buffer.from(challenge).toString('base64')}`);
        const response = await at.session.line();
        if (response === undefined) throw new SessionEnded();
        return decodeResponse(response);
      },
    );
    if ('user' in verdict) return at.reply('235 2.7.0 Authenticated');
    await (verdict.refused === 'Cancelled.'
      ? at.reply('501 5.5.2 Cancelled')
      : at.reply(`535 5.7.8 ${verdict.refused}`));
  },

  async MAIL(at, argument) {
    if (!at.greeted) return at.reply('503 5.5.1 Say hello first');
    if (at.transaction) return at.reply('503 5.5.1 There is a transaction');
    if (at.options.requireAuth && at.user === undefined)
      return at.reply('530 5.7.0 Authentication required');
    const path = parsePath('FROM', argument);
    if (!path) return at.reply('501 5.5.4 MAIL FROM:<address>');
    if (at.taken >= (at.options.messagesPerConnection ?? Infinity)) {
      at.over = true;
      return at.reply('421 4.7.0 Too many messages on this connection, try again later');
    }
    const refusal = at.options.refuseSenders?.[path.address];
    if (refusal) return at.reply(refusal);
    const size = Number(path.parameters.get('SIZE') ?? 0);
    if (size > at.maxOctets) return at.reply('552 5.3.4 Too big');
    const unknown = unknownParameter(path.parameters, mailParameters);
    if (unknown) return at.reply(`555 5.5.4 Unknown parameter ${unknown}`);
    at.transaction = { from: path.address, to: [], chunks: [], chunked: 0, tooBig: false, size };
    await at.reply('250 2.1.0 Sender ok');
  },

  async RCPT(at, argument) {
    if (!at.transaction) return at.reply('503 5.5.1 MAIL comes first');
    const path = parsePath('TO', argument);
    if (!path?.address) return at.reply('501 5.5.4 RCPT TO:<address>');
    const unknown = unknownParameter(path.parameters, ['NOTIFY', 'ORCPT', 'RRVS']);
    if (unknown) return at.reply(`555 5.5.4 Unknown parameter ${unknown}`);
    const refusal = refusalOf(at, path.address);
    if (refusal) return at.reply(refusal);
    if (isPutOff(at, path.address)) return at.reply('451 4.7.1 Greylisted, try again later');
    if (isFull(at, path.address, at.transaction.size)) return at.reply(mailboxFull);
    if (at.transaction.to.length >= 1_000) return at.reply('452 4.5.3 Too many recipients');
    at.transaction.to.push(path.address);
    await at.reply('250 2.1.5 Recipient ok');
  },

  async DATA(at) {
    const { transaction } = at;
    if (!transaction || transaction.chunked > 0) return at.reply('503 5.5.1 MAIL comes first');
    if (transaction.to.length === 0) return at.reply('554 5.5.1 No valid recipients');
    await at.reply('354 End with a dot');
    await deliver(at, transaction, await at.session.dotBody(at.maxOctets));
  },

  async BDAT(at, argument) {
    const match = /^(\d{1,10})( LAST)?$/i.exec(argument);
    if (!match) return at.reply('501 5.5.4 BDAT size [LAST]');
    const size = Number(match[1]);
    const { transaction } = at;
    // The chunk comes whether we want it or not, RFC 3030 §2; it is read in pieces, so that a huge one costs nothing.
    const keep =
      transaction && transaction.to.length > 0 && transaction.chunked + size <= at.maxOctets;
    for (let left = size; left > 0; ) {
      const piece = await at.session.octets(Math.min(left, 65_536));
      left -= piece.length;
      if (keep) transaction.chunks.push(Buffer.from(piece));
    }
    if (!transaction) return at.reply('503 5.5.1 MAIL comes first');
    if (transaction.to.length === 0) return at.reply('554 5.5.1 No valid recipients');
    transaction.chunked += size;
    transaction.tooBig ||= !keep;
    if (!match[2] && !transaction.tooBig) return at.reply(`250 2.0.0 ${size} octets`);
    await deliver(
      at,
      transaction,
      transaction.tooBig ? undefined : Buffer.concat(transaction.chunks),
    );
  },

  async RSET(at) {
    at.transaction = undefined;
    await at.reply('250 2.0.0 Reset');
  },

  NOOP: (at) => at.reply('250 2.0.0 Ok'),

  async VRFY(at, argument) {
    const user = at.context.accounts.recipient(argument.replace(/^<|>$/g, ''));
    await at.reply(user === undefined ? '550 5.1.1 Unknown' : `250 2.1.5 <${argument}>`);
  },

  HELP: (at) => at.reply('214 2.0.0 RFC 5321'),

  async QUIT(at) {
    at.over = true;
    await at.reply('221 2.0.0 Bye');
  },
};

const smtpCommands: Readonly<Record<string, Command>> = {
  ...common,
  EHLO: hello,
  async HELO(at) {
    at.greeted = true;
    at.transaction = undefined;
    await at.reply('250 localhost');
  },
};

const lmtpCommands: Readonly<Record<string, Command>> = { ...common, LHLO: hello };

function extensions(at: SmtpSession): string[] {
  const { session, context } = at;
  const mechanisms = offeredMechanisms(at.environment);
  return [
    'PIPELINING',
    `SIZE ${at.maxOctets}`,
    '8BITMIME',
    'SMTPUTF8',
    'ENHANCEDSTATUSCODES',
    'DSN',
    'CHUNKING',
    'BINARYMIME',
    ...(session.secure ? ['REQUIRETLS'] : []),
    ...(session.canStartTls ? ['STARTTLS'] : []),
    ...(mechanisms.length > 0 ? [`AUTH ${mechanisms.join(' ')}`] : []),
  ].filter((line) => context.shows(line.split(' ')[0] as string));
}

const mailParameters = ['SIZE', 'BODY', 'SMTPUTF8', 'RET', 'ENVID', 'AUTH', 'REQUIRETLS'];

function unknownParameter(
  parameters: ReadonlyMap<string, string>,
  known: readonly string[],
): string | undefined {
  return [...parameters.keys()].find((name) => !known.includes(name));
}

function refusalOf(at: SmtpSession, address: string): string | undefined {
  const { refuseRecipients } = at.options;
  if (typeof refuseRecipients === 'function') {
    const from = at.transaction?.from ?? '';
    const refusal = refuseRecipients({ address, from, user: at.user });
    if (refusal) return refusal;
  } else if (refuseRecipients?.[address]) return refuseRecipients[address];
  // Who has logged in may send to the world; a stranger only to those who live here.
  const local = at.context.accounts.recipient(address) !== undefined;
  return local || at.user !== undefined ? undefined : '550 5.1.1 No such user here';
}

/** RFC 6647: a stranger's first attempt; trying again is the proof. */
function isPutOff(at: SmtpSession, address: string): boolean {
  if (!at.options.greylist || at.user !== undefined) return false;
  const pair = `${at.transaction?.from} ${address}`.toLowerCase();
  if (at.metBefore.has(pair)) return false;
  at.metBefore.add(pair);
  return true;
}

const mailboxFull = '552 5.2.2 Mailbox full';

/** Whether its user may not keep as much more. */
function isFull(at: SmtpSession, address: string, octets: number): boolean {
  const user = at.context.accounts.recipient(address);
  return user !== undefined && !at.mail.hasRoom(user, octets);
}

async function deliver(
  at: SmtpSession,
  { from, to }: Transaction,
  octets: Buffer | undefined,
): Promise<void> {
  at.transaction = undefined;
  if (!octets) return replyToAll(at, to, () => '552 5.3.4 Too big');
  const { refuseMessages = {} } = at.options;
  const refusal = (address: string) =>
    refuseMessages[address] ??
    refuseMessages['*'] ??
    (isFull(at, address, octets.length) ? mailboxFull : undefined);
  const refusedWhole = at.options.lmtp
    ? undefined
    : (refuseMessages['*'] ?? (to.some((one) => isFull(at, one, octets.length)) && mailboxFull));
  if (refusedWhole) return at.reply(refusedWhole);
  const accepted = at.options.lmtp ? to.filter((address) => !refusal(address)) : to;
  at.taken++;
  if (accepted.length > 0) at.mail.deliveries.push({ from, to: accepted });
  // No trace fields are added: what was sent can be compared with what is served, octet by octet.
  const outside: string[] = [];
  for (const address of accepted) {
    const user = at.context.accounts.recipient(address);
    if (user === undefined) outside.push(address);
    else at.mail.deliver(user, octets, { envelope: { from, to: [address] } });
  }
  if (outside.length > 0) at.mail.relay({ from, to: outside, octets });
  await replyToAll(
    at,
    to,
    (address) =>
      (at.options.lmtp && refusal(address)) || `250 2.0.0 Accepted, ${octets.length} octets`,
  );
}

/** After the dot LMTP has a reply for each accepted recipient, RFC 2033 §4.2; SMTP has one. */
async function replyToAll(at: SmtpSession, to: readonly string[], line: (to: string) => string) {
  if (!at.options.lmtp) return at.reply(line(to[0] ?? ''));
  for (const address of to) await at.reply(line(address));
}
