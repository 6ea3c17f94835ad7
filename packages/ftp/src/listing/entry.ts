/** What a listing says about one name: RFC 3659 §7 where the server speaks it, else what a LIST line shows. */

export type EntryType = 'file' | 'directory' | 'symlink' | 'other';

/** How exact `modified` is. `none`: there is no `modified`. */
export type TimePrecision = 'none' | 'day' | 'minute' | 'second' | 'millisecond';

/** One name in a directory. */
export interface Entry {
  /** The last part of the path, decoded. For a name in an unexpected charset, `rawPath` has the octets. */
  readonly name: string;
  /** Name and directory, as this client's other methods take it. */
  readonly path: string;
  readonly type: EntryType;
  /** In octets; absent for directories, symlinks and where the server counts blocks. Rounded where a line says `33.5k`. */
  readonly size?: number;
  readonly modified?: Date;
  readonly precision: TimePrecision;
  /**
   * `utc`: `modified` is exact (RFC 3659), or with `utcOffset: 'auto'` proven to be UTC. `server`: the line shows the server's wall clock;
   * `modified` reads it as UTC unless `utcOffset` said otherwise.
   */
  readonly zone?: 'utc' | 'server';
  /** Permission bits, `0o644`. */
  readonly mode?: number;
  readonly owner?: string;
  readonly group?: string;
  /** Where a symlink points, as the server writes it. */
  readonly target?: string;
  /** VMS: the size in blocks of 512 octets, the last of which may be part full. */
  readonly blocks?: number;
  /** RFC 3659 §7.5.5: what this login may do with it, letters of `acdeflmprw`. */
  readonly permissions?: string;
  /** RFC 3659 §7.5.2: two names with the same value are the same file. */
  readonly unique?: string;
  /** The path in octets as the server would take it. Every method takes this in place of a string. */
  readonly rawPath: Uint8Array;
  /** The line as the server sent it, without its line end. */
  readonly raw: Uint8Array;
}

/** A line that gave no entry. The rest of the listing is not lost by it. */
export interface ListingProblem {
  /** Counted from 1. */
  readonly line: number;
  readonly reason: string;
  /** The line's start, control characters escaped. */
  readonly text: string;
}

/** What a dialect reads from a line. Texts are octet strings: one character of U+0000 to U+00FF an octet. */
export interface Draft {
  name: string;
  type: EntryType;
  size?: number | undefined;
  modified?: Date | undefined;
  precision?: TimePrecision | undefined;
  zone?: 'utc' | 'server' | undefined;
  mode?: number | undefined;
  owner?: string | undefined;
  group?: string | undefined;
  target?: string | undefined;
  blocks?: number | undefined;
  permissions?: string | undefined;
  unique?: string | undefined;
  /** Whether `owner` and `group` are names already, where a server gives numbers as well. */
  ownerIsName?: boolean | undefined;
  groupIsName?: boolean | undefined;
  /** RFC 3659 §7.5.1.3: not a name in the directory, but the directory itself or its parent. */
  self?: boolean | undefined;
}

/** All fields at once: objects that gain them one by one are dear. */
export const emptyDraft = (): Draft => ({
  name: '',
  type: 'other',
  size: undefined,
  modified: undefined,
  precision: undefined,
  zone: undefined,
  mode: undefined,
  owner: undefined,
  group: undefined,
  target: undefined,
  permissions: undefined,
  unique: undefined,
  ownerIsName: undefined,
  groupIsName: undefined,
  self: undefined,
});

/** An entry that keeps its line as one octet string and makes octets of it when asked: a listing has many. */
export class ListingEntry implements Entry {
  declare readonly name: string;
  declare readonly path: string;
  declare readonly type: EntryType;
  declare readonly size?: number;
  declare readonly modified?: Date;
  declare readonly precision: TimePrecision;
  declare readonly zone?: 'utc' | 'server';
  declare readonly mode?: number;
  declare readonly owner?: string;
  declare readonly group?: string;
  declare readonly target?: string;
  declare readonly blocks?: number;
  declare readonly permissions?: string;
  declare readonly unique?: string;
  readonly #octetPath: string;
  readonly #line: string;

  constructor(
    draft: Draft,
    octetPath: string,
    name: string,
    path: string,
    line: string,
    decode: (octets: string) => string,
  ) {
    this.name = name;
    this.path = path;
    this.type = draft.type;
    if (draft.size !== undefined) this.size = draft.size;
    if (draft.modified !== undefined) {
      this.modified = draft.modified;
      this.zone = draft.zone ?? 'server';
    }
    this.precision = draft.modified === undefined ? 'none' : (draft.precision ?? 'second');
    if (draft.mode !== undefined) this.mode = draft.mode;
    if (draft.owner !== undefined) this.owner = decode(draft.owner);
    if (draft.group !== undefined) this.group = decode(draft.group);
    if (draft.target !== undefined) this.target = decode(draft.target);
    if (draft.blocks !== undefined) this.blocks = draft.blocks;
    if (draft.permissions !== undefined) this.permissions = draft.permissions;
    if (draft.unique !== undefined) this.unique = draft.unique;
    this.#octetPath = octetPath;
    this.#line = line;
  }

  get rawPath(): Uint8Array {
    return Buffer.from(this.#octetPath, 'latin1');
  }

  get raw(): Uint8Array {
    return Buffer.from(this.#line, 'latin1');
  }
}
