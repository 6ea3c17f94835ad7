// compose.yaml and the Dockerfiles, made from the definitions: node test/servers/generate.mjs [--check]
import { readFileSync, writeFileSync } from 'node:fs';
import {
  commandOf,
  folder,
  placeholders,
  readDefinitions,
  readTemplate,
  render,
} from './definitions.mjs';

const prefix = '/fivewire';
const certificates = `${prefix}/certificates`;
const origin = '# Made from server.json by test/servers/generate.mjs: change those, then run it.';

/** Every generated file, path below test/servers → content. */
const generate = (definitions) =>
  new Map([
    ['compose.yaml', composeFile(definitions)],
    ...definitions.map((definition) => [
      `${definition.name}/Dockerfile`,
      dockerfile(definition, definitions),
    ]),
  ]);

const composeFile = (definitions) =>
  `${[
    origin,
    'services:',
    ...definitions.flatMap((definition) => [
      `  ${definition.name}:`,
      `    build: ./${definition.name}`,
      `    image: fivewire-test-${definition.name}`,
      ...(definition.needs ? [`    depends_on: [${definition.needs.join(', ')}]`] : []),
      '    stop_grace_period: 1s',
      '    volumes:',
      `      - \${FIVEWIRE_CERTIFICATES}:${certificates}:ro`,
      '    ports:',
      ...Object.values(definition.ports)
        .filter(({ internal }) => !internal)
        .map((port) => `      - "127.0.0.1:${range(port)}:${range(port)}"`),
    ]),
  ].join('\n')}\n`;

// One to one, inside and outside: a passive FTP server names its ports itself.
const range = ({ port, count }) =>
  count === undefined ? `${port}` : `${port}-${port + count - 1}`;

const dockerfile = (definition, definitions) => {
  const values = placeholders(definition, definitions, {
    ...{ prefix, certificates, listen: '0.0.0.0' },
    hostOf: (other) => (other === definition ? '127.0.0.1' : other.name),
  });
  const placed = [
    ...Object.entries({ ...definition.files, ...definition.system }),
    [definition.prepare, `${prefix}/prepare.sh`],
  ].map(([template, place]) => ({ template, place: render(place, values) }));
  const preseeds = Object.entries(definition.preseed ?? {});
  return `${[
    origin,
    'FROM debian:bookworm-slim',
    ...preseeds.map(([template, place]) => `COPY ${template} ${place}`),
    'RUN apt-get update \\',
    ' && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \\',
    `      -o Dpkg::Options::=--force-confold ${[...definition.packages, ...(definition.unpack ?? [])].join(' ')} \\`,
    ' && rm -rf /var/lib/apt/lists/*',
    ...placed.map(({ template, place }) => `COPY ${template} ${place}`),
    ...fillIn(definition, placed, values),
    ...Object.entries(definition.environment ?? {}).map(
      ([key, value]) => `ENV ${key}=${render(value, values)}`,
    ),
    `CMD ["bash", "-c", ${JSON.stringify(startScript(definition, definitions, values))}]`,
  ].join('\n')}\n`;
};

const fillIn = (definition, placed, values) => {
  const text = placed.map(({ template }) => readTemplate(definition, template)).join('');
  const used = [...new Set(text.match(/\{\{[^{}]+\}\}/g))].sort();
  const edits = used.map((placeholder) => `-e 's#${placeholder}#${render(placeholder, values)}#g'`);
  const places = placed.map(({ place }) => place).join(' ');
  return edits.length === 0 ? [] : [`RUN sed -i ${edits.join(' \\\n      ')} \\\n      ${places}`];
};

// bash is the container's first process: it ends when one of the servers does, or when it is told to.
const startScript = (definition, definitions, values) => {
  const needed = definitions.filter(({ name }) => definition.needs?.includes(name));
  const setUp = [
    'set -e',
    `mkdir -p ${values.data}`,
    `sh ${prefix}/prepare.sh`,
    ...needed.map(awaitPorts),
  ];
  const commands = definition.processes.map((process_) => commandOf(process_, values).join(' '));
  return `${setUp.join('; ')}; trap exit TERM; ${commands.join(' & ')} & wait -n`;
};

const awaitPorts = ({ name, ports }) =>
  Object.values(ports)
    .filter(({ internal }) => internal)
    .map(({ port }) => `until (: < /dev/tcp/${name}/${port}) 2> /dev/null; do sleep 0.1; done`)
    .join('; ');

const main = ([option]) => {
  const files = generate(readDefinitions());
  if (option !== '--check') {
    for (const [path, content] of files) writeFileSync(`${folder}${path}`, content);
    return 0;
  }
  const stale = [...files].filter(([path, content]) => read(path) !== content);
  for (const [path] of stale) {
    process.stderr.write(`test/servers/${path} does not match the definitions: run generate.mjs\n`);
  }
  return stale.length === 0 ? 0 : 1;
};

const read = (path) => {
  try {
    return readFileSync(`${folder}${path}`, 'utf8');
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
};

process.exitCode = main(process.argv.slice(2));
