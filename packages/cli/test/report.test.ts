/** What a person is told to do where a server says in words alone that something is missing. */
import { Writable } from 'node:stream';
import { CommandError } from 'tls-context-core';
import { expect, it } from 'vitest';
import { exitCodeOf } from '../src/exit-code.js';
import { Output } from '../src/output.js';
import { report } from '../src/report.js';

const hint = "The reply says why; the server's log may say more.";

// Dovecot, Cyrus, Courier; Dovecot's POP3.
it.each([
  ['imap', "Mailbox doesn't exist: Nope (0.001 + 0.000 secs).", /fivewire ls shows the names/],
  ['imap', 'Mailbox does not exist', /fivewire ls shows the names/],
  ['imap', 'Mailbox does not exist, or must be subscribed to.', /fivewire ls shows the names/],
  ['pop3', "There's no message 9.", /fivewire ls shows what is/],
  ['imap', 'Internal error', /The reply says why/],
] as const)('%s: %s', async (protocol, text, expected) => {
  const error = new CommandError('ERR_COMMAND_REJECTED', 'no', {
    protocol,
    transient: false,
    reply: { code: protocol === 'imap' ? 'NO' : '-ERR', text },
    hint,
  });
  let said = '';
  const stderr = new Writable({
    write(octets, _, done) {
      said += octets;
      done();
    },
  });
  const out = new Output({ json: false, quiet: false, verbosity: 0, stdout: stderr, stderr });
  await report(error, exitCodeOf(error), out);
  expect(said).toMatch(expected);
});
