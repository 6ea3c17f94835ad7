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
import { type ReadyMessage, readyMessage } from '../ready-message.js';
import { withRetry } from '../retry.js';
import { withSession } from '../sessions.js';
import { resolveTarget } from '../target.js';

export const options = {
  from: { type: 'string', describe: 'Sender; default: the profile’s' },
  to: { type: 'string', array: true, describe: 'Recipient; may be given again' },
  cc: { type: 'string', array: true, describe: 'Recipient of a copy' },
  bcc: { type: 'string', array: true, describe: 'Recipient that the others do not see' },
  subject: { type: 'string', describe: 'Subject' },
  text: { type: 'string', describe: 'Text; @FILE reads it from a file, @- from stdin' },
  html: { type: 'string', describe: 'HTML; @FILE reads it from a file, @- from stdin' },
  attach: { type: 'string', array: true, describe: 'File to attach; may be given again' },
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
    for (const one of result.accepted) await recipientRow(context, 'accepted', one);
    for (const one of result.refused) await recipientRow(context, 'refused', one);
    const { code, enhanced, text } = result.reply;
    await out.row(
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
  for (const one of accepted) await recipientRow(context, 'accepted', one);
  for (const one of refused) await recipientRow(context, 'refused', one);
  context.out.say('Dry run: nothing was sent.');
  if (refused.length === 0) return undefined;
  if (accepted.length > 0) return exitCodes.partly;
  return refused.every(({ transient }) => transient) ? exitCodes.temporary : exitCodes.badRecipient;
}

interface Answer {
  address: string;
  reply: { code: number | string; enhanced?: string; text: string };
}

async function recipientRow(
  { out }: Context,
  verdict: 'accepted' | 'refused',
  { address, reply }: Answer,
): Promise<void> {
  const said = [reply.code, reply.enhanced, line(reply.text)].filter(Boolean).join(' ');
  await out.row(
    { type: 'recipient', verdict, address, reply },
    `${verdict} ${line(address)}: ${said}`,
  );
}

/** When all are refused it is an error, and what was said to each is data all the same. */
async function tellRefusals(error: unknown, context: Context): Promise<void> {
  const { code, recipients } = error as { code?: string; recipients?: readonly Answer[] };
  if (code !== 'ERR_RECIPIENTS_REJECTED') return;
  for (const one of recipients ?? []) await recipientRow(context, 'refused', one);
}

// ── a message made here ────────────────────────────────────────────────────────────────────────────────────────

async function composed(args: Args, context: Context): Promise<Outgoing> {
  const { compose } = await import('@fivewire/compose');
  const from = optionalText(args.from) ?? context.profile?.from;
  if (from === undefined) throw usage('Who sends it?', 'Give --from, or from: in the profile.');
  const [to, cc, bcc] = [texts(args.to), texts(args.cc), texts(args.bcc)];
  if (to.length + cc.length + bcc.length === 0) throw usage('Who gets it?', 'Give --to.');
  const attachments = texts(args.attach);
  for (const path of attachments) await checkReadable(path);
  const [text, html] = [await content(args.text, context), await content(args.html, context)];
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
          filename: basename(path),
          content: createReadStream(path),
        })),
      },
      dkim === undefined ? {} : { dkim },
    );
  const first = await make();
  first.body.on('error', () => {}).destroy();
  return { envelope: first.envelope, body: async () => (await make()).body, close: async () => {} };
}

/** RFC 5322 §3.6.4: any domain that is the sender's own. */
const domainOf = (from: string): string =>
  /@([A-Za-z0-9.-]+)>?\s*$/.exec(from)?.[1] ?? 'fivewire.invalid';

async function content(value: unknown, { settings }: Context): Promise<string | undefined> {
  const given = optionalText(value);
  if (given === undefined || !given.startsWith('@')) return given;
  if (given === '@-') {
    if (settings.passwordStdin) throw usage('stdin cannot be both the password and the text');
    return (await import('node:stream/consumers')).text(process.stdin);
  }
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
  const message: ReadyMessage = await readyMessage(path);
  try {
    const recipients = [...texts(args.to), ...texts(args.cc), ...texts(args.bcc)];
    const to = recipients.length > 0 ? recipients.flatMap(bareAddresses) : message.recipients;
    const [from] = [optionalText(args.from), context.profile?.from, message.from].flatMap((one) =>
      one === undefined ? [] : bareAddresses(one),
    );
    if (from === undefined) throw usage('Who sends it?', 'The message has no From: give --from.');
    if (to.length === 0)
      throw usage('Who gets it?', 'The message has no To, Cc or Bcc: give --to.');
    return {
      envelope: { from, to, size: message.size },
      body: async () => Readable.from(message.read(), { objectMode: false }),
      close: message.close,
    };
  } catch (error) {
    await message.close();
    throw error;
  }
}

/** `Alice <alice@example.org>` → `alice@example.org`: the envelope has no names. */
const bareAddresses = (given: string): string[] =>
  given.includes('<')
    ? [...given.matchAll(/<([^<>]*)>/g)].map(([, address]) => address as string)
    : given
        .split(',')
        .map((one) => one.trim())
        .filter(Boolean);
