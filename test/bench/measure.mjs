// Measures one work: each contender once with its output hashed, then in turn for several rounds.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const contenderScript = fileURLToPath(new URL('contender.mjs', import.meta.url));

/**
 * @param work { work, serve, contenders: { name: [module, function] }, reference, targets }
 *   `serve({ full })` starts the server in this process and gives `{ input, close }`; `input` goes to every contender.
 *   `reference` names the contender that is run twice. `targets`: [{ contender, peer, most }]; `most` is a ratio of CPU,
 *   or `'spread'`: no further from 1 than the reference from itself. Or [{ contender, wallSeconds }] or
 *   [{ contender, megabytes }] of memory: the median, at most.
 * @returns rows, a contender each.
 */
export async function measureWork(suite, work, { rounds, full }) {
  const server = await work.serve({ full });
  try {
    const names = Object.keys(work.contenders);
    const again = `${work.reference}, again`;
    const all = [...names, again];
    const runOf = (name, hash) => {
      const [module, fn] = work.contenders[name === again ? work.reference : name];
      return runContender({ module, fn, hash, input: server.input });
    };

    const hashes = new Map();
    for (const name of names) hashes.set(name, (await runOf(name, true)).sha256);
    const expected = hashes.get(work.reference);

    const runs = new Map(all.map((name) => [name, []]));
    for (let round = 0; round < rounds; round++) {
      // Every other round backwards, so that nobody always runs after the same one.
      for (const name of round % 2 === 0 ? all : [...all].reverse())
        runs.get(name).push(await runOf(name, false));
    }

    const times = (name, by) => runs.get(name).map((run) => run[`${by}Seconds`]);
    const cpu = (name) => times(name, 'cpu');
    const pairs = (a, b, by = 'cpu') => times(a, by).map((seconds, i) => seconds / times(b, by)[i]);
    const spread = Math.max(...pairs(again, work.reference).map((ratio) => Math.abs(ratio - 1)));
    return all.map((name) => {
      const target = work.targets.find(({ contender }) => contender === name);
      const peers = name === again ? [work.reference] : names.filter((peer) => peer !== name);
      const ratios = Object.fromEntries(
        peers.map((peer) => [peer, round3(median(pairs(name, peer)))]),
      );
      const wrong = name !== again && hashes.get(name) !== expected;
      return {
        suite,
        work: work.work,
        contender: name,
        rounds,
        cpuSeconds: figures(cpu(name)),
        wallSeconds: figures(runs.get(name).map((run) => run.wallSeconds)),
        rssBytes: figures(runs.get(name).map((run) => run.rssBytes)),
        ratios,
        spread: round3(spread),
        ...(target === undefined
          ? {}
          : {
              target: describeTarget(target),
              met: judge(
                target,
                target.peer === undefined ? undefined : median(pairs(name, target.peer, target.by)),
                { spread, runs: runs.get(name) },
              ),
            }),
        ...(wrong ? { void: `SHA-256 of the output differs from ${work.reference}'s` } : {}),
      };
    });
  } finally {
    await server.close();
  }
}

function runContender(order) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [contenderScript, JSON.stringify(order)], {
      stdio: ['ignore', 'inherit', 'inherit', 'pipe'],
    });
    let text = '';
    child.stdio[3].setEncoding('utf8').on('data', (chunk) => {
      text += chunk;
    });
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve(JSON.parse(text));
      else reject(new Error(`${order.module} ${order.fn} ended with ${code}`));
    });
  });
}

const describeTarget = ({ peer, most, by, wallSeconds, megabytes }) => {
  if (wallSeconds !== undefined) return `≤ ${wallSeconds} s`;
  if (megabytes !== undefined) return `≤ ${megabytes} MB`;
  const ratio = most === 'spread' ? '≈ 1' : `≤ ${round3(most)}`;
  return `${ratio} × ${peer}${by === 'wall' ? ' (wall)' : ''}`;
};

/** A target nearer to 1 than the machine's own spread can't be decided on it. */
function judge({ most, wallSeconds, megabytes }, ratio, { spread, runs }) {
  if (megabytes !== undefined)
    return median(runs.map((run) => run.rssBytes)) <= megabytes * 2 ** 20;
  if (wallSeconds !== undefined) return median(runs.map((run) => run.wallSeconds)) <= wallSeconds;
  if (most === 'spread') return ratio <= 1 + spread;
  if (most === 1) return ratio < 1 - spread ? true : ratio > 1 + spread ? false : 'undecided';
  return Math.abs(most - 1) < spread ? 'undecided' : ratio <= most;
}

export const median = (numbers) => {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};
const figures = (numbers) => ({
  median: median(numbers),
  min: Math.min(...numbers),
  max: Math.max(...numbers),
});
const round3 = (number) => Math.round(number * 1000) / 1000;
