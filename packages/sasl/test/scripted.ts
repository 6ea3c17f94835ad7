/** A transport that follows a script and writes down what we sent, for tests that read as dialogues. */
import type { SaslAnswer, SaslTransport } from '@fivewire/sasl';

export const octets = (text: string): Uint8Array => Buffer.from(text, 'utf8');
export const text = (data: Uint8Array): string => Buffer.from(data).toString('utf8');

export const challenge = (data: string): SaslAnswer => ({ kind: 'challenge', data: octets(data) });
export const success = (data?: string): SaslAnswer =>
  data === undefined ? { kind: 'success' } : { kind: 'success', data: octets(data) };
export const failure = (code: number | string, text: string, enhanced?: string): SaslAnswer => ({
  kind: 'failure',
  reply: { code, text, ...(enhanced ? { enhanced } : {}) },
});
export const unavailable = (code: number | string, text = 'no such mechanism'): SaslAnswer => ({
  kind: 'failure',
  reply: { code, text },
  mechanismUnavailable: true,
});

type Reaction = SaslAnswer | ((sent: string) => SaslAnswer);

export interface Scripted extends SaslTransport {
  /** `start NAME [initial response]`, `respond …`, `cancel`. */
  readonly sent: string[];
}

export function scripted(reactions: readonly Reaction[], initialResponseLimit = 12_288): Scripted {
  const sent: string[] = [];
  let turn = 0;
  const react = async (line: string, message: string): Promise<SaslAnswer> => {
    sent.push(line);
    const reaction = reactions[turn++];
    if (!reaction) throw new Error(`the script has no answer to ${JSON.stringify(line)}`);
    return typeof reaction === 'function' ? reaction(message) : reaction;
  };
  return {
    sent,
    initialResponseLimit,
    start: (mechanism, initial) =>
      react(
        `start ${mechanism}${initial ? ` [${text(initial)}]` : ''}`,
        initial ? text(initial) : '',
      ),
    respond: (response) => react(`respond [${text(response)}]`, text(response)),
    cancel: async () => {
      sent.push('cancel');
      return failure(501, 'cancelled');
    },
  };
}
