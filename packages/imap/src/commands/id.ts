/** ID, RFC 2971: who we are, and who the server is. NetEase's servers refuse everything to those who do not tell. */
import { UsageError } from 'tls-context-core';
import type { CallOptions } from '../command.js';
import type { CommandRunner } from '../command-runner.js';
import { type Argument, list, string, syntax } from '../grammar/encoder.js';

/** Field names and values, such as `{ name: 'fivewire', version: '0.1.0' }`. */
export type ClientId = Readonly<Record<string, string>>;

/** The server's own fields, in lower case; `null` for one that it does not give. */
export type ServerId = Readonly<Record<string, string | null>>;

/** @throws UsageError `ERR_ARGUMENT` for what is neither fields nor false */
export function checkId(fields: ClientId | false | undefined): void {
  if (fields === undefined || fields === false) return;
  if (typeof fields !== 'object' || fields === null || Array.isArray(fields)) {
    throw new UsageError('ERR_ARGUMENT', 'id must be an object of names and values, or false', {
      argument: 'id',
    });
  }
  words(fields);
}

const words = (fields: ClientId): Argument[] =>
  Object.entries(fields).flatMap(([name, value]) => [
    string(name, 'id'),
    string(value, `id.${name}`),
  ]);

export async function id(
  runner: CommandRunner,
  fields: ClientId,
  options?: CallOptions,
): Promise<ServerId> {
  let server: ServerId = {};
  const given = words(fields);
  const args: Argument[] = [given.length === 0 ? syntax('NIL') : list(given)];
  await runner.run(
    {
      verb: 'ID',
      args,
      claim: (response) => {
        if (response.type !== 'id') return false;
        server = response.id;
        return true;
      },
    },
    options,
  );
  return server;
}
