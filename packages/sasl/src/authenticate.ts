/** Chooses a mechanism, runs it over what the protocol lends, and verifies the outcome (RFC 4422 section 3). */
import { AuthenticationError, addErrorContext, isFivewireError, SaslError } from 'tls-context-core';
import { checkAuth, fetchCredentials } from './credentials.js';
import { createExchange, type Exchange } from './exchange.js';
import { given } from './given.js';
import { refusalVerdict, type Verdict } from './hints.js';
import { strengthOf } from './mechanisms/table.js';
import { offeredNames, type Selection, usableMechanisms } from './select.js';
import { printable } from './text.js';
import type { AuthenticateOptions, SaslAnswer, SaslTransport } from './types.js';

type Success = Extract<SaslAnswer, { kind: 'success' }>;
type Failure = Extract<SaslAnswer, { kind: 'failure' }>;

/**
 * Authenticates. Resolves with the mechanism that did it, once the server has said so and, where the mechanism has it,
 * proved itself.
 *
 * Another mechanism is tried only when the server refused one as unavailable, and only one of the same class of
 * strength or a stronger. After a refusal of the credentials nothing else is tried.
 *
 * @throws AuthenticationError ERR_CLEARTEXT_AUTH_REFUSED or ERR_NO_COMMON_MECHANISM before anything is sent;
 * ERR_AUTHENTICATION_FAILED with the server's reply
 * @throws SaslError ERR_CHALLENGE or ERR_SERVER_SIGNATURE: the caller must close the connection
 * @throws UsageError ERR_ARGUMENT for a malformed `auth` or an unknown name in `mechanisms`, before anything is sent;
 * and whatever the transport throws
 */
export async function authenticate(
  options: AuthenticateOptions,
  transport: SaslTransport,
): Promise<{ mechanism: string }> {
  try {
    return await tryInTurn(options, transport);
  } catch (error) {
    const { protocol, host, port } = options;
    if (isFivewireError(error)) {
      addErrorContext(error, { phase: 'auth', protocol, ...given({ host, port }) });
    }
    throw error;
  }
}

async function tryInTurn(
  options: AuthenticateOptions,
  transport: SaslTransport,
): Promise<{ mechanism: string }> {
  let [selection, ...others] = usableMechanisms(options);
  const credentials = await fetchCredentials(options.auth);

  for (;;) {
    const { mechanism, context } = selection;
    const exchange = createExchange(mechanism, credentials, context);
    const answer = await run(exchange, transport);
    if (answer.kind === 'success') return { mechanism };

    const verdict = refusalVerdict({
      reply: answer.reply,
      credential: checkAuth(options.auth),
      ...options,
    });
    const [next, ...rest] = others.filter((other) => isAsStrong(other, selection));
    if (!next || !answer.mechanismUnavailable || verdict.account) {
      throw refused(options, exchange, answer, others, verdict);
    }
    selection = next;
    others = rest;
  }
}

async function run(exchange: Exchange, transport: SaslTransport): Promise<Success | Failure> {
  let initial = await exchange.start();
  const together = initial !== undefined && base64Octets(initial) <= transport.initialResponseLimit;

  let answer = await transport.start(exchange.mechanism, together ? initial : undefined);
  if (together) initial = undefined;
  if (answer.kind === 'success' && initial !== undefined) {
    throw new SaslError('ERR_CHALLENGE', 'The server reports success before it has seen anything', {
      mechanism: exchange.mechanism,
      step: 1,
      hint: 'No credentials have been sent, so nothing was proven: do not trust this server.',
    });
  }

  while (answer.kind === 'challenge') {
    // The first challenge asks for the initial response that could not go with the command. RFC 4422 section 5 has it
    // empty, some servers write "Go ahead" there: nothing is derived from it.
    const response = initial ?? (await responseTo(answer.data, exchange, transport));
    initial = undefined;
    answer = await transport.respond(response);
  }
  if (answer.kind === 'success') await exchange.finish(answer.data);
  return answer;
}

async function responseTo(
  challenge: Uint8Array,
  exchange: Exchange,
  transport: SaslTransport,
): Promise<Uint8Array> {
  try {
    return await exchange.next(challenge);
  } catch (error) {
    // The server waits for us, so we tell it. Whether it hears is no matter: the connection is to be closed.
    transport.cancel().catch(() => {});
    throw error;
  }
}

/** An empty response is written `=`. */
const base64Octets = ({ length }: Uint8Array): number => Math.ceil(length / 3) * 4 || 1;

const isAsStrong = (one: Selection, other: Selection): boolean =>
  strengthOf(one.mechanism) >= strengthOf(other.mechanism);

function refused(
  { offered }: AuthenticateOptions,
  exchange: Exchange,
  { reply, mechanismUnavailable }: Failure,
  untried: readonly Selection[],
  verdict: Verdict,
): AuthenticationError {
  const { mechanism } = exchange;
  const told = exchange.refusal();
  const said = [reply.code, reply.enhanced, reply.text].filter(Boolean).join(' ');
  const weaker = untried.map((selection) => selection.mechanism).join(', ');
  const hint =
    mechanismUnavailable && weaker && !verdict.account
      ? `Nothing weaker is tried by itself: if you know this server, put one of ${weaker} first in \`mechanisms\`.`
      : told?.hint || verdict.hint;
  return new AuthenticationError(
    'ERR_AUTHENTICATION_FAILED',
    `The server refused ${mechanism}: ${printable(said)}${told?.reason ? ` (${told.reason})` : ''}`,
    {
      mechanism,
      offered: offeredNames(offered),
      reply,
      hint,
      phase: 'auth',
      retry: verdict.later ? 'later' : 'never',
    },
  );
}
