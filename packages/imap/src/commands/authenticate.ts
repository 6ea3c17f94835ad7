/** AUTHENTICATE and LOGIN, RFC 9051 §6.2.2 and §6.2.3; SASL-IR, RFC 4959. */
import {
  type AuthenticateOptions,
  decodeBase64,
  encodeBase64,
  logIn,
  preferredToPlain,
  type SaslAnswer,
  type SaslTransport,
  authenticate as saslAuthenticate,
  type Way,
  waysIn,
} from '@fivewire/sasl';
import type { CallOptions } from '../command.js';
import { serverReply } from '../command-error.js';
import type { CommandRunner } from '../command-runner.js';
import { atom, initialResponse, secretString, string } from '../grammar/encoder.js';
import type { TaggedResponse } from '../grammar/response.js';

type Ended = Exclude<SaslAnswer, { kind: 'challenge' }>;

/** Octets of base64 in a command line that servers are known to take. */
const longestInitialResponse = 8_000;

/** The LOGIN command among the ways to log in; AUTH=LOGIN is another thing. */
const loginCommand = 'LOGIN COMMAND';

/** @throws what `authenticate` of @fivewire/sasl throws */
export async function authenticate(
  runner: CommandRunner,
  given: Omit<AuthenticateOptions, 'offered'>,
  call: CallOptions = {},
): Promise<void> {
  const { capabilities } = runner.session;
  const offered = [...capabilities]
    .filter((name) => name.startsWith('AUTH='))
    .map((name) => name.slice(5));
  const options = { ...given, offered };
  const allowed = !capabilities.has('LOGINDISABLED');
  await logIn({
    options,
    ways: waysOf(options, allowed),
    own: { [loginCommand]: { open: allowed, run: (login) => loginBy(runner, login, call) } },
    sasl: (chosen) => saslAuthenticate(chosen, new ImapSaslTransport(runner, call)),
    offered: [],
    hint: 'The server forbids LOGIN (LOGINDISABLED) and offers no mechanism for these credentials.',
  });
}

/**
 * Where the LOGIN command is allowed and the mechanism is not there, the command stands in for PLAIN or LOGIN: all three hand over
 * user and password as they are, and the rules for when that may happen are the same.
 */
function waysOf({ offered, mechanisms, channel }: AuthenticateOptions, allowed: boolean): Way[] {
  const standsIn = (name: string): boolean => allowed && !offered.includes(name);
  if (mechanisms === undefined) {
    if (!standsIn('PLAIN')) return [{ name: 'SASL' }];
    const stronger = preferredToPlain(channel);
    return [{ name: 'SASL', mechanisms: stronger }, { name: loginCommand }, { name: 'SASL' }];
  }
  const named = mechanisms.map((name) =>
    typeof name === 'string' && /^(?:PLAIN|LOGIN)$/i.test(name) && standsIn(name.toUpperCase())
      ? loginCommand
      : name,
  );
  return waysIn([...new Set(named)], [loginCommand]);
}

/** How SASL travels in IMAP. */
class ImapSaslTransport implements SaslTransport {
  readonly initialResponseLimit: number;
  readonly #runner: CommandRunner;
  /** Waits for the server's next word. */
  #answer: ((answer: SaslAnswer) => void) | undefined;
  #failed: ((error: unknown) => void) | undefined;

  readonly #call: CallOptions;

  constructor(runner: CommandRunner, call: CallOptions) {
    const { capabilities } = runner.session;
    this.#runner = runner;
    this.#call = call;
    this.initialResponseLimit = capabilities.has('SASL-IR') ? longestInitialResponse : 0;
  }

  start(mechanism: string, response: Uint8Array | undefined): Promise<SaslAnswer> {
    const answer = this.#next();
    this.#runner
      .runAnyway(
        {
          verb: 'AUTHENTICATE',
          args: [
            atom(mechanism, 'mechanisms'),
            ...(response === undefined ? [] : [initialResponse(encodeBase64(response))]),
          ],
          phase: 'auth',
          onContinuation: (text) =>
            this.#answer?.({ kind: 'challenge', data: decodeBase64(text.trim()) }),
        },
        this.#call,
      )
      .then(
        ({ response: tagged }) => this.#answer?.(ended(tagged)),
        (error: unknown) => this.#failed?.(error),
      );
    return answer;
  }

  respond(response: Uint8Array): Promise<SaslAnswer> {
    const answer = this.#next();
    this.#runner.sendLine(encodeBase64(response));
    return answer;
  }

  cancel(): Promise<SaslAnswer> {
    const answer = this.#next();
    this.#runner.sendLine('*', '*');
    return answer;
  }

  #next(): Promise<SaslAnswer> {
    return new Promise((resolve, reject) => {
      this.#answer = resolve;
      this.#failed = reject;
    });
  }
}

/** LOGIN, RFC 9051 §6.2.3. */
async function loginBy(
  runner: CommandRunner,
  { user, password }: { user: string; password: string },
  call: CallOptions,
): Promise<Ended> {
  const { response } = await runner.runAnyway(
    {
      verb: 'LOGIN',
      args: [string(user, 'auth.user'), secretString(password, 'auth.password')],
      phase: 'auth',
    },
    call,
  );
  return ended(response);
}

function ended(response: TaggedResponse): Ended {
  if (response.status === 'OK') return { kind: 'success' };
  const unavailable = /unsupported|not supported|unknown|unavailable|disabled/i.test(response.text);
  return {
    kind: 'failure',
    reply: serverReply(response),
    mechanismUnavailable: unavailable && response.code === undefined,
  };
}
