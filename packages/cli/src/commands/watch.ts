/** `fivewire watch`: waits for what changes, prints it or runs a command for it. */
import { type Args, type CommandModule, type Context, optionalText, text } from '../context.js';
import { exitCodes } from '../exit-code.js';
import { duration } from '../global-options.js';
import { line } from '../output.js';
import { withRetry } from '../retry.js';
import { withSession } from '../sessions.js';
import { runShell } from '../shell-command.js';
import { resolveTarget, type Target } from '../target.js';
import { mailboxPath } from '../url-paths.js';
import type { WatchEvent } from '../watch/event.js';
import { mailboxEvents } from '../watch/imap.js';
import { polledEvents } from '../watch/poll.js';

export const options: CommandModule['options'] = {
  exec: {
    type: 'string',
    describe: 'A shell command for each event: FIVEWIRE_EVENT, _BOX and _IDS, and JSON on stdin',
  },
  only: {
    type: 'string',
    array: true,
    choices: ['new', 'gone', 'changed'],
    describe: 'Only such events; default: all',
  },
  once: { type: 'boolean', describe: 'End after the first event' },
  'at-start': { type: 'boolean', describe: 'Run --exec at the beginning too: what came meanwhile' },
  interval: { type: 'string', describe: 'POP3, news, FTP: from one look to the next; default 1m' },
};

export async function run(args: Args, context: Context): Promise<number | undefined> {
  const target = await resolveTarget(text(args.url), context, {
    protocols: ['imap', 'pop3', 'nntp', 'ftp'],
    login: 'anonymous',
  });
  const interval = duration(optionalText(args.interval) ?? '1m', '--interval');
  const wanted =
    args.only === undefined ? undefined : new Set<string>([args.only].flat() as string[]);
  const command = optionalText(args.exec);
  let failed = 0;
  const tell = async (
    event: WatchEvent | { event: 'start'; box: string; ids: '' },
  ): Promise<void> => {
    const record = { type: 'event', ...event };
    if (command === undefined)
      return context.out.row(record, `${event.event}\t${line(event.box)}\t${line(event.ids)}`);
    const status = await runShell(command, `${JSON.stringify(record)}\n`, {
      FIVEWIRE_EVENT: event.event,
      FIVEWIRE_BOX: event.box,
      FIVEWIRE_IDS: event.ids,
    });
    if (status === 0) return;
    failed++;
    context.out.warn(
      `the command ended with ${typeof status === 'number' ? `status ${status}` : status}`,
    );
  };
  if (args['at-start'] === true && command !== undefined)
    await tell({ event: 'start', box: target.account, ids: '' });
  await forEach(target, interval, context, async (event) => {
    if (wanted !== undefined && event.event !== 'reset' && !wanted.has(event.event)) return true;
    await tell(event);
    return args.once !== true;
  });
  context.signal.throwIfAborted();
  return failed === 0 ? undefined : exitCodes.partly;
}

/** @param deal false: no more */
async function forEach(
  target: Target,
  interval: number,
  context: Context,
  deal: (event: WatchEvent) => Promise<boolean>,
): Promise<void> {
  if (target.protocol !== 'imap') {
    for await (const event of polledEvents(target, interval, context))
      if (!(await deal(event))) return;
    return;
  }
  const mailbox =
    mailboxPath(target.path, 'watch takes a mailbox: imaps://user@host/MAILBOX.') ?? 'INBOX';
  // Once it stands, a link that dies is made anew by the client, which knows what came meanwhile.
  let hasBegun = false;
  const watch = (): Promise<void> =>
    withSession('imap', target, context, async (imap) => {
      hasBegun = true;
      context.out.detail(`watching ${line(mailbox)}`);
      for await (const event of mailboxEvents(imap, mailbox, context))
        if (!(await deal(event))) return;
    });
  await withRetry(context, watch, { mayRepeat: () => !hasBegun });
}
