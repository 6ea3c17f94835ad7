/** One client of each kind, with a harmless call, for what must hold when many are made at once. */
import { FtpClient } from '@fivewire/ftp';
import { ImapClient } from '@fivewire/imap';
import type { Closed, Notice } from '@fivewire/line-protocol';
import { NntpClient } from '@fivewire/nntp';
import { Pop3Client } from '@fivewire/pop3';
import { SmtpClient } from '@fivewire/smtp';
import type { Access, Job } from './job.js';
import { ftp } from './jobs/ftp.js';
import { imap } from './jobs/imap.js';
import { nntp } from './jobs/nntp.js';
import { pop3 } from './jobs/pop3.js';
import { smtp } from './jobs/smtp.js';

export interface Call {
  signal?: AbortSignal;
  timeout?: number;
}

/** What all five clients share. */
export interface Client extends AsyncDisposable {
  readonly closed: Promise<Closed>;
  readonly notices: AsyncIterable<Notice>;
  quit(options?: Call): Promise<unknown>;
  close(): void;
}

export interface Manners {
  job: Job;
  connect(access: Access): Promise<Client>;
  /** The i-th of many calls, of different kinds; resolves to what can be told from the answer to another. */
  call(client: Client, i: number, options?: Call): Promise<unknown>;
}

function manners<C extends Client>(
  job: unknown,
  connect: (access: Access) => Promise<C>,
  calls: readonly ((client: C, options?: Call) => Promise<unknown>)[],
): Manners {
  return {
    job: job as Job,
    connect,
    call: (client, i, options) =>
      (calls[i % calls.length] as (typeof calls)[number])(client as C, options),
  };
}

export const clients: readonly Manners[] = [
  manners(ftp, (access) => FtpClient.connect(access), [
    async (client, options) => (await client.stat('/pub/a', options))?.size,
    async (client, options) => (await client.command('NOOP', [], options)).code,
    (client, options) => client.workingDirectory(options),
    async (client, options) => {
      const names: string[] = [];
      for await (const { name } of client.list('/pub', options)) names.push(name);
      return names.sort();
    },
  ]),
  manners(imap, (access) => ImapClient.connect(access), [
    (client, options) => client.status('INBOX', ['messages'], options),
    (client, options) => client.noop(options),
    async (client, options) => (await client.list(options).toArray()).length,
  ]),
  manners(pop3, (access) => Pop3Client.connect(access), [
    (client, options) => client.stat(options),
    (client, options) => client.noop(options),
    async (client, options) => (await client.list(options).toArray()).length,
    async (client, options) => {
      let octets = 0;
      for await (const piece of client.retrieve(2, options)) octets += (piece as Buffer).length;
      return octets;
    },
  ]),
  manners(smtp, (access) => SmtpClient.connect(access), [
    (client, options) => client.noop(options),
    async (client, options) => (await client.command('NOOP', [], options)).code,
    (client, options) => client.reset(options),
  ]),
  manners(nntp, (access) => NntpClient.connect(access), [
    async (client, options) => (await client.stat('<One@example.org>', options)).messageId,
    async (client, options) => (await client.group('test.group', options)).count,
    async (client, options) => (await client.listActive(options).toArray()).length,
    async (client, options) => (await client.head('<Two@example.org>', options)).messageId,
  ]),
];
