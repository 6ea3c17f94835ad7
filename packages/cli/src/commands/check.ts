/** `fivewire check`: DNS, TCP, TLS, login, capabilities: a line each, and at the first that fails what to do. */
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { dial } from '@fivewire/line-protocol';
import { isFivewireError } from 'tls-context-core';
import { type Args, type Context, text } from '../context.js';
import { exitCodeOf, exitCodes, Failure, isFailure } from '../exit-code.js';
import { line } from '../output.js';
import { type Client, withSession } from '../sessions.js';
import { resolveTarget, type Target } from '../target.js';

export const options = {} as const;

/** What a step found, or nothing where it does not apply. */
type Step = (target: Target, context: Context) => Promise<string | undefined>;

const steps: readonly (readonly [string, Step])[] = [
  ['dns', resolveHost],
  ['tcp', dialHost],
  ['tls', secureOnly],
  ['auth', logIn],
  ['capabilities', listCapabilities],
];

export async function run(args: Args, context: Context): Promise<number | undefined> {
  const target = await resolveTarget(text(args.url), context, {
    protocols: ['ftp', 'imap', 'pop3', 'smtp', 'nntp'],
  });
  for (const [name, step] of steps) {
    const began = performance.now();
    try {
      const found = await step(target, context);
      await tell(context, name, found === undefined ? 'skipped' : 'ok', found ?? '', '', began);
    } catch (error) {
      context.signal.throwIfAborted();
      if (!isFivewireError(error) && !isFailure(error)) throw error;
      await tell(context, name, 'failed', error.message, error.hint, began);
      return exitCodeOf(error);
    }
  }
  return undefined;
}

async function tell(
  { out }: Context,
  step: string,
  result: string,
  detail: string,
  hint: string,
  began: number,
): Promise<void> {
  const milliseconds = Math.round(performance.now() - began);
  const advice = hint === '' ? '' : `\n${' '.repeat(22)}${line(hint)}`;
  await out.row(
    { type: 'check', step, result, detail, hint, milliseconds },
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
