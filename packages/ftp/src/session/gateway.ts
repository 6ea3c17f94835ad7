/** Logging in at a server behind an FTP proxy: no RFC, but six customs (the numbers that firewalls' manuals give them differ). */
import { type CommandLine, type Reply, secret } from '@fivewire/line-protocol';
import type { FtpGateway } from '../types.js';
import { command, type Dialogue } from './dialogue.js';

/** What is sent after the other, as long as it is answered by 2yz or 3yz. `own`: the gateway's own login, where it has one. */
export function gatewaySteps(
  { style, host, port = 21, user: own, password: ownPassword = '' }: FtpGateway,
  user: string,
  password: string,
): CommandLine[] {
  const there = port === 21 ? host : `${host}:${port}`;
  const login = own === undefined ? [] : [command('USER', own), pass(ownPassword)];
  switch (style) {
    case 'user@host':
    case 'login, user@host':
      return [...login, command('USER', `${user}@${there}`), pass(password)];
    case 'user@gateway-user@host':
      return [command('USER', `${user}@${own}@${there}`), pass(`${password}@${ownPassword}`)];
    case 'user@host gateway-user':
      return [
        command('USER', `${user}@${there} ${own}`),
        pass(password),
        command('ACCT', secret(ownPassword)),
      ];
    case 'site':
      return [...login, command('SITE', there), command('USER', user), pass(password)];
    case 'open':
      return [
        ...login,
        command('OPEN', port === 21 ? host : `${host} ${port}`),
        command('USER', user),
        pass(password),
      ];
  }
}

const pass = (password: string): CommandLine => command('PASS', secret(password));

/** @returns the last reply, and the command that it answers */
export async function logInBehind(
  dialogue: Dialogue,
  steps: readonly CommandLine[],
): Promise<{ reply: Reply; line: CommandLine }> {
  let last: { reply: Reply; line: CommandLine } | undefined;
  for (const line of steps) {
    const isSecret = /^(?:PASS|ACCT) /.test(line.masked);
    if (isSecret && last?.reply.class === 2) continue; // not asked for
    dialogue.send(line);
    let reply = await dialogue.next(line);
    // SITE and OPEN are answered by the greeting of the server behind.
    for (let waits = 0; reply.class === 1 && waits < mostWaits; waits++)
      reply = await dialogue.next(line);
    last = { reply, line };
    if (reply.class >= 4 || reply.class === 1) break;
  }
  return last as { reply: Reply; line: CommandLine };
}

const mostWaits = 1_000;
