/** What may go into a queue, which others can read. */
import { UsageError } from 'tls-context-core';
import type { Job } from './types.js';

/** Octets of a job as JSON. */
const mostOctets = 16_384;

/** @throws UsageError ERR_ARGUMENT: for what is no job, and for one that holds a secret or names the place of one */
export function checkJobs(jobs: readonly Job[]): void {
  for (const job of jobs) {
    const { key, argv, name } = job;
    if (!/^[A-Za-z0-9-]{1,64}$/.test(key)) throw refused(name, 'its key is no key');
    if (/^\d+$/.test(key)) throw refused(name, 'a key of digits alone is the queue’s own');
    if (JSON.stringify(job).length > mostOctets) throw refused(name, 'it is too long');
    const secret = argv.find((arg) =>
      /^--(password|token|netrc|keyring|dkim-key|key|config|client-secret)\b/.test(arg),
    );
    if (secret !== undefined) throw refused(name, `${secret.split('=')[0]} belongs to the worker`);
    if (argv.some((arg) => /(?:^|=)[a-z][a-z0-9+.-]*:\/\/[^/@\s]*:[^/@\s]*@/i.test(arg)))
      throw refused(name, 'its URL holds a password');
  }
}

const refused = (name: string, why: string): UsageError =>
  new UsageError('ERR_ARGUMENT', `${name} cannot go into the queue: ${why}`, {
    argument: 'jobs',
    hint: 'Logins are the worker’s: its profile, --netrc or --password-command.',
  });
