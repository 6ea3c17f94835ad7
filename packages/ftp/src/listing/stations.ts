/**
 * Systems whose listings begin with a count or a heading of their own: Stratus VOS, Cisco IOS, Unisys MCP.
 *
 *     Files: 2  Blocks: 13
 *
 *     w         12  stm  98-04-03  16:37:40  abbrevs
 *     Dirs: 1
 *
 *     m          1       98-03-19  21:15:29  letters
 *
 *     Directory of flash:/
 *         1  -rwx    13332480   Mar 1 1993 00:01:02 +00:00  image.bin
 *         2  drwx         192   Mar 1 1993 00:06:33  html
 *     27998208 bytes total (14665536 bytes free)
 *
 *     Report for: (ALICE)= ON PACK
 *     SOURCE/ONE        SEQDATA        6804  11/05/2003  15:46:40
 *              1 Files          6804 Octets
 */
import { clockOf, fullYear, serverTime } from './calendar.js';
import type { Dialect, DialectContext } from './dialect.js';
import type { Draft } from './entry.js';
import { monthOf } from './months.js';

/** Sizes are in blocks, the last of which may be part full: there is none in octets. */
export function vos(context: DialectContext): Dialect {
  let type: Draft['type'] | undefined;
  return {
    name: 'vos',
    read(line) {
      const counted = /^(File|Dir|Directorie|Link)s: +\d+(?: +Blocks: +\d+)? *$/.exec(line)?.[1];
      if (counted !== undefined) {
        type = counted === 'File' ? 'file' : counted === 'Link' ? 'symlink' : 'directory';
        return 'header';
      }
      const parts =
        type &&
        /^ *(?:[a-z] +)?(?:\d+ +)?(?:[a-z]{2,4} +)?(\d\d)-(\d\d)-(\d\d) +(\d\d:\d\d:\d\d) +(\S.*)$/.exec(
          line,
        );
      if (!parts || type === undefined) return undefined;
      const [, year, month, day, time = '', shown = ''] = parts;
      const [name = '', target] = type === 'symlink' ? shown.split(/ +-> +/, 2) : [shown];
      const draft: Draft = { name, type, target };
      return dated(draft, context, fullYear(Number(year)), Number(month), Number(day), time);
    },
  };
}

export function cisco(context: DialectContext): Dialect {
  return {
    name: 'cisco',
    read(line) {
      if (/^Directory of \S+$/.test(line)) return 'header';
      if (/^\d+ bytes total \(\d+ bytes free\)$/.test(line)) return 'header';
      const parts =
        /^ *\d+ +([-d])[-r][-w][-x] +(\d{1,15}) +(?:<no date>|([A-Z][a-z]{2}) +(\d{1,2}) (\d{4}) (\d\d:\d\d:\d\d)(?: [+-]\d\d:\d\d)?) +(\S.*)$/.exec(
          line,
        );
      if (parts === null) return undefined;
      const [, letter, size, month, day, year, time, name = ''] = parts;
      const draft: Draft =
        letter === 'd' ? { name, type: 'directory' } : { name, type: 'file', size: Number(size) };
      if (month === undefined) return draft;
      return dated(draft, context, Number(year), monthOf(month) ?? 0, Number(day), time ?? '');
    },
  };
}

export function mcp(context: DialectContext): Dialect {
  let isReport = false;
  return {
    name: 'mcp',
    read(line) {
      if (/^ *Report for: /.test(line)) {
        isReport = true;
        return 'header';
      }
      if (!isReport) return undefined;
      if (/^ *\d+ Files? +\d+ Octets? *$/.test(line)) return 'header';
      const parts =
        /^ *(\S+) +([A-Z][A-Z0-9]+) +(?:\d+ +)?(\d{1,15}) +(\d\d)\/(\d\d)\/(\d{4}) +(\d\d:\d\d(?::\d\d)?) *$/.exec(
          line,
        );
      if (parts === null) return undefined;
      const [, name = '', kind, size, month, day, year, time = ''] = parts;
      const draft: Draft =
        kind === 'DIRECTORY'
          ? { name, type: 'directory' }
          : { name, type: 'file', size: Number(size) };
      return dated(draft, context, Number(year), Number(month), Number(day), time);
    },
  };
}

function dated(
  draft: Draft,
  context: DialectContext,
  year: number,
  month: number,
  day: number,
  time: string,
): Draft {
  const clock = clockOf(time);
  if (clock === undefined) return draft;
  const precision = time.length > 5 ? 'second' : 'minute';
  const { hour, minute, second } = clock;
  return Object.assign(
    draft,
    serverTime(context, precision, year, month, day, hour, minute, second),
  );
}
