/**
 * `fivewire sendmail`, and `fivewire-sendmail` for programs that call `/usr/sbin/sendmail`: one message from stdin to its
 * recipients, all of them or none. Exit codes are those that a `.forward` file or a mailing program may see.
 */
import { randomUUID } from 'node:crypto';
import { hostname, userInfo } from 'node:os';
import { resolve } from 'node:path';
import { Readable } from 'node:stream';
import {
  type Args,
  type CommandModule,
  type Context,
  optionalText,
  text,
  texts,
} from '../context.js';
import { exitCodeOf, exitCodes, interruption, usage } from '../exit-code.js';
import { line } from '../output.js';
import { type Dsn, dsnOf, dsnOptions } from '../send/dsn.js';
import { flush, passing, sendSpooled } from '../send/flush.js';
import { isNullSender } from '../send/outgoing.js';
import { fieldNames, type ReadyMessage, readyMessage, spoolStdin } from '../send/ready-message.js';
import { eachOnce, recipientsIn } from '../send/recipients.js';
import { Spool } from '../send/spool.js';
import { submit } from '../send/submit.js';
import { untilDot } from '../send/until-dot.js';
import { listQueue } from './queue.js';

export const options: CommandModule['options'] = {
  'read-recipients': {
    type: 'boolean',
    alias: 't',
    describe: 'Also recipients of To, Cc, Bcc, or of the newest Resent-To, …',
  },
  'ignore-dots': { type: 'boolean', alias: 'i', describe: 'A line of one dot does not end stdin' },
  from: { type: 'string', alias: 'f', mayBeEmpty: true, describe: 'Sender; "" or "<>": none' },
  'full-name': {
    type: 'string',
    alias: 'F',
    mayBeEmpty: true,
    describe: 'Name for a From field that is missing',
  },
  domain: { type: 'string', describe: 'Completes addresses that are a local part alone' },
  ...dsnOptions,
  url: { type: 'string', describe: 'The server; default: that of the profile' },
  'queue-dir': { type: 'string', describe: 'Keep the message there while the trouble may pass' },
  queue: { type: 'boolean', describe: 'Only keep it there: fivewire queue flush sends it' },
  'flush-queue': { type: 'boolean', describe: '-q: send what waits in --queue-dir' },
  'list-queue': { type: 'boolean', describe: '-bp: show what waits in --queue-dir' },
};

export async function run(args: Args, context: Context): Promise<number | undefined> {
  const directory = optionalText(args['queue-dir']);
  const spool = directory === undefined ? undefined : new Spool(directory);
  const isAbout =
    args.queue === true || args['flush-queue'] === true || args['list-queue'] === true;
  if (isAbout && spool === undefined) throw usage('Which queue?', 'Give --queue-dir DIR.');
  if (args['list-queue'] === true) return listQueue(spool as Spool, context);
  const url = optionalText(args.url);
  if (args['flush-queue'] === true) return flush(spool as Spool, url, context);
  const dsn = dsnOf(args);
  const stdin = await spoolStdin(
    'the message',
    args['ignore-dots'] === true ? undefined : untilDot(),
  );
  try {
    const message = await readyMessage(stdin.file, {
      name: 'stdin',
      domain: optionalText(args.domain),
      bodyAlone: true,
    });
    const { from, to } = envelopeOf(message, args, context);
    const read = (): AsyncGenerator<Uint8Array> => completed(message, from, args);
    if (spool === undefined) return await now({ from, to, dsn, read }, url, context);
    const entry = await spool.add(Readable.from(read(), { objectMode: false }), {
      from,
      to,
      url,
      ...profileOf(context),
      ...(dsn === undefined ? {} : { dsn }),
    });
    await context.out.done({ type: 'queued', ...entry }, `queued ${entry.id}`);
    if (args.queue === true) return undefined;
    const unlock = await spool.lock().catch(() => undefined);
    if (unlock === undefined) return undefined; // another run is sending what is there
    try {
      const { exit, became, problem } = await sendSpooled(spool, entry, url, context);
      if (became === 'sent') return undefined;
      if (became === 'waiting' && passing.has(exit)) {
        context.out.warn(`${entry.id} waits: ${line(problem)}`);
        return undefined;
      }
      // The caller is told, and it is the caller's again; unless nobody knows whether it was taken.
      if (became !== 'sending') await spool.remove(entry.id);
      context.out.warn(
        `${became === 'sending' ? `${entry.id} is parked` : 'not queued'}: ${line(problem)}`,
      );
      return exit;
    } finally {
      await unlock();
    }
  } finally {
    await stdin.close();
  }
}

interface Immediate {
  from: string | null;
  to: string[];
  dsn: Dsn | undefined;
  read: () => AsyncGenerator<Uint8Array>;
}

/** For a later run: which account it was, as this one was told. */
const profileOf = ({ profile }: Context): { profile?: string; config?: string } =>
  profile === undefined ? {} : { profile: profile.name, config: resolve(profile.file) };

/** 1, and what a signal has ended, mean nothing to a mail system: 75 makes it try again. */
async function now(
  { dsn, read, ...envelope }: Immediate,
  url: string | undefined,
  context: Context,
): Promise<number | undefined> {
  const outgoing = {
    envelope: { ...envelope, unqualified: true, ...(dsn === undefined ? {} : { dsn }) },
    body: async () => Readable.from(read(), { objectMode: false }),
    close: async () => {},
  };
  try {
    await submit(url, outgoing, { allOrNone: true }, context);
    return undefined;
  } catch (error) {
    const { signal, out } = context;
    if (signal.aborted || exitCodeOf(error) < exitCodes.usage) {
      const { report } = await import('../report.js');
      await report(signal.aborted ? interruption(signal) : error, exitCodes.temporary, out);
      return exitCodes.temporary;
    }
    throw error;
  }
}

function envelopeOf(
  message: ReadyMessage,
  args: Args,
  { profile }: Context,
): { from: string | null; to: string[] } {
  const domain = optionalText(args.domain);
  const named = texts(args.recipients).flatMap((one) => recipientsIn(one, 'the recipient', domain));
  const to = eachOnce([...named, ...(args['read-recipients'] === true ? message.recipients : [])]);
  if (to.length === 0)
    throw usage(
      'Who gets it?',
      args['read-recipients'] === true
        ? `The header has no ${fieldNames(message).recipients}: name recipients.`
        : 'Name recipients, or take those of the header with -t.',
    );
  const given = optionalText(args.from) ?? profile?.from;
  if (given !== undefined && isNullSender(given)) return { from: null, to };
  const [from = message.from ?? localAddress(domain)] =
    given === undefined ? [] : recipientsIn(given, '-f', domain);
  return { from, to };
}

const localAddress = (domain: string | undefined): string =>
  `${userInfo().username}@${domain ?? hostname()}`;

/** With the fields that a message must have (RFC 5322 §3.6), and that what is handed to sendmail may lack. */
async function* completed(
  { fields, read }: ReadyMessage,
  from: string | null,
  args: Args,
): AsyncGenerator<Uint8Array> {
  const address = from ?? localAddress(optionalText(args.domain));
  const name = optionalText(args['full-name']) || undefined;
  const missing: [string, () => string][] = [
    ['from', () => `From: ${name === undefined ? address : `${phrase(name)} <${address}>`}`],
    ['date', () => `Date: ${new Date().toUTCString().replace('GMT', '+0000')}`],
    ['message-id', () => `Message-ID: <${randomUUID()}@${text(address.split('@').at(-1))}>`],
  ];
  const lines = missing.flatMap(([field, make]) => (fields.has(field) ? [] : [`${make()}\r\n`]));
  if (lines.length > 0) yield Buffer.from(lines.join(''));
  yield* read();
}

/** RFC 5322 §3.2.5; what is no ASCII goes as an encoded word (RFC 2047). */
const phrase = (name: string): string =>
  /^[\x20-\x7e]*$/.test(name)
    ? `"${name.replace(/["\\]/g, '\\$&')}"`
    : `=?utf-8?B?${Buffer.from(name.replace(/[\r\n]/g, ' ')).toString('base64')}?=`;
