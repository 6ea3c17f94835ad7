/**
 * A context whose roots, certificates and lists can be read anew while it is in use: for services that live longer than
 * their client certificate or their revocation list.
 */

import { UsageError } from './errors.js';
import { badOption } from './option-check.js';
import { createTlsContext, substitute } from './tls-context.js';
import type { TlsContext, TlsContextOptions } from './types.js';

/** To be given as `tls`, like any context. What it shows is of what was loaded last. */
export interface ReloadableTlsContext extends TlsContext {
  /**
   * Loads anew. Handshakes that begin afterwards trust and present what was loaded; connections that are open stay as
   * they are, and no session of before is resumed. Reloads are done one after the other.
   *
   * @throws what `load` or `createTlsContext` throws; all stays as it was then.
   */
  reload(): Promise<void>;
}

/**
 * Makes one, loaded for the first time.
 *
 * ```js
 * const tls = await reloadableTlsContext(async () => ({ ca: await readFile('ca.pem'), crl: await readFile('crl.pem') }));
 * process.on('SIGHUP', () => tls.reload().catch((error) => console.error('as before:', error.message)));
 * ```
 *
 * @throws what `load` or `createTlsContext` throws.
 */
export async function reloadableTlsContext(
  load: () => TlsContextOptions | Promise<TlsContextOptions>,
): Promise<ReloadableTlsContext> {
  if (typeof load !== 'function') throw noFunction();
  const make = async (): Promise<TlsContext> => {
    const options = await load();
    // Nothing would mean the defaults, and a forgotten `return` would drop pins and lists without a word.
    if (options === undefined) throw badOption('load', 'gave nothing');
    return createTlsContext(options);
  };
  let current = await make();
  let turn: Promise<void> = Promise.resolve();
  const renew = async (): Promise<void> => {
    current = await make();
  };
  const context: ReloadableTlsContext = Object.freeze({
    get trust() {
      return current.trust;
    },
    get verifyMode() {
      return current.verifyMode;
    },
    get checkHostname() {
      return current.checkHostname;
    },
    get minVersion() {
      return current.minVersion;
    },
    reload() {
      const reloaded = turn.then(renew);
      turn = reloaded.catch(() => undefined); // told to its caller; the next in turn starts afresh
      return reloaded;
    },
  });
  substitute(context, () => current);
  return context;
}

const noFunction = (): UsageError =>
  new UsageError('ERR_ARGUMENT', 'load must be a function', {
    argument: 'load',
    hint: 'Give a function that reads the files and returns TlsContextOptions; it is called at each reload.',
  });
