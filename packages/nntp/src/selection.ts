/**
 * The currently selected newsgroup and article, RFC 3977 §6.
 *
 * There are two: the one that the caller selected, and the one that the server has. They differ when a loop over one
 * group's articles goes on after its body has selected another group. Whatever needs a group says which, and it is
 * selected again where the server has another one.
 */
import { commandLine, type Turn, wordsOf } from '@fivewire/line-protocol';
import { isBelowNothing, parseCount, parseHigh } from './arguments.js';
import type { Session } from './session.js';
import type { Group } from './types.js';

export class Selection {
  /** What the caller selected last. */
  group: Group | undefined;
  /** The article that commands without an argument mean, in `group`. */
  article: number | undefined;

  #session: Session;
  /** What the server has; `undefined` where we can't know. */
  #serverGroup: string | undefined;
  #serverArticle: number | undefined;

  constructor(session: Session) {
    this.#session = session;
  }

  /** GROUP or LISTGROUP succeeded for the caller. */
  selected(group: Group): void {
    this.group = group;
    this.#serverGroup = group.name;
    // RFC 3977 §6.1.1.2: the first article in the group.
    this.article = this.#serverArticle = group.empty ? undefined : group.low;
  }

  /** GROUP failed. It should have changed nothing, but Cyrus unselects (cyrusimap/cyrus-imapd#1174). */
  failed(): void {
    this.#serverGroup = undefined;
  }

  /** The group that is selected at the first call, and that one ever after: a loop's own. */
  origin(): () => string | undefined {
    let known = false;
    let name: string | undefined;
    return () => {
      if (!known) name = this.group?.name;
      known = true;
      return name;
    };
  }

  /** An article of `group` was named by its number: it is the current one now. */
  moved(article: number, group: string | undefined): void {
    this.#serverArticle = article;
    if (group === this.group?.name) this.article = article;
  }

  /** Something was sent that may have moved the server's own idea of the current article. */
  disturbed(): void {
    this.#serverArticle = undefined;
  }

  /**
   * Makes the server have `group`, in the turn of the command that needs it. Without a group selected the command goes
   * out all the same: the server's 412 says it best. Not a promise where the server has it.
   */
  ensure(turn: Turn, group: string | undefined): Promise<void> | undefined {
    if (group === undefined || group === this.#serverGroup) return undefined;
    return this.#select(turn, group);
  }

  async #select(turn: Turn, group: string): Promise<void> {
    const { connection } = this.#session;
    const line = commandLine('GROUP', [group]);
    await turn.toRead();
    connection.send(line);
    const reply = await this.#session.readReply(
      this.#session.wait(line.masked, 'command', undefined),
    );
    if (reply.code !== 211) {
      this.failed();
      throw this.#session.refused(reply, line.masked);
    }
    this.#serverGroup = group;
    this.#serverArticle = undefined;
  }

  /** As {@link ensure} for the caller's group, and its current article with it. */
  async ensureArticle(turn: Turn): Promise<void> {
    await turn.toRead(); // what is under way may move it
    const { group, article } = this;
    await this.ensure(turn, group?.name);
    if (article === undefined || article === this.#serverArticle) return;
    const line = commandLine('STAT', [String(article)]);
    this.#session.connection.send(line);
    const reply = await this.#session.readReply(
      this.#session.wait(line.masked, 'command', undefined),
    );
    // Where it has expired meanwhile, the command itself will be told so.
    if (reply.code === 223) this.#serverArticle = article;
    else if (reply.code !== 423) throw this.#session.refused(reply, line.masked);
  }
}

/** `count low high name`. Some servers leave the figures out after LISTGROUP; `undefined` where they make no sense. */
export function parseGroup(text: string, fallback: string | undefined): Group | undefined {
  const [first, second, third, name] = wordsOf(text);
  const low = parseCount(second);
  const high = parseHigh(third, low);
  if (low === undefined || high === undefined) return undefined;
  // An estimate below nothing is none: there are at most so many.
  const count = isBelowNothing(first) ? high - low + 1 : parseCount(first);
  if (count === undefined) return undefined;
  // INN once sent 2147483648 for an empty group; three ways to say empty are allowed.
  const empty = count === 0 || low > high || isBelowNothing(third);
  return { name: fallback ?? name ?? '', count: empty ? 0 : count, low, high, empty };
}
