/** Mechanisms of the caller's own: NTLM, GSSAPI, what a server invented. They run in the same driver as ours. */
import { type ChannelBindingType, type ProtocolName, UsageError } from 'tls-context-core';
import {
  type Credentials,
  type ExchangeContext,
  type Mechanism,
  type Step,
  type Steps,
  serverSpeaksFirst,
} from './mechanism.js';

/** What a mechanism of the caller's own is told about the connection. */
export interface MechanismChannel {
  readonly protocol?: ProtocolName;
  /** Whom we dialled: for the service's name, as in `imap/mail.example.org`. */
  readonly host?: string;
  readonly port?: number;
  /** `undefined` where this connection can't give that type. */
  channelBinding(type: ChannelBindingType): Uint8Array | undefined;
}

/**
 * A mechanism for `mechanisms`. Octets in and out are raw: base64, line lengths, initial responses and `=` are the driver's part.
 * Each login runs on an object of its own whose prototype is the one you gave, so that what a method keeps in `this` belongs to
 * that login, in a pool too.
 */
export interface CustomMechanism {
  /** As the server lists it: 1 to 20 of A-Z, 0-9, `-` and `_` (RFC 4422 section 3.1). */
  readonly name: string;
  /** The initial response; `undefined` where the server speaks first. The secrets are fetched: functions have been called. */
  start(
    credentials: Credentials,
    channel: MechanismChannel,
  ): Uint8Array | undefined | Promise<Uint8Array | undefined>;
  /** The response to one challenge. */
  step(challenge: Uint8Array): Uint8Array | Promise<Uint8Array>;
  /** The server reports success. Throw where it has not proven what it should have: then the login fails. */
  finish?(): void | Promise<void>;
}

/** More challenges than any mechanism has: a server that goes on asking is an error, never a loop. */
const mostSteps = 16;

/** @throws UsageError ERR_ARGUMENT */
export function isCustomMechanism(value: unknown): value is CustomMechanism {
  if (typeof value !== 'object' || value === null) return false;
  const { name, start, step, finish } = value as Partial<CustomMechanism>;
  return (
    typeof name === 'string' &&
    /^[A-Z0-9_-]{1,20}$/.test(name) &&
    [start, step, finish ?? start].every((method) => typeof method === 'function')
  );
}

/** A row as those of the table. It may be tried in the caller's order alone, so its strength counts for nothing. */
export const customRow = (custom: CustomMechanism): Mechanism => ({
  name: custom.name,
  credential: undefined,
  strength: 0,
  authzid: true,
  provesServer: false,
  begin: (credentials, context) => customSteps(Object.create(custom), credentials, context),
});

async function* customSteps(
  custom: CustomMechanism,
  credentials: Credentials,
  { protocol, host, port, channelBinding = () => undefined }: ExchangeContext,
): Steps {
  const channel = {
    ...(protocol === undefined ? {} : { protocol }),
    ...(host === undefined ? {} : { host }),
    ...(port === undefined ? {} : { port }),
    channelBinding,
  };
  const first = await custom.start(credentials, channel);
  const onSuccess = () => custom.finish?.();
  const message = (response: Uint8Array): Step => ({
    response: octets(custom, response),
    expects: 'either',
    proof: true,
    onSuccess,
  });
  let challenge = yield first === undefined ? serverSpeaksFirst : message(first);
  for (let steps = 0; steps < mostSteps; steps++) {
    challenge = yield message(await custom.step(challenge));
  }
}

function octets(custom: CustomMechanism, value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return value;
  throw new UsageError('ERR_ARGUMENT', `mechanisms: ${custom.name} gave no octets`, {
    argument: 'mechanisms',
    hint: 'start and step give a Uint8Array; start may give undefined.',
  });
}
