/**
 * IBM z/OS (MVS): data sets, the members of a partitioned one, or jobs. The heading says which.
 *
 *     Volume Unit    Referred Ext Used Recfm Lrecl BlkSz Dsorg Dsname
 *     B10142 3390   2006/03/20  2   31  F       80    80  PS   MDI.OKL.WORK
 *     MIGRAT                                                   OLD.DATA.SET
 *      Name     VV.MM   Created       Changed      Size  Init   Mod   Id
 *     TBSHELF   01.03 2002/09/12 2002/10/11 09:37    11    11     0 KIL001
 *      Name      Size     TTR   Alias-of AC --------- Attributes --------- Amode Rmode
 *     IEFBR14   000008   000411          00 FO             RN RU            31    ANY
 *     USER01   JOB01906  OUTPUT    3 Spool Files
 */
import { clockOf, dateNumbers, serverTime } from './calendar.js';
import { type Dialect, type DialectContext, Fields, type LineResult } from './dialect.js';
import type { Draft } from './entry.js';

const partitioned = new Set(['PO', 'PO-E', 'POE']);

export function mvs(context: DialectContext): Dialect {
  const fields = new Fields(14);
  let rows: ((fields: Fields, context: DialectContext) => LineResult) | undefined;
  return {
    name: 'mvs',
    read(line) {
      fields.read(line);
      const first = fields.text(0);
      const second = fields.text(1);
      if (first === 'Volume' && line.trimEnd().endsWith('Dsname')) rows = dataSet;
      else if (first === 'Name' && (second === 'VV.MM' || second === 'Size')) rows = member;
      else if (first === 'JOBNAME' && second === 'JOBID') rows = ownedJob;
      else if (rows === undefined) return job(fields, 0) ?? bareRow(fields, context);
      else if (isBarOrNote(line)) return 'header';
      else return rows(fields, context);
      return 'header';
    },
  };
}

/** A rule below the heading, and the files of one job that follow its line. */
function isBarOrNote(line: string): boolean {
  return /^[-\s]+$/.test(line) || /^\s*\d+ spool files?\s*$/i.test(line);
}

/** Rows that come without their heading, where they can be nothing else. */
function bareRow(fields: Fields, context: DialectContext): LineResult {
  const isMember = fields.count >= 8 && /^\d\d\.\d\d$/.test(fields.text(1));
  if (isMember && dateNumbers(fields.text(2)) !== undefined) return member(fields, context);
  if (loadModule.test(fields.line)) return member(fields, context);
  if (!dataSetName.test(fields.text(fields.count - 1))) return undefined;
  if (elsewhere.test(fields.line.trim())) return dataSet(fields, context);
  if (fields.count < 3) return undefined;
  if (!/^[A-Z0-9$#@]{1,6}$/.test(fields.text(0)) || !/^(?:[0-9]{4}|Tape)$/.test(fields.text(1)))
    return undefined;
  return dataSet(fields, context);
}

/** Name, size and track in hex, what it is an alias of, the authorization code, attributes, and both modes. */
const loadModule =
  /^ ?\S{1,64} +[0-9A-F]{6,8} +[0-9A-F]{6}(?: +\S+)? +\d\d +[A-Z][A-Z ]* +(?:24|31|64|ANY|MIN) +(?:24|64|ANY) *$/;

/** A data set that is on no disk now, and the first part of several. */
const elsewhere =
  /^(?:MIGRAT|Migrated|Tape|ARCIVE +Not Direct Access Device|Pseudo Directory) +(?:P[OS] +)?\S+$/;

const dataSetName = /^'?[A-Z0-9$#@][-A-Z0-9$#@.()]*'?$/i;

/** The name is the last field. Sizes are in tracks and records: no octets to tell. */
function dataSet(fields: Fields, context: DialectContext): LineResult {
  const name = fields.text(fields.count - 1);
  if (fields.count < 2 || !dataSetName.test(name)) return undefined;
  if (fields.text(0) === 'Pseudo' && fields.text(1) === 'Directory')
    return { name, type: 'directory' };
  const organisation = fields.text(fields.count - 2);
  // A name of one qualifier looks like any word: its organisation has to stand before it.
  if (!/[.']/.test(name) && !/^(?:P[OS](?:-E|E)?|DA|IS|U|VS|VSAM|PATH|Tape)$/.test(organisation))
    return undefined;
  const draft: Draft = { name, type: partitioned.has(organisation) ? 'directory' : 'file' };
  const date = dateNumbers(fields.text(2));
  return date === undefined ? draft : Object.assign(draft, serverTime(context, 'day', ...date));
}

const memberName = /^[A-Z0-9$#@{][-A-Z0-9$#@{]{0,63}$/i;

/** With statistics; the modules of a load library have other columns; one that never was edited has its name alone. */
function member(fields: Fields, context: DialectContext): LineResult {
  const name = fields.text(0);
  if (fields.count === 0 || !memberName.test(name)) return undefined;
  const isPlain = fields.count === 1 || /^\d\d\.\d\d$/.test(fields.text(1));
  if (!isPlain && !/^[0-9A-F]{4,8}$/i.test(fields.text(1))) return undefined;
  const draft: Draft = { name, type: 'file' };
  const date = dateNumbers(fields.text(3));
  const clock = clockOf(fields.text(4));
  if (date === undefined || clock === undefined) return draft;
  draft.owner = fields.text(8);
  const { hour, minute, second } = clock;
  return Object.assign(draft, serverTime(context, 'minute', ...date, hour, minute, second));
}

/** JES, at interface level 1. What GET takes is the job's number. */
function job(fields: Fields, owner: number): LineResult {
  const id = fields.text(1);
  if (!/^(?:JOB|STC|TSU)\d{5}$|^[JST]\d{7}$/.test(id)) return undefined;
  const hasOwner = isStatus(fields.text(3));
  if (!hasOwner && !isStatus(fields.text(2))) return undefined;
  return { name: id, type: 'file', owner: fields.text(hasOwner ? owner : 0) };
}

const isStatus = (text: string): boolean => /^(?:INPUT|HELD|ACTIVE|OUTPUT)$/.test(text);

/** JES, at interface level 2: the owner has a column of its own. */
const ownedJob = (fields: Fields): LineResult => job(fields, 2);
