/** A text for readers that show no HTML, made by html-to-text where that is installed. */
/// <reference path="./html-to-text.d.ts" />
import { UsageError } from 'tls-context-core';
import { wrong } from './check-values.js';
import type { ComposeMessage } from './types.js';

export async function textFromHtml(message: ComposeMessage): Promise<ComposeMessage> {
  const { textFromHtml: wanted, text, html } = message;
  if (wanted !== true || text !== undefined) return message;
  if (typeof html !== 'string')
    throw wrong('textFromHtml', 'needs html as a string', 'Give text too, or html as a string.');
  return { ...message, text: (await loadPeer()).convert(html, { wordwrap: 72 }) };
}

async function loadPeer(): Promise<typeof import('html-to-text')> {
  try {
    return await import('html-to-text'); // an optional peer: it may not be there
  } catch (error) {
    throw new UsageError('ERR_STATE', 'textFromHtml needs the package html-to-text', {
      cause: error,
      hint: 'Install it: npm install html-to-text.',
    });
  }
}
