/** A table of arguments, and what must become of each bad value in it. */
import { Readable } from 'node:stream';
import { inspect } from 'node:util';
import { isFivewireError } from 'tls-context-core';
import { password } from '../support/credentials.js';
import { type BadValues, milliseconds, optionalSignal, optionsObject } from './values.js';

/** Where a fault must show: a promise rejects; what gives rows, a stream or nothing throws when it is called. */
export type Gives = 'promise' | 'rows' | 'stream' | 'nothing';

export interface Argument<C> {
  bad: BadValues;
  /** @param value stands in the argument's place; all others are right */
  call(client: C, value: never): unknown;
  /** The elements of a list that is read as it is needed can only be judged then: the iteration throws. */
  late?: true;
  /** Codes beside ERR_ARGUMENT that say it as well. */
  codes?: readonly string[];
}

export interface Method<C> {
  gives: Gives;
  /** By their names. None: nothing can be wrong. */
  arguments: Readonly<Record<string, Argument<C>>>;
}

export type Table<C> = Readonly<Record<string, Method<C>>>;

/** `{ signal, timeout }`, which every method that talks takes last. */
export function callOptions<C>(
  call: (client: C, options: never) => unknown,
): Record<string, Argument<C>> {
  return {
    options: { bad: optionsObject, call },
    ...option('signal', optionalSignal, call),
    ...option('timeout', milliseconds, call),
  };
}

/** One option of a method. */
export function option<C>(
  name: string,
  bad: BadValues,
  call: (client: C, options: never) => unknown,
  rest: object = {},
): Record<string, Argument<C>> {
  return {
    [`options.${name}`]: {
      bad,
      call: (client, value) => call(client, { ...rest, [name]: value } as never),
    },
  };
}

/** What an object can do: its own methods and those of its classes, by name; `Symbol.asyncDispose` among them. */
export function methodsOf(object: object): string[] {
  const names = new Set<string>();
  for (let at = object; at !== Object.prototype; at = Reflect.getPrototypeOf(at) as object) {
    for (const key of Reflect.ownKeys(at)) {
      const { value } = Reflect.getOwnPropertyDescriptor(at, key) as PropertyDescriptor;
      if (key !== 'constructor' && typeof value === 'function') names.add(String(key));
    }
  }
  return [...names].sort();
}

export const dispose = String(Symbol.asyncDispose);

interface Outcome {
  how: 'throws' | 'rejects' | 'comes to nothing';
  error: unknown;
}

/** Calls, and follows what it gives as far as its first answer. */
async function outcomeOf(call: () => unknown): Promise<Outcome> {
  let given: unknown;
  try {
    given = call();
  } catch (error) {
    return { how: 'throws', error };
  }
  try {
    const answer = await given;
    if (answer instanceof Readable) {
      for await (const _ of answer) break;
    } else if (typeof answer === 'object' && answer !== null && Symbol.asyncIterator in answer) {
      for await (const _ of answer as AsyncIterable<unknown>) break;
    }
  } catch (error) {
    return { how: 'rejects', error };
  }
  return { how: 'comes to nothing', error: undefined };
}

/** What is wrong with the answer to a bad value; nothing where it is as it must be. */
export async function faultsOf<C>(
  client: C,
  { gives }: Method<C>,
  { call, late, codes = [] }: Argument<C>,
  value: unknown,
): Promise<string[]> {
  const { how, error } = await outcomeOf(() => call(client, value as never));
  if (how === 'comes to nothing') return ['is taken'];
  const faults: string[] = [];
  const expected = gives === 'promise' || late ? 'rejects' : 'throws';
  if (how !== expected) faults.push(`${how} where it ${expected}`);
  return [...faults, ...faultsOfError(error, ['ERR_ARGUMENT', ...codes])];
}

export function faultsOfError(error: unknown, codes: readonly string[]): string[] {
  if (!isFivewireError(error)) return [`is no error of ours: ${String(error).slice(0, 100)}`];
  const faults: string[] = [];
  if (!codes.includes(error.code)) faults.push(`is ${error.code}: ${error.message.slice(0, 100)}`);
  const argument = 'argument' in error ? error.argument : undefined;
  if (error.code === 'ERR_ARGUMENT' && typeof argument !== 'string')
    faults.push('names no argument');
  if (error.hint === '' && typeof argument !== 'string') faults.push('has no hint');
  const shown = inspect(error, { depth: 10 }) + JSON.stringify(error);
  if (shown.includes(password)) faults.push('shows the password');
  if (shown.length > 20_000) faults.push(`shows ${shown.length} characters`);
  return faults;
}
