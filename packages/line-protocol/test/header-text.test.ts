import { createHeaderDecoder } from '@fivewire/line-protocol';
import { expect, it } from 'vitest';

const neverLoaded = () => {
  throw new Error('loaded');
};

it('loads no charsets for ASCII and UTF-8', () => {
  const { decodeHeaderText, decodeParameters } = createHeaderDecoder(neverLoaded);
  expect(decodeHeaderText('plain')).toBe('plain');
  expect(decodeHeaderText('=?UTF-8?Q?caf=C3?= =?utf-8*fr?B?qQ==?=')).toBe('café');
  expect({ ...decodeParameters([['name*', "utf-8''%e2%82%ac"]]) }).toEqual({ name: '€' });
});

it("falls back to Node's charsets, and leaves what is in none as it is", () => {
  const { decodeHeaderText } = createHeaderDecoder(() => ({
    encodingExists: () => false,
    decode: neverLoaded,
  }));
  expect(decodeHeaderText('=?iso-2022-jp?B?GyRCRnxLXBsoQg==?=')).toBe('日本');
  expect(decodeHeaderText('a =?klingon-8?Q?b?= c')).toBe('a =?klingon-8?Q?b?= c');
});
