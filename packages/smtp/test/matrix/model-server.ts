/** A server that answers every command as it should, but for one answer: the one under test. RFC 5321 §4.3.2, RFC 3030, RFC 2033. */
import type { Duplex } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { TLSSocket } from 'node:tls';
import { pair } from '../dialogue.js';

/** What comes in place of the answer that is due. */
export type Oddity =
  | { say: string }
  /** What is due, said otherwise. */
  | { form: (due: string) => string }
  /** A part of what is due, from 0 to below 1, and then the end. */
  | { share: number; by: 'close' | 'reset' }
  | { instead: 'close' | 'reset' | 'silence' | 'flood of lines' | 'flood without a line' };

export interface ModelOptions {
  extensions: readonly string[];
  lmtp: boolean;
  /** It knows HELO alone. */
  old?: boolean;
  /** Once: a recipient whose name begins like this, the message (`.`), or a chunk (`BDAT`). */
  refuses?: string;
  /** Which answer: the command, and its how-manieth; `.` for the message, `334` for what continues a login. */
  at: string;
  oddity: Oddity;
  /** Of the answers behind EHLO's, in their order: what comes in place of them. */
  oddities?: readonly (Oddity | undefined)[];
  /** Octets come one by one. */
  slowly: boolean;
  /** STARTTLS works, by this certificate. */
  certificate?: { certificate: string; key: string };
  /** It goes after so many octets, whatever it was saying. */
  cut?: { after: number; by: 'close' | 'reset' };
}

export interface Model {
  stream: Duplex;
  /** Messages that were answered by 2yz, with those who get them. */
  readonly kept: { recipients: string[]; body: string }[];
  readonly received: string;
  /** Octets that it has said. */
  readonly said: number;
}

const refusal = (text: string): boolean => /^[45]/.test(text);

export function model({
  extensions,
  lmtp,
  old = false,
  refuses,
  at,
  oddity: oddityAt,
  oddities = [],
  slowly,
  certificate,
  cut,
}: ModelOptions): Model {
  const [stream, plain] = pair();
  let server = plain;
  const seen = new Map<string, number>();
  const kept: Model['kept'] = [];
  let received = '';
  let input = '';
  let over = false;
  let sender = false;
  let recipients: string[] = [];
  let body: string[] | undefined;
  let chunks = '';
  /** A chunk was refused: nothing but RSET opens the way. */
  let barred = false;
  let chunk: { octets: number; last: boolean } | undefined;
  let login = 0;
  let output = Promise.resolve();
  let saidOctets = 0;
  let greeted = false;
  let answers = 0;

  const listenTo = (end: Duplex): void => {
    end.on('error', () => {
      over = true;
    });
    end.on('close', () => {
      over = true;
    });
    end.on('data', (octets: Buffer) => {
      input += octets.toString('latin1');
      received += octets.toString('latin1');
      while (!over && step());
    });
    end.on('end', () => end.end());
  };
  listenTo(server);
  const secure = ({ certificate: cert, key }: NonNullable<typeof certificate>): void => {
    plain.removeAllListeners('data').removeAllListeners('end').pause();
    output = output.then(() => {
      server = new TLSSocket(plain, { isServer: true, cert, key });
      listenTo(server);
    });
  }; // biome-ignore format: one line

  const write = (whole: string, slow = slowly): void => {
    const text = cut === undefined ? whole : whole.slice(0, Math.max(0, cut.after - saidOctets));
    saidOctets += text.length;
    output = output.then(async () => {
      for (const piece of slow ? text : [text]) {
        if (server.destroyed || server.writableEnded) return;
        server.write(Buffer.from(piece, 'latin1'));
        if (slow) await setImmediate();
      }
    });
    if (cut !== undefined && text.length < whole.length && !over) leave(cut.by);
  };
  const leave = (by: string): void => {
    over = true;
    output = output.then(() => {
      if (by === 'close') server.end();
      else server.destroy();
    });
  };
  /** Says what is due, or what is under test; returns what was said. */
  const answer = (what: string, due: string): string => {
    if (over) return '';
    const count = (seen.get(what) ?? 0) + 1;
    seen.set(what, count);
    const isAt = at === `${what} ${count}` || (at === what && count === 1);
    const oddity = isAt ? oddityAt : greeted ? oddities[answers++] : undefined;
    greeted ||= what === 'EHLO' || what === 'LHLO';
    if (oddity === undefined) {
      write(`${due}\r\n`);
      return due;
    }
    if ('say' in oddity) {
      write(`${oddity.say}\r\n`);
      if (oddity.say.startsWith('421')) leave('close');
      return oddity.say;
    }
    if ('form' in oddity) {
      const text = oddity.form(`${due}\r\n`);
      write(text);
      return due;
    }
    if ('share' in oddity) {
      write(due.slice(0, Math.floor((due.length + 1) * oddity.share)));
      leave(oddity.by);
      return '';
    }
    if (oddity.instead === 'flood of lines') write('250-more\r\n'.repeat(10_000), false);
    else if (oddity.instead === 'flood without a line') write('2'.repeat(20_000), false);
    else if (oddity.instead !== 'silence') leave(oddity.instead);
    over = true;
    return '';
  };
  let refused = false;
  const refusedOr = (what: string, due: string): string => {
    if (refuses !== what || refused) return due;
    refused = true;
    return '550 5.7.0 No';
  };
  const forget = (): void => {
    sender = false;
    recipients = [];
    chunks = '';
    barred = false;
  };
  const deliver = (text: string): void => {
    const mine = recipients;
    forget();
    const takers = lmtp
      ? mine.filter((name) => answer('.', `250 2.0.0 ${name} has it`).startsWith('2'))
      : answer('.', refusedOr('.', '250 2.0.0 kept')).startsWith('2')
        ? mine
        : [];
    if (takers.length > 0) kept.push({ recipients: takers, body: text });
  };

  const command = (line: string): void => {
    const [verb = '', ...args] = line.split(' ');
    if (login > 0) {
      const due = login === 1 ? '334 UGFzc3dvcmQ6' : '235 2.7.0 Welcome';
      const said = answer('334', line === '*' ? '501 5.7.0 Cancelled' : due);
      login = said.startsWith('334') ? login + 1 : 0;
      return;
    }
    switch (verb) {
      case 'EHLO':
      case 'LHLO': {
        if (old) {
          write('502 5.5.1 What?\r\n');
          return;
        }
        const lines = ['mx.example.test', ...extensions];
        answer(
          verb,
          lines.map((one, i) => `250${i < lines.length - 1 ? '-' : ' '}${one}`).join('\r\n'),
        );
        forget();
        return;
      }
      case 'STARTTLS':
        if (answer('STARTTLS', '220 2.0.0 go ahead').startsWith('220')) {
          forget();
          if (certificate !== undefined) secure(certificate);
        }
        return;
      case 'AUTH':
        if (args[0] === 'LOGIN') {
          if (answer('AUTH', '334 VXNlcm5hbWU6').startsWith('334')) login = 1;
        } else answer('AUTH', '235 2.7.0 Welcome');
        return;
      case 'MAIL':
        sender = answer('MAIL', sender ? '503 5.5.1 Nested' : '250 2.1.0 ok').startsWith('2');
        return;
      case 'RCPT': {
        const name = /<([^@>]*)/.exec(line)?.[1] ?? '';
        const isRefused = refuses !== undefined && name.startsWith(refuses);
        const due = isRefused ? '550 5.1.1 No such user' : '250 2.1.5 ok';
        if (answer('RCPT', sender ? due : '503 5.5.1 MAIL first').startsWith('2'))
          recipients.push(name);
        return;
      }
      case 'DATA': {
        const due = recipients.length > 0 ? '354 go on' : '503 5.5.1 No recipients';
        if (answer('DATA', due).startsWith('354')) body = [];
        return;
      }
      case 'BDAT':
        chunk = { octets: Number(args[0]), last: args[1] === 'LAST' };
        return;
      case 'BURL':
        deliver('');
        return;
      case 'RSET':
        if (!refusal(answer('RSET', '250 2.0.0 forgotten'))) forget();
        return;
      case 'QUIT':
        answer('QUIT', '221 2.0.0 Bye');
        leave('close');
        return;
      case 'XCLIENT':
        answer('XCLIENT', '220 mx.example.test again');
        forget();
        return;
      case 'HELO':
        answer('HELO', '250 mx.example.test');
        forget();
        return;
      default:
        answer(verb, '250 2.0.0 ok');
    }
  };

  /** One line, or one chunk. False: more must come. */
  const step = (): boolean => {
    if (chunk !== undefined) {
      if (input.length < chunk.octets) return false;
      const { last, octets } = chunk;
      chunk = undefined;
      const text = input.slice(0, octets);
      input = input.slice(octets);
      if (barred || recipients.length === 0) {
        barred = true;
        answer(last ? '.' : 'BDAT', '503 5.5.1 No chunk here');
      } else if (last) deliver(chunks + text);
      else if (refusal(answer('BDAT', refusedOr('BDAT', '250 2.0.0 chunk')))) barred = true;
      else chunks += text;
      return true;
    }
    const end = input.indexOf('\r\n');
    if (end < 0) return false;
    const line = input.slice(0, end);
    input = input.slice(end + 2);
    if (body === undefined) command(line);
    else if (line !== '.') body.push(line.startsWith('.') ? line.slice(1) : line);
    else {
      const text = body.map((one) => `${one}\r\n`).join('');
      body = undefined;
      if (recipients.length > 0) deliver(text);
      else {
        answer('.', '554 5.5.1 Nobody');
        forget();
      }
    }
    return true;
  };

  answer('greeting', '220 mx.example.test ESMTP');
  return {
    stream,
    kept,
    get received() {
      return received;
    },
    get said() {
      return saidOctets;
    },
  };
}
