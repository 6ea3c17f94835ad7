// The built site: every link leads somewhere, nothing is loaded from another host, and it stays small.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

/** More than this, and something has slipped in. */
const mostOctets = 12_000_000;

const filesIn = (folder) =>
  readdirSync(folder, { recursive: true })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile());

const plain = (text) => text.replaceAll('&amp;', '&').replaceAll('&quot;', '"');
const attributes = (html, pattern) => [...html.matchAll(pattern)].map(([, value]) => plain(value));

/** What a browser fetches by itself when it shows this page or applies this style sheet. */
const loaded = (text) => [
  ...attributes(text, /<(?:script|img|source|iframe|video|audio)\b[^>]*?\ssrc="([^"]*)"/g),
  ...attributes(text, /<link\b[^>]*?\shref="([^"]*)"/g),
  ...attributes(text, /url\(["']?([^"')]+)/g),
  ...attributes(text, /@import\s+["']([^"']+)/g),
];
const isElsewhere = (url) => /^(?:[a-z]+:)?\/\//i.test(url);

/** @returns how much there is, and what is wrong, a line each. */
export function checkSite(folder, base = '/') {
  const files = filesIn(folder);
  const known = new Set(files.map((path) => relative(folder, path)));
  const pages = files.filter((path) => path.endsWith('.html'));
  const problems = [];
  const ids = new Map();
  for (const path of pages)
    ids.set(
      relative(folder, path),
      new Set(attributes(readFileSync(path, 'utf8'), /\sid="([^"]*)"/g)),
    );

  let links = 0;
  for (const path of files.filter((name) => /\.(?:html|css|svg)$/.test(name))) {
    const text = readFileSync(path, 'utf8');
    const page = relative(folder, path);
    for (const url of loaded(text))
      if (isElsewhere(url) && !url.startsWith('//www.w3.org'))
        problems.push(`${page}: loads ${url}`);
    for (const href of attributes(text, /<a\b[^>]*?\shref="([^"]*)"/g)) {
      if (/^[a-z]+:/i.test(href)) continue;
      links++;
      const [target, anchor] = href.split('#');
      const file = target === '' ? page : found(target, path);
      if (file === undefined) problems.push(`${page}: ${href} leads nowhere`);
      else if (anchor && ids.has(file) && !ids.get(file).has(decodeURIComponent(anchor)))
        problems.push(`${page}: ${href}: ${file} has no such place`);
    }
  }

  function found(target, from) {
    const absolute = target.startsWith(base)
      ? join(folder, target.slice(base.length))
      : resolve(dirname(from), target);
    const name = decodeURIComponent(relative(folder, absolute));
    return [name, join(name, 'index.html'), `${name}.html`].find((one) => known.has(one));
  }

  const octets = files.reduce((sum, path) => sum + statSync(path).size, 0);
  if (octets > mostOctets) problems.push(`the site has ${octets} octets, more than ${mostOctets}`);
  return { pages: pages.length, links, octets, problems };
}
