/**
 * Names of what is not whole yet, `.name.0123456789ab.part`, on this side and on servers. The twelve digits say who writes: 16 bits of
 * the machine, 22 of the process, 10 that count. So the next run can tell what a killed one left from what another is writing now.
 */
import { createHash, randomBytes } from 'node:crypto';
import { readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

const processes = 2 ** 22;
const counted = 2 ** 10;
/** Of a name, in most file systems. */
const mostOctets = 255;
const addedOctets = '..0123456789ab.part'.length;

/** What is written to is touched: clocks and time zones of servers are off by less. */
const abandonedAfter = 2 * 86_400_000;

let count = randomBytes(2).readUInt16BE() % counted;
let machine: string | undefined;
const givenUp = new Set<string>();

/** @param name what it is to be called in the end: text, or an octet string */
export function temporaryName(name: string): string {
  count = (count + 1) % counted;
  const { pid } = process;
  const who =
    pid < processes
      ? machineMark() + digits(pid * counted + count, 8)
      : randomBytes(6).toString('hex');
  givenUp.delete(who); // the count has come round: what is written now is not what was given up
  return `.${fitting(name)}.${who}.part`;
}

export const isTemporary = (name: string): boolean => /^\..+\.[0-9a-f]{12}\.part$/s.test(name);

/** As much of a name as leaves room for what a temporary one has besides. */
export function fitting(name: string): string {
  let end = Math.min(name.length, mostOctets);
  while (Buffer.byteLength(name.slice(0, end)) > mostOctets - addedOctets) end -= 1;
  // Not in the middle of a code point: neither of text, nor of UTF-8 in an octet string.
  if (end < name.length)
    while (end > 1 && /[\x80-\xbf\udc00-\udfff]/.test(name.charAt(end))) end -= 1;
  return name.slice(0, end);
}

/** One that {@link temporaryName} gave: nothing is written to it any more, and it may lie there still. */
export function giveUpTemporary(name: string): void {
  givenUp.add(markOf(name));
}

/**
 * Whether one that was found may go: its process has died, or this one gave it up; or its writer can't be asked, being elsewhere, and
 * nothing was written for two days.
 *
 * @param modified milliseconds since 1970; `undefined` where that is not known
 */
export function isAbandoned(name: string, modified: number | undefined): boolean {
  const mark = markOf(name);
  if (givenUp.has(mark)) return true;
  const pid = Math.floor(Number.parseInt(mark.slice(4), 16) / counted);
  if (mark.startsWith(machineMark()) && pid > 0) return !isRunning(pid);
  return modified !== undefined && Date.now() - modified > abandonedAfter;
}

const markOf = (name: string): string => name.slice(-'0123456789ab.part'.length, -'.part'.length);

const digits = (value: number, length: number): string => value.toString(16).padStart(length, '0');

/** Of the machine and, in containers, of what its process numbers mean. */
function machineMark(): string {
  if (machine !== undefined) return machine;
  let space = '';
  try {
    space = readlinkSync('/proc/self/ns/pid');
  } catch {
    // No Linux: process numbers mean the same in all of the machine.
  }
  machine = createHash('sha256').update(`${hostname()} ${space}`).digest('hex').slice(0, 4);
  return machine;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'; // EPERM: of another user
  }
}
