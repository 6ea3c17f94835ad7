// Many command lines in one process, one after the other: the packed `run` with a stdin, stdout, stderr, environment and
// directory of each. A start of Node costs more than most commands do; what is about processes is started for real.
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { Readable, Writable } from 'node:stream';
import { pathToFileURL } from 'node:url';

/** Before each change of the disk. */
let beforeChange = () => {};

const changes = [
  'appendFile',
  'copyFile',
  'link',
  'mkdir',
  'rename',
  'rm',
  'rmdir',
  'symlink',
  'truncate',
  'unlink',
  'utimes',
  'write',
  'writev',
  'writeFile',
  'datasync',
  'sync',
];

const watched = (owner, name) => {
  const real = owner[name];
  if (typeof real !== 'function') return;
  const before = function (...args) {
    beforeChange();
    return real.apply(this, args);
  };
  // What `promisify` makes of it stands in its properties.
  owner[name] = Object.defineProperties(before, Object.getOwnPropertyDescriptors(real));
};

/** Files that a command has opened, and where. */
const opened = new Map();
const { open } = fs.promises;
fs.promises.open = async (...args) => {
  const where = new Error(`left open: ${args[0]}`);
  const file = await open(...args);
  opened.set(file, where);
  return file;
};

const handle = await open('/dev/null');
await handle.close();
for (const name of changes) {
  watched(fs.promises, name);
  watched(Object.getPrototypeOf(handle), name);
  watched(fs, name);
  watched(fs, `${name}Sync`);
}
syncBuiltinESMExports();

const { run } = await import(pathToFileURL(process.argv[2]));

const collector = () => {
  const chunks = [];
  const stream = new Writable({
    write(chunk, _, done) {
      chunks.push(chunk);
      self.watch?.(Buffer.concat(chunks).toString());
      done();
    },
  });
  const self = { stream, text: () => Buffer.concat(chunks).toString() };
  return self;
};

const standIn = (name, value) =>
  Object.defineProperty(process, name, { value, configurable: true });

async function job({ args, cwd, env, input, stopAt }) {
  const stdout = collector();
  const stderr = collector();
  // What `main` makes of a signal, at that line of the dialogue. SIGKILL is what it is.
  const stop = new AbortController();
  const end = (signal) => {
    if (signal !== 'SIGKILL') return stop.abort(signal);
    process.kill(process.pid, signal);
    for (;;); // not one step more
  };
  let changed = 0;
  beforeChange = () => {
    if (++changed === stopAt?.changes) end(stopAt.signal);
  };
  if (stopAt?.lines !== undefined)
    stderr.watch = (text) => {
      if (text.split('\n').length > stopAt.lines) end(stopAt.signal);
    };
  const warned = (warning) => stderr.stream.write(`${warning.stack}\n`);
  for (const name of Object.keys(process.env)) delete process.env[name];
  Object.assign(process.env, env);
  process.chdir(cwd);
  standIn('stdin', Readable.from(input === undefined ? [] : [Buffer.from(input)]));
  standIn('stdout', stdout.stream);
  standIn('stderr', stderr.stream);
  process.on('warning', warned);
  const ended = await run(args, { signal: stop.signal });
  process.off('warning', warned);
  // One that is left to the collector is closed whenever that comes, with a warning in the middle of another command.
  const [left] = [...opened].filter(([file]) => file.fd >= 0).map(([, where]) => where);
  if (left !== undefined) warned(left);
  const status = left === undefined ? ended : left.message;
  opened.clear();
  beforeChange = () => {};
  return { status, signal: null, stdout: stdout.text(), stderr: stderr.text() };
}

process.on('message', async (message) => process.send(await job(message)));
process.send('ready');
