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
    fileParallelism: false,
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
});
