// Runs snippets one after the other in one process, each in a folder of its own, and tells its parent what became of each.
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const require = createRequire(import.meta.url);
const told = { stdout: '', stderr: '' };
for (const name of ['stdout', 'stderr'])
  process[name].write = (text, encoding, done) => {
    told[name] += typeof text === 'string' ? text : Buffer.from(text).toString();
    const callback = typeof encoding === 'function' ? encoding : done;
    if (callback) process.nextTick(callback);
    return true;
  };

let failed;
const stray = new Promise((_, reject) => {
  failed = reject;
});
stray.catch(() => {});
let isSpoilt = false;
process.on('uncaughtException', (error) => {
  isSpoilt = true;
  failed(error);
});

process.on('message', async ({ file, folder }) => {
  Object.assign(told, { stdout: '', stderr: '' });
  process.exitCode = undefined;
  process.chdir(folder);
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
