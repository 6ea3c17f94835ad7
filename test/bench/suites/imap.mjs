// IMAP: rows, bodies, appends and what costs much, against a scripted server in a process of its own.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expectedBodies, expectedFacts } from '../imap-mailbox.mjs';
import { startRelay } from '../relay.mjs';

const script = fileURLToPath(new URL('../imap-server.mjs', import.meta.url));

/** @param makeInput of `full`: what the mailbox is, and what contenders are told of it */
const serving =
  (makeInput, roundTrip = 0) =>
  async ({ full }) => {
    const { count = 20_000, bodyOctets, ids, ...more } = makeInput(full);
    const child = spawn(process.execPath, [script, JSON.stringify({ count, bodyOctets, ids })], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const [line] = await once(child.stdout.setEncoding('utf8'), 'data');
    const port = Number(line);
    const relay =
      roundTrip > 0 ? await startRelay({ host: '127.0.0.1', port }, { roundTrip }) : undefined;
    return {
      input: { host: relay?.host ?? '127.0.0.1', port: relay?.port ?? port, count, ids, ...more },
      close: async () => {
        await relay?.close();
        child.stdin.end();
        await once(child, 'exit');
      },
    };
  };

const meta = (count) => () => ({ count, facts: expectedFacts(count) });
const bodies = () => ({ octets: expectedBodies(20_000) });
const longest = (full) => (full ? 2 ** 30 : 2 ** 28);
const long = (full) => ({
  count: 1,
  bodyOctets: longest(full),
  octets: longest(full),
  long: longest(full),
});

const own = (raw, fivewire) => ({ raw: ['imap', raw], fivewire: ['imap', fivewire] });
const against = (name) => ({
  ...own(`raw${name}`, `fivewire${name}`),
  imapflow: ['imap', `imapflow${name}`],
  imap: ['imap', `nodeImap${name}`],
});
const atMost = (...targets) =>
  targets.map(([peer, most]) => ({ contender: 'fivewire', peer, most }));

export default [
  {
    work: '20,000 rows: ENVELOPE, BODYSTRUCTURE',
    serve: serving(meta(20_000)),
    contenders: against('Meta'),
    reference: 'raw',
    targets: atMost(['raw', 2.5]),
  },
  {
    work: '100,000 rows',
    serve: serving(meta(100_000)),
    contenders: own('rawMeta', 'fivewireMeta'),
    reference: 'raw',
    targets: [],
  },
  {
    work: '20,000 bodies',
    serve: serving(bodies),
    contenders: against('Bodies'),
    reference: 'raw',
    targets: atMost(['raw', 2]),
  },
  {
    work: '20,000 bodies at 20 ms',
    serve: serving(bodies, 20),
    contenders: { ...own('rawBodies', 'fivewireBodies'), imapflow: ['imap', 'imapflowBodies'] },
    reference: 'raw',
    targets: [],
  },
  {
    work: '2,000 messages appended',
    serve: serving(() => ({ append: 2_000 })),
    contenders: { ...own('rawAppend', 'fivewireAppend'), imapflow: ['imap', 'imapflowAppend'] },
    reference: 'raw',
    targets: atMost(['raw', 2.5]),
  },
  {
    work: '2,000 messages appended at 20 ms',
    serve: serving(() => ({ append: 2_000 }), 20),
    contenders: own('rawAppend', 'fivewireAppend'),
    reference: 'raw',
    targets: [],
  },
  {
    work: 'one long body in',
    serve: serving(long),
    contenders: own('rawBodies', 'fivewireBodies'),
    reference: 'raw',
    targets: atMost(['raw', 1.25]),
  },
  {
    work: 'one long body out',
    serve: serving(long),
    contenders: own('rawOut', 'fivewireOut'),
    reference: 'raw',
    targets: atMost(['raw', 1.25]),
  },
  {
    work: '500,000 UIDs found',
    serve: serving(() => ({ count: 1_000_000, ids: 500_000 })),
    contenders: own('rawIds', 'fivewireIds'),
    reference: 'raw',
    targets: [],
  },
  {
    work: '5,000 literals of one octet',
    serve: serving(() => ({})),
    contenders: own('rawLiterals', 'fivewireLiterals'),
    reference: 'raw',
    targets: [],
  },
  {
    work: 'VANISHED 1:4294967295',
    serve: serving(() => ({})),
    contenders: own('rawVanished', 'fivewireVanished'),
    reference: 'raw',
    targets: [],
  },
];
