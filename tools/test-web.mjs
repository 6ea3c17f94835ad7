// `npm run test:web`: the test servers' web page in a real browser. As root on Debian it installs one; without one it fails.
import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { createReport } from './report.mjs';

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome'];

const isProgram = (path) => {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};

const findBrowser = () => {
  if (process.env.FIVEWIRE_CHROMIUM) return process.env.FIVEWIRE_CHROMIUM;
  const folders = (process.env.PATH ?? '').split(delimiter);
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).find(isProgram);
};

const install = () => {
  if (process.getuid?.() !== 0 || !isProgram('/usr/bin/apt-get')) return;
  process.stdout.write('No Chromium here: apt-get installs one.\n');
  const apt = (...args) =>
    spawnSync(
      'apt-get',
      ['-q', '-y', '--no-install-recommends', '-o', 'DPkg::Lock::Timeout=300', ...args],
      {
        env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
        stdio: ['ignore', 'ignore', 'inherit'],
        timeout: 600_000,
      },
    ).status === 0;
  if (!apt('install', 'chromium', 'fonts-dejavu-core')) {
    apt('update');
    apt('install', 'chromium', 'fonts-dejavu-core');
  }
};

if (findBrowser() === undefined) install();
const browser = findBrowser();
if (browser === undefined) {
  process.stdout.write(
    '\n!!! NO BROWSER: the web page was NOT TESTED. Install Chromium, or name one by FIVEWIRE_CHROMIUM.\n\n0 passed, 1 failed\n',
  );
  process.exit(1);
}
const report = createReport();
report.vitest(
  `the web page in ${browser}`,
  ['--config', 'test/web/vitest.config.ts', ...process.argv.slice(2)],
  { env: { ...process.env, FIVEWIRE_CHROMIUM: browser } },
);
report.end();
