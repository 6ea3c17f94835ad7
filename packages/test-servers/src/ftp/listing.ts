/** Listings: as `ls -l` prints them, and machine readable, RFC 3659 §7. */
import { createHash } from 'node:crypto';
import type { TreeNode } from '../file-tree.js';

const months = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');
const halfYear = 182 * 86_400_000;

/** `-rw-r--r--   1 ftp      ftp            1234 Nov 24 05:59 report.txt`, in UTC. */
export function unixLine(name: string, node: TreeNode, now: Date): string {
  const { modified } = node;
  const size = node.kind === 'file' ? node.octets.length : 4096;
  const recent = Math.abs(now.getTime() - modified.getTime()) < halfYear;
  const day = String(modified.getUTCDate()).padStart(2);
  const clock = modified.toISOString().slice(11, 16);
  const when = `${months[modified.getUTCMonth()]} ${day} ${recent ? clock : ` ${modified.getUTCFullYear()}`}`;
  return `${permissions(node)}   1 ftp      ftp      ${String(size).padStart(10)} ${when} ${name}`;
}

/** `11-24-26  05:59AM       <DIR>          reports`, in UTC. */
export function dosLine(name: string, node: TreeNode): string {
  const iso = node.modified.toISOString();
  const hour = node.modified.getUTCHours();
  const clock = `${pad(hour % 12 || 12)}:${iso.slice(14, 16)}${hour < 12 ? 'AM' : 'PM'}`;
  const size = node.kind === 'file' ? String(node.octets.length).padStart(20) : padded;
  return `${iso.slice(5, 7)}-${iso.slice(8, 10)}-${iso.slice(2, 4)}  ${clock} ${size} ${name}`;
}

const padded = '      <DIR>         ';
const pad = (number: number): string => String(number).padStart(2, '0');

function permissions({ kind, mode }: TreeNode): string {
  const bits = [...'rwxrwxrwx'].map((letter, at) => (mode & (0o400 >> at) ? letter : '-'));
  return (kind === 'folder' ? 'd' : '-') + bits.join('');
}

export const factNames = ['type', 'size', 'modify', 'perm', 'unique', 'UNIX.mode'] as const;
export type FactName = (typeof factNames)[number];

const facts: Readonly<Record<FactName, (node: TreeNode, type: string, path: string) => string>> = {
  type: (_node, type) => type,
  size: (node) => (node.kind === 'file' ? String(node.octets.length) : '0'),
  modify: (node) => timeValue(node.modified),
  perm: (node) => (node.kind === 'file' ? 'adfrw' : 'cdeflmp'),
  unique: (_node, _type, path) => createHash('sha1').update(path).digest('hex').slice(0, 12),
  'UNIX.mode': (node) => `0${node.mode.toString(8)}`,
};

/** `type=file;size=12;modify=20261124055900; report.txt`. */
export function machineLine(
  name: string,
  node: TreeNode,
  path: string,
  wanted: ReadonlySet<FactName>,
  type: string = node.kind === 'file' ? 'file' : 'dir',
): string {
  const shown = factNames.filter((fact) => wanted.has(fact));
  return `${shown.map((fact) => `${fact}=${facts[fact](node, type, path)};`).join('')} ${name}`;
}

/** `YYYYMMDDHHMMSS[.sss]`, RFC 3659 §2.3. */
export function timeValue(date: Date): string {
  return date.toISOString().replace(/\D/g, '').slice(0, 14);
}

export function parseTimeValue(text: string): Date | undefined {
  const match = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(?:\.(\d{1,3}))?$/.exec(text);
  if (!match) return undefined;
  const [year = 0, month = 0, day, hour, minute, second] = match.slice(1, 7).map(Number);
  const date = new Date(Date.UTC(year, month - 1, day, hour, minute, second));
  return Number.isNaN(date.getTime()) ? undefined : date;
}
