/**
 * `fivewire send`: a message from a file, from stdin, or composed; the reply to each recipient is a line.
 * The envelope is `--from`, `--to`, `--cc` and `--bcc`; for a ready message without `--to`, its own header says who.
 */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { pipeline, Readable } from 'node:stream';
import type { Composed } from '@fivewire/compose';
import type { Envelope, SmtpClient } from '@fivewire/smtp';
import { type Args, type Context, optionalText, texts } from '../context.js';
import { exitCodes, usage } from '../exit-code.js';
import { readLocal, unreadable } from '../local-files.js';
import { line } from '../output.js';
import { passage, startProgress } from '../progress.js';
import { type ReadyMessage, readyMessage, spoolStdin } from '../ready-message.js';
import { addressesIn } from '../recipients.js';
import { withRetry } from '../retry.js';
import { withSession } from '../sessions.js';
import { resolveTarget } from '../target.js';

export const options = {
  from: {
    type: 'string',
    mayBeEmpty: true,
    describe: 'Sender; default: the profile’s. With --file, "" or "<>" is the null sender',
  },
  to: { type: 'string', array: true, describe: 'Recipient; may be given again' },
  cc: { type: 'string', array: true, describe: 'Recipient of a copy' },
  bcc: { type: 'string', array: true, describe: 'Recipient that the others do not see' },
  domain: { type: 'string', describe: 'Completes addresses that are a local part alone' },
  subject: { type: 'string', mayBeEmpty: true, describe: 'Subject' },
  text: {
    type: 'string',
    mayBeEmpty: true,
    describe: 'Text; @FILE reads it from a file, @- from stdin',
  },
  html: {
    type: 'string',
    mayBeEmpty: true,
    describe: 'HTML; @FILE reads it from a file, @- from stdin',
  },
  attach: {
    type: 'string',
    array: true,
    describe: 'File to attach, - for stdin; may be given again',
  },
  'reply-to': { type: 'string', describe: 'Where answers go' },
  file: { type: 'string', describe: 'Send this ready message (RFC 5322) instead; - for stdin' },
  'dkim-key': { type: 'string', describe: 'PEM file of an RSA key to sign with' },
  'dkim-domain': { type: 'string', describe: 'The signing domain' },
  'dkim-selector': { type: 'string', describe: 'The key’s selector' },
  'all-or-none': { type: 'boolean', describe: 'Send to nobody when one recipient is refused' },
  'dry-run': { type: 'boolean', describe: 'Ask about sender and recipients, and send nothing' },
} as const;

/** Made anew for each attempt: a stream can be read once. */
interface Outgoing {
  envelope: Envelope;
  body(): Promise<Readable>;
  close(): Promise<void>;
}

export async function run(args: Args, context: Context): Promise<number | undefined> {
  const target = await resolveTarget(optionalText(args.url), context, { protocols: ['smtp'] });
  const outgoing =
    args.file === undefined ? await composed(args, context) : await ready(args, context);
  try {
    return await withRetry(context, () =>
      withSession('smtp', target, context, (smtp) =>
        args['dry-run'] === true
          ? ask(smtp, outgoing, context)
          : send(smtp, outgoing, args['all-or-none'] === true, context),
      ),
    );
  } finally {
    await outgoing.close();
  }
}

async function send(
  smtp: SmtpClient,
  { envelope, body }: Outgoing,
  all: boolean,
  context: Context,
): Promise<number | undefined> {
  const { out, signal } = context;
  const progress = await startProgress(context, 'message');
  try {
    const source = await body();
    const flowing = pipeline(
      [source, ...passage(context, progress, envelope.size)],
      () => {},
    ) as unknown as Readable;
    const result = await smtp.send(envelope, flowing, {
      signal,
      onRefused: all ? 'abort' : 'send-rest',
    });
    progress.stop();
    for (const one of result.accepted) await verdict(context, 'accepted', one);
    for (const one of result.refused) await verdict(context, 'refused', one);
    const { code, enhanced, text } = result.reply;
    await out.done(
      { type: 'sent', octets: result.bytes, reply: result.reply },
      `sent ${result.bytes} octets: ${[code, enhanced, line(text)].filter(Boolean).join(' ')}`,
    );
    return result.refused.length === 0 ? undefined : exitCodes.partly;
  } catch (error) {
    await tellRefusals(error, context);
    throw error;
  } finally {
    progress.stop();
  }
}

async function ask(
  smtp: SmtpClient,
  { envelope }: Outgoing,
  context: Context,
): Promise<number | undefined> {
  const { accepted, refused } = await smtp.probe(envelope, { signal: context.signal });
  // Here the answers are what was asked for.
  for (const one of accepted) await answerRow(context, 'accepted', one);
  for (const one of refused) await answerRow(context, 'refused', one);
  context.out.say('Dry run: nothing was sent.');
  if (refused.length === 0) return undefined;
  if (accepted.length > 0) return exitCodes.partly;
  return refused.every(({ transient }) => transient) ? exitCodes.temporary : exitCodes.badRecipient;
}

interface Answer {
  address: string;
  reply: { code: number | string; enhanced?: string; text: string };
}

type Verdict = 'accepted' | 'refused';

const recordOf = (verdict: Verdict, { address, reply }: Answer) => ({
  type: 'recipient',
  verdict,
  address,
  reply,
});

function sentence(verdict: Verdict, { address, reply }: Answer): string {
  const said = [reply.code, reply.enhanced, line(reply.text)].filter(Boolean).join(' ');
  return `${verdict} ${line(address)}: ${said}`;
}

const answerRow = ({ out }: Context, verdict: Verdict, answer: Answer): Promise<void> =>
  out.row(recordOf(verdict, answer), sentence(verdict, answer));

/** Who was refused is said to whoever reads stderr, whatever became of the others. */
async function verdict({ out }: Context, verdict: Verdict, answer: Answer): Promise<void> {
  if (verdict === 'refused' && !out.json) out.warn(sentence(verdict, answer));
  else await out.done(recordOf(verdict, answer), sentence(verdict, answer));
}

/** When all are refused it is an error, and what was said to each is data all the same. */
async function tellRefusals(error: unknown, context: Context): Promise<void> {
  const { code, recipients } = error as { code?: string; recipients?: readonly Answer[] };
  if (code !== 'ERR_RECIPIENTS_REJECTED') return;
  for (const one of recipients ?? []) await verdict(context, 'refused', one);
}

// ── a message made here ────────────────────────────────────────────────────────────────────────────────────────

async function composed(args: Args, context: Context): Promise<Outgoing> {
  const { compose } = await import('@fivewire/compose');
  const given = optionalText(args.from) ?? context.profile?.from;
  if (given === undefined) throw usage('Who sends it?', 'Give --from, or from: in the profile.');
  if (isNullSender(given))
    throw usage('A message that is made here needs an author', 'The null sender goes with --file.');
  const domain = optionalText(args.domain);
  const [from = given] = completed([given], domain);
  const [to, cc, bcc] = [args.to, args.cc, args.bcc].map((some) =>
    completed(texts(some), domain),
  ) as [string[], string[], string[]];
  if (to.length + cc.length + bcc.length === 0) throw usage('Who gets it?', 'Give --to.');
  const attachments = texts(args.attach);
  const readers = [
    ...attachments.filter((path) => path === '-'),
    ...[args.text, args.html].filter((one) => one === '@-'),
  ];
  if (readers.length > 1) throw usage('stdin can be only one of text, HTML and attachment');
  if (readers.length > 0 && context.settings.passwordStdin)
    throw usage('stdin cannot be both the password and the text');
  for (const path of attachments) if (path !== '-') await checkReadable(path);
  const spool = attachments.includes('-') ? await spoolStdin() : undefined;
  const [text, html] = [await content(args.text), await content(args.html)];
  const subject = optionalText(args.subject);
  const empty = [subject, text, html].every((one) => one === undefined) && attachments.length === 0;
  if (empty && args['dry-run'] !== true)
    throw usage(
      'An empty message?',
      'Give --subject, --text, --html, --attach, or a ready message with --file.',
    );
  const replyTo = optionalText(args['reply-to']);
  const dkim = await dkimKey(args);
  // One Message-ID and one date for all attempts: who gets it twice can tell.
  const { randomUUID } = await import('node:crypto');
  const fixed = { messageId: `<${randomUUID()}@${domainOf(from)}>`, date: new Date() };
  const make = (): Promise<Composed> =>
    compose(
      {
        ...{ from, to, cc, bcc, ...fixed },
        ...(subject === undefined ? {} : { subject }),
        ...(text === undefined ? {} : { text }),
        ...(html === undefined ? {} : { html }),
        ...(replyTo === undefined ? {} : { replyTo }),
        attachments: attachments.map((path) => ({
          filename: path === '-' ? 'stdin' : basename(path),
          content: createReadStream(path === '-' && spool !== undefined ? spool.file : path),
        })),
      },
      dkim === undefined ? {} : { dkim },
    );
  const first = await make();
  first.body.on('error', () => {}).destroy();
  return {
    envelope: first.envelope,
    body: async () => (await make()).body,
    close: spool?.close ?? (async () => {}),
  };
}

/** RFC 5322 §3.6.4: any domain that is the sender's own. */
const domainOf = (from: string): string =>
  /@([A-Za-z0-9.-]+)>?\s*$/.exec(from)?.[1] ?? 'fivewire.invalid';

async function content(value: unknown): Promise<string | undefined> {
  const given = optionalText(value);
  if (given === undefined || !given.startsWith('@')) return given;
  if (given === '@-') return (await import('node:stream/consumers')).text(process.stdin);
  return (await readLocal(given.slice(1), 'the text')).toString('utf8');
}

async function dkimKey(args: Args) {
  const [key, domain, selector] = ['dkim-key', 'dkim-domain', 'dkim-selector'].map((name) =>
    optionalText(args[name]),
  );
  if (key === undefined) return undefined;
  if (domain === undefined || selector === undefined)
    throw usage('--dkim-key needs --dkim-domain and --dkim-selector');
  return {
    domain,
    selector,
    privateKey: (await readLocal(key, 'the DKIM key')).toString('latin1'),
  };
}

async function checkReadable(path: string): Promise<void> {
  const what = await stat(path).catch((error) => {
    throw unreadable(path, 'the attachment', error);
  });
  if (!what.isFile()) throw usage(`${path} is no file`);
}

// ── a ready message ────────────────────────────────────────────────────────────────────────────────────────────

async function ready(args: Args, context: Context): Promise<Outgoing> {
  for (const name of ['subject', 'text', 'html', 'attach', 'reply-to', 'dkim-key']) {
    if (args[name] !== undefined)
      throw usage(`--file is a ready message: --${name} cannot change it`);
  }
  const path = String(args.file);
  if (path === '-' && context.settings.passwordStdin)
    throw usage('stdin cannot be both the password and the message');
  const domain = optionalText(args.domain);
  const message: ReadyMessage = await readyMessage(path, domain);
  try {
    const recipients = (['to', 'cc', 'bcc'] as const).flatMap((name) =>
      texts(args[name]).flatMap((one) => addressesIn(one, `--${name}`, domain)),
    );
    const to = [...new Set(recipients.length > 0 ? recipients : message.recipients)];
    const given = optionalText(args.from) ?? context.profile?.from;
    const from =
      given === undefined
        ? message.from
        : isNullSender(given)
          ? null
          : addressesIn(given, '--from', domain)[0];
    if (from === undefined) throw usage('Who sends it?', 'The message has no From: give --from.');
    if (to.length === 0)
      throw usage('Who gets it?', 'The message has no To, Cc or Bcc: give --to.');
    return {
      envelope: { from, to, size: message.size, unqualified: true },
      body: async () => Readable.from(message.read(), { objectMode: false }),
      close: message.close,
    };
  } catch (error) {
    await message.close();
    throw error;
  }
}

/** RFC 5321 §4.5.5. */
const isNullSender = (given: string): boolean => ['', '<>'].includes(given.trim());

/** With `--domain`, local parts alone become addresses; all else is for the composer to read. */
const completed = (given: readonly string[], domain: string | undefined): string[] =>
  domain === undefined
    ? [...given]
    : given.map((one) => (/^[^\s@<>,;:"()]+$/.test(one) ? `${one}@${domain}` : one));
