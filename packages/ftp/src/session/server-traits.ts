/** What has been learned of a server, by trying. A pool's connections share it, so that each trial is made once. */
import { ServerClock } from '../listing/server-clock.js';

export interface ServerTraits {
  /**
   * Whether commands may be sent before the reply to the last one has come. Servers that read one command a segment lose the
   * others, so that one has to prove itself first.
   */
  pipelining: 'unproven' | 'proven' | 'refused';
  /** EPSV until a server does not know it, or its port can't be reached. */
  passive: 'EPSV' | 'PASV';
  /**
   * When TLS on a data connection begins: with the command, or not before the preliminary reply. pyftpdlib closes a data connection
   * over which octets come before it has read the command.
   */
  hello: 'early' | 'late';
  /** Whether the server reads commands while data moves; `undefined` until it matters. */
  readsInTransfers: boolean | undefined;
  /** EPRT until a server does not know it. */
  active: 'EPRT' | 'PORT';
  /** False once MLSD turned out to be missing or broken. */
  mlsd: boolean;
  /** False once `LIST -a` turned out to be refused, or to show nothing. */
  listAll: boolean;
  /** Whether listing commands obey their argument; those that do not list the working directory. */
  listArgument: 'unproven' | 'obeyed' | 'ignored';
  /** The first listing by argument that showed something: where another path shows the same, it may be the working directory that is shown. */
  listed: { readonly path: string; readonly command: string; readonly print: string } | undefined;
  /** True once SIZE has refused a directory: then what has a SIZE is a file. */
  sizeTellsFiles: boolean;
  /**
   * Paths that a listing has shown to be links, in octet strings; a bounded number. MLST and SIZE tell of what a link points at
   * (ProFTPD, vsftpd), and then `stat` would disagree with the listing.
   */
  readonly links: Set<string>;
  /** What LIST and MDTM have shown of the server's clock; `undefined` where that is not to be found out. */
  readonly clock: ServerClock | undefined;
  /** Files in a row whose times in LIST and MDTM are no two writings of one. */
  clockMisfits: number;
  /** True once MDTM turned out to be missing, or not to fit LIST. */
  clockIsOdd: boolean;
}

const mostLinks = 10_000;

export function rememberLink({ links }: ServerTraits, path: string): void {
  if (links.size < mostLinks) links.add(path);
}

/** @param infersClock whether times of LIST are to become UTC by MDTM */
export function createTraits(disable: ReadonlySet<string>, infersClock = false): ServerTraits {
  return {
    pipelining: disable.has('PIPELINING') ? 'refused' : 'unproven',
    passive: disable.has('EPSV') ? 'PASV' : 'EPSV',
    hello: 'early',
    readsInTransfers: undefined,
    active: disable.has('EPRT') ? 'PORT' : 'EPRT',
    mlsd: true,
    listAll: true,
    listArgument: 'unproven',
    listed: undefined,
    sizeTellsFiles: false,
    links: new Set(),
    clock: infersClock ? new ServerClock() : undefined,
    clockMisfits: 0,
    clockIsOdd: false,
  };
}
