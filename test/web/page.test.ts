/** The test servers' web page as people use it. */
import { type AddressInfo, createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { FtpClient } from '@fivewire/ftp';
import { SmtpClient } from '@fivewire/smtp';
import { startTestServers, type TestServers } from '@fivewire/test-servers';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openPage, type PageOptions, startBrowser, type Watched } from './browser.js';
import { faintTexts } from './contrast.js';

const screenshot = fileURLToPath(new URL('../../docs/images/test-servers.png', import.meta.url));
const user = { user: 'alice', password: 'correct horse' };

let browser: Browser;
let servers: TestServers;
let watched: Watched;

beforeAll(async () => {
  browser = await startBrowser();
});
afterAll(() => browser?.close());
beforeEach(async () => {
  servers = await startTestServers({
    users: { alice: user.password, bob: 'secret' },
    files: { '/reports/2026/a.txt': 'abc', '/readme.txt': 'hi' },
    groups: ['test.reports'],
    web: true,
  });
});
afterEach(async () => {
  await watched?.close();
  await servers?.close();
  expect(servers.problems).toEqual([]);
});

const open = async (hash = '', options: PageOptions = {}) => {
  watched = await openPage(browser, `${servers.web?.url}${hash}`, options);
  return watched.page;
};

async function send(subject: string, ...more: string[]) {
  const client = await SmtpClient.connect({ ...servers.connectOptions('smtp'), auth: user });
  const head = [
    `From: Shop <shop@example.org>`,
    'To: Alice <alice@example.org>',
    `Subject: ${subject}`,
  ];
  const octets = [...head, ...(more.length > 0 ? more : ['', 'Hello.'])].join('\r\n');
  await client.send({ from: 'shop@example.org', to: ['alice@example.org'] }, `${octets}\r\n`);
  await client.quit();
}

/** Nothing was asked of another host, and nothing went wrong. */
function isQuiet() {
  const { origin } = new URL(servers.web?.url ?? '');
  const strange = watched.requests.filter(
    (url) => !url.startsWith(origin) && !url.startsWith('data:'),
  );
  expect(strange).toEqual([]);
  expect(watched.complaints).toEqual([]);
}

describe('mail', () => {
  it('appears while the page is open, and is announced', async () => {
    const page = await open();
    await page.getByText('nothing yet').waitFor();
    await page.getByText('live', { exact: true }).waitFor();
    await send('Your order');
    await page.getByRole('link', { name: 'Your order' }).waitFor();
    await expect
      .poll(() => page.getByRole('status').textContent())
      .toBe('New mail to alice@example.org: Your order');
    await page.getByRole('link', { name: 'Your order' }).click();
    await page.getByRole('heading', { name: 'Your order' }).waitFor();
    expect(await page.getByRole('tabpanel').textContent()).toContain('Hello.');
    isQuiet();
  });

  it('is announced even if it comes while the page is drawn for the first time', async () => {
    let asked = 0;
    let goOn = (): void => {};
    const sent = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    const page = await open('', {
      prepare: async (page) =>
        void (await page.route(/\/api\/messages\b/, async (route) => {
          if (++asked > 1) await sent;
          await route.continue();
        })),
    });
    await page.getByText('nothing yet').waitFor();
    await send('Early');
    goOn();
    await expect
      .poll(() => page.getByRole('status').textContent())
      .toBe('New mail to alice@example.org: Early');
    isQuiet();
  });

  it('is shown from all sides', async () => {
    await send(
      '=?utf-8?Q?Gr=C3=BC=C3=9Fe?=',
      'Content-Type: multipart/mixed; boundary=b',
      '',
      '--b',
      'Content-Type: text/html; charset=utf-8',
      '',
      '<p>See <a href="https://shop.example/1">your order</a></p>',
      '--b',
      'Content-Type: text/csv',
      'Content-Disposition: attachment; filename="a.csv"',
      '',
      'a;b',
      '--b--',
    );
    const page = await open('#/mail/alice/INBOX/1');
    await page.getByRole('heading', { name: 'Grüße' }).waitFor();
    const frame = page.frameLocator('iframe');
    await frame.getByText('your order').waitFor();
    for (const [tab, text] of [
      ['Source', 'Subject: =?utf-8?Q?Gr'],
      ['Header', 'multipart/mixed'],
      ['Links (1)', 'https://shop.example/1'],
      ['Attachments (1)', 'a.csv'],
    ] as const) {
      await page.getByRole('tab', { name: tab }).click();
      await expect.poll(() => page.getByRole('tabpanel').textContent()).toContain(text);
    }
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: 'a.csv' }).click(),
    ]);
    expect(download.suggestedFilename()).toBe('a.csv');
    isQuiet();
  });

  const hostileFor = (tracker: string) =>
    [
      '<script>parent.document.title = "owned"; alert(1)</script>',
      '<img src="//T/pixel.gif" onerror="alert(2)"><img srcset="//T/a.gif 1x">',
      '<link rel="preconnect" href="http://T"><link rel="stylesheet" href="http://T/a.css">',
      '<meta http-equiv="refresh" content="0; url=http://T/refresh">',
      '<base href="http://T/"><img src="relative.gif"><body background="http://T/body.gif">',
      '<style>p { background: url(http://T/bg.gif) } @import "http://T/b.css"; @font-face { font-family: f; src: url(http://T/f.woff) } * { font-family: f }</style>',
      '<iframe src="http://T/frame"></iframe><object data="http://T/o"></object><embed src="http://T/e">',
      '<video src="http://T/v.mp4" poster="http://T/p.gif" autoplay></video><audio src="http://T/v.mp3" autoplay></audio>',
      '<form action="http://T/f"><input name="a"><button id="b">Go</button></form>',
      '<svg onload="alert(3)"><image href="http://T/i.gif"/><use href="http://T/x.svg#a"></use></svg>',
      '<sc<script>ript>alert(4)</sc</script>ript><li<link>nk rel="preconnect" href="http://T">',
      '<p><a id="away" href="http://T/away" ping="http://T/ping">click</a> <a id="js" href="javascript:alert(5)">js</a></p>',
      '<input autofocus onfocus="alert(6)"><details open ontoggle="alert(7)"><summary>x</summary></details>',
    ]
      .join('\r\n')
      .replaceAll('T/', `${tracker}/`)
      .replaceAll('http://T"', `http://${tracker}"`);

  /** A server that counts who comes. */
  async function counter() {
    let connections = 0;
    const server = createServer((socket) => {
      connections++;
      socket.destroy();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    return { server, port, count: () => connections };
  }

  /** Loads a picture from there, which nothing guards: it is the browser's turn behind all that was asked for before. */
  async function visit({ port, count }: { port: number; count(): number }) {
    const before = count();
    const { close } = await openPage(
      browser,
      `data:text/html,<img src="http://127.0.0.1:${port}/">`,
    );
    await expect.poll(count).toBeGreaterThan(before);
    await close();
  }

  it.each([
    ['in the page', '#/mail/alice/INBOX/1'],
    ['opened by itself', 'api/message/html?user=alice&mailbox=INBOX&uid=1'],
  ])('HTML with scripts and trackers does nothing, %s', async (_where, address) => {
    const [tracker, other] = [await counter(), await counter()];
    try {
      const html = hostileFor(`127.0.0.1:${tracker.port}`);
      await send('Win!', 'Content-Type: text/html', '', html);
      const page = await open(address);
      const isFramed = address.startsWith('#');
      const mail = isFramed ? page.frameLocator('iframe') : page;
      await mail.getByText('click').waitFor();
      await mail.locator('#js').click();
      await visit(other);
      expect(watched.complaints.filter((text) => text.startsWith('dialog'))).toEqual([]);
      expect(await page.title()).not.toBe('owned');
      expect(new URL(page.url()).origin).toBe(new URL(servers.web?.url ?? '').origin);
      await mail.locator('#away').click();
      await visit(other);
      expect(tracker.count()).toBe(0);
      await visit(tracker); // it does count
    } finally {
      tracker.server.close();
      other.server.close();
    }
  });
});

describe('the other sections', () => {
  it('news', async () => {
    servers.news.add(
      'From: a@x\r\nSubject: Report\r\nNewsgroups: test.reports\r\n\r\nAll is well.\r\n',
    );
    const page = await open('#/news');
    await page.getByRole('link', { name: /test\.reports/ }).click();
    await page.getByRole('link', { name: 'Report', exact: true }).click();
    await expect.poll(() => page.getByRole('tabpanel').textContent()).toContain('All is well.');
    isQuiet();
  });

  it('files, as they come', async () => {
    const page = await open('#/files');
    await page.getByRole('link', { name: 'reports/' }).click();
    await page.getByRole('link', { name: '2026/' }).click();
    await page.getByRole('link', { name: 'a.txt' }).waitFor();
    const ftp = await FtpClient.connect({ ...servers.connectOptions('ftp'), auth: user });
    await ftp.upload(Buffer.from('new'), '/reports/2026/b.txt');
    await ftp.quit();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: 'b.txt' }).click(),
    ]);
    expect(download.suggestedFilename()).toBe('b.txt');
    isQuiet();
  });

  it('connections: the dialogue, with secrets masked', async () => {
    const page = await open('#/connections');
    await page.getByText('No connection yet.').waitFor();
    const smtp = await SmtpClient.connect({
      ...servers.connectOptions('smtp', 'starttls'),
      auth: user,
      mechanisms: ['PLAIN'],
    });
    await page.getByRole('link', { name: 'SMTP 0' }).click();
    const wire = page.getByRole('list', { name: 'Dialogue' });
    await wire.getByText('STARTTLS', { exact: true }).waitFor();
    await wire.getByText('AUTH PLAIN ••••').waitFor();
    await smtp.quit();
    await wire.getByText('QUIT', { exact: true }).waitFor();
    const text = (await wire.textContent()) ?? '';
    expect(text).toContain('TLS is up: TLSv1.3');
    expect(text).not.toContain(user.password);
    expect(text).not.toContain(Buffer.from(`\0alice\0${user.password}`).toString('base64'));
    isQuiet();
  });

  it('faults are switched on and off', async () => {
    const page = await open('#/faults');
    const smtp = page.getByRole('form', { name: 'SMTP' });
    await smtp.getByLabel('Greeting').fill('554 Go away');
    await smtp.getByRole('button', { name: 'Set' }).click();
    await smtp.getByText('Set.').waitFor();
    await expect(SmtpClient.connect(servers.connectOptions('smtp'))).rejects.toMatchObject({
      reply: { code: 554 },
    });
    await smtp.getByLabel('Greeting').fill('');
    await smtp.getByRole('button', { name: 'Set' }).click();
    await smtp.getByText('Healthy.').waitFor();
    expect(servers.smtp.faults).toBeUndefined();
    isQuiet();
  });

  it('servers: ports, the authority to download, a clean slate', async () => {
    servers.mail.deliver('alice', 'Subject: x\r\n\r\n');
    const page = await open('#/servers');
    await page.getByText(`127.0.0.1:${servers.ports.imap['implicit-tls']}`).waitFor();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: 'ca.pem' }).click(),
    ]);
    expect(download.suggestedFilename()).toBe('ca.pem');
    await page.getByRole('button', { name: 'Remove all mail, articles and files' }).click();
    await expect.poll(() => servers.mail.messages()).toEqual([]);
    isQuiet();
  });
});

describe('accessible', () => {
  it('by keyboard alone: from the top to a message and through its views', async () => {
    await send('Read me');
    const page = await open();
    await page.getByRole('link', { name: 'Read me' }).waitFor();
    await page.keyboard.press('Tab');
    expect(await page.locator(':focus').textContent()).toBe('Skip to the content');
    await page.keyboard.press('Enter');
    await expect.poll(() => page.evaluate(() => document.activeElement?.id)).toBe('main');
    for (let n = 0; n < 30; n++) {
      await page.keyboard.press('Tab');
      if ((await page.locator(':focus').textContent()) === 'Read me') break;
    }
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Read me' }).waitFor();
    await expect.poll(() => page.evaluate(() => document.activeElement?.id)).toBe('subject');
    await page.keyboard.press('Tab');
    expect(await page.locator(':focus').getAttribute('role')).toBe('tab');
    await page.keyboard.press('ArrowRight');
    expect(await page.locator(':focus').textContent()).toBe('Source');
    await expect.poll(() => page.getByRole('tabpanel').textContent()).toContain('Subject: Read me');
    await page.keyboard.press('Home');
    expect(await page.locator(':focus').textContent()).toBe('Text');
  });

  it('what has the focus keeps it while mail comes', async () => {
    await send('First');
    const page = await open();
    await page.getByRole('link', { name: 'First' }).focus();
    await send('Second');
    await page.getByRole('link', { name: 'Second' }).waitFor();
    expect(await page.locator(':focus').textContent()).toBe('First');
  });

  it('by name and role, as a screen reader sees it', async () => {
    await send('Hello');
    const page = await open('#/mail/alice/INBOX/1');
    await page.getByRole('heading', { name: 'Hello' }).waitFor();
    const tree = await page.locator('body').ariaSnapshot();
    for (const part of [
      '- banner:',
      '- heading "Test servers" [level=1]',
      '- navigation "Sections":',
      '- main:',
      '- navigation "Mailboxes":',
      '- region "Messages":',
      '- columnheader "Subject"',
      '- tablist "Views of the message":',
      '- tabpanel "Text":',
    ])
      expect(tree).toContain(part);
    // Every field has a name.
    await page.goto(`${servers.web?.url}#/faults`);
    await page.getByRole('form', { name: 'IMAP' }).waitFor();
    const nameless = await page.evaluate(
      () =>
        [...document.querySelectorAll('input')].filter((input) => input.labels?.length !== 1)
          .length,
    );
    expect(nameless).toBe(0);
  });

  it.each(['light', 'dark'] as const)('texts stand out, in %s', async (colorScheme) => {
    await send('Hello', 'Content-Type: text/html', '', '<p>Hello');
    servers.mail.deliver('alice', 'Subject: Seen\r\n\r\n', { flags: ['\\Seen'] });
    const page = await open('#/mail/alice/INBOX/1', { colorScheme });
    await page.getByRole('heading', { name: 'Hello' }).waitFor();
    const background = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    expect(background === 'rgb(255, 255, 255)').toBe(colorScheme === 'light');
    for (const hash of [
      'mail/alice/INBOX/1',
      'news',
      'files',
      'connections/smtp/0',
      'faults',
      'servers',
    ]) {
      await page.goto(`${servers.web?.url}#/${hash}`);
      await page.locator(`main[data-place="#/${hash}"] h2`).first().waitFor();
      expect(await page.evaluate(faintTexts), hash).toEqual([]);
    }
    isQuiet();
  });

  it('on a narrow screen nothing is cut off', async () => {
    await send('Hello');
    const page = await open('#/mail/alice/INBOX/1', { viewport: { width: 360, height: 700 } });
    await page.getByRole('heading', { name: 'Hello' }).waitFor();
    const [width, shown] = await page.evaluate(() => [
      document.documentElement.scrollWidth,
      document.documentElement.clientWidth,
    ]);
    expect(width).toBe(shown);
  });
});

describe('who may see it', () => {
  it('with a token: the address that is printed opens the page, another does not', async () => {
    await servers.close();
    servers = await startTestServers({ users: { alice: 'x' }, web: { token: 'open-sesame' } });
    const page = await open();
    await page.getByText('live', { exact: true }).waitFor();
    expect(page.url()).not.toContain('open-sesame');
    const { origin } = new URL(servers.web?.url ?? '');
    const other = await openPage(browser, origin);
    expect(await other.page.textContent('body')).toContain('The token is missing');
    await other.close();
  });

  it('a page of another site reads nothing and changes nothing', async () => {
    servers.mail.deliver('alice', 'Subject: Secret\r\n\r\n');
    const evil = await startTestServers({ web: true });
    try {
      const page = await open();
      await page.goto(evil.web?.url ?? '');
      const target = servers.web?.url ?? '';
      const outcome = await page.evaluate(async (url) => {
        const tried: string[] = [];
        for (const mode of ['cors', 'no-cors'] as const)
          for (const [path, init] of [
            ['api/messages', {}],
            [
              'api/clear',
              { method: 'POST', body: '{}', headers: { 'Content-Type': 'text/plain' } },
            ],
          ] as const)
            tried.push(
              await fetch(url + path, { ...init, mode }).then(
                (one) => one.type,
                () => 'failed',
              ),
            );
        return tried;
      }, target);
      expect(outcome.every((one) => one === 'failed' || one === 'opaque')).toBe(true);
      expect(await servers.mail.messages()).toHaveLength(1);
    } finally {
      await evil.close();
    }
  });
});

it('looks like the picture in the README', async () => {
  const html =
    '<h2 style="font-family:sans-serif">Thank you</h2><p style="font-family:sans-serif">Your order is on its way. <a href="https://shop.example/1">Follow it</a>';
  await send('Your invoice', 'Content-Type: text/plain', '', 'Attached.');
  await send('Reset your password', 'Content-Type: text/plain', '', 'https://app.example/reset');
  await send('Your order is on its way', 'Content-Type: text/html; charset=utf-8', '', html);
  const page = await open('#/mail/alice/INBOX/3');
  await page.frameLocator('iframe').getByText('Thank you').waitFor();
  const picture = await page.screenshot(
    process.env.FIVEWIRE_SCREENSHOT ? { path: screenshot } : {},
  );
  expect(picture.length).toBeGreaterThan(10_000);
});
