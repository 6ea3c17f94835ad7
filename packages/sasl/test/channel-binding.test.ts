/** Channel binding is an addition, never a lock-out: what a refused -PLUS gives way to, and where it does not. */
import { type AuthenticateOptions, authenticate, type LoginOutcome } from '@fivewire/sasl';
import { describe, expect, it } from 'vitest';
import { ScramServer } from './scram-server.js';
import { challenge, failure, scripted, success, unavailable } from './scripted.js';

const auth = { user: 'tim', password: 'tanstaaf' };
const account = { hash: 'sha256', ...auth } as const;
const bindings = {
  'tls-exporter': new Uint8Array(32).fill(7),
  'tls-unique': new Uint8Array(12).fill(8),
  'tls-server-end-point': new Uint8Array(32).fill(9),
} as const;
const offered = ['SCRAM-SHA-256-PLUS', 'SCRAM-SHA-256', 'SCRAM-SHA-1-PLUS', 'SCRAM-SHA-1', 'PLAIN'];
const plus = 'SCRAM-SHA-256-PLUS';

async function run(
  transport: ReturnType<typeof scripted>,
  more: Partial<AuthenticateOptions> = {},
): Promise<
  { mechanism: string; tried: string[]; outcomes: LoginOutcome[] } | Record<string, unknown>
> {
  const outcomes: LoginOutcome[] = [];
  const tried = () =>
    transport.sent.filter((line) => line.startsWith('start ')).map((line) => line.split(' ')[1]);
  try {
    const result = await authenticate(
      {
        auth,
        offered,
        channel: 'verified-tls',
        protocol: 'imap',
        binding: { channelBinding: (type) => bindings[type] },
        onOutcome: (outcome) => outcomes.push(outcome),
        ...more,
      },
      transport,
    );
    return { ...result, tried: tried() as string[], outcomes };
  } catch (error) {
    return { ...(error as Error), tried: tried(), outcomes };
  }
}

/** A server's side of one SCRAM exchange as reactions of a script. */
const scram = (binding?: { type: string; data: Uint8Array }) => {
  const server = new ScramServer(account, binding);
  return [
    (message: string) => challenge(server.first(message)),
    (message: string) => challenge(server.final(message)),
    success(),
  ];
};

describe('a -PLUS that is refused', () => {
  it.each([
    ['at its first message, as Cyrus does', [failure('NO', 'bad protocol / cancel')]],
    ['as not to be had', [unavailable('NO')]],
    [
      'after the proof, in the words of a wrong password',
      [
        (message: string) => challenge(new ScramServer(account).first(message)),
        failure('NO', 'authentication failed', 'AUTHENTICATIONFAILED'),
      ],
    ],
    [
      "in SCRAM's own words",
      [
        (message: string) => challenge(new ScramServer(account).first(message)),
        challenge('e=channel-bindings-dont-match'),
        failure('NO', 'no'),
      ],
    ],
  ])('%s gives way to the same hash without binding', async (_, refusal) => {
    const transport = scripted([...refusal, ...scram()]);
    const result = await run(transport);
    expect(result).toMatchObject({
      mechanism: 'SCRAM-SHA-256',
      tried: [plus, 'SCRAM-SHA-256'],
      outcomes: [
        {
          channelBinding: 'none',
          notice: expect.stringMatching(/tls-exporter.*without channel binding/s),
        },
      ],
    });
    const second =
      transport.sent[transport.sent.findIndex((line) => line.startsWith('start SCRAM-SHA-256 '))];
    expect(second).toMatch(/\[n,,n=tim/);
  });

  it('gives way once, and to nothing weaker', async () => {
    const result = await run(scripted([failure('NO', 'no'), failure('NO', 'no')]));
    expect(result).toMatchObject({
      code: 'ERR_AUTHENTICATION_FAILED',
      tried: [plus, 'SCRAM-SHA-256'],
      outcomes: [],
    });
  });

  it.each<[string, ReturnType<typeof failure>[], Partial<AuthenticateOptions>]>([
    ['on a channel that is not verified', [failure('NO', 'no')], { channel: 'unverified-tls' }],
    ['where the caller names it alone', [failure('NO', 'no')], { mechanisms: [plus] }],
    [
      'where the caller allows no such hash without binding',
      [failure('NO', 'no')],
      {
        mechanisms: [plus, 'SCRAM-SHA-1'],
        offered: [plus, 'SCRAM-SHA-1'],
        channel: 'unverified-tls',
      },
    ],
    ['where the server is busy', [failure('NO', 'later', 'UNAVAILABLE')], {}],
    ['where it is about the account', [failure('NO', 'x', 'EXPIRED')], {}],
    ['where there is none without binding', [failure('NO', 'no')], { offered: [plus, 'PLAIN'] }],
  ])('stays refused %s', async (_, refusal, more) => {
    expect(await run(scripted(refusal), more)).toMatchObject({
      code: 'ERR_AUTHENTICATION_FAILED',
      mechanism: plus,
      tried: [plus],
    });
  });

  it('stays refused where the server says that the proof is wrong', async () => {
    const wrong = new ScramServer(
      { ...account, password: 'other' },
      { type: 'tls-exporter', data: bindings['tls-exporter'] },
    );
    const transport = scripted([
      (message) => challenge(wrong.first(message)),
      (message) => challenge(wrong.final(message)),
      failure('NO', 'no'),
    ]);
    expect(await run(transport)).toMatchObject({
      mechanism: plus,
      tried: [plus],
      hint: 'The password is wrong.',
    });
  });

  it('stays refused after the server has proven itself: then nothing is wrong with the binding', async () => {
    const [first, final] = scram({ type: 'tls-exporter', data: bindings['tls-exporter'] });
    const transport = scripted([first as never, final as never, failure('NO', 'no mailbox')]);
    expect(await run(transport)).toMatchObject({ tried: [plus] });
  });

  it("goes down the caller's list where the binding is all that is wrong", async () => {
    const transport = scripted([failure('NO', 'no'), success()]);
    expect(await run(transport, { mechanisms: [plus, 'PLAIN'] })).toMatchObject({
      mechanism: 'PLAIN',
    });
  });

  it('a wrong server signature ends the login', async () => {
    const [first] = scram({ type: 'tls-exporter', data: bindings['tls-exporter'] });
    const transport = scripted([first as never, challenge('v=AAAA')]);
    expect(await run(transport)).toMatchObject({ code: 'ERR_SERVER_SIGNATURE', tried: [plus] });
  });
});

describe('the type', () => {
  it.each(['tls-exporter', 'tls-unique', 'tls-server-end-point'] as const)(
    '%s, as the caller says',
    async (type) => {
      const transport = scripted(scram({ type, data: bindings[type] }));
      expect(await run(transport, { channelBinding: type })).toMatchObject({
        mechanism: plus,
        outcomes: [{ channelBinding: type }],
      });
    },
  );

  it('that the connection has not: said, where the caller insists', async () => {
    const binding = { channelBinding: () => undefined };
    const more = { binding, channelBinding: 'tls-unique', mechanisms: [plus] } as const;
    expect(await run(scripted([]), more)).toMatchObject({
      code: 'ERR_NO_COMMON_MECHANISM',
      hint: expect.stringContaining('tls-unique needs TLS 1.2'),
    });
  });
});

describe('hints', () => {
  it('name the binding, and `mechanisms`', async () => {
    expect(await run(scripted([failure('NO', 'no')]), { mechanisms: [plus] })).toMatchObject({
      hint: expect.stringMatching(/tls-exporter.*`channelBinding`.*SCRAM-SHA-256 in `mechanisms`/s),
    });
  });

  it('name the binding where a server says that it knows no such mechanism (Cyrus, NNTP)', async () => {
    const answer = { ...failure(503, 'no such mechanism'), mechanismUnavailable: true };
    expect(await run(scripted([answer]), { mechanisms: [plus] })).toMatchObject({
      hint: expect.stringMatching(/does not take it.*tls-exporter.*`channelBinding`/s),
    });
  });

  it.each([['CRAM-MD5'], ['SCRAM-SHA-256']])('name PLAIN after %s', async (mechanism) => {
    const server = new ScramServer(account);
    const greeting =
      mechanism === 'CRAM-MD5' ? challenge('<1@x>') : (m: string) => challenge(server.first(m));
    const transport = scripted([greeting, failure('NO', 'no')]);
    expect(await run(transport, { mechanisms: [mechanism], offered: [mechanism] })).toMatchObject({
      reason: 'wrong',
      hint: expect.stringMatching(/PLAIN in `mechanisms`/),
    });
  });
});
