/**
 * `fivewire fetch`: what is new in a mailbox, a maildrop or a newsgroup, into a Maildir, an mbox, a command, attachments or
 * JSON lines. A message counts as fetched when it is safe, and is deleted only then: a kill at any point loses nothing.
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { pipeline, type Readable } from 'node:stream';
import { type Args, type Context, optionalText, texts } from '../context.js';
import { exitCodes, usage } from '../exit-code.js';
import { type Destination, ItemRefused } from '../fetch/destination.js';
import type { Arrivals, SourceOptions } from '../fetch/source.js';
import { forgetfulState, openState, type State } from '../fetch/state.js';
import { missing, removeMade } from '../fetch/undo.js';
import { octetCount, wholeNumber } from '../global-options.js';
import { isStream } from '../local-files.js';
import { line } from '../output.js';
import { withRetry } from '../retry.js';
import { withSession } from '../sessions.js';
import { decodePath, resolveTarget, type Target } from '../target.js';
import { Throttle } from '../throttle.js';
import { mailboxPath, newsPath } from '../url-paths.js';

export const options = {
  exec: {
    type: 'string',
    describe: 'Instead of DEST: a shell command for each message, which it gets on stdin',
  },
  state: { type: 'string', noDash: true, describe: 'What has been fetched; default: beside DEST' },
  delete: { type: 'boolean', describe: 'Delete messages from the server once they are safe' },
  'keep-days': {
    type: 'string',
    describe: 'With --delete: only what arrived (POP3: was fetched) longer ago',
  },
  folder: {
    type: 'string',
    array: true,
    describe: 'IMAP: this mailbox in place of the URL’s; may be given again',
  },
  unseen: { type: 'boolean', describe: 'IMAP: only what has not been read' },
  'max-size': { type: 'string', describe: 'Leave larger messages where they are: 500k, 20M' },
  limit: { type: 'string', describe: 'The most messages to fetch' },
} as const;

export async function run(args: Args, context: Context): Promise<number | undefined> {
  const { url, dest, command } = places(args, context);
  // Before a password is asked for.
  const choice = await chooseDestination(dest, command, context);
  const target = await resolveTarget(url, context, { protocols: ['imap', 'pop3', 'nntp'] });
  const remove = args.delete === true;
  if (remove && (choice.kind === 'json' || choice.kind === 'stream'))
    throw usage(
      '--delete needs a DEST that keeps the mail',
      'What goes to stdout or a device may go nowhere.',
    );
  if (remove && target.protocol === 'nntp')
    throw usage('Articles cannot be deleted from a news server');
  const wishes = wishesOf(args, target);
  const statePath = optionalText(args.state) ?? choice.state;
  if (statePath === undefined) context.out.detail('no --state: everything counts as new');
  const before = await missing([...choice.places, ...(statePath === undefined ? [] : [statePath])]);
  let state: State | undefined;
  let destination: Destination | undefined;
  let isUntouched = true;
  try {
    // A Maildir must exist before a state can lie in it.
    if (choice.kind !== 'mbox' && choice.kind !== 'stream')
      destination = await choice.open(forgetfulState());
    state = statePath === undefined ? forgetfulState() : await openState(statePath);
    destination ??= await choice.open(state);
    const code = await fetchAll(target, destination, { ...wishes, state, remove }, context);
    isUntouched = false;
    return code;
  } finally {
    isUntouched &&= state?.isEmpty !== false;
    try {
      await destination?.close();
    } finally {
      await state?.close();
    }
    if (isUntouched) await removeMade(before, state === undefined ? undefined : statePath);
  }
}

function wishesOf(args: Args, { protocol }: Target): Omit<Wishes, 'state' | 'remove'> {
  const folders = texts(args.folder);
  const keepDays = wholeNumber(args['keep-days'], '--keep-days') ?? 0;
  if (keepDays > 0 && args.delete !== true) throw usage('--keep-days goes with --delete');
  if (protocol !== 'imap' && (folders.length > 0 || args.unseen === true))
    throw usage('--folder and --unseen are for IMAP');
  if (protocol === 'nntp' && args['max-size'] !== undefined)
    throw usage('--max-size is for mail', 'A news server tells no sizes beforehand.');
  return {
    folders,
    keepDays,
    unseen: args.unseen === true,
    maxSize: octetCount(args['max-size'], '--max-size') ?? Number.POSITIVE_INFINITY,
    limit: wholeNumber(args.limit, '--limit') ?? Number.POSITIVE_INFINITY,
  };
}

/** With a profile the URL may be left out: what stands alone is DEST then. */
function places(args: Args, { profile }: Context) {
  const command = optionalText(args.exec);
  const [url, dest] = [optionalText(args.url), optionalText(args.dest)];
  const alone = dest === undefined && command === undefined && profile !== undefined;
  if (alone && url !== undefined && !url.includes('://'))
    return { url: undefined, dest: url, command };
  return { url, dest, command };
}

interface Wishes
  extends Pick<SourceOptions, 'remove' | 'keepDays' | 'unseen' | 'maxSize' | 'limit'> {
  state: State;
  /** Mailboxes in place of the URL's. */
  folders: readonly string[];
}

export async function fetchAll(
  target: Target,
  destination: Destination,
  { state, folders, limit, ...wishes }: Wishes,
  context: Context,
): Promise<number | undefined> {
  const { out, signal } = context;
  let [count, failed] = [0, 0];
  const fetchThem = async (arrivals: (options: SourceOptions) => Arrivals): Promise<void> => {
    const options = {
      ...wishes,
      seen: state,
      signal,
      warn: (text: string) => out.warn(line(text)),
      limit: limit - count,
    };
    for await (const arrival of arrivals(options)) {
      if ('problem' in arrival) {
        failed++;
        out.warn(line(arrival.problem));
        continue;
      }
      const { id, box, arrived } = arrival;
      const body = limited(arrival.body, context);
      const key = createHash('sha256').update(`${box}\n${id}`).digest('hex');
      try {
        const { record, text, isData } = await destination.deliver({ id, body, box, key, arrived });
        // Data first where stdout is the destination: what was not printed was not fetched.
        if (isData) await out.row(record, text);
        else await out.done(record, text);
        await arrival.done();
        count++;
      } catch (error) {
        if (!(error instanceof ItemRefused)) throw error;
        failed++;
        out.warn(line(error.message));
      }
    }
  };
  const attempt = (): Promise<void> => {
    failed = 0;
    return connectAndFetch(target, folders, context, fetchThem);
  };
  await withRetry(context, attempt, { resumable: true });
  out.summary(
    `${count} new ${count === 1 ? 'message' : 'messages'}${failed === 0 ? '' : `, ${failed} failed`}`,
  );
  return failed === 0 ? undefined : exitCodes.partly;
}

/** `--limit-rate`. Whatever breaks or leaves on one side does so on the other. */
function limited(body: Readable, { settings: { limitRate } }: Context): Readable {
  return limitRate === undefined ? body : pipeline(body, new Throttle(limitRate), () => {});
}

function connectAndFetch(
  target: Target,
  folders: readonly string[],
  context: Context,
  fetchThem: (arrivals: (options: SourceOptions) => Arrivals) => Promise<void>,
): Promise<void> {
  const { account, protocol, path } = target;
  if (protocol === 'imap') {
    const hint = 'fetch takes a mailbox: fivewire get gets a single message.';
    const mailbox = mailboxPath(path, hint) ?? 'INBOX';
    return withSession('imap', target, context, async (imap) => {
      const { imapArrivals } = await import('../fetch/imap-source.js');
      for (const name of folders.length > 0 ? folders : [mailbox])
        await fetchThem((options) => imapArrivals(imap, { account, name }, options));
    });
  }
  if (protocol === 'pop3') {
    if (decodePath(path) !== '')
      throw usage('A POP3 server has one maildrop', 'Write pop3s://user@host.');
    return withSession('pop3', target, context, async (pop3) => {
      const { pop3Arrivals } = await import('../fetch/pop3-source.js');
      await fetchThem((options) => pop3Arrivals(pop3, { account }, options));
    });
  }
  const { group, article } = newsPath(path);
  if (group === undefined || article !== undefined)
    throw usage('Which newsgroup?', 'Write nntps://host/misc.test.');
  return withSession('nntp', target, context, async (nntp) => {
    const { newsArrivals } = await import('../fetch/news-source.js');
    await fetchThem((options) => newsArrivals(nntp, { account, group }, options));
  });
}

interface Choice {
  kind: 'maildir' | 'mbox' | 'stream' | 'attachments' | 'exec' | 'json';
  /** The directories that it makes. */
  places: readonly string[];
  /** Where its state lies unless `--state` says otherwise. */
  state: string | undefined;
  open(state: State): Promise<Destination>;
}

/** @throws Failure 64 */
async function chooseDestination(
  dest: string | undefined,
  command: string | undefined,
  { signal }: Context,
): Promise<Choice> {
  if (command !== undefined) {
    if (dest !== undefined) throw usage('--exec takes the place of DEST');
    return {
      kind: 'exec',
      places: [],
      state: undefined,
      open: async () => (await import('../fetch/exec.js')).openCommand(command, signal),
    };
  }
  if (dest === undefined)
    throw usage(
      'Where to?',
      'Name a Maildir, mbox:FILE, attachments:DIR, - for JSON lines, or --exec.',
    );
  if (dest === '-') {
    return {
      kind: 'json',
      places: [],
      state: undefined,
      open: async () => (await import('../fetch/json-lines.js')).openJsonLines(),
    };
  }
  const [, kind = dest.endsWith('.mbox') ? 'mbox' : 'maildir', path = dest] =
    /^(maildir|mbox|attachments):(.*)$/s.exec(dest) ?? [];
  if (path === '-' || path === '')
    throw usage(
      `${line(dest)} is no place for mail`,
      path === '' ? 'A path stands behind the colon.' : 'A lone - is JSON lines on stdout.',
    );
  if (kind === 'mbox') {
    const isThrough = await isStream(path);
    return {
      kind: isThrough ? 'stream' : kind,
      places: [],
      state: isThrough ? undefined : `${path}.fivewire-state`,
      open: async (state) => (await import('../fetch/mbox.js')).openMbox(path, state),
    };
  }
  if (kind === 'attachments') {
    return {
      kind,
      places: [path],
      state: join(path, '.fivewire-state'),
      open: async () => (await import('../fetch/attachments.js')).openAttachments(path),
    };
  }
  return {
    kind: 'maildir',
    places: ['tmp', 'cur', 'new'].map((part) => join(path, part)),
    state: join(path, '.fivewire-state'),
    open: async () => (await import('../fetch/maildir.js')).openMaildir(path),
  };
}
