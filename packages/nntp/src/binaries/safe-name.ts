/** A file name from what a poster wrote. */

/**
 * What is left of a poster's name once nothing in it can lead out of a folder, or mean something to a system: the last part of a path, without
 * control characters, what Windows forbids, blanks and dots at its ends, at most 200 octets. `fallback` where that is nothing.
 */
export function safeName(name: string | undefined, fallback = 'unnamed'): string {
  const last = (name ?? '').split(/[/\\]/).findLast((part) => part.trim() !== '') ?? '';
  let safe = last
    .slice(-1_000)
    .replace(/[\x00-\x1f\x7f-\x9f<>:"|?*\u202a-\u202e\u2066-\u2069]/g, '_');
  safe = safe.replace(/^[\s.]+|[\s.]+$/g, '');
  if (/^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i.test(safe)) safe = `_${safe}`;
  while (Buffer.byteLength(safe) > 200) safe = safe.slice(1);
  return safe === '' ? fallback : safe;
}
