// Runs snippets one after the other in one process, each in a folder and an environment of its own, and tells its parent what became
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

process.on('message', async ({ file, folder, env }) => {
  for (const name of streams) {
    told[name] = '';
    Object.defineProperty(process, name, { value: fresh(name), configurable: true });
  }
  for (const name of Object.keys(process.env)) if (!(name in env)) delete process.env[name];
  Object.assign(process.env, env);
  process.exitCode = undefined;
  process.chdir(folder);
  stray = new Promise((_, reject) => {
    failed = reject;
  });
  stray.catch(() => {});
  let problem;
  try {
    const run = file.endsWith('.cjs') ? require(file) : import(pathToFileURL(file).href);
    await Promise.race([run, stray]);
    if (process.exitCode) problem = `exit code ${process.exitCode}`;
  } catch (error) {
    problem = [error?.code, error?.stack ?? String(error), error?.hint].filter(Boolean).join('\n');
  }
  // What was printed last is still on its way through a stream.
  setImmediate(() => process.send({ ...told, problem, isSpoilt }));
});
