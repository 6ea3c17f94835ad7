/** What comes before a line of one dot, as `sendmail` reads stdin without `-i`. */
import { Transform } from 'node:stream';

export function untilDot(): Transform {
  let line = '';
  let isOver = false;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      if (isOver) return done();
      const lines = (line + chunk.toString('latin1')).split('\n');
      line = lines.pop() ?? '';
      const end = lines.findIndex((one) => one === '.' || one === '.\r');
      isOver = end >= 0;
      const taken = isOver ? lines.slice(0, end) : lines;
      if (isOver) line = '';
      done(null, Buffer.from(taken.map((one) => `${one}\n`).join(''), 'latin1'));
    },
    flush(done) {
      done(null, line === '.' ? undefined : Buffer.from(line, 'latin1'));
    },
  });
}
