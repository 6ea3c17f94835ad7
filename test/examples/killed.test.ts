/** A backup that is killed (SIGKILL, no handler runs) after any octet of the server goes on from there, and loses and repeats nothing. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, it } from 'vitest';
import { type ExampleWorld, startExampleWorld } from '../support/example-runner.js';
import { Stage } from '../support/stage.js';

const program = fileURLToPath(new URL('../../examples/backup-mailbox.mjs', import.meta.url));
let home: string;
let world: ExampleWorld;
let relay: Relay;
let stage: Stage;

afterEach(async () => {
  stage?.end();
  relay?.server.close();
  await world?.servers.close();
  rmSync(home, { recursive: true, force: true });
});

async function start(like: string | undefined, inOctets: boolean): Promise<void> {
  home = mkdtempSync(join(tmpdir(), 'fivewire-killed-'));
  world = await startExampleWorld(home, like === undefined ? {} : { like });
  relay = await startRelay(JSON.parse(world.env.FIVEWIRE_TEST_PORTS as string)[993], inOctets);
  world.env.FIVEWIRE_TEST_PORTS = JSON.stringify({ 993: relay.port });
  stage = new Stage(world);
}

/** Passes on what the server says; after so many octets it keeps the rest, and calls. */
interface Relay {
  server: Server;
  port: number;
  passed: number;
  most: number;
  onMost: () => void;
}

/** @param inOctets each of the first octets of a connection goes in a segment of its own */
async function startRelay(to: number, inOctets: boolean): Promise<Relay> {
  const ends = (socket: Socket, other: Socket): void => {
    socket.on('error', () => other.destroy()).on('close', () => other.destroy());
  };
  const server = createServer((socket) => {
    const target = connect(to, '127.0.0.1');
    socket.setNoDelay(true);
    let single = inOctets ? 8_000 : 0;
    ends(socket, target);
    ends(target, socket);
    socket.pipe(target);
    target.on('data', (octets: Buffer) => {
      const some = octets.subarray(0, Math.max(0, found.most - found.passed));
      found.passed += some.length;
      const alone = Math.min(some.length, single);
      single -= alone;
      for (let i = 0; i < alone; i++) socket.write(some.subarray(i, i + 1));
      if (some.length > alone) socket.write(some.subarray(alone));
      if (some.length < octets.length) found.onMost();
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const found: Relay = { server, port, passed: 0, most: 0, onMost: () => {} };
  return found;
}

const line = (folder: string) => ['imaps://alice@imap.example.org', 'Backup', folder];

/** Runs the program until its end. */
async function backup(folder: string): Promise<string> {
  Object.assign(relay, { passed: 0, most: Number.POSITIVE_INFINITY });
  const { stdout, stderr, problem } = await stage.run(program, home, world.env, {
    args: line(folder),
    mustEnd: true,
  });
  expect({ stderr, problem }).toEqual({ stderr: '', problem: undefined });
  return stdout;
}

/** Runs the program, in a process of its own, until so many octets have come. */
async function killedBackup(folder: string, most: number): Promise<void> {
  const child = spawn(process.execPath, ['--import', world.redirect, program, ...line(folder)], {
    cwd: home,
    env: world.env,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  Object.assign(relay, { passed: 0, most, onMost: () => child.kill('SIGKILL') });
  expect(await once(child, 'close')).toEqual([null, 'SIGKILL']);
}

it.each<[string, string | undefined, boolean]>([
  ['with CONDSTORE', undefined, false],
  ['without CONDSTORE', 'outlook', false],
  ['all data first, as Dovecot sends it, one octet a segment', 'dovecot', true],
])('reaches what an undisturbed run reaches, %s', async (_name, like, inOctets) => {
  await start(like, inOctets);
  const box = world.servers.mail.create('alice', 'Backup');
  let number = 0;
  const more = (count: number): void => {
    for (let i = 0; i < count; i++) {
      number++;
      // Some longer than what comes with a row.
      const text = 'x'.repeat(number % 10 === 0 ? 400_000 : 300);
      box.append(Buffer.from(`Subject: ${number}\r\n\r\n${text}\r\n`));
    }
  };
  const isWhole = (folder: string): void => {
    const files = readdirSync(folder).filter((name) => name.endsWith('.eml'));
    expect(files.sort()).toEqual(box.messages.map(({ uid }) => `${uid}.eml`).sort());
    for (const { uid, octets } of box.messages)
      expect(readFileSync(join(folder, `${uid}.eml`)).equals(octets)).toBe(true);
  };
  more(30);
  expect(await backup('steady')).toBe('30 new, 0 with other flags, 0 gone\n');
  isWhole(join(home, 'steady'));
  const points = 12;
  for (let i = 0; i < points; i++) {
    const folder = `cut${i}`;
    // The first ones in the handshake and the login, the others in rows and long bodies.
    const total = box.messages.reduce((sum, { octets }) => sum + octets.length, 0);
    const most = i < 3 ? 1_500 * (i + 1) : Math.floor((i / points) * total);
    await killedBackup(folder, most);
    // What happens between the two runs is told by the second one.
    more(1);
    box.setFlags(box.messages[i]?.uid as number, ['\\Seen']);
    box.remove([box.messages.at(-3)?.uid as number]);
    expect(await backup(folder)).toMatch(/^\d+ new, \d+ with other flags, \d+ gone\n$/);
    isWhole(join(home, folder));
    expect(await backup(folder)).toBe('0 new, 0 with other flags, 0 gone\n');
    rmSync(join(home, folder), { recursive: true });
  }
});
