/** What a caller is told when an act that must not be done twice was cut off, refused half way, or given up. */
import { describe, expect, it } from 'vitest';
import type { CallOptions } from '../src/command.js';
import type { ImapClient, Mailbox } from '../src/index.js';
import { noticesOf, openedOn } from './support/odd.js';

type Act = (box: Mailbox, client: ImapClient, call: CallOptions) => Promise<unknown>;

/** By name: capabilities, the commands with their answers, the last without one; the call. */
const acts: Record<string, [capabilities: string, script: string, act: Act]> = {
  APPEND: ['LITERAL+', 'C: A2 APPEND "x" {2+}\nC: hi', (_, client, call) => client.append('x', 'hi', call)],
  'a long APPEND': ['LITERAL+', `C: A2 APPEND "x" {70000+}\nC: ${'x'.repeat(70_000)}`, (_, client, call) => client.append('x', 'x'.repeat(70_000), call)],
  'APPEND that waits': ['', 'C: A2 APPEND "x" {2}\nS: + go\nC: hi', (_, client, call) => client.append('x', 'hi', call)],
  MULTIAPPEND: ['LITERAL+ MULTIAPPEND', 'C: A2 APPEND "x" {1+}\nC: a {1+}\nC: b', (_, client, call) => client.appendMany('x', [{ body: 'a' }, { body: 'b' }], call)],
  CATENATE: ['LITERAL+ CATENATE', 'C: A2 APPEND "x" CATENATE (TEXT {1+}\nC: a URL "/INBOX/;UID=1")', (_, client, call) => client.catenate('x', [{ text: 'a' }, { url: '/INBOX/;UID=1' }], call)],
  COPY: ['', 'C: A2 UID COPY 1 "x"', (box, _, call) => box.copy(1, 'x', call)],
  MOVE: ['MOVE', 'C: A2 UID MOVE 1 "x"', (box, _, call) => box.move(1, 'x', call)],
  'MOVE by COPY': ['UIDPLUS', 'C: A2 UID COPY 1 "x"', (box, _, call) => box.move(1, 'x', call)],
  'MOVE by COPY, at STORE': ['UIDPLUS', 'C: A2 UID COPY 1 "x"\nS: A2 OK done\nC: A3 UID STORE 1 +FLAGS.SILENT (\\Deleted)', (box, _, call) => box.move(1, 'x', call)],
  'MOVE by COPY, at EXPUNGE': ['UIDPLUS', 'C: A2 UID COPY 1 "x"\nS: A2 OK done\nC: A3 UID STORE 1 +FLAGS.SILENT (\\Deleted)\nS: A3 OK done\nC: A4 UID EXPUNGE 1', (box, _, call) => box.move(1, 'x', call)],
  REPLACE: ['LITERAL+ REPLACE', 'C: A2 UID REPLACE 1 "INBOX" {2+}\nC: hi', (box, _, call) => box.replace(1, 'hi', call)],
  'REPLACE by APPEND, at STORE': ['LITERAL+ UIDPLUS', 'C: A2 APPEND "INBOX" {2+}\nC: hi\nS: A2 OK done\nC: A3 UID STORE 1 +FLAGS.SILENT (\\Deleted)', (box, _, call) => box.replace(1, 'hi', call)],
  'STORE under a condition': ['CONDSTORE', 'C: A2 UID STORE 1 (UNCHANGEDSINCE 7) +FLAGS.SILENT (\\Seen)', (box, _, call) => box.addFlags(1, ['\\Seen'], { ...call, unchangedSince: '7' })],
  CREATE: ['', 'C: A2 CREATE "x"', (_, client, call) => client.create('x', call)],
  RENAME: ['', 'C: A2 RENAME "x" "y"', (_, client, call) => client.rename('x', 'y', call)],
  'a command that is not known here': ['', 'C: A2 XPAY "1"', (_, client, call) => client.command('XPAY', ['1'], call)],
  'COPY by command()': ['', 'C: A2 UID COPY "1" "x"', (_, client, call) => client.command('UID COPY', ['1', 'x'], call)],
}; // biome-ignore format: a table

const repeatable: typeof acts = {
  STORE: ['', 'C: A2 UID STORE 1 +FLAGS.SILENT (\\Seen)', (box, _, call) => box.addFlags(1, ['\\Seen'], call)],
  EXPUNGE: ['UIDPLUS', 'C: A2 UID EXPUNGE 1', (box, _, call) => box.expunge(1, call)],
  DELETE: ['', 'C: A2 DELETE "x"', (_, client, call) => client.delete('x', call)],
  'FETCH by command()': ['', 'C: A2 UID FETCH "1"', (_, client, call) => client.command('UID FETCH', ['1'], call)],
}; // biome-ignore format: a table

const cuts: [string, string][] = [
  ['the connection ends', 'END'],
  ['the server says BYE', 'S: * BYE sorry\nEND'],
  ['the answer is cut', 'S> A2 O\nEND'],
  [
    'the answer is cut behind what it tells',
    'S: * OK [COPYUID 7 1 11] x\nS: * 1 EXPUNGE\nS: * OK [APPENDUID 7 11] x\nS> A2 OK [APPENDUID 7 11\nEND',
  ],
  ['another answer is cut', 'S: A1 OK again\nS: zz9 OK what\nS: Warning: gone\nS> A9 OK\nEND'],
  ['the answer is no answer', 'S: A2 MAYBE\n'.repeat(101)],
  ['the server is silent', ''],
];

/** Only the last wait is for silence: what ends by itself has all the time that it takes. */
const patience = (end: string): CallOptions => (end === '' ? { timeout: 500 } : {});

describe('the outcome is unknown when', () => {
  for (const [cut, end] of cuts) {
    it.each(Object.entries(acts))(`${cut} at %s`, async (_name, [capabilities, script, act]) => {
      await openedOn(
        `${script}\n${end}`,
        async (box, client) => {
          await expect(act(box, client, patience(end))).rejects.toMatchObject({
            code: 'ERR_OUTCOME_UNKNOWN',
            connection: 'closed',
            retry: 'never',
            hint: expect.stringMatching(/before you|would store it twice/),
            cause: { connection: 'closed' },
          });
        },
        { capabilities },
      );
    });

    it.each(Object.entries(repeatable))(
      `and is no matter: ${cut} at %s`,
      async (_name, [capabilities, script, act]) => {
        await openedOn(
          `${script}\n${end}`,
          async (box, client) => {
            await expect(act(box, client, patience(end))).rejects.toMatchObject({
              code: expect.not.stringMatching('ERR_OUTCOME_UNKNOWN'),
              connection: 'closed',
            });
          },
          { capabilities },
        );
      },
    );
  }
});

describe('given up by its signal on the wire', () => {
  it.each(Object.entries(acts))('%s may have been done', async (_name, row) => {
    const [capabilities, script, act] = row;
    await openedOn(
      `${script}\nS: * NO heard`,
      async (box, client) => {
        const controller = new AbortController();
        const working = act(box, client, { signal: controller.signal });
        working.catch(() => {});
        await noticesOf(client, 1);
        controller.abort();
        await expect(working).rejects.toMatchObject({
          code: 'ERR_ABORTED',
          connection: 'usable',
          retry: 'never',
          hint: expect.stringMatching(/before you|would store it twice/),
        });
      },
      { capabilities },
    );
  });

  it('a body that has been announced ends the connection, and at once', async () => {
    const controller = new AbortController();
    await openedOn(
      `C: A2 APPEND "x" {70000}\nS: * NO heard`,
      async (_box, client) => {
        const working = client.append('x', 'x'.repeat(70_000), { signal: controller.signal });
        working.catch(() => {});
        await noticesOf(client, 1);
        controller.abort();
        await expect(working).rejects.toMatchObject({ code: 'ERR_ABORTED', connection: 'closed' });
      },
      { capabilities: '' },
    );
  });
});

it('MOVE by COPY whose COPY is refused removes nothing (imapflow#406)', async () => {
  const script = `
C: A2 UID COPY 1 "x"
S: A2 NO [OVERQUOTA] full
C: A3 NOOP
S: A3 OK done
`;
  await openedOn(
    script,
    async (box, client) => {
      await expect(box.move(1, 'x')).rejects.toMatchObject({
        code: 'ERR_COMMAND_REJECTED',
        connection: 'usable',
        reply: { enhanced: 'OVERQUOTA' },
      });
      await client.noop();
    },
    { capabilities: 'UIDPLUS' },
  );
});

describe('done in part, and then refused: not to be repeated', () => {
  it.each(['MOVE by COPY, at STORE', 'MOVE by COPY, at EXPUNGE', 'REPLACE by APPEND, at STORE'])(
    '%s',
    async (name) => {
      const [capabilities, script, act] = acts[name] as (typeof acts)[string];
      const tag = name.endsWith('EXPUNGE') ? 'A4' : 'A3';
      await openedOn(
        `${script}\nS: ${tag} NO [UNAVAILABLE] later`,
        async (box, client) => {
          await expect(act(box, client, {})).rejects.toMatchObject({
            code: 'ERR_COMMAND_REJECTED',
            connection: 'usable',
            retry: 'never',
            transient: false,
            reply: { code: 'NO', enhanced: 'UNAVAILABLE' },
            message: expect.stringMatching(/done in part/),
            hint: expect.stringMatching(/still here/),
          });
        },
        { capabilities },
      );
    },
  );

  it('MOVE that tells of what it has moved (RFC 6851 §3.3)', async () => {
    const script = `
C: A2 UID MOVE 1:3 "x"
S: * OK [COPYUID 7 1:2 11:12] moved
S: * 1 EXPUNGE
S: * 1 EXPUNGE
S: A2 NO [UNAVAILABLE] the rest can't be moved now
`;
    await openedOn(
      script,
      (box) =>
        expect(box.move('1:3', 'x')).rejects.toMatchObject({
          code: 'ERR_COMMAND_REJECTED',
          connection: 'usable',
          retry: 'never',
          reply: { enhanced: 'UNAVAILABLE' },
          message: expect.stringMatching(/done in part/),
        }),
      { capabilities: 'MOVE UIDPLUS' },
    );
  });

  const since = { unchangedSince: '17' };

  it('STORE with a condition, in several commands: what is changed has another MODSEQ by that', async () => {
    const script = `
C: A2 UID STORE 1:2 (UNCHANGEDSINCE 17) +FLAGS.SILENT (\\Seen)
C: A3 UID STORE 3 (UNCHANGEDSINCE 17) +FLAGS.SILENT (\\Seen)
S: A2 OK done
S: A3 NO [CANNOT] read-only
`;
    await openedOn(
      script,
      (box) =>
        expect(box.addFlags('1:3', ['\\Seen'], since)).rejects.toMatchObject({
          code: 'ERR_COMMAND_REJECTED',
          retry: 'never',
          message: expect.stringMatching(/done in part/),
          hint: expect.stringMatching(/fetch `flags` and `modSeq`/),
        }),
      { capabilities: 'CONDSTORE MESSAGELIMIT=2' },
    );
  });

  it('a NO to STORE that names who had changed is its answer: some of the others are gone (RFC 7162 §3.1.3)', async () => {
    const script = `
C: A2 UID STORE 1:3 (UNCHANGEDSINCE 17) +FLAGS.SILENT (\\Seen)
S: A2 NO [MODIFIED 2] Some of the messages no longer exist.
`;
    const { modified } = await openedOn(script, (box) => box.addFlags('1:3', ['\\Seen'], since), {
      capabilities: 'CONDSTORE',
    });
    expect(String(modified)).toBe('2');
  });

  it('COPY in several commands', async () => {
    const script = `
C: A2 UID COPY 1:2 "x"
S: A2 OK done
C: A3 UID COPY 3 "x"
S: A3 NO [UNAVAILABLE] later
`;
    await openedOn(
      script,
      (box) =>
        expect(box.copy('1:3', 'x')).rejects.toMatchObject({
          code: 'ERR_COMMAND_REJECTED',
          retry: 'never',
          message: expect.stringMatching(/done in part/),
        }),
      { capabilities: 'MESSAGELIMIT=2' },
    );
  });

  it('appendMany says which are stored', async () => {
    const script = `
C: A2 APPEND "x" {1+}
C: a
C: A3 APPEND "x" {1+}
C: b
C: A4 APPEND "x" {1+}
C: c
S: A2 OK done
S: A3 NO [UNAVAILABLE] later
S: A4 OK done
`;
    await openedOn(
      script,
      (_box, client) =>
        expect(
          client.appendMany('x', [{ body: 'a' }, { body: 'b' }, { body: 'c' }]),
        ).rejects.toMatchObject({
          code: 'ERR_COMMAND_REJECTED',
          retry: 'never',
          hint: expect.stringMatching(/messages\[0\], \[2\]/),
        }),
      { capabilities: 'LITERAL+' },
    );
  });
});
