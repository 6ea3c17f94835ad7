/** Rows for each method that talks: of the client, and of what it lends. */
import { describe, expect, it } from 'vitest';
import { failure, openSession } from '../session.js';
import { type Client, type Lent, methodNames, type Subject } from '../subject.js';
import { withStrangers } from './strangers.js';

export function describeMethods<C extends Client>(subject: Subject<C>): void {
  const { methods, others, forms = {} } = subject;
  const open = async (client: C): Promise<C> => client;
  describeMethodsOf(subject, { name: 'client', methods, others, forms, open });
  if (subject.lent !== undefined) describeMethodsOf(subject, subject.lent as Lent<C, never>);
}

function describeMethodsOf<C extends Client, L>(subject: Subject<C>, on: Lent<C, L>): void {
  const { protocol } = subject;
  const rows = Object.entries(on.methods);
  const session = async () => {
    const opened = await openSession(subject);
    return { ...opened, lent: await on.open(opened.client) };
  };

  describe(`each method of the ${on.name}`, () => {
    it('is in the table', async () => {
      const { client, lent } = await session();
      const own = methodNames(Reflect.getPrototypeOf(lent as object) as object);
      expect([...Object.keys(on.methods), ...on.others].sort()).toEqual(own.sort());
      client.close();
    });

    it.each(rows)('%s by a signal that has fired sends nothing', async (_name, call) => {
      const { client, lent, peer, talk } = await session();
      const heard = peer.latest.heard.length;
      const reason = new Error('mine');
      const error = await failure(() => call(lent, { signal: AbortSignal.abort(reason) }));
      expect(error).toMatchObject({ code: 'ERR_ABORTED', connection: 'usable', cause: reason });
      expect(peer.latest.heard.length).toBe(heard);
      await talk();
      client.close();
    });

    it.each(rows)('%s ends when the server is silent', async (_name, call) => {
      const { client, lent, peer } = await session();
      peer.on('*', 'silence');
      const error = await failure(() => call(lent, { timeout: 5 }));
      // What may have been done although no answer came says so, and the silence is its cause.
      const unknown = error.code === 'ERR_OUTCOME_UNKNOWN';
      expect(unknown ? error.cause : error).toMatchObject({
        code: 'ERR_TIMEOUT',
        milliseconds: 5,
        retry: 'reconnect',
      });
      expect(error).toMatchObject({ connection: 'closed', protocol, host: 'server.test' });
      expect(error.command).toBeTypeOf('string');
      expect(await client.closed).toMatchObject({
        reason: 'error',
        error: { code: 'ERR_TIMEOUT' },
      });
    });

    it.each(rows)(
      '%s after the loss of the connection has an error of its own',
      async (_name, call) => {
        const { client, lent, peer } = await session();
        peer.latest.cut();
        const { error: lost } = await client.closed;
        const error = await failure(() => call(lent, {}));
        const again = await failure(() => call(lent, {}));
        expect(error).toMatchObject({
          code: 'ERR_CONNECTION_CLOSED',
          connection: 'closed',
          retry: 'reconnect',
          protocol,
          host: 'server.test',
        });
        expect(error.cause).toBe(lost);
        expect(error).not.toBe(again);
        expect(error.command).toBeTypeOf('string');
      },
    );

    it.each(rows)('%s refuses wrong options', async (_name, call) => {
      const { client, lent, peer } = await session();
      const heard = peer.latest.heard.length;
      for (const [argument, value] of [
        ['timeout', -1],
        ['timeout', Number.NaN],
        ['signal', {}],
      ] as const) {
        const error = await failure(() => call(lent, { [argument]: value } as never));
        expect(error).toMatchObject({ code: 'ERR_ARGUMENT', argument, connection: 'usable' });
      }
      expect(peer.latest.heard.length).toBe(heard);
      client.close();
    });

    const forms = [
      ...rows.map(([name, call]) => [name, (lent: L) => call(lent, { timeout: 5 })] as const),
      ...Object.entries(on.forms ?? {}),
    ];
    it.each(forms)('%s refuses options that there are not, at every depth', async (_name, call) => {
      const { client, lent, peer } = await session();
      const heard = peer.latest.heard.length;
      for (const { path, again } of withStrangers(call, subject.maps ?? [])) {
        const error = await failure(() => again(lent));
        expect(error, `${path}.singal`).toMatchObject({
          code: 'ERR_ARGUMENT',
          connection: 'usable',
        });
        expect(error.message, path).toMatch(/^there is no option ([a-zA-Z]\S*\.)?singal$/);
        expect(peer.latest.heard.length, path).toBe(heard);
      }
      client.close();
    });
  });
}
