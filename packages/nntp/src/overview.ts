/** OVER (RFC 3977 §8.3), else XOVER (RFC 2980 §2.8): in windows, so that no span is too long for a server. */
import {
  type CommandLine,
  commandLine,
  type Reply,
  type RowReader,
  Rows,
} from '@fivewire/line-protocol';
import { type ArticleRange, rangeArgument } from './arguments.js';
import { readOverviewFormat } from './list.js';
import { OverviewFormat, type OverviewRow, parseOverviewRow } from './overview-row.js';
import { asksForOlder } from './response-codes.js';
import { rowReader } from './rows.js';
import type { Session } from './session.js';
import type { CallOptions } from './types.js';

export interface OverviewOptions extends CallOptions {
  /** Article numbers a command asks for. Default 10,000: some servers stall at more (libetpan#283). */
  window?: number;
}

export function overview(
  session: Session,
  range: ArticleRange,
  { window = 10_000, ...options }: OverviewOptions,
): Rows<OverviewRow> {
  const args = rangeArgument(range);
  const spans = (): Iterator<Span, void> =>
    typeof range === 'object' && range !== null
      ? windows(session, range, window)
      : [{ args }].values();
  return new Rows(() => new OverviewReader(session, options, spans()));
}

/** One command: its argument, and the numbers it spans, where it spans any. */
interface Span {
  args: string[];
  from?: number;
  to?: number;
}

/** An open end is cut at the group's highest number; the last command has it open, for what has come since. */
function* windows(
  session: Session,
  { from, to }: { from: number; to?: number },
  window: number,
): Generator<Span, void, undefined> {
  const last = to ?? session.selection.group?.high ?? from;
  let start = from;
  do {
    const end = Math.min(last, start + window - 1);
    const open = to === undefined && end >= last;
    yield { args: [`${start}-${open ? '' : end}`], from: start, ...(open ? {} : { to: end }) };
    start = end + 1;
  } while (start <= last);
}

type Verb = 'OVER' | 'XOVER' | 'XZVER';

class OverviewReader implements AsyncIterator<OverviewRow, void, undefined> {
  #session: Session;
  #options: CallOptions;
  #spans: Iterator<Span, void>;
  #span: Span | undefined;
  #group: () => string | undefined;
  #format: OverviewFormat | undefined;
  #reader: RowReader<OverviewRow> | undefined;
  #last = -1;
  #done = false;

  constructor(session: Session, options: CallOptions, spans: Iterator<Span, void>) {
    this.#session = session;
    this.#options = options;
    this.#spans = spans;
    this.#group = session.selection.origin();
  }

  next(): Promise<IteratorResult<OverviewRow, void>> {
    try {
      const row = this.#reader?.take();
      return row === undefined || row.done ? this.#nextLater() : Promise.resolve(row);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  async return(): Promise<IteratorResult<OverviewRow, void>> {
    this.#done = true;
    await this.#reader?.return();
    return { done: true, value: undefined };
  }

  /** A row that must be waited for, or the first of the next span that has any. */
  async #nextLater(): Promise<IteratorResult<OverviewRow, void>> {
    const session = this.#session;
    const here = await this.#reader?.next();
    if (here?.done === false) return here;
    this.#format ??= await overviewFormat(session, this.#options);
    for (let span = this.#following(); span !== undefined; span = this.#following()) {
      this.#span = span;
      const asked = span;
      const first = await session.loggedIn(() => this.#first(asked));
      if (!first.done) return first;
    }
    this.#reader = undefined;
    this.#done = true;
    return { done: true, value: undefined };
  }

  /** The rest of a span whose rows had to make room for other calls, else the next one. */
  #following(): Span | undefined {
    if (this.#done) return undefined;
    const span = this.#span;
    if (this.#reader?.cut && span?.from !== undefined) {
      const from = Math.max(span.from, this.#last + 1);
      if (span.to === undefined || from <= span.to) {
        return { ...span, args: [`${from}-${span.to ?? ''}`], from };
      }
    }
    return this.#spans.next().value ?? undefined;
  }

  #first(span: Span): Promise<IteratorResult<OverviewRow, void>> {
    return this.#session.firstKnown(verbsFor(this.#session, span), (verb) => {
      this.#reader = this.#open(span, verb);
      return this.#reader.next();
    });
  }

  #open(span: Span, verb: Verb): RowReader<OverviewRow> {
    const session = this.#session;
    const format = this.#format as OverviewFormat;
    const line = commandLine(verb, span.args);
    return rowReader(session, line, this.#options, {
      parse: (line) => {
        const row = parseOverviewRow(line, format);
        if (row !== undefined) this.#last = row.number;
        return row;
      },
      endsInText: true,
      hasRows: (reply) => hasRows(session, reply, line, span),
      prepare: (turn) =>
        span.args.length === 0
          ? session.selection.ensureArticle(turn)
          : session.selection.ensure(turn, this.#group()),
      mayCut: span.from !== undefined,
      ...(span.from === undefined
        ? {}
        : { span: { from: span.from, to: span.to }, numberOf: (row: OverviewRow) => row.number }),
    });
  }
}

/** What may serve, the likeliest first. */
function verbsFor(session: Session, span: Span): Verb[] {
  const { options, compressed, zipping, capabilities } = session;
  const verbs: Verb[] = session.likeliest('OVER', 'XOVER');
  const mayZip = options.compress === true && !compressed && !zipping.gzip;
  if (mayZip && span.from !== undefined && capabilities.has('XZVER')) verbs.unshift('XZVER');
  return verbs;
}

/** No article in a span is no error. Servers say it by an empty list, 423, or 420 (INN#122). */
function hasRows(session: Session, reply: Reply, line: CommandLine, span: Span): boolean {
  if (reply.code === 224) return true;
  const isSpan = span.from !== undefined;
  if (isSpan && (reply.code === 423 || reply.code === 420)) return false;
  throw session.refused(reply, line.masked);
}

/** Asked for once. Servers without it have the columns of RFC 3977 §8.3.2. */
async function overviewFormat(session: Session, options: CallOptions): Promise<OverviewFormat> {
  if (session.overviewFormat !== undefined) return session.overviewFormat;
  const { capabilities } = session;
  if (capabilities.known && !capabilities.has('LIST', 'OVERVIEW.FMT')) return new OverviewFormat();
  try {
    session.overviewFormat = await readOverviewFormat(session, options);
  } catch (error) {
    if (!asksForOlder(error)) throw error;
    session.overviewFormat = new OverviewFormat();
  }
  return session.overviewFormat;
}
