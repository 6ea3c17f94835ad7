/**
 * One message for each row of a CSV file. Which rows are done is in a journal: a rerun sends what is left. A row that a kill may have
 * sent is told and not sent by itself.
 */
import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import type { SmtpClient } from '@fivewire/smtp';
import { isFivewireError } from 'tls-context-core';
import { type Args, type Context, optionalText, texts } from '../context.js';
import { exitCodes, Failure, usage } from '../exit-code.js';
import { openJournal } from '../journal-file.js';
import { readLocal } from '../local-files.js';
import { line } from '../output.js';
import { paced, rateOf } from '../rate.js';
import { withRetry } from '../retry.js';
import { withSession } from '../sessions.js';
import { resolveTarget } from '../target.js';
import { composed, content } from './composed.js';
import { type CsvRow, parseCsv } from './csv.js';
import { ask, type Outgoing, send } from './outgoing.js';
import { addressesIn } from './recipients.js';
import { filled, htmlText } from './template.js';

type Entry = { begun: string } | { sent: string } | { refused: string; problem: string };

class Rows {
  readonly sent = new Set<string>();
  readonly begun = new Set<string>();
  readonly refused = new Map<string, string>();

  apply(entry: Entry): void {
    if ('begun' in entry) this.begun.add(entry.begun);
    else {
      const key = 'sent' in entry ? entry.sent : entry.refused;
      this.begun.delete(key);
      if ('sent' in entry) this.sent.add(key);
      else this.refused.set(key, entry.problem);
    }
  }

  *entries(): Generator<Entry> {
    for (const sent of this.sent) yield { sent };
    for (const begun of this.begun) yield { begun };
    for (const [refused, problem] of this.refused) yield { refused, problem };
  }
}

interface Letter {
  row: number;
  /** The same in every run. */
  key: string;
  args: Args;
  text: string | undefined;
  html: string | undefined;
}

const lists = ['to', 'cc', 'bcc', 'attach', 'header'] as const;
const single = ['from', 'subject', 'reply-to'] as const;

export async function sendEach(args: Args, context: Context): Promise<number | undefined> {
  const path = String(args.each);
  if (args.file !== undefined) throw usage('--file does not go with --each');
  const isDry = args['dry-run'] === true;
  const journalPath =
    optionalText(args.journal) ?? (path === '-' ? undefined : `${path}.fivewire-sent`);
  if (journalPath === undefined)
    throw usage('Where is the journal?', 'With rows by stdin give --journal FILE.');
  const name = path === '-' ? 'stdin' : path;
  const rows = parseCsv((await readLocal(path, 'the rows')).toString('utf8'), name);
  const letters = await lettersOf(rows, args);
  for (const letter of letters) refuseUnaddressed(letter, name);
  const wait = paced(
    args.rate === undefined ? undefined : rateOf(String(args.rate)),
    context.signal,
  );
  const target = await resolveTarget(optionalText(args.url), context, { protocols: ['smtp'] });
  const known = new Rows();
  const journal = await openJournal<Entry>(journalPath, 'send', known, { readOnly: isDry });
  let [failed, unknown] = [0, 0];
  try {
    await withRetry(
      context,
      () =>
        withSession('smtp', target, context, async (smtp) => {
          [failed, unknown] = [0, 0];
          for (const letter of letters) {
            if (known.sent.has(letter.key)) continue;
            if (known.begun.has(letter.key) && args['resend-unknown'] !== true) {
              unknown++;
              context.out.warn(
                `row ${letter.row}: an earlier run was ended while it was sent, and nobody knows whether it was taken`,
              );
              continue;
            }
            await wait();
            const isWell = isDry
              ? await askOne(smtp, letter, context)
              : await sendOne(smtp, letter, journal, context);
            if (!isWell) failed++;
          }
        }),
      { resumable: true },
    );
  } finally {
    await journal.close();
    const [something] = known.entries();
    if (something === undefined && !isDry) await rm(journalPath, { force: true });
  }
  if (isDry) context.out.say('Dry run: nothing was sent.');
  context.out.summary(
    `${letters.length} ${letters.length === 1 ? 'row' : 'rows'}, ${failed} failed, ${unknown} unknown`,
  );
  if (unknown > 0) return exitCodes.protocol;
  return failed > 0 ? exitCodes.partly : undefined;
}

/** @returns false where the row was refused */
async function sendOne(
  smtp: SmtpClient,
  { row, key, args, text, html }: Letter,
  journal: { append(...entries: Entry[]): Promise<void> },
  context: Context,
): Promise<boolean> {
  const outgoing = await composed(args, context, { text, html, key });
  const noted: Outgoing = {
    ...outgoing,
    async body() {
      await journal.append({ begun: key });
      return outgoing.body();
    },
  };
  try {
    await send(smtp, noted, true, context);
    await journal.append({ sent: key });
    return true;
  } catch (error) {
    if (isUndelivered(error)) await journal.append({ refused: key, problem: error.message });
    const isRefused = isFivewireError(error) && error.connection === 'usable';
    if (!isRefused || context.signal.aborted) throw error;
    context.out.warn(`row ${row}: ${line(error.message)}`);
    return false;
  } finally {
    await outgoing.close();
  }
}

/** Made, that what cannot be made is seen, and not sent. @returns false where a recipient or the sender would be refused */
async function askOne(
  smtp: SmtpClient,
  { row, key, args, text, html }: Letter,
  context: Context,
): Promise<boolean> {
  const outgoing = await composed(args, context, { text, html, key });
  try {
    return (await ask(smtp, outgoing, context)) === undefined;
  } catch (error) {
    if (!isFivewireError(error) || error.connection !== 'usable' || context.signal.aborted)
      throw error;
    context.out.warn(`row ${row}: ${line(error.message)}`);
    return false;
  } finally {
    await outgoing.close();
  }
}

/** As the client promises: nobody has it, also where the connection broke or a signal came before the message's end. */
const isUndelivered = (error: unknown): error is Error =>
  isFivewireError(error) &&
  error.code !== 'ERR_OUTCOME_UNKNOWN' &&
  !(error.code === 'ERR_ABORTED' && error.connection === 'usable');

/** Before anything is sent: whom the letter of a row goes to. @throws Failure 65 */
function refuseUnaddressed({ row, args }: Letter, path: string): void {
  const domain = optionalText(args.domain);
  const bad = (why: string): Failure =>
    new Failure(exitCodes.badData, `Nothing was sent: ${line(path)}, line ${row}: ${line(why)}`, {
      code: 'ERR_ARGUMENT',
      hint: 'Write it as alice@example.org or Alice <alice@example.org>; --domain completes names alone.',
    });
  let count = 0;
  for (const name of ['to', 'cc', 'bcc'])
    for (const one of texts(args[name])) {
      const found = readAddresses(one, `--${name}`, domain, bad);
      const local = found.find((address) => !address.includes('@'));
      if (local !== undefined) throw bad(`--${name} holds "${local}", which is no address`);
      count += found.length;
    }
  if (count === 0) throw bad('nobody gets it');
}

function readAddresses(
  text: string,
  what: string,
  domain: string | undefined,
  bad: (why: string) => Failure,
): string[] {
  try {
    return addressesIn(text, what, domain);
  } catch (error) {
    throw bad((error as Error).message.replace(/^Nothing was sent: /, ''));
  }
}

async function lettersOf(rows: readonly CsvRow[], args: Args): Promise<Letter[]> {
  const [text, html] = [await content(args.text), await content(args.html)];
  const seen = new Map<string, number>();
  return rows.map(({ line: row, values }) => {
    const own: Record<string, unknown> = { ...args };
    for (const name of lists)
      own[name] = texts(args[name])
        .map((one) => filled(one, values))
        .filter((one) => one !== '');
    for (const name of single)
      if (args[name] !== undefined) own[name] = filled(String(args[name]), values);
    const letter = {
      text: text === undefined ? undefined : filled(text, values),
      html: html === undefined ? undefined : filled(html, values, htmlText),
    };
    const what = JSON.stringify([[...lists, ...single].map((name) => own[name]), letter]);
    const nth = (seen.get(what) ?? 0) + 1;
    seen.set(what, nth);
    const key = createHash('sha256').update(`${what}\n${nth}`).digest('hex').slice(0, 32);
    return { row, key, args: own, ...letter };
  });
}
