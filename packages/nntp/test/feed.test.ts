/** Articles from server to server: IHAVE, and CHECK and TAKETHIS in a stream. */
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { Article, type Fed, type Feedable, type NntpClient } from '../src/index.js';
import { capabilities, failure, play } from './dialogue.js';

const peer = (dialogue: string, caps = ['VERSION 2', 'IHAVE', 'STREAMING']) =>
  `S: 200 hi\n${capabilities(caps)}\n${dialogue}`;
const article = (id: string): Feedable => ({
  messageId: id,
  article: `Message-ID: ${id}\n\n.${id}\n`,
});
const sent = (id: string) => `C: Message-ID: ${id}\nC: \nC: ..${id}\nC: .`;
const ids = (count: number) => Array.from({ length: count }, (_, i) => `<${i + 1}@x>`);

async function all(nntp: NntpClient, articles: Feedable[], options = {}): Promise<unknown[]> {
  const seen: Fed[] = [];
  const loop = async () => {
    for await (const each of nntp.feed(articles, options)) seen.push(each);
  };
  const { code } = await failure(loop());
  const told = seen.map(({ messageId, outcome }) => `${messageId} ${outcome}`);
  return code === 'no error' ? told : [...told, code];
}

describe('feed()', () => {
  const options = { reader: false };

  it('streams: CHECK ahead, TAKETHIS for what is wanted', async () => {
    const dialogue = peer(
      `C: CHECK <1@x>\nC: CHECK <2@x>\nC: CHECK <3@x>\nS: 238 <1@x>\nS: 438 <2@x>\nS: 431 <3@x>\nC: TAKETHIS <1@x>\n${sent('<1@x>')}\nS: 239 <1@x>\nC: DATE\nS: 111 20200101000000`,
    );
    const result = await play(
      dialogue,
      async (nntp) => {
        const seen = await all(nntp, ids(3).map(article));
        await nntp.date();
        return seen;
      },
      options,
    );
    expect(result).toEqual(['<1@x> accepted', '<2@x> duplicate', '<3@x> later']);
  });

  it('sends one behind the other without asking, where check is false', async () => {
    const dialogue = peer(
      `C: TAKETHIS <1@x>\n${sent('<1@x>')}\nC: TAKETHIS <2@x>\n${sent('<2@x>')}\nS: 239 <1@x>\nS: 439 <2@x> too old`,
    );
    const result = await play(
      dialogue,
      (nntp) => all(nntp, ids(2).map(article), { check: false }),
      options,
    );
    expect(result).toEqual(['<1@x> accepted', '<2@x> rejected']);
  });

  it('Cyrus: 439 says by its words that the article is there', async () => {
    const dialogue = peer(
      `C: TAKETHIS <1@x>\n${sent('<1@x>')}\nC: TAKETHIS <2@x>\n${sent('<2@x>')}\nS: 439 <1@x> Failed receiving article (Already have this article)\nS: 439 <2@x> Failed receiving <already@x> (Permission denied)`,
    );
    const result = await play(
      dialogue,
      (nntp) => all(nntp, ids(2).map(article), { check: false }),
      options,
    );
    expect(result).toEqual(['<1@x> duplicate', '<2@x> rejected']);
  });

  it('takes IHAVE where the server does not stream, one after the other', async () => {
    const dialogue = peer(
      `C: IHAVE <1@x>\nS: 335 send\n${sent('<1@x>')}\nS: 235 ok\nC: IHAVE <2@x>\nS: 435 have it\nC: IHAVE <3@x>\nS: 335\n${sent('<3@x>')}\nS: 437 no\nC: IHAVE <4@x>\nS: 436 later`,
      ['VERSION 2', 'IHAVE'],
    );
    const result = await play(dialogue, (nntp) => all(nntp, ids(4).map(article)), options);
    expect(result).toEqual(['<1@x> accepted', '<2@x> duplicate', '<3@x> rejected', '<4@x> later']);
  });

  it('501 is said of one article, and the others are offered', async () => {
    const stream = peer(
      'C: CHECK <1@x>\nC: CHECK <2@x>\nC: CHECK <3@x>\nS: 438 <1@x>\nS: 501 Bad message-id\nS: 438 <3@x>',
    );
    expect(await play(stream, (nntp) => all(nntp, ids(3).map(article)), options)).toEqual([
      '<1@x> duplicate',
      '<2@x> rejected',
      '<3@x> duplicate',
    ]);
    const ihave = (text: string) => peer(`C: IHAVE <1@x>\nS: 501 ${text}`, ['VERSION 2', 'IHAVE']);
    expect(
      await play(
        `${ihave('Bad message-id')}\nC: IHAVE <2@x>\nS: 435`,
        (nntp) => all(nntp, ids(2).map(article)),
        options,
      ),
    ).toEqual(['<1@x> rejected', '<2@x> duplicate']);
    expect(
      await play(ihave('Unrecognized command'), (nntp) => all(nntp, ids(1).map(article)), options),
    ).toEqual(['ERR_COMMAND_REJECTED']);
  });

  it('asks by MODE STREAM a server that does not say what it can', async () => {
    const dialogue =
      'S: 200 hi\nC: CAPABILITIES\nS: 500 what\nC: MODE STREAM\nS: 203 ok\nC: CHECK <1@x>\nS: 438 <1@x>';
    const result = await play(dialogue, (nntp) => all(nntp, [article('<1@x>')]), options);
    expect(result).toEqual(['<1@x> duplicate']);
  });

  it('says what is unknown where the connection breaks', async () => {
    const dialogue = peer(
      `C: TAKETHIS <1@x>\n${sent('<1@x>')}\nC: TAKETHIS <2@x>\n${sent('<2@x>')}\nS: 239 <1@x>\nCLOSE`,
    );
    const result = await play(
      dialogue,
      (nntp) => all(nntp, ids(2).map(article), { check: false }),
      options,
    );
    expect(result).toEqual(['<1@x> accepted', '<2@x> unknown', 'ERR_CONNECTION_CLOSED']);
  });

  it('an id that is none is told by its item, and not offered; the error that ends a loop says how far it came', async () => {
    const dialogue = peer('C: CHECK <1@x>\nC: CHECK <2@x>\nS: 438 <1@x>\nS: 502 no more');
    const result = await play(
      dialogue,
      async (nntp) => {
        const seen: unknown[] = [];
        const long = `<${'x'.repeat(257)}@y>`;
        try {
          for await (const { outcome, text } of nntp.feed(['<1@x>', long, '<2@x>'].map(article)))
            seen.push(outcome, text.split(' ', 3).join(' '));
        } catch (error) {
          const { code, given } = error as { code: string; given: { count: number } };
          seen.push(code, given.count);
        }
        return seen;
      },
      options,
    );
    expect(result).toEqual([
      ...['duplicate', '<1@x>', 'rejected', 'A message-id is', 'ERR_COMMAND_REJECTED', 2],
    ]);
  });

  it('what was only asked about is not sent where the loop is left', async () => {
    const dialogue = peer(
      'C: CHECK <1@x>\nC: CHECK <2@x>\nS: 438 <1@x>\nC: DATE\nS: 238 <2@x>\nS: 111 20200101000000\nC: DATE\nS: 111 20200101000000',
    );
    await play(
      dialogue,
      async (nntp) => {
        let date: Promise<Date> | undefined;
        for await (const _ of nntp.feed(ids(2).map(article), { window: 2 })) {
          date = nntp.date();
          break;
        }
        await date;
        await nntp.date();
      },
      options,
    );
  });

  it('an answer about another article is none', async () => {
    const dialogue = peer('C: CHECK <1@x>\nS: 238 <2@x>');
    const result = await play(dialogue, (nntp) => all(nntp, [article('<1@x>')]), options);
    expect(result).toEqual(['<1@x> unknown', 'ERR_MALFORMED_RESPONSE']);
  });

  it('a refusal is an error; an Article knows its id', async () => {
    const dialogue = peer('C: CHECK <1@x>\nS: 480 who are you\nC: DATE\nS: 111 20200101000000');
    const made = new Article({
      from: 'a@b.example',
      newsgroups: 'x.y',
      subject: 's',
      body: 'b',
      messageId: '<1@x>',
    });
    const result = await play(
      dialogue,
      async (nntp) => {
        const seen = await all(nntp, [made]);
        await nntp.date();
        return seen;
      },
      options,
    );
    expect(result).toEqual(['ERR_COMMAND_REJECTED']);
  });

  it.each(['403 fault', '436 busy', '499 hm'])(
    'a trouble of the moment (%s) is its item’s: the next one is offered',
    async (trouble) => {
      const dialogue = peer(
        `C: TAKETHIS <1@x>\n${sent('<1@x>')}\nC: TAKETHIS <2@x>\n${sent('<2@x>')}\nS: ${trouble}\nS: 239 <2@x>\nC: CHECK <3@x>\nS: ${trouble}\nC: DATE\nS: 111 20200101000000`,
      );
      const result = await play(
        dialogue,
        async (nntp) => {
          const sentAtOnce = await all(nntp, ids(2).map(article), { check: false });
          const asked = await all(nntp, [article('<3@x>')]);
          await nntp.date();
          return [...sentAtOnce, ...asked];
        },
        options,
      );
      expect(result).toEqual(['<1@x> later', '<2@x> accepted', '<3@x> later']);
    },
  );

  it.each(['502 no', '500 what', '480 who are you'])(
    'a refusal for good (%s) ends the loop, and what became of those under way comes first',
    async (refusal) => {
      const dialogue = peer(
        `C: TAKETHIS <1@x>\n${sent('<1@x>')}\nC: TAKETHIS <2@x>\n${sent('<2@x>')}\nC: TAKETHIS <3@x>\n${sent('<3@x>')}\nS: ${refusal}\nS: 239 <2@x>\nS: 439 <3@x>\nC: DATE\nS: 111 20200101000000`,
      );
      const result = await play(
        dialogue,
        async (nntp) => {
          const seen = await all(nntp, ids(3).map(article), { check: false });
          await nntp.date();
          return seen;
        },
        options,
      );
      expect(result).toEqual([
        '<2@x> accepted',
        '<3@x> rejected',
        expect.stringMatching(/^ERR_(COMMAND_REJECTED|EXTENSION_REQUIRED)$/),
      ]);
    },
  );

  describe('a login asked for in the middle', () => {
    const caps = ['VERSION 2', 'IHAVE', 'STREAMING', 'AUTHINFO USER'];
    const logIn = `C: AUTHINFO USER fred\nS: 281 ok\n${capabilities(caps)}`;
    const begun = `S: 200 hi\n${capabilities(caps)}\n${logIn}`;
    const fred = { ...options, auth: { user: 'fred', password: 'secret' } };
    const three = (line: (id: string) => string) => ids(3).map(line).join('\n');
    const offers = three((id) => `C: TAKETHIS ${id}\n${sent(id)}`);

    it('is had once, and what was refused is offered again', async () => {
      const dialogue = `${begun}\n${offers}\n${three(() => 'S: 480')}\n${logIn}\n${offers}\n${three((id) => `S: 239 ${id}`)}\n${three((id) => `C: CHECK ${id}`)}\n${three(() => 'S: 480')}\n${logIn}\n${three((id) => `C: CHECK ${id}`)}\n${three((id) => `S: 438 ${id}`)}`;
      const result = await play(
        dialogue,
        async (nntp) => [
          ...(await all(nntp, ids(3).map(article), { check: false })),
          ...(await all(nntp, ids(3).map(article))),
        ],
        fred,
      );
      expect(result).toEqual([
        ...ids(3).map((id) => `${id} accepted`),
        ...ids(3).map((id) => `${id} duplicate`),
      ]);
    });

    it('a stream can be sent once: it may be offered again, and those behind it go on', async () => {
      const dialogue = `${begun}\n${offers}\n${three(() => 'S: 480')}\n${logIn}\nC: TAKETHIS <4@x>\n${sent('<4@x>')}\nS: 239 <4@x>`;
      const streamed = (id: string): Feedable => ({
        messageId: id,
        article: Readable.from([`Message-ID: ${id}\n\n.${id}\n`]),
      });
      const result = await play(
        dialogue,
        async (nntp) => [
          ...(await all(nntp, ids(3).map(streamed), { check: false })),
          ...(await all(nntp, [streamed('<4@x>')], { check: false })),
        ],
        fred,
      );
      expect(result).toEqual([...ids(3).map((id) => `${id} later`), '<4@x> accepted']);
    });
  });

  it.each<[string, string[]]>([
    ['TAKETHIS', ['VERSION 2', 'IHAVE', 'STREAMING']],
    ['IHAVE', ['VERSION 2', 'IHAVE']],
  ])(
    'an article that is none (%s) is told by its item, and nothing is said of it',
    async (verb, caps) => {
      const accepted =
        verb === 'IHAVE'
          ? `C: IHAVE <2@x>\nS: 335\n${sent('<2@x>')}\nS: 235`
          : `C: TAKETHIS <2@x>\n${sent('<2@x>')}\nS: 239 <2@x>`;
      const dialogue = `S: 200 hi\n${capabilities(caps)}\n${accepted}\nC: DATE\nS: 111 20200101000000`;
      const result = await play(
        dialogue,
        async (nntp) => {
          const wrong = { messageId: '<1@x>', article: 5 } as unknown as Feedable;
          const seen = await all(nntp, [wrong, article('<2@x>')], { check: false });
          await nntp.date();
          return seen;
        },
        options,
      );
      expect(result).toEqual(['<1@x> rejected', '<2@x> accepted']);
    },
  );
});

it('sends no article where more than the go-ahead of IHAVE has come: that is no word about it', async () => {
  const dialogue = peer('C: IHAVE <1@x>\nS-raw: 335 send\\r\\n235 ok\\r\\n\nC-end', [
    'VERSION 2',
    'IHAVE',
  ]);
  const result = await play(
    dialogue,
    async (nntp) => {
      const seen: unknown[] = [];
      const loop = async () => {
        for await (const { messageId, outcome } of nntp.feed([article('<1@x>')]))
          seen.push([messageId, outcome]);
      };
      const { code, connection } = await failure(loop());
      return [code, connection, seen];
    },
    { deliveries: ['whole'] },
  );
  expect(result).toEqual(['ERR_MALFORMED_RESPONSE', 'closed', [['<1@x>', 'unknown']]]);
});
