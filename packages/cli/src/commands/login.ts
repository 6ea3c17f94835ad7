/** `fivewire login`: OAuth tokens for a mail account, by the user's own client id; `login token` prints one that is good now. */
import { type Args, type CommandModule, type Context, optionalText, text } from '../context.js';
import { passwordFromStdin } from '../credentials.js';
import { exitCodes, Failure, usage } from '../exit-code.js';
import { readLocal } from '../local-files.js';
import type { PostOptions } from '../login/https.js';
import { byBrowser, byDevice, https, type Provider, providers, refreshed } from '../login/oauth.js';
import { lockLogin, readLogin, removeLogin, writeLogin } from '../login/token-store.js';
import { named } from '../named.js';
import { line } from '../output.js';
import { tlsOptions } from '../target.js';

export const options: CommandModule['options'] = {
  'client-id': { type: 'string', describe: 'Your own, as the provider’s console gives it' },
  'client-secret-file': {
    type: 'string',
    describe:
      'Holds the client secret on its first line, where the provider wants one; - for stdin',
  },
  'authorize-url': { type: 'string', describe: 'other: where the browser goes' },
  'device-url': { type: 'string', describe: 'other: where a device code comes from' },
  'token-url': { type: 'string', describe: 'other: where tokens come from' },
  scope: { type: 'string', describe: 'What is asked for; default: mail, by the provider' },
  host: { type: 'string', describe: 'keyring, forget: the server whose password it is' },
};

/** A token that ends sooner is renewed first. */
const margin = 60_000;

export async function run(args: Args, context: Context): Promise<undefined> {
  const what = text(args.what);
  const { user } = context.settings;
  if (user === undefined) throw usage('Who logs in?', 'Give --user alice@example.org.');
  const host = optionalText(args.host);
  if (host !== undefined && what !== 'keyring' && what !== 'forget')
    throw usage(`login ${line(what)} takes no --host`, 'It goes with keyring and forget.');
  if (what === 'keyring') return keep(user, host, context);
  if (what === 'forget' && host !== undefined) return drop({ user, host }, context);
  if (what === 'token') return printToken(user, context);
  if (what === 'forget') return forget(user, context);
  const provider = providerOf(what, args);
  const id = optionalText(args['client-id']);
  if (id === undefined)
    throw usage(
      'Which client?',
      'Register a program of your own with the provider (installed or desktop), and give its --client-id.',
    );
  const client = { id, secret: await secretOf(optionalText(args['client-secret-file'])) };
  const post = await postOptions(context);
  const say = (words: string): void => context.out.prompt(words);
  const tokens =
    provider.authorize === undefined
      ? await byDevice({ provider, client, post, say })
      : await byBrowser({ provider, client, post, say }, user);
  await writeLogin({ user, provider, client, tokens });
  await context.out.done({ type: 'login', user }, `${line(user)} has logged in`);
}

/** For `--token-command` and `tokenCommand`. */
async function printToken(user: string, context: Context): Promise<undefined> {
  await context.out.write(`${await freshToken(user, context)}\n`);
}

async function freshToken(user: string, context: Context): Promise<string> {
  const known = await readLogin(user);
  if (known.tokens.expires - margin > Date.now()) return known.tokens.access;
  const unlock = await lockLogin(user);
  try {
    const login = await readLogin(user); // another run may have renewed it meanwhile
    const { provider, client, tokens } = login;
    if (tokens.expires - margin > Date.now()) return tokens.access;
    if (tokens.refresh === undefined)
      throw new Failure(exitCodes.permission, `The token of ${line(user)} has ended`, {
        hint: 'The provider gave none to renew it with: run fivewire login once more.',
      });
    const post = await postOptions(context);
    const renewed = await refreshed(provider, client, tokens.refresh, post);
    await writeLogin({ ...login, tokens: renewed });
    return renewed.access;
  } finally {
    await unlock();
  }
}

/** The first line of stdin, into the system's keyring. */
async function keep(user: string, host: string | undefined, context: Context): Promise<undefined> {
  if (host === undefined) throw usage('Whose password is it?', 'Give --host imap.example.org.');
  const { keepPassword } = await import('../keyring.js');
  const password = await passwordFromStdin(context.sources);
  if (password === '') throw usage('stdin holds no password', 'Its first line is kept.');
  await keepPassword({ user, host }, password, context.signal);
  await context.out.done({ type: 'kept', user, host }, `kept that of ${line(user)}@${line(host)}`);
}

async function drop(account: { user: string; host: string }, context: Context): Promise<undefined> {
  const { dropPassword } = await import('../keyring.js');
  const { user, host } = account;
  if (!(await dropPassword(account, context.signal)))
    throw new Failure(
      exitCodes.notFound,
      `The keyring has no password of ${line(user)}@${line(host)}`,
    );
  await context.out.done(
    { type: 'forgotten', user, host },
    `forgot that of ${line(user)}@${line(host)}`,
  );
}

async function forget(user: string, { out }: Context): Promise<undefined> {
  if (!(await removeLogin(user)))
    throw new Failure(exitCodes.notFound, `${line(user)} has not logged in`);
  await out.done({ type: 'forgotten', user }, `forgot ${line(user)}`);
}

function providerOf(name: string, args: Args): Provider {
  const known = named(providers, name);
  if (known === undefined && name !== 'other')
    throw usage(
      `There is no login ${line(name)}`,
      'There are google, microsoft, other, token, keyring and forget.',
    );
  const [authorize, device, token, scope] = [
    'authorize-url',
    'device-url',
    'token-url',
    'scope',
  ].map((option) => optionalText(args[option]));
  const provider = {
    authorize: authorize ?? known?.authorize,
    device: device ?? known?.device,
    token: token ?? known?.token,
    scope: scope ?? known?.scope,
  };
  if (provider.token === undefined || provider.scope === undefined)
    throw usage('login other needs --token-url and --scope');
  if (provider.authorize === undefined && provider.device === undefined)
    throw usage('login other needs --authorize-url or --device-url');
  for (const url of [provider.authorize, provider.device, provider.token])
    if (url !== undefined) https(url);
  return provider as Provider;
}

async function secretOf(file: string | undefined): Promise<string | undefined> {
  if (file === undefined) return undefined;
  const content = await readLocal(file, 'the client secret');
  return content.toString('utf8').split(/\r?\n/, 1)[0];
}

async function postOptions(context: Context): Promise<PostOptions> {
  const { settings, profile, signal } = context;
  return {
    tls: await tlsOptions(context),
    proxy: settings.proxy ?? profile?.proxy,
    timeout: settings.timeout ?? profile?.timeout,
    signal,
  };
}
