/** The documentation site in a real browser: nothing is asked of another host, nothing goes wrong, all can be read. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openPage, startBrowser, type Watched } from './browser.js';
import { faintTexts } from './contrast.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const dist = `${root}docs/site/.vitepress/dist`;
const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.json': 'application/json',
};

let browser: Browser;
let server: Server;
let origin: string;
let watched: Watched | undefined;

beforeAll(async () => {
  if (!existsSync(`${dist}/index.html`))
    spawnSync('npm', ['run', 'docs'], { cwd: root, stdio: 'inherit' });
  browser = await startBrowser();
  server = createServer((request, response) => {
    const path = normalize(decodeURIComponent(new URL(request.url ?? '/', 'http://x').pathname));
    const file = join(dist, path.endsWith('/') ? `${path}index.html` : path);
    if (!existsSync(file)) return response.writeHead(404).end();
    response.writeHead(200, { 'content-type': types[extname(file)] ?? 'application/octet-stream' });
    response.end(readFileSync(file));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}, 300_000);
afterEach(() => watched?.close());
afterAll(async () => {
  await browser?.close();
  server?.closeAllConnections();
  server?.close();
});

const open = async (path: string, colorScheme: 'light' | 'dark' = 'light') => {
  watched = await openPage(browser, `${origin}${path}`, { colorScheme });
  return watched.page;
};

function isQuiet(): void {
  const strange = watched?.requests.filter(
    (url) => !url.startsWith(origin) && !/^(?:data|blob):/.test(url),
  );
  expect(strange).toEqual([]);
  expect(watched?.complaints).toEqual([]);
}

/** All pages but those of the API, of which one stands for the others: they are made alike. */
const pages = existsSync(dist)
  ? readdirSync(dist, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.html') && name !== '404.html')
      .filter((name) => !name.startsWith('api/') || name.endsWith('/pop3.html'))
  : ['index.html'];

describe.each(['light', 'dark'] as const)('%s', (scheme) => {
  it.each(pages)('%s', async (name) => {
    const page = await open(`/${name}`, scheme);
    await page.locator('main h1').first().waitFor();
    expect(await page.locator('html').evaluate((html) => html.classList.contains('dark'))).toBe(
      scheme === 'dark',
    );
    expect(await page.evaluate(faintTexts)).toEqual([]);
    isQuiet();
  });
});

it('finds what is searched, by keyboard alone', async () => {
  const page = await open('/');
  await page.locator('main h1').first().waitFor();
  await page.keyboard.press('Control+k');
  await page
    .getByRole('searchbox')
    .or(page.locator('#localsearch-input'))
    .first()
    .fill('outcome unknown');
  await page.locator('#localsearch-list a').first().waitFor();
  await page.keyboard.press('Enter');
  await page.waitForURL(/errors\.html#/);
  isQuiet();
});

it('the picture of the verdict has a text for those who do not see it', async () => {
  const page = await open('/security.html');
  const picture = page.locator('main img[src="/verdict.svg"]');
  expect(await picture.getAttribute('alt')).toContain('serverHostname');
  expect(
    await picture.evaluate((image) => (image as HTMLImageElement).naturalWidth),
  ).toBeGreaterThan(0);
});
