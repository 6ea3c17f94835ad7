/** `fivewire check`: DNS, TCP, TLS, login, capabilities: a line each, and at the first that fails what to do. */
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { dial } from '@fivewire/line-protocol';
import { isFivewireError } from 'tls-context-core';
import type { Args, Context } from '../context.js';
import { exitCodeOf, exitCodes, Failure, isFailure, usage } from '../exit-code.js';
import { wholeNumber } from '../global-options.js';
import { line } from '../output.js';
import { inParallel } from '../parallel.js';
import { saidOf } from '../report.js';
import { type Client, withSession } from '../sessions.js';
import { resolveTarget, type Target } from '../target.js';
import { urlsOf } from '../url-list.js';

export const options = {
  list: { type: 'string', describe: 'File of URLs, one a line; - for stdin' },
  jobs: { type: 'string', alias: 'j', describe: 'Servers at once; default 8' },
} as const;

/** What a step found, or nothing where it does not apply. */
type Step = (target: Target, context: Context) => Promise<string | undefined>;

const steps: readonly (readonly [string, Step])[] = [
  ['dns', resolveHost],
  ['tcp', dialHost],
  ['tls', secureOnly],
  ['auth', logIn],
  ['capabilities', listCapabilities],
];

const mostJobs = 64;

export async function run(args: Args, context: Context): Promise<number | undefined> {
  const jobs = wholeNumber(args.jobs, '--jobs') ?? 8;
  if (jobs < 1 || jobs > mostJobs) throw usage(`--jobs goes from 1 to ${mostJobs}`);
  const urls = await urlsOf(args);
  if (urls.length === 1)
    return (await examine(urls[0] as string, context, (found) => tell(context, found)))?.exit;
  const width = Math.max(...urls.map((url) => url.length));
  let worst: number = exitCodes.ok;
  for await (const { url, steps: taken, exit } of inParallel(urls, jobs, (url) =>
    many(url, context),
  )) {
    const last = taken.at(-1);
    const text = exit === exitCodes.ok ? 'ok' : `${last?.step} failed: ${last?.detail}`;
    await context.out.row(
      { type: 'checked', url, exit, steps: taken },
      `${url.padEnd(width)}  ${line(text)}`,
    );
    worst = Math.max(worst, exit);
  }
  return worst === exitCodes.ok ? undefined : worst;
}

/** One of many: what cannot even be tried is a row as well. */
async function many(
  url: string,
  context: Context,
): Promise<{ url: string; steps: Found[]; exit: number }> {
  const taken: Found[] = [];
  const found = await examine(url, context, async (one) => void taken.push(one)).catch((error) => {
    if (context.signal.aborted || !(isFivewireError(error) || isFailure(error))) throw error;
    const { message: detail, hint } = saidOf(error);
    taken.push({ step: 'url', result: 'failed', detail, hint, milliseconds: 0 });
    return { exit: exitCodeOf(error) };
  });
  return { url, steps: taken, exit: found?.exit ?? exitCodes.ok };
}

interface Found {
  step: string;
  result: 'ok' | 'skipped' | 'failed';
  detail: string;
  hint: string;
  milliseconds: number;
}

/** @returns the exit code of the first step that failed */
async function examine(
  url: string,
  context: Context,
  told: (found: Found) => Promise<void>,
): Promise<{ exit: number } | undefined> {
  const { target, noLogin } = await targetOf(url, context);
  for (const [name, step] of steps) {
    const began = performance.now();
    const tell = (result: Found['result'], detail: string, hint = ''): Promise<void> =>
      told({
        step: name,
        result,
        detail,
        hint,
        milliseconds: Math.round(performance.now() - began),
      });
    try {
      if (step === logIn && noLogin !== undefined) throw noLogin;
      const found = await step(target, context);
      await tell(found === undefined ? 'skipped' : 'ok', found ?? '');
    } catch (error) {
      context.signal.throwIfAborted();
      if (!isFivewireError(error) && !isFailure(error)) throw error;
      const { message, hint } = saidOf(error);
      await tell('failed', message, hint);
      return { exit: exitCodeOf(error) };
    }
  }
  return undefined;
}

/** Where no password is to be had, what comes before the login can be looked at all the same. */
async function targetOf(
  url: string,
  context: Context,
): Promise<{ target: Target; noLogin?: Failure }> {
  const protocols = ['ftp', 'imap', 'pop3', 'smtp', 'nntp'] as const;
  try {
    return { target: await resolveTarget(url, context, { protocols }) };
  } catch (error) {
    if (!isFailure(error)) throw error;
    const target = await resolveTarget(url, context, { protocols, login: 'none' });
    return { target, noLogin: error };
  }
}

async function tell({ out }: Context, found: Found): Promise<void> {
  const { step, result, detail, hint, milliseconds } = found;
  const advice = hint === '' ? '' : `\n${' '.repeat(22)}${line(hint)}`;
  await out.row(
    { type: 'check', ...found },
    `${result.padEnd(8)}${step.padEnd(14)}${line(detail)}${result === 'ok' ? ` (${milliseconds} ms)` : ''}${advice}`,
  );
}

async function resolveHost({ connect: { host, proxy } }: Target): Promise<string | undefined> {
  if (isIP(host) !== 0 || proxy !== undefined) return undefined;
  try {
    return (await lookup(host, { all: true })).map(({ address }) => address).join(', ');
  } catch (error) {
    const again = (error as NodeJS.ErrnoException).code === 'EAI_AGAIN';
    throw new Failure(
      again ? exitCodes.temporary : exitCodes.hostUnknown,
      `${host} does not resolve: ${(error as NodeJS.ErrnoException).code}`,
      {
        cause: error,
        hint: again
          ? 'DNS gave no answer: check the network, then try again.'
          : 'Check the spelling of the name and your DNS.',
      },
    );
  }
}

async function dialHost(
  { connect: { host, port = 0, proxy, timeouts } }: Target,
  { signal }: Context,
): Promise<string> {
  const stream = await dial(
    { host, port, purpose: 'control' },
    { timeout: timeouts?.connect ?? 10_000, signal, ...(proxy === undefined ? {} : { proxy }) },
  );
  stream.on('error', () => {}).destroy();
  return `${host}:${port} answers${proxy === undefined ? '' : ` by ${new URL(proxy).protocol}`}`;
}

async function secureOnly(target: Target, context: Context): Promise<string | undefined> {
  const { auth: _, ...connect } = target.connect;
  const { mode, protocol, cipher, matchedName } = await withSession(
    target.protocol,
    { ...target, connect },
    context,
    async (client) => client.security,
  );
  return mode === 'cleartext' ? undefined : `${protocol} ${cipher}, certificate for ${matchedName}`;
}

async function logIn(target: Target, context: Context): Promise<string | undefined> {
  const { auth } = target.connect;
  if (auth === undefined) return undefined;
  await withSession(target.protocol, target, context, async () => {});
  return `logged in as ${auth.user}`;
}

async function listCapabilities(target: Target, context: Context): Promise<string> {
  return withSession(target.protocol, target, context, async (client) => namesOf(client).join(' '));
}

function namesOf({ capabilities }: Client): string[] {
  return [
    ...(capabilities instanceof Map ? capabilities.keys() : (capabilities as Iterable<string>)),
  ];
}
