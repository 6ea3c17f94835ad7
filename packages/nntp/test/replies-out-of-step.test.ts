/** A server that loses replies to ARTICLE, repeats them, or gives another article: each item has one outcome, and no octets of another. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  answeringStream,
  cuts,
  faults,
  inOrder,
  latin1,
} from '../../line-protocol/test/out-of-step.js';
import { NntpClient } from '../src/index.js';

const plays = fc.record({
  faults,
  cut: cuts,
  how: fc.constantFrom('ids', 'numbers', 'archive', 'heads', 'bodies'),
});

it('no article has octets of another, and none is told to be missing that is there', async () => {
  await fc.assert(
    fc.asyncProperty(plays, async ({ faults, cut, how }) => {
      const numbers = faults.map((_, at) => at + 1);
      const byId = how === 'ids' || how === 'bodies';
      const asked = numbers.map((number) => (byId ? `<${number}@x>` : number));
      const body = (at: number): string => `m${at + 1}${'x'.repeat(at * 7)}\r\n`;
      const codes = { ARTICLE: 220, HEAD: 221, BODY: 222 };
      const reply = (verb: keyof typeof codes, at: number, text = body(at)): string => {
        const head = verb === 'BODY' ? '' : `Subject: ${at + 1}\r\n`;
        const empty = verb === 'ARTICLE' ? '\r\n' : '';
        const rest = verb === 'HEAD' ? '' : text;
        return `${codes[verb]} ${byId ? 0 : at + 1} <${at + 1}@x>\r\n${head}${empty}${rest}.\r\n`;
      };
      const stream = answeringStream('200 ready\r\n', cut, (line) => {
        const [verb = '', name = ''] = line.split(' ');
        if (verb === 'CAPABILITIES') return '101\r\nVERSION 2\r\nREADER\r\n.\r\n';
        if (verb === 'GROUP') return `211 ${faults.length} 1 ${faults.length} a.b\r\n`;
        if (verb === 'LISTGROUP')
          return `211 ${faults.length} 1 ${faults.length} a.b\r\n${numbers.join('\r\n')}\r\n.\r\n`;
        if (!(verb in codes)) return '500 what\r\n';
        const at = Number(name.replace(/\D/g, '')) - 1;
        const right = reply(verb as 'BODY', at);
        const fault = faults[at];
        if (fault === 'lost') return '';
        if (fault === 'twice') return right + right;
        if (fault === 'another') return reply(verb as 'BODY', at + 1);
        if (fault === 'refused') return '430 no\r\n';
        if (fault === 'cut') return undefined;
        if (fault === 'early') return `${right}430 no\r\n`;
        return right;
      });
      const nntp = await NntpClient.connect({
        stream,
        security: 'cleartext',
        serverHostname: 'localhost',
      });
      const seen: unknown[] = [];
      const own = (number: number, subject: string | undefined, content: string | undefined) => {
        if (subject !== undefined) expect(subject).toBe(String(number));
        if (content !== undefined) expect(content).toBe(body(number - 1));
      };
      const one = async (name: number | string): Promise<void> => {
        const number = Number(String(name).replace(/\D/g, ''));
        if (how === 'heads') own(number, (await nntp.head(name)).headers.get('Subject'), undefined);
        else own(number, undefined, await latin1((await nntp.body(name)).body));
      };
      const loop = async (): Promise<void> => {
        if (how === 'heads' || how === 'bodies') {
          const ends = await Promise.allSettled(asked.map(one));
          for (const end of ends) {
            if (end.status === 'fulfilled') continue;
            if (end.reason.name === 'AssertionError') throw end.reason;
            expect(end.reason.code).toMatch(/^ERR_/);
          }
          seen.push(...asked);
        } else if (how === 'archive') {
          for await (const item of nntp.archive('a.b')) {
            if (item.kind === 'expired' || item.kind === 'gap') throw new Error(item.kind);
            seen.push(item.number);
            if (item.kind === 'article')
              own(
                item.number,
                item.article.headers.get('Subject'),
                await latin1(item.article.body),
              );
          }
        } else {
          for await (const item of nntp.articles(asked)) {
            seen.push(item.id);
            if (!item.ok) continue;
            const { headers, body } = item.article;
            const number = Number(String(item.id).replace(/\D/g, ''));
            own(number, headers.get('Subject'), await latin1(body));
          }
        }
      };
      if (how === 'numbers' || how === 'heads') await nntp.group('a.b');
      const error = await loop().then(
        () => undefined,
        (reason: { code?: string }) => reason,
      );
      nntp.close();
      expect(inOrder(seen, asked)).toBe(true);
      if (error === undefined) expect(seen).toEqual(asked);
      else expect(error.code, String(error)).toMatch(/^ERR_(CONNECTION|MALFORMED|SERVER_CLOSING)/);
      const isRight = faults.every((fault) => fault === undefined);
      if (isRight) expect(error).toBe(undefined);
    }),
    { numRuns: 500 },
  );
}, 60_000);
