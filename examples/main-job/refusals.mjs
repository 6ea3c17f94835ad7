// All ten paths, each four times: what must be accepted is, and what must be refused is, with the right code and a hint.
import { connect } from 'node:net';
import { FtpClient } from '@fivewire/ftp';
import { ImapClient } from '@fivewire/imap';
import { NntpClient } from '@fivewire/nntp';
import { Pop3Client } from '@fivewire/pop3';
import { SmtpClient } from '@fivewire/smtp';
import { createThrowawayCa } from '@fivewire/test-servers';

const clients = {
  ftp: FtpClient,
  imap: ImapClient,
  pop3: Pop3Client,
  smtp: SmtpClient,
  nntp: NntpClient,
};

export async function tryAllPaths({ servers, serverHostname, tls, auth }, count) {
  const stranger = await createThrowawayCa();
  const cases = [
    ['right name', undefined, {}],
    ['wrong name', 'ERR_CERTIFICATE_HOSTNAME_MISMATCH', { serverHostname: 'other.fivewire.test' }],
    ['untrusted CA', 'ERR_CERTIFICATE_UNTRUSTED', { tls: { ca: stranger.certificate } }],
    ['no name', 'ERR_SERVER_HOSTNAME_REQUIRED', 'stream'],
  ];
  for (const [protocol, Client] of Object.entries(clients)) {
    for (const security of ['implicit-tls', 'starttls']) {
      for (const [what, expected, change] of cases) {
        const port = servers.ports[protocol][security];
        const common = { port, security, tls, auth };
        // Nothing tells who the peer of a stream must be, so a missing name shows there.
        const stream =
          change === 'stream'
            ? connect({ host: servers.host, port }).on('error', () => {})
            : undefined;
        const options = stream
          ? { ...common, stream }
          : { ...common, host: servers.host, serverHostname, ...change };
        const outcome = await tryPath(Client, options);
        stream?.destroy();
        const path = `${protocol.padEnd(4)} ${security.padEnd(12)} ${what.padEnd(12)}`;
        count(
          outcome.code === expected && (expected === undefined || outcome.hint !== ''),
          `${path} ${outcome.text}`,
        );
      }
    }
  }
}

async function tryPath(Client, options) {
  let client;
  try {
    client = await Client.connect(options);
    const { protocol, cipher, matchedName } = client.security;
    return { text: `accepted  ${protocol} ${cipher} as ${matchedName}` };
  } catch (error) {
    return {
      code: error.code ?? error.message,
      hint: error.hint ?? '',
      text: `refused   ${error.code}: ${error.hint}`,
    };
  } finally {
    await client?.quit();
  }
}
