/** `fivewire search`: the UIDs of messages that fit, one a line; nothing found is 1, as with grep. */
import type { SearchQuery } from '@fivewire/imap';
import { type Args, type Context, optionalText, texts } from '../context.js';
import { exitCodes, usage } from '../exit-code.js';
import { duration, wholeNumber } from '../global-options.js';
import { fitting, onMailbox } from '../imap-command.js';

export const options = {
  from: { type: 'string', array: true, describe: 'A word of the From field; may be given again' },
  to: { type: 'string', array: true, describe: 'A word of the To field' },
  subject: { type: 'string', array: true, describe: 'A word of the subject' },
  text: { type: 'string', array: true, describe: 'A word anywhere in the message' },
  since: { type: 'string', describe: 'Arrived on this day (2026-11-28) or later' },
  before: { type: 'string', describe: 'Arrived before this day' },
  'older-than': { type: 'string', describe: 'Arrived longer ago: 30d, 12h' },
  unseen: { type: 'boolean', describe: 'Not read yet' },
  flagged: { type: 'boolean', describe: 'Flagged' },
  keyword: { type: 'string', array: true, describe: 'With this keyword' },
  larger: { type: 'string', describe: 'More octets than this' },
  smaller: { type: 'string', describe: 'Fewer octets than this' },
  count: { type: 'boolean', describe: 'Only how many' },
} as const;

export async function run(args: Args, context: Context): Promise<number | undefined> {
  const { out } = context;
  const query = queryOf(args);
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
      else
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
  const words = (['from', 'to', 'subject', 'text', 'keyword'] as const).flatMap((name) => {
    const given = texts(args[name]);
    return given.length === 0 ? [] : [[name, given] as const];
  });
  const days = (['since', 'before'] as const).flatMap((name) => {
    const given = optionalText(args[name]);
    if (given === undefined) return [];
    if (/^\d{4}-\d\d-\d\d$/.test(given) && !Number.isNaN(Date.parse(given)))
      return [[name, given] as const];
    throw usage(`--${name} ${given} is no day`, 'Write it as 2026-11-28.');
  });
  const sizes = (['larger', 'smaller'] as const).flatMap((name) => {
    const octets = wholeNumber(args[name], `--${name}`);
    return octets === undefined ? [] : [[name, octets] as const];
  });
  return {
    ...Object.fromEntries([...words, ...days, ...sizes]),
    ...(args.unseen === true ? { seen: false } : {}),
    ...(args.flagged === true ? { flagged: true } : {}),
  };
}
