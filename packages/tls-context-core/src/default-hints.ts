/** What to do about an error whose thrower knows nothing better: no error of the suite is without a hint. */
export const defaultHints: Readonly<Record<string, string>> = {
  ERR_SERVER_HOSTNAME_INVALID: 'Give the name alone: no scheme, port, path or wildcard.',
  ERR_SERVER_HOSTNAME_REQUIRED: 'Say by `serverHostname` who the server must be.',
  ERR_CERTIFICATE_HOSTNAME_MISMATCH:
    'Do not go on, unless one of the names in the certificate is right: then give that as serverHostname.',
  ERR_CERTIFICATE_UNTRUSTED:
    'A private authority, or a server that signs for itself: give its certificate as ca; never turn the check off.',
  ERR_CERTIFICATE_EXPIRED:
    "Check the clock of this machine; else the server's operator must renew it.",
  ERR_CERTIFICATE_REVOKED: 'Do not go on: its key may be in wrong hands.',
  ERR_CERTIFICATE_PIN_MISMATCH:
    'Do not go on, unless the key was renewed on purpose: then add its pin to pins.',
  ERR_TLS_HANDSHAKE:
    "Check the port: 21, 110, 119, 143 and 587 want security: 'starttls', the others 'implicit-tls'.",
  ERR_TLS_ALPN: 'Check host and port.',
  ERR_STARTTLS_NOT_OFFERED:
    'Try implicit TLS on its port, and ask the operator; nothing was sent in clear.',
  ERR_STARTTLS_REFUSED: 'Try again later, then implicit TLS.',
  ERR_STARTTLS_INJECTION: 'Someone may be in the line: use implicit TLS, or another network.',
  ERR_PREAUTH: 'Use implicit TLS.',
  ERR_DIAL_FAILED:
    'Check host, port and firewall; the command "fivewire check URL" goes step by step.',
  ERR_PROXY_FAILED: "Check the proxy's URL, name and password, and what it lets through.",
  ERR_CONNECTION_CLOSED: 'Connect again, or use a pool, which does so.',
  ERR_SERVER_CLOSING: 'Wait, then connect again, perhaps with fewer connections.',
  ERR_TIMEOUT: 'Check network and firewall; a server that is slow on purpose needs more time.',
  ERR_ABORTED: "The caller's own signal ended it.",
  ERR_MALFORMED_RESPONSE:
    'Check the port, another service may answer; else report it with the trace.',
  ERR_LIMIT_EXCEEDED: 'If you want as much from this server, raise the limit: `limit` names it.',
  ERR_COMMAND_REJECTED: 'The words of the server say why.',
  ERR_NOT_FOUND: 'Check the name.',
  ERR_EXTENSION_REQUIRED: 'Do without it, or use a server that has it.',
  ERR_AUTHENTICATION_FAILED:
    'Check name and password; large providers want an app password or OAuth2.',
  ERR_NO_COMMON_MECHANISM: 'A token needs OAUTHBEARER or XOAUTH2, a password the other mechanisms.',
  ERR_CLEARTEXT_AUTH_REFUSED:
    'Use TLS; in a network of your own, allow it with `allowCleartextAuth: true`.',
  ERR_SERVER_SIGNATURE: 'Do not send the password by another mechanism: ask the operator.',
  ERR_CHALLENGE: 'Tell the operator, and meanwhile name another mechanism in `mechanisms`.',
  ERR_TRANSFER_INCOMPLETE: 'Fetch or send it again.',
  ERR_RECIPIENTS_REJECTED: 'Check the addresses; `recipients` has the reply to each.',
  ERR_OUTCOME_UNKNOWN: 'Look whether it was done before you do it again.',
  ERR_LOCAL_PATH: 'Look at the name, it may be an attack, and choose one yourself.',
  ERR_LOCAL_IO: 'Check permissions and space.',
  ERR_ARGUMENT: 'Correct the argument that the message names.',
  ERR_STATE: 'Open or connect anew.',
  ERR_WOULD_DEADLOCK: 'Use a pool, or finish the loop, the body or the mailbox first.',
};
