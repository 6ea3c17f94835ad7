import { describe, expect, it } from 'vitest';
import { createPeer } from '../peer.js';
import { failure, inClear, openSession, quiet } from '../session.js';
import type { Client, Options, Subject } from '../subject.js';

export function describeConnect<C extends Client>(subject: Subject<C>): void {
  const { Client, schemes, protocol, speaker } = subject;
  const connect = (options: Options): Promise<unknown> => Client.connect(options as never);
  const dialled = async (target: string | URL, options: Options = {}) => {
    const peer = createPeer(speaker);
    peer.admit = () => new Error('far enough');
    const error = await failure(() =>
      Client.connect(target, { dial: peer.dial, ...options } as never),
    );
    return { target: peer.targets[0], error };
  };

  describe('connect', () => {
    it.each(schemes)('takes a URL of scheme %s, and its port', async (scheme, port) => {
      const { target, error } = await dialled(`${scheme}://server.test`);
      expect(target).toMatchObject({ host: 'server.test', port });
      expect(error).toMatchObject({ code: 'ERR_DIAL_FAILED', protocol, host: 'server.test', port });
    });

    it.each<['crowded' | 'unwelcome', string]>([
      ['crowded', 'later'],
      ['unwelcome', 'never'],
    ])(
      'a greeting that refuses (%s) says whether another try is worth it: %s',
      async (kind, retry) => {
        const peer = createPeer(speaker);
        peer.admit = () => subject[kind];
        const error = await failure(() => connect(inClear(peer)));
        expect(error).toMatchObject({ retry, connection: 'closed', phase: 'greeting', protocol });
        expect(error.code).toMatch(/^ERR_(?:SERVER_CLOSING|COMMAND_REJECTED)$/);
        expect(error.hint).not.toBe('');
      },
    );

    it('takes a URL object, with a port of its own', async () => {
      const { target } = await dialled(new URL(`${schemes[0][0]}://server.test:4711`));
      expect(target).toMatchObject({ host: 'server.test', port: 4711 });
    });

    it('takes the user from a URL, and the secret from the options', async () => {
      const url = `${schemes[0][0]}://some%20one@server.test`;
      const { error } = await dialled(url, { auth: { password: 'x' } });
      expect(error.code).toBe('ERR_DIAL_FAILED');
      expect((await dialled(url)).error).toMatchObject({ code: 'ERR_ARGUMENT', argument: 'url' });
    });

    it('refuses a password in a URL, and does not repeat it', async () => {
      const { target, error } = await dialled(`${schemes[0][0]}://a:open-sesame@server.test`);
      expect(target).toBeUndefined();
      expect(error).toMatchObject({ code: 'ERR_ARGUMENT', argument: 'url', protocol });
      expect(JSON.stringify(error) + error.stack).not.toContain('open-sesame');
    });

    it.each(['host', 'port', 'security'])('refuses %s beside a URL', async (key) => {
      const { error } = await dialled(`${schemes[0][0]}://server.test`, { [key]: 1 });
      expect(error).toMatchObject({ code: 'ERR_ARGUMENT', argument: 'url', protocol });
    });

    it('knows no URL for cleartext, and no other protocol', async () => {
      for (const url of [
        'http://server.test',
        'server.test',
        `${schemes[1][0]}+insecure://server.test`,
      ]) {
        expect((await dialled(url)).error).toMatchObject({ code: 'ERR_ARGUMENT', argument: 'url' });
      }
    });

    it.each([undefined, null, 7, [], () => {}])('refuses %s as options', async (options) => {
      expect(await failure(() => connect(options as never))).toMatchObject({
        code: 'ERR_ARGUMENT',
        argument: 'options',
        protocol,
      });
    });

    it('refuses an unknown option by its name, and tells ours where it has another', async () => {
      const peer = createPeer(speaker);
      const known = inClear(peer);
      expect(await failure(() => connect({ ...known, timeot: 5 } as never))).toMatchObject({
        code: 'ERR_ARGUMENT',
        argument: 'timeot',
        protocol,
        message: 'there is no option timeot',
      });
      const secure = await failure(() => connect({ ...known, secure: true } as never));
      expect(secure).toMatchObject({
        argument: 'secure',
        hint: expect.stringContaining('security'),
      });
      expect(peer.targets).toEqual([]);
    });

    const nested: Readonly<Record<string, object>> = {
      'timeouts.replay': { timeouts: { replay: 5 } },
      'limits.lineOctet': { limits: { lineOctet: 5 } },
      'tls.rejectUnauthorized': {
        security: 'implicit-tls',
        dial: undefined,
        tls: { rejectUnauthorized: false },
      },
      ...subject.nestedConnect,
    };
    it.each(Object.entries(nested))(
      'refuses %s, of second rank, by its name',
      async (name, wrong) => {
        const peer = createPeer(speaker);
        const options = { ...inClear(peer), allowCleartextAuth: true, ...wrong };
        expect(await failure(() => connect(options))).toMatchObject({
          code: 'ERR_ARGUMENT',
          argument: name,
          protocol,
          message: `there is no option ${name}`,
          connection: 'usable',
        });
        expect(peer.targets).toEqual([]);
      },
    );

    it.each([
      ['timeouts.reply', { timeouts: { reply: -1 } }],
      ['timeouts.reply', { timeouts: { reply: '5' } }],
      ['limits.lineOctets', { limits: { lineOctets: 0 } }],
      ['port', { port: 0 }],
      ['security', { security: 'auto' }],
      ['disable', { disable: 'X' }],
      ['log', { log: true }],
      ['signal', { signal: {} }],
    ])('refuses a wrong %s', async (name, wrong) => {
      const peer = createPeer(speaker);
      expect(await failure(() => connect({ ...inClear(peer), ...wrong } as never))).toMatchObject({
        code: 'ERR_ARGUMENT',
        argument: name,
        protocol,
        message: expect.stringMatching(new RegExp(`^${name.replace('.', '\\.')} must be `)),
      });
      expect(peer.targets).toEqual([]);
    });

    it('demands serverHostname where nothing else tells who the peer must be', async () => {
      const { stream } = { stream: await createPeer(speaker).dial({ host: '', port: 0 }) };
      expect(await failure(() => connect({ stream }))).toMatchObject({
        code: 'ERR_SERVER_HOSTNAME_REQUIRED',
        protocol,
        connection: 'closed',
      });
      expect(stream.destroyed).toBe(true);
    });

    it('does not dial for a signal that has fired', async () => {
      const peer = createPeer(speaker);
      const reason = new Error('mine');
      const options = { ...inClear(peer), signal: AbortSignal.abort(reason) };
      expect(await failure(() => connect(options))).toMatchObject({
        code: 'ERR_ABORTED',
        cause: reason,
        connection: 'closed',
        protocol,
      });
      expect(peer.connections).toEqual([]);
    });

    it('ends with its signal while the server is silent', async () => {
      const peer = createPeer(speaker);
      peer.on('greeting', 'silence');
      const stop = new AbortController();
      const opening = failure(() => connect({ ...inClear(peer), signal: stop.signal }));
      await quiet();
      stop.abort();
      expect(await opening).toMatchObject({ code: 'ERR_ABORTED', connection: 'closed' });
      await quiet();
      expect(peer.open).toBe(0);
    });

    it('gives up a server that does not greet', async () => {
      const peer = createPeer(speaker);
      peer.on('greeting', 'silence');
      expect(
        await failure(() => connect({ ...inClear(peer), timeouts: { greeting: 5 } })),
      ).toMatchObject({
        code: 'ERR_TIMEOUT',
        phase: 'greeting',
        milliseconds: 5,
        connection: 'closed',
        protocol,
        host: 'server.test',
      });
      await quiet();
      expect(peer.open).toBe(0);
    });

    it('says that a server closed in place of a greeting', async () => {
      const peer = createPeer(speaker);
      peer.on('greeting', 'cut');
      expect(await failure(() => connect(inClear(peer)))).toMatchObject({
        code: 'ERR_CONNECTION_CLOSED',
        phase: 'greeting',
        connection: 'closed',
        retry: 'reconnect',
        protocol,
      });
    });

    it('says what a server that takes no more connections said', async () => {
      const peer = createPeer(speaker);
      peer.admit = () => subject.crowded;
      expect(await failure(() => connect(inClear(peer)))).toMatchObject({
        connection: 'closed',
        retry: 'later',
        message: expect.stringContaining('Too many connections'),
      });
    });

    it('takes no connection out of step: a greeting in two parts is one', async () => {
      const peer = createPeer(speaker);
      const { greeting } = speaker;
      peer.on('greeting', { says: greeting.slice(0, 3) });
      const opening = connect(inClear(peer));
      await quiet();
      peer.latest.say(greeting.slice(3));
      const client = (await opening) as C;
      expect(client.security.mode).toBe('cleartext');
      client.close();
    });

    it('never sends a secret in clear, unless the caller says so', async () => {
      const { client, peer } = await openSession(subject);
      client.close();
      const options = { ...inClear(peer), auth: { user: 'a', password: 'open-sesame' } };
      expect(await failure(() => connect(options))).toMatchObject({
        code: 'ERR_CLEARTEXT_AUTH_REFUSED',
        connection: 'closed',
      });
      expect(peer.connections.flatMap(({ heard }) => heard).join()).not.toContain('sesame');
    });
  });
}
