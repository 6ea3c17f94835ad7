// Many command lines in one process, one after the other: the packed `run` with a stdin, stdout, stderr, environment and
// directory of each. A start of Node costs more than most commands do; what is about processes is started for real.
import { Readable, Writable } from 'node:stream';
import { pathToFileURL } from 'node:url';

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
  // What `main` makes of a signal, at that line of the dialogue.
  const stop = new AbortController();
  if (stopAt !== undefined)
    stderr.watch = (text) => {
      if (text.split('\n').length > stopAt.lines) stop.abort(stopAt.signal);
    };
  const warned = (warning) => stderr.stream.write(`${warning.stack}\n`);
  for (const name of Object.keys(process.env)) delete process.env[name];
  Object.assign(process.env, env);
  process.chdir(cwd);
  standIn('stdin', Readable.from(input === undefined ? [] : [Buffer.from(input)]));
  standIn('stdout', stdout.stream);
  standIn('stderr', stderr.stream);
  process.on('warning', warned);
  const status = await run(args, { signal: stop.signal });
  process.off('warning', warned);
  return { status, signal: null, stdout: stdout.text(), stderr: stderr.text() };
}

process.on('message', async (message) => process.send(await job(message)));
process.send('ready');
