/** A message that is made here, of the options of `send`. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Composed } from '@fivewire/compose';
import { type Args, type Context, optionalText, texts } from '../context.js';
import { exitCodes, Failure, usage } from '../exit-code.js';
import { readLocal, unreadable } from '../local-files.js';
import { line } from '../output.js';
import { readStdin } from '../stdin.js';
import { givenFields } from './given-fields.js';
import { isNullSender, type Outgoing } from './outgoing.js';
import { asFile, type SpooledInput } from './ready-message.js';

/** What is known beforehand, in place of what the options say. */
interface Given {
  text: string | undefined;
  html: string | undefined;
  /** Stands in the Message-ID: the same for the same message in every run. */
  key: string;
}

export async function composed(args: Args, context: Context, known?: Given): Promise<Outgoing> {
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
  const paths = texts(args.attach);
  const readers = [
    ...paths.filter((path) => path === '-'),
    ...(known === undefined ? [args.text, args.html].filter(isStdin) : []),
  ];
  if (readers.length > 1) throw usage('stdin can be only one of text, HTML and attachment');
  for (const path of paths) await checkAttachable(path, known !== undefined);
  const inputs: SpooledInput[] = [];
  const close = async (): Promise<void> => {
    for (const input of inputs) await input.close();
  };
  try {
    const attachments: Attached[] = [];
    for (const path of paths) {
      const input = await asFile(path, 'the attachment');
      inputs.push(input);
      attachments.push({ filename: path === '-' ? 'stdin' : basename(path), file: input.file });
    }
    return { ...(await made({ from, to, cc, bcc }, attachments, args, context, known)), close };
  } catch (error) {
    await close();
    throw error;
  }
}

interface Attached {
  filename: string;
  file: string;
}

interface Addressed {
  from: string;
  to: string[];
  cc: string[];
  bcc: string[];
}

async function made(
  addressed: Addressed,
  attachments: readonly Attached[],
  args: Args,
  context: Context,
  known: Given | undefined,
): Promise<Omit<Outgoing, 'close'>> {
  const { compose } = await import('@fivewire/compose');
  const { text, html } = known ?? {
    text: await content(args.text),
    html: await content(args.html),
  };
  const subject = optionalText(args.subject);
  const empty = [subject, text, html].every((one) => one === undefined) && attachments.length === 0;
  if (empty && args['dry-run'] !== true)
    throw usage(
      'An empty message?',
      'Give --subject, --text, --html, --attach, or a ready message with --file.',
    );
  const replyTo = optionalText(args['reply-to']);
  const further = givenFields(texts(args.header));
  const dkim = await dkimKey(args, context);
  // One Message-ID and one date for all attempts: who gets it twice can tell.
  const { randomUUID } = await import('node:crypto');
  const fixed = {
    messageId: `<${known?.key ?? randomUUID()}@${domainOf(addressed.from)}>`,
    date: new Date(),
  };
  const make = (): Promise<Composed> =>
    compose(
      {
        ...{ ...addressed, ...fixed, ...further },
        ...(subject === undefined ? {} : { subject }),
        ...(text === undefined ? {} : { text }),
        ...(html === undefined ? {} : { html }),
        ...(replyTo === undefined ? {} : { replyTo }),
        attachments: attachments.map(({ filename, file }) => ({
          filename,
          content: createReadStream(file),
        })),
      },
      dkim === undefined ? {} : { dkim },
    );
  const first = await make();
  first.body.on('error', () => {}).destroy();
  return {
    envelope: first.envelope,
    body: async () => (await make()).body,
  };
}

/** RFC 5322 §3.6.4: any domain that is the sender's own. */
const domainOf = (from: string): string =>
  /@([A-Za-z0-9.-]+)>?\s*$/.exec(from)?.[1] ?? 'fivewire.invalid';

/** `@FILE` is what the file says; `@-`, and `-` as of `--attach` and `--file`, what comes by stdin. */
export async function content(value: unknown): Promise<string | undefined> {
  const given = optionalText(value);
  if (given === '@') throw usage('@ names no file', 'Write @FILE, or @- for stdin.');
  if (isStdin(given)) return (await readStdin('the text')).toString('utf8');
  if (given === undefined || !given.startsWith('@')) return given;
  return (await readLocal(given.slice(1), 'the text')).toString('utf8');
}

const isStdin = (given: unknown): boolean => given === '-' || given === '@-';

async function dkimKey(args: Args, { profile }: Context) {
  const [key, domain, selector] = [
    optionalText(args['dkim-key']) ?? profile?.dkimKey,
    optionalText(args['dkim-domain']) ?? profile?.dkimDomain,
    optionalText(args['dkim-selector']) ?? profile?.dkimSelector,
  ];
  if (key === undefined) {
    const stray = ['dkim-domain', 'dkim-selector'].find((name) => args[name] !== undefined);
    if (stray !== undefined)
      throw usage(`--${stray} goes with --dkim-key`, 'Without a key nothing is signed.');
    return undefined;
  }
  if (domain === undefined || selector === undefined)
    throw usage(
      'A DKIM key needs a domain and a selector',
      'Give --dkim-domain and --dkim-selector, or dkimDomain and dkimSelector in the profile.',
    );
  return {
    domain,
    selector,
    privateKey: (await readLocal(key, 'the DKIM key')).toString('latin1'),
  };
}

/** @param isRepeated for each row it would have to be read again */
async function checkAttachable(path: string, isRepeated: boolean): Promise<void> {
  const what =
    path === '-'
      ? undefined
      : await stat(path).catch((error) => {
          throw unreadable(path, 'the attachment', error);
        });
  if (what?.isDirectory())
    throw new Failure(exitCodes.notFound, `Cannot read the attachment, ${path}: it is no file`);
  if (isRepeated && !what?.isFile())
    throw usage(
      `--attach ${line(path)} can be read once, and --each needs it for each row`,
      'Write it into a file first.',
    );
}

/** With `--domain`, local parts alone become addresses; all else is for the composer to read. */
const completed = (given: readonly string[], domain: string | undefined): string[] =>
  domain === undefined
    ? [...given]
    : given.map((one) => (/^[^\s@<>,;:"()]+$/.test(one) ? `${one}@${domain}` : one));
