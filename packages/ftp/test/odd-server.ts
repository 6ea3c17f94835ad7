/**
 * A small FTP server over streams in memory that has the manners of one odd server or another: it answers whatever comes, where a
 * scripted dialogue would prescribe the order.
 */
import { Duplex } from 'node:stream';
import { deflateSync, inflateSync } from 'node:zlib';
import type { FtpConnectOptions } from '../src/index.js';

export interface Manners {
  /** Reads one command of each segment and drops the rest. */
  oneCommandASegment?: boolean;
  /** Takes a whole segment for one command. */
  segmentIsCommand?: boolean;
  /** What it does with a segment of several commands. */
  onFlight?: 'closes' | 'says nothing';
  /** The code that a verb's success is answered by. */
  successCode?: Readonly<Record<string, number>>;
  /** Octets that each RETR sends before it breaks off; those that follow are whole. */
  sendsAtMost?: number[];
  /** The port that EPSV names. Default 6446. */
  passivePort?: number;
  features?: readonly string[];
  /** What EPSV, MLSD or any verb answers instead of what it would. */
  answers?: Readonly<Record<string, string>>;
  /** `LIST -a`: refused, or shows nothing. Default: as LIST. */
  all?: 'refused' | 'empty';
  /** Lists the working directory whatever the argument. */
  ignoresArgument?: boolean;
  /** Blanks and brackets in arguments of LIST and MLSD. */
  oddPaths?: 'refused' | 'empty' | 'cut at the blank';
  /** What a listing of nothing answers. Default `'refused'`. */
  missing?: 'refused' | 'empty' | 'in the listing';
  /** Text of each 550. */
  refusal?: string;
  /** A LIST line for a name. Default: as `ls -l`. */
  row?: (name: string, node: Node) => string;
  /** `.` and `..` stand in listings. */
  showsItself?: boolean;
  /** SIZE of a directory is 213. */
  sizeOfDirectories?: boolean;
  home?: string;
  /** Knows MFMT, and MDTM with a time. */
  setsTimes?: boolean;
  /** REST ahead of STOR is refused. */
  refusesRestart?: boolean;
  /** STOR behind REST, and APPE, are refused onto what is there (ProFTPD without AllowStoreRestart). */
  addsToNothing?: boolean;
  /** What data connections end after, in octets: the server breaks off. */
  breaksAfter?: number;
  /** Sends a listing a line at a time, this long after each other, in milliseconds. */
  drips?: number;
  /** Reads no command while a file comes: what is asked then is answered behind it (vsftpd). */
  deafInTransfers?: boolean;
  /** RNTO onto what is there is refused. */
  keepsOld?: boolean;
}

export type Node = string | Link | Tree;
export class Link {
  readonly to: string;
  constructor(to: string) {
    this.to = to;
  }
}
export interface Tree {
  [name: string]: Node;
}

const isTree = (node: Node | undefined): node is Tree =>
  typeof node === 'object' && !(node instanceof Link);

export interface OddServer {
  options: FtpConnectOptions;
  said: string[];
  tree: Tree;
  manners: Manners;
  /** The working directory now. */
  place(): string;
}

export function oddServer(tree: Tree, given: Manners = {}): OddServer {
  const manners: Manners = { ...given };
  const said: string[] = [];
  const features = manners.features ?? ['EPSV', 'SIZE', 'MDTM', 'REST STREAM'];
  const refusal = manners.refusal ?? 'No such file or directory';
  let place = manners.home ?? '/';
  let arrivals: Duplex[] = [];
  let rename: string | undefined;
  let offset = 0;
  let deflates = false;
  /** Commands that came while a file comes. */
  let unheard: string[] | undefined;
  const times = new Map<string, string>();
  const { near: control, far } = pair();

  const absolute = (path: string): string[] => {
    const parts: string[] = [];
    for (const part of (path.startsWith('/') ? path : `${place}/${path}`).split('/')) {
      if (part === '..') parts.pop();
      else if (part !== '' && part !== '.') parts.push(part);
    }
    return parts;
  };
  const find = (path: string): Node | undefined => {
    let node: Node | undefined = tree;
    for (const part of absolute(path)) {
      if (!isTree(node)) return undefined;
      node = Object.hasOwn(node, part) ? node[part] : undefined;
      if (node instanceof Link) node = find(node.to);
    }
    return node;
  };
  const parentOf = (path: string): { parent: Tree | undefined; name: string } => {
    const parts = absolute(path);
    const name = parts.pop() ?? '';
    const parent = find(`/${parts.join('/')}`);
    return { parent: isTree(parent) ? parent : undefined, name };
  };
  let verbNow = '';
  const say = (line: string): void => {
    const code = line.startsWith('2') ? manners.successCode?.[verbNow] : undefined;
    far.write(`${code === undefined ? line : `${code}${line.slice(3)}`}\r\n`);
  };
  const no = (): unknown => say(`550 ${refusal}`);
  const row = manners.row ?? lsRow;

  const lines = (node: Node, name: string, verb: string): string[] => {
    const shown = verb === 'MLSD' ? mlsdRow : row;
    if (!isTree(node)) return [shown(name, node)];
    const itself = manners.showsItself ? ['.', '..'].map((dot) => shown(dot, {})) : [];
    return [...itself, ...Object.entries(node).map(([each, below]) => shown(each, below))];
  };
  /** What a listing shows of what is found at `path`. */
  const found = (node: Node | undefined, path: string, verb: string): string[] => {
    if (node !== undefined) return lines(node, path.split('/').at(-1) ?? path, verb);
    return manners.missing === 'in the listing' ? [`ls: ${path}: No such file or directory`] : [];
  };

  const send = (text: string): void => {
    const data = arrivals.shift();
    say('150 here');
    if (manners.drips !== undefined) drip(data, text.split(/(?<=\n)/), manners.drips);
    else {
      data?.end(deflates ? deflateSync(Buffer.from(text, 'latin1')) : text);
      say('226 done');
    }
  };
  const drip = (data: Duplex | undefined, lines: string[], pause: number): void => {
    const next = lines.shift();
    if (next !== undefined) {
      data?.write(next);
      setTimeout(drip, pause, data, lines, pause);
      return;
    }
    data?.end();
    say('226 done');
  };
  const listing = (verb: string, given: string): unknown => {
    const all = verb === 'LIST' && given.startsWith('-a');
    let path = all ? given.slice(3) : given;
    const odd = /[ [\]]/.test(path);
    if (all && manners.all === 'refused') return say('501 no options');
    if (odd && manners.oddPaths === 'refused') return no();
    if (odd && manners.oddPaths === 'cut at the blank') path = path.split(' ', 1)[0] ?? '';
    if (manners.ignoresArgument) path = '';
    const node = find(path);
    if (node === undefined && (manners.missing ?? 'refused') === 'refused') return no();
    if (verb === 'MLSD' && !isTree(node) && node !== undefined) return say('501 not a directory');
    const silent = (all && manners.all === 'empty') || (odd && manners.oddPaths === 'empty');
    const shown = silent ? [] : found(node, path, verb);
    send(shown.map((line) => `${line}\r\n`).join(''));
  };

  const hasMlst = features.some((one) => one.startsWith('MLST'));
  const receive = (argument: string, before: string): unknown => {
    if (manners.addsToNothing && before !== '') {
      return say(`451 ${argument}: Append/Restart not permitted, try again`);
    }
    const { parent, name } = parentOf(argument);
    if (parent === undefined) return say('553 no');
    const data = arrivals.shift();
    if (data === undefined) return say('425 no');
    say('150 go');
    unheard = manners.deafInTransfers ? [] : undefined;
    const came: Buffer[] = [];
    let room = manners.breaksAfter ?? Infinity;
    data.on('data', (piece: Buffer) => {
      came.push(piece.subarray(0, room));
      room -= piece.length;
      if (room > 0) return;
      parent[name] = before + Buffer.concat(came).toString('latin1');
      data.removeAllListeners('end').destroy();
      say('426 broken off');
      hear();
    });
    data.on('end', () => {
      const octets = Buffer.concat(came);
      parent[name] = before + (deflates ? inflateSync(octets) : octets).toString('latin1');
      data.end();
      say('226 done');
      hear();
    });
  };
  const remove = (argument: string, wantsDirectory: boolean): unknown => {
    const { parent, name } = parentOf(argument);
    const there = parent?.[name];
    if (parent === undefined || there === undefined || isTree(there) !== wantsDirectory)
      return no();
    if (isTree(there) && Object.keys(there).length > 0) return no();
    delete parent[name];
    say('250 gone');
  };
  const ok = (): unknown => say('200 ok');

  const verbs: Record<string, (argument: string, node: Node | undefined) => unknown> = {
    USER: () => say('331 password'),
    PASS: () => say('230 welcome'),
    FEAT: () => say(`211-Features\r\n${features.map((one) => ` ${one}\r\n`).join('')}211 End`),
    SYST: () => say('215 UNIX Type: L8'),
    TYPE: ok,
    OPTS: ok,
    NOOP: ok,
    MODE: (argument) => {
      deflates = argument === 'Z';
      say('200 ok');
    },
    PWD: () => say(`257 "${place.replaceAll('"', '""')}" is it`),
    CWD: (argument, node) => {
      if (!isTree(node)) return no();
      place = `/${absolute(argument).join('/')}`;
      say('250 ok');
    },
    EPSV: () => {
      arrivals = [];
      say(`229 ok (|||${manners.passivePort ?? 6446}|)`);
    },
    PASV: () => {
      arrivals = [];
      say('227 ok (127,0,0,1,25,46)');
    },
    LIST: (argument) => listing('LIST', argument),
    MLSD: (argument) => (hasMlst ? listing('MLSD', argument) : say('500 unknown')),
    MLST: (argument, node) => {
      if (!hasMlst) return say('500 unknown');
      if (node === undefined) return no();
      say(`250-\r\n ${mlsdRow(argument, node)}\r\n250 End`);
    },
    SIZE: (_argument, node) => {
      if (typeof node === 'string') return say(`213 ${node.length}`);
      return isTree(node) && manners.sizeOfDirectories ? say('213 4096') : no();
    },
    MDTM: (argument, node) => {
      const [, time, path] = (manners.setsTimes && /^(\d{14}) (.+)/.exec(argument)) || [];
      if (time !== undefined && path !== undefined) {
        times.set(path, time);
        return say('213 File modification time set.'); // vsftpd
      }
      node === undefined ? no() : say(`213 ${times.get(argument) ?? '20240102030405'}`);
    },
    REST: (argument) => {
      if (manners.refusesRestart) return say('451 Append/Restart not permitted');
      offset = Number(argument);
      say('350 ok');
    },
    RETR: (_argument, node) => {
      if (typeof node !== 'string') return no();
      const rest = node.slice(offset);
      offset = 0;
      const most = manners.sendsAtMost?.shift();
      if (most === undefined) return send(rest);
      say('150 here');
      arrivals.shift()?.end(rest.slice(0, most));
      say('426 broken off');
    },
    STOR: (argument, node) => {
      receive(argument, typeof node === 'string' ? node.slice(0, offset) : '');
      offset = 0;
    },
    STOU: () => receive('unique.0001', ''),
    NLST: (argument, node) => {
      if (isTree(node))
        return send(
          Object.keys(node)
            .map((each) => `${each}\r\n`)
            .join(''),
        );
      send(node === undefined ? '' : `${argument}\r\n`);
    },
    MFMT: (argument) => {
      if (!manners.setsTimes) return say('500 unknown');
      times.set(argument.slice(15), argument.slice(0, 14));
      say('213 set');
    },
    APPE: (argument, node) => receive(argument, typeof node === 'string' ? node : ''),
    MKD: (argument) => {
      const { parent, name } = parentOf(argument);
      if (parent === undefined || parent[name] !== undefined) return no();
      parent[name] = {};
      say('257 made');
    },
    DELE: (argument) => remove(argument, false),
    RMD: (argument) => remove(argument, true),
    RNFR: (argument, node) => {
      rename = argument;
      return node === undefined ? no() : say('350 go on');
    },
    RNTO: (argument) => {
      const from = parentOf(rename ?? '');
      const to = parentOf(argument);
      const moved = from.parent?.[from.name];
      if (from.parent === undefined || to.parent === undefined || moved === undefined) return no();
      if (manners.keepsOld && to.parent[to.name] !== undefined) return no();
      delete from.parent[from.name];
      to.parent[to.name] = moved;
      say('250 done');
    },
    QUIT: () => {
      say('221 bye');
      far.end();
    },
  };

  const hear = (): void => {
    const lines = unheard ?? [];
    unheard = undefined;
    for (const line of lines) run(line);
  };
  const run = (line: string): void => {
    if (unheard !== undefined) {
      unheard.push(line);
      return;
    }
    said.push(line);
    const blank = line.indexOf(' ');
    const verb = blank < 0 ? line : line.slice(0, blank);
    const argument = blank < 0 ? '' : line.slice(blank + 1);
    verbNow = verb;
    const answer = manners.answers?.[verb];
    if (answer !== undefined) say(answer);
    else if (Object.hasOwn(verbs, verb)) verbs[verb]?.(argument, find(argument));
    else say('500 unknown');
  };

  far.on('data', (segment: Buffer) => {
    const text = segment.toString('latin1');
    const each = text.split('\r\n').filter((line) => line !== '');
    if (manners.onFlight !== undefined && each.length > 1) {
      if (manners.onFlight === 'closes') far.destroy();
    } else if (manners.segmentIsCommand && each.length > 1) {
      said.push(text);
      say('500 unknown');
    } else for (const line of manners.oneCommandASegment ? each.slice(0, 1) : each) run(line);
  });
  say('220 ready');
  return {
    said,
    tree,
    manners,
    place: () => place,
    options: {
      host: 'ftp.example.test',
      security: 'cleartext',
      allowCleartextAuth: true,
      auth: { user: 'alice', password: 'secret' },
      timeouts: { reply: 5_000, stall: 5_000, close: 100 },
      dial: async ({ purpose }) => {
        if (purpose === 'control') return control;
        const data = pair();
        arrivals.push(data.far);
        return data.near;
      },
    },
  };
}

const kind = (node: Node): string => (typeof node === 'string' ? '-' : isTree(node) ? 'd' : 'l');
function lsRow(name: string, node: Node): string {
  const size = typeof node === 'string' ? node.length : 4096;
  const target = node instanceof Link ? ` -> ${node.to}` : '';
  return `${kind(node)}rwxr-xr-x 1 u g ${size} Jan 02 2024 ${name}${target}`;
}
function mlsdRow(name: string, node: Node): string {
  const dots: Record<string, string> = { '.': 'cdir', '..': 'pdir' };
  const type = dots[name] ?? { '-': 'file', d: 'dir', l: 'OS.unix=symlink' }[kind(node)];
  return `type=${type};modify=20240102030405; ${name}`;
}

/** Two ends of one wire. Each write is a segment of its own at the other end. */
function pair(): { near: Duplex; far: Duplex } {
  const ends: Duplex[] = [0, 1].map(
    (index) =>
      new Duplex({
        allowHalfOpen: true,
        read() {},
        write(chunk: Buffer, _encoding, done) {
          (ends[1 - index] as Duplex).push(chunk);
          setImmediate(done);
        },
        writev(chunks, done) {
          (ends[1 - index] as Duplex).push(
            Buffer.concat(chunks.map(({ chunk }) => chunk as Buffer)),
          );
          setImmediate(done);
        },
        final(done) {
          (ends[1 - index] as Duplex).push(null);
          done();
        },
        destroy(error, done) {
          const other = ends[1 - index] as Duplex;
          if (!other.readableEnded && !other.destroyed) setImmediate(() => other.push(null));
          done(error);
        },
      }),
  );
  const [near, far] = ends as [Duplex, Duplex];
  far.on('error', () => {});
  far.setDefaultEncoding('latin1');
  return { near, far };
}
