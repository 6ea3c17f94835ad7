/**
 * The SMTP cases of "Why TLS Is Better Without STARTTLS" (USENIX Security 2021): what a hostile server says before TLS.
 * TLS is demanded and there is a password, so every one of them must end in an error without a word of it in clear.
 */
import { describe, expect, test } from 'vitest';
import { isFivewireError, SmtpClient } from '../src/index.js';
import { corpus } from './corpora.js';
import { cleartext, failure, pair } from './dialogue.js';

interface Case {
  id: string;
  protocol: string;
  config: {
    capabilities: string[];
    greeting?: string;
    stls_response?: string;
    override_response?: Record<string, string>;
    hide_commands?: string[];
  };
  manual_variants?: string[];
}

const cases = corpus<{ cases: Case[] }>('tls/east-cases.json')?.cases ?? [];
const smtp = cases.filter(({ protocol }) => protocol === 'smtp');

describe.runIf(smtp.length > 0)('EAST', () => {
  test('there are 59 of them', () => expect(smtp).toHaveLength(59));

  test.each(smtp)('$id', async ({ id, config, manual_variants = [] }) => {
    const { stream, received } = hostile(config, manual_variants);
    const started = performance.now();
    const error = await failure(
      SmtpClient.connect({
        ...cleartext,
        security: 'starttls',
        stream,
        serverHostname: 'mx.example.test',
        auth: { user: 'alice', password: 'secret' },
        timeouts: { greeting: 200, reply: 200, tls: 200 },
      }),
    );
    expect(isFivewireError(error)).toBe(true);
    expect(error).toMatchObject({ connection: 'closed' });
    expect(performance.now() - started).toBeLessThan(2_000);
    expect(stream.destroyed).toBe(true);
    const words = received()
      .split('\r\n')
      .map((line) => line.split(' ')[0])
      .filter((word) => /^[A-Z]+$/.test(word ?? ''));
    expect(words.every((word) => word === 'EHLO' || word === 'STARTTLS')).toBe(true);

    if (id === 'smtp/Buffering/B_1') expect(error.code).toBe('ERR_STARTTLS_INJECTION');
    if (id.startsWith('smtp/Negotiation/D')) expect(error.code).toBe('ERR_STARTTLS_NOT_OFFERED');
    if (/Negotiation\/O_[2-4]|starttls\/(?!220)/.test(id))
      expect(error.code).toBe('ERR_STARTTLS_REFUSED');
  });
});

/** Answers as the case says, and leaves where TLS would begin. */
function hostile({ capabilities, greeting, ...config }: Case['config'], variants: string[]) {
  const [stream, server] = pair();
  const overrides = Object.fromEntries(
    Object.entries(config.override_response ?? {}).map(([verb, reply]) => [
      verb.toUpperCase(),
      reply,
    ]),
  );
  const hidden = (config.hide_commands ?? []).map((verb) => verb.toUpperCase());
  const variant = variants.join('\n').match(/stls_response: ("(?:[^"\\]|\\.)*")/)?.[1];
  const startTls =
    config.stls_response ??
    (variant === undefined ? '220 Go ahead\r\n' : (JSON.parse(variant) as string));
  const lines = ['mx.example.test', ...capabilities];
  const replies: Record<string, string> = {
    EHLO: lines.map((line, i) => `250${i < lines.length - 1 ? '-' : ' '}${line}\r\n`).join(''),
    HELO: '250 mx.example.test\r\n',
    STARTTLS: startTls,
    QUIT: '221 Bye\r\n',
    ...overrides,
  };
  let received = '';
  let buffer = '';
  server.on('error', () => {});
  server.on('data', (chunk: Buffer) => {
    received += chunk.toString('latin1');
    buffer += chunk.toString('latin1');
    for (let end = buffer.indexOf('\r\n'); end >= 0; end = buffer.indexOf('\r\n')) {
      const verb = (buffer.slice(0, end).split(' ')[0] ?? '').toUpperCase();
      buffer = buffer.slice(end + 2);
      const known = replies[verb] !== undefined && !hidden.includes(verb);
      server.write(known ? (replies[verb] as string) : '500 What?\r\n');
      if (verb === 'STARTTLS' && replies.STARTTLS?.startsWith('220')) server.end();
    }
  });
  server.write(greeting ?? '220 mx.example.test ESMTP\r\n');
  return { stream, received: () => received };
}
