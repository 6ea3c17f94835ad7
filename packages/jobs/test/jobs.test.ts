/** What needs no queue: its URL, and what may go into it. What does is in test/servers/suite/queue.test.ts, on a real Redis. */
import { parseQueueUrl } from '@fivewire/jobs';
import { describe, expect, it } from 'vitest';
import { checkJobs } from '../src/check-jobs.js';
import { readVerdict, verdictText } from '../src/verdict.js';

describe('a queue’s URL', () => {
  it.each([
    ['redis://localhost', { host: 'localhost', port: 6379, database: 0, isSecure: false }],
    ['rediss://q.example.org:7/3', { host: 'q.example.org', port: 7, database: 3, isSecure: true }],
    ['redis://al%40ice@[::1]:1/', { host: '::1', port: 1, user: 'al@ice' }],
  ])('%s', (url, expected) => {
    expect(parseQueueUrl(url)).toMatchObject(expected);
  });

  it.each([
    '',
    'localhost',
    'http://x',
    'redis://',
    'redis://u:pw@x',
    'redis://x/a',
    'redis://x/1/2',
  ])('%s is none', (url) => {
    expect(() => parseQueueUrl(url)).toThrow(expect.objectContaining({ code: 'ERR_ARGUMENT' }));
  });

  it('does not show the password that it refuses', () => {
    expect(() => parseQueueUrl('redis://u:hunter2@x')).toThrow(/^((?!hunter2).)*$/s);
  });
});

describe('a job for others to read', () => {
  const job = { key: 'a-1', name: 'n', argv: ['ls', 'imaps://alice@localhost'], repeatable: true };
  it('holds no secret, and names the place of none', () => {
    expect(() => checkJobs([job])).not.toThrow();
    const bad = [
      { ...job, key: '' },
      { ...job, key: '12' },
      { ...job, key: 'a:b' },
      { ...job, argv: ['x'.repeat(20_000)] },
      { ...job, argv: ['ls', '--password-command=cat x'] },
      { ...job, argv: ['ls', '--token-command', 'x'] },
      { ...job, argv: ['ls', '--netrc'] },
      { ...job, argv: ['ls', '--keyring'] },
      { ...job, argv: ['ls', '--config', 'x'] },
      { ...job, argv: ['ls', '--key=x'] },
      { ...job, argv: ['ls', 'imaps://alice:hunter2@localhost'] },
      { ...job, argv: ['ls', '--proxy=http://alice:hunter2@proxy'] },
      { ...job, argv: ['send', '--dkim-key', 'key.pem'] },
      { ...job, argv: ['login', '--client-secret-file=x'] },
    ];
    for (const one of bad)
      expect(() => checkJobs([job, one]), one.argv.join(' ')).toThrow(/cannot go/);
  });
});

it('a verdict comes back as it was; what BullMQ says by itself is a failure of the queue', () => {
  const verdict = { state: 'unknown', exit: 76, problem: 'why' } as const;
  expect(readVerdict(verdictText(verdict))).toEqual(verdict);
  for (const text of ['', 'job stalled more than allowable limit', '{"state":"x"}', 'null'])
    expect(readVerdict(text)).toMatchObject({ state: 'failed', exit: 70 });
});
