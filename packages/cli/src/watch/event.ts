/** What `watch` tells: something came, went, or is another. */
export interface WatchEvent {
  event: 'new' | 'gone' | 'changed' | 'reset';
  /** The mailbox, maildrop, newsgroup or directory. */
  box: string;
  /** UIDs, unique-ids, article numbers, or names; for IMAP a set such as `5:7,9`. */
  ids: string;
}
