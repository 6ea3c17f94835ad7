/** Packages that few need: not installed with us, loaded at first use. */
import { UsageError } from 'tls-context-core';

/**
 * @param what it is needed for, as in "SOCKS proxies need …"
 * @throws UsageError `ERR_ARGUMENT` that says which package to install, where it is not there
 */
export async function optional<M>(name: string, what: string, load: () => Promise<M>): Promise<M> {
  try {
    return await load();
  } catch (cause) {
    if (!isAbsent(cause)) throw cause;
    throw new UsageError(
      'ERR_ARGUMENT',
      `${what} need the package ${name}, which is not installed`,
      {
        argument: name,
        hint: `Install it beside this one: npm install ${name}`,
      },
    );
  }
}

const isAbsent = (error: unknown): boolean => {
  const { code } = error as { code?: unknown };
  return code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND';
};
