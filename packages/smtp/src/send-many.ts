/** Many messages, a few under way at once, their outcomes in order. */
import { checkOptions, rules, UsageError } from '@fivewire/line-protocol';
import { checkKeys } from './arguments.js';
import { sendManyRules } from './options.js';
import type { Message, SendManyOptions, SendOptions, SendOutcome, SendResult } from './types.js';

/**
 * Checks, then sends: the `sendMany` of client and pool.
 *
 * @throws UsageError `ERR_ARGUMENT` at once for what is wrong with the list or the options
 */
export function sendEach(
  messages: Iterable<Message> | AsyncIterable<Message>,
  manyOptions: SendManyOptions,
  send: (message: Message, options: SendOptions) => Promise<SendResult>,
  lost: Sender['lost'] = () => undefined,
): AsyncIterable<SendOutcome> {
  checkOptions(manyOptions, sendManyRules);
  if (!rules.isIterable(messages)) {
    throw new UsageError('ERR_ARGUMENT', 'messages must be a list, or an iterable of messages', {
      argument: 'messages',
    });
  }
  const { window = 1, ...options } = manyOptions;
  return inOrder(messages, window, {
    send: async (message) => {
      checkKeys(message, ['envelope', 'body', 'onRefused'], 'message');
      const { onRefused } = message;
      return send(message, onRefused === undefined ? options : { ...options, onRefused });
    },
    lost,
  });
}

interface Sender {
  send(message: Message): Promise<SendResult>;
  /** Why no further message can be sent, once that is so. */
  lost(): Error | undefined;
}

async function* inOrder(
  messages: Iterable<Message> | AsyncIterable<Message>,
  window: number,
  { send, lost }: Sender,
): AsyncGenerator<SendOutcome, void, undefined> {
  const source = iterate(messages);
  const underWay: Promise<SendOutcome>[] = [];
  let index = 0;
  let taking: Promise<'taken' | 'over'> | undefined;
  let over = false;

  const take = async (): Promise<'taken' | 'over'> => {
    const { value, done } = await source.next();
    if (done) return 'over';
    const at = index++;
    underWay.push(
      send(value).then(
        (result): SendOutcome => ({ index: at, ok: true, result }),
        (error: unknown): SendOutcome => ({ index: at, ok: false, error }),
      ),
    );
    return 'taken';
  };

  try {
    for (;;) {
      const room = !over && underWay.length < window && lost() === undefined;
      if (room) taking ??= take();
      const head = underWay[0];
      if (head === undefined && taking === undefined) break;
      const first = await Promise.race([head, taking].filter((wait) => wait !== undefined));
      if (typeof first === 'string') {
        taking = undefined;
        over = first === 'over';
      } else {
        void underWay.shift(); // it is `first`
        yield first;
      }
    }
  } finally {
    if (taking !== undefined) taking.catch(() => {});
    else if (!over) await source.return?.();
    await Promise.all(underWay);
  }
  const error = lost();
  if (!over && error !== undefined) throw error;
}

function iterate(
  messages: Iterable<Message> | AsyncIterable<Message>,
): AsyncIterator<Message, unknown> | Iterator<Message, unknown> {
  return Symbol.asyncIterator in messages
    ? messages[Symbol.asyncIterator]()
    : messages[Symbol.iterator]();
}
