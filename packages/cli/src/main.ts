#!/usr/bin/env node
/** The bin: signals in, exit code out. `--version` alone loads nothing else. */
import { basename } from 'node:path';
import { version } from './version.js';

async function main(): Promise<number> {
  const argv = asCalled(process.argv.slice(2));
  if (argv.length === 1 && argv[0] === '--version') {
    const error = await new Promise((resolve) => {
      process.stdout.write(`${version()}\n`, resolve);
    });
    if (!error) return 0; // else what follows says why
  }
  const { run } = await import('./run.js');
  return run(argv, { signal: stopSignal() });
}

/** Programs call `sendmail`, `fivewire-sendmail` or a link to it: its name says what they want. */
function asCalled(argv: string[]): string[] {
  const name = basename(process.argv[1] ?? '').replace(/\.\w+$/, '');
  return /(^|-)sendmail$/.test(name) ? ['sendmail', ...argv] : argv;
}

/** The first SIGINT or SIGTERM ends the command in good order; the second ends the process. */
function stopSignal(): AbortSignal {
  const controller = new AbortController();
  for (const [name, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(code);
      controller.abort(name);
    });
  }
  return controller.signal;
}

// A reader that has seen enough (`fivewire ls … | head`) is no error of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(141); // as SIGPIPE would
});

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`fivewire: ${error instanceof Error ? error.message : error}\n`);
    process.exit(70);
  },
);
