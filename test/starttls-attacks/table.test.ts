/** The tables against the corpus: every case and every variant is there, nothing else is, and the verdicts keep its word. */
import { describe, expect, it } from 'vitest';
import { cases } from './corpus.js';
import { playImap } from './east/imap.js';
import { playPop3 } from './east/pop3.js';
import { playSmtp } from './east/smtp.js';
import { variants, vary } from './east/variants.js';
import type { Outcome } from './verdict.js';
import { verdicts } from './verdicts.js';

const players = { imap: playImap, pop3: playPop3, smtp: playSmtp };

const outcomeOf = (name: string): Outcome | undefined => {
  const verdict = verdicts[name];
  return typeof verdict === 'object' ? verdict.outcome : verdict;
};

/** Every case and variant: its name in the table, what it plays, and what the study expects. */
const plays = cases.flatMap(({ id, protocol, config, expect: promises }) => [
  { name: id, id, protocol, config, promises },
  ...(variants[id] ?? []).map((variant) => ({
    name: `${id} + ${variant.title}`,
    ...{ id, protocol, config: vary(config, variant), promises },
  })),
]);

describe.runIf(cases.length > 0)('the tables', () => {
  it('have the 176 cases and their variants, and nothing else', () => {
    expect(cases).toHaveLength(176);
    expect(Object.keys(verdicts).sort()).toEqual(plays.map(({ name }) => name).sort());
  });

  it('transcribe every line of every variant', () => {
    const lines = cases.filter(({ manual_variants = [] }) => manual_variants.length > 0);
    expect(Object.keys(variants).sort()).toEqual(lines.map(({ id }) => id).sort());
    for (const { id, manual_variants = [] } of lines) {
      const transcribed = new Set((variants[id] ?? []).flatMap((variant) => variant.lines));
      expect([...transcribed].sort()).toEqual(manual_variants.map((_, index) => index));
    }
  });

  it('transcribe them to the letter', () => {
    for (const { id, manual_variants = [] } of cases) {
      for (const { lines, change } of variants[id] ?? []) {
        const changed = JSON.stringify(change);
        for (const line of lines) {
          const source = manual_variants[line] ?? '';
          for (const [literal] of source.matchAll(/"(?:[^"\\]|\\.)*"/g))
            expect(changed).toContain(literal);
          const [, field = '', kind] =
            /^(\w+): (?:Some\()?(No\b|Bad\b|Ok\b|false)?/.exec(source) ?? [];
          if (!['tag', 'text', 'kind'].includes(field)) expect(changed).toContain(`"${field}"`);
          if (kind !== undefined) expect(changed).toContain(kind);
        }
      }
    }
  });

  it('are played as the study says it', () => {
    for (const { id, config, protocol, greeting_wire } of cases) {
      const { impostor } = players[protocol](config).server;
      // Its converter could not write this code.
      if (greeting_wire === undefined || greeting_wire.includes("{'allowed'")) continue;
      const greeting = impostor?.greeting as string;
      expect(greeting.startsWith(greeting_wire), id).toBe(true);
    }
  });

  it.each(plays)('keep what the study expects: $name', ({ name, promises, config }) => {
    const outcome = outcomeOf(name);
    for (const promise of promises) expect(Object.keys(kept)).toContain(promise);
    for (const promise of promises) {
      const holds = kept[promise] ?? 'always';
      // A variant may be another attack than its case: what the case alone must come to, it need not.
      if (holds !== 'always' && !name.includes(' + ')) expect(outcome).toMatch(holds);
    }
    if (isInjected(config)) expect(outcome).toBe('ERR_STARTTLS_INJECTION in starttls');
  });
});

/** The study's promises: how a case must end; `'always'`: whatever its end is, `attack` demands it. */
const kept: Readonly<Record<string, RegExp | 'always'>> = {
  'no-credential-or-user-data-in-plaintext': 'always',
  'terminates-within-timeout': 'always',
  'no-referral-followed': 'always',
  'bytes-after-starttls-reply-never-interpreted': 'always',
  'pre-tls-alert-text-not-surfaced-as-authenticated': 'always',
  'no-pre-tls-untagged-data-visible-after-tls': /^secured$/,
  'connect-rejects-with-tls-required-error':
    /^ERR_(?:STARTTLS_NOT_OFFERED|STARTTLS_REFUSED|PREAUTH) /,
  'prefer: connect-rejects-with-injection-error': 'always', // where there is an injection: below
};

/** Whether octets stand behind the go-ahead. */
function isInjected(config: Readonly<Record<string, unknown>>): boolean {
  const words = String(config.starttls_response ?? config.stls_response ?? '');
  return /(?:^|\r\n)(?:<tag> OK|\+OK|220)[^\r\n]*\r\n./s.test(words);
}
