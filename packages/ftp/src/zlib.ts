/** Node's zlib, loaded at first use: few sessions deflate or reckon a CRC. */
import { atFirstUse } from '@fivewire/line-protocol';

export const zlib: () => typeof import('node:zlib') = atFirstUse(import.meta.url, 'node:zlib');
