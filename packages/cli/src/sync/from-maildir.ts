/** What has changed in a Maildir since the pairs were noted: new files, other letters, files that are gone. */
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { pipeline, type Readable } from 'node:stream';
import type { Context } from '../context.js';
import { isSystemError } from '../exit-code.js';
import { WireLines, wireLines } from '../fetch/line-ends.js';
import type { Maildir } from './maildir.js';
import { flagsOf, inMaildir } from './maildir-flags.js';
import { type Change, heldOctets } from './message.js';
import { flagList, flagText, type Pairs } from './pairs.js';

export async function* changesInMaildir(
  maildir: Maildir,
  pairs: Pairs,
  { signal }: Context,
  contents: boolean,
): AsyncGenerator<Change, void, undefined> {
  const { source } = pairs;
  const gone = [...pairs.all()]
    .filter((pair) => pair.gone === undefined && !maildir.files.has(pair[source]))
    .map((pair) => pair[source]);
  if (gone.length > 0) yield { type: 'gone', ids: gone };
  const fresh: string[] = [];
  for (const [id, { info }] of [...maildir.files]) {
    const pair = pairs.of(id);
    if (pair === undefined) fresh.push(id);
    else if (pair.gone === undefined) {
      const before = flagList(pair.flags);
      const now = flagsOf(info);
      if (flagText(inMaildir(before)) === flagText(now)) continue;
      const others = before.filter((flag) => inMaildir([flag]).length === 0);
      yield { type: 'flags', id, flags: [...now, ...others] };
    }
  }
  for (const id of fresh) {
    signal.throwIfAborted();
    const change = await arrival(maildir, id, contents);
    if (change !== undefined) yield change;
  }
}

/** Nothing where a mail reader has removed it meanwhile. */
async function arrival(
  maildir: Maildir,
  id: string,
  contents: boolean,
): Promise<Change | undefined> {
  const file = await maildir.locate(id);
  if (file === undefined) return undefined;
  const { full, info } = file;
  try {
    const { mtime: date, size } = await stat(full);
    const common = { type: 'new', id, flags: flagsOf(info), date } as const;
    if (!contents) return { ...common, content: Buffer.alloc(0) };
    if (size <= heldOctets) return { ...common, content: wireLines(await readFile(full)) };
    const read = (): Readable => pipeline(createReadStream(full), new WireLines(), () => {});
    let octets = 0;
    for await (const piece of read()) octets += (piece as Buffer).length;
    return { ...common, content: { size: octets, read } };
  } catch (error) {
    if (!isSystemError(error)) throw error;
    return { type: 'problem', id, text: error.message };
  }
}
