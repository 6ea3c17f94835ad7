/** Makes a value when it is first asked for, and keeps it. Where making it throws, the next who ask try again. */
export function memoise<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
