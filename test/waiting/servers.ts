/** A server a protocol, as short as may be, on a stream in memory: for tests of how clients wait. */
import { Duplex } from 'node:stream';
import { FtpClient } from '@fivewire/ftp';
import { ImapClient } from '@fivewire/imap';
import { NntpClient } from '@fivewire/nntp';
import { Pop3Client } from '@fivewire/pop3';
import { SmtpClient } from '@fivewire/smtp';

export interface Server {
  greeting: string;
  /** What it answers to a line. */
  answer(line: string): string;
  connect(stream: Duplex, timeouts?: { reply: number }): Promise<Client>;
}

export interface Client {
  /** One command and the reply to it. */
  ask(): Promise<unknown>;
  close(): void;
}

const asking = <C extends { close(): void }>(client: C, ask: (client: C) => Promise<unknown>) => ({
  ask: () => ask(client),
  close: () => client.close(),
});

const options = (stream: Duplex, timeouts = {}) => ({
  stream,
  security: 'cleartext' as const,
  timeouts,
});

export const servers: Record<string, Server> = {
  ftp: {
    greeting: '220-hello\r\n220 ready\r\n',
    answer: (line) =>
      line.startsWith('FEAT') ? '211-Features:\r\n UTF8\r\n211 End\r\n' : '500 no\r\n',
    connect: async (stream, timeouts) =>
      asking(await FtpClient.connect(options(stream, timeouts)), (client) =>
        client.command('STAT'),
      ),
  },
  imap: {
    greeting: '* OK [CAPABILITY IMAP4rev1] hi\r\n',
    answer: (line) => `* CAPABILITY IMAP4rev1\r\n${line.split(' ')[0]} OK done\r\n`,
    connect: async (stream, timeouts) =>
      asking(await ImapClient.connect(options(stream, timeouts)), (client) => client.noop()),
  },
  pop3: {
    greeting: '+OK hi <1.2@example.org>\r\n',
    answer: () => '+OK\r\nPIPELINING\r\n.\r\n',
    connect: async (stream, timeouts) =>
      asking(await Pop3Client.connect(options(stream, timeouts)), (client) => client.noop()),
  },
  smtp: {
    greeting: '220-example.org\r\n220 hi\r\n',
    answer: () => '250-example.org\r\n250 PIPELINING\r\n',
    connect: async (stream, timeouts) =>
      asking(await SmtpClient.connect(options(stream, timeouts)), (client) => client.noop()),
  },
  nntp: {
    greeting: '200 hi\r\n',
    answer: (line) =>
      line.startsWith('MODE') ? '200 hi\r\n' : '101 list\r\nVERSION 2\r\nREADER\r\n.\r\n',
    connect: async (stream, timeouts) =>
      asking(await NntpClient.connect(options(stream, timeouts)), (client) =>
        client.command('DATE'),
      ),
  },
};

/** Gives each reply in the pieces that `cut` makes of it, all in one turn. */
export function scripted(server: Server, cut: (text: string) => string[]): Duplex {
  let typed = '';
  const say = (text: string): void => {
    for (const piece of cut(text)) stream.push(piece);
  };
  const stream = new Duplex({
    read() {},
    write(octets: Buffer, _encoding, done) {
      typed += octets.toString('latin1');
      const lines = typed.split('\r\n');
      typed = lines.pop() as string;
      setImmediate(() => {
        for (const line of lines) say(server.answer(line));
      });
      done();
    },
  });
  setImmediate(() => say(server.greeting));
  return stream;
}
