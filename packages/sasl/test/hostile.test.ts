/** Whatever a server says, we end with a typed error or with success, within a bounded number of messages. */
import { authenticate, type SaslAnswer } from '@fivewire/sasl';
import fc from 'fast-check';
import { isFivewireError } from 'tls-context-core';
import { describe, expect, it } from 'vitest';
import { mechanisms } from '../src/mechanisms/table.js';

const auths = {
  password: { user: 'tim', password: 'tanstaaf' },
  accessToken: { user: 'tim', accessToken: 'abc' },
  external: { external: true },
  anonymous: { anonymous: true },
} as const;

const scramLike = fc
  .tuple(
    fc.constantFrom('r=', 'm=x,r=', 'e=', 's=', ''),
    fc.string({ maxLength: 40 }),
    fc.constantFrom(',s=AAAA', ',s=', ',i=4096', ''),
    fc.constantFrom(',i=4096', ',i=9999999999', ',i=0', ',i=-1', ',x=y', ',,'),
  )
  .map((parts) => Buffer.from(parts.join('')));

const answers: fc.Arbitrary<SaslAnswer> = fc.oneof(
  fc.record({
    kind: fc.constant('challenge' as const),
    data: fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      scramLike,
      fc.json().map((text) => Buffer.from(text)),
    ),
  }),
  fc.record({ kind: fc.constant('success' as const), data: fc.uint8Array({ maxLength: 40 }) }),
  fc.constant({ kind: 'success' as const }),
  fc.record({
    kind: fc.constant('failure' as const),
    reply: fc.record({ code: fc.constantFrom(504, 535, 'NO', '-ERR'), text: fc.string() }),
    mechanismUnavailable: fc.boolean(),
  }),
);

describe('arbitrary answers', () => {
  it.each(mechanisms)('$name', async ({ name, credential, provesServer }) => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(answers, { minLength: 1, maxLength: 6 }),
        fc.constantFrom(0, 12_288),
        async (script, initialResponseLimit) => {
          let messages = 0;
          const answer = async () => script[messages++ % script.length] as SaslAnswer;
          const outcome = await authenticate(
            {
              auth: auths[credential as keyof typeof auths],
              offered: [name],
              channel: 'verified-tls',
              binding: { channelBinding: () => new Uint8Array(32) },
              protocol: 'pop3',
            },
            { start: answer, respond: answer, cancel: answer, initialResponseLimit },
          ).catch((error: unknown) => error);

          expect(messages).toBeLessThanOrEqual(6);
          if (provesServer) expect(outcome).toBeInstanceOf(Error);
          if (outcome instanceof Error) expect(isFivewireError(outcome)).toBe(true);
          else expect(outcome).toEqual({ mechanism: name });
        },
      ),
      { numRuns: 200 },
    );
  });

  it.each(mechanisms)('$name: a server that asks for ever', async ({ name, credential }) => {
    let messages = 0;
    const answer = async (): Promise<SaslAnswer> => {
      messages += 1;
      return { kind: 'challenge', data: Buffer.from('e=other-error') };
    };
    const attempt = authenticate(
      {
        auth: auths[credential as keyof typeof auths],
        offered: [name],
        channel: 'verified-tls',
        binding: { channelBinding: () => new Uint8Array(32) },
        protocol: 'pop3',
      },
      { start: answer, respond: answer, cancel: answer, initialResponseLimit: 0 },
    );
    await expect(attempt).rejects.toMatchObject({ code: 'ERR_CHALLENGE' });
    expect(messages).toBeLessThanOrEqual(5);
  });
});
