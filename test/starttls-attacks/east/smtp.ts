/** The study's SMTP servers. */
import type { Reactions } from '@fivewire/test-servers';
import type { Setup } from '../attack.js';
import type { Config } from '../corpus.js';
import { flag, ignored, list, overrides, refuseUnknown, text, upper } from './fields.js';

const fields = [
  ...['greeting', 'capabilities', 'capabilities_tls', 'implicit_tls', 'hide_commands'],
  ...['stls_response', 'stls_make_transition', 'ignore_commands_tls', 'override_response'],
  'hook_data', // lets mail pass, as the server here does
];

export function playSmtp(config: Config): Setup {
  refuseUnknown(config, fields);
  const { STARTTLS, ...said } = overrides(config);
  return {
    server: {
      impostor: {
        greeting: text(config, 'greeting') ?? '220 example.org ESMTP\r\n',
        inClear: { ...startTls(config, STARTTLS), ...said },
        underTls: { ...ignored(list(config, 'ignore_commands_tls')), ...said },
        claims: {
          inClear: list(config, 'capabilities'),
          ...(config.capabilities_tls
            ? {
                underTls: list(config, 'capabilities_tls'),
                loggedIn: list(config, 'capabilities_tls'),
              }
            : {}),
        },
      },
      hide: upper(list(config, 'hide_commands')),
    },
  };
}

/** An overridden answer is never followed by a handshake, whatever it says. */
function startTls(config: Config, overridden: string | undefined): Reactions {
  if (overridden !== undefined) return { STARTTLS: { say: overridden, next: 'silence' } };
  const say = text(config, 'stls_response') ?? '220 Ready to start TLS\r\n';
  const follows = flag(config, 'stls_make_transition', true);
  return { STARTTLS: { say, next: follows ? 'tls' : 'silence' } };
}

/** The same server without the attack: it offers TLS and lets a client log in behind it. */
export function honestSmtp(config: Config): Config {
  const { capabilities, capabilities_tls, implicit_tls } = config;
  const given = capabilities as string[];
  return {
    capabilities: given.includes('STARTTLS') ? given : [...given, 'STARTTLS'],
    ...((capabilities_tls as string[]).length > 0 ? { capabilities_tls } : {}),
    implicit_tls,
  };
}
