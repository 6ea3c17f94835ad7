/** Servers for node:test. */
import { after, afterEach, before, beforeEach } from 'node:test';
import { type Fixture, type FixtureOptions, fixtureOn } from './fixtures/hooks.js';

export type { Fixture, FixtureOptions } from './fixtures/hooks.js';

/**
 * Servers for the tests of a file, or of the `describe` that it is called in.
 *
 * ```js
 * const fixture = useTestServers();
 * test('sends', async () => {
 *   const { servers, user } = fixture;
 * });
 * ```
 */
export function useTestServers(options: FixtureOptions = {}): Fixture {
  return fixtureOn({ before, after, beforeEach, afterEach }, options);
}
