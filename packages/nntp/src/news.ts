/** DATE, HELP, NEWGROUPS and NEWNEWS: RFC 3977 §7.1 to §7.4. */
import {
  type CommandLine,
  commandLine,
  decodeText,
  type Rows,
  readDotLines,
} from '@fivewire/line-protocol';
import { dateArguments, parseTimestamp } from './arguments.js';
import { parseActive } from './list.js';
import { rows } from './rows.js';
import type { Session } from './session.js';
import type { ActiveRow, CallOptions } from './types.js';
import { checkWildmat } from './wildmat.js';

export function date(session: Session, options: CallOptions): Promise<Date> {
  const line = commandLine('DATE');
  return session.run(line, { ...options, pipelined: true }, (reply) => {
    if (reply.code !== 111) throw session.refused(reply, line.masked);
    const time = parseTimestamp(reply.lines[0] ?? '');
    if (time !== undefined) return time;
    throw session.connection.unreadable(
      'yyyymmddhhmmss',
      `${reply.code} ${reply.text}`,
      line.masked,
    );
  });
}

export function help(session: Session, options: CallOptions): Promise<string> {
  const line = commandLine('HELP');
  return session.run(line, { ...options, pipelined: true }, async (reply, wait) => {
    if (reply.code !== 100) throw session.refused(reply, line.masked);
    return decodeText((await readDotLines(session.connection, wait)).join('\n'));
  });
}

/** @throws UsageError ERR_ARGUMENT */
export const newGroupsLine = (since: Date): CommandLine =>
  commandLine('NEWGROUPS', dateArguments(since));

export function newGroups(session: Session, since: Date, options: CallOptions): Rows<ActiveRow> {
  const line = newGroupsLine(since);
  return rows(session, line, options, {
    hasRows(reply) {
      if (reply.code === 231) return true;
      throw session.refused(reply, line.masked);
    },
    parse: parseActive,
  });
}

/** @throws UsageError ERR_ARGUMENT */
export function newNewsLine(wildmat: string, since: Date): CommandLine {
  checkWildmat(wildmat);
  return commandLine('NEWNEWS', [wildmat, ...dateArguments(since)]);
}

export function newNews(
  session: Session,
  wildmat: string,
  since: Date,
  options: CallOptions,
): Rows<string> {
  const line = newNewsLine(wildmat, since);
  return rows(session, line, options, {
    hasRows(reply) {
      if (reply.code === 230) return true;
      throw session.refused(reply, line.masked);
    },
    parse: (row) => (/^<[^<>\s]+>$/.test(row.trim()) ? row.trim() : undefined),
  });
}
