// Mail and news: who has what, and a message from all sides.
import { announce, clock, fill, get, h, path, person, place, size, tabs } from './dom.js';

const known = new Set();
let isFirst = true;

/** Mailboxes, the messages of one of them, or of all, and one message. */
export async function mailView(main, [user, mailbox, uid]) {
  // First all of it: what comes after that is seen now or by the next look, and told of.
  const all = await get('/api/messages');
  const [boxes, messages] = await Promise.all([
    get('/api/mailboxes'),
    user === undefined
      ? all
      : get(
          path(
            '/api/messages',
            user === 'relayed' && !mailbox ? { relayed: '' } : { user, mailbox },
          ),
        ),
  ]);
  const { tree, list, detail } = panes(main, 'mail');
  fill(tree, boxTree(boxes, user, mailbox));
  const withPlaces = messages.toReversed().map((one) => ({ ...one, href: hrefOf(one) }));
  fill(
    list,
    messageTable(withPlaces, user ? [user, mailbox].filter(Boolean).join(', ') : 'All mail'),
  );
  tellNew(all);
  const query =
    uid !== undefined
      ? { user, mailbox, uid }
      : user === 'relayed' && mailbox !== undefined
        ? { relayed: mailbox }
        : undefined;
  await showMessage(detail, query);
}

/** Newsgroups, their articles, and one of them. */
export async function newsView(main, [group, id]) {
  const [groups, articles] = await Promise.all([
    get('/api/newsgroups'),
    get(path('/api/articles', { group })),
  ]);
  const { tree, list, detail } = panes(main, 'news');
  fill(
    tree,
    h('h2', {}, 'Newsgroups'),
    h(
      'ul',
      { class: 'tree' },
      groups.map(({ name, articles: count }) =>
        h('li', {}, branch(place('news', name), name, count, name === group)),
      ),
    ),
  );
  const rows = articles.toReversed().map((one) => ({
    ...one,
    to: one.groups,
    seen: true,
    href: place('news', group ?? one.groups[0], one.messageId),
  }));
  fill(list, messageTable(rows, group ?? 'All articles'));
  await showMessage(detail, id === undefined ? undefined : { article: id });
}

/** The three panes, made once: what a reader is in stays while lists around it change. */
function panes(main, kind) {
  let grid = main.querySelector(`[data-kind="${kind}"]`);
  if (!grid) {
    grid = h(
      'div',
      { class: 'panes', 'data-kind': kind },
      h('nav', { 'aria-label': kind === 'mail' ? 'Mailboxes' : 'Newsgroups' }),
      h('section', { 'aria-label': kind === 'mail' ? 'Messages' : 'Articles' }),
      h('section', { 'aria-label': 'Message', 'data-shown': '?' }),
    );
    main.replaceChildren(grid);
  }
  const [tree, list, detail] = grid.children;
  return { tree, list, detail };
}

const branch = (href, name, count, isHere) =>
  h(
    'a',
    { href, 'aria-current': isHere ? 'page' : undefined },
    h('span', {}, name),
    h('span', { class: 'count' }, String(count)),
  );

function boxTree({ users, relayed }, user, mailbox) {
  return [
    h('h2', {}, 'Mailboxes'),
    h(
      'ul',
      { class: 'tree' },
      h('li', {}, branch(place('mail'), 'All mail', '', user === undefined)),
      h('li', {}, branch(place('mail', 'relayed'), 'To others', relayed, user === 'relayed')),
    ),
    users.map((one) => [
      h('h3', {}, one.user),
      h(
        'ul',
        { class: 'tree' },
        one.mailboxes.map(({ name, messages }) =>
          h(
            'li',
            {},
            branch(
              place('mail', one.user, name),
              name,
              messages,
              one.user === user && name === mailbox,
            ),
          ),
        ),
      ),
    ]),
  ];
}

function hrefOf({ user, mailbox, uid, relayed }) {
  return user === undefined ? place('mail', 'relayed', relayed) : place('mail', user, mailbox, uid);
}

function messageTable(rows, title) {
  if (rows.length === 0)
    return h('p', { class: 'faint' }, `${title}: nothing yet. It appears here as it comes.`);
  return h(
    'table',
    {},
    h('caption', {}, `${title} (${rows.length})`),
    h(
      'thead',
      {},
      h(
        'tr',
        {},
        ['Subject', 'From', 'To', 'Time'].map((name) => h('th', { scope: 'col' }, name)),
      ),
    ),
    h(
      'tbody',
      {},
      rows.map(({ href, subject, from, to, received, seen }) =>
        h(
          'tr',
          { class: `${seen ? '' : 'unread'} ${location.hash === href ? 'chosen' : ''}` },
          h(
            'td',
            {},
            h(
              'a',
              { href, 'aria-current': location.hash === href ? 'true' : undefined },
              subject || '(no subject)',
            ),
          ),
          h('td', { title: person(from) }, from?.name || from?.address || ''),
          h('td', {}, to.join(', ')),
          h('td', { class: 'time' }, clock(received)),
        ),
      ),
    ),
  );
}

/** Says what has come since the last look. */
function tellNew(all) {
  const fresh = all.filter((one) => !known.has(keyOf(one)));
  for (const one of fresh) known.add(keyOf(one));
  if (!isFirst && fresh.length > 0)
    announce(
      fresh
        .map(({ to, subject }) => `New mail to ${to.join(', ')}: ${subject || 'no subject'}`)
        .join('. '),
    );
  isFirst = false;
}

const keyOf = ({ user, mailbox, uid, received, subject }) =>
  [user, mailbox, uid, received, subject].join(' ');

/** One message from all sides; drawn again only when it is another one. */
async function showMessage(detail, query) {
  const shown = JSON.stringify(query ?? {});
  if (detail.dataset.shown === shown) return;
  detail.dataset.shown = shown;
  if (!query)
    return detail.replaceChildren(h('p', { class: 'faint' }, 'Choose a message to see it.'));
  let message;
  try {
    message = await get(path('/api/message', query));
  } catch (error) {
    return detail.replaceChildren(h('p', { class: 'bad' }, error.message));
  }
  const { subject, from, to, cc, received, place: where, octets } = message;
  const facts = {
    From: person(from),
    To: to.map(person).join(', '),
    Cc: cc.map(person).join(', '),
    Received: new Date(received).toLocaleString(),
    Where: where,
    Size: size(octets),
  };
  detail.replaceChildren(
    h('h2', { id: 'subject', tabindex: '-1' }, subject || '(no subject)'),
    h(
      'dl',
      {},
      Object.entries(facts)
        .filter(([, value]) => value)
        .map(([name, value]) => [h('dt', {}, name), h('dd', {}, value)]),
    ),
    ...tabs('Views of the message', viewsOf(message, query)),
  );
}

function viewsOf({ html, text, links, headers, attachments }, query) {
  const views = [
    ['Text', () => h('pre', {}, text || '(no text)')],
    [
      'Source',
      async () => h('pre', {}, await (await fetch(path('/api/message/source', query))).text()),
    ],
    [
      'Header',
      () =>
        h(
          'dl',
          {},
          headers.map(({ name, value }) => [h('dt', {}, name), h('dd', {}, value)]),
        ),
    ],
  ];
  // Nothing in it runs, and nothing is loaded: the frame has no leave for either, and the document says the same.
  if (html)
    views.unshift([
      'HTML',
      () =>
        h('iframe', {
          sandbox: '',
          title: 'HTML of the message, without scripts and remote content',
          src: path('/api/message/html', query),
        }),
    ]);
  if (links.length > 0)
    views.push([
      `Links (${links.length})`,
      () =>
        h(
          'ul',
          {},
          links.map((link) => h('li', {}, h('code', {}, link))),
        ),
    ]);
  if (attachments.length > 0)
    views.push([
      `Attachments (${attachments.length})`,
      () =>
        h(
          'ul',
          {},
          attachments.map(({ filename, contentType, octets }, number) =>
            h(
              'li',
              {},
              h(
                'a',
                { href: path('/api/message/attachment', { ...query, number }) },
                filename || `attachment ${number + 1}`,
              ),
              ` ${contentType}, ${size(octets)}`,
            ),
          ),
        ),
    ]);
  return views;
}
