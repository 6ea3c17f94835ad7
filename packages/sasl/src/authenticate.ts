/** Chooses a mechanism, runs it over what the protocol lends, and verifies the outcome (RFC 4422 section 3). */
import { AuthenticationError, addErrorContext, isFivewireError, SaslError } from 'tls-context-core';
import { checkAuth, fetchCredentials } from './credentials.js';
import { type Exchange, exchangeOf } from './exchange.js';
import { given } from './given.js';
import type { CredentialKind, Credentials } from './mechanism.js';
import { isPlus, strengthOf } from './mechanisms/table.js';
import { nextSelections, type Tried, worksNot } from './next-selection.js';
import { passes, refusalVerdict, type Verdict } from './refusal.js';
import { offeredNames, type Selection, usableMechanisms } from './select.js';
import { printable } from './text.js';
import type { AuthenticateOptions, SaslAnswer, SaslTransport } from './types.js';

type Success = Extract<SaslAnswer, { kind: 'success' }>;
type Failure = Extract<SaslAnswer, { kind: 'failure' }>;

/**
 * Authenticates. Resolves with the mechanism that did it, once the server has said so and, where the mechanism has it,
 * proved itself.
 *
 * After a refusal of the credentials nothing else is tried. Where the server refused a mechanism as unavailable, one of the same
 * class of strength or a stronger is; a -PLUS that is refused on a verified channel gives way, once, to the same hash without
 * channel binding, and `onOutcome` tells; a list that the caller gives is leave to go down it when a mechanism does not work.
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
  const { auth, channel, leave = options.mechanisms !== undefined } = options;
  const credential = checkAuth(auth);
  let selections: readonly Selection[] = usableMechanisms(options);
  let credentials = await fetchCredentials(auth);
  let mayRenew = 'accessToken' in auth && typeof auth.accessToken === 'function';
  let notice: string | undefined;

  for (;;) {
    const [selection, ...others] = selections as [Selection, ...Selection[]];
    const { mechanism, context, row } = selection;
    const exchange = exchangeOf(row, row.begin(credentials, context));
    const { answer, proofSent, serverProven } = await run(exchange, transport);
    if (answer.kind === 'success') {
      options.onOutcome?.({
        channelBinding: context.binding?.type ?? 'none',
        ...given({ notice }),
      });
      return { mechanism };
    }

    const verdict = verdictOn(answer, exchange, options, credential);
    if (mayRenew && saysStale(answer, exchange, verdict)) {
      mayRenew = false;
      const renewed = await fetchCredentials(auth, { reason: spoken(answer, exchange) });
      if (!sameToken(renewed, credentials)) {
        credentials = renewed;
        continue;
      }
    }
    const tried: Tried = {
      selection,
      unavailable: answer.mechanismUnavailable === true,
      proofSent,
      serverProven,
      reason: verdict.reason,
      told: exchange.refusal()?.means,
    };
    selections = nextSelections(tried, others, { channel, leave });
    const [next] = selections;
    if (next === undefined) throw refused(options, exchange, answer, { tried, others, verdict });
    if (context.binding && next.mechanism === mechanism.replace(/-PLUS$/, ''))
      notice = unbound(selection, next, spoken(answer, exchange));
  }
}

async function run(
  exchange: Exchange,
  transport: SaslTransport,
): Promise<{ answer: Success | Failure; proofSent: boolean; serverProven: boolean }> {
  let initial = await exchange.start();
  const together = initial !== undefined && base64Octets(initial) <= transport.initialResponseLimit;
  let proofSent = together && exchange.last().proof === true;

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
    const response = initial ?? (await responseTo(answer, exchange, transport));
    initial = undefined;
    proofSent ||= exchange.last().proof === true;
    answer = await transport.respond(response);
  }
  if (answer.kind === 'success') await exchange.finish(answer.data);
  return { answer, proofSent, serverProven: exchange.last().serverProven === true };
}

async function responseTo(
  { data, malformed }: Extract<SaslAnswer, { kind: 'challenge' }>,
  exchange: Exchange,
  transport: SaslTransport,
): Promise<Uint8Array> {
  try {
    if (data === undefined && !exchange.last().heedless)
      throw malformed?.() ?? noBase64(exchange.mechanism);
    return await exchange.next(data ?? new Uint8Array());
  } catch (error) {
    // The server waits for us, so we tell it. Whether it hears is no matter: the connection is to be closed.
    transport.cancel().catch(() => {});
    throw error;
  }
}

const noBase64 = (mechanism: string): SaslError =>
  new SaslError('ERR_CHALLENGE', `${mechanism}: the server sent a challenge that is no base64`, {
    mechanism,
    hint: 'The server does not speak SASL as RFC 4422 says: name another mechanism in `mechanisms`.',
  });

/** An empty response is written `=`. */
const base64Octets = ({ length }: Uint8Array): number => Math.ceil(length / 3) * 4 || 1;

function verdictOn(
  { reply, hint }: Failure,
  exchange: Exchange,
  options: AuthenticateOptions,
  credential: CredentialKind,
): Verdict {
  const told = exchange.refusal();
  const verdict = refusalVerdict({ ...options, reply, credential });
  const { means } = told ?? {};
  const reason = means === 'later' || means === 'account' ? means : verdict.reason;
  return { reason, hint: hint || told?.hint || verdict.hint };
}

/** RFC 7628 section 3.2.2 in the challenge; IMAP's EXPIRED; in words alone where there is nothing else. */
const saysStale = ({ reply }: Failure, exchange: Exchange, { reason }: Verdict): boolean =>
  exchange.refusal()?.means === 'token' ||
  reason === 'expired' ||
  /\btoken\b[^.]{0,30}(?:expired|invalid)|(?:expired|invalid)[^.]{0,20}\btoken\b/i.test(
    `${reply.text} ${exchange.refusal()?.reason ?? ''}`,
  );

const sameToken = (one: Credentials, other: Credentials): boolean =>
  'accessToken' in one && 'accessToken' in other && one.accessToken === other.accessToken;

/** The refusal in the server's words. */
function spoken({ reply }: Failure, exchange: Exchange): string {
  const reason = exchange.refusal()?.reason;
  const said = [reply.code, reply.enhanced, reply.text].filter(Boolean).join(' ');
  return `${printable(said)}${reason ? ` (${reason})` : ''}`;
}

const unbound = (one: Selection, next: Selection, said: string): string =>
  `The server refused ${one.mechanism} with channel binding ${one.context.binding?.type}: ${said}. ` +
  `Went on with ${next.mechanism} without channel binding; mechanisms: ['${one.mechanism}'] would insist on it.`;

function refused(
  { offered, channel }: AuthenticateOptions,
  exchange: Exchange,
  answer: Failure,
  { tried, others, verdict }: { tried: Tried; others: readonly Selection[]; verdict: Verdict },
): AuthenticationError {
  const { mechanism } = exchange;
  const failed = worksNot(tried);
  const weaker = others.map((selection) => selection.mechanism).join(', ');
  const advice =
    answer.mechanismUnavailable && weaker && failed
      ? `Nothing weaker is tried by itself: if you know this server, put one of ${weaker} first in \`mechanisms\`.`
      : answer.mechanismUnavailable && failed && ['wrong', 'mechanism'].includes(verdict.reason)
        ? `The server offers ${mechanism} and does not take it: name another one in \`mechanisms\`, or another port of the server.${isPlus(mechanism) ? otherReasons(tried, channel) : ''}`
        : verdict.hint + otherReasons(tried, channel);
  return new AuthenticationError(
    'ERR_AUTHENTICATION_FAILED',
    answer.problem ?? `The server refused ${mechanism}: ${spoken(answer, exchange)}`,
    {
      mechanism,
      offered: offeredNames(offered),
      reply: answer.reply,
      hint: advice,
      phase: 'auth',
      reason: failed ? 'mechanism' : verdict.reason,
      retry: passes(verdict.reason) ? 'later' : 'never',
    },
  );
}

/** What refuses a digest in the same words as a wrong password. */
function otherReasons(
  { selection, reason, told }: Tried,
  channel: AuthenticateOptions['channel'],
): string {
  if (reason !== 'wrong' || told !== undefined) return '';
  const { mechanism, context } = selection;
  if (context.binding && isPlus(mechanism)) {
    const way =
      channel === 'verified-tls'
        ? `, or allow ${mechanism.replace(/-PLUS$/, '')} in \`mechanisms\``
        : '';
    return ` The login was bound to this TLS connection by ${context.binding.type}, and a server that knows only another binding says no more: name it in \`channelBinding\`${way}.`;
  }
  return strengthOf(mechanism) > strengthOf('PLAIN')
    ? ` A server that keeps only hashes of passwords refuses ${mechanism} in the same words: then name PLAIN in \`mechanisms\`, over TLS.`
    : '';
}
