/** AUTH: SASL in SMTP, RFC 4954. */
import {
  commandLine,
  type LineConnection,
  loginChannel,
  type Notices,
  type Reply,
  secret,
  secretLine,
  serverReply,
  type Transport,
  type Wait,
} from '@fivewire/line-protocol';
import {
  authenticate,
  decodeBase64,
  encodeBase64,
  loginFields,
  type SaslAnswer,
} from '@fivewire/sasl';
import { noExtensions } from './extensions.js';
import { nextReply, outOfStep } from './replies.js';
import type { Extensions, SmtpOptions } from './types.js';

/** RFC 4954 §4: octets of one line of the exchange. */
const lineLimit = 12_288;

const helloOnly =
  'The server took HELO in place of EHLO, which knows no login: send without `auth`, by another server or port (465 or 587), or name what it takes in `mechanisms`.';

/** Throws what `authenticate` of @fivewire/sasl throws. */
export async function logIn(
  connection: LineConnection,
  transport: Transport,
  extensions: Extensions,
  options: SmtpOptions,
  notices: Pick<Notices, 'push'>,
): Promise<void> {
  const { auth } = options;
  if (auth === undefined) return;
  const wait: Wait = { phase: 'auth', timeout: transport.timeouts.reply, command: 'AUTH' };
  const answer = async (): Promise<SaslAnswer> =>
    saslAnswer(connection, await nextReply(connection, wait), wait);

  connection.hideInput = true;
  try {
    await authenticate(
      {
        ...loginFields({ ...options, auth }),
        offered: extensions.get('AUTH') ?? [],
        ...(extensions === noExtensions ? { nothingOfferedHint: helloOnly } : {}),
        ...loginChannel(transport, connection, notices),
      },
      {
        initialResponseLimit: lineLimit - 'AUTH  '.length - 20, // a mechanism's name has up to 20
        start(mechanism, initial) {
          const response = initial && secret(encodeBase64(initial) || '=');
          connection.send(
            commandLine('AUTH', response ? [mechanism, response] : [mechanism], {
              limit: lineLimit,
            }),
          );
          return answer();
        },
        respond(response) {
          connection.send(secretLine(encodeBase64(response)));
          return answer();
        },
        cancel() {
          connection.send(secretLine('*'));
          return answer();
        },
      },
    );
  } finally {
    connection.hideInput = false;
  }
}

function saslAnswer(connection: LineConnection, reply: Reply, wait: Wait): SaslAnswer {
  if (reply.code === 235) return { kind: 'success' };
  if (reply.code === 334) {
    return {
      kind: 'challenge',
      data: decodeBase64(reply.lines.join('').trim()),
      malformed: () => outOfStep(connection, reply, 'base64 behind 334', wait),
    };
  }
  if (reply.class !== 4 && reply.class !== 5)
    throw outOfStep(connection, reply, '235, 334, 4yz or 5yz to AUTH', wait);
  // 504: unknown mechanism; 534: too weak a mechanism (RFC 4954 §6); 500, 502, 503: no AUTH here, or not now.
  const mechanismUnavailable = [500, 502, 503, 504, 534].includes(reply.code);
  return { kind: 'failure', reply: serverReply(reply), mechanismUnavailable };
}
