/** A Chromium, and a page of it that tells what it asked for and what went wrong. */
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

export async function startBrowser(): Promise<Browser> {
  const executablePath = process.env.FIVEWIRE_CHROMIUM;
  if (!executablePath) throw new Error('FIVEWIRE_CHROMIUM names no browser: npm run test:web does');
  // As root Chromium has no sandbox of its own: what it opens here are our own pages.
  const args = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  return chromium.launch({ executablePath, args });
}

export interface Watched {
  page: Page;
  /** Every address that was asked for. */
  requests: string[];
  /** What the page complained of. */
  complaints: string[];
  close(): Promise<void>;
}

export interface PageOptions extends BrowserContextOptions {
  /** What is done before the page is opened. */
  prepare?(page: Page): Promise<void>;
}

export async function openPage(
  browser: Browser,
  url: string,
  { prepare, ...options }: PageOptions = {},
): Promise<Watched> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  context.setDefaultTimeout(0); // a test has as long as the runner gives it
  const page = await context.newPage();
  await prepare?.(page);
  const requests: string[] = [];
  const complaints: string[] = [];
  page.on('request', (request) => requests.push(request.url()));
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  page.on('dialog', (dialog) => {
    complaints.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  await page.goto(url);
  return { page, requests, complaints, close: () => context.close() };
}
