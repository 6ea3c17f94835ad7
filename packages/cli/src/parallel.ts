/** Several at once, and what they come to in the order in which they were given. */

/** @param most at once */
export async function* inParallel<T, R>(
  items: readonly T[],
  most: number,
  work: (item: T) => Promise<R>,
): AsyncGenerator<R, void, undefined> {
  const underway: Promise<R>[] = [];
  let next = 0;
  const begin = (): void => {
    const promise = work(items[next++] as T);
    promise.catch(() => {}); // met in its turn
    underway.push(promise);
  };
  while (next < items.length && underway.length < most) begin();
  for (let first = underway.shift(); first !== undefined; first = underway.shift()) {
    yield await first;
    if (next < items.length) begin();
  }
}
