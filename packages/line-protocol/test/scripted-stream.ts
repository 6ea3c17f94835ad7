/** A server of one connection in the same process: what it says to each line, cut into pieces of one length. */
import { Duplex } from 'node:stream';

/**
 * @param answer to a command line without its CRLF; each character an octet
 * @param cut octets a piece
 */
export function scriptedStream(
  greeting: string,
  answer: (line: string) => string,
  cut: number = Number.POSITIVE_INFINITY,
): Duplex {
  let [input, output] = ['', ''];
  let wanted = false;
  const push = (): void => {
    while (wanted && output !== '') {
      const piece = output.slice(0, cut);
      output = output.slice(piece.length);
      wanted = stream.push(Buffer.from(piece, 'latin1'));
    }
  };
  const stream = new Duplex({
    read() {
      wanted = true;
      // A piece in a turn of its own, as from a socket.
      setImmediate(push);
    },
    write(octets: Buffer, _, callback) {
      const lines = (input + octets.toString('latin1')).split('\r\n');
      input = lines.pop() as string;
      for (const line of lines) output += answer(line);
      setImmediate(push);
      callback();
    },
    highWaterMark: 1,
  });
  output = greeting;
  return stream;
}
