/** Every option of every command as people get it wrong: empty, forgotten, given twice. And what `--help` promises of each. */
import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { commands } from '../src/commands.js';
import type { OptionSpec } from '../src/context.js';
import { globalOptions } from '../src/global-options.js';
import { run } from '../src/run.js';

const collector = () => {
  const chunks: Buffer[] = [];
  const stream = new Writable({
    write(chunk, _, done) {
      chunks.push(Buffer.from(chunk));
      done();
    },
  });
  return { stream, text: () => Buffer.concat(chunks).toString() };
};

async function fivewire(argv: readonly string[]) {
  const [stdout, stderr] = [collector(), collector()];
  const status = await run(argv, { stdout: stdout.stream, stderr: stderr.stream });
  return { status, stdout: stdout.text(), stderr: stderr.text() };
}

/** Values for what a command must have: nothing that is ever dialled. */
const operands = (usage: string): string[] =>
  [...usage.matchAll(/<(\w+)>/g)].map(([, name]) =>
    name === 'url' ? 'imaps://host.invalid/x' : 'x',
  );

describe.each(commands.map((entry) => [entry.usage.split(' ', 1)[0] as string, entry] as const))(
  '%s',
  (name, { usage, forms, examples, load }) => {
    // sendmail's own are written as sendmail has them.
    const lineOf = (...more: string[]) => [name, ...operands(usage), ...more];
    const own = async (): Promise<[string, OptionSpec][]> => Object.entries((await load()).options);
    const all = async () =>
      name === 'ls' ? [...Object.entries(globalOptions), ...(await own())] : own();

    it('an empty value is a mistake, unless it means something', async () => {
      for (const [option, spec] of await all()) {
        if (spec.type !== 'string' || spec.mayBeEmpty) continue;
        for (const line of [lineOf(`--${option}=`), lineOf(`--${option}`, '')]) {
          const ran = await fivewire(line);
          expect(ran, line.join(' ')).toMatchObject({ status: 64, stdout: '' });
          expect(ran.stderr).toMatch(new RegExp(`--${option} (is empty|"" is none of)`));
        }
      }
    });

    it('a value that is missing is a mistake, and so is one too many', async () => {
      for (const [option, spec] of await all()) {
        if (spec.type !== 'string') continue;
        for (const line of [
          lineOf(`--${option}`),
          lineOf(`--${option}`, '--json'),
          lineOf(`--${option}`, '--', 'y'),
        ]) {
          const ran = await fivewire(line);
          expect(ran, line.join(' ')).toMatchObject({ status: 64 });
          expect(ran.stderr).toContain(`--${option} has no value`);
        }
        if (spec.array || spec.choices) continue;
        const ran = await fivewire(lineOf(`--${option}=1`, `--${option}`, '-2'));
        expect(ran, option).toMatchObject({ status: 64, stdout: '' });
        // As sendmail has it, -2 is an option there.
        if (name !== 'sendmail') expect(ran.stderr).toContain(`--${option} may be given once`);
      }
    });

    it('a flag takes no value', async () => {
      for (const [option, spec] of await all()) {
        if (spec.type === 'string') continue;
        const ran = await fivewire(lineOf(`--${option}=no`));
        expect(ran, option).toMatchObject({ status: 64, stdout: '' });
      }
    });

    it('--help says how URLs are written, shows two examples, and the exit codes', async () => {
      const { status, stdout, stderr } = await fivewire([name, '--help']);
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      expect(stdout.startsWith(`fivewire ${usage}\n`)).toBe(true);
      const takesUrl =
        /url|<src>|<what>/.test(usage) && !/queue|config|login|completion/.test(name);
      if (takesUrl)
        expect(
          forms.some(([form]) => /\w+:\/\//.test(form)),
          'a URL form',
        ).toBe(true);
      for (const [form] of forms) expect(stdout).toContain(`  ${form}`);
      expect(examples.length, 'examples').toBeGreaterThanOrEqual(2);
      for (const example of examples) {
        expect(stdout).toContain(`  ${example}\n`);
        expect(example).toContain(`fivewire ${name}`);
      }
      for (const code of ['0', '64 65 66', '75', '76', '77 78'])
        expect(stdout).toMatch(new RegExp(`^  ${code} `, 'm'));
      expect(
        stdout.indexOf('Options:\n') === -1 ||
          stdout.indexOf('Options:\n') < stdout.indexOf('Options of every'),
      ).toBe(true);
      for (const [option] of await own()) expect(stdout).toContain(`--${option}`);
    });

    it('its examples are command lines that there are', async () => {
      const known = { ...globalOptions, ...(await load()).options };
      for (const example of examples)
        for (const [, option = ''] of example.matchAll(/ --([a-z-]+)/g))
          expect(Object.keys(known), `--${option} in: ${example}`).toContain(option);
    });
  },
);

it.each(['constructor', 'toString', '__proto__', 'hasOwnProperty'])(
  '%s is the name of nothing',
  async (name) => {
    for (const line of [
      [name],
      ['news', name, 'nntps://host.invalid'],
      ['queue', name, '.'],
      ['login', name, '--user', 'x'],
      ['config', name],
      ['completion', name],
      ['ls', `--${name}`, 'imaps://host.invalid'],
    ]) {
      const ran = await fivewire(line);
      expect(ran, line.join(' ')).toMatchObject({ status: 64, stdout: '' });
    }
  },
);

it('a value may begin with a dash', async () => {
  for (const line of [
    ['ls', '--timeout', '-5', 'imaps://host.invalid'],
    ['ls', '--retry', '-x', 'imaps://host.invalid'],
    ['news', 'over', 'nntps://host.invalid/x', '--last', '-'],
  ]) {
    const ran = await fivewire(line);
    expect(ran, line.join(' ')).toMatchObject({ status: 64 });
    expect(ran.stderr).toMatch(/--(timeout|retry|last) -5?x? is no /);
  }
});
