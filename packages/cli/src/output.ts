/** stdout is data, stderr is talk. */
import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { styleText } from 'node:util';
import { escapeText } from 'tls-context-core';

export interface OutputOptions {
  json: boolean;
  quiet: boolean;
  /** 0, 1 (`-v`) or more. */
  verbosity: number;
  /** Where data goes. Default: the process's stdout. */
  stdout?: Writable | undefined;
  /** Where talk goes. Default: the process's stderr. */
  stderr?: Writable | undefined;
}

/** One line of data: under `--json` the record, else the text. */
export interface Row {
  type: string;
  [field: string]: unknown;
}

export class Output {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly verbosity: number;
  /** Lines and octets given to stdout so far: once there are any, a command cannot silently begin anew. */
  given = 0;
  readonly #stdout: Writable;
  readonly #stderr: Writable & { isTTY?: boolean };

  constructor({ json, quiet, verbosity, stdout, stderr }: OutputOptions) {
    this.#stdout = stdout ?? process.stdout;
    this.#stderr = stderr ?? process.stderr;
    this.json = json;
    this.quiet = quiet;
    this.verbosity = verbosity;
  }

  /** True where a person watches stderr and may be shown something that moves. */
  get animated(): boolean {
    return this.#stderr.isTTY === true && !this.quiet && !this.json;
  }

  /** Resolves when the line has left this process. */
  row(record: Row, text: string): Promise<void> {
    return this.write(`${this.json ? JSON.stringify(record) : text}\n`);
  }

  /** What is known of one thing: a record, or a line for each fact, its name and its value; what is not known is left out. */
  facts(type: string, about: Readonly<Record<string, unknown>>): Promise<void> {
    const known = Object.entries(about).filter(([, value]) => value !== undefined);
    return this.row(
      { type, ...Object.fromEntries(known) },
      known.map(([name, value]) => `${name}\t${line(String(value))}`).join('\n'),
    );
  }

  /** What was done, where that was all that was asked for: silent, but a record under `--json`, and a line with `-v`. */
  async done(record: Row, text: string): Promise<void> {
    if (this.json) await this.row(record, '');
    else if (this.verbosity > 0 && text !== '') await this.write(`${text}\n`);
  }

  /** What it came to: said where a person watches, or with `-v`. A command in cron that went well says nothing. */
  summary(text: string): void {
    if (this.animated) this.say(text);
    else this.detail(text);
  }

  /** Octets of data. Resolves when they have left this process. */
  write(octets: string | Uint8Array): Promise<void> {
    this.given++;
    return new Promise((resolve, reject) => {
      this.#stdout.write(octets, (error) => (error ? reject(error) : resolve()));
    });
  }

  /** Octets of a body, at stdout's pace. stdout stays open. */
  async pour(body: AsyncIterable<Uint8Array>): Promise<void> {
    let failure: Error | null | undefined;
    const noted = (error?: Error | null): void => {
      failure ??= error;
    };
    for await (const octets of body) {
      this.given++;
      if (!this.#stdout.write(octets, noted)) await once(this.#stdout, 'drain');
      if (failure) throw failure;
    }
    await this.write('');
  }

  /** What a person must do for the command to go on: said even under `--quiet`. */
  prompt(text: string): void {
    this.#talk(text);
  }

  /** For people, unless `--quiet`. */
  say(text: string): void {
    if (!this.quiet) this.#talk(text);
  }

  /** For people who asked for more: `-v`; at level 2, for those who asked for all: `-vv`. */
  detail(text: string, level: 1 | 2 = 1): void {
    if (!this.quiet && this.verbosity >= level) this.#talk(this.style('dim', text));
  }

  /** What went wrong without ending the command. Said even under `--quiet`. */
  warn(text: string): void {
    this.#talk(`${this.style('yellow', 'warning:')} ${text}`);
  }

  /** What ended the command. */
  error(text: string, hint: string): void {
    this.#talk(`${this.style('red', 'fivewire:')} ${text}`);
    if (hint !== '') this.#talk(`  ${hint}`);
  }

  /** The dialogue, masked by construction. */
  trace(text: string): void {
    this.#talk(this.style('dim', text));
  }

  style(format: 'red' | 'green' | 'yellow' | 'dim' | 'bold', text: string): string {
    return this.#coloured ? styleText(format, text) : text;
  }

  get #coloured(): boolean {
    // no-color.org: present and not empty.
    return this.#stderr.isTTY === true && !process.env.NO_COLOR && process.env.TERM !== 'dumb';
  }

  #talk(text: string): void {
    this.#stderr.write(`${text}\n`);
  }
}

/** A stranger's text as one harmless line: no cursor movements, no line breaks. */
export const line = (text: string): string => escapeText(text, 10_000);
