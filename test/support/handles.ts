/** What keeps this process alive, counted: what a client leaves behind shows here. */

const counted = /Socket|Server|Pipe|TLS|Request|Req|Timeout/;

export type Handles = Readonly<Record<string, number>>;

export function openHandles(): Handles {
  const counts: Record<string, number> = {};
  for (const type of process.getActiveResourcesInfo()) {
    if (counted.test(type)) counts[type] = (counts[type] ?? 0) + 1;
  }
  return counts;
}

/** What is open now and was not before; waits a while for it to go. */
export async function leaked(before: Handles, patience = 1_000): Promise<Record<string, number>> {
  const end = Date.now() + patience;
  for (;;) {
    const extra = Object.entries(openHandles()).filter(([type, n]) => n > (before[type] ?? 0));
    if (extra.length === 0 || Date.now() > end) return Object.fromEntries(extra);
    await new Promise((resolve) => setTimeout(resolve, 2).unref());
  }
}
