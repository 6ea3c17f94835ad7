/**
 * The client in a process of its own, which can be killed without a word. It runs a bundle of the sources, made for the test: what
 * `dist` holds may be of another day.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { rolldown } from 'rolldown';

const packages = fileURLToPath(new URL('../../..', import.meta.url));
const source = (folder: string) => join(packages, folder, 'src/index.ts');

/** @returns the path of the bundle */
export async function bundleClient(): Promise<string> {
  const build = await rolldown({
    input: source('ftp'),
    platform: 'node',
    external: /^(?:node:|socks$|dns-packet$)/,
    resolve: {
      alias: {
        '@fivewire/line-protocol': source('line-protocol'),
        '@fivewire/sasl': source('sasl'),
        'tls-context-core': source('tls-context-core'),
      },
    },
    logLevel: 'silent',
  });
  const file = join(await mkdtemp(join(tmpdir(), 'ftp-bundle-')), 'client.mjs');
  await build.write({ file, format: 'es', codeSplitting: false });
  await build.close();
  return file;
}

const program = `
const [bundle, json] = process.argv.slice(1);
const { FtpClient, createFtpPool } = await import(bundle);
const { options, pooled, method, args } = JSON.parse(json);
const say = (event) => process.send?.(event);
const told = args.map((one) => one?.tells === undefined ? one : { ...one, tells: undefined, [one.tells]: say });
for (const one of told) if (one && typeof one === 'object') delete one.tells;
const ftp = pooled ? createFtpPool(options) : await FtpClient.connect(options);
let result, error;
try { result = await ftp[method](...told); } catch (caught) { error = { code: caught.code, message: caught.message }; }
await (pooled ? ftp.close() : ftp.quit().catch(() => {}));
process.send({ over: { result, error } }, () => process.disconnect());
`;

export interface Work {
  options: object;
  pooled?: boolean;
  method: string;
  /** Of an object with \`tells\`, that is the name of an option by which events come back. */
  args: readonly unknown[];
}

export interface Child {
  /** Without a handler, and without a word to the server: what the system closes is closed. */
  kill(): void;
  /** What the work came to; \`undefined\` where the process was killed. */
  over: Promise<{ result?: unknown; error?: { code: string; message: string } } | undefined>;
}

export function startClient(bundle: string, work: Work, onEvent?: (event: never) => void): Child {
  const child: ChildProcess = spawn(
    process.execPath,
    ['--input-type=module', '-e', program, pathToFileURL(bundle).href, JSON.stringify(work)],
    { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] },
  );
  let over: { result?: unknown } | undefined;
  child.on('message', (event: { over?: { result?: unknown } }) => {
    if (event.over === undefined) onEvent?.(event as never);
    else over = event.over;
  });
  return {
    kill: () => void child.kill('SIGKILL'),
    over: once(child, 'close').then(() => over),
  };
}
