/** ARTICLE, HEAD, BODY and STAT: RFC 3977 §6.2. */
import {
  type Asked,
  askAhead,
  type BodyCommand,
  type BodyDecoder,
  type BodySource,
  CommandError,
  commandLine,
  type Decoded,
  DotDecoder,
  finalDotOctets,
  type GatheringReadable,
  heldBody,
  isBegun,
  isFivewireError,
  type PlainReply,
  plainEnd,
  type Reply,
  ReplyBody,
  serverReply,
  type Turn,
  type Wait,
} from '@fivewire/line-protocol';
import { type ArticleId, articleArgument, parseCount } from './arguments.js';
import { Headers, isPlain } from './headers.js';
import { needsLogin } from './response-codes.js';
import type { Session } from './session.js';
import type {
  ArticleBody,
  ArticleHead,
  ArticleName,
  CallOptions,
  Fetched,
  RetrievedArticle,
} from './types.js';

/** What came before a body. */
interface Head extends ArticleName {
  headers: Headers;
  /** Octets read already that belong to the body; `undefined`: no body follows at all. */
  begun: string | undefined;
}

export async function article(
  session: Session,
  id: ArticleId,
  options: CallOptions,
): Promise<RetrievedArticle> {
  return session.loggedIn(async () => {
    const body = articleBody(session, 'ARTICLE', id, options);
    return whole(await body.head(), body);
  });
}

export async function body(
  session: Session,
  id: ArticleId,
  options: CallOptions,
): Promise<ArticleBody> {
  return session.loggedIn(async () => {
    const stream = articleBody(session, 'BODY', id, options);
    const { number, messageId } = await stream.head();
    return { number, messageId, body: stream };
  });
}

export function head(session: Session, id: ArticleId, options: CallOptions): Promise<ArticleHead> {
  const line = commandLine('HEAD', articleArgument(id));
  const { prepare, moved } = place(session, id);
  return session.run(line, { ...options, pipelined: true, prepare }, async (reply, wait) => {
    if (reply.code !== 221) throw session.refused(reply, line.masked);
    const name = moved(named(session, reply, id, line.masked));
    const { lines } = await readHeader(session, wait, true);
    return { ...name, headers: new Headers(lines) };
  });
}

export function stat(session: Session, id: ArticleId, options: CallOptions): Promise<ArticleName> {
  const line = commandLine('STAT', articleArgument(id));
  const { prepare, moved } = place(session, id);
  return session.run(line, { ...options, pipelined: true, prepare }, (reply) => {
    if (reply.code !== 223) throw session.refused(reply, line.masked);
    // `223` alone, as a server of binaries has it for what it does not keep.
    if (reply.text.trim() === '') {
      const missing = { reply: serverReply(reply), hint: 'The server named no article.' };
      throw session.connection.locate(
        new CommandError('ERR_NOT_FOUND', `The answer to ${line.masked} names no article`, missing),
        { phase: 'command', command: line.masked },
      );
    }
    return moved(named(session, reply, id, line.masked));
  });
}

export interface ArticlesOptions extends CallOptions {
  /** The most commands under way at once, from 1. Default 256. */
  window?: number;
}

/** Numbers mean the group that is selected when the loop begins, whatever its body selects. */
export function articles(
  session: Session,
  ids: Iterable<number | string> | AsyncIterable<number | string>,
  { window = 256, ...options }: ArticlesOptions,
): AsyncGenerator<Fetched, void, undefined> {
  const origin = session.selection.origin();
  const { logins } = session;
  return askAhead<number | string, Head, Fetched>(ids, {
    ...sourceOf(session, options),
    pipelined: () => session.pipelined,
    command: (id) => new Retrieval(session, 'ARTICLE', id, options, origin),
    plain: Retrieval.plain,
    begun: Retrieval.begun,
    give: (id, body, head) => ({ ok: true, id, article: whole(head, body) }),
    async refuse(id, error) {
      if (!needsLogin(error) || !session.canLogIn) return { ok: false, id, error };
      // Those that were under way when the server asked for a login are asked for once more, after one login for all.
      if (session.logins === logins) await session.logIn();
      try {
        return await session.loggedIn(async () => {
          const body = articleBody(session, 'ARTICLE', id, options, origin);
          return { ok: true, id, article: whole(await body.head(), body) } as const;
        });
      } catch (refused) {
        if (!isRefusal(refused)) throw refused;
        return { ok: false, id, error: refused };
      }
    },
    argument: 'ids',
    window,
  });
}

const isRefusal = (error: unknown): error is CommandError =>
  isFivewireError(error) && error.name === 'CommandError';

const whole = (head: Head, body: GatheringReadable): RetrievedArticle =>
  new WholeArticle(head, body);

class WholeArticle implements RetrievedArticle {
  readonly number: number | undefined;
  readonly messageId: string | undefined;
  readonly headers: Headers;
  readonly body: GatheringReadable;
  #head: Head;
  #raw: GatheringReadable | undefined;
  constructor(head: Head, body: GatheringReadable) {
    this.number = head.number;
    this.messageId = head.messageId;
    this.headers = head.headers;
    this.body = body;
    this.#head = head;
  }
  get raw(): GatheringReadable {
    this.#raw ??= heldBody(rawOctets(this.#head, this.body), this.body);
    return this.#raw;
  }
}

/** An article without the empty line, or without a body, gets none here either. */
async function* rawOctets(
  { headers, begun }: Head,
  body: GatheringReadable,
): AsyncGenerator<Uint8Array, void, undefined> {
  yield headers.octets;
  if (begun === '') yield Buffer.from('\r\n');
  yield* body;
}

const LF = 10;
const SP = 32;
const TWO = 50;
const ZERO = 48;
const emptyLine = Buffer.from('\r\n\r\n');

/** `220 `. What is no article is not searched for the end of one. */
const isFound = (octets: Buffer, at: number): boolean =>
  octets[at] === TWO && octets[at + 1] === TWO && octets[at + 2] === ZERO && octets[at + 3] === SP;

/** ARTICLE or BODY of one article. */
class Retrieval implements BodyCommand<Head> {
  readonly text: string;
  readonly #session: Session;
  readonly #id: ArticleId;
  readonly #isWhole: boolean;
  readonly #timeout: number | undefined;
  readonly #group: () => string | undefined;

  /** @param group asked in the command's turn: what was called before it has its effect then */
  constructor(
    session: Session,
    verb: 'ARTICLE' | 'BODY',
    id: ArticleId,
    { timeout }: CallOptions,
    group: () => string | undefined = session.selection.origin(),
  ) {
    const [argument] = articleArgument(id);
    this.text = argument === undefined ? verb : `${verb} ${argument}`;
    this.#session = session;
    this.#id = id;
    this.#isWhole = verb === 'ARTICLE';
    this.#timeout = timeout;
    this.#group = group;
  }

  prepare(turn: Turn): Promise<void> | undefined {
    return prepare(this.#session, this.#id, turn, this.#group);
  }

  get wait(): Wait {
    return {
      phase: 'transfer',
      timeout: this.#timeout ?? this.#session.transport.timeouts.stall,
      command: this.text,
    };
  }

  /** `220 number message-id`, a header of fields alone, and a body whose end is here. */
  static plain(
    octets: Buffer,
    at: number,
    asked: readonly Asked<number | string, Head>[],
    first: number,
    end: number,
  ): PlainReply<Head>[] {
    const replies: PlainReply<Head>[] = [];
    for (let i = first; i < end; i++) {
      const command = asked[i]?.command;
      if (!(command instanceof Retrieval)) break;
      const session = command.#session;
      const { limits } = session;
      if (session.zipping.gzip || !isFound(octets, at)) break;
      const header = octets.indexOf(LF, at) + 1;
      const over = plainEnd(octets, header);
      if (header === 0 || over < 0) break;
      // Looked for in this article alone: in one that has no empty line, it would be the next one's.
      const fields = octets.subarray(header, over).indexOf(emptyLine);
      const body = header + fields + emptyLine.length;
      const isWithin =
        header - at <= limits.responseOctets &&
        body - header <= limits.headerOctets &&
        over + finalDotOctets - body <= limits.articleOctets;
      if (fields < 1 || !isWithin) break;
      const line = octets.toString('latin1', at, header);
      const text = octets.toString('latin1', header, body - 2);
      const id = command.#id;
      const name = nameIn(line.slice(4));
      if (!line.endsWith('\r\n') || !isPlain(text) || isOther(name, id)) break;
      if (typeof id === 'number') session.selection.moved(id, command.#group());
      const used = over + finalDotOctets - at;
      replies.push({
        head: { ...nameOf(name, id), headers: new Headers(text), begun: '' },
        content: octets.subarray(body, over),
        used,
      });
      at += used;
    }
    return replies;
  }

  static begun(octets: Buffer, at: number): boolean {
    return isFound(octets, at) && isBegun(octets, at);
  }

  get headWait(): Wait {
    return this.#session.wait(this.text, 'command', this.#timeout);
  }

  readHead(): Head | Promise<Head> {
    const session = this.#session;
    const wait = this.headWait;
    const here = session.takeReply(wait);
    if (here !== undefined) return this.#head(here, wait);
    return session.readReply(wait).then((reply) => this.#head(reply, wait));
  }

  decoder({ begun }: Head): BodyDecoder {
    return begun === undefined ? noBody : new BegunDecoder(this.#session, this.text, begun);
  }

  #head(reply: Reply, wait: Wait): Head | Promise<Head> {
    const session = this.#session;
    const id = this.#id;
    if (reply.code !== (this.#isWhole ? 220 : 222)) throw session.refused(reply, this.text);
    const name = named(session, reply, id, this.text);
    if (typeof id === 'number') session.selection.moved(id, this.#group());
    if (!this.#isWhole) return { ...name, headers: new Headers(''), begun: '' };
    const text = takeHeader(session);
    if (text !== undefined) return { ...name, headers: new Headers(text), begun: '' };
    return readHeader(session, wait, false).then(({ lines, begun }) => ({
      ...name,
      headers: new Headers(lines),
      begun,
    }));
  }
}

function articleBody(
  session: Session,
  verb: 'ARTICLE' | 'BODY',
  id: ArticleId,
  options: CallOptions,
  group?: () => string | undefined,
): ReplyBody<Head> {
  const command = new Retrieval(session, verb, id, options, group);
  return new ReplyBody(sourceOf(session, options), command, session.pipelined);
}

const sourceOf = ({ queue, connection, limits }: Session, { signal }: CallOptions): BodySource => ({
  queue,
  connection,
  aheadOctets: limits.aheadOctets,
  signal,
});

/** What an id needs of the selection. */
function prepare(
  { selection }: Session,
  id: ArticleId,
  turn: Turn,
  group: () => string | undefined,
): Promise<void> | undefined {
  if (id === undefined) return selection.ensureArticle(turn);
  return typeof id === 'number' ? selection.ensure(turn, group()) : undefined;
}

/** The same, and what becomes of the selection when the article was found. */
function place(
  session: Session,
  id: ArticleId,
): {
  prepare: (turn: Turn) => Promise<void> | undefined;
  moved: <N extends ArticleName>(name: N) => N;
} {
  const group = session.selection.origin();
  return {
    prepare: (turn) => prepare(session, id, turn, group),
    moved(name) {
      if (typeof id === 'number') session.selection.moved(id, group());
      return name;
    },
  };
}

/** `number message-id`, or the latter alone; the number is 0 where the article was not asked for by it, and `<0>` stands for an unknown message-id. */
export const parseArticleName = (reply: Reply): ArticleName => nameIn(reply.lines[0] as string);

function nameIn(line: string): ArticleName {
  const [, digits, behind, id = behind] = articleName.exec(line) ?? [];
  const number = parseCount(digits);
  return {
    number: number === 0 ? undefined : number,
    messageId: id === '<0>' ? undefined : id,
  };
}

const articleName = /^\s*(?!<)(\S+)(?:\s+(<[^<>\s]+>)(?=\s|$))?|^\s*(<[^<>\s]+>)(?=\s|$)/;

/** A response that names another article than the one asked for belongs to another command: nothing after it can be trusted. */
function named(session: Session, reply: Reply, id: ArticleId, command: string): ArticleName {
  const name = parseArticleName(reply);
  if (isOther(name, id)) {
    throw session.connection.malformed(`article ${id}`, `${reply.code} ${reply.text}`, {
      command,
    });
  }
  return nameOf(name, id);
}

const isOther = ({ number, messageId }: ArticleName, id: ArticleId): boolean =>
  typeof id === 'number'
    ? number !== undefined && number !== id
    : id !== undefined && messageId !== undefined && messageId.toLowerCase() !== id.toLowerCase();

/** The response may leave out what was asked for. */
const nameOf = ({ number, messageId }: ArticleName, id: ArticleId): ArticleName => ({
  number,
  messageId: messageId ?? (typeof id === 'string' ? id : undefined),
});

/**
 * Header lines up to the empty one, or after HEAD up to the dot. Some articles have no empty line (nzbget#100): what is
 * no header begins the body.
 */
async function readHeader(
  { connection, limits }: Session,
  wait: Wait,
  whole: boolean,
): Promise<{ lines: string[]; begun: string | undefined }> {
  const lines: string[] = [];
  let octets = 0;
  for (;;) {
    const line = connection.takeBodyLine();
    if (line === undefined) {
      await connection.fill(wait);
      continue;
    }
    if (line === '.') return { lines, begun: undefined };
    octets += line.length + 2;
    if (octets > limits.headerOctets)
      throw connection.exceeded('headerOctets', limits.headerOctets);
    const text = line.startsWith('.') ? line.slice(1) : line;
    if (!whole) {
      if (text === '') return { lines, begun: '' };
      const folded = lines.length > 0 && /^[ \t]/.test(text);
      if (!folded && !/^[\x21-\x39\x3b-\x7e]+[ \t]*:/.test(text)) {
        return { lines, begun: `${text}\r\n` };
      }
    }
    lines.push(text);
  }
}

/** As {@link readHeader} of a whole article, where all of it is here and as RFC 5536 §2.2 has it: most are. */
function takeHeader({ connection, limits }: Session): string | undefined {
  const octets = connection.peekOctets();
  const end = octets?.indexOf('\r\n\r\n', 0, 'latin1') ?? -1;
  if (end < 0 || end > limits.headerOctets) return undefined;
  const text = (octets as Buffer).toString('latin1', 0, end + 2);
  if (!isPlain(text)) return undefined;
  connection.consumeOctets(end + 4);
  return text;
}

/** A body whose first octets were read with the header. One that goes on and on is no article. */
class BegunDecoder implements BodyDecoder {
  readonly #decoder: DotDecoder;
  readonly #session: Session;
  readonly #command: string;
  #begun: string;
  #used = 0;
  constructor(session: Session, command: string, begun: string) {
    this.#decoder = new DotDecoder(session.connection);
    this.#session = session;
    this.#command = command;
    this.#begun = begun;
  }
  decode(octets: Buffer): Decoded {
    const decoded = this.#decoder.decode(octets);
    const { articleOctets } = this.#session.limits;
    this.#used += decoded.used;
    if (this.#used > articleOctets) {
      const command = this.#command;
      throw this.#session.connection.exceeded('articleOctets', articleOctets, { command });
    }
    if (this.#begun === '') return decoded;
    const begun = Buffer.from(this.#begun, 'latin1');
    this.#begun = '';
    return { ...decoded, content: [begun, ...decoded.content] };
  }
}

const noBody: BodyDecoder = { decode: () => ({ used: 0, content: [], done: true }) };
