// The site: what is in it, in which order. All of it is built from files of this repository; nothing is fetched, then or later.
import { existsSync } from 'node:fs';
import { defineConfig } from 'vitepress';

const page = (text, link) => ({ text, link });
const group = (text, items, collapsed = false) => ({ text, items, collapsed });

const guides = group('Guides', [
  page('FTP', '/guide/ftp'),
  page('IMAP', '/guide/imap'),
  page('POP3', '/guide/pop3'),
  page('SMTP, LMTP and messages', '/guide/smtp'),
  page('NNTP', '/guide/nntp'),
  page('The command line', '/guide/cli'),
  page('Test servers', '/guide/test-servers'),
  page('TLS, SASL, your own client', '/guide/building-blocks'),
]);
const tasks = group('Whole tasks', [
  page('Catch mail in tests', '/tasks/catch-mail'),
  page('New mail from cron', '/tasks/fetch-from-cron'),
  page('Mirror a site', '/tasks/mirror-a-site'),
]);
const recipes = group('Recipes by provider', [
  page('Before you begin', '/recipes/'),
  page('Gmail', '/recipes/gmail'),
  page('Microsoft 365 and Outlook.com', '/recipes/microsoft-365'),
  page('Fastmail', '/recipes/fastmail'),
  page('iCloud', '/recipes/icloud'),
  page('Yahoo', '/recipes/yahoo'),
  page('Proton Bridge', '/recipes/proton-bridge'),
  page('Your own Dovecot and Postfix', '/recipes/dovecot-postfix'),
  page('FTP hosters', '/recipes/ftp-hosters'),
  page('Usenet providers', '/recipes/usenet'),
]);
const migrations = group('Coming from', [
  page('nodemailer', '/migrate/nodemailer'),
  page('imapflow', '/migrate/imapflow'),
  page('node-imap', '/migrate/node-imap'),
  page('basic-ftp', '/migrate/basic-ftp'),
  page('ftp', '/migrate/ftp'),
  page('node-pop3', '/migrate/node-pop3'),
  page('newsie', '/migrate/newsie'),
  page("Python's five modules", '/migrate/python'),
]);
const reference = group('Reference', [
  page('Error codes', '/errors'),
  page('Security model', '/security'),
  page('Compared with others', '/compare'),
  page('API of every package', '/api/'),
  page('Where to add what', '/contribute'),
  page('Support and versions', '/support'),
]);
const packages = group(
  'Every option, by package',
  [
    ...['ftp', 'imap', 'pop3', 'smtp', 'nntp', 'compose', 'cli', 'jobs', 'test-servers'],
    ...['tls-context-core', 'sasl', 'line-protocol'],
  ].map((name) => page(name, `/packages/${name}`)),
  true,
);
const sidebar = [
  group('Begin', [page('Start in five minutes', '/start')]),
  tasks,
  guides,
  recipes,
  migrations,
  packages,
  reference,
];

/** Of the API only the headings are searched: a name finds its place, and the index stays small. */
const searched = (source, env, md) => {
  if (!env.relativePath.startsWith('api/')) {
    const html = md.render(source, env); // fills in env.frontmatter
    return env.frontmatter?.search === false ? '' : html;
  }
  const headings = source.split('\n').filter((line) => /^(?:#{1,4} |<a id=)/.test(line));
  return md.render(headings.join('\n\n'), env);
};

const placeOf = (href) => {
  const name = /^(?:\.\.\/|packages\/)([\w-]+)(?:\/README\.md)?(#.*)?$/.exec(href);
  if (name) return `/packages/${name[1]}.html${name[2] ?? ''}`;
  return /^(?:https?:|#)/.test(href) ? href : undefined;
};

function readmeLinks({ env, tokens }) {
  if (!/^(?:packages\/|support|security|contribute)/.test(env.relativePath ?? '')) return;
  for (const { children } of tokens)
    for (const [index, token] of (children ?? []).entries()) {
      // A README lies two folders below the root, its page three: docs/images is nearer from here.
      if (token.type === 'image')
        token.attrSet('src', token.attrGet('src').replace('../../docs/images/', '../../images/'));
      if (token.type !== 'link_open') continue;
      const place = placeOf(token.attrGet('href'));
      if (place !== undefined) token.attrSet('href', place);
      else for (const end of [token, children.find((one, i) => i > index && one.type === 'link_close')]) end.type = 'text';
    }
}

export default defineConfig({
  lang: 'en',
  title: 'Fivewire',
  description: 'Protocol clients for Node.js that prove whom they talk to: FTP, IMAP, POP3, SMTP and NNTP.',
  base: process.env.DOCS_BASE ?? '/',
  cleanUrls: false,
  lastUpdated: false,
  srcExclude: existsSync(new URL('../api', import.meta.url)) ? [] : ['api/**'],
  head: [['link', { rel: 'icon', href: `${process.env.DOCS_BASE ?? '/'}mark.svg`, type: 'image/svg+xml' }]],
  markdown: {
    // A package's page is its README: what that links to lies elsewhere here, or is no page.
    config: (md) => md.core.ruler.push('readme-links', readmeLinks),
    theme: { light: 'github-light-high-contrast', dark: 'github-dark-high-contrast' },
  },
  vite: { build: { chunkSizeWarningLimit: 4000 } },
  themeConfig: {
    search: { provider: 'local', options: { _render: searched } },
    nav: [
      page('Start', '/start'),
      page('Guides', '/guide/imap'),
      page('Recipes', '/recipes/'),
      page('Errors', '/errors'),
      page('API', '/api/'),
    ],
    sidebar,
    outline: { level: [2, 3] },
    footer: { message: 'MIT licence' },
  },
});
