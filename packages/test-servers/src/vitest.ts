/** Servers as fixtures of vitest. */
import { test as base, type TestAPI } from 'vitest';
import { endServers, type FixtureOptions } from './fixtures/hooks.js';
import { type NewUser, startTestServers, type TestServers } from './start-test-servers.js';

export type { FixtureOptions } from './fixtures/hooks.js';

/** What a test may ask for. */
export interface TestServersFixtures {
  servers: TestServers;
  /** This test's own user. */
  user: NewUser;
}

/**
 * A `test` whose functions get `servers` and `user`; they start for those tests that ask for them.
 *
 * ```js
 * const test = testWithServers();
 * test('sends', async ({ servers, user }) => {});
 * ```
 */
export function testWithServers({
  shared = true,
  ...options
}: FixtureOptions = {}): TestAPI<TestServersFixtures> {
  return base.extend<TestServersFixtures>({
    servers: [
      // biome-ignore lint/correctness/noEmptyPattern: vitest reads from the pattern which fixtures this one needs
      async ({}, use) => {
        const servers = await startTestServers(options);
        await use(servers);
        await endServers(servers);
      },
      { scope: shared ? 'file' : 'test' },
    ],
    user: async ({ servers }, use) => {
      await use(servers.createUser());
    },
  }) as TestAPI<TestServersFixtures>;
}
