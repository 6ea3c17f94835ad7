import { defineConfig } from 'vitest/config';
import root from '../../vitest.config.js';

// The sources stand for the packages, as in the root's configuration.
export default defineConfig({
  resolve: { alias: root.resolve?.alias ?? {} },
  // Without css, vitest takes every stylesheet for an empty one, read as text too.
  test: {
    css: true,
    include: ['test/web/*.test.ts'],
    // How long a page takes is no part of any test: what never comes ends by these.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    expect: { poll: { timeout: 240_000 } },
  },
});
