/** The study's IMAP servers. */
import type { Impostor, Reactions } from '@fivewire/test-servers';
import { user } from '../../support/credentials.js';
import type { Setup } from '../attack.js';
import type { Config } from '../corpus.js';
import { flag, ignored, list, overrides, refuseUnknown, text, upper } from './fields.js';
import { capabilityNames, type Status, statusWire } from './imap-status.js';

const fields = [
  ...['state', 'greeting', 'response_after_greeting', 'caps', 'caps_tls', 'caps_auth'],
  ...['caps_tls_auth', 'implicit_tls', 'hide_commands', 'ignore_commands', 'ignore_commands_tls'],
  ...['starttls_response', 'starttls_transition', 'response_after_tls', 'override_response'],
  ...['override_login', 'override_authenticate', 'override_select'],
  // Hooks end the study's server where a client logs in in clear; here that fails by the lines in clear. The oracle is what
  // the server does with mail afterwards.
  ...['hook_authenticate', 'hook_login', 'hook_select', 'oracle'],
];

export function playImap(config: Config): Setup {
  refuseUnknown(config, fields);
  const { GREETING, ...said } = overrides(config);
  const greeting = GREETING ?? statusWire(config.greeting as Status);
  const impostor: Impostor = {
    greeting: greeting + (text(config, 'response_after_greeting') ?? ''),
    inClear: { ...startTls(config), ...ignored(list(config, 'ignore_commands')), ...said },
    underTls: { ...statuses(config), ...ignored(list(config, 'ignore_commands_tls')), ...said },
    ...(config.response_after_tls ? { afterHandshake: config.response_after_tls as string } : {}),
    claims: {
      inClear: capabilityNames(list(config, 'caps')),
      loggedInInClear: capabilityNames(list(config, 'caps_auth')),
      ...(config.caps_tls ? { underTls: capabilityNames(list(config, 'caps_tls')) } : {}),
      ...(config.caps_tls_auth ? { loggedIn: capabilityNames(list(config, 'caps_tls_auth')) } : {}),
    },
  };
  return {
    server: {
      impostor,
      hide: upper(list(config, 'hide_commands')),
      ...(config.state === 'Authenticated' ? { preauth: user } : {}),
    },
    door: flag(config, 'implicit_tls', false) ? 'implicit-tls' : 'starttls',
  };
}

/** The go-ahead in the case's own words, and whether a handshake follows whatever they were. */
function startTls(config: Config): Reactions {
  const say = text(config, 'starttls_response');
  const follows = flag(config, 'starttls_transition', true);
  if (say === undefined && follows) return {};
  return {
    STARTTLS: { say: say ?? '<tag> OK begin TLS now.\r\n', next: follows ? 'tls' : 'silence' },
  };
}

/** A whole status in place of an answer. The study's server asks for the credentials before it refuses AUTHENTICATE. */
function statuses(config: Config): Reactions {
  const { override_login, override_authenticate, override_select } = config;
  return {
    ...(override_login ? { LOGIN: statusWire(override_login as Status) } : {}),
    ...(override_authenticate ? { AUTHENTICATE: statusWire(override_authenticate as Status) } : {}),
    ...(override_select
      ? {
          SELECT: statusWire(override_select as Status),
          EXAMINE: statusWire(override_select as Status),
        }
      : {}),
  };
}

/** The same server without the attack: it offers TLS and lets a client log in behind it. */
export function honestImap(config: Config): Config {
  const { caps, caps_auth, caps_tls, caps_tls_auth, implicit_tls, oracle } = config;
  const { code, text: words } = (config.greeting as Status) ?? {};
  const tellsStartTls = JSON.stringify(code ?? null).includes('StartTls');
  const given = (caps as string[]).length > 0 ? (caps as string[]) : ['IMAP4REV1'];
  return {
    state: 'NotAuthenticated',
    greeting: {
      kind: 'Ok',
      code: tellsStartTls || implicit_tls ? code : null,
      text: words ?? 'ready',
    },
    caps: given.includes('STARTTLS') ? given : [...given, 'STARTTLS'],
    caps_auth,
    // A list that nobody filled in, because the case never comes so far.
    ...((caps_tls as string[]).length > 0 ? { caps_tls, caps_tls_auth } : {}),
    implicit_tls,
    ...(oracle === undefined ? {} : { oracle }),
  };
}
