/**
 * The responses in imap-codec's tests. Their expected values are Rust source; what is compared is what a regular
 * expression can read there: the kind of response, status, tag, code, text and numbers.
 */
import { describe, expect, it } from 'vitest';
import { literalMark } from '../src/grammar/frame.js';
import { parseResponse, type Response } from '../src/grammar/response.js';
import { corpus, framesOf } from './support/frames.js';

const cases = corpus('imap/imap-codec/cases.jsonl')?.map((line) => ({
  name: String(line.test).split('/').at(-1) as string,
  octets: Buffer.from(String(line.input_b64), 'base64').toString('latin1'),
  rust: String(line.rust_context_after),
}));

/** What we take although imap-codec refuses it, and why. The value is the type that ours has. */
const disagreements: Record<
  string,
  { type: Response['type'] | 'throws' | 'incomplete'; why: string }
> = {
  '* NO x\r\n': {
    type: 'status',
    why: 'no greeting, but a response; the client refuses it as greeting',
  },
  '* noop\r\n': { type: 'other', why: 'a command to them; an unknown response to us' },
  '* 1 FETCH (RFC822 {5}\r\n': {
    type: 'incomplete',
    why: 'the literal is still to come: no frame yet',
  },
  '*  search 1 2 3\r\n': {
    type: 'search',
    why: 'two spaces where one belongs: Zimbra and others are sloppy',
  },
  '* search \r\n': {
    type: 'search',
    why: 'a trailing space: they take it with a feature switched on',
  },
  '* 5 VANISHED 1:3\r\n': {
    type: 'other',
    why: 'a number before VANISHED: not read as VANISHED, like theirs',
  },
  '* 5 VANISHED (EARLIER) 1:3\r\n': { type: 'other', why: 'as above' },
  '+ Nose[CAY a\r\n': {
    type: 'continuation',
    why: 'the text of a continuation request does not matter',
  },
  '* STATUS INBOX (MESSAGES 100 UNSEEN 0)  \r\n': {
    type: 'status-data',
    why: 'trailing spaces (MS Exchange)',
  },
  '* STATUS INBOX (MESSAGES 100 UNSEEN 0) \r\n': { type: 'status-data', why: 'as above' },
  '* CAPABILITY IMAP4REV1 \r\n': { type: 'capability', why: 'a trailing space: iCloud' },
  '* CAPABILITY IMAP4REV1  \r\n': { type: 'capability', why: 'trailing spaces' },
};

/** Cases whose Rust holds no expected value. */
const without = new Set(['test_response_status_preauth']);

const responses = cases?.filter(({ octets }) =>
  /^(?:\* |\+|[a-z0-9]+ (?:OK|NO|BAD)\b)[\s\S]*\r\n/i.test(octets),
);

describe.runIf(cases !== undefined)('imap-codec', () => {
  it('has its responses', () => expect(responses?.length).toBeGreaterThanOrEqual(140));

  for (const { name, octets, rust } of responses ?? []) {
    it(`${name}: ${JSON.stringify(octets.slice(0, 80))}`, () => {
      const expected = disagreements[octets];
      const [frame] = framesOf(octets);
      if (expected?.type === 'incomplete') {
        expect(frame).toBeUndefined();
        return;
      }
      if (frame === undefined) throw new Error('no frame');
      const response = parseResponse(frame);
      if (without.has(name)) expect(response).toMatchObject({ type: 'status', status: 'PREAUTH' });
      else if (expected !== undefined) expect(response.type).toBe(expected.type);
      else if (rust.startsWith(', 10, Some(LiteralAnnouncement')) {
        // Their fragmentizer takes the literal; RFC 9051 has none in text, and waiting for it would hang.
        expect(response).toMatchObject({ type: 'status', text: '{1}' });
      } else expect(facets(response)).toMatchObject(rustFacets(rust));
    });
  }

  it('parses the server side of the transcripts', () => {
    const transcripts =
      cases?.filter(({ octets }) => octets.startsWith('C: ') || octets.startsWith('S: ')) ?? [];
    expect(transcripts.length).toBeGreaterThan(20);
    for (const { octets } of transcripts) {
      const server = octets.split('\n').filter((line) => line.startsWith('S: '));
      for (const frame of framesOf(server.map((line) => `${line.slice(3)}\r\n`).join(''))) {
        expect(parseResponse(frame).type).not.toBe('malformed');
      }
    }
  });

  it('finds the literals that their fragmentizer finds', () => {
    const lines = cases?.filter(({ name }) => name === 'parse_line_examples') ?? [];
    expect(lines.length).toBeGreaterThan(20);
    for (const { octets, rust } of lines) {
      const line = octets.slice(0, octets.indexOf('\n')).replace(/\r$/, '');
      const announced = /^[^(]*?Some\(LiteralAnnouncement \{ length: (\d+)/.exec(
        rust.replace(/\s+/g, ' '),
      );
      const size = announced === null ? undefined : Number(announced[1]);
      // Sizes of 2^32 and more are theirs to refuse: number64 allows them (RFC 9051 §9).
      if (line.includes('4294967296')) expect(literalMark(line)?.size).toBe(4_294_967_296);
      else expect([line, literalMark(line)?.size]).toEqual([line, size]);
    }
  });
});

const kinds: Record<string, Response['type']> = {
  search: 'search',
  fetch: 'fetch',
  exists: 'exists',
  recent: 'recent',
  expunge: 'expunge',
  capability: 'capability',
  list: 'list',
  lsub: 'lsub',
  status: 'status-data',
  vanished: 'vanished',
  id: 'id',
  flags: 'flags',
  quota: 'other',
  quotaroot: 'other',
  metadata: 'other',
};

function rustFacets(source: string): Record<string, unknown> {
  const whole = source
    .replace(/\s+/g, ' ')
    .replace(/#\[cfg\([^\]]*\)\]/g, '')
    .replace(/^(?:\.as_\w+\(\))?, (?:Ok\(\( ?)?(?:b"[^"]*"(?:\.as_\w+\(\))?, )?/, '');
  const next = whole.search(/\( ?b"/);
  const rust = next > 0 ? whole.slice(0, next) : whole;
  const data = /\bData::(\w+)/.exec(rust)?.[1]?.toLowerCase().replace('_', '');
  if (data !== undefined) {
    const number = /Data::(?:Exists|Recent|Expunge|expunge)\((\d+)/.exec(rust)?.[1];
    const known = /known_uids: "([^"]+)"/.exec(rust)?.[1];
    return {
      type: kinds[data],
      ...(number === undefined ? {} : { number: Number(number) }),
      ...(known === undefined ? {} : { uids: known, earlier: rust.includes('earlier: true') }),
    };
  }
  const status = /(?:Status|StatusKind|Greeting|GreetingKind)::(ok|no|bad|bye|preauth)\b/i.exec(
    rust,
  )?.[1];
  if (status !== undefined) {
    const tag = /Tag::try_from\("([^"]+)"\)/.exec(rust)?.[1];
    const code = /Code::(\w+)/.exec(rust.replace('MetadataCode', 'Metadata_Code'))?.[1];
    const text = [...rust.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map((found) => found[1]).at(-1);
    return { status: status.toUpperCase(), tag, code: code?.toLowerCase(), text };
  }
  if (/^\)\.is_ok\(\)/.test(rust)) return {};
  const text = /Continue::basic\(.*?"([^"]*)"/.exec(rust)?.[1] ?? '';
  return { type: 'continuation', text: expect.stringContaining(text === '\\x01' ? '\x01' : text) };
}

function facets(response: Response): Record<string, unknown> {
  switch (response.type) {
    case 'tagged':
    case 'status':
      return {
        status: response.status,
        tag: response.type === 'tagged' ? response.tag : undefined,
        code: response.code?.name.toLowerCase().replaceAll('-', ''),
        text: response.text,
      };
    case 'vanished':
      return {
        type: response.type,
        uids: response.data.uids.toString(),
        earlier: response.data.earlier,
      };
    default:
      return response as unknown as Record<string, unknown>;
  }
}
