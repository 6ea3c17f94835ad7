/** ARTICLE, HEAD, BODY and STAT: RFC 3977 §6.2. */
import {
  type AskedBody,
  askAhead,
  type BodyDecoder,
  CommandError,
  type CommandLine,
  commandLine,
  type Decoded,
  DotDecoder,
  type GatheringReadable,
  heldBody,
  isFivewireError,
  type Reply,
  ReplyBody,
  serverReply,
  type Turn,
  type Wait,
} from '@fivewire/line-protocol';
import { type ArticleId, articleArgument, parseCount } from './arguments.js';
import { Headers } from './headers.js';
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
    if (reply.code !== 221) throw session.refused(reply, line);
    const name = moved(named(session, reply, id, line));
    const { lines } = await readHeader(session, wait, true);
    return { ...name, headers: new Headers(lines) };
  });
}

export function stat(session: Session, id: ArticleId, options: CallOptions): Promise<ArticleName> {
  const line = commandLine('STAT', articleArgument(id));
  const { prepare, moved } = place(session, id);
  return session.run(line, { ...options, pipelined: true, prepare }, (reply) => {
    if (reply.code !== 223) throw session.refused(reply, line);
    // `223` alone, as a server of binaries has it for what it does not keep.
    if (reply.text.trim() === '') {
      const missing = { reply: serverReply(reply), hint: 'The server named no article.' };
      throw session.connection.locate(
        new CommandError('ERR_NOT_FOUND', `The answer to ${line.masked} names no article`, missing),
        { phase: 'command', command: line.masked },
      );
    }
    return moved(named(session, reply, id, line));
  });
}

export interface ArticlesOptions extends CallOptions {
  /** The most commands under way at once, from 1. Default 32. */
  window?: number;
}

/** Numbers mean the group that is selected when the loop begins, whatever its body selects. */
export function articles(
  session: Session,
  ids: Iterable<number | string> | AsyncIterable<number | string>,
  { window = 32, ...options }: ArticlesOptions,
): AsyncGenerator<Fetched, void, undefined> {
  const origin = session.selection.origin();
  const { logins } = session;
  return askAhead<number | string, Head, Fetched>(ids, {
    ask: (id, asked) => articleBody(session, 'ARTICLE', id, options, asked, origin),
    give: (id, body, head) => ({ ok: true, id, article: whole(head, body) }),
    async refuse(id, error) {
      if (!needsLogin(error) || !session.canLogIn) return { ok: false, id, error };
      // Those that were under way when the server asked for a login are asked for once more, after one login for all.
      if (session.logins === logins) await session.logIn();
      try {
        return await session.loggedIn(async () => {
          const body = articleBody(session, 'ARTICLE', id, options, undefined, origin);
          return { ok: true, id, article: whole(await body.head(), body) } as const;
        });
      } catch (refused) {
        if (!isRefusal(refused)) throw refused;
        return { ok: false, id, error: refused };
      }
    },
    argument: 'ids',
    window: session.pipelined ? window : 1,
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

function articleBody(
  session: Session,
  verb: 'ARTICLE' | 'BODY',
  id: ArticleId,
  { signal, timeout }: CallOptions,
  asked?: AskedBody,
  origin?: () => string | undefined,
): ReplyBody<Head> {
  const { connection, queue, limits, transport } = session;
  const line = commandLine(verb, articleArgument(id));
  const { prepare, moved } = place(session, id, origin);
  return new ReplyBody<Head>({
    queue,
    connection,
    line,
    pipelined: session.pipelined,
    prepare,
    readHead: async () => {
      const wait = session.wait(line, 'command', timeout);
      const reply = await session.readReply(wait);
      if (reply.code !== (verb === 'ARTICLE' ? 220 : 222)) throw session.refused(reply, line);
      const name = moved(named(session, reply, id, line));
      if (verb === 'BODY') return { ...name, headers: new Headers([]), begun: '' };
      const { lines, begun } = await readHeader(session, wait, false);
      return { ...name, headers: new Headers(lines), begun };
    },
    decoder: ({ begun }) =>
      begun === undefined
        ? noBody
        : new BegunDecoder(new DotDecoder(connection), begun, limits.articleOctets, () =>
            connection.exceeded('articleOctets', limits.articleOctets, { command: line.masked }),
          ),
    wait: {
      phase: 'transfer',
      timeout: timeout ?? transport.timeouts.stall,
      command: line.masked,
    },
    aheadOctets: limits.aheadOctets,
    ...asked,
    signal,
  });
}

/**
 * What an id needs of the selection, and what becomes of the selection when it was found.
 *
 * @param group asked in the command's turn: what was called before it has its effect then
 */
function place(
  session: Session,
  id: ArticleId,
  group: () => string | undefined = session.selection.origin(),
): { prepare: (turn: Turn) => Promise<void>; moved: <N extends ArticleName>(name: N) => N } {
  const { selection } = session;
  return {
    async prepare(turn) {
      if (id === undefined) await selection.ensureArticle(turn);
      else if (typeof id === 'number') await selection.ensure(turn, group());
    },
    moved(name) {
      if (typeof id === 'number') selection.moved(id, group());
      return name;
    },
  };
}

/** `number message-id`; the number is 0 where the article was not asked for by it, and `<0>` stands for an unknown message-id. */
export function parseArticleName(reply: Reply): ArticleName {
  const [digits, id] = (reply.lines[0] ?? '').trim().split(/\s+/);
  const number = parseCount(digits);
  return {
    number: number === 0 ? undefined : number,
    messageId: id !== undefined && /^<[^<>]+>$/.test(id) && id !== '<0>' ? id : undefined,
  };
}

/** A response that names another article than the one asked for belongs to another command: nothing after it can be trusted. */
function named(session: Session, reply: Reply, id: ArticleId, line: CommandLine): ArticleName {
  const { number, messageId } = parseArticleName(reply);
  const isOther =
    typeof id === 'number'
      ? number !== undefined && number !== id
      : id !== undefined && messageId !== undefined && messageId.toLowerCase() !== id.toLowerCase();
  if (isOther) {
    throw session.connection.malformed(`article ${id}`, `${reply.code} ${reply.text}`, {
      command: line.masked,
    });
  }
  return { number, messageId: messageId ?? (typeof id === 'string' ? id : undefined) };
}

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

/** A body whose first octets were read with the header. One that goes on and on is no article. */
class BegunDecoder implements BodyDecoder {
  #decoder: DotDecoder;
  #begun: string;
  #left: number;
  #exceeded: () => Error;
  constructor(decoder: DotDecoder, begun: string, limit: number, exceeded: () => Error) {
    this.#decoder = decoder;
    this.#begun = begun;
    this.#left = limit;
    this.#exceeded = exceeded;
  }
  decode(octets: Buffer): Decoded {
    if (this.#begun !== '') {
      const content = [Buffer.from(this.#begun, 'latin1')];
      this.#begun = '';
      return { used: 0, content, done: false };
    }
    const decoded = this.#decoder.decode(octets);
    this.#left -= decoded.used;
    if (this.#left < 0) throw this.#exceeded();
    return decoded;
  }
}

const noBody: BodyDecoder = { decode: () => ({ used: 0, content: [], done: true }) };
