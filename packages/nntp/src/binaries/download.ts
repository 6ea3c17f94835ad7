/** Files out of articles: parts fetched from several servers, decoded, proven, and written to where they belong. */
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  checkOptions,
  isFivewireError,
  LocalError,
  type Rules,
  rules,
  UsageError,
} from '@fivewire/line-protocol';
import type { NntpServers } from '../servers.js';
import type { Nzb, NzbFile, NzbSegment } from './nzb.js';
import { safeName } from './safe-name.js';
import { uu, uuEnds } from './uu.js';
import { type YencPart, yenc } from './yenc.js';

export interface DownloadOptions {
  /** The folder, which is there. */
  into: string;
  /** Parts fetched at once. Default: as many as the servers have connections. */
  concurrency?: number;
  /** The most octets of one file. Default 64 GiB. */
  maxFileOctets?: number;
  signal?: AbortSignal;
  /** After each part. */
  onProgress?: (progress: { file: string; done: number; of: number; octets: number }) => void;
}

export interface DownloadedFile {
  /** Safe to be used as a name in a folder. */
  name: string;
  /** Where it lies; `undefined` where not one part was had. */
  path: string | undefined;
  /** Octets that were written, and what the poster said the file has. */
  octets: number;
  size: number | undefined;
  /** Every part is there, undamaged, and together they cover the file. */
  whole: boolean;
  /** Parts that no server gave. `certain`: all say that they have none; else it may be had later. */
  missing: { number: number; messageId: string; certain: boolean }[];
  damaged: { number: number; messageId: string; problems: readonly string[] }[];
}

const downloadRules: Rules<DownloadOptions> = {
  into: [(value) => typeof value === 'string' && value !== '', 'a folder'],
  concurrency: rules.positive,
  maxFileOctets: rules.positive,
  signal: rules.callRules.signal,
  onProgress: rules.callback,
};

/**
 * Each file of an NZB, in order, as it is finished. A damaged part is asked of the next server; what no server has undamaged is written as it is,
 * and told.
 *
 * @throws LocalError ERR_LOCAL_IO where a file can't be written
 */
export async function* download(
  servers: NntpServers,
  nzb: Pick<Nzb, 'files'>,
  options: DownloadOptions,
): AsyncGenerator<DownloadedFile, void, undefined> {
  checkOptions(options, downloadRules);
  if (!Array.isArray(nzb?.files))
    throw new UsageError('ERR_ARGUMENT', 'nzb is what parseNzb() gives: { files }', {
      protocol: 'nntp',
      argument: 'nzb',
    });
  for (const file of nzb.files) yield await downloadFile(servers, file, options);
}

interface Piece {
  segment: NzbSegment;
  content: Buffer;
  /** `undefined`: uuencode does not say where it belongs. */
  yenc: YencPart | undefined;
  name: string | undefined;
  problems: string[];
  /** Of uuencode: the file begins in it, and ends in it. */
  begins: boolean;
  ends: boolean;
  /** It can't be written: it lies outside the file, or it is of another one. */
  isElsewhere: boolean;
}

async function downloadFile(
  servers: NntpServers,
  file: NzbFile,
  {
    into,
    concurrency = servers.maxConnections,
    maxFileOctets = 64 * 2 ** 30,
    signal,
    onProgress,
  }: DownloadOptions,
): Promise<DownloadedFile> {
  const report: DownloadedFile = {
    name: safeName(file.name),
    path: undefined,
    octets: 0,
    size: undefined,
    whole: false,
    missing: [],
    damaged: [],
  };
  const { handle, path } = await createPart(into, report.name);
  const covered: { from: number; to: number }[] = [];
  /** Where parts begin that were had. */
  const begun = new Set<number>();
  const loose: Piece[] = [];
  let name = file.name;
  let done = 0;
  try {
    const queue = file.segments.values();
    const worker = async (): Promise<void> => {
      for (const segment of queue) {
        const piece = await fetchPiece(servers, segment, report, maxFileOctets, signal);
        if (piece !== undefined) {
          const { content, yenc, problems } = piece;
          if (yenc === undefined) loose.push(piece);
          else if (!piece.isElsewhere) {
            const from = yenc.offset;
            if (begun.has(from)) problems.push('another part lies where it does');
            else {
              begun.add(from);
              name ??= piece.name;
              report.size ??= yenc.size;
              covered.push({ from, to: from + content.length });
              report.octets += content.length;
              await write(handle, path, content, yenc.offset);
            }
          }
          if (yenc === undefined) name ??= piece.name;
          if (problems.length > 0) report.damaged.push({ ...idOf(segment), problems });
        }
        done++;
        onProgress?.({ file: report.name, done, of: file.segments.length, octets: report.octets });
      }
    };
    await allOrFirstError(
      Array.from({ length: Math.min(concurrency, file.segments.length) }, worker),
    );
    // uuencode says only which comes after which.
    for (const { content } of loose.sort((a, b) => a.segment.number - b.segment.number)) {
      await write(handle, path, content, report.octets);
      covered.push({ from: report.octets, to: report.octets + content.length });
      report.octets += content.length;
    }
    await synced(handle, path);
  } finally {
    await handle.close();
    if (covered.length === 0) await rm(path, { force: true });
  }
  const inOrder = (a: { number: number }, b: { number: number }): number => a.number - b.number;
  report.missing.sort(inOrder);
  report.damaged.sort(inOrder);
  if (covered.length === 0) return report;
  report.name = safeName(name);
  report.path = await intoPlace(path, into, report.name);
  report.whole =
    report.missing.length === 0 &&
    report.damaged.length === 0 &&
    (loose.length > 0
      ? loose.length === file.segments.length && isWholeFile(loose)
      : isWhole(covered, report.size));
  return report;
}

const idOf = ({ number, messageId }: NzbSegment): { number: number; messageId: string } => ({
  number,
  messageId,
});

async function fetchPiece(
  servers: NntpServers,
  segment: NzbSegment,
  report: DownloadedFile,
  maxFileOctets: number,
  signal: AbortSignal | undefined,
): Promise<Piece | undefined> {
  let best: Piece | undefined;
  const accept = (octets: Buffer): boolean => {
    const piece = decode(segment, octets);
    const elsewhere = piece.yenc && whyElsewhere(piece.yenc, report.size, maxFileOctets);
    if (elsewhere !== undefined) {
      piece.isElsewhere = true;
      piece.problems.push(elsewhere);
    }
    if (best === undefined || piece.problems.length < best.problems.length) best = piece;
    return piece.problems.length === 0;
  };
  try {
    await servers.fetch(segment.messageId, { accept, ...(signal === undefined ? {} : { signal }) });
  } catch (error) {
    if (!isFivewireError(error) || error.name === 'UsageError' || signal?.aborted) throw error;
    if (best === undefined)
      report.missing.push({ ...idOf(segment), certain: error.code === 'ERR_NOT_FOUND' });
  }
  return best;
}

function decode(segment: NzbSegment, octets: Buffer): Piece {
  const bare: Piece = {
    segment,
    content: Buffer.alloc(0),
    yenc: undefined,
    name: undefined,
    problems: [],
    begins: false,
    ends: false,
    isElsewhere: false,
  };
  const part = yenc.decode(octets);
  if (part !== undefined) {
    const { content, name, problems } = part;
    return { ...bare, content, yenc: part, name, problems: [...problems] };
  }
  const old = uu.decode(octets);
  if (old !== undefined) {
    // The lines of a file's middle have neither begin nor end.
    const problems = old.problems.filter((problem) => problem !== 'end is missing');
    const { content, name } = old;
    return { ...bare, content, name, problems, begins: name !== undefined, ends: uuEnds(octets) };
  }
  return { ...bare, problems: ['it is neither yEnc nor uuencode'] };
}

/** @param known what the parts before it have said of the file's size */
function whyElsewhere(
  { offset, octets, size }: YencPart,
  known: number | undefined,
  most: number,
): string | undefined {
  if (offset + octets > Math.min(size ?? most, most)) return 'it lies outside the file';
  const isOther = known !== undefined && size !== undefined && size !== known;
  return isOther ? `it is of a file of ${size} octets, and this one has ${known}` : undefined;
}

function isWhole(pieces: { from: number; to: number }[], size: number | undefined): boolean {
  let end = 0;
  for (const { from, to } of pieces.sort((a, b) => a.from - b.from)) {
    if (from !== end) return false; // a gap, or octets that two parts have
    end = to;
  }
  return size === undefined || end === size;
}

/** Parts in uuencode say neither where they belong nor how many they are: they are from the beginning to the end, and none is left out. */
const isWholeFile = (pieces: readonly Piece[]): boolean =>
  pieces.every(
    ({ segment, begins, ends }, i) =>
      begins === (i === 0) &&
      ends === (i === pieces.length - 1) &&
      segment.number === (pieces[0] as Piece).segment.number + i,
  );

/** All have ended when this rejects: none writes into a file that is closed. */
async function allOrFirstError(work: readonly Promise<void>[]): Promise<void> {
  const results = await Promise.allSettled(work);
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}

async function createPart(
  into: string,
  name: string,
): Promise<{ handle: FileHandle; path: string }> {
  for (let n = 1; ; n++) {
    const path = join(into, `${name}${n === 1 ? '' : `.${n}`}.part`);
    try {
      return { handle: await open(path, 'wx'), path };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw trouble(path, error);
    }
  }
}

async function write(handle: FileHandle, path: string, content: Buffer, at: number): Promise<void> {
  try {
    // A full disk may take a part of it, without an error yet.
    for (let done = 0; done < content.length; ) {
      done += (await handle.write(content, done, content.length - done, at + done)).bytesWritten;
    }
  } catch (error) {
    throw trouble(path, error);
  }
}

async function synced(handle: FileHandle, path: string): Promise<void> {
  try {
    await handle.datasync();
  } catch (error) {
    throw trouble(path, error);
  }
}

/** Never over a file that is there. */
async function intoPlace(path: string, into: string, name: string): Promise<string> {
  const dot = name.lastIndexOf('.');
  const [stem, ending] = dot > 0 ? [name.slice(0, dot), name.slice(dot)] : [name, ''];
  for (let n = 1; ; n++) {
    const target = join(into, n === 1 ? name : `${stem} (${n})${ending}`);
    try {
      await (await open(target, 'wx')).close();
      await rename(path, target);
      return target;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw trouble(target, error);
    }
  }
}

const trouble = (path: string, cause: unknown): LocalError =>
  new LocalError(
    'ERR_LOCAL_IO',
    `${path} could not be written: ${cause instanceof Error ? cause.message : cause}`,
    {
      path,
      cause,
      protocol: 'nntp',
      hint: 'Check the folder, its permissions, and the room on the disk.',
    },
  );
