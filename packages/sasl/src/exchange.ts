/** One exchange as a state machine without I/O (RFC 4422 section 3): our messages out, the server's in. */
import { isFivewireError, SaslError, type SaslErrorCode, UsageError } from 'tls-context-core';
import { checkAuth } from './credentials.js';
import {
  type Credentials,
  type ExchangeContext,
  Fault,
  type Mechanism,
  nothing,
  type Refusal,
  type Step,
  type Steps,
} from './mechanism.js';
import { findMechanism } from './mechanisms/table.js';
import { printable } from './text.js';

/** No mechanism's challenge comes near it. */
const challengeOctets = 65_536;

/** After it nothing but the server's failure makes sense. */
const over: Step = { response: undefined, expects: 'failure' };

/**
 * The client's side of one exchange. Call `start`, then `next` for each challenge, and `finish` when the server reports
 * success: only after `finish` has resolved did the server do its part. Each mechanism has a fixed number of steps (three
 * challenges at most), so that a server that goes on asking is an error and never a loop.
 */
export interface Exchange {
  readonly mechanism: string;
  /** The initial response; `undefined` where the server speaks first. An empty one must be sent as such. */
  start(): Promise<Uint8Array | undefined>;
  /** @throws SaslError for a challenge that makes no sense */
  next(challenge: Uint8Array): Promise<Uint8Array>;
  /** @throws SaslError for a success that came too early, or without the server's proof */
  finish(additional?: Uint8Array): Promise<void>;
  /** What a challenge told about the failure to come (RFC 7628 section 3.2.2, RFC 5802 section 7). */
  refusal(): Refusal | undefined;
  /** About the last message that {@link start} or {@link next} gave. */
  last(): Pick<Step, 'proof' | 'serverProven' | 'heedless'>;
}

/**
 * Begins an exchange with a mechanism. Secrets stay in closures: printing the exchange shows none.
 *
 * @throws UsageError ERR_ARGUMENT for an unknown mechanism, malformed credentials or those of another kind
 */
export function createExchange(
  mechanism: string,
  credentials: Credentials,
  context: ExchangeContext = {},
): Exchange {
  const found = findMechanism(mechanism);
  if (!found) {
    throw new UsageError('ERR_ARGUMENT', `${printable(mechanism, 40)} is no mechanism known here`, {
      argument: 'mechanism',
    });
  }
  checkAuth(credentials);
  return exchangeOf(found, found.begin(credentials, context));
}

/** {@link createExchange} for steps that have been made already. */
export function exchangeOf(
  { name, provesServer }: Pick<Mechanism, 'name' | 'provesServer'>,
  steps: Steps,
): Exchange {
  let current: Step | undefined;
  let received = 0;

  return {
    mechanism: name,
    refusal: () => current?.refusal,
    last: () => current ?? {},

    async start() {
      if (current) throw new UsageError('ERR_STATE', 'the exchange has started already');
      return (await advance(nothing)).response;
    },

    async next(challenge) {
      received += 1;
      if (current?.expects !== 'challenge' && current?.expects !== 'either') {
        throw saslError('ERR_CHALLENGE', 'the server challenges after the exchange is over');
      }
      return (await advance(challenge)).response ?? nothing;
    },

    async finish(additional = nothing) {
      received += 1;
      // RFC 4422 section 5: additional data with success is a last challenge, whose answer would be empty.
      if (additional.length > 0) {
        if (current?.expects !== 'challenge' && current?.onSuccess === undefined) {
          throw saslError(
            'ERR_CHALLENGE',
            'success came with data that the mechanism has no use for',
          );
        }
        const { response } = await advance(additional);
        if (response?.length !== 0 && current?.onSuccess === undefined) current = over;
      }
      if (current?.expects === 'success' || current?.expects === 'either')
        return byMechanism(async () => current?.onSuccess?.());
      throw provesServer
        ? saslError(
            'ERR_SERVER_SIGNATURE',
            'success without proof that the server knows the password',
          )
        : saslError('ERR_CHALLENGE', 'the server reports success in the midst of the exchange');
    },
  };

  async function advance(message: Uint8Array): Promise<Step> {
    if (message.length > challengeOctets) {
      throw saslError('ERR_CHALLENGE', `the challenge is longer than ${challengeOctets} octets`);
    }
    return byMechanism(async () => {
      const { value } = await steps.next(message);
      current = value ?? over;
      return current;
    });
  }

  async function byMechanism<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      current = over;
      if (error instanceof Fault) throw saslError(error.code, error.message, error.hint);
      if (isFivewireError(error)) throw error;
      const { message = String(error) } = error as Partial<Error>;
      throw saslError('ERR_CHALLENGE', `it fails: ${message}`, '', error);
    }
  }

  function saslError(code: SaslErrorCode, problem: string, hint = '', cause?: unknown): SaslError {
    return new SaslError(code, `${name}: ${problem}`, {
      mechanism: name,
      step: received,
      phase: 'auth',
      hint: hint || hints[code],
      cause,
    });
  }
}

const hints: Readonly<Record<SaslErrorCode, string>> = {
  ERR_SERVER_SIGNATURE:
    'The server could not prove that it knows the password: it may be an impostor. Check `host` and what stands between.',
  ERR_CHALLENGE:
    'The server does not speak this mechanism as its RFC says: if you trust it, name another one in `mechanisms`.',
};
