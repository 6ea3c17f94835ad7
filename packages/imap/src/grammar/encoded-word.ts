/** Header text (RFC 2047) and parameter values (RFC 2231), in whatever charset. */
import { createHeaderDecoder, type HeaderDecoder } from '@fivewire/line-protocol';
import { iconv } from '../iconv.js';

const decoder = createHeaderDecoder(iconv);

export const decodeHeaderText: HeaderDecoder['decodeHeaderText'] = decoder.decodeHeaderText;
export const decodeParameters: HeaderDecoder['decodeParameters'] = decoder.decodeParameters;
