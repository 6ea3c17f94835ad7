// compose.yaml, the Dockerfiles and what starts in the containers, made from the definitions: node test/servers/generate.mjs [--check]
import { readFileSync, writeFileSync } from 'node:fs';
import {
  commandOf,
  constant,
  folder,
  placeholders,
  range,
  readDefinitions,
  readTemplate,
  render,
} from './definitions.mjs';

const prefix = '/fivewire';
const certificates = `${prefix}/certificates`;
const templates = `${prefix}/templates`;
const origin = '# Made from server.json by test/servers/generate.mjs: change those, then run it.';

/** Every generated file, path below test/servers → content. */
const generate = (definitions) =>
  new Map([
    ['compose.yaml', composeFile(definitions)],
    ['authority/Dockerfile', authorityDockerfile(definitions)],
    ...definitions.flatMap((definition) => [
      [`${definition.name}/Dockerfile`, dockerfile(definition)],
      [`${definition.name}/start.sh`, startScript(definition, definitions)],
      [`${definition.name}/healthy.sh`, healthScript(definition)],
    ]),
  ]);

const composeFile = (definitions) =>
  lines(
    origin,
    'services:',
    '  authority:',
    '    build: ./authority',
    '    image: fivewire-test-authority',
    '    environment:',
    `      FIVEWIRE_NAMES: \${FIVEWIRE_NAMES:-localhost}`,
    '    volumes:',
    `      - \${FIVEWIRE_CERTIFICATES:-./certificates}:${certificates}`,
    ...definitions.flatMap(service),
  );

const service = (definition) => {
  const published = Object.entries(definition.ports).filter(([, { internal }]) => !internal);
  const ranges = Object.entries(definition.ports).filter(([, { count }]) => count !== undefined);
  return [
    `  ${definition.name}:`,
    `    build: ./${definition.name}`,
    `    image: fivewire-test-${definition.name}`,
    ...(definition.needs ? [`    depends_on: [${definition.needs.join(', ')}]`] : []),
    ...(definition.capabilities ? [`    cap_add: [${definition.capabilities.join(', ')}]`] : []),
    '    stop_grace_period: 1s',
    '    environment:',
    `      FIVEWIRE_USERS: \${FIVEWIRE_USERS:-alice:secret bob:secret}`,
    ...ranges.map(([key, port]) => `      ${constant(key)}: ${variable(definition, key, port)}`),
    '    healthcheck:',
    `      test: ["CMD", "bash", "${templates}/healthy.sh"]`,
    '      interval: 2s',
    '      start_period: 30s',
    '    volumes:',
    `      - \${FIVEWIRE_CERTIFICATES:-./certificates}:${certificates}:ro`,
    '    ports:',
    ...published.map(([key, port]) => {
      // A passive FTP server names its ports itself: those are one to one, inside and outside.
      const outside = variable(definition, key, port);
      return `      - "127.0.0.1:${outside}:${port.count === undefined ? port.port : outside}"`;
    }),
  ];
};

const variable = (definition, key, port) =>
  `\${${constant(definition.name)}_${constant(key)}:-${range(port)}}`;

// Each port takes a connection. What they greet with, the runner sees.
const healthScript = ({ ports }) =>
  lines(
    origin,
    'set -e',
    ...Object.values(ports)
      .filter(({ greeting }) => greeting !== undefined)
      .map(({ port }) => `: < /dev/tcp/127.0.0.1/${port}`),
  );

// These steps come first and alike in each Dockerfile, so that an engine does them once.
const shared = [
  origin,
  'FROM debian:bookworm-slim',
  'RUN apt-get update \\',
  ' && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends -o Dpkg::Options::=--force-unsafe-io openssl',
];

const authorityDockerfile = (definitions) =>
  lines(
    ...shared,
    `COPY certificates.sh ${prefix}/certificates.sh`,
    `CMD ${JSON.stringify([
      ...['sh', `${prefix}/certificates.sh`, certificates, '397'],
      ...definitions.map(({ name, names }) => `${name}=${names.join(',')}`),
    ])}`,
  );

const dockerfile = (definition) => {
  const packages = [...definition.packages, ...(definition.unpack ?? [])].join(' ');
  const preseeds = Object.entries(definition.preseed ?? {});
  return lines(
    ...shared,
    ...preseeds.map(([template, place]) => `COPY ${template} ${place}`),
    // Again with new lists, where the step above was done long ago.
    `RUN install() { DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \\`,
    `      -o Dpkg::Options::=--force-unsafe-io -o Dpkg::Options::=--force-confold ${packages}; } \\`,
    ' && { install || { apt-get update && install; }; } && apt-get clean',
    `COPY . ${templates}`,
    `CMD ["bash", "${templates}/start.sh"]`,
  );
};

// bash is the container's first process: it ends when one of the servers does, or when it is told to.
const startScript = (definition, definitions) => {
  const ranges = Object.entries(definition.ports).filter(([, { count }]) => count !== undefined);
  const values = {
    ...placeholders(definition, definitions, {
      ...{ prefix, certificates, listen: '0.0.0.0' },
      hostOf: (other) => (other === definition ? '127.0.0.1' : other.name),
    }),
    ...Object.fromEntries(
      ranges.flatMap(([key]) => [
        [key, `\${${constant(key)}%-*}`],
        [`${key}.last`, `\${${constant(key)}#*-}`],
      ]),
    ),
  };
  const placed = [
    ...Object.entries({ ...definition.files, ...definition.system }),
    [definition.prepare, `${prefix}/prepare.sh`],
  ].map(([template, place]) => ({ template, place: render(place, values) }));
  const needed = definitions.filter(({ name }) => definition.needs?.includes(name));
  return lines(
    origin,
    'set -e',
    `until openssl x509 -noout -checkend 0 -in ${values.certificate} > /dev/null 2>&1; do sleep 0.1; done`,
    ...ranges.map(([key, port]) => `: "\${${constant(key)}:=${range(port)}}"`),
    ...Object.entries(definition.environment ?? {}).map(
      ([key, value]) => `export ${key}=${render(value, values)}`,
    ),
    `mkdir -p ${values.data}`,
    ...placed.map(({ template, place }) => `install -D -m 644 ${templates}/${template} ${place}`),
    ...fillIn(definition, placed, values),
    `sh ${prefix}/prepare.sh`,
    ...needed.flatMap(awaitPorts),
    'trap exit TERM',
    ...definition.processes.map((process_) => `${commandOf(process_, values).join(' ')} &`),
    'wait -n',
  );
};

const fillIn = (definition, placed, values) => {
  const text = placed.map(({ template }) => readTemplate(definition, template)).join('');
  const used = [...new Set(text.match(/\{\{[^{}]+\}\}/g))].sort();
  const edits = used.map((placeholder) => `-e "s#${placeholder}#${render(placeholder, values)}#g"`);
  const places = placed.map(({ place }) => place).join(' ');
  return edits.length === 0 ? [] : [`sed -i ${edits.join(' \\\n  ')} \\\n  ${places}`];
};

const awaitPorts = ({ name, ports }) =>
  Object.values(ports)
    .filter(({ internal, greeting }) => !internal && greeting !== undefined)
    .map(({ port }) => `until (: < /dev/tcp/${name}/${port}) 2> /dev/null; do sleep 0.1; done`);

const lines = (...all) => `${all.join('\n')}\n`;

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
