/** How instances show in `console.log`. Apart from their classes, since declarations can't hold computed names. */
import { inspect } from 'node:util';

export function inspectAs<T extends object>(prototype: T, show: (self: T) => unknown): void {
  Object.defineProperty(prototype, inspect.custom, {
    value(this: T): unknown {
      return show(this);
    },
  });
}
