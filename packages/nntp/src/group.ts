/** GROUP, LISTGROUP, NEXT and LAST: RFC 3977 §6.1. None is pipelined, for what follows depends on it. */
import {
  CommandError,
  type CommandLine,
  commandLine,
  type Reply,
  Rows,
  serverReply,
} from '@fivewire/line-protocol';
import { articleNumber, groupName, parseCount } from './arguments.js';
import { parseArticleName } from './read-article.js';
import { asksForOlder } from './response-codes.js';
import { rows } from './rows.js';
import { parseGroup } from './selection.js';
import type { Session } from './session.js';
import type { ArticleName, CallOptions, Group } from './types.js';

/** @throws UsageError ERR_ARGUMENT */
export const groupLine = (name: string): CommandLine => commandLine('GROUP', [groupName(name)]);

export function group(session: Session, name: string, options: CallOptions): Promise<Group> {
  const line = groupLine(name);
  return session.run(line, options, (reply) => {
    if (reply.code !== 211) {
      session.selection.failed();
      throw session.refused(reply, line.masked);
    }
    const selected = parseGroup(reply.lines[0] ?? '', name);
    if (selected === undefined) {
      session.selection.failed();
      throw session.connection.locate(
        new CommandError(
          'ERR_COMMAND_REJECTED',
          `GROUP ${name} brought no figures: ${reply.text}`,
          {
            reply: serverReply(reply),
            hint: 'listActive() or listGroup() may tell the numbers.',
          },
        ),
        { phase: 'command', command: line.masked },
      );
    }
    session.selection.selected(selected);
    return selected;
  });
}

export interface ListGroupOptions extends CallOptions {
  /** Only numbers in this span; to the end where `to` is left out. */
  from?: number;
  to?: number;
}

/** @throws UsageError ERR_ARGUMENT */
export function listGroupLine(
  name: string,
  { from, to }: { from?: number | undefined; to?: number | undefined },
): CommandLine {
  const span =
    from === undefined && to === undefined
      ? []
      : [`${articleNumber(from ?? 1, 'from')}-${to === undefined ? '' : articleNumber(to, 'to')}`];
  return commandLine('LISTGROUP', [groupName(name), ...span]);
}

/** LISTGROUP of RFC 2980 has no span: Leafnode looks for a group whose name has it in it. */
export const takesSpanForName = (error: unknown): boolean =>
  (error as { reply?: { code?: unknown } }).reply?.code === 411;

/** As {@link listGroup}; of a server that knows no span the whole list, of which those outside are left out here. */
export function listNumbers(
  session: Session,
  name: string,
  options: ListGroupOptions,
): Rows<number> {
  const { from = 1, to = Number.POSITIVE_INFINITY, ...call } = options;
  const asked = listGroup(session, name, options);
  if (options.from === undefined && options.to === undefined) return asked;
  async function* numbers(): AsyncGenerator<number, void, undefined> {
    let given = 0;
    try {
      for await (const number of asked) {
        given++;
        yield number;
      }
      return;
    } catch (error) {
      const knowsNoSpan = takesSpanForName(error) || asksForOlder(error);
      if (given > 0 || !knowsNoSpan) throw error;
    }
    for await (const number of listGroup(session, name, call)) {
      if (number >= from && number <= to) yield number;
    }
  }
  return new Rows(numbers);
}

export function listGroup(
  session: Session,
  name: string,
  { from, to, ...options }: ListGroupOptions,
  onUnreadable?: () => void,
): Rows<number> {
  const line = listGroupLine(name, { from, to });
  return rows(session, line, options, {
    pipelined: false,
    hasRows(reply) {
      if (reply.code !== 211) {
        session.selection.failed();
        throw session.refused(reply, line.masked);
      }
      const selected = parseGroup(reply.lines[0] ?? '', name);
      // Without the figures (keimpema/Usenet#3) the group is selected all the same, but who knows where.
      if (selected !== undefined) session.selection.selected(selected);
      else session.selection.failed();
      return true;
    },
    parse: (row) => parseCount(row.trim()),
    onUnreadable,
    ...(from === undefined && to === undefined
      ? {}
      : { span: { from: from ?? 1, to }, numberOf: (number: number) => number }),
  });
}

/** @returns `undefined` at the end of the group. */
export function step(
  session: Session,
  verb: 'NEXT' | 'LAST',
  options: CallOptions,
): Promise<ArticleName | undefined> {
  const line = commandLine(verb);
  const { selection } = session;
  return session.run(
    line,
    { ...options, prepare: (turn) => selection.ensureArticle(turn) },
    (reply: Reply) => {
      if (reply.code === 421 || reply.code === 422) return undefined;
      if (reply.code !== 223) throw session.refused(reply, line.masked);
      const name = parseArticleName(reply);
      if (name.number !== undefined) selection.moved(name.number, selection.group?.name);
      return name;
    },
  );
}
