/** Mail and news over HTTP. */
import { type CaughtMail, mailCriteria } from '../caught/caught-mail.js';
import { type ParsedMessage, parseMessage } from '../caught/parsed-message.js';
import { type WaitOptions, WaitTimeoutError } from '../caught/waiting.js';
import type { TestServers } from '../start-test-servers.js';
import { frameHeaders, frameOf } from './html-frame.js';
import { download, HttpError, json, plainText, type Reply } from './reply.js';
import type { Asked, Route } from './route.js';

const longestWait = 60_000;

export const messageRoutes: readonly Route[] = [
  ['GET', '/api/mailboxes', async ({ servers }) => json(mailboxes(servers))],
  [
    'GET',
    '/api/messages',
    async (asked) => json((await caught(asked)).map((mail) => summary(asked.servers, mail))),
  ],
  ['GET', '/api/messages/wait', waitFor],
  ['GET', '/api/message', async (asked) => json(await described(asked))],
  ['GET', '/api/message/source', async (asked) => plainText((await found(asked)).octets)],
  ['GET', '/api/message/html', html],
  ['GET', '/api/message/attachment', attachment],
  ['GET', '/api/newsgroups', async ({ servers }) => json(newsgroups(servers))],
  ['GET', '/api/articles', articles],
];

function mailboxes({ mail, accounts }: TestServers) {
  const users = [...new Set([...accounts.names, ...mail.users])];
  return {
    users: users.map((user) => ({
      user,
      mailboxes: [...mail.mailboxes(user).values()].map(({ name, messages }) => ({
        name,
        messages: messages.length,
        unseen: messages.filter(({ flags }) => !flags.has('\\Seen')).length,
      })),
    })),
    relayed: mail.relayed.length,
  };
}

const newsgroups = ({ news }: TestServers) =>
  [...news.groups.values()].map(({ name, description, articles: all }) => ({
    name,
    description,
    articles: all.size,
  }));

/** The criteria of `mail.messages`, as parameters. `relayed` alone: mail to others. */
async function caught({ servers, query }: Asked): Promise<CaughtMail[]> {
  const criteria = Object.fromEntries(
    mailCriteria.flatMap((name) => (query.has(name) ? [[name, query.get(name) as string]] : [])),
  );
  const all = await servers.mail.messages(criteria);
  return query.has('relayed') ? all.filter(({ user }) => user === undefined) : all;
}

function summary(servers: TestServers, mail: CaughtMail) {
  const { subject, from, user, mailbox, uid, envelope, received, source, flags } = mail;
  const to = envelope?.to ?? [...mail.to, ...mail.cc].map(({ address }) => address);
  return {
    ...{ user, mailbox, uid, subject, from, to, received },
    octets: source.length,
    flags: [...flags],
    seen: flags.has('\\Seen'),
    attachments: mail.attachments.length,
    /** Its place in `relayed`, by which it is asked for. */
    relayed:
      uid === undefined
        ? servers.mail.relayed.findIndex(({ octets }) => octets === source)
        : undefined,
  };
}

/** Answers when a message fits: 408 where none has come within `timeout` milliseconds. */
async function waitFor({ servers, query, signal }: Asked): Promise<Reply> {
  const given = Object.fromEntries(
    [...query].filter(([name]) => (mailCriteria as readonly string[]).includes(name)),
  );
  const timeout = Math.min(Number(query.get('timeout') ?? 5_000), longestWait);
  const options: WaitOptions = { timeout, signal };
  try {
    const mail = await servers.mail.waitFor({ ...given, ...options });
    return json({ ...summary(servers, mail), ...content(mail) });
  } catch (error) {
    if (error instanceof WaitTimeoutError) throw new HttpError(408, error.message);
    if (error instanceof TypeError) throw new HttpError(400, error.message);
    throw error;
  }
}

interface Found {
  octets: Buffer;
  /** In words: where it is. */
  place: string;
  received: Date;
}

/** The message that `user`, `mailbox` and `uid` name, or `relayed`, or `article`. @throws HttpError 404 */
async function found({ servers: { mail, news }, query }: Asked): Promise<Found> {
  const [user, mailbox, uid] = ['user', 'mailbox', 'uid'].map((name) => query.get(name));
  if (user && mailbox && mail.users.includes(user)) {
    const message = mail.mailbox(user, mailbox)?.find(Number(uid));
    if (message)
      return {
        octets: message.octets,
        place: `${user}, ${mailbox}, UID ${uid}`,
        received: message.internalDate,
      };
  }
  const relayed = query.has('relayed') ? mail.relayed[Number(query.get('relayed'))] : undefined;
  if (relayed) return { ...relayed, place: `relayed to ${relayed.to.join(', ')}` };
  const article = news.article(query.get('article') ?? '');
  if (article)
    return {
      octets: article.octets,
      place: [...article.numbers].map(([group, number]) => `${group} ${number}`).join(', '),
      received: article.arrived,
    };
  throw new HttpError(404, 'No such message.');
}

async function described(asked: Asked) {
  const { octets, place, received } = await found(asked);
  const message = await parseMessage(octets);
  return { place, received, octets: octets.length, ...message, ...content(message) };
}

/** Attachments are told of; their octets come from a place of their own. */
const content = ({ text, html: markup, links, headers, attachments }: ParsedMessage) => ({
  ...{ text, links, headers },
  html: markup !== '',
  attachments: attachments.map(({ filename, contentType, contentId, octets }) => ({
    ...{ filename, contentType, contentId },
    octets: octets.length,
  })),
});

async function html(asked: Asked): Promise<Reply> {
  const message = await parseMessage((await found(asked)).octets);
  if (message.html === '') throw new HttpError(404, 'The message has no HTML.');
  return { headers: frameHeaders, body: frameOf(message.html, message.attachments) };
}

async function attachment(asked: Asked): Promise<Reply> {
  const message = await parseMessage((await found(asked)).octets);
  const number = Number(asked.query.get('number'));
  const one = message.attachments[number];
  if (!one) throw new HttpError(404, 'No such attachment.');
  return download(one.octets, one.filename || `attachment-${number + 1}`, one.contentType);
}

async function articles({ servers, query }: Asked): Promise<Reply> {
  const group = query.get('group');
  const posts = await servers.news.posts(group === null ? {} : { group });
  return json(
    posts.map(({ article, groups, subject, from, received, source }) => ({
      ...{ messageId: article.messageId, groups, subject, from, received },
      number: group === null ? undefined : article.numbers.get(group),
      octets: source.length,
    })),
  );
}
