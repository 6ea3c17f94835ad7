/**
 * An act that must not be done twice, cut off after each octet of its dialogue, whoever sends it: the call is done when the server's
 * OK has come, refused when its NO has; it is plain loss while the server has not been given all of the command; and
 * else its outcome is unknown.
 */
import { describe, expect, it } from 'vitest';
import { ImapClient, type Mailbox } from '../src/index.js';
import { inClear, streamPair } from './support/script.js';

type Act = (box: Mailbox, client: ImapClient) => Promise<unknown>;

/**
 * By name: capabilities, the dialogue up to its last answer, the call. `?` marks the line with which the server has the first thing
 * that it may have done.
 */
const acts: Record<string, [capabilities: string, dialogue: string, act: Act]> = {
  'APPEND that waits': ['UIDPLUS', 'C: A2 APPEND "x" {2}\nS: + go\n?: hi\nS: * 1 RECENT\nS: A2 OK [APPENDUID 7 11] done', (_, client) => client.append('x', 'hi')],
  'APPEND with LITERAL+': ['LITERAL+', '?: A2 APPEND "x" {2+}\nC: hi\nS: A2 OK done', (_, client) => client.append('x', 'hi')],
  'APPEND with LITERAL-': ['LITERAL-', '?: A2 APPEND "x" {2+}\nC: hi\nS: A2 OK done', (_, client) => client.append('x', 'hi')],
  'APPEND with LITERAL-, long': ['LITERAL-', `C: A2 APPEND "x" {5000}\nS: +\n?: ${'x'.repeat(5000)}\nS: A2 OK done`, (_, client) => client.append('x', 'x'.repeat(5000))],
  MULTIAPPEND: ['MULTIAPPEND', 'C: A2 APPEND "x" {1}\nS: + go\nC: a {1}\nS: + go\n?: b\nS: A2 OK [APPENDUID 7 11:12] done', (_, client) => client.appendMany('x', [{ body: 'a' }, { body: 'b' }])],
  CATENATE: ['LITERAL+ CATENATE', '?: A2 APPEND "x" CATENATE (TEXT {1+}\nC: a URL "/INBOX/;UID=1")\nS: A2 OK done', (_, client) => client.catenate('x', [{ text: 'a' }, { url: '/INBOX/;UID=1' }])],
  REPLACE: ['REPLACE', 'C: A2 UID REPLACE 1 "INBOX" {2}\nS: + go\n?: hi\nS: * OK [APPENDUID 7 4] x\nS: * 1 EXPUNGE\nS: A2 OK done', (box) => box.replace(1, 'hi')],
  'REPLACE by APPEND': ['UIDPLUS', 'C: A2 APPEND "INBOX" {2}\nS: + go\n?: hi\nS: A2 OK [APPENDUID 7 4] done\nC: A3 UID STORE 1 +FLAGS.SILENT (\\Deleted)\nS: A3 OK done\nC: A4 UID EXPUNGE 1\nS: * 1 EXPUNGE\nS: A4 OK done', (box) => box.replace(1, 'hi')],
  COPY: ['UIDPLUS', '?: A2 UID COPY 1 "x"\nS: A2 OK [COPYUID 7 1 11] done', (box) => box.copy(1, 'x')],
  MOVE: ['MOVE', '?: A2 UID MOVE 1 "x"\nS: * OK [COPYUID 7 1 11] x\nS: * 1 EXPUNGE\nS: A2 OK done', (box) => box.move(1, 'x')],
  'MOVE by COPY': ['UIDPLUS', '?: A2 UID COPY 1 "x"\nS: A2 OK [COPYUID 7 1 11] done\nC: A3 UID STORE 1 +FLAGS.SILENT (\\Deleted)\nS: A3 OK done\nC: A4 UID EXPUNGE 1\nS: * 1 EXPUNGE\nS: A4 OK done', (box) => box.move(1, 'x')],
  'STORE under a condition': ['CONDSTORE', '?: A2 UID STORE 1 (UNCHANGEDSINCE 7) +FLAGS.SILENT (\\Seen)\nS: * 1 FETCH (UID 1 MODSEQ (9))\nS: A2 OK done', (box) => box.addFlags(1, ['\\Seen'], { unchangedSince: '7' })],
  CREATE: ['', '?: A2 CREATE "x"\nS: A2 OK done', (_, client) => client.create('x')],
  RENAME: ['', '?: A2 RENAME "x" "y"\nS: A2 OK done', (_, client) => client.rename('x', 'y')],
  'a command that is not known here': ['', '?: A2 XPAY "1"\nS: A2 OK done', (_, client) => client.command('XPAY', ['1'])],
}; // biome-ignore format: a table

interface Outcome {
  /** `done`, or the error's code. */
  code: string;
  retry: string | undefined;
}

/** The end of the connection: after so many octets of a line of the dialogue. */
interface Cut {
  line: number;
  octets: number;
}

/** Plays the dialogue on a client with INBOX open. */
async function cutAfter(
  cut: Cut,
  [capabilities, dialogue, act]: (typeof acts)[string],
): Promise<{ outcome: Outcome; isCut: boolean }> {
  const [stream, server] = streamPair();
  const opening = ['C: A1 SELECT "INBOX"', 'S: * 3 EXISTS', 'S: A1 OK [READ-WRITE] done'];
  const lines = [...opening, ...dialogue.split('\n')];
  let step = 0;
  let prefix = '';
  let input = '';
  let isCut = false;
  const go = (): void => {
    for (; step < lines.length; step++) {
      const line = lines[step] as string;
      const text = `${line.slice(3).replace(/^A(?=\d )/, prefix)}\r\n`;
      const isHere = step === opening.length + cut.line && cut.octets < text.length;
      const most = isHere ? cut.octets : text.length;
      if (line.startsWith('S')) server.write(text.slice(0, most), 'latin1');
      else if (input.length < Math.max(most, 1)) return;
      else if (!text.startsWith(input.slice(0, most))) throw new Error(`${input} is not ${text}`);
      else input = input.slice(most);
      if (!isHere) continue;
      isCut = true;
      server.end();
      return;
    }
  };
  server.on('data', (chunk: Buffer) => {
    input += chunk.toString('latin1');
    prefix ||= /^(\D*)1 SELECT/.exec(input)?.[1] ?? '';
    if (!isCut) go();
  });
  server.write(`* PREAUTH [CAPABILITY IMAP4rev1 ${capabilities}] hello\r\n`);
  const client = await ImapClient.connect({ ...inClear, stream, id: false });
  try {
    const outcome = await act(await client.open('INBOX'), client).then(
      () => ({ code: 'done', retry: undefined }),
      ({ code, retry }: Outcome) => ({ code, retry }),
    );
    return { outcome, isCut };
  } finally {
    client.close();
  }
}

const lost = { code: 'ERR_CONNECTION_CLOSED', retry: 'reconnect' };
const unknown = { code: 'ERR_OUTCOME_UNKNOWN', retry: 'never' };

describe('cut after each octet', () => {
  for (const answer of ['OK', 'NO']) {
    it.each(Object.entries(acts))(
      `%s, answered by ${answer}`,
      async (_name, [capabilities, given, act]) => {
        const dialogue =
          answer === 'OK'
            ? given
            : given.replace(/ OK (?:\[[^\]]*\] )?done$/, ' NO [UNAVAILABLE] later');
        const lines = dialogue.split('\n');
        const mark = lines.findIndex((line) => line.startsWith('?'));
        for (let line = 0; line < lines.length; line++) {
          for (let octets = 0; ; octets += octets < 80 ? 1 : 379) {
            const { outcome, isCut } = await cutAfter({ line, octets }, [
              capabilities,
              dialogue,
              act,
            ]);
            if (!isCut) break;
            const expected = line < mark ? lost : unknown;
            expect(JSON.stringify({ line, octets, ...outcome })).toBe(
              JSON.stringify({ line, octets, ...expected }),
            );
          }
        }
        const whole = await cutAfter({ line: lines.length, octets: 0 }, [
          capabilities,
          dialogue,
          act,
        ]);
        expect(whole.outcome.code).toBe(answer === 'OK' ? 'done' : 'ERR_COMMAND_REJECTED');
      },
    );
  }
});
