/** A call again, once for each object of options among its arguments, with a key in it that there is not. */

export interface Stranger<L> {
  /** Which object, as `send[0].to[1]`. */
  path: string;
  again(on: L): unknown;
}

/** @param maps paths of objects whose keys are the caller's own */
export function withStrangers<L>(call: (on: L) => unknown, maps: readonly string[]): Stranger<L>[] {
  const { method, args } = recorded(call);
  return [...variants(args, method)]
    .filter(({ path }) => !maps.includes(path))
    .map(({ path, value }) => ({
      path,
      again: (on) =>
        call(
          new Proxy(on as object, {
            get: (target, name) =>
              name === method
                ? () =>
                    (target as Record<string, (...given: unknown[]) => unknown>)[method]?.(...value)
                : Reflect.get(target, name),
          }) as L,
        ),
    }));
}

/** Which method a call is of, and what it is given. */
function recorded<L>(call: (on: L) => unknown): { method: string; args: readonly unknown[] } {
  let found: { method: string; args: readonly unknown[] } | undefined;
  const recorder = new Proxy(
    {},
    {
      get:
        (_, name) =>
        (...args: unknown[]) => {
          found ??= { method: String(name), args };
          return (async function* () {})();
        },
    },
  );
  void call(recorder as L);
  if (found === undefined) throw new Error('the call called no method');
  return found;
}

const isPlain = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && Reflect.getPrototypeOf(value) === Object.prototype;

function* variants<T>(value: T, path: string): Generator<{ path: string; value: T }> {
  if (Array.isArray(value)) {
    for (const [i, entry] of value.entries()) {
      for (const variant of variants(entry, `${path}[${i}]`)) {
        yield { path: variant.path, value: value.with(i, variant.value) as T };
      }
    }
  } else if (isPlain(value)) {
    yield { path, value: { ...value, singal: 1 } };
    for (const [key, entry] of Object.entries(value)) {
      for (const variant of variants(entry, `${path}.${key}`)) {
        yield { path: variant.path, value: { ...value, [key]: variant.value } };
      }
    }
  }
}
