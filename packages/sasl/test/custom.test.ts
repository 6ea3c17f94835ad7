/** Mechanisms of the caller's own: in the same driver, each login on an object of its own. */
import {
  type AuthenticateOptions,
  authenticate,
  type CustomMechanism,
  checkLogin,
} from '@fivewire/sasl';
import { describe, expect, it } from 'vitest';
import { challenge, failure, octets, scripted, success, text, unavailable } from './scripted.js';

const auth = { user: 'tim', password: 'tanstaaf', authzid: 'other' };

/** Asks, is asked, answers with what it kept. */
const asking: CustomMechanism & { kept?: string } = {
  name: 'X-ASK',
  start(credentials, channel) {
    this.kept = `${'user' in credentials ? credentials.user : ''}@${channel.host}`;
    return octets(
      `hello ${channel.protocol} ${channel.port} ${text(channel.channelBinding('tls-exporter') ?? octets('none'))}`,
    );
  },
  step(question) {
    return Promise.resolve(octets(`${this.kept} says ${text(question)}`));
  },
};

const run = (
  mechanism: CustomMechanism,
  transport: ReturnType<typeof scripted>,
  more: Partial<AuthenticateOptions> = {},
) =>
  authenticate(
    {
      auth,
      offered: [mechanism.name, 'PLAIN'],
      mechanisms: [mechanism],
      channel: 'verified-tls',
      protocol: 'imap',
      host: 'h.example',
      port: 993,
      binding: { channelBinding: () => octets('bound') },
      ...more,
    },
    transport,
  );

describe('a mechanism of one’s own', () => {
  it('is told who, where and the binding, and answers challenges until success', async () => {
    const transport = scripted([challenge('one'), challenge('two'), success('bye')]);
    expect(await run(asking, transport)).toEqual({ mechanism: 'X-ASK' });
    expect(transport.sent).toEqual([
      'start X-ASK [hello imap 993 bound]',
      'respond [tim@h.example says one]',
      'respond [tim@h.example says two]',
    ]);
  });

  it('has an object for each login, so that two at once do not mix', async () => {
    const users = ['ann', 'bob'];
    const transports = users.map(() => scripted([challenge('?'), success()]));
    await Promise.all(
      transports.map((transport, at) =>
        run(asking, transport, { auth: { user: users[at] as string, password: 'x' } }),
      ),
    );
    expect(transports.map(({ sent }) => sent[1])).toEqual([
      'respond [ann@h.example says ?]',
      'respond [bob@h.example says ?]',
    ]);
    expect(asking.kept).toBeUndefined();
  });

  it('may let the server speak first, and may refuse a success', async () => {
    let succeeded = false;
    const proving: CustomMechanism = {
      name: 'X-PROVE',
      start: () => undefined,
      step: (question) => octets(`re ${text(question)}`),
      finish() {
        succeeded = true;
        throw new Error('the ticket is not for us');
      },
    };
    const transport = scripted([challenge('who'), success()]);
    await expect(run(proving, transport)).rejects.toMatchObject({
      code: 'ERR_CHALLENGE',
      mechanism: 'X-PROVE',
      message: expect.stringContaining('not for us'),
    });
    expect([transport.sent, succeeded]).toEqual([['start X-PROVE', 'respond [re who]'], true]);
    await expect(run(proving, scripted([success()]))).rejects.toMatchObject({
      code: 'ERR_CHALLENGE',
    });
  });

  it('is left by the same rules as ours', async () => {
    const list = { mechanisms: [asking, 'PLAIN'] };
    const refused = scripted([unavailable('NO'), success()]);
    expect(await run(asking, refused, list)).toEqual({ mechanism: 'PLAIN' });
    await expect(run(asking, scripted([failure('NO', 'no')]), list)).rejects.toMatchObject({
      mechanism: 'X-ASK',
    });
    const missing = scripted([success()]);
    expect(await run(asking, missing, { ...list, offered: ['PLAIN'] })).toEqual({
      mechanism: 'PLAIN',
    });
  });

  it.each<[string, unknown]>([
    ['throws', () => Promise.reject(new TypeError('oops'))],
    ['gives a string', () => 'text'],
    ['gives nothing to a challenge', () => undefined],
  ])('that %s ends the login, typed, and tells the server', async (_, step) => {
    const transport = scripted([challenge('?')]);
    await expect(
      run({ ...asking, step: step as CustomMechanism['step'] }, transport),
    ).rejects.toMatchObject({
      code: expect.stringMatching(/^ERR_(?:CHALLENGE|ARGUMENT)$/),
      phase: 'auth',
    });
    expect(transport.sent.at(-1)).toBe('cancel');
  });

  it('that is asked for ever ends', async () => {
    const transport = scripted(Array.from({ length: 40 }, () => challenge('?')));
    await expect(run(asking, transport)).rejects.toMatchObject({ code: 'ERR_CHALLENGE' });
    expect(transport.sent.length).toBeLessThan(25);
  });

  it.each<[string, unknown]>([
    ['no name', { start: () => undefined, step: () => octets('') }],
    ['a small name', { ...asking, name: 'ntlm' }],
    ['a long name', { ...asking, name: 'X'.repeat(21) }],
    ['no step', { name: 'NTLM', start: () => undefined }],
    ['a finish that is none', { ...asking, finish: 1 }],
  ])('with %s is refused before anything is dialled', (_, mechanism) => {
    expect(() => checkLogin({ mechanisms: [mechanism as CustomMechanism] })).toThrow(
      expect.objectContaining({ code: 'ERR_ARGUMENT', argument: 'mechanisms' }),
    );
  });
});
