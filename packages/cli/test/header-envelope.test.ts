/** RFC 5322 §3.6.6: who gets a message that was resent, once or more often. */
import { expect, it } from 'vitest';
import { addressFields } from '../src/send/header-envelope.js';

const fields = (text: string) =>
  text.split('; ').map((field) => {
    const [name = '', value = ''] = field.split(': ');
    return { name, value };
  });

it.each([
  ['From: a; To: b; Cc: c; Bcc: d', 'a', 'b c d'],
  ['Sender: s; From: a; To: b', 's a', 'b'],
  ['To: b; To: c', '', 'b c'],
  ['Resent-From: r; Resent-To: x; From: a; To: b; Cc: c; Bcc: d', 'r', 'x'],
  ['RESENT-FROM: r; resent-cc: x; Resent-Sender: s; From: a; To: b', 's r', 'x'],
  ['From: a; To: b; Resent-From: r; Resent-Bcc: x', 'r', 'x'],
  ['Resent-From: r; From: a; To: b', 'r', ''],
  // The newest stands on top.
  ['Resent-To: x; Resent-From: r; Resent-To: y; Resent-From: q; To: b', 'r', 'x'],
  ['Resent-To: x; Resent-To: y; Resent-From: r; Resent-To: z; Resent-From: q', 'r', 'x y'],
  ['Resent-To: x; Received: trace; Resent-Cc: y; Resent-From: q; To: b', '', 'x'],
  ['Resent-To: x; X-Loop: l; Resent-Cc: y; Resent-From: r; To: b', 'r', 'x y'],
  ['Received: trace; Resent-To: x; Return-Path: p; Resent-Bcc: y; To: b', '', 'x'],
])('%s: from %j to %j', (header, from, to) => {
  const { senders, recipients } = addressFields(fields(header));
  expect(senders.map(({ value }) => value).join(' ')).toBe(from);
  expect(recipients.map(({ value }) => value).join(' ')).toBe(to);
});
