/**
 * IBM z/OS (MVS): data sets, or the members of a partitioned one. The heading says which.
 *
 *     Volume Unit    Referred Ext Used Recfm Lrecl BlkSz Dsorg Dsname
 *     B10142 3390   2006/03/20  2   31  F       80    80  PS   MDI.OKL.WORK
 *     MIGRAT                                                   OLD.DATA.SET
 *      Name     VV.MM   Created       Changed      Size  Init   Mod   Id
 *     TBSHELF   01.03 2002/09/12 2002/10/11 09:37    11    11     0 KIL001
 */
import { clockOf, dateNumbers, serverTime } from './calendar.js';
import { type Dialect, type DialectContext, Fields, type LineResult } from './dialect.js';
import type { Draft } from './entry.js';

const partitioned = new Set(['PO', 'PO-E']);

export function mvs(context: DialectContext): Dialect {
  const fields = new Fields(12);
  let rows: ((fields: Fields, context: DialectContext) => LineResult) | undefined;
  return {
    name: 'mvs',
    read(line) {
      fields.read(line);
      const first = fields.text(0);
      if (first === 'Volume' && line.trimEnd().endsWith('Dsname')) rows = dataSet;
      else if (first === 'Name' && (fields.text(1) === 'VV.MM' || fields.text(1) === 'Size')) {
        rows = member;
      } else return rows?.(fields, context);
      return 'header';
    },
  };
}

/** The name is the last field. Sizes are in tracks and records: no octets to tell. */
function dataSet(fields: Fields, context: DialectContext): LineResult {
  if (fields.count < 2) return undefined;
  const name = fields.text(fields.count - 1);
  const organisation = fields.text(fields.count - 2);
  const draft: Draft = { name, type: partitioned.has(organisation) ? 'directory' : 'file' };
  const date = dateNumbers(fields.text(2));
  return date === undefined ? draft : Object.assign(draft, serverTime(context, 'day', ...date));
}

function member(fields: Fields, context: DialectContext): LineResult {
  if (fields.count === 0) return undefined;
  const draft: Draft = { name: fields.text(0), type: 'file' };
  const date = dateNumbers(fields.text(3));
  const clock = clockOf(fields.text(4));
  if (date === undefined || clock === undefined) return draft;
  draft.owner = fields.text(8);
  const { hour, minute, second } = clock;
  return Object.assign(draft, serverTime(context, 'minute', ...date, hour, minute, second));
}
