/** The trouble of one item of a loop, which the others do not share; and what a loop that broke says of its items. */
import {
  type CommandError,
  type FivewireError,
  isFivewireError,
  type TransferError,
  type UsageError,
} from 'tls-context-core';

export type ItemError = CommandError | TransferError | UsageError;

export const isItemError = (error: unknown): error is ItemError =>
  isFivewireError(error) && itemErrors.includes(error.code) && error.connection === 'usable';

const itemErrors: readonly string[] = [
  'ERR_COMMAND_REJECTED',
  'ERR_NOT_FOUND',
  'ERR_EXTENSION_REQUIRED',
  'ERR_TRANSFER_INCOMPLETE',
  'ERR_ARGUMENT',
];

/** Says which items were given before a loop broke: the keys come in order, so a number and the last one do. */
export const afterItems = <K>(
  error: FivewireError,
  count: number,
  last: K | undefined,
): FivewireError =>
  Object.defineProperty(error, 'given', {
    value: count === 0 ? { count } : { count, last },
    enumerable: true,
    configurable: true,
  });
