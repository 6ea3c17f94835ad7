/** An error as people and scripts get it: one sentence and what to do; under `--json` also a line of data. */
import { type FivewireError, isFivewireError } from 'tls-context-core';
import { exitCodeOf, exitCodes, type Failure, isFailure, isSystemError } from './exit-code.js';
import { forPeople, messageForPeople } from './hints.js';
import { reasonOf } from './local-files.js';
import { line, type Output } from './output.js';

export async function report(error: unknown, exit: number, out: Output): Promise<void> {
  if ((error as NodeJS.ErrnoException)?.code === 'EPIPE') return; // the reader has gone
  const { message, hint, code } = described(error, exit);
  if (out.json) {
    const fields = isFivewireError(error) ? { protocol: error.protocol, host: error.host } : {};
    await out.row({ type: 'error', code, message, hint, exit, ...fields }, '').catch(() => {});
  }
  out.error(message, hint);
  if (out.verbosity > 1 && error instanceof Error) out.trace(error.stack ?? '');
}

type Said = Pick<Failure, 'message' | 'hint' | 'code'>;

/** In the words of the command line: what a client advises a program is no advice to a person at a shell. */
export function saidOf(error: Failure | FivewireError, exit: number = exitCodeOf(error)): Said {
  const { code, message, hint } = error;
  if (isFailure(error)) return { code, message, hint };
  return {
    code,
    message: line(code === 'ERR_ARGUMENT' ? messageForPeople(message) : message),
    hint: line(
      isMissing(error, exit)
        ? (absent[error.protocol ?? ''] ?? forPeople(hint))
        : isMissingParent(error, exit)
          ? noParent
          : forPeople(hint),
    ),
  };
}

function described(error: unknown, exit: number): Said {
  if (isFailure(error)) return error;
  if (isFivewireError(error)) {
    const said = saidOf(error, exit);
    return { ...said, message: `${said.message} (${said.code}${where(error)})` };
  }
  if (isSystemError(error)) {
    const { code = '', path, syscall } = error;
    return {
      code,
      message:
        path === undefined && syscall === 'write'
          ? `Cannot write to stdout: ${reasonOf(error)}`
          : line(error.message),
      hint: path === undefined ? '' : (hints[code] ?? ''),
    };
  }
  const message = error instanceof Error ? error.message : String(error);
  return {
    code: 'ERR_BUG',
    message: `This should not have happened: ${line(message)}`,
    hint: 'It is a bug of fivewire: run it again with -vv and report what it prints.',
  };
}

/** A server without response codes: what is missing is known by its words alone. */
const isMissing = ({ code }: FivewireError, exit: number): boolean =>
  code === 'ERR_COMMAND_REJECTED' && exit === exitCodes.notFound;

/** What could not be made, because nothing is there: the directory above. */
const isMissingParent = ({ protocol, code }: FivewireError, exit: number): boolean =>
  protocol === 'ftp' && code === 'ERR_NOT_FOUND' && exit === exitCodes.cannotCreate;

const noParent = 'The directory above it is not there: fivewire mkdir -p makes it.';

const absent: Readonly<Record<string, string>> = {
  imap: 'The mailbox does not exist: fivewire ls shows the names that do.',
  pop3: 'It is not there, or not any more: fivewire ls shows what is.',
};

const where = ({ host, port, phase }: { host?: string; port?: number; phase?: string }): string =>
  host === undefined
    ? ''
    : `, ${line(host)}${port === undefined ? '' : `:${port}`}${phase === undefined ? '' : `, ${phase}`}`;

const hints: Readonly<Record<string, string>> = {
  ENOENT: 'Check the path.',
  EACCES: 'Check the permissions of the file and its directory.',
  EROFS: 'The file system is read-only.',
  ENOSPC: 'The disk is full: nothing half-written is left.',
};
