/** Each kind of trouble has its code; 75 stands for "again later" alone. */
import {
  AuthenticationError,
  CommandError,
  ConnectionError,
  LocalError,
  RemoteProtocolError,
  StartTlsError,
  TimeoutError,
  TlsError,
  TransferError,
  UsageError,
} from 'tls-context-core';
import { expect, it } from 'vitest';
import { exitCodeOf, Failure } from '../src/exit-code.js';

const system = (code: string) => Object.assign(new Error(code), { code, syscall: 'open' });
const rejected = (
  protocol: 'ftp' | 'smtp' | 'nntp' | 'imap',
  code: number | string,
  transient = false,
) =>
  new CommandError('ERR_COMMAND_REJECTED', 'no', {
    protocol,
    transient,
    reply: { code, text: 'no' },
  });

it.each([
  [new UsageError('ERR_ARGUMENT', ''), 64],
  [new UsageError('ERR_STATE', ''), 70],
  [new TlsError('ERR_SERVER_HOSTNAME_INVALID', ''), 64],
  [new TlsError('ERR_CERTIFICATE_EXPIRED', ''), 76],
  [new StartTlsError('ERR_STARTTLS_NOT_OFFERED', ''), 76],
  [new RemoteProtocolError('ERR_MALFORMED_RESPONSE', ''), 76],
  [new CommandError('ERR_NOT_FOUND', ''), 66],
  [rejected('ftp', 550), 66],
  [rejected('ftp', 553), 73],
  [rejected('smtp', 550), 67],
  [rejected('smtp', 451, true), 75],
  [rejected('nntp', 440), 77],
  [rejected('imap', 'NO'), 69],
  [new ConnectionError('ERR_DIAL_FAILED', '', { cause: system('ECONNREFUSED') }), 69],
  [new ConnectionError('ERR_DIAL_FAILED', '', { cause: system('ENOTFOUND') }), 68],
  [new ConnectionError('ERR_DIAL_FAILED', '', { cause: system('EAI_AGAIN') }), 75],
  [
    new ConnectionError('ERR_DIAL_FAILED', '', {
      cause: new AggregateError([system('ECONNREFUSED'), system('ENETUNREACH')]),
    }),
    69,
  ],
  [new ConnectionError('ERR_CONNECTION_CLOSED', ''), 75],
  [new TimeoutError('', { milliseconds: 1 }), 75],
  [new AuthenticationError('ERR_AUTHENTICATION_FAILED', ''), 77],
  [new AuthenticationError('ERR_AUTHENTICATION_FAILED', '', { retry: 'later' }), 75],
  [new TransferError('ERR_TRANSFER_INCOMPLETE', ''), 75],
  [new TransferError('ERR_OUTCOME_UNKNOWN', '', { retry: 'reconnect' }), 76],
  [new TransferError('ERR_RECIPIENTS_REJECTED', ''), 67],
  [new TransferError('ERR_RECIPIENTS_REJECTED', '', { retry: 'later' }), 75],
  [new LocalError('ERR_LOCAL_IO', '', { cause: system('ENOSPC') }), 74],
  [new LocalError('ERR_LOCAL_PATH', ''), 73],
  [system('ENOSPC'), 74],
  [system('EROFS'), 73],
  [system('ENOENT'), 66],
  [new Failure(78, ''), 78],
  [new Error('what?'), 70],
  ['a string', 70],
] as const)('%s → %i', (error, code) => {
  expect(exitCodeOf(error)).toBe(code);
});
