/** Charsets, loaded at first use: most names are ASCII or UTF-8. */
import { atFirstUse } from '@fivewire/line-protocol';

export const iconv: () => typeof import('iconv-lite') = atFirstUse(import.meta.url, 'iconv-lite');
