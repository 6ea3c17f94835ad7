/**
 * Errors as users of nodemailer match on them: `code`, `response`, `responseCode`, `command`, `rejected`. Ours is the `cause`, with the
 * hint and what may be tried again.
 */
import { type FivewireError, isFivewireError, type ServerReply } from 'tls-context-core';

/** What one recipient was refused with. */
export interface RejectedRecipient extends Error {
  code: string;
  command: string;
  recipient: string;
  response: string;
  responseCode: number;
  permanent: boolean;
}

/** An error of the transport. `code` is nodemailer's; `ERR_OUTCOME_UNKNOWN`, which nodemailer doesn't tell from a lost connection, is ours. */
export interface NodemailerError extends Error {
  code: string;
  command?: string;
  /** The server's words: `550 5.1.1 No such user`. */
  response?: string;
  responseCode?: number;
  /** The server will say the same again (5yz). */
  permanent?: boolean;
  rejected?: string[];
  rejectedErrors?: RejectedRecipient[];
  /** The error as our clients tell it. */
  cause: FivewireError;
}

/** The fields that some of our errors have. */
type Told = FivewireError & {
  reply?: ServerReply;
  argument?: string;
  recipients?: readonly { address: string; reply: ServerReply }[];
};

/** What is not ours goes through as it is. */
export function nodemailerError(error: unknown): unknown {
  if (!isFivewireError(error)) return error;
  const { code, command } = inTheirWords(error);
  const told: NodemailerError = Object.assign(new Error(error.message, { cause: error }), {
    code,
    cause: error,
    ...(command === undefined ? {} : { command }),
  });
  const { recipients = [] } = error as Told;
  if (error.code === 'ERR_RECIPIENTS_REJECTED') {
    told.rejected = recipients.map(({ address }) => address);
    told.rejectedErrors = rejectedRecipients(recipients, code, command);
  }
  const reply = replyOf(error);
  return reply === undefined ? told : Object.assign(told, inResponse(reply));
}

export const rejectedRecipients = (
  refused: readonly { address: string; reply: ServerReply }[],
  code = 'EENVELOPE',
  command = 'RCPT TO',
): RejectedRecipient[] =>
  refused.map(({ address, reply }) =>
    Object.assign(new Error(`Recipient refused: ${responseOf(reply)}`), {
      code,
      command,
      recipient: address,
      ...inResponse(reply),
    }),
  );

/** `250 2.0.0 Ok: queued as 1234` */
export const responseOf = ({ code, enhanced, text }: ServerReply): string =>
  [code, enhanced, text].filter(Boolean).join(' ');

const inResponse = (reply: ServerReply) => ({
  response: responseOf(reply),
  responseCode: Number(reply.code),
  permanent: Number(reply.code) >= 500,
});

/** As nodemailer does it: where all recipients are refused, a passing refusal outweighs the others. */
function replyOf(error: FivewireError): ServerReply | undefined {
  const { reply, recipients = [] } = error as Told;
  if (error.code !== 'ERR_RECIPIENTS_REJECTED') return reply;
  const replies = recipients.map((one) => one.reply);
  return replies.find(({ code }) => Number(code) < 500) ?? replies.at(-1);
}

interface Words {
  code: string;
  command?: string | undefined;
}

const byCode: Readonly<Record<string, Words>> = {
  ERR_ABORTED: { code: 'EABORT' },
  ERR_AUTHENTICATION_FAILED: { code: 'EAUTH', command: 'AUTH' },
  ERR_NO_COMMON_MECHANISM: { code: 'EAUTH', command: 'AUTH' },
  ERR_CLEARTEXT_AUTH_REFUSED: { code: 'EAUTH', command: 'AUTH' },
  ERR_SERVER_SIGNATURE: { code: 'EAUTH', command: 'AUTH' },
  ERR_CHALLENGE: { code: 'EAUTH', command: 'AUTH' },
  ERR_TIMEOUT: { code: 'ETIMEDOUT', command: 'CONN' },
  ERR_DIAL_FAILED: { code: 'ESOCKET', command: 'CONN' },
  ERR_PROXY_FAILED: { code: 'EPROXY', command: 'CONN' },
  ERR_CONNECTION_CLOSED: { code: 'ECONNECTION', command: 'CONN' },
  ERR_SERVER_CLOSING: { code: 'ECONNECTION', command: 'CONN' },
  ERR_MALFORMED_RESPONSE: { code: 'EPROTOCOL', command: 'CONN' },
  ERR_LIMIT_EXCEEDED: { code: 'EPROTOCOL', command: 'CONN' },
  ERR_LOCAL_IO: { code: 'ESTREAM', command: 'API' },
  ERR_LOCAL_PATH: { code: 'ESTREAM', command: 'API' },
};

function inTheirWords(error: FivewireError): Words {
  const known = byCode[error.code];
  if (known !== undefined) return known;
  const verb = /^[A-Z]+/.exec(error.command ?? '')?.[0];
  const command = verb === 'MAIL' ? 'MAIL FROM' : verb === 'RCPT' ? 'RCPT TO' : verb;
  switch (error.code) {
    case 'ERR_RECIPIENTS_REJECTED':
      return { code: 'EENVELOPE', command: 'RCPT TO' };
    case 'ERR_COMMAND_REJECTED':
      if (error.phase === 'greeting') return { code: 'EPROTOCOL', command: 'CONN' };
      if (error.phase === 'transfer') return { code: 'EMESSAGE', command: 'DATA' };
      return {
        code: verb === 'MAIL' || verb === 'DATA' ? 'EENVELOPE' : 'EPROTOCOL',
        command: command ?? 'CONN',
      };
    case 'ERR_EXTENSION_REQUIRED':
      return {
        code: error.message.includes('REQUIRETLS') ? 'EREQUIRETLS' : 'EENVELOPE',
        command: 'MAIL FROM',
      };
    case 'ERR_ARGUMENT': {
      const { argument = '' } = error as Told;
      const ofEnvelope = /^(?:from|sender|to|cc|bcc|envelope|dsn)\b/.test(argument);
      return ofEnvelope ? { code: 'EENVELOPE', command: 'API' } : { code: error.code };
    }
    case 'ERR_STATE':
      return (error as Told).argument === 'envelope.requireTls'
        ? { code: 'EREQUIRETLS', command: 'MAIL FROM' }
        : { code: error.code };
  }
  if (/^(?:ERR_CERTIFICATE|ERR_TLS|ERR_STARTTLS)/.test(error.code))
    return { code: 'ETLS', command: error.code.startsWith('ERR_STARTTLS') ? 'STARTTLS' : 'CONN' };
  return { code: error.code };
}
