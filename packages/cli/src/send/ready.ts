/** A ready message of `send`: its envelope is what the options say, else what its header says. */
import { Readable } from 'node:stream';
import { type Args, type Context, optionalText, texts } from '../context.js';
import { usage } from '../exit-code.js';
import { isNullSender, type Outgoing } from './outgoing.js';
import { fieldNames, type ReadyMessage, readyMessage } from './ready-message.js';
import { eachOnce, recipientsIn } from './recipients.js';

export async function ready(args: Args, context: Context): Promise<Outgoing> {
  for (const name of ['subject', 'text', 'html', 'attach', 'reply-to', 'header', 'dkim-key']) {
    if (args[name] !== undefined)
      throw usage(`--file is a ready message: --${name} cannot change it`);
  }
  const path = String(args.file);
  const domain = optionalText(args.domain);
  const message: ReadyMessage = await readyMessage(path, { domain });
  try {
    const recipients = (['to', 'cc', 'bcc'] as const).flatMap((name) =>
      texts(args[name]).flatMap((one) => recipientsIn(one, `--${name}`, domain)),
    );
    const to = eachOnce(recipients.length > 0 ? recipients : message.recipients);
    const given = optionalText(args.from) ?? context.profile?.from;
    const from =
      given === undefined
        ? message.from
        : isNullSender(given)
          ? null
          : recipientsIn(given, '--from', domain)[0];
    const names = fieldNames(message);
    if (from === undefined)
      throw usage('Who sends it?', `The message has no ${names.sender}: give --from.`);
    if (to.length === 0)
      throw usage('Who gets it?', `The message has no ${names.recipients}: give --to.`);
    return {
      envelope: { from, to, size: message.size, unqualified: true },
      body: async () => Readable.from(message.read(), { objectMode: false }),
      close: message.close,
    };
  } catch (error) {
    await message.close();
    throw error;
  }
}
