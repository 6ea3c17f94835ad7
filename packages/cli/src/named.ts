/** What a table has under a name that a user or a server wrote: `constructor` is in none of ours. */
export const named = <T>(table: Readonly<Record<string, T>>, name: string): T | undefined =>
  Object.hasOwn(table, name) ? table[name] : undefined;
