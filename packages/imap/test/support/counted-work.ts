/**
 * How much is done, counted in steps and never in time: how often each block of the sources runs, and how many octets `indexOf` and
 * patterns look at, where asked for: being looked at makes them slow. What a pattern does over and over inside is not seen; tests give it so much that they would not end.
 */
import { Session } from 'node:inspector/promises';
import { expect, vi } from 'vitest';

export class CountedWork {
  readonly #inspector: Session;

  readonly #patterns: boolean;

  private constructor(inspector: Session, patterns: boolean) {
    this.#inspector = inspector;
    this.#patterns = patterns;
  }

  /** Only what is imported from now on counts its blocks: by `await import(…)`. */
  static async begin({ patterns = false } = {}): Promise<CountedWork> {
    const inspector = new Session();
    inspector.connect();
    await inspector.post('Profiler.enable');
    await inspector.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
    vi.resetModules();
    return new CountedWork(inspector, patterns);
  }

  end(): void {
    this.#inspector.disconnect();
  }

  /** How much is done while `work` runs. */
  async of(work: () => unknown): Promise<number> {
    const eyes = watchOctets(this.#patterns);
    await this.#inspector.post('Profiler.takePreciseCoverage');
    try {
      await work();
      const { result } = await this.#inspector.post('Profiler.takePreciseCoverage');
      const ours = result.filter(({ url }) => /\/packages\/(imap|line-protocol)\/src\//.test(url));
      expect(ours.length).toBeGreaterThan(0);
      const blocks = ours.flatMap(({ functions }) => functions.flatMap(({ ranges }) => ranges));
      return eyes.looked / 100 + blocks.reduce((sum, { count }) => sum + count, 0);
    } finally {
      eyes.close();
    }
  }

  /** Twice as much costs twice as much. @param least steps for `n`: fewer, and nothing was counted */
  async isLinear(n: number, work: (n: number) => unknown, least: number = n / 4): Promise<void> {
    await work(n / 10); // what is done once only
    const one = await this.of(() => work(n));
    const two = await this.of(() => work(2 * n));
    expect(one).toBeGreaterThan(least);
    expect(two / one).toBeLessThan(2.3);
  }
}

function watchOctets(patterns: boolean): { looked: number; close(): void } {
  const { indexOf } = String.prototype;
  const { exec } = RegExp.prototype;
  const eyes = {
    looked: 0,
    close: (): void => {
      String.prototype.indexOf = indexOf;
      RegExp.prototype.exec = exec;
    },
  };
  String.prototype.indexOf = function (this: string, what: string, from = 0): number {
    const found = indexOf.call(this, what, from);
    eyes.looked += (found < 0 ? this.length : found) - from;
    return found;
  };
  if (patterns)
    RegExp.prototype.exec = function (this: RegExp, text: string): RegExpExecArray | null {
      const from = this.global || this.sticky ? this.lastIndex : 0;
      const found = exec.call(this, text);
      if (found !== null) eyes.looked += found.index + found[0].length - from;
      else eyes.looked += this.sticky ? 1 : String(text).length - from;
      return found;
    };
  return eyes;
}
