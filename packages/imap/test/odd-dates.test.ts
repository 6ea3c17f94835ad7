/** INTERNALDATE in other forms than the grammar's: one instant that the text names, or a problem; never another one. */
import { expect, it } from 'vitest';
import { parseDateTime } from '../src/grammar/date-time.js';
import { answering } from './support/odd.js';

const instant = '1996-07-17T09:44:25.000Z';

it.each([
  '17-Jul-1996 02:44:25 -0700',
  'Wed, 17-Jul-1996 02:44:25 -0700',
  'Wed 17-Jul-1996 02:44:25 -0700',
  'Wednesday, 17-Jul-1996 02:44:25 -0700',
  'Wed, 17 Jul 1996 02:44:25 -0700 (PDT)',
  '17 Jul 1996 02:44:25 -0700',
  '17-July-1996 02:44:25 -0700',
  '17-jul-1996 02:44:25 -0700',
  '17-JUL-1996 02:44:25 -0700',
  '17-Jul-96 02:44:25 -0700',
  '17-Jul-1996 02:44:25 PDT',
  '17-Jul-1996 09:44:25 GMT',
  '17-Jul-1996 09:44:25 UTC',
  '17-Jul-1996 09:44:25 UT',
  '17-Jul-1996 09:44:25 Z',
  '17-Jul-1996 04:44:25 EST',
  '17-Jul-1996 02:44:25 -07:00',
  '17-Jul-1996 02:44:25-0700',
  '17-Jul-1996 02:44:25.125 -0700',
  '17-Jul-1996 02:44:25 GMT-0700',
  ' 17-Jul-1996  2:44:25  -0700 ',
  '1996-07-17T09:44:25Z',
  '1996-07-17t09:44:25z',
  '1996-07-17T09:44:25.000Z',
  '1996-07-17T02:44:25-07:00',
  '1996-07-17 02:44:25 -0700',
  '19960717T094425Z',
  'Wed Jul 17 09:44:25 GMT 1996',
  'Wed Jul 17 02:44:25 1996 -0700',
  'Wed Jul 17 1996 02:44:25 GMT-0700 (Pacific Daylight Time)',
])('%s is that instant', async (text) => {
  expect(parseDateTime(text)?.toISOString()).toBe(instant);
  await answering('', () => [`* 1 FETCH (UID 11 INTERNALDATE "${text}")`], async (box) => {
    const [row] = await box.fetch(11, { internalDate: true }).toArray();
    expect([row?.internalDate?.toISOString(), row?.problems]).toEqual([instant, []]);
  });
}); // biome-ignore format: short

it('a day of one digit', () => {
  for (const text of ['7-Jul-1996 02:44:25 +0000', ' 7-Jul-96 02:44:25 +0000', '07-Jul-1996 02:44:25 UTC'])
    expect(parseDateTime(text)?.toISOString()).toBe('1996-07-07T02:44:25.000Z');
  expect(parseDateTime('7-Jul-26 02:44:25 +0000')?.getUTCFullYear()).toBe(2026);
}); // biome-ignore format: short

it.each([
  '',
  'NIL',
  '17-Jul-1996',
  '17-Jul-1996 02:44:25',
  '17-Jul-1996 02:44 +0000',
  '17-Jul-1996 02:44:25 IST',
  '17-Jul-1996 02:44:25 A',
  '17-Jul-1996 02:44:25 +9999',
  '17-Jul-1996 02:44:25 +2',
  '17-Jul-1996 02:44:61 +0000',
  '17-Jul-1996 02:44:25 PM +0000',
  '17-Jul-196 02:44:25 +0000',
  '17-Jul-60 02:44:25 +0000',
  '17-Jux-1996 02:44:25 +0000',
  '17-07-1996 02:44:25 +0000',
  '07/17/1996 02:44:25 +0000',
  '96-07-17 02:44:25 +0000',
  '31-Jun-1996 02:44:25 +0000',
  '1996-13-17T02:44:25Z',
  '1996-02-30T02:44:25Z',
  '1996-07-17T02:44:25',
  '1996-07-17',
  '1996-W29-3',
  'Mon, 17-Jul-1996 02:44:25 +0000',
  'Mitt, 17-Jul-1996 02:44:25 +0000',
  'Wed Jul 17 02:44:25 1996',
  '837596665',
  '17-Jul-1996 02:44:25 +0000 18-Jul-1996 02:44:25 +0000',
])('%s is a problem, and no date', async (text) => {
  expect(parseDateTime(text)).toBeUndefined();
  await answering('', () => [`* 1 FETCH (UID 11 INTERNALDATE "${text}" RFC822.SIZE 5)`], async (box) => {
    const [row] = await box.fetch(11, { internalDate: true, size: true }).toArray();
    expect([row?.internalDate, row?.size, row?.problems.length]).toEqual([undefined, 5, 1]);
  });
}); // biome-ignore format: short
