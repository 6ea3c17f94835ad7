/** The study's cases against one client: first each server without the attack, then the case, then its variants. */
import { describe, expect, it } from 'vitest';
import { attack, type Setup } from '../attack.js';
import { type Case, type Config, cases } from '../corpus.js';
import { type Client, type Picture, plain, type Target } from '../targets/target.js';
import type { Outcome, Verdict } from '../verdict.js';
import { verdicts } from '../verdicts.js';
import { variants, vary } from './variants.js';

export interface Player {
  /** From a case's configuration to a server. */
  play(config: Config): Setup;
  /** The configuration without the attack. */
  honest(config: Config): Config;
}

export function describeStudy<C extends Client>(target: Target<C>, player: Player): void {
  const own = cases.filter(({ protocol }) => protocol === target.name);
  const varied = own.flatMap((one) =>
    (variants[one.id] ?? []).map((variant) => ({
      of: one,
      name: `${one.id} + ${variant.title}`,
      config: vary(one.config, variant),
    })),
  );
  const twins = createTwins(target, player);

  describe.runIf(own.length > 0)(`${target.name}: the STARTTLS study`, () => {
    describe('without the attack', () => {
      it.concurrent.each(own)('$id', async (one) => {
        const picture = await twins(one);
        for (const work of target.mainWork)
          expect(picture[work]).not.toEqual(expect.stringMatching(/^ERR_/));
      });
    });

    describe('the case', () => {
      it.concurrent.each(own)('$id', (one) => judge(one, one.id, one.config));
    });

    describe('variants', () => {
      it.concurrent.each(varied)('$name', ({ of, name, config }) => judge(of, name, config));
    });
  });

  async function judge(one: Case, name: string, config: Config): Promise<void> {
    const { outcome, differs } = verdictOn(name);
    const report = await attack(target, player.play(config), outcome);
    expect(report.outcome).toBe(outcome);
    if (outcome === 'secured')
      expect(plain(report.picture)).toEqual({ ...(await twins(one)), ...differs });
  }
}

/** What a session with the server of a case shows where nobody attacks: asked for once a case. */
function createTwins<C extends Client>(
  target: Target<C>,
  { play, honest }: Player,
): (one: Case) => Promise<Picture> {
  const known = new Map<string, Promise<Picture>>();
  const visit = async ({ config }: Case): Promise<Picture> => {
    const setup = play(honest(config));
    // The study has one server that speaks TLS from the first octet.
    const security = setup.door === 'implicit-tls' ? 'implicit-tls' : 'starttls';
    const { outcome, picture, error } = await attack(target, { ...setup, security }, 'secured');
    if (error !== undefined) throw error;
    expect(outcome).toBe('secured');
    return plain(picture) as Picture;
  };
  return (one) => {
    const picture = known.get(one.id) ?? visit(one);
    known.set(one.id, picture);
    return picture;
  };
}

function verdictOn(name: string): Verdict {
  const verdict: Outcome | Verdict | undefined = verdicts[name];
  if (verdict === undefined) throw new Error(`${name} has no verdict`);
  return typeof verdict === 'string' ? { outcome: verdict } : verdict;
}
