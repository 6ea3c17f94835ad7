import { afterEach, describe, expect, it } from 'vitest';
import { dosLine } from '../src/ftp/listing.js';
import {
  mannerNames,
  startFtpServer,
  startTestServers,
  type TestServers,
  type TestServersOptions,
} from '../src/index.js';
import type { TestProtocol } from '../src/line-server.js';
import { Client } from './client.js';

let servers: TestServers | undefined;
const clients: Client[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  expect(servers?.problems ?? []).toEqual([]);
  await servers?.close();
  servers = undefined;
});

async function start(options: TestServersOptions): Promise<TestServers> {
  servers = await startTestServers({ users: { alice: 'secret' }, ...options });
  return servers;
}

async function dial(protocol: TestProtocol): Promise<Client> {
  const client = await Client.dial((servers as TestServers).ports[protocol].cleartext);
  clients.push(client);
  return client;
}

/** An IMAP session that has logged in: the lines of an answer, the tag left out. */
async function imap() {
  const client = await dial('imap');
  await client.line();
  const run = async (command: string) => {
    client.send(`t ${command}\r\n`);
    return client.until(/^t |^\* BYE/);
  };
  await run('LOGIN alice secret');
  return run;
}

const crlf = (text: string) => text.replaceAll('\n', '\r\n');
const mail = crlf(
  'From: a@x\nTo: b@x, c@x\nSubject: S\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Disposition: inline\n\nx\n--b--\n',
);

describe('IMAP', () => {
  it.each<[string, string[], string, RegExp | string]>([
    ['gmail', [], 'SELECT INBOX', /^\* OK \[HIGHESTMODSEQ 3\]$/],
    ['exchange-2003', [], 'NAMESPACE', '* BYE Connection is closed. 15'],
    ['exchange', ['SELECT INBOX'], 'FETCH 1 BODYSTRUCTURE', /NIL "inline" NIL NIL\)/],
    ['exchange', ['SELECT INBOX'], 'MOVE 1 Sent', /^\[COPYUID \d+ 1 1\]$/],
    ['outlook', ['SELECT INBOX'], 'FETCH 1 ENVELOPE', /"b" "x"\) \(NIL NIL "c" "x"\)/],
    ['qq', [], 'SELECT INBOX', /^t NO SELECT Unsafe Login/],
    ['qq', ['ID ("name" "x")'], 'SELECT INBOX', /^t OK/],
    ['qq', ['ID ("name" "x")', 'SELECT INBOX'], 'FETCH 2,1 FLAGS', /^t BAD/],
    ['qq', ['ID ("name" "x")', 'SELECT INBOX'], 'FETCH 1:* FLAGS', /^t OK/],
    ['163', [], 'STATUS INBOX (MESSAGES)', '* STATUS "INBOX"'],
    ['icloud', [], 'CAPABILITY', /^\* CAPABILITY .* $/],
    ['yahoo', [], 'SELECT INBOX', '* OK [HIGHESTMODSEQ 1] Highest'],
    ['yahoo', [], `NOOP ${'x'.repeat(1_000)}`, 't BAD [SERVERBUG] Command too long'],
    ['hmailserver', [], 'CAPABILITY', /^\* CAPABILITY IMAPrev1 /],
    ['hmailserver', ['SELECT INBOX'], 'FETCH 2:1 FLAGS', /^t BAD/],
    ['mail.ru', ['SELECT INBOX'], 'FETCH 1 BODYSTRUCTURE', /\("boundary" NIL\)/],
    ['mail.ru', ['SELECT INBOX'], 'FETCH 2 RFC822.SIZE', '* 2 FETCH (RFC822.SIZE 1.20e+06)'],
    ['zoho', ['SELECT INBOX'], 'FETCH 1 MODSEQ', '* 1 FETCH (MODSEQ (-1))'],
    ['zimbra', ['SELECT INBOX'], 'SEARCH ALL  SEEN', /^t BAD/],
    ['strato', ['SELECT INBOX'], 'UID SEARCH RETURN (ALL) ALL', '* ESEARCH (TAG "t") UID'],
    ['strato', [], 'LIST "" % RETURN (SUBSCRIBED)', /^\* LIST .*"Drafts"$/],
    ['proton', [], 'LIST (SPECIAL-USE) "" *', /^t BAD/],
    ['domino', ['SELECT INBOX'], 'FETCH 1 INTERNALDATE', /"00-Jan-0000 00:00:00 \+0000"/],
    ['yandex', [], 'LOGOUT', /^\* BYE/],
    [
      'outlook-throttled',
      ['SELECT INBOX'],
      'FETCH 1 FLAGS',
      /^t BAD Request is throttled\. Suggested Backoff Time: \d+/,
    ],
    ['outlook-throttled', ['SELECT INBOX', 'FETCH 1 FLAGS'], 'FETCH 1 FLAGS', /^t OK/],
    ['courier', ['SELECT INBOX'], 'STORE 1 FLAGS (\\Seen)', '* 0 FETCH (FLAGS ())'],
    ['courier', [], `SELECT ${'x'.repeat(16_385)}`, /^t BAD/],
    ['smartermail', ['SELECT INBOX'], 'FETCH 1 ENVELOPE', /"c" "x"\) NIL\)/],
  ])('%s: %j %s', async (like, before, command, expected) => {
    const { mail: store } = await start({ like, protocols: ['imap'] });
    store.deliver('alice', mail);
    store.deliver('alice', 'x'.repeat(1_200_000));
    const run = await imap();
    for (const one of before) await run(one);
    const lines = await run(command);
    expect(lines).toContainEqual(
      typeof expected === 'string' ? expected : expect.stringMatching(expected),
    );
    expect(lines.filter((line) => line === '')).toEqual([]);
  });

  it('icloud tells nothing of ENABLE; strato’s LIST forgets INBOX', async () => {
    await start({ like: 'icloud', protocols: ['imap'] });
    expect(await (await imap())('ENABLE CONDSTORE')).toEqual(['t OK Done']);
    await servers?.close();
    await start({ like: 'strato', protocols: ['imap'] });
    expect(await (await imap())('LIST "" INBOX RETURN (SUBSCRIBED)')).toEqual(['t OK Done']);
  });

  it('dovecot answers with all data first', async () => {
    await start({ like: 'dovecot', protocols: ['imap'] });
    const client = await dial('imap');
    await client.line();
    client.send('t LOGIN alice secret\r\n');
    await client.until(/^t /);
    client.send('a STATUS INBOX (MESSAGES)\r\nb STATUS Sent (MESSAGES)\r\n');
    expect((await client.until(/^b /)).map((line) => line.slice(0, 8))).toEqual([
      '* STATUS',
      '* STATUS',
      'a OK Don',
      'b OK Don',
    ]);
  });
});

describe('POP3', () => {
  const open = async (like: string) => {
    const { mail: store } = await start({
      like,
      protocols: ['pop3'],
      accessTokens: { alice: 't' },
    });
    store.deliver('alice', 'Subject: a\r\n\r\nb\r\n');
    const client = await dial('pop3');
    await client.line();
    return client;
  };
  const login = async (client: Client) => {
    await client.ask('USER alice');
    await client.ask('PASS secret');
  };
  const capa = async (client: Client) => {
    client.send('CAPA\r\n');
    return client.until(/^\.$/);
  };

  it.each(['gmail', 'zimbra'])('%s pipelines after the login only', async (like) => {
    const client = await open(like);
    expect(await capa(client)).not.toContain('PIPELINING');
    await login(client);
    expect(await capa(client)).toContain('PIPELINING');
  });

  it('outlook takes no token in AUTH’s own line', async () => {
    const client = await open('outlook');
    expect(await client.ask('AUTH XOAUTH2 dXNlcj1hbGljZQ==')).toMatch(/^-ERR Protocol error/);
    expect(await client.ended).toBe('end');
  });

  it('exchange lists wrong sizes, qmail adds a line, o2.pl says +OK, UIDL is not listed', async () => {
    const exchange = await open('exchange');
    await login(exchange);
    exchange.send('LIST\r\nLIST 1\r\n');
    expect((await exchange.until(/^\.$/)).at(1)).toBe('1 34');
    expect(await exchange.line()).toBe('+OK 1 17');
    await servers?.close();
    const qmail = await open('qmail');
    await login(qmail);
    qmail.send('RETR 1\r\n');
    expect((await qmail.until(/^\.$/)).slice(1)).toEqual(['Subject: a', '', 'b', '', '.']);
    await servers?.close();
    const glued = await open('exchange-2000');
    await login(glued);
    glued.send('RETR 1\r\n');
    expect((await glued.until(/\.$/)).slice(1)).toEqual(['Subject: a', '', 'b.']);
    await servers?.close();
    const greenmail = await open('greenmail');
    servers?.mail.deliver('alice', 'Subject: b\r\n\r\n.dot\r\n');
    await login(greenmail);
    greenmail.send('RETR 2\r\n');
    expect((await greenmail.until(/^\.$/)).slice(1)).toEqual(['Subject: b', '', '.dot', '.']);
    await servers?.close();
    const fastmail = await open('fastmail');
    await login(fastmail);
    expect(await fastmail.ask('UIDL 1')).toMatch(/^\+OK 1 f{70}\S+$/);
    fastmail.send('UIDL\r\n');
    expect((await fastmail.until(/^\.$/)).at(1)).toMatch(/^1 f{70}\S+$/);
    await servers?.close();
    expect(await (await open('o2.pl')).ask('AUTH PLAIN')).toMatch(/^\+OK/);
    await servers?.close();
    expect(await capa(await open('unlisted'))).not.toContain('UIDL');
  });
});

it('exchange-2003 says in its greeting who it is', async () => {
  await start({ like: 'exchange-2003', protocols: ['imap'] });
  expect(await (await dial('imap')).line()).toMatch(/^\* OK Microsoft Exchange Server 2003 /);
});

describe('FTP', () => {
  const open = async (like: string) => {
    await start({ like, protocols: ['ftp'], files: { '/a.txt': 'abc' } });
    const client = await dial('ftp');
    await client.line();
    await client.ask('USER alice');
    await client.ask('PASS secret');
    return client;
  };

  it('proftpd knows sizes in TYPE I only', async () => {
    const client = await open('proftpd');
    expect(await client.ask('SIZE a.txt')).toBe('550 SIZE not allowed in ASCII mode');
    await client.ask('TYPE I');
    expect(await client.ask('SIZE a.txt')).toBe('213 3');
    client.send('FEAT\r\nMLST\r\n');
    expect((await client.until(/^211 /)).every((line) => line.startsWith('211'))).toBe(true);
    expect((await client.until(/^250 /)).join()).toContain('type=cdir;');
  });

  it('vsftpd has no MLST, a fritzbox no FEAT', async () => {
    expect(await (await open('vsftpd')).ask('MLST')).toMatch(/^500/);
    await servers?.close();
    expect(await (await open('fritzbox')).ask('FEAT')).toMatch(/^500/);
  });

  it('iis lists as DOS does, pureftpd says more at the end, serv-u ends with a dot', async () => {
    for (const [like, command, seen] of [
      ['iis', 'PASV', /^\d\d-\d\d-\d\d {2}\d\d:\d\d[AP]M +3 a\.txt\r\n$/],
      ['pureftpd', 'PASV', / a\.txt\r\n$/],
    ] as const) {
      const client = await open(like);
      if (like === 'iis') expect(await client.ask('SYST')).toBe('215 Windows_NT');
      const numbers = /\(([\d,]+)\)/.exec(await client.ask(command))?.[1]?.split(',') ?? [];
      const data = await Client.dial(Number(numbers[4]) * 256 + Number(numbers[5]));
      client.send('LIST\r\n');
      await data.ended;
      expect(Buffer.concat(data.chunks).toString()).toMatch(seen);
      const end = await client.until(/^226 /);
      expect(end.some((line) => line.startsWith('226-'))).toBe(like === 'pureftpd');
      await servers?.close();
    }
    expect(await (await open('serv-u')).ask('EPSV')).toMatch(/^229 .*\)\.$/);
    await servers?.close();
    expect(await (await open('os400')).ask('EPSV')).toMatch(/^229 .*\(!!!\d+!\)$/);
  });

  it('drftpd opens no port before PRET, and refuses to list nothing', async () => {
    const client = await open('drftpd');
    await client.ask('MKD /empty');
    client.send('FEAT\r\n');
    expect(await client.until(/^211 /)).toContain(' PRET');
    expect(await client.ask('PASV')).toMatch(/^500 .*PRET/);
    expect(await client.ask('PRET LIST /empty')).toMatch(/^200/);
    expect(await client.ask('PASV')).toMatch(/^227/);
    expect(await client.ask('LIST /empty')).toBe('550 No files found');
  });

  it('mvs takes no option of ls, and refuses to list nothing', async () => {
    const client = await open('mvs');
    await client.ask('MKD /empty');
    expect(await client.ask('SYST')).toMatch(/^215 MVS/);
    expect(await client.ask('LIST -a /')).toMatch(/^501/);
    expect(await client.ask('LIST /empty')).toMatch(/^550 No members/);
  });

  it('glftpd ends what it began with 250 by 200', async () => {
    const client = await open('glftpd');
    client.send('CWD /\r\n');
    expect(await client.until(/^\d+ /)).toEqual([
      '250-[ info ]',
      ' 100 credits left',
      '200 Command okay.',
    ]);
  });

  it('lists as dir does', () => {
    const modified = new Date('2026-11-24T12:05:00Z');
    const file = { kind: 'file', octets: Buffer.from('abc'), modified, mode: 0 } as const;
    expect(dosLine('a b.txt', file)).toBe('11-24-26  12:05PM                    3 a b.txt');
    const folder = { kind: 'folder', entries: new Map(), modified: new Date(0), mode: 0 } as const;
    expect(dosLine('d', folder)).toBe('01-01-70  12:00AM       <DIR>          d');
  });
});

describe('NNTP', () => {
  it('inn, leafnode and usenet providers', async () => {
    await start({ like: 'inn', protocols: ['nntp'] });
    const inn = await dial('nntp');
    await inn.line();
    expect(await inn.ask('GROUP test.fivewire')).toBe('211 0 0 0 test.fivewire');
    expect(await inn.ask('OVER 1-9')).toBe('420 No such article');
    await servers?.close();
    await start({ like: 'leafnode', protocols: ['nntp'] });
    const leafnode = await dial('nntp');
    await leafnode.line();
    expect(await leafnode.ask('CAPABILITIES')).toBe('500 Unknown command');
    await servers?.close();
    await start({ like: 'usenet', protocols: ['nntp'] });
    const usenet = await dial('nntp');
    await usenet.line();
    expect(await usenet.ask('GROUP test.fivewire')).toBe('480 Authentication required');
    await usenet.ask('AUTHINFO USER alice');
    await usenet.ask('AUTHINFO PASS secret');
    expect(await usenet.ask('LISTGROUP test.fivewire')).toBe('211 Article list follows');
  });
});

describe('manners', () => {
  it('are known by name, and what is not known is refused', async () => {
    expect(mannerNames('imap')).toContain('exchange');
    expect(mannerNames()).toEqual(expect.arrayContaining(['gmail', 'proftpd', 'leafnode']));
    await expect(startFtpServer({ like: 'gmial' })).rejects.toThrow(/there is no gmial; there are/);
    await expect(startFtpServer({ like: 'constructor' })).rejects.toThrow(TypeError);
    await (await startFtpServer({ like: 'gmail' })).close();
  });

  it('give way to options that are named', async () => {
    await start({
      like: 'qq',
      protocols: ['imap'],
      hide: ['IDLE'],
      imap: { answerOrder: 'last-first' },
    });
    const [capability] = await (await imap())('CAPABILITY');
    expect(capability).not.toMatch(/ IDLE| SORT/);
  });
});

describe('throttle', () => {
  it.each<[TestProtocol, string]>([
    ['ftp', '421 Too many connections, try again later'],
    ['imap', '* BYE [UNAVAILABLE] Too many connections, try again later'],
    ['pop3', '-ERR [SYS/TEMP] Too many connections, try again later'],
    ['smtp', '421 4.7.0 Too many connections, try again later'],
    ['nntp', '400 Too many connections, try again later'],
  ])('%s refuses a connection too many', async (protocol, refusal) => {
    await start({ protocols: [protocol], throttle: { connections: 1 } });
    const first = await dial(protocol);
    expect(await first.line()).not.toBe(refusal);
    const second = await dial(protocol);
    expect(await second.line()).toBe(refusal);
    expect(await second.ended).toBe('end');
    first.close();
    const isOver = () => servers?.[protocol].connections[0]?.closed;
    while (!isOver()) await new Promise(setImmediate);
    expect(await (await dial(protocol)).line()).not.toBe(refusal);
  });

  it('refuses a command too many', async () => {
    await start({ protocols: ['nntp'], throttle: { commands: 2 } });
    const client = await dial('nntp');
    await client.line();
    for (let n = 0; n < 2; n++) expect(await client.ask('DATE')).toMatch(/^111/);
    expect(await client.ask('DATE')).toBe('400 Too many commands, try again later');
    expect(await client.ended).toBe('end');
  });
});

describe('SMTP', () => {
  const open = async () => {
    const client = await dial('smtp');
    await client.line();
    client.send('EHLO x\r\n');
    await client.until(/^250 /);
    return client;
  };
  const send = async (client: Client) => {
    for (const line of ['RCPT TO:<alice@x>', 'DATA', '.']) {
      const reply = await client.ask(line);
      if (!/^[23]/.test(reply)) return reply;
    }
    return 'sent';
  };

  it('greylists strangers: the second attempt is taken, over another connection too', async () => {
    await start({ protocols: ['smtp'], smtp: { greylist: true } });
    const first = await open();
    await first.ask('MAIL FROM:<a@x>');
    expect(await send(first)).toBe('451 4.7.1 Greylisted, try again later');
    const second = await open();
    await second.ask('MAIL FROM:<A@x>');
    expect(await send(second)).toBe('sent');
    await second.ask('MAIL FROM:<b@x>');
    expect(await send(second)).toMatch(/^451/);
    const known = await open();
    await known.ask('AUTH PLAIN AGFsaWNlAHNlY3JldA==');
    await known.ask('MAIL FROM:<c@x>');
    expect(await send(known)).toBe('sent');
  });

  it('takes so many messages on a connection', async () => {
    await start({ protocols: ['smtp'], smtp: { messagesPerConnection: 1 } });
    const client = await open();
    expect(await client.ask('MAIL FROM:<a@x>')).toMatch(/^250/);
    expect(await send(client)).toBe('sent');
    expect(await client.ask('MAIL FROM:<a@x>')).toMatch(/^421 4\.7\.0 Too many messages/);
    expect(await client.ended).toBe('end');
  });
});

it('latency: what the server says comes later, and in order; the end of the connection ends the wait', async () => {
  await start({ protocols: ['nntp'], faults: { latency: 1 } });
  const client = await dial('nntp');
  client.send('DATE\r\nDATE\r\nQUIT\r\n');
  expect((await client.until(/^205/)).map((line) => line.slice(0, 3))).toEqual([
    '200',
    '111',
    '111',
    '205',
  ]);
  if (servers) servers.nntp.faults = { latency: 3_600_000 };
  await dial('nntp');
  // close() in afterEach would hang, were the pause not over with the connection.
});
