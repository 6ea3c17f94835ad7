/** A bar with rate and remaining time on stderr, where a person watches. Anywhere else: nothing at all. */
import { Transform, type TransformCallback } from 'node:stream';
import type { Context } from './context.js';
import { line } from './output.js';
import { Throttle } from './throttle.js';

export interface Progress {
  /** Octets so far, and all there are, where that is known. */
  update(octets: number, total: number | undefined): void;
  stop(): void;
}

const none: Progress = { update() {}, stop() {} };

export async function startProgress({ out }: Context, name: string): Promise<Progress> {
  if (!out.animated) return none;
  const { default: cliProgress } = await import('cli-progress');
  const began = performance.now();
  const bar = new cliProgress.SingleBar({
    format: `${line(name)} {bar} {percentage}% | {size} | {rate}/s | ETA {eta_formatted}`,
    stream: process.stderr,
    hideCursor: true,
    barsize: 24,
    etaBuffer: 50,
  });
  let started = false;
  return {
    update(octets, total) {
      const seconds = Math.max(0.001, (performance.now() - began) / 1_000);
      const payload = { size: octetText(octets), rate: octetText(octets / seconds) };
      if (!started) bar.start(total ?? 0, 0, payload);
      started = true;
      if (total !== undefined) bar.setTotal(total);
      bar.update(octets, payload);
    },
    stop() {
      if (started) bar.stop();
    },
  };
}

/** What octets pass through on their way: the meter, and the throttle where there is a limit. */
export function passage({ settings }: Context, progress: Progress, total?: number): Transform[] {
  const meter = new Meter((octets) => progress.update(octets, total));
  return settings.limitRate === undefined ? [meter] : [new Throttle(settings.limitRate), meter];
}

class Meter extends Transform {
  #octets = 0;
  readonly #told: (octets: number) => void;
  constructor(told: (octets: number) => void) {
    super();
    this.#told = told;
  }
  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#octets += chunk.length;
    this.#told(this.#octets);
    done(null, chunk);
  }
}

const unitNames = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];

/** 1536 → `1.5 KiB` */
export function octetText(octets: number): string {
  const power = Math.min(
    unitNames.length - 1,
    Math.max(0, Math.floor(Math.log2(octets || 1) / 10)),
  );
  const value = octets / 1024 ** power;
  return `${power === 0 ? Math.round(value) : value.toFixed(1)} ${unitNames[power]}`;
}
