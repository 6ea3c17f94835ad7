/** NAMESPACE, RFC 2342 (RFC 9051 §6.3.10). */

import type { CallOptions } from '../command.js';
import { extensionRequired } from '../command-error.js';
import type { CommandRunner } from '../command-runner.js';
import type { Namespaces } from '../grammar/mailbox-data.js';

export async function namespace(runner: CommandRunner, options?: CallOptions): Promise<Namespaces> {
  if (!runner.session.hasNamespaces) {
    throw extensionRequired(
      'NAMESPACE',
      'namespaces',
      'list({ pattern: "%" }) shows the top of the hierarchy.',
    );
  }
  let found: Namespaces = { personal: [], otherUsers: [], shared: [] };
  await runner.run(
    {
      verb: 'NAMESPACE',
      answeredBy: ['NAMESPACE'],
      claim: (response) => {
        if (response.type !== 'namespace') return false;
        found = response.namespaces;
        return true;
      },
    },
    options,
  );
  return found;
}
