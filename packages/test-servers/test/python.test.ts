import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type SecurityMode, startTestServers, type TestServers } from '../src/index.js';
import { foreignProgram, run, scratchFolder } from './foreign/run.js';

// A server that only our client can read is a bug: here Python's standard library does each main job.

const script = fileURLToPath(new URL('./foreign/main_job.py', import.meta.url));
const modes: SecurityMode[] = ['implicit-tls', 'starttls', 'cleartext'];

const python = foreignProgram(
  "all five servers by Python's smtplib, imaplib, poplib, ftplib and nntplib",
  ['python3', '-Wignore', '-c', 'import nntplib, smtplib, imaplib, poplib, ftplib'],
  ['python3.12', '-Wignore', '-c', 'import nntplib'],
  ['python3.11', '-Wignore', '-c', 'import nntplib'],
);

describe.runIf(python)('Python', () => {
  let servers: TestServers;
  let scratch: ReturnType<typeof scratchFolder>;
  let ca: string;

  beforeAll(async () => {
    scratch = scratchFolder();
  });
  afterAll(() => scratch.remove());

  async function job(protocol: string, mode: SecurityMode, port: number) {
    const outcome = await run(python as string, [script, protocol, mode, String(port), ca]);
    expect(outcome.stderr).toBe('');
    return JSON.parse(outcome.stdout);
  }

  async function withServers(use: () => Promise<void>) {
    servers = await startTestServers({
      users: { alice: 'secret', bob: 'hunter2' },
      files: { '/pub/hello.txt': 'hello\n.dot\n' },
      groups: ['test.reports'],
      smtp: {
        refuseRecipients: { 'nobody@refused.example': '550 5.1.1 Nobody' },
      },
      pop3: { apop: true },
    });
    ca = scratch.write('ca.pem', servers.ca.certificate);
    try {
      await use();
      expect(servers.problems).toEqual([]);
    } finally {
      await servers.close();
    }
  }

  it.each(modes)('smtplib over %s', (mode) =>
    withServers(async () => {
      const result = await job('smtp', mode, servers.ports.smtp[mode]);
      if (mode === 'starttls') expect(result.authBeforeTls).toBe(false);
      expect(result.features).toEqual(
        expect.arrayContaining([
          '8bitmime',
          'auth',
          'chunking',
          'dsn',
          'pipelining',
          'size',
          'smtputf8',
        ]),
      );
      expect(result.refused).toEqual({ 'nobody@refused.example': 550 });
      expect(result.unknownParameter).toBe(555);
      expect(result.codes).toEqual([250, 250, 221]);
      const [message] = servers.mail.inbox('bob').messages;
      expect(message?.octets.toString()).toBe(
        'From: alice@example.org\r\nTo: bob@example.org\r\nSubject: From Python\r\n\r\nline\r\n.dot\r\n',
      );
      expect(servers.mail.deliveries).toEqual([
        { from: 'alice@example.org', to: ['bob@example.org'] },
      ]);
      expect(servers.smtp.connections[0]).toMatchObject({ mode, user: 'alice' });
      if (mode !== 'cleartext')
        expect(servers.smtp.connections[0]?.tls?.servername).toBe('localhost');
    }),
  );

  it('smtplib.LMTP', () =>
    withServers(async () => {
      const { startSmtpServer } = await import('../src/index.js');
      const { mail, accounts } = servers;
      const lmtp = await startSmtpServer({ lmtp: true, mail, accounts, modes: ['cleartext'] });
      try {
        expect(await job('lmtp', 'cleartext', lmtp.ports.cleartext)).toEqual({ quit: 221 });
        expect(mail.inbox('bob').messages).toHaveLength(1);
      } finally {
        await lmtp.close();
      }
    }));

  it.each(modes)('imaplib over %s', (mode) =>
    withServers(async () => {
      const result = await job('imap', mode, servers.ports.imap[mode]);
      expect(result.before.includes('STARTTLS')).toBe(mode === 'starttls');
      expect(result.before.includes('LOGINDISABLED')).toBe(mode === 'starttls');
      expect(result).toMatchObject({
        select: ['0'],
        uidvalidity: true,
        search: ['1'],
        uidSearch: ['1'],
        whole: true,
        store: ['2 (UID 2 FLAGS (\\Deleted))'],
        create: 'OK',
        copy: 'OK',
        list: ['(\\HasChildren) "/" "Archive"', '(\\HasNoChildren) "/" "Archive/2026"'],
        status: ['"Archive/2026" (MESSAGES 1 UNSEEN 0)'],
        rename: 'OK',
        delete: 'OK',
        expunge: ['2'],
        namespace: ['(("" "/")) NIL NIL'],
        close: 'OK',
        logout: 'BYE',
      });
      expect(result.fetch.flat().join('')).toContain('INTERNALDATE "01-Jan-2026 09:00:00 +0000"');
      expect(result.fetch.flat().join('')).toContain('Subject: From Python\r\n\r\n');
      expect(result.fetch.flat().join('')).toContain('line\r\n.dot\r\n');
    }),
  );

  it.each(modes)('poplib over %s', (mode) =>
    withServers(async () => {
      const inbox = servers.mail.inbox('bob');
      inbox.append('Subject: One\r\n\r\nline\r\n.dot\r\nlast\r\n');
      inbox.append('Subject: Two\r\n\r\n');
      const result = await job('pop3', mode, servers.ports.pop3[mode]);
      expect(result.before.includes('STLS')).toBe(mode === 'starttls');
      expect(result.before.includes('SASL')).toBe(mode !== 'starttls');
      expect(result.after).not.toContain('STLS');
      expect(result).toMatchObject({
        stat: [2, 50],
        list: ['1 34', '2 16'],
        retr: ['Subject: One', '', 'line', '.dot', 'last'],
        top: ['Subject: One', '', 'line'],
        left: 1,
      });
      expect(result.uidl).toHaveLength(2);
      expect(result.gone).toMatch(/^-ERR/);
      expect(inbox.messages).toHaveLength(1);
    }),
  );

  it.each(modes)('ftplib over %s', (mode) =>
    withServers(async () => {
      const result = await job('ftp', mode, servers.ports.ftp[mode]);
      expect(result).toMatchObject({
        names: ['pub'],
        whole: true,
        tail: 'tail',
        empty: 0,
        text: ['hello', '.dot'],
        size: 256_004,
        mlsd: { '.': 'cdir', 'hello.txt': 'file', 'up.bin': 'file', empty: 'file' },
        nlst: ['hello.txt', 'up.bin', 'empty'],
        mkd: '/with "quotes"',
        pwd: '/with "quotes"',
        gone: '550',
      });
      expect(result.mdtm).toMatch(/^213 \d{14}$/);
      expect(['226', '426']).toContain(result.afterCut);
      // ftplib checks the name on data connections too, and we saw it ask for it.
      if (mode !== 'cleartext')
        expect(servers.ftp.dataConnections[0]?.tls?.servername).toBe('localhost');
      else expect(servers.ftp.dataConnections[0]?.tls).toBeUndefined();
    }),
  );

  it.each(modes)('nntplib over %s', (mode) =>
    withServers(async () => {
      const result = await job('nntp', mode, servers.ports.nntp[mode]);
      expect(result.before.includes('STARTTLS')).toBe(mode === 'starttls');
      expect(result.before.includes('AUTHINFO')).toBe(mode !== 'starttls');
      expect(result.after).not.toContain('AUTHINFO');
      expect(result).toMatchObject({
        post: '240',
        seen: '435',
        group: [2, 1, 2, 'test.reports'],
        over: [
          [1, 'Report', '2'],
          [2, 'Report', '2'],
        ],
        body: ['body', '.dot'],
        stat: [0, '<two@x>'],
        next: 2,
        last: 1,
        xhdr: [
          ['1', 'Report'],
          ['2', 'Report'],
        ],
        list: ['test.reports'],
        descriptions: { 'test.reports': 'No description.' },
        newgroups: 1,
        newnews: ['<one@x>', '<two@x>'],
        date: true,
        quit: '205',
      });
      expect(result.head).toContain('Subject: Report');
    }),
  );
});
