/** A remote file as JSON lines and `stat` show it. */
import type { Entry } from '@fivewire/ftp';

export function fileRecord(entry: Entry): Record<string, unknown> {
  const { name, path, type, size, modified, mode, owner, group, target } = entry;
  const [time, bits] = [modified?.toISOString(), mode?.toString(8)];
  return { name, path, kind: type, size, modified: time, mode: bits, owner, group, target };
}
