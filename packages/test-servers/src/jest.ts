/** Servers for jest, and for any runner with its global hooks. */
import { type Fixture, type FixtureOptions, fixtureOn } from './fixtures/hooks.js';

export type { Fixture, FixtureOptions } from './fixtures/hooks.js';

type Hook = (work: () => Promise<void>, timeout?: number) => void;
const names = ['beforeAll', 'afterAll', 'beforeEach', 'afterEach'] as const;

/**
 * Servers for the tests of a file, or of the `describe` that it is called in.
 *
 * ```js
 * const fixture = useTestServers();
 * test('sends', async () => {
 *   const { servers, user } = fixture;
 * });
 * ```
 * @throws Error outside of jest
 */
export function useTestServers(options: FixtureOptions = {}): Fixture {
  const hooks = names.map(
    (name) => (globalThis as unknown as Record<string, Hook | undefined>)[name],
  );
  const [before, after, beforeEach, afterEach] = hooks;
  if (!before || !after || !beforeEach || !afterEach)
    throw new Error(
      'There are no beforeAll, afterAll, beforeEach and afterEach here: is this jest?',
    );
  return fixtureOn({ before, after, beforeEach, afterEach }, options);
}
