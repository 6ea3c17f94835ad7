/** XCLIENT, Postfix's extension: tells a server that trusts us on whose behalf we speak. The session begins anew. */
import { commandLine, type Wait } from '@fivewire/line-protocol';
import { checkKeys, wrong } from './arguments.js';
import { requireExtension } from './extensions.js';
import { nextReply, unexpected } from './replies.js';
import { patience, type Session } from './session.js';
import type { CallOptions, XclientAttributes } from './types.js';
import { xtext } from './wishes.js';

const names = ['name', 'addr', 'port', 'proto', 'helo', 'login', 'destaddr', 'destport'] as const;

/** @throws UsageError `ERR_ARGUMENT`; CommandError `ERR_EXTENSION_REQUIRED`, `ERR_COMMAND_REJECTED` */
export async function xclient(
  session: Session,
  attributes: XclientAttributes,
  options: CallOptions,
): Promise<void> {
  checkKeys(attributes, names, 'attributes');
  const { connection, extensions, queue } = session;
  if (Object.keys(attributes).length === 0) throw wrong('attributes', 'has none');
  requireExtension(extensions, 'XCLIENT', 'xclient()');
  const offered = (extensions.get('XCLIENT') ?? []).map((name) => name.toUpperCase());
  const args = Object.entries(attributes).map(([name, value]) => {
    const attribute = name.toUpperCase();
    if (!offered.includes(attribute))
      throw wrong(
        `attributes.${name}`,
        'is not offered',
        `The server takes ${offered.join(', ')}.`,
      );
    const text = String(value ?? '[UNAVAILABLE]');
    if (text === '')
      throw wrong(`attributes.${name}`, 'is empty', 'Give null where it is unknown.');
    return `${attribute}=${xtext(text, `attributes.${name}`)}`;
  });
  const line = commandLine('XCLIENT', args);
  const timeout = patience(session, 'reply', options);
  const wait: Wait = { phase: 'command', timeout, command: line.masked };
  await queue.run(
    async (turn) => {
      await turn.toRead();
      connection.send(line);
      const reply = await nextReply(connection, wait);
      if (reply.code !== 220) throw unexpected(connection, reply, '220 to XCLIENT', wait);
      // A session that begins anew and takes no EHLO is none.
      session.extensions = await connection.establish(undefined, session.hello);
    },
    { signal: options.signal, phase: 'command', command: line.masked },
  );
}
