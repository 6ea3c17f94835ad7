/** ENABLE, RFC 5161 (RFC 9051 §6.3.1): extensions that change what the server sends. */
import type { CallOptions } from '../command.js';
import type { CommandRunner } from '../command-runner.js';
import { atom } from '../grammar/encoder.js';

/** Extensions that a server may offer under another name than that by which they are enabled. */
const offered: Readonly<Record<string, readonly string[]>> = {
  'UTF8=ACCEPT': ['UTF8=ACCEPT', 'UTF8=ONLY'],
};

/**
 * Enables those of the extensions that the server offers and that are not enabled yet. iCloud says OK and tells nothing
 * (MailKit#1871): then all that were asked for count as enabled.
 */
export async function enable(
  runner: CommandRunner,
  names: readonly string[],
  options?: CallOptions,
): Promise<void> {
  const { session } = runner;
  const { capabilities, enabled } = session;
  if (!capabilities.has('ENABLE')) return;
  const wanted = names
    .map((name) => name.toUpperCase())
    .filter((name) => !enabled.has(name))
    .filter((name) => (offered[name] ?? [name]).some((offer) => capabilities.has(offer)));
  if (wanted.length === 0) return;
  let told: readonly string[] | undefined;
  await runner.run(
    {
      verb: 'ENABLE',
      args: wanted.map((name) => atom(name, 'enable')),
      claim: (response) => {
        if (response.type !== 'enabled') return false;
        told = response.capabilities;
        return true;
      },
    },
    options,
  );
  for (const name of told ?? wanted) enabled.add(name.toUpperCase());
  if (enabled.has('QRESYNC')) enabled.add('CONDSTORE');
  runner.utf8 = enabled.has('UTF8=ACCEPT') || enabled.has('IMAP4REV2');
}
