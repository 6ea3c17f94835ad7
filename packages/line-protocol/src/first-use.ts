/** Packages that few sessions need are loaded when the first one does. */
import { createRequire } from 'node:module';

/** @param from the `import.meta.url` of the module that depends on it. @returns gives the package, loaded once */
export function atFirstUse<T>(from: string, name: string): () => T {
  let loaded: T | undefined;
  return () => {
    loaded ??= createRequire(from)(name) as T;
    return loaded;
  };
}
