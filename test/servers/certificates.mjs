// A throwaway authority and one certificate a server, as the containers make them for themselves: by authority/certificates.sh.
import { execFileSync } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { folder } from './definitions.mjs';
import { findProgram, searchPath } from './install.mjs';

/** Writes ca.pem, and NAME.pem (chain) and NAME.key for each definition, all valid for two days. */
export const issueCertificates = (directory, definitions) => {
  if (findProgram('openssl') === undefined) throw new Error('the openssl program is not installed');
  const wanted = definitions.map(({ name, names }) => `${name}=${names.join(',')}`);
  execFileSync('/bin/sh', [`${folder}authority/certificates.sh`, directory, '2', ...wanted], {
    env: { PATH: searchPath },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  chmodSync(directory, 0o755);
};
