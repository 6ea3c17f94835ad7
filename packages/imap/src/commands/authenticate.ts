/** AUTHENTICATE and LOGIN, RFC 9051 §6.2.2 and §6.2.3; SASL-IR, RFC 4959. */
import { decodeBase64, encodeBase64, type SaslAnswer, type SaslTransport } from '@fivewire/sasl';
import { SaslError } from 'tls-context-core';
import { serverReply } from '../command-error.js';
import type { CommandRunner } from '../command-runner.js';
import { atom, initialResponse, secretString, string } from '../grammar/encoder.js';
import type { TaggedResponse } from '../grammar/response.js';

/** Octets of base64 in a command line that servers are known to take. */
const longestInitialResponse = 8_000;

/**
 * The mechanisms on offer. Where the LOGIN command is allowed and AUTH=PLAIN is not there, LOGIN stands in for it: both
 * hand over user and password as they are, and the rules for when that may happen are the same.
 */
export function offeredMechanisms(capabilities: ReadonlySet<string>): string[] {
  const offered = [...capabilities]
    .filter((name) => name.startsWith('AUTH='))
    .map((name) => name.slice(5));
  if (!offered.includes('PLAIN') && !capabilities.has('LOGINDISABLED')) offered.push('PLAIN');
  return offered;
}

/** How SASL travels in IMAP. */
export class ImapSaslTransport implements SaslTransport {
  readonly initialResponseLimit: number;
  readonly #runner: CommandRunner;
  readonly #hasPlain: boolean;
  readonly #saslIr: boolean;
  /** What the mechanism said first, kept for the server's empty challenge where SASL-IR is missing. */
  #held: Uint8Array | undefined;
  /** Waits for the server's next word. */
  #answer: ((answer: SaslAnswer) => void) | undefined;
  #failed: ((error: unknown) => void) | undefined;

  constructor(runner: CommandRunner) {
    const { capabilities } = runner.session;
    this.#runner = runner;
    this.#hasPlain = capabilities.has('AUTH=PLAIN');
    // LOGIN in PLAIN's place needs the credentials at once; PLAIN's response is short enough in any case.
    this.initialResponseLimit =
      capabilities.has('SASL-IR') || !this.#hasPlain ? longestInitialResponse : 0;
    this.#saslIr = capabilities.has('SASL-IR');
  }

  start(mechanism: string, response: Uint8Array | undefined): Promise<SaslAnswer> {
    if (mechanism === 'PLAIN' && !this.#hasPlain) return this.#login(response ?? new Uint8Array());
    this.#held = this.#saslIr ? undefined : response;
    const now =
      this.#saslIr && response !== undefined ? [initialResponse(encodeBase64(response))] : [];
    const answer = this.#next();
    this.#runner
      .runAnyway({
        verb: 'AUTHENTICATE',
        args: [atom(mechanism, 'mechanisms'), ...now],
        phase: 'auth',
        onContinuation: (text) => this.#challenged(text),
      })
      .then(
        ({ response: tagged }) => {
          if (tagged.status === 'OK' && this.#held !== undefined)
            this.#failed?.(tooEarly(mechanism));
          else this.#answer?.(saslAnswer(tagged));
        },
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

  #challenged(text: string): void {
    if (this.#held !== undefined) {
      const held = this.#held;
      this.#held = undefined;
      this.#runner.sendLine(encodeBase64(held));
      return;
    }
    const data = decodeBase64(text.trim());
    if (data === undefined) {
      this.#failed?.(
        new SaslError('ERR_CHALLENGE', 'The server sent a challenge that is no base64', {
          phase: 'auth',
          hint: 'The server does not speak SASL as RFC 9051 says: name another mechanism in `mechanisms`.',
        }),
      );
    } else this.#answer?.({ kind: 'challenge', data });
  }

  /** PLAIN's message is `authzid NUL authcid NUL password` (RFC 4616 §2). */
  async #login(message: Uint8Array): Promise<SaslAnswer> {
    const [, user = '', password = ''] = Buffer.from(message).toString('utf8').split('\0');
    const { response } = await this.#runner.runAnyway({
      verb: 'LOGIN',
      args: [string(user, 'auth.user'), secretString(password, 'auth.password')],
      phase: 'auth',
    });
    return saslAnswer(response);
  }
}

const tooEarly = (mechanism: string): SaslError =>
  new SaslError('ERR_CHALLENGE', 'The server reports success before it has seen anything', {
    mechanism,
    step: 1,
    phase: 'auth',
    hint: 'No credentials have been sent, so nothing was proven: do not trust this server.',
  });

function saslAnswer(response: TaggedResponse): SaslAnswer {
  if (response.status === 'OK') return { kind: 'success' };
  const unavailable = /unsupported|not supported|unknown|unavailable|disabled/i.test(response.text);
  return {
    kind: 'failure',
    reply: serverReply(response),
    mechanismUnavailable: unavailable && response.code === undefined,
  };
}
