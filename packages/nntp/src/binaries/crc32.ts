/** CRC-32 (ISO 3309), as yEnc has it: by zlib where Node has it (20.15, 22.2 and newer), else by table. */
import * as zlib from 'node:zlib';

/** @param before the CRC of what came before; 0 at the beginning */
export const crc32: (octets: Uint8Array, before: number) => number =
  (zlib as { crc32?: (octets: Uint8Array, before: number) => number }).crc32 ?? crc32ByTable;

let table: Int32Array | undefined;

export function crc32ByTable(octets: Uint8Array, before: number): number {
  table ??= Int32Array.from({ length: 256 }, (_, index) => {
    let value = index;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
    return value;
  });
  let crc = ~before;
  for (let i = 0; i < octets.length; i++) {
    crc = (table[(crc ^ (octets[i] as number)) & 255] as number) ^ (crc >>> 8);
  }
  return ~crc >>> 0;
}
