// One piece of automation through all five clients, on embedded servers: `npm start`.
//
// A report is uploaded by FTP over TLS and checked by hash, mailed as an attachment by SMTP with STARTTLS, awaited by
// IMAP IDLE over implicit TLS and read with mailparser, fetched once more by POP3, and summed up in a newsgroup.
// Then every path is tried with the right name, a wrong name, an untrusted CA and no name. Exit status 1 if any step or
// any row is not as it must be.
import { startTestServers } from '@fivewire/test-servers';
import { runJob } from './job.mjs';
import { tryAllPaths } from './refusals.mjs';

const serverHostname = 'mail.fivewire.test';
const password = 'correct horse';
const started = Date.now();

const servers = await startTestServers({
  users: { alice: password },
  groups: ['fivewire.reports'],
});
const certificate = await servers.issue({ names: [serverHostname] });
for (const server of [servers.ftp, servers.imap, servers.pop3, servers.smtp, servers.nntp]) {
  server.useCertificate(certificate);
}

const account = {
  servers,
  serverHostname,
  tls: { ca: servers.ca.certificate },
  auth: { user: 'alice', password },
};

let passed = 0;
let failed = 0;
const count = (ok, text) => {
  if (ok) passed++;
  else failed++;
  console.log(`${ok ? 'ok  ' : 'FAIL'}  ${text}`);
};

try {
  await runJob(account, count);
  console.log();
  await tryAllPaths(account, count);
} catch (error) {
  count(
    false,
    `${error.code ?? error.name}: ${error.message}${error.hint ? ` (${error.hint})` : ''}`,
  );
} finally {
  await servers.close();
}

console.log(`\nin ${((Date.now() - started) / 1000).toFixed(1)} s`);
console.log(`\n${passed} passed, ${failed} failed`);
if (failed > 0 || passed === 0) process.exitCode = 1;
