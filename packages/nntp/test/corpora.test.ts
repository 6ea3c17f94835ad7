/** The example sessions of RFC 3977, 4642, 4643, 4644, 6048 and 8054: each is had with a server that plays its part. */
import { existsSync, readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { ReplyParser } from '@fivewire/line-protocol';
import { type DialogueStep, parseDialogue } from '@fivewire/test-servers';
import { describe, expect, it } from 'vitest';
import type { ArticleRange, NntpClient } from '../src/index.js';
import { hasLines } from '../src/response-codes.js';
import { play, reader } from './dialogue.js';

const folder =
  process.env.FIVEWIRE_CORPORA ??
  fileURLToPath(new URL('../../../../shared/corpora', import.meta.url));
const files = ['rfc3977', 'rfc4642', 'rfc4643', 'rfc4644', 'rfc6048', 'rfc8054'];

interface Example {
  section: string;
  context: string;
  turns: [who: 'C' | 'S', line: string][];
}

/** A command with the lines of its article, and the response with its lines. */
interface Exchange {
  command: string;
  sent: string[];
  code: number;
  response: string;
  lines: string[];
  further?: { code: number; response: string };
}

const there = existsSync(`${folder}/nntp`);
if (!there) {
  console.warn(
    `\nWARNING: ${folder}/nntp is absent: the 172 example sessions of the NNTP RFCs were NOT tested.\n`,
  );
}

/** Undoes what printing did: remarks in brackets are no octets, wrapped lines are one. */
function unwrap(line: string): string {
  const parts = line.split('\n').filter((part) => !/^\[.*\]?$/.test(part));
  const joined = parts.join(
    /^[A-Za-z0-9+/]{40,}/.test(parts[0] ?? '') || /^383 /.test(line) ? '' : ' ',
  );
  return /^\d+\|/.test(joined) ? joined.replace(/\| /g, '|').replaceAll('|', '\t') : joined;
}

describe.runIf(there)(
  'grammar: every response of every example is read, and the dialogue stays in step',
  () => {
    it.each(files)('%s', (file) => {
      const { examples } = JSON.parse(readFileSync(`${folder}/nntp/${file}.json`, 'utf8')) as {
        examples: Example[];
      };
      expect(examples.length).toBeGreaterThan(0);
      let responses = 0;
      for (const { turns, context } of examples) {
        let verbs: string[] = [];
        let inBody = false;
        let inArticle = false;
        for (const [who, wrapped] of turns) {
          const line = unwrap(wrapped);
          if (who === 'C') {
            expect(inBody, context).toBe(false);
            if (line === '.' && inArticle) inArticle = false;
            else if (!inArticle) verbs.push(line.split(' ', 1)[0] ?? '');
            if (/^TAKETHIS/.test(line)) inArticle = true;
            continue;
          }
          if (inBody) {
            inBody = line !== '.';
            continue;
          }
          const reply = new ReplyParser('nntp').push(line);
          expect(typeof reply, `${context}: ${line}`).toBe('object');
          if (typeof reply !== 'object') continue;
          responses++;
          const verb = verbs.shift() ?? '';
          inBody = hasLines(reply.code, verb);
          if (reply.code === 340 || reply.code === 335) {
            inArticle = true;
            verbs = [verb];
          }
        }
        expect(inBody, context).toBe(false);
      }
      expect(responses).toBeGreaterThanOrEqual(examples.length);
    });
  },
);

type Call = (nntp: NntpClient, args: string[], sent: string[]) => Promise<unknown>;

const idOf = (word: string | undefined): number | string | undefined =>
  word === undefined || word.startsWith('<') ? word : Number(word);

function rangeOf(word: string | undefined): ArticleRange {
  const [, from, to] = /^(\d+)-(\d*)$/.exec(word ?? '') ?? [];
  if (from === undefined) return idOf(word);
  return to ? { from: Number(from), to: Number(to) } : { from: Number(from) };
}

const dateOf = (date = '', time = ''): Date =>
  new Date(
    `${date.replace(/(....)(..)(..)/, '$1-$2-$3')}T${time.replace(/(..)(..)(..)/, '$1:$2:$3')}Z`,
  );

/** The method that sends each command. MODE, STARTTLS, AUTHINFO and QUIT belong to connecting and leaving. */
const calls: Record<string, Call> = {
  GROUP: (nntp, [name = '']) => nntp.group(name),
  LISTGROUP: (nntp, [name = '', span]) => {
    const range = rangeOf(span);
    return nntp.listGroup(name, typeof range === 'object' ? range : {}).toArray();
  },
  NEXT: (nntp) => nntp.next(),
  LAST: (nntp) => nntp.last(),
  async ARTICLE(nntp, [id]) {
    const { headers, body, ...name } = await nntp.article(idOf(id));
    return { ...name, headers: [...headers], body: await text(body) };
  },
  async HEAD(nntp, [id]) {
    const { headers, ...name } = await nntp.head(idOf(id));
    return { ...name, headers: [...headers] };
  },
  async BODY(nntp, [id]) {
    const { body, ...name } = await nntp.body(idOf(id));
    return { ...name, body: await text(body) };
  },
  STAT: (nntp, [id]) => nntp.stat(idOf(id)),
  OVER: async (nntp, [range]) =>
    (await nntp.overview(rangeOf(range)).toArray()).map((row) => row.toJSON()),
  HDR: (nntp, [field = '', range]) => nntp.header(field, rangeOf(range)).toArray(),
  DATE: (nntp) => nntp.date(),
  HELP: (nntp) => nntp.help(),
  NEWGROUPS: (nntp, [date, time]) => nntp.newGroups(dateOf(date, time)).toArray(),
  NEWNEWS: (nntp, [groups = '', date, time]) => nntp.newNews(groups, dateOf(date, time)).toArray(),
  POST: (nntp, _, sent) => nntp.post(sent.map((line) => `${line}\r\n`).join('')),
  'LIST ACTIVE': (nntp, [wildmat]) => nntp.listActive(given(wildmat)).toArray(),
  'LIST ACTIVE.TIMES': (nntp, [wildmat]) => nntp.listActiveTimes(given(wildmat)).toArray(),
  'LIST NEWSGROUPS': (nntp, [wildmat]) => nntp.listNewsgroups(given(wildmat)).toArray(),
  'LIST COUNTS': (nntp, [wildmat]) => nntp.listCounts(given(wildmat)).toArray(),
  'LIST SUBSCRIPTIONS': (nntp, [wildmat]) => nntp.listSubscriptions(given(wildmat)).toArray(),
  'LIST DISTRIB.PATS': (nntp) => nntp.listDistribPats().toArray(),
  'LIST DISTRIBUTIONS': (nntp) => nntp.listDistributions().toArray(),
  'LIST MODERATORS': (nntp) => nntp.listModerators().toArray(),
  'LIST MOTD': (nntp) => nntp.listMotd().toArray(),
  'LIST HEADERS': (nntp, [by]) => nntp.listHeaders(by as 'MSGID' | undefined).toArray(),
  'LIST OVERVIEW.FMT': async (nntp) => (await nntp.listOverviewFormat()).fields,
  'LIST XTRA.DATA': (nntp) => nntp.command('LIST', ['XTRA.DATA']),
  LIST: (nntp) => nntp.command('LIST'),
  CAPABILITIES: (nntp, args) => nntp.command('CAPABILITIES', args),
  MAIL: (nntp) => nntp.command('MAIL'),
  XSECRET: (nntp, args) => nntp.command('XSECRET', args),
  XENCRYPT: (nntp, args) => nntp.command('XENCRYPT', args),
  XHOST: (nntp, args) => nntp.command('XHOST', args),
};

const given = (wildmat: string | undefined): { wildmat?: string } =>
  wildmat === undefined ? {} : { wildmat };

/** RFC 3977 shows these as wrong: here they are refused before they could be sent. LISTGROUP needs a name here. */
const refusedHere = /^ARTICLE a\.message|^HEAD 53 54|^LIST ACTIVE u\[ks|^LISTGROUP$/;

function callOf(
  command: string,
): ((nntp: NntpClient, sent: string[]) => Promise<unknown>) | undefined {
  const words = command.split(' ');
  const name = words[0] === 'LIST' ? words.slice(0, 2).join(' ') : (words[0] as string);
  const found = calls[name];
  if (found === undefined || refusedHere.test(command)) return undefined;
  return (nntp, sent) => found(nntp, words.slice(name.split(' ').length), sent);
}

/** The exchanges of an example, in order; `undefined` where commands are pipelined by hand or the text begins midway. */
function exchanges(turns: Example['turns']): Exchange[] | undefined {
  const all: Exchange[] = [];
  let current: Exchange | undefined;
  let state: 'command' | 'response' | 'lines' | 'article' = 'command';
  for (const [who, wrapped] of turns) {
    const line = unwrap(wrapped);
    if (who === 'C' && state === 'command') {
      current = { command: line, sent: [], code: 0, response: '', lines: [] };
      state = 'response';
    } else if (who === 'C' && state === 'article' && current !== undefined) {
      if (line === '.') state = 'response';
      else current.sent.push(line.startsWith('.') ? line.slice(1) : line);
    } else if (who === 'S' && state === 'response' && current !== undefined) {
      const code = Number(line.slice(0, 3));
      if (current.code !== 0) current.further = { code, response: line };
      else Object.assign(current, { code, response: line });
      if (code === 340 || code === 335) state = 'article';
      else if (hasLines(code, current.command.split(' ', 1)[0] ?? '')) state = 'lines';
      else {
        all.push(current);
        state = 'command';
      }
    } else if (who === 'S' && state === 'lines' && current !== undefined) {
      if (line === '.') {
        all.push(current);
        state = 'command';
      } else current.lines.push(line);
    } else return undefined;
  }
  return state === 'command' ? all : undefined;
}

/** What a response with these lines must come to, by command. */
const values: Record<string, (exchange: Exchange) => unknown> = {
  GROUP({ command, response }) {
    const [, count = 0, low = 0, high = 0] = response.split(' ').map(Number);
    const empty = low > high || count === 0;
    return { name: command.split(' ')[1], low, high, empty, count: empty ? 0 : count };
  },
  LISTGROUP: ({ lines }) => lines.map(Number),
  STAT: named,
  NEXT: named,
  LAST: named,
  HEAD: (exchange) => ({ ...named(exchange), headers: fields(exchange.lines) }),
  BODY: (exchange) => ({
    ...named(exchange),
    body: exchange.lines.map((l) => `${l}\r\n`).join(''),
  }),
  ARTICLE(exchange) {
    const blank = exchange.lines.indexOf('');
    const body = exchange.lines.slice(blank + 1);
    return {
      ...named(exchange),
      headers: fields(exchange.lines.slice(0, blank)),
      body: body.map((line) => `${line}\r\n`).join(''),
    };
  },
  OVER: ({ lines }) =>
    lines.map((line) => {
      const [number, subject, from, date, messageId, references = '', bytes, count] =
        line.split('\t');
      return {
        number: Number(number),
        subject,
        from,
        date,
        messageId,
        references: references === '' ? [] : references.split(' '),
        bytes: Number(bytes),
        lines: Number(count),
      };
    }),
  HDR: ({ lines }) =>
    lines.map((line) => {
      const [number, ...value] = line.split(' ');
      return { number: Number(number), value: value.join(' '), raw: expect.anything() };
    }),
  DATE: ({ response }) => dateOf(response.slice(4, 12), response.slice(12, 18)),
  HELP: ({ lines }) => lines.join('\n'),
  NEWNEWS: ({ lines }) => lines,
  NEWGROUPS: ({ lines }) => lines.map(active),
  POST: ({ further }) => ({ messageId: undefined, text: further?.response.slice(4) }),
  'LIST ACTIVE': ({ lines }) => lines.map(active),
  'LIST ACTIVE.TIMES': ({ lines }) =>
    lines.map((line) => {
      const [name, seconds, creator] = line.split(' ');
      return { name, created: new Date(Number(seconds) * 1_000), creator };
    }),
  'LIST NEWSGROUPS': ({ lines }) =>
    lines.map((line) => {
      const [name, ...description] = line.split(' ');
      return { name, description: description.join(' ') };
    }),
  'LIST COUNTS': ({ lines }) =>
    lines.map((line) => {
      const [name, high, low, count, status] = line.split(' ');
      return { name, high: Number(high), low: Number(low), count: Number(count), status };
    }),
  'LIST DISTRIB.PATS': ({ lines }) =>
    lines.map((line) => {
      const [weight, wildmat, value] = line.split(':');
      return { weight: Number(weight), wildmat, value };
    }),
  'LIST DISTRIBUTIONS': ({ lines }) =>
    lines.map((line) => {
      const [value, ...description] = line.split(' ');
      return { value, description: description.join(' ') };
    }),
  'LIST MODERATORS': ({ lines }) =>
    lines.map((line) => {
      const [group, template] = line.split(':');
      return { group, template };
    }),
  'LIST OVERVIEW.FMT': () => overviewFields,
  'LIST MOTD': ({ lines }) => lines,
  'LIST SUBSCRIPTIONS': ({ lines }) => lines,
  'LIST HEADERS': ({ lines }) => lines,
};

const overviewFields = [
  ...['subject', 'from', 'date', 'message-id', 'references'],
  ...[':bytes', ':lines', 'xref', 'distribution'],
];

function named({ response }: Exchange): {
  number: number | undefined;
  messageId: string | undefined;
} {
  const [, number, messageId] = response.split(' ');
  return { number: Number(number) || undefined, messageId };
}

const fields = (lines: string[]): string[][] =>
  lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()]);

function active(line: string): object {
  const [name, high, low, status] = line.split(' ');
  return { name, high: Number(high), low: Number(low), status };
}

const notFound = [411, 420, 423, 430];

/** What the call must come to, from the response as it is printed. */
function check(exchange: Exchange, outcome: unknown): void {
  const { command, lines, further } = exchange;
  const code = further?.code ?? exchange.code;
  const emptySpan = /^OVER \d+-|^HDR \S+ \d+-/.test(command) && code === 423;
  if (code === 421 || code === 422) expect(outcome).toBeUndefined();
  else if (emptySpan) expect(outcome).toEqual([]);
  else if (code === 400) expect(outcome).toMatchObject({ code: 'ERR_SERVER_CLOSING' });
  else if (code >= 400) {
    expect(outcome, command).toMatchObject({
      connection: 'usable',
      reply: { code },
      code: notFound.includes(code)
        ? 'ERR_NOT_FOUND'
        : code === 500 || code === 503 || (code === 501 && command.startsWith('LIST '))
          ? 'ERR_EXTENSION_REQUIRED'
          : 'ERR_COMMAND_REJECTED',
    });
  } else {
    const words = command.split(' ');
    const name = words[0] === 'LIST' ? words.slice(0, 2).join(' ') : (words[0] as string);
    const value = values[name];
    if (value !== undefined) expect(outcome, command).toEqual(value(exchange));
    else expect(outcome).toMatchObject({ code, ...(lines.length > 0 ? { lines } : {}) });
  }
}

const plain = (error: Error): object => {
  const { code, connection, reply } = error as unknown as Record<string, unknown>;
  return { code, connection, reply };
};

describe.runIf(there)('the examples, had with the client', () => {
  for (const file of there ? files : []) {
    const { examples } = JSON.parse(readFileSync(`${folder}/nntp/${file}.json`, 'utf8')) as {
      examples: Example[];
    };
    for (const [index, { section, context, turns }] of examples.entries()) {
      const parsed = exchanges(turns[0]?.[0] === 'S' ? turns.slice(1) : turns);
      if (parsed === undefined || parsed.length === 0) continue;
      const usable = parsed.filter(({ command }) => callOf(command) !== undefined);
      if (usable.length === 0) continue;
      it(`${file} ${index} ${section}: ${context.slice(0, 60)}`, async () => {
        const steps = parseDialogue(
          reader('', ['VERSION 2', 'READER', 'OVER MSGID', 'HDR', 'POST']),
        );
        let line = 1_000;
        const add = (step: object): void => {
          steps.push({ ...step, line: line++ } as DialogueStep);
        };
        const send = (text: string): void =>
          add({
            kind: 'send',
            to: 'control',
            octets: Buffer.from(`${text}\r\n`),
            variables: false,
          });
        const expectLine = (text: string): void =>
          add({
            kind: 'expect-line',
            shown: text,
            match: (line: string) => (line === text ? {} : undefined),
          });
        for (const { command, sent, response, lines, further, code } of usable) {
          expectLine(command);
          send(response);
          if (code === 340) {
            for (const row of sent) expectLine(row.startsWith('.') ? `.${row}` : row);
            expectLine('.');
            send(further?.response ?? '');
          }
          const multiline = hasLines(code, command.split(' ', 1)[0] ?? '');
          for (const row of lines) send(row.startsWith('.') ? `.${row}` : row);
          if (multiline) send('.');
        }
        const dialogue = steps as unknown as string;
        const outcomes = await play(dialogue, async (nntp) => {
          const all: unknown[] = [];
          for (const { command, sent } of usable) {
            const call = callOf(command) as NonNullable<ReturnType<typeof callOf>>;
            all.push(await call(nntp, sent).catch((error: unknown) => error));
          }
          return all.map((outcome) => (outcome instanceof Error ? plain(outcome) : outcome));
        });
        usable.forEach((exchange, at) => {
          check(exchange, outcomes[at]);
        });
      });
    }
  }
});
