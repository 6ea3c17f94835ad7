/** `fivewire search`: the UIDs of messages that fit, one a line; nothing found is 1, as with grep. */
import type { SearchQuery } from '@fivewire/imap';
import { type Args, type Context, optionalText, texts } from '../context.js';
import { exitCodes, usage } from '../exit-code.js';
import { duration, octetCount, wholeNumber } from '../global-options.js';
import { fitting, onMailbox } from '../imap-command.js';
import { line } from '../output.js';

export const options = {
  from: { type: 'string', array: true, describe: 'A word of the From field; may be given again' },
  to: { type: 'string', array: true, describe: 'A word of the To field' },
  cc: { type: 'string', array: true, describe: 'A word of the Cc field' },
  subject: { type: 'string', array: true, describe: 'A word of the subject' },
  header: { type: 'string', array: true, describe: 'With this field: List-Id, or List-Id:word' },
  body: { type: 'string', array: true, describe: 'A word of the text, not of the header' },
  text: { type: 'string', array: true, describe: 'A word anywhere in the message' },
  since: { type: 'string', describe: 'Arrived on this day (2026-11-28) or later' },
  before: { type: 'string', describe: 'Arrived before this day' },
  'older-than': { type: 'string', describe: 'Arrived longer ago: 30d, 12h' },
  seen: { type: 'boolean', describe: 'Read' },
  unseen: { type: 'boolean', describe: 'Not read yet' },
  answered: { type: 'boolean', describe: 'Answered' },
  unanswered: { type: 'boolean', describe: 'Not answered' },
  flagged: { type: 'boolean', describe: 'Flagged' },
  unflagged: { type: 'boolean', describe: 'Not flagged' },
  keyword: { type: 'string', array: true, describe: 'With this keyword' },
  larger: { type: 'string', describe: 'More octets than this: 5000, 500k, 20M' },
  smaller: { type: 'string', describe: 'Fewer octets than this' },
  set: { type: 'boolean', describe: 'The UIDs as one set, 1:5,9, as ;UID= of a URL takes it' },
  count: { type: 'boolean', describe: 'Only how many' },
} as const;

export async function run(args: Args, context: Context): Promise<number | undefined> {
  const { out } = context;
  const query = queryOf(args);
  if (args.set === true && args.count === true) throw usage('--set and --count say two things');
  let found = 0;
  await onMailbox(
    optionalText(args.url),
    context,
    { readOnly: true },
    async (mailbox, { mailbox: name, uids }) => {
      const all = { ...query, ...(uids === undefined ? {} : { uid: uids }) };
      const age = optionalText(args['older-than']);
      const set = await fitting(
        mailbox,
        all,
        age === undefined ? undefined : duration(age, '--older-than'),
        context,
      );
      found = set.length;
      if (args.count === true)
        await out.row({ type: 'count', mailbox: name, count: found }, String(found));
      else if (args.set === true) {
        const { UidSet } = await import('@fivewire/imap');
        const uids = String(UidSet.from(set));
        if (found > 0) await out.row({ type: 'set', mailbox: name, uids, count: found }, uids);
      } else
        for (const uid of set)
          await out.row(
            { type: 'message', mailbox: name, uidValidity: mailbox.uidValidity, uid },
            String(uid),
          );
    },
  );
  return found > 0 || args.count === true ? undefined : exitCodes.partly;
}

function queryOf(args: Args): SearchQuery {
  const words = (['from', 'to', 'cc', 'subject', 'body', 'text', 'keyword'] as const).flatMap(
    (name) => {
      const given = texts(args[name]);
      return given.length === 0 ? [] : [[name, given] as const];
    },
  );
  const days = (['since', 'before'] as const).flatMap((name) => {
    const given = optionalText(args[name]);
    if (given === undefined) return [];
    if (/^\d{4}-\d\d-\d\d$/.test(given) && !Number.isNaN(Date.parse(given)))
      return [[name, given] as const];
    throw usage(`--${name} ${given} is no day`, 'Write it as 2026-11-28.');
  });
  const sizes = (['larger', 'smaller'] as const).flatMap((name) => {
    const read = /^\d+$/.test(String(args[name])) ? wholeNumber : octetCount;
    const octets = read(args[name], `--${name}`);
    return octets === undefined ? [] : [[name, octets] as const];
  });
  const flags = (['seen', 'answered', 'flagged'] as const).flatMap((name) => {
    const [is, isNot] = [args[name] === true, args[`un${name}`] === true];
    if (is && isNot) throw usage(`--${name} and --un${name} say two things`);
    return is || isNot ? [[name, is] as const] : [];
  });
  const fields = texts(args.header).map((field) => ({ header: fieldOf(field) }));
  return {
    ...Object.fromEntries([...words, ...days, ...sizes, ...flags]),
    ...(fields.length === 0 ? {} : { and: fields }),
  };
}

/** `List-Id`: it is there; `List-Id:word`: the word stands in it. */
function fieldOf(given: string): Readonly<Record<string, string | true>> {
  const [, name = '', value = ''] = /^([^\s:]+)[ \t]*(?::(.*))?$/s.exec(given) ?? [];
  if (name === '')
    throw usage(`--header ${line(given)} names no field`, 'Write it as Name, or Name:word.');
  return { [name]: value.trim() === '' ? true : value.trim() };
}
