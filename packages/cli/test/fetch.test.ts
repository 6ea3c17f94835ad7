/** Journal, mbox and Maildir after a kill at each point where one could hurt; line ends and quoting under every cut. */
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { harmless } from '../src/fetch/attachments.js';
import { QuoteFrom, UnixLines } from '../src/fetch/line-ends.js';
import { openMaildir } from '../src/fetch/maildir.js';
import { openMbox } from '../src/fetch/mbox.js';
import { openState } from '../src/fetch/state.js';

const folder = () => mkdtempSync(join(tmpdir(), 'fivewire-fetch-'));
const message = (id: number | string, words = `Subject: ${id}\r\n\r\nbody\r\n`) => ({
  box: 'box',
  id,
  key: createHash('sha256').update(String(id)).digest('hex'),
  body: Readable.from([Buffer.from(words)]),
});

describe('the journal', () => {
  it('remembers numbers and texts, box by box, and keeps numbers short', async () => {
    const path = join(folder(), 'state');
    let state = await openState(path);
    for (const id of [1, 2, 3, 7, 5, 6]) await state.add('a', id);
    await state.add('b', '1');
    await state.close();
    state = await openState(path);
    expect([1, 3, 4, 5, 7, 8].map((id) => state.has('a', id))).toEqual([
      true,
      true,
      false,
      true,
      true,
      false,
    ]);
    expect([state.has('b', '1'), state.has('b', 1), state.has('a', '1')]).toEqual([
      true,
      false,
      false,
    ]);
    await state.close();
    expect(readFileSync(path, 'utf8').split('\n')[1]).toBe('{"box":"a","from":1,"to":3}');
  });

  it('remembers sizes of texts, and forgets a text with its copies', async () => {
    const path = join(folder(), 'state');
    let state = await openState(path);
    await state.add('a', 'x', 17);
    for (const id of ['y#1', 'y#2', 'y', 'y 2', 'z']) await state.add('a', id);
    await state.forget('a', 'y');
    for (const when of ['before', 'after']) {
      expect([when, state.octets('a', 'x'), state.octets('a', 'z')]).toEqual([when, 17, undefined]);
      const known = ['x', 'y', 'y#1', 'y#2', 'y 2', 'z'].filter((id) => state.has('a', id));
      expect(known).toEqual(['x', 'y 2', 'z']);
      await state.close();
      state = await openState(path);
    }
    await state.close();
  });

  it('takes a line that a kill cut off as not written', async () => {
    const path = join(folder(), 'state');
    const state = await openState(path);
    await state.add('a', 1);
    await state.add('a', 2);
    await state.close();
    const whole = readFileSync(path, 'utf8');
    const last = whole.lastIndexOf('{');
    for (let cut = last; cut < whole.length; cut++) {
      writeFileSync(path, whole.slice(0, cut));
      const again = await openState(path);
      expect([again.has('a', 1), again.has('a', 2)]).toEqual([true, false]);
      await again.close();
    }
  });

  it('is one run’s at a time, whose death frees it', async () => {
    const path = join(folder(), 'state');
    const state = await openState(path);
    await expect(openState(path)).rejects.toMatchObject({ exit: 75 });
    await state.close();
    const other = await openState(path);
    const lock = readFileSync(`${path}.lock`, 'utf8');
    await other.close();
    writeFileSync(`${path}.lock`, lock.replace(/\d+/, '4194305')); // beyond what Linux gives out
    await (await openState(path)).close();
    writeFileSync(`${path}.lock`, 'somebody else');
    await expect(openState(path)).rejects.toMatchObject({ exit: 75 });
  });

  it('refuses a file that is none', async () => {
    const path = join(folder(), 'state');
    for (const spoilt of [
      'hello\n',
      '{"fivewire":"sync","version":1}\n',
      '{"fivewire":"fetch","version":1}\nx\n',
    ]) {
      writeFileSync(path, spoilt);
      await expect(openState(path)).rejects.toMatchObject({ exit: 65 });
      expect(readFileSync(path, 'utf8')).toBe(spoilt);
    }
  });
});

describe('an mbox', () => {
  /** As a kill right after the append leaves it: noted, appended, not done. */
  const killedAfterAppend = async () => {
    const path = join(folder(), 'in.mbox');
    const state = await openState(`${path}.state`);
    const mbox = await openMbox(path, state);
    await mbox.deliver(message(1));
    await state.add('box', 1);
    const before = readFileSync(path).length;
    await mbox.deliver(message(2));
    await state.close();
    return { path, before, after: readFileSync(path).length };
  };
  const reopen = async (path: string) => {
    const state = await openState(`${path}.state`);
    try {
      const mbox = await openMbox(path, state);
      if (!state.has('box', 2)) {
        await mbox.deliver(message(2));
        await state.add('box', 2);
      }
    } finally {
      await state.close();
    }
    return readFileSync(path, 'utf8').match(/^Subject: \d$/gm);
  };

  it('whole: not appended again', async () => {
    const { path } = await killedAfterAppend();
    expect(await reopen(path)).toEqual(['Subject: 1', 'Subject: 2']);
  });

  it('cut off anywhere: cut out, and appended once', async () => {
    const { path, before, after } = await killedAfterAppend();
    const [mbox, journal] = [readFileSync(path), readFileSync(`${path}.state`)];
    for (let cut = before; cut < after; cut++) {
      writeFileSync(path, mbox);
      writeFileSync(`${path}.state`, journal);
      truncateSync(path, cut);
      expect(await reopen(path)).toEqual(['Subject: 1', 'Subject: 2']);
    }
  });

  it('cut off, and somebody wrote behind it: nothing is touched', async () => {
    const { path, before } = await killedAfterAppend();
    truncateSync(path, before + 10);
    appendFileSync(
      path,
      'From other\nSubject: 9\n\nby another program, longer than what was cut off\n\n'.repeat(3),
    );
    const found = readFileSync(path, 'utf8');
    await expect(reopen(path)).rejects.toMatchObject({ exit: 65 });
    expect(readFileSync(path, 'utf8')).toBe(found);
  });
});

it('a Maildir knows what it has, read or unread', async () => {
  const path = folder();
  await (await openMaildir(path)).deliver(message(1));
  // The journal did not hear of it, and a mail reader has had it in its hands.
  const [name = ''] = readdirSync(join(path, 'new'));
  renameSync(join(path, 'new', name), join(path, 'cur', `${name}:2,S`));
  const again = await openMaildir(path);
  expect((await again.deliver(message(1))).record).toMatchObject({ known: true });
  await again.deliver(message(2));
  expect([readdirSync(join(path, 'new')).length, readdirSync(join(path, 'cur')).length]).toEqual([
    1, 1,
  ]);
  expect(readdirSync(join(path, 'tmp'))).toEqual([]);
});

describe('line ends and quoting, under every cut', () => {
  const pieces = (whole: string, cuts: number[]) => {
    const at = [...new Set(cuts.map((cut) => cut % (whole.length + 1)))].sort((a, b) => a - b);
    return [0, ...at].map((from, i) =>
      Buffer.from(whole.slice(from, [...at, whole.length][i]), 'latin1'),
    );
  };
  const mail = fc
    .array(fc.constantFrom('From ', 'From', 'F', '>', '>>From me', 'x', '\r', '\n', '\r\n', ' '))
    .map((parts) => parts.join(''));

  it('CRLF becomes LF, and nothing else changes', async () => {
    await fc.assert(
      fc.asyncProperty(mail, fc.array(fc.nat()), async (whole, cuts) => {
        const through = Readable.from(pieces(whole, cuts)).pipe(new UnixLines());
        expect(await text(through)).toBe(whole.replaceAll('\r\n', '\n'));
      }),
    );
  });

  it('From_ lines are quoted, and a record ends in an empty line', async () => {
    await fc.assert(
      fc.asyncProperty(mail, fc.array(fc.nat()), async (whole, cuts) => {
        const through = await text(Readable.from(pieces(whole, cuts)).pipe(new QuoteFrom()));
        const ended = whole === '' || whole.endsWith('\n') ? whole : `${whole}\n`;
        expect(through).toBe(`${ended.replace(/(^|\n)(>*From )/g, '$1>$2')}\n`);
      }),
    );
  });
});

it.each([
  ['../../etc/passwd', 'passwd'],
  ['C:\\x\\a b.txt', 'a_b.txt'],
  ['.bashrc', '_bashrc'],
  ['..', '_'],
  ['', 'unnamed'],
  [undefined, 'unnamed'],
  ['Bericht ü.pdf', 'Bericht_ü.pdf'],
  ['a\u0000b\u202etxt.exe', 'a_b_txt.exe'],
])('an attachment called %j is kept as %s', (given, kept) => {
  expect(harmless(given)).toBe(kept);
});
