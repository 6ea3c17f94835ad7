/** LIST and its keywords: RFC 3977 §7.6 and §8.4, RFC 6048. A row that can't be read goes to `notices`. */
import {
  type CommandLine,
  commandLine,
  decodeText,
  type Rows,
  readDotNames,
  trimBlanks,
  wordsOf,
} from '@fivewire/line-protocol';
import { parseCount, parseHigh, wrong } from './arguments.js';
import { OverviewFormat } from './overview-row.js';
import { rows } from './rows.js';
import type { Session } from './session.js';
import type {
  ActiveRow,
  ActiveTimesRow,
  CallOptions,
  CountsRow,
  DistribPatRow,
  DistributionRow,
  ModeratorRow,
  NewsgroupRow,
} from './types.js';
import { checkWildmat } from './wildmat.js';

export interface ListOptions extends CallOptions {
  /** Only newsgroups that this wildmat means: `comp.*,!comp.os.*`. Default: all. */
  wildmat?: string;
}

/** What a row of each keyword is. */
export interface ListRows {
  ACTIVE: ActiveRow;
  'ACTIVE.TIMES': ActiveTimesRow;
  COUNTS: CountsRow;
  'DISTRIB.PATS': DistribPatRow;
  DISTRIBUTIONS: DistributionRow;
  HEADERS: string;
  MODERATORS: ModeratorRow;
  MOTD: string;
  NEWSGROUPS: NewsgroupRow;
  SUBSCRIPTIONS: string;
}

const parsers: { [K in keyof ListRows]: (row: string) => ListRows[K] | undefined } = {
  ACTIVE: parseActive,
  'ACTIVE.TIMES': parseActiveTimes,
  COUNTS: parseCounts,
  'DISTRIB.PATS': parseDistribPat,
  DISTRIBUTIONS: parseDistribution,
  HEADERS: trimBlanks,
  MODERATORS: parseModerator,
  MOTD: decodeText,
  NEWSGROUPS: parseNewsgroup,
  SUBSCRIPTIONS: (row) => decodeText(trimBlanks(row)),
};

/** @throws UsageError ERR_ARGUMENT */
export function listLine(
  keyword: keyof ListRows,
  { wildmat }: ListOptions,
  ...args: string[]
): CommandLine {
  if (wildmat !== undefined) checkWildmat(wildmat);
  return commandLine('LIST', [keyword, ...(wildmat === undefined ? [] : [wildmat]), ...args]);
}

export function list<K extends keyof ListRows>(
  session: Session,
  keyword: K,
  { wildmat, ...options }: ListOptions,
  ...args: string[]
): Rows<ListRows[K]> {
  const line = listLine(keyword, wildmat === undefined ? {} : { wildmat }, ...args);
  return rows(session, line, options, {
    hasRows(reply) {
      if (reply.code === 215) return true;
      throw session.refused(reply, line.masked);
    },
    endsInText: keyword === 'MOTD',
    parse: parsers[keyword] as (row: string) => ListRows[K] | undefined,
  });
}

/** @throws UsageError ERR_ARGUMENT */
export function headersBy(by: 'MSGID' | 'RANGE' | undefined): string[] {
  if (by === undefined) return [];
  if (by === 'MSGID' || by === 'RANGE') return [by];
  throw wrong('by', "LIST HEADERS takes 'MSGID' or 'RANGE'");
}

/** LIST HEADERS, RFC 3977 §8.6: which fields HDR takes, by message-id or by range. */
export function listHeaders(
  session: Session,
  by: 'MSGID' | 'RANGE' | undefined,
  options: CallOptions,
): Rows<string> {
  return list(session, 'HEADERS', options, ...headersBy(by));
}

/** LIST OVERVIEW.FMT, RFC 3977 §8.4. */
export function readOverviewFormat(
  session: Session,
  options: CallOptions,
): Promise<OverviewFormat> {
  const line = commandLine('LIST', ['OVERVIEW.FMT']);
  return session.run(line, { ...options, pipelined: true }, async (reply, wait) => {
    if (reply.code !== 215) throw session.refused(reply, line.masked);
    return new OverviewFormat(await readDotNames(session.connection, wait, session.notices));
  });
}

// active-groups-list = *(newsgroup-name SPA article-number SPA article-number SPA newsgroup-status CRLF)

export function parseActive(row: string): ActiveRow | undefined {
  const [name, highest, lowest, status] = wordsOf(row);
  const low = parseCount(lowest);
  const high = parseHigh(highest, low);
  if (!name || high === undefined || low === undefined || status === undefined) return undefined;
  return { name: decodeText(name), low, high, status };
}

function parseCounts(row: string): CountsRow | undefined {
  const [name, highest, lowest, total, status] = wordsOf(row);
  const [low, count] = [parseCount(lowest), parseCount(total)];
  const high = parseHigh(highest, low);
  if (!name || high === undefined || low === undefined || count === undefined) return undefined;
  return status === undefined ? undefined : { name: decodeText(name), low, high, count, status };
}

function parseActiveTimes(row: string): ActiveTimesRow | undefined {
  const [name, seconds = '', creator = ''] = wordsOf(row, 3);
  if (name === undefined || !/^\d{1,12}$/.test(seconds)) return undefined;
  return {
    name: decodeText(name),
    created: new Date(Number(seconds) * 1_000),
    creator: decodeText(creator),
  };
}

function parseNewsgroup(row: string): NewsgroupRow | undefined {
  const [name, description = ''] = wordsOf(row, 2);
  if (name === undefined) return undefined;
  return { name: decodeText(name), description: decodeText(description) };
}

function parseDistribution(row: string): DistributionRow | undefined {
  const found = parseNewsgroup(row);
  return found && { value: found.name, description: found.description };
}

function parseDistribPat(row: string): DistribPatRow | undefined {
  const [, weight, wildmat, value] = /^\s*(\d{1,9}):([^:]+):(.*)$/.exec(row) ?? [];
  if (wildmat === undefined || value === undefined) return undefined;
  return {
    weight: Number(weight),
    wildmat: decodeText(wildmat),
    value: decodeText(trimBlanks(value)),
  };
}

function parseModerator(row: string): ModeratorRow | undefined {
  const colon = row.indexOf(':');
  if (colon < 1) return undefined;
  return {
    group: decodeText(trimBlanks(row.slice(0, colon))),
    template: trimBlanks(row.slice(colon + 1)),
  };
}
