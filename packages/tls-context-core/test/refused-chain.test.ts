/** A refusal shows whom it refused, whatever the reason: `fivewire tls` prints that chain. */
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { createThrowawayCa, startImapServer } from '@fivewire/test-servers';
import { expect, test } from 'vitest';
import { createTlsContext, describeCertificate, secure } from '../src/index.js';

const ca = await createThrowawayCa();
const certificate = await ca.issue();

test.each([
  [
    'another name',
    { ca: ca.certificate },
    'elsewhere.example',
    'ERR_CERTIFICATE_HOSTNAME_MISMATCH',
  ],
  ['an unknown authority', {}, 'localhost', 'ERR_CERTIFICATE_UNTRUSTED'],
  [
    'another pin',
    { ca: ca.certificate, pins: [`sha256/${'A'.repeat(43)}=`] },
    'localhost',
    'ERR_CERTIFICATE_PIN_MISMATCH',
  ],
])('%s', async (_, options, serverHostname, code) => {
  const server = await startImapServer({ certificate });
  try {
    const socket = connect(server.ports['implicit-tls'], server.host);
    await once(socket, 'connect');
    const refusal = await secure(socket, {
      context: createTlsContext(options),
      serverHostname,
      protocol: 'imap',
    }).catch((error) => error);
    expect(refusal).toMatchObject({ code });
    const [leaf] = refusal.chain;
    expect(describeCertificate(leaf).names).toContain('localhost');
    expect(new X509Certificate(leaf).fingerprint256).toBe(certificate.fingerprint256);
    expect(Object.keys(refusal)).not.toContain('chain');
  } finally {
    await server.close();
  }
});
