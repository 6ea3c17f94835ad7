// A throwaway authority and one certificate a server, by the openssl program.
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { findProgram } from './install.mjs';

/** Writes ca.pem, and NAME.pem (chain) and NAME.key for each definition, all valid for two days. */
export const issueCertificates = (directory, definitions) => {
  const program = findProgram('openssl');
  if (program === undefined) throw new Error('the openssl program is not installed');
  mkdirSync(directory, { recursive: true });
  const openssl = (...args) =>
    execFileSync(program, args, { cwd: directory, stdio: ['ignore', 'ignore', 'pipe'] });
  const newKey = ['-newkey', 'rsa:2048', '-nodes', '-sha256'];
  openssl(
    ...['req', '-x509', ...newKey, '-days', '2', '-subj', '/CN=Fivewire test servers'],
    ...['-addext', 'keyUsage=critical,keyCertSign,cRLSign', '-keyout', 'ca.key', '-out', 'ca.pem'],
  );
  for (const { name, names } of definitions) {
    const alternatives = names.map((each) => `DNS:${each}`).join(',');
    const extensions = `subjectAltName=${alternatives}\nbasicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth\n`;
    writeFileSync(`${directory}/leaf.ext`, extensions);
    // No common name: the alternative names alone say who the server is.
    openssl(
      ...['req', '-new', ...newKey, '-subj', `/O=${name}`, '-keyout', `${name}.key`],
      ...['-out', 'leaf.csr'],
    );
    openssl(
      ...['x509', '-req', '-in', 'leaf.csr', '-CA', 'ca.pem', '-CAkey', 'ca.key', '-sha256'],
      ...['-CAcreateserial', '-days', '2', '-extfile', 'leaf.ext', '-out', 'leaf.pem'],
    );
    const chain = ['leaf.pem', 'ca.pem'].map((file) => readFileSync(`${directory}/${file}`));
    writeFileSync(`${directory}/${name}.pem`, Buffer.concat(chain));
    // Each daemon reads its key as a user of its own; the keys die with the run.
    chmodSync(`${directory}/${name}.key`, 0o644);
  }
  for (const file of ['ca.key', 'leaf.ext', 'leaf.csr', 'leaf.pem']) {
    rmSync(`${directory}/${file}`, { force: true });
  }
};
