/** `fivewire news groups|over|get|archive|nzb|post`: what a news server has, and a new article for it. */
import { createReadStream } from 'node:fs';
import { pipeline, type Readable } from 'node:stream';
import { type Args, type CommandModule, type Context, optionalText, text } from '../context.js';
import { usage } from '../exit-code.js';
import { wholeNumber } from '../global-options.js';
import { named } from '../named.js';
import { listArticles, listedIn, listGroups } from '../news-lists.js';
import { line } from '../output.js';
import { withRetry } from '../retry.js';
import { content } from '../send/composed.js';
import { asFile, startOfMessage } from '../send/ready-message.js';
import { withSession } from '../sessions.js';
import { resolveTarget, type Target } from '../target.js';
import { Throttle } from '../throttle.js';
import { newsPath } from '../url-paths.js';
import * as fetchCommand from './fetch.js';
import * as getCommand from './get.js';

export const options: CommandModule['options'] = {
  wildmat: {
    type: 'string',
    describe: 'groups: only those that it means, such as comp.*,!comp.os.*',
  },
  long: { type: 'boolean', alias: 'l', describe: 'groups: numbers and status as well' },
  last: { type: 'string', describe: 'over: only so many of the newest' },
  from: { type: 'string', describe: 'post: author' },
  subject: { type: 'string', describe: 'post: subject' },
  text: { type: 'string', describe: 'post: text; @FILE reads it from a file' },
  into: { type: 'string', describe: 'nzb: directory for the files; default: here' },
  jobs: { type: 'string', alias: 'j', describe: 'nzb: connections; default 4' },
  state: fetchCommand.options.state,
  exec: fetchCommand.options.exec,
  limit: fetchCommand.options.limit,
};

type Action = (args: Args, context: Context) => Promise<number | undefined>;

/** What each does, and which of the options are its own: another would be passed over in silence. */
const actions: Readonly<Record<string, readonly [Action, readonly string[]]>> = {
  groups: [groups, ['wildmat', 'long']],
  over: [over, ['last']],
  get: [get, ['state', 'exec', 'limit']],
  archive: [archive, ['state', 'exec', 'limit']],
  nzb: [nzb, ['into', 'jobs']],
  post: [post, ['from', 'subject', 'text']],
};

export async function run(args: Args, context: Context): Promise<number | undefined> {
  const what = text(args.what);
  const [action, own] = named(actions, what) ?? [];
  if (action === undefined || own === undefined)
    throw usage(
      `There is no news ${line(what)}`,
      'There are groups, over, get, archive, nzb and post.',
    );
  const stray = Object.keys(options).find(
    (name) => args[name] !== undefined && !own.includes(name),
  );
  if (stray !== undefined)
    throw usage(
      `news ${what} takes no --${stray}`,
      `It takes ${own.map((name) => `--${name}`).join(', ')}.`,
    );
  if ((what === 'groups' || what === 'over') && args.dest !== undefined)
    throw usage(`news ${what} takes no file`, 'It prints to stdout.');
  wholeNumber(args.limit, '--limit'); // of a single article as well
  return action(args, context);
}

async function groups(args: Args, context: Context): Promise<undefined> {
  const target = await resolveTarget(optionalText(args.url), context, { protocols: ['nntp'] });
  const { group, article: stray } = newsPath(target.path);
  if (stray !== undefined)
    throw usage('groups takes a host, or names of groups', 'Write nntps://host/comp.*.');
  const wildmat = optionalText(args.wildmat) ?? group;
  const wishes = { long: args.long === true, ...(wildmat === undefined ? {} : { wildmat }) };
  await withRetry(context, () =>
    withSession('nntp', target, context, (nntp) => listGroups(nntp, context, wishes)),
  );
}

async function over(args: Args, context: Context): Promise<undefined> {
  const target = await resolveTarget(optionalText(args.url), context, { protocols: ['nntp'] });
  const { group, ...which } = listedIn(target.path);
  if (group === undefined) throw usage('Which newsgroup?', 'Write nntps://host/misc.test.');
  const last = wholeNumber(args.last, '--last');
  const wishes = { group, ...which, ...(last === undefined ? {} : { last }) };
  await withRetry(context, () =>
    withSession('nntp', target, context, (nntp) => listArticles(nntp, context, wishes)),
  );
}

/** One article, or what is new in a group. */
async function get(args: Args, context: Context): Promise<number | undefined> {
  const target = await newsTarget(args, context);
  const isArticle = newsPath(target.path).article !== undefined;
  return isArticle ? getCommand.run(args, context) : fetchCommand.run(args, context);
}

/** What is new in a group, and in every later run what is new since. */
async function archive(args: Args, context: Context): Promise<number | undefined> {
  if (newsPath((await newsTarget(args, context)).path).article !== undefined)
    throw usage('archive takes a newsgroup', 'fivewire news get gets an article.');
  return fetchCommand.run(args, context);
}

const newsTarget = (args: Args, context: Context): Promise<Target> =>
  resolveTarget(optionalText(args.url), context, { protocols: ['nntp'], login: 'none' });

/** The files of an NZB, put together of their articles. */
async function nzb(args: Args, context: Context): Promise<number | undefined> {
  const { getNzb } = await import('../news-nzb.js');
  const file = optionalText(args.dest);
  if (file === undefined) throw usage('Which NZB?', 'fivewire news nzb nntps://host FILE.nzb');
  const target = await resolveTarget(optionalText(args.url), context, { protocols: ['nntp'] });
  const wishes = {
    file,
    into: optionalText(args.into) ?? '.',
    jobs: wholeNumber(args.jobs, '--jobs') ?? 4,
  };
  return getNzb(target, wishes, context);
}

async function post(args: Args, context: Context): Promise<undefined> {
  const target = await resolveTarget(optionalText(args.url), context, { protocols: ['nntp'] });
  const { group } = newsPath(target.path);
  const file = optionalText(args.dest);
  const given = ['from', 'subject', 'text'].find((name) => args[name] !== undefined);
  if (file !== undefined && given !== undefined)
    throw usage(`FILE is a finished article: --${given} cannot change it`);
  const spool = file === undefined ? undefined : await asFile(file, 'the article');
  try {
    const path = spool?.file;
    const start =
      path === undefined ? 0 : await startOfMessage(path, file === '-' ? 'stdin' : `${file}`);
    const composed = path === undefined ? await article(args, group, context) : undefined;
    await withRetry(context, () =>
      withSession('nntp', target, context, async (nntp) => {
        const what = composed ?? paced(createReadStream(path as string, { start }), context);
        const { messageId, text: said } = await nntp.post(what, { signal: context.signal });
        const record = { type: 'posted', messageId, reply: said };
        await context.out.done(record, messageId ?? line(said));
      }),
    );
  } finally {
    await spool?.close();
  }
}

/** `--limit-rate`. */
const paced = (source: Readable, { settings: { limitRate } }: Context): Readable =>
  limitRate === undefined ? source : pipeline(source, new Throttle(limitRate), () => {});

async function article(args: Args, group: string | undefined, { profile }: Context) {
  const from = optionalText(args.from) ?? profile?.from;
  const [subject, given] = [optionalText(args.subject), optionalText(args.text)];
  if (from === undefined || subject === undefined || given === undefined)
    throw usage(
      'What is to be posted?',
      'Give --from, --subject and --text, or a FILE with the whole article.',
    );
  if (group === undefined)
    throw usage('Into which newsgroup?', 'Write nntps://user@host/misc.test.');
  const { Article } = await import('@fivewire/nntp');
  const body = (await content(given)) ?? '';
  return new Article({ from, newsgroups: group, subject, body });
}
