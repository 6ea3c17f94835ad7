/** The POP3 cases of "Why TLS Is Better Without STARTTLS" (USENIX Security 2021): what a hostile server says before TLS. */
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { isFivewireError, Pop3Client } from '../src/index.js';

const folder =
  process.env.FIVEWIRE_CORPORA ??
  fileURLToPath(new URL('../../../../shared/corpora', import.meta.url));
const file = `${folder}/tls/east-cases.json`;
const there = existsSync(file);
if (!there) console.warn(`\nWARNING: ${file} is absent: 43 hostile POP3 servers were NOT met.\n`);

interface Case {
  id: string;
  protocol: string;
  config: {
    greeting: string;
    capa: string[];
    hide_commands?: string[];
    override_response?: Record<string, string>;
    stls_response?: string;
  };
}

const cases = (there ? (JSON.parse(readFileSync(file, 'utf8')).cases as Case[]) : []).filter(
  ({ protocol }) => protocol === 'pop3',
);

/** Plays the case up to the handshake, which it answers by silence. */
async function serve({ config }: Case) {
  const received: Buffer[] = [];
  const answer = (line: string): string => {
    const verb = line.toLowerCase();
    const override = config.override_response?.[verb];
    if (override !== undefined) return override;
    if (config.hide_commands?.includes(verb)) return '-ERR unknown\r\n';
    if (verb === 'capa') return `+OK\r\n${config.capa.map((cap) => `${cap}\r\n`).join('')}.\r\n`;
    if (verb === 'stls') return config.stls_response ?? '+OK Begin TLS\r\n';
    return '+OK\r\n';
  };
  const listener = createServer((socket) => {
    socket.on('error', () => {});
    socket.write(config.greeting);
    socket.on('data', (chunk) => {
      received.push(chunk);
      const text = chunk.toString('latin1');
      for (const line of text.split('\r\n').slice(0, -1)) socket.write(answer(line));
    });
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const { port } = listener.address() as { port: number };
  return { port, octets: () => Buffer.concat(received), close: () => listener.close() };
}

describe.runIf(there)('a hostile server', () => {
  it('comes in 43 kinds', () => expect(cases).toHaveLength(43));

  it.each(cases.map((one) => [one.id, one] as const))('%s', async (id, one) => {
    const server = await serve(one);
    const began = Date.now();
    try {
      const error = await Pop3Client.connect({
        host: '127.0.0.1',
        port: server.port,
        security: 'starttls',
        serverHostname: 'mail.example.org',
        auth: { user: 'alice', password: 'hunter2' },
        timeouts: { greeting: 300, reply: 300, tls: 300 },
      }).catch((caught: unknown) => caught);
      expect(isFivewireError(error), String(error)).toBe(true);
      expect(error).toMatchObject({ connection: 'closed', hint: expect.any(String) });
      const sent = server.octets().toString('latin1');
      expect(sent.replace(/^(?:CAPA\r\n)?(?:STLS\r\n(?:\x16\x03[\s\S]*)?)?$/, '')).toBe('');
      expect(sent).not.toMatch(/alice|hunter2/);
      expect(String(error)).not.toMatch(/[\x00-\x1f]/);
      expect(Date.now() - began).toBeLessThan(2_000);
      if (id.includes('/Buffering/B_2')) {
        expect(error).toMatchObject({ code: 'ERR_STARTTLS_INJECTION' });
      }
      if (id.includes('/Negotiation/O_1') || id.includes('/O_3')) {
        expect(error).toMatchObject({ code: 'ERR_STARTTLS_NOT_OFFERED' });
      }
      if (id.includes('/Negotiation/O_2')) {
        expect(error).toMatchObject({ code: 'ERR_STARTTLS_REFUSED' });
      }
    } finally {
      server.close();
    }
  });
});
