/** The files of the web page. They are part of the bundle, so that a package has no files beside its code. */
import app from './page/app.js?raw';
import dom from './page/dom.js?raw';
import icon from './page/icon.svg?raw';
import html from './page/index.html?raw';
import mail from './page/mail.js?raw';
import css from './page/page.css?raw';
import servers from './page/servers.js?raw';
import type { Reply } from './reply.js';

const script = 'text/javascript; charset=utf-8';
const files: Readonly<Record<string, readonly [string, string]>> = {
  '/': ['text/html; charset=utf-8', html],
  '/page.css': ['text/css; charset=utf-8', css],
  '/icon.svg': ['image/svg+xml', icon],
  '/app.js': [script, app],
  '/dom.js': [script, dom],
  '/mail.js': [script, mail],
  '/servers.js': [script, servers],
};

/** The file at that path, or `undefined`. */
export function page(path: string): Reply | undefined {
  const [type, body] = (Object.hasOwn(files, path) ? files[path] : undefined) ?? [];
  if (type === undefined || body === undefined) return undefined;
  return { headers: { 'Content-Type': type }, body };
}
