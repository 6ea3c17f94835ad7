/** `fivewire append`: a finished message into a mailbox on the server, with the line ends of the wire. */
import { createReadStream } from 'node:fs';
import { pipeline, type Readable } from 'node:stream';
import { type Args, type Context, text, texts } from '../context.js';
import { WireLines } from '../fetch/line-ends.js';
import { unreadable } from '../local-files.js';
import { line } from '../output.js';
import { byOwnName } from '../own-mailboxes.js';
import { withRetry } from '../retry.js';
import { asFile, startOfMessage } from '../send/ready-message.js';
import { withSession } from '../sessions.js';
import { resolveTarget } from '../target.js';
import { Throttle } from '../throttle.js';
import { mailboxPath } from '../url-paths.js';

export const options = {
  flag: { type: 'string', array: true, describe: 'Such as \\Seen; may be given again' },
} as const;

export async function run(args: Args, context: Context): Promise<undefined> {
  const { out, signal, settings } = context;
  const path = text(args.file);
  const target = await resolveTarget(text(args.url), context, { protocols: ['imap'] });
  const mailbox =
    mailboxPath(target.path, 'append takes a mailbox: imaps://user@host/MAILBOX.') ?? 'INBOX';
  const { file, close } = await asFile(path, 'the message');
  try {
    const start = await startOfMessage(file, path === '-' ? 'stdin' : path);
    const size = await sizeOnWire(file, start);
    await withRetry(context, () =>
      withSession('imap', target, context, async (imap) => {
        const flags = texts(args.flag);
        const result = await byOwnName(imap, mailbox, context, (name) =>
          imap.append(name, onWire(file, start, settings.limitRate), { flags, size, signal }),
        );
        await out.done(
          { type: 'appended', mailbox, ...result },
          `${line(mailbox)} ${result.uid ?? ''}`.trim(),
        );
      }),
    );
  } finally {
    await close();
  }
}

const onWire = (file: string, start: number, rate: number | undefined): Readable =>
  pipeline(
    [
      createReadStream(file, { start }),
      new WireLines(),
      ...(rate === undefined ? [] : [new Throttle(rate)]),
    ],
    () => {},
  ) as unknown as Readable;

/** IMAP says beforehand how many octets come. */
async function sizeOnWire(file: string, start: number): Promise<number> {
  let octets = 0;
  try {
    for await (const chunk of createReadStream(file, { start }).compose(
      new WireLines(),
    ) as AsyncIterable<Buffer>)
      octets += chunk.length;
  } catch (error) {
    throw unreadable(file, 'the message', error);
  }
  return octets;
}
