import { defineConfig } from 'vitest/config';
import root from '../../vitest.config.js';

// The sources stand for the packages, as in the root's configuration; one file at a time, since the servers are shared.
export default defineConfig({
  resolve: { alias: root.resolve?.alias ?? {} },
  test: {
    include: [
      'test/servers/suite/*.test.ts',
      // What has only one place for its settings does not run on this machine itself: its tests go with the containers.
      ...(process.env.FIVEWIRE_RUNNER === 'containers'
        ? ['test/servers/suite/containers/*.test.ts']
        : []),
    ],
    // The queue and the resolver are this machine's own in either run, and use none of these servers.
    exclude:
      process.env.FIVEWIRE_RUNNER === 'containers'
        ? ['test/servers/suite/{queue,dane,deliver-to}.test.ts']
        : [],
    fileParallelism: false,
    // Ends what hangs. No test ends because the machine is slow.
    testTimeout: 600_000,
    hookTimeout: 600_000,
    expect: { poll: { timeout: 600_000 } },
  },
});
