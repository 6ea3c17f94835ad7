/** The study's POP3 servers. */
import type { Reactions } from '@fivewire/test-servers';
import type { Setup } from '../attack.js';
import type { Config } from '../corpus.js';
import { flag, ignored, list, overrides, refuseUnknown, text, upper } from './fields.js';

const fields = [
  ...['greeting', 'capa', 'capa_auth', 'capa_tls', 'capa_tls_auth', 'implicit_tls'],
  ...['stls_response', 'stls_make_transition', 'hide_commands', 'ignore_commands_tls'],
  'override_response',
];

export function playPop3(config: Config): Setup {
  refuseUnknown(config, fields);
  // AUTH without arguments, which lists mechanisms, is a command of its own to the study.
  const { STLS, AUTHLIST, ...said } = overrides(config);
  return {
    server: {
      impostor: {
        greeting: config.greeting as string,
        inClear: {
          ...startTls(config, STLS),
          ...(AUTHLIST === undefined ? {} : { AUTH: AUTHLIST }),
          ...said,
        },
        underTls: { ...ignored(list(config, 'ignore_commands_tls')), ...said },
        claims: {
          inClear: list(config, 'capa'),
          loggedInInClear: list(config, 'capa_auth'),
          ...(config.capa_tls ? { underTls: list(config, 'capa_tls') } : {}),
          ...(config.capa_tls_auth ? { loggedIn: list(config, 'capa_tls_auth') } : {}),
        },
      },
      hide: upper(list(config, 'hide_commands')),
    },
  };
}

/** An overridden answer is never followed by a handshake, whatever it says. */
function startTls(config: Config, overridden: string | undefined): Reactions {
  if (overridden !== undefined) return { STLS: { say: overridden, next: 'silence' } };
  const say = text(config, 'stls_response') ?? '+OK Begin fake TLS negotiation now.\r\n';
  const follows = flag(config, 'stls_make_transition', true);
  return { STLS: { say, next: follows ? 'tls' : 'silence' } };
}

/** The same server without the attack: it offers TLS and lets a client log in behind it. */
export function honestPop3(config: Config): Config {
  const { capa, capa_auth, capa_tls, capa_tls_auth, implicit_tls } = config;
  const given = capa as string[];
  return {
    greeting: '+OK POP3 server ready.\r\n',
    capa: given.includes('STLS') ? given : [...given, 'STLS'],
    capa_auth,
    // A list that nobody filled in, because the case never comes so far.
    ...((capa_tls as string[]).length > 0 ? { capa_tls, capa_tls_auth } : {}),
    implicit_tls,
  };
}
