/** HDR (RFC 3977 §8.5), else XHDR (RFC 2980 §2.6): one header of many articles. XPAT (§2.9): of those that match. */
import { type CommandLine, commandLine, Rows, type Turn } from '@fivewire/line-protocol';
import { type ArticleRange, parseCount, rangeArgument, wrong } from './arguments.js';
import { decodeHeader } from './header-text.js';
import { afterLogin, begun, rowReader, rows } from './rows.js';
import type { Session } from './session.js';
import type { CallOptions, HeaderRow } from './types.js';

/** @throws UsageError ERR_ARGUMENT */
export function headerLines(
  field: string,
  range: ArticleRange,
): Record<'HDR' | 'XHDR', CommandLine> {
  checkField(field);
  const args = [field, ...rangeArgument(range)];
  return { HDR: commandLine('HDR', args), XHDR: commandLine('XHDR', args) };
}

/** No article in a span is an empty list. */
export function header(
  session: Session,
  field: string,
  range: ArticleRange,
  options: CallOptions,
): Rows<HeaderRow> {
  const lines = headerLines(field, range);
  const isSpan = typeof range === 'object' && range !== null;
  const open = (verb: 'HDR' | 'XHDR') => {
    const line = lines[verb];
    // Some answer HDR with XHDR's code, and then in its form.
    let isOld = verb === 'XHDR';
    return rowReader(session, line, options, {
      prepare: (turn) => select(session, turn, range),
      hasRows(reply) {
        isOld ||= reply.code === 221;
        if (reply.code === 225 || reply.code === 221) return true;
        if (isSpan && (reply.code === 423 || reply.code === 420)) return false;
        throw session.refused(reply, line.masked);
      },
      parse: (row) => parseHeaderRow(row, isOld, range),
      endsInText: true,
      ...(isSpan ? { span: range, numberOf: ({ number }: HeaderRow) => number } : {}),
    });
  };
  return new Rows(() =>
    begun(() =>
      session.firstKnown(session.likeliest('HDR', 'XHDR'), (verb) =>
        afterLogin(session, () => open(verb)),
      ),
    ),
  );
}

/** @throws UsageError ERR_ARGUMENT */
export function xpatLine(
  field: string,
  range: Exclude<ArticleRange, undefined>,
  patterns: string | readonly string[],
): CommandLine {
  checkField(field);
  if (range === undefined) throw wrong('range', 'XPAT takes a span, a number or a message-id');
  const all = typeof patterns === 'string' ? [patterns] : patterns;
  if (!Array.isArray(all) || all.length === 0 || !all.every(isPattern)) {
    throw wrong(
      'patterns',
      'A pattern is a text without spaces and control characters',
      'Write ? for a space: *lost?and?found*',
    );
  }
  return commandLine('XPAT', [field, ...rangeArgument(range), ...all]);
}

/** XPAT, RFC 2980 §2.9: those that one of the patterns means. */
export function xpat(
  session: Session,
  field: string,
  range: Exclude<ArticleRange, undefined>,
  patterns: string | readonly string[],
  options: CallOptions,
): Rows<HeaderRow> {
  const line = xpatLine(field, range, patterns);
  const isSpan = typeof range === 'object';
  return rows(session, line, options, {
    prepare: (turn) => select(session, turn, range),
    hasRows(reply) {
      if (reply.code === 221) return true;
      if (isSpan && (reply.code === 423 || reply.code === 420)) return false;
      throw session.refused(reply, line.masked);
    },
    parse: (row) => parseHeaderRow(row, true, range),
    endsInText: true,
    ...(isSpan ? { span: range, numberOf: ({ number }: HeaderRow) => number } : {}),
  });
}

const isPattern = (pattern: unknown): boolean =>
  typeof pattern === 'string' && /^[^\x00-\x20\x7f]+$/.test(pattern);

function checkField(field: string): void {
  if (typeof field === 'string' && /^:?[\x21-\x39\x3b-\x7e]{1,100}$/.test(field)) return;
  throw wrong('field', 'A header field is a name such as Subject, or metadata such as :lines');
}

async function select(session: Session, turn: Turn, range: ArticleRange): Promise<void> {
  const { selection } = session;
  if (range === undefined) await selection.ensureArticle(turn);
  else if (typeof range !== 'string') await selection.ensure(turn, selection.group?.name);
}

/**
 * `number value`; XHDR writes the message-id first where it was asked by that, and `(none)` for no value.
 * @param asked what was asked for: of a message-id, a row of another one is none
 */
export function parseHeaderRow(
  row: string,
  old = false,
  asked?: ArticleRange,
): HeaderRow | undefined {
  const space = row.search(/[ \t]/);
  const first = space < 0 ? row : row.slice(0, space);
  const isId = first.startsWith('<');
  const number = isId ? 0 : parseCount(first);
  const isOther = isId && typeof asked === 'string' && first.toLowerCase() !== asked.toLowerCase();
  if (number === undefined || isOther) return undefined;
  const rest = space < 0 ? '' : row.slice(space + 1);
  const value = old && rest === '(none)' ? '' : rest;
  return { number, value: decodeHeader(value), raw: Buffer.from(value, 'latin1') };
}
