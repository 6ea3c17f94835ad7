/** `--limit-rate` for a message that flows; those that are held whole are paced one by one. */
import { pipeline } from 'node:stream';
import { Throttle } from '../throttle.js';
import { isHeld, type NewMessage } from './message.js';

/** @param rate octets a second */
export function slow<M extends NewMessage>(message: M, rate: number | undefined): M {
  const { content } = message;
  if (rate === undefined || isHeld(content)) return message;
  const read = () => pipeline(content.read(), new Throttle(rate), () => {});
  return { ...message, content: { size: content.size, read } };
}
