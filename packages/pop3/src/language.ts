/** UTF8 and LANG, RFC 6856: texts and names beyond ASCII, and the language in which the server speaks. */
import { commandLine, decodeText, readDotNames, wordsOf } from '@fivewire/line-protocol';
import { commandError } from './response.js';
import type { Session } from './session.js';
import type { CallOptions } from './types.js';

export interface Language {
  /** A language tag, or `*` for the server's own choice. */
  tag: string;
  /** What the language is called, in itself. */
  description: string;
}

/**
 * UTF8, before the login: from now on messages may have UTF-8 in their headers, and where the server lists `UTF8 USER` names and passwords too.
 * @returns false where the server does not have it
 */
export async function useUtf8(session: Session): Promise<boolean> {
  if (!session.capabilities.has('UTF8')) return false;
  const line = commandLine('UTF8');
  return session.queue.run(
    async (turn) => {
      session.connection.send(line);
      await turn.toRead();
      const response = await session.readResponse(
        session.wait(line.masked, 'capabilities', undefined),
      );
      if (response.ok) return true;
      throw session.connection.locate(commandError(response, line.masked), {
        phase: 'capabilities',
      });
    },
    { phase: 'capabilities', command: line.masked },
  );
}

export function languages(session: Session, options: CallOptions): Promise<Language[]> {
  return session.run(commandLine('LANG'), options, async (_, wait) => {
    const lines = await readDotNames(session.connection, wait, session.notices);
    return lines.map((line) => {
      const [tag = '', description = ''] = wordsOf(line, 2);
      return { tag, description: decodeText(description) };
    });
  });
}

/** @returns the language that the server speaks now */
export function useLanguage(session: Session, tag: string, options: CallOptions): Promise<string> {
  return session.run(commandLine('LANG', [tag]), options, ({ text }) => wordsOf(text, 2)[0] ?? '');
}
