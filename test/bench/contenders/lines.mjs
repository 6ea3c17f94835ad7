// Each makes a string of every line and hands it on.
import { connect } from 'node:net';

const dial = (port) => connect({ port, host: '127.0.0.1', noDelay: true });

function counted(count, output) {
  let lines = 0;
  return {
    take(line) {
      lines++;
      output(line);
    },
    end() {
      if (lines !== count) throw new Error(`${lines} lines, not ${count}`);
    },
  };
}

/** The least that Node can do: latin1 text a chunk, cut at line feeds. */
export async function rawLines({ port, count }, output) {
  const { take, end } = counted(count, output);
  let rest = '';
  await new Promise((resolve, reject) => {
    dial(port)
      .on('data', (chunk) => {
        const text = rest + chunk.latin1Slice();
        let from = 0;
        for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', from)) {
          take(text.slice(from, text.charCodeAt(at - 1) === 13 ? at - 1 : at));
          from = at + 1;
        }
        rest = text.slice(from);
      })
      .on('error', reject)
      .on('close', resolve);
  });
  end();
}

async function open(port) {
  const { LineConnection } = await import('@fivewire/line-protocol');
  return new LineConnection(dial(port), { protocol: 'nntp' });
}

const wait = { phase: 'transfer', timeout: 60_000 };

export async function takeLines({ port, count }, output) {
  const { take, end } = counted(count, output);
  const connection = await open(port);
  for (let left = count; left > 0; ) {
    const line = connection.takeLine();
    if (line === undefined) await connection.fill(wait);
    else {
      take(line);
      left--;
    }
  }
  end();
  connection.close();
}

export async function readLines({ port, count }, output) {
  const { take, end } = counted(count, output);
  const connection = await open(port);
  for (let left = count; left > 0; left--) take(await connection.readLine(wait));
  end();
  connection.close();
}

export async function readline({ port, count }, output) {
  const { createInterface } = await import('node:readline');
  const { take, end } = counted(count, output);
  for await (const line of createInterface({
    input: dial(port).setEncoding('latin1'),
    crlfDelay: Infinity,
  }))
    take(line);
  end();
}
