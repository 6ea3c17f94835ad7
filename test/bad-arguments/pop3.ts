/** The methods of Pop3Client, and what can be wrong with their arguments. */
import type { Pop3Client } from '@fivewire/pop3';
import { callOptions, option, type Table } from './table.js';
import {
  count,
  optionalFlag,
  optionalList,
  optionalPositive,
  positive,
  text,
  textOrEmpty,
  without,
} from './values.js';

type Client = Pop3Client;

export const pop3Table: Table<Client> = {
  stat: {
    gives: 'promise',
    arguments: callOptions<Client>((pop, options) => pop.stat(options)),
  },
  list: {
    gives: 'rows',
    arguments: callOptions<Client>((pop, options) => pop.list(options)),
  },
  uidl: {
    gives: 'rows',
    arguments: callOptions<Client>((pop, options) => pop.uidl(options)),
  },
  retrieve: {
    gives: 'stream',
    arguments: {
      number: { bad: positive, call: (pop, bad) => pop.retrieve(bad) },
      ...callOptions<Client>((pop, options) => pop.retrieve(1, options)),
    },
  },
  top: {
    gives: 'stream',
    arguments: {
      number: { bad: positive, call: (pop, bad) => pop.top(bad, 0) },
      lines: { bad: count, call: (pop, bad) => pop.top(1, bad) },
      ...callOptions<Client>((pop, options) => pop.top(1, 0, options)),
    },
  },
  retrieveAll: {
    gives: 'rows',
    arguments: {
      numbers: {
        bad: { ...without(positive, 'an empty array', 'an array of itself', 'a numeral') },
        call: (pop, bad) => pop.retrieveAll(bad),
      },
      ...callOptions<Client>((pop, options) => pop.retrieveAll([1], options)),
      ...option<Client>('window', optionalPositive, (pop, options) =>
        pop.retrieveAll([1], options),
      ),
    },
  },
  delete: {
    gives: 'promise',
    arguments: {
      numbers: { bad: without(positive, 'an empty array'), call: (pop, bad) => pop.delete(bad) },
      'numbers[1]': { bad: positive, call: (pop, bad) => pop.delete([1, bad]) },
      ...callOptions<Client>((pop, options) => pop.delete(1, options)),
    },
  },
  languages: {
    gives: 'promise',
    arguments: callOptions<Client>((pop, options) => pop.languages(options)),
  },
  language: {
    gives: 'promise',
    arguments: {
      tag: { bad: { ...text, 'two tags': 'en fr' }, call: (pop, bad) => pop.language(bad) },
      ...callOptions<Client>((pop, options) => pop.language('en', options)),
    },
  },
  reset: {
    gives: 'promise',
    arguments: callOptions<Client>((pop, options) => pop.reset(options)),
  },
  noop: {
    gives: 'promise',
    arguments: callOptions<Client>((pop, options) => pop.noop(options)),
  },
  command: {
    gives: 'promise',
    arguments: {
      verb: {
        bad: { ...text, 'a verb with an argument': 'LANG de', 'a refused verb': 'pass' },
        call: (pop, bad) => pop.command(bad),
      },
      args: { bad: optionalList, call: (pop, bad) => pop.command('XTND', bad) },
      'args[0]': { bad: textOrEmpty, call: (pop, bad) => pop.command('XTND', [bad]) },
      ...callOptions<Client>((pop, options) => pop.command('NOOP', [], options)),
      ...option<Client>('multiline', optionalFlag, (pop, options) =>
        pop.command('NOOP', [], options),
      ),
    },
  },
  quit: {
    gives: 'promise',
    arguments: callOptions<Client>((pop, options) => pop.quit(options)),
  },
};
