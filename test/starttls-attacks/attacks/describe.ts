/** The attacks of one protocol, by every way to the server; a session without an attack is what a secured one must equal. */
import { describe, expect, it } from 'vitest';
import { attack, type Report } from '../attack.js';
import { type Client, type Picture, plain } from '../targets/target.js';
import { type Way, ways } from '../ways.js';
import type { Dialect } from './dialect.js';
import type { Row } from './row.js';
import { rowsFor } from './rows.js';

export function describeAttacks<C extends Client>(dialect: Dialect<C>): void {
  const { target, goAhead, injected, startTls } = dialect;
  const rows = rowsFor(dialect);
  const isWait = ({ outcome }: Row) => outcome.startsWith('ERR_TIMEOUT');
  const honest = new Map<Way, Promise<Picture>>();
  const untouched = (way: Way) => {
    const picture = honest.get(way) ?? visit(dialect, way);
    honest.set(way, picture);
    return picture;
  };

  const judge = async ({ server, client, outcome, differs }: Row, way: Way) => {
    const setup = { server, way, ...(client === undefined ? {} : { client }) };
    const report = await attack(target, setup, outcome);
    expectOutcome(report, outcome);
    if (outcome === 'secured')
      expect(plain(report.picture)).toEqual({ ...(await untouched(way)), ...differs });
  };

  describe.each(ways)(`${target.name}: %s`, (way) => {
    it.concurrent('works where nobody attacks', async () => {
      const picture = await untouched(way);
      const onStream = way === 'socket' || way === 'duplex';
      for (const work of (onStream && target.mainWorkOnStream) || target.mainWork)
        expect(picture[work]).not.toEqual(expect.stringMatching(/^ERR_/));
      const refused = target.forbidden.map((verb) => [verb, 'ERR_ARGUMENT']);
      expect(picture.sentByHand).toEqual(Object.fromEntries(refused));
    });

    const quick = rows.filter((row) => !isWait(row));
    it.concurrent.each(quick)('$kind: $title', (row) => judge(row, way));
  });

  describe(`${target.name}: by every way at once`, () => {
    it.concurrent.each(rows.filter(isWait))('$kind: $title', async (row) => {
      await Promise.all(ways.map((way) => judge(row, way)));
    });
  });

  describe.each(['direct', 'duplex'] as const)(`${target.name}: %s: buffering`, (way) => {
    const octets = goAhead + injected; // `<tag>` has as many as the tag
    const cuts = Array.from({ length: octets.length - 1 }, (_, at) => at + 1);
    it.concurrent.each(cuts)('go-ahead and injection, cut at octet %i', async (at) => {
      const reaction = { say: octets, cutAt: at, next: 'tls' } as const;
      const inClear = { [startTls.split(' ')[0] as string]: reaction };
      const report = await attack(target, { server: { impostor: { inClear } }, way }, '');
      expectOutcome(report, 'ERR_STARTTLS_INJECTION');
    });
  });
}

async function visit<C extends Client>({ target }: Dialect<C>, way: Way): Promise<Picture> {
  const { picture, error } = await attack(target, { server: {}, way }, 'secured');
  if (error !== undefined) throw error;
  return plain(picture) as Picture;
}

function expectOutcome(report: Report, outcome: Row['outcome']): void {
  if (outcome === 'ERR_STARTTLS_INJECTION') {
    expect(report.outcome).toMatch(/^ERR_STARTTLS_INJECTION in (?:starttls|tls)$/);
  } else expect(report.outcome).toBe(outcome);
}
