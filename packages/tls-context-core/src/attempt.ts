/** What `read` gives, or nothing where it throws: for what may be absent or broken without being the point. */
export function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
