// Runs programs one after the other in one process, each in a folder and an environment of its own, and tells its parent what became
// of each. What is loaded once stays loaded.
import { createRequire } from 'node:module';
import { Writable } from 'node:stream';
import { pathToFileURL } from 'node:url';

const require = createRequire(import.meta.url);
const told = { stdout: '', stderr: '' };
const streams = ['stdout', 'stderr'];
// The console holds the first of each for ever.
for (const name of streams)
  process[name].write = (text, encoding, done) => {
    told[name] += typeof text === 'string' ? text : Buffer.from(text).toString();
    const callback = typeof encoding === 'function' ? encoding : done;
    if (callback) process.nextTick(callback);
    return true;
  };
const first = Object.fromEntries(streams.map((name) => [name, process[name]]));

/** A program may end its output. */
const fresh = (name) =>
  new Writable({
    decodeStrings: false,
    write(text, encoding, done) {
      first[name].write(text, encoding);
      done();
    },
  });

let failed;
let stray;
let isSpoilt = false;
process.on('uncaughtException', (error) => {
  isSpoilt = true;
  failed(error);
});

/** What would keep a process alive; the channel to the parent is a pipe. */
const open = () =>
  process.getActiveResourcesInfo().filter((name) => /^(?:TCP|TLS|UDP|Process|Timeout)/.test(name));

/** Resolves with what is still open when it has had long enough to close. */
async function left() {
  for (let waited = 0; open().length > 0; waited += 10) {
    if (waited > 60_000) return open();
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return [];
}

let runs = 0;
process.on('message', async ({ file, folder, env, args, mustEnd }) => {
  for (const name of streams) {
    told[name] = '';
    Object.defineProperty(process, name, { value: fresh(name), configurable: true });
  }
  for (const name of Object.keys(process.env)) if (!(name in env)) delete process.env[name];
  Object.assign(process.env, env);
  process.exitCode = undefined;
  process.chdir(folder);
  process.argv = [process.execPath, file, ...args];
  stray = new Promise((_, reject) => {
    failed = reject;
  });
  stray.catch(() => {});
  let problem;
  try {
    delete require.cache[file];
    const run = file.endsWith('.cjs')
      ? require(file)
      : import(`${pathToFileURL(file).href}?run=${++runs}`);
    await Promise.race([run, stray]);
    if (process.exitCode) problem = `exit code ${process.exitCode}`;
  } catch (error) {
    problem = [error?.code, error?.stack ?? String(error), error?.hint].filter(Boolean).join('\n');
  }
  const kept = mustEnd ? await left() : [];
  if (kept.length > 0) {
    isSpoilt = true;
    problem ??= `left open: ${kept.join(', ')}`;
  }
  const status = process.exitCode ?? (problem === undefined ? 0 : 1);
  // What was printed last is still on its way through a stream.
  setImmediate(() => process.send({ ...told, problem, status, isSpoilt }));
});
