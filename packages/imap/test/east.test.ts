/**
 * The IMAP cases of "Why TLS Is Better Without STARTTLS" (EAST, USENIX Security 2021): a server, or somebody before it,
 * misbehaves in clear. What it says is played from the corpus; behind its go-ahead stands a real server of ours.
 */
import { readFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { isFivewireError } from 'tls-context-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ImapClient } from '../src/index.js';
import { type MailServer, mailServer } from './support/servers.js';

interface Case {
  id: string;
  protocol: string;
  greeting_wire: string;
  manual_variants?: string[];
  config: {
    caps: string[];
    hide_commands?: string[];
    ignore_commands?: string[];
    starttls_response?: string;
    starttls_transition?: boolean;
    response_after_greeting?: string;
    override_response?: Record<string, string>;
  };
}

const cases = load();
let at: MailServer;
beforeAll(async () => {
  at = await mailServer();
});
afterAll(() => at.close());

describe.runIf(cases !== undefined)('EAST', () => {
  it('has its 74 IMAP cases', () => expect(cases).toHaveLength(74));

  for (const east of cases ?? []) {
    it(east.id, async () => {
      const { client, error, inClear } = await attempt(east);
      for (const line of inClear) expect(line).toMatch(/^[A-Z]+\d+ (CAPABILITY|STARTTLS)$/);
      if (client === undefined) {
        expect(isFivewireError(error), String(error)).toBe(true);
        expect(error).toMatchObject({ connection: 'closed' });
        return;
      }
      try {
        // It came to TLS: nothing that was said before it counts.
        expect(client.security).toMatchObject({ mode: 'starttls', verified: true });
        expect([...client.capabilities]).toEqual(expect.arrayContaining(['IDLE', 'UIDPLUS']));
        expect((await client.list().toArray()).map(({ name }) => name).sort()).toEqual(
          ['INBOX', ...others].sort(),
        );
        const inbox = await client.open('INBOX');
        expect([inbox.exists, (await inbox.search()).size]).toEqual([0, 0]);
        await inbox.close();
        await client.quit();
        const heard: string[] = [];
        for await (const { text } of client.notices) heard.push(text);
        expect(heard).toEqual([]);
      } finally {
        client.close();
      }
    });
  }

  it('octets behind the go-ahead (the manual variants)', async () => {
    const variants = (cases ?? []).flatMap((east) =>
      (east.manual_variants ?? []).flatMap((variant) => {
        const text = /starttls_response: Some\("(.*)"\)/.exec(variant)?.[1];
        return text === undefined
          ? []
          : [{ east, response: text.replaceAll('\\r\\n', '\r\n').replaceAll('\\"', '"') }];
      }),
    );
    const behind = variants.filter(({ response }) => /<tag> OK.*\r\n./.test(response));
    expect(behind).toHaveLength(3);
    for (const { east, response } of behind) {
      const config = { ...east.config, starttls_response: response };
      const { error } = await attempt({ ...east, config });
      expect(error).toMatchObject({ code: 'ERR_STARTTLS_INJECTION', connection: 'closed' });
    }
  });
});

/** The server's own mailboxes beside INBOX. */
const others = ['Drafts', 'Junk', 'Sent', 'Trash'];

async function attempt(
  east: Case,
): Promise<{ client?: ImapClient; error?: unknown; inClear: string[] }> {
  const inClear: string[] = [];
  const server = await play(east, at.server.ports['implicit-tls'], inClear);
  const { port } = server.address() as AddressInfo;
  const timeouts = { connect: 1_000, greeting: 300, tls: 300, reply: 300, stall: 300, close: 300 };
  try {
    const client = await ImapClient.connect({ ...at.optionsFor('starttls'), port, timeouts });
    return { client, inClear };
  } catch (error) {
    return { error, inClear };
  } finally {
    server.close();
  }
}

/** Speaks the case's part in clear; from its go-ahead on, everything goes to the real server and back. */
async function play(
  { greeting_wire, config }: Case,
  secure: number,
  inClear: string[],
): Promise<Server> {
  const { caps, hide_commands = [], ignore_commands = [], override_response = {} } = config;
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.write(greeting_wire + (config.response_after_greeting ?? ''), 'latin1');
    let input = '';
    const onData = (chunk: Buffer): void => {
      input += chunk.toString('latin1');
      for (let end = input.indexOf('\r\n'); end >= 0; end = input.indexOf('\r\n')) {
        const line = input.slice(0, end);
        input = input.slice(end + 2);
        inClear.push(line);
        const [tag = '', verb = ''] = line.toLowerCase().split(' ');
        const say = (text: string): void =>
          void socket.write(text.replaceAll('<tag>', line.slice(0, tag.length)), 'latin1');
        if (ignore_commands.includes(verb)) continue;
        if (override_response[verb] !== undefined) say(override_response[verb]);
        else if (hide_commands.includes(verb)) say('<tag> BAD unknown command\r\n');
        else if (verb === 'capability') say(`* CAPABILITY ${caps.join(' ')}\r\n<tag> OK done\r\n`);
        else if (verb === 'starttls') {
          const answer = config.starttls_response ?? '<tag> OK begin TLS now\r\n';
          say(answer);
          if (config.starttls_transition === false || !/<tag> OK/.test(answer)) continue;
          socket.off('data', onData);
          tunnel(socket, secure);
          return;
        } else say('<tag> BAD in clear\r\n');
      }
    };
    socket.on('data', onData);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

function tunnel(socket: Socket, port: number): void {
  const upstream = connect(port, '127.0.0.1');
  upstream.on('error', () => socket.destroy());
  upstream.on('close', () => socket.destroy());
  socket.on('close', () => upstream.destroy());
  socket.pipe(upstream).pipe(socket);
}

function load(): Case[] | undefined {
  const root =
    process.env.FIVEWIRE_CORPORA ?? join(import.meta.dirname, '../../../../shared/corpora');
  try {
    const { cases } = JSON.parse(readFileSync(join(root, 'tls/east-cases.json'), 'utf8')) as {
      cases: Case[];
    };
    return cases.filter(({ protocol }) => protocol === 'imap');
  } catch {
    console.warn(
      '\n!!! NOT TESTED: the corpus tls/east-cases.json is absent (set FIVEWIRE_CORPORA to its folder)\n',
    );
    return undefined;
  }
}
