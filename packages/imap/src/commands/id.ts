/** ID, RFC 2971: who we are, and who the server is. NetEase's servers refuse everything to those who do not tell. */
import type { CallOptions } from '../command.js';
import type { CommandRunner } from '../command-runner.js';
import { type Argument, list, string, syntax } from '../grammar/encoder.js';

/** Field names and values, such as `{ name: 'fivewire', version: '0.1.0' }`. */
export type ClientId = Readonly<Record<string, string>>;

/** The server's own fields, in lower case; `null` for one that it does not give. */
export type ServerId = Readonly<Record<string, string | null>>;

export async function id(
  runner: CommandRunner,
  fields: ClientId,
  options?: CallOptions,
): Promise<ServerId> {
  let server: ServerId = {};
  const words = Object.entries(fields).flatMap(([name, value]) => [
    string(name, 'id'),
    string(value, `id.${name}`),
  ]);
  const args: Argument[] = [words.length === 0 ? syntax('NIL') : list(words)];
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
