/** JMAPACCESS, RFC 9698: where the same mail is to be had by JMAP. */
import type { CallOptions } from '../command.js';
import { requireCapability } from '../command-error.js';
import type { CommandRunner } from '../command-runner.js';

/** The URL of the JMAP session resource. */
export async function jmapAccess(
  runner: CommandRunner,
  options?: CallOptions,
): Promise<string | undefined> {
  requireCapability(runner, ['JMAPACCESS'], 'jmapAccess');
  let url: string | undefined;
  await runner.run(
    {
      verb: 'GETJMAPACCESS',
      answeredBy: [],
      claim: (response) => {
        if (response.type !== 'other' || response.name !== 'JMAPACCESS') return false;
        url = /^"?([^"]*)"?$/.exec(response.text.trim())?.[1];
        return true;
      },
    },
    options,
  );
  return url;
}
