/**
 * What can be said of a call without a server: a pool says it before it dials. The client says the same, and what only its session knows.
 */
import { checkOptions, type Rules, type Ways } from '@fivewire/line-protocol';
import { algorithmOf, checkMode } from './files/attributes.js';
import { timeDigits, writeFacts } from './files/facts.js';
import { checkPaths } from './files/hashes.js';
import { pathArgument, type RemotePath } from './files/remote-path.js';
import { checkBlanks } from './files/symlink.js';
import { removable } from './files/tree.js';
import type { FtpClient } from './ftp-client.js';
import {
  callRules,
  hashRules,
  makeRules,
  removeRules,
  renameRules,
  sweepRules,
  transferRules,
} from './options.js';
import type { Charset } from './session/charset.js';
import { commandLine } from './session/raw-command.js';
import { checkSource } from './transfer/source.js';
import type { HashAlgorithm, UploadSource } from './types.js';

/** Those that a pool does over all its connections, and those that throw at once where their arguments are wrong. */
export type OverAll =
  | 'download'
  | 'upload'
  | 'list'
  | 'listNames'
  | 'createReadStream'
  | 'uploadTree'
  | 'downloadTree'
  | 'mirror';

type Checks = Readonly<Record<keyof Ways<FtpClient, OverAll>, (...args: never[]) => void>>;

/** The checks of the methods that one connection does. @throws UsageError ERR_ARGUMENT */
export function callChecks(charset: Charset): Checks {
  const path = (given: RemotePath, argument?: string): string =>
    pathArgument(given, charset, argument);
  /** Of methods that take a path, and options behind `between` others. */
  const onPath =
    <O extends object>(rules: Rules<O>, ...between: ((argument: never) => unknown)[]) =>
    (given: RemotePath, ...rest: unknown[]): void => {
      checkOptions((rest[between.length] ?? {}) as O, rules);
      between.forEach((check, at) => void check(rest[at] as never));
      path(given);
    };
  const algorithm = (name: HashAlgorithm = 'sha256') => algorithmOf(name);
  return {
    stat: onPath(callRules),
    exists: onPath(callRules),
    mkdir: onPath(makeRules),
    chmod: onPath(callRules, checkMode),
    setModified: onPath(callRules, (time: Date) => timeDigits(time)),
    setCreated: onPath(callRules, (time: Date) => timeDigits(time)),
    setFacts: onPath(callRules, writeFacts),
    hash: onPath(hashRules, algorithm),
    remove(given: RemotePath, options: object = {}) {
      checkOptions(options, removeRules);
      removable(path(given));
    },
    rename(from: RemotePath, to: RemotePath, options: object = {}) {
      checkOptions(options, renameRules);
      path(from, 'from');
      path(to, 'to');
    },
    symlink(target: RemotePath, given: RemotePath, options: object = {}) {
      checkOptions(options, callRules);
      checkBlanks(path(target, 'target'), path(given));
    },
    append(source: UploadSource, given: RemotePath, options: object = {}) {
      checkOptions(options, transferRules);
      path(given);
      checkSource(source);
    },
    uploadUnique(source: UploadSource, directory: RemotePath = '.', options: object = {}) {
      checkOptions(options, transferRules);
      path(directory, 'directory');
      checkSource(source);
    },
    hashAll(paths: readonly RemotePath[], name?: HashAlgorithm, options: object = {}) {
      checkOptions(options, callRules);
      checkPaths(paths);
      algorithm(name);
      for (const one of paths) path(one, 'paths');
    },
    space(given: RemotePath = '.', options: object = {}) {
      checkOptions(options, callRules);
      path(given);
    },
    sweep(given: RemotePath = '.', options: object = {}) {
      checkOptions(options, sweepRules);
      path(given);
    },
    workingDirectory(options: object = {}) {
      checkOptions(options, callRules);
    },
    command(verb: string, args: readonly string[] = [], options: object = {}) {
      checkOptions(options, callRules);
      commandLine(verb, args, charset);
    },
  };
}
