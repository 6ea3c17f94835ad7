import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type SecurityMode, startTestServers, type TestServers } from '../src/index.js';
import { foreignProgram, run, scratchFolder } from './foreign/run.js';

// curl reads what our servers write, over each way to them, with the certificate's name checked.

const curl = foreignProgram('FTP, IMAP, POP3 and SMTP by curl', ['curl', '--version']);

const message =
  'From: alice@example.org\r\nTo: bob@example.org\r\nSubject: From curl\r\n\r\n.dot\r\nend\r\n';
const modes: SecurityMode[] = ['implicit-tls', 'starttls', 'cleartext'];

describe.runIf(curl)('curl', () => {
  const scratch = scratchFolder();
  let servers: TestServers;
  let ca: string;

  beforeAll(async () => {
    servers = await startTestServers({
      users: { alice: 'secret', bob: 'hunter2' },
      files: { '/pub/hello.txt': 'hello\n', '/pub/empty': '' },
      ftp: { requireSessionReuse: true, requireProtectedData: true },
    });
    ca = scratch.write('ca.pem', servers.ca.certificate);
  });
  afterEach(() => expect(servers.problems).toEqual([]));
  afterAll(async () => {
    await servers.close();
    scratch.remove();
  });

  const flags = { 'implicit-tls': [], starttls: ['--ssl-reqd'], cleartext: [] };
  const common = () => ['-sS', '--max-time', '20', '--cacert', ca];

  function url(protocol: 'ftp' | 'imap' | 'pop3' | 'smtp', mode: SecurityMode, path: string) {
    const scheme = mode === 'implicit-tls' ? `${protocol}s` : protocol;
    return `${scheme}://localhost:${servers.ports[protocol][mode]}/${path}`;
  }

  async function succeed(mode: SecurityMode, args: string[], input = ''): Promise<string> {
    const outcome = await run(curl as string, [...common(), ...flags[mode], ...args], input);
    expect(outcome.stderr).toBe('');
    expect(outcome.status).toBe(0);
    return outcome.stdout;
  }

  it.each(modes)(
    'FTP over %s: uploads, downloads, lists; data resumes the control session',
    async (mode) => {
      const user = ['-u', 'alice:secret'];
      expect(await succeed(mode, [...user, url('ftp', mode, 'pub/hello.txt')])).toBe('hello\n');
      expect(await succeed(mode, [...user, url('ftp', mode, 'pub/empty')])).toBe('');
      const big = 'x'.repeat(300_000);
      await succeed(mode, [...user, '-T', '-', url('ftp', mode, `up-${mode}`)], big);
      expect(servers.files.read(`/up-${mode}`)?.toString()).toBe(big);
      expect(await succeed(mode, [...user, '-r', '299990-', url('ftp', mode, `up-${mode}`)])).toBe(
        'x'.repeat(10),
      );
      expect(await succeed(mode, [...user, url('ftp', mode, 'pub/')])).toContain('hello.txt');
      expect(await succeed(mode, [...user, '-I', url('ftp', mode, 'pub/hello.txt')])).toContain(
        'Content-Length: 6',
      );
      await succeed(mode, [
        ...user,
        '-Q',
        `DELE up-${mode}`,
        '-o',
        scratch.write('out', ''),
        url('ftp', mode, ''),
      ]);
      expect(servers.files.find(`/up-${mode}`)).toBeUndefined();
    },
  );

  it.each(modes)('SMTP over %s delivers, and IMAP and POP3 serve it', async (mode) => {
    const inbox = servers.mail.inbox('bob');
    inbox.remove(inbox.messages.map(({ uid }) => uid));
    await succeed(
      mode,
      [
        '-u',
        'alice:secret',
        '--mail-from',
        'alice@example.org',
        '--mail-rcpt',
        'bob@example.org',
        '-T',
        '-',
        url('smtp', mode, 'client.test'),
      ],
      message,
    );
    const stored = inbox.messages[0];
    expect(stored?.octets.toString()).toBe(message);
    const user = ['-u', 'bob:hunter2'];
    const uid = stored?.uid;
    expect(await succeed(mode, [...user, url('imap', mode, `INBOX;UID=${uid}`)])).toBe(message);
    expect(await succeed(mode, [...user, url('imap', mode, `INBOX;UID=${uid};SECTION=TEXT`)])).toBe(
      '.dot\r\nend\r\n',
    );
    expect(await succeed(mode, [...user, url('imap', mode, '')])).toContain('"INBOX"');
    expect(
      await succeed(mode, [...user, '-X', 'UID SEARCH SUBJECT curl', url('imap', mode, 'INBOX')]),
    ).toContain(`* SEARCH ${uid}`);
    await succeed(mode, [...user, '-T', scratch.write('mail', message), url('imap', mode, 'Sent')]);
    expect(servers.mail.mailbox('bob', 'Sent')?.messages.at(-1)?.octets.toString()).toBe(message);
    expect(await succeed(mode, [...user, url('pop3', mode, '')])).toBe(`1 ${message.length}\r\n`);
    expect(await succeed(mode, [...user, url('pop3', mode, '1')])).toBe(message);
  });

  it('refuses a wrong name and an unknown authority, as it should', async () => {
    const { imap } = servers.ports;
    const port = imap['implicit-tls'];
    const wrong = await run(curl as string, [
      ...common(),
      ...['--resolve', `wrong.example:${port}:127.0.0.1`],
      `imaps://wrong.example:${port}/`,
    ]);
    expect(wrong.status).toBe(60);
    const stranger = scratch.write('other.pem', (await startOther()).certificate);
    const unknown = await run(curl as string, [
      ...['-sS', '--cacert', stranger],
      `imaps://localhost:${port}/`,
    ]);
    expect(unknown.status).toBe(60);
  });

  it('catches the injection behind STARTTLS that a fault sends', async () => {
    servers.pop3.faults = { injectAfterStartTls: '+OK injected\r\n' };
    servers.imap.faults = { injectAfterStartTls: '* BYE injected\r\n' };
    servers.smtp.faults = { injectAfterStartTls: '250 injected\r\n' };
    try {
      for (const protocol of ['pop3', 'imap', 'smtp'] as const) {
        const outcome = await run(curl as string, [
          ...[...common(), '--ssl-reqd', '-u', 'bob:hunter2'],
          url(protocol, 'starttls', ''),
        ]);
        expect([protocol, outcome.status]).toEqual([protocol, 8]); // "weird server reply"
      }
    } finally {
      servers.pop3.faults = servers.imap.faults = servers.smtp.faults = undefined;
    }
  });

  async function startOther() {
    const { createThrowawayCa } = await import('../src/index.js');
    return createThrowawayCa();
  }
});
