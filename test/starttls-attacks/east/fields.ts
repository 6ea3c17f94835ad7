/** Reading a case's configuration: fields with defaults, and none overlooked. */
import type { Reactions } from '@fivewire/test-servers';
import type { Config } from '../corpus.js';

/** @throws where the configuration has a field that the interpreter does not play */
export function refuseUnknown(config: Config, known: readonly string[]): void {
  const unknown = Object.keys(config).filter((key) => !known.includes(key));
  if (unknown.length > 0) throw new Error(`Fields that nobody plays: ${unknown.join(', ')}`);
}

export const list = (config: Config, field: string): readonly string[] =>
  (config[field] ?? []) as readonly string[];

export const text = (config: Config, field: string): string | undefined =>
  (config[field] ?? undefined) as string | undefined;

export const flag = (config: Config, field: string, standard: boolean): boolean =>
  (config[field] ?? standard) as boolean;

export const upper = (names: readonly string[]): string[] =>
  names.map((name) => name.toUpperCase());

/** The commands that are never answered. */
export const ignored = (names: readonly string[]): Reactions =>
  Object.fromEntries(upper(names).map((verb) => [verb, {}]));

/** `override_response`: what is said in place of an answer, by verb. */
export const overrides = (config: Config): Record<string, string> =>
  Object.fromEntries(
    Object.entries((config.override_response ?? {}) as Record<string, string>).map(
      ([verb, words]) => [verb.toUpperCase(), words],
    ),
  );
