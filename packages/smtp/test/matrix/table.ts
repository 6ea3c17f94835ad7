/**
 * What each call tells when the server answers otherwise than is due, by command. What the words mean is in cell.ts.
 *
 * `else` is what comes in place of any reply: garbage, a flood, silence, the end. Each is told by its own error (`told`), or the
 * message may have been taken (`unknown`, with that error as the cause; `b` and so on: whose replies had come).
 */

export const smtp = `
  call                            | at     | 421      | 4yz           | 5yz          | 1yz       | 2yz       | 3yz       | else
  connect                         | greeting | closing | later, over  | never, over  | malformed | malformed | malformed | told
  connect                         | EHLO   | closing  | later, over   | done         | malformed | done      | malformed | told
  connect, no EHLO                | HELO   | closing  | later, over   | never, over  | malformed | done      | malformed | told
  connect, STARTTLS               | STARTTLS | no TLS, later | no TLS, later | no TLS | no TLS  | no TLS    | no TLS    | told
  connect, TLS                    | EHLO 2 | closing  | later, over   | done         | malformed | done      | malformed | told
  login                           | AUTH   | closing  | no login, later | no login   | malformed | malformed | malformed | told
  login in steps                  | AUTH   | closing  | no login, later | no login   | malformed | malformed | malformed | told
  login in steps                  | 334 1  | closing  | no login, later | no login   | malformed | malformed | malformed | told
  login in steps                  | 334 2  | closing  | no login, later | no login   | malformed | malformed | malformed | told
  EHLO after the login            | EHLO 2 | closing  | done          | done         | malformed | done      | malformed | told
  send                            | MAIL   | closing  | later         | never        | malformed | bcd       | malformed | told
  send                            | RCPT 1 | closing  | cd, b later   | cd, b never  | malformed | bcd       | malformed | told
  send                            | RCPT 2 | closing  | bd, c later   | bd, c never  | malformed | bcd       | malformed | told
  send                            | RCPT 3 | closing  | bc, d later   | bc, d never  | malformed | bcd       | malformed | told
  send                            | DATA   | closing  | later         | never        | malformed | malformed | bcd       | told
  send                            | .      | closing  | later         | never        | unknown   | bcd       | unknown   | unknown
  send, pipelined                 | MAIL   | closing  | later         | never        | malformed | bcd       | malformed | told
  send, pipelined                 | RCPT 1 | closing  | cd, b later   | cd, b never  | malformed | bcd       | malformed | told
  send, pipelined                 | RCPT 2 | closing  | bd, c later   | bd, c never  | malformed | bcd       | malformed | told
  send, pipelined                 | RCPT 3 | closing  | bc, d later   | bc, d never  | malformed | bcd       | malformed | told
  send, pipelined                 | DATA   | closing  | later         | never        | malformed | malformed | bcd       | told
  send, pipelined                 | .      | closing  | later         | never        | unknown   | bcd       | unknown   | unknown
  sendMany                        | MAIL   | closing  | later         | never        | malformed | bcd       | malformed | told
  sendMany                        | RCPT 1 | closing  | cd, b later   | cd, b never  | malformed | bcd       | malformed | told
  sendMany                        | RCPT 2 | closing  | bd, c later   | bd, c never  | malformed | bcd       | malformed | told
  sendMany                        | RCPT 3 | closing  | bc, d later   | bc, d never  | malformed | bcd       | malformed | told
  sendMany                        | DATA   | closing  | later         | never        | malformed | malformed | bcd       | told
  sendMany                        | .      | closing  | later         | never        | unknown   | bcd       | unknown   | unknown
  send to all or none             | MAIL   | closing  | later         | never        | malformed | bcd       | malformed | told
  send to all or none             | RCPT 1 | closing  | none, b later | none, b never | malformed | bcd      | malformed | told
  send to all or none             | RCPT 2 | closing  | none, c later | none, c never | malformed | bcd      | malformed | told
  send to all or none             | RCPT 3 | closing  | none, d later | none, d never | malformed | bcd      | malformed | told
  send to all or none             | DATA   | closing  | later         | never        | malformed | malformed | bcd       | told
  send to all or none             | .      | closing  | later         | never        | unknown   | bcd       | unknown   | unknown
  send to all or none, one refused | RSET   | none, c never, over | none, c never, over | none, c never, over | none, c never, over | none, c never | none, c never, over | none, c never, over
  send to all or none, BDAT, one refused | RSET   | none, c never, over | none, c never, over | none, c never, over | none, c never, over | none, c never | none, c never, over | none, c never, over
  sendMany to all or none, one refused | RSET   | none, c never, over | none, c never, over | none, c never, over | none, c never, over | none, c never | none, c never, over | none, c never, over
  send to one, refused            | RSET   | none, b never, over | none, b never, over | none, b never, over | none, b never, over | none, b never | none, b never, over | none, b never, over
  send to one, pipelined, refused | RSET   | none, b never, over | none, b never, over | none, b never, over | none, b never, over | none, b never | none, b never, over | none, b never, over
  send to one, BDAT, refused      | RSET   | none, b never, over | none, b never, over | none, b never, over | none, b never, over | none, b never | none, b never, over | none, b never, over
  send to a hundred               | MAIL   | closing  | later         | never        | malformed | bcd       | malformed | told
  send to a hundred               | RCPT 1 | closing  | bcd, b later  | bcd, b never | malformed | bcd       | malformed | told
  send to a hundred               | RCPT 50 | closing | bd, c later   | bd, c never  | malformed | bcd       | malformed | told
  send to a hundred               | RCPT 100 | closing | bcd, d later | bcd, d never | malformed | bcd       | malformed | told
  send to a hundred               | DATA   | closing  | later         | never        | malformed | malformed | bcd       | told
  send to a hundred, BDAT         | RCPT 50 | closing | bd, c later   | bd, c never  | unknown   | bcd       | unknown   | unknown
  send to a hundred, BDAT         | .      | closing  | later         | never        | unknown   | bcd       | unknown   | unknown
  send to one                     | RCPT 1 | closing  | none, b later | none, b never | malformed | b        | malformed | told
  send to one, pipelined, refused | DATA   | closing | none, b never | none, b never | none, b never, over | none, b never, over | none, b never | told
  send to one, BDAT, refused      | .      | none, b never, over | none, b never | none, b never | malformed | malformed | malformed | none, b never, over
  send to one, pipelined          | RCPT 1 | closing  | none, b later | none, b never | malformed | b        | malformed | told
  send to one, BDAT               | RCPT 1 | closing  | none, b later | none, b never | unknown   | b        | unknown   | unknown
  BDAT, command after command     | MAIL   | closing  | later         | never        | malformed | bcd       | malformed | told
  BDAT, command after command     | RCPT 1 | closing  | cd, b later   | cd, b never  | malformed | bcd       | malformed | told
  BDAT, command after command     | RCPT 3 | closing  | bc, d later   | bc, d never  | malformed | bcd       | malformed | told
  BDAT, command after command     | BDAT 1 | closing  | later         | never        | malformed | bcd       | malformed | told
  BDAT, command after command     | BDAT 2 | closing  | later         | never        | malformed | bcd       | malformed | told
  BDAT, command after command     | .      | closing  | later         | never        | unknown   | bcd       | unknown   | unknown
  BDAT, in chunks                 | MAIL   | closing  | later         | never        | malformed | bcd       | malformed | told
  BDAT, in chunks                 | RCPT 1 | closing  | cd, b later   | cd, b never  | malformed | bcd       | malformed | told
  BDAT, in chunks                 | BDAT 1 | closing  | later         | never        | by last   | bcd       | by last   | by last
  BDAT, in chunks                 | BDAT 2 | closing  | later         | never        | by last   | bcd       | by last   | by last
  BDAT, in chunks                 | .      | closing  | later         | never        | unknown   | bcd       | unknown   | unknown
  BDAT, in one group, message refused | RSET | never, over | never, over | never, over | never, over | never | never, over | never, over
  BDAT, in chunks, message refused | RSET  | never, over | never, over | never, over | never, over | never | never, over | never, over
  BDAT, in chunks, chunk refused  | RSET   | never, over | never, over | never, over | never, over | never | never, over | never, over
  BDAT, in one group              | MAIL   | closing  | later         | never        | malformed | bcd       | malformed | unknown
  BDAT, in one group              | RCPT 1 | closing  | cd, b later   | cd, b never  | unknown   | bcd       | unknown   | unknown
  BDAT, in one group              | RCPT 3 | closing  | bc, d later   | bc, d never  | unknown   | bcd       | unknown   | unknown
  BDAT, in one group              | .      | closing  | later         | never        | unknown   | bcd       | unknown   | unknown
  BDAT, sendMany                  | MAIL   | closing  | later         | never        | malformed | bcd       | malformed | unknown
  BDAT, sendMany                  | RCPT 1 | closing  | cd, b later   | cd, b never  | unknown   | bcd       | unknown   | unknown
  BDAT, sendMany                  | RCPT 3 | closing  | bc, d later   | bc, d never  | unknown   | bcd       | unknown   | unknown
  BDAT, sendMany                  | .      | closing  | later         | never        | unknown   | bcd       | unknown   | unknown
  sendUrl                         | MAIL   | closing  | later         | never        | malformed | bcd       | malformed | told
  sendUrl                         | RCPT 2 | closing  | bd, c later   | bd, c never  | malformed | bcd       | malformed | told
  sendUrl                         | .      | closing  | later         | never        | unknown   | bcd       | unknown   | unknown
  probe                           | MAIL   | closing  | later         | never        | malformed | bcd       | malformed | told
  probe                           | RCPT 1 | closing  | cd, b later   | cd, b never  | malformed | bcd       | malformed | told
  probe                           | RCPT 3 | closing  | bc, d later   | bc, d never  | malformed | bcd       | malformed | told
  probe                           | RSET   | closing  | bcd, over     | bcd, over    | bcd, over | bcd       | bcd, over | told
  reset                           | RSET   | closing  | later         | never        | malformed | done      | malformed | told
  noop                            | NOOP   | closing  | later         | never        | malformed | done      | malformed | told
  verify                          | VRFY   | closing  | later         | never        | malformed | done      | malformed | told
  expand                          | EXPN   | closing  | later         | never        | malformed | done      | malformed | told
  help                            | HELP   | closing  | later         | never        | malformed | done      | malformed | told
  etrn                            | ETRN   | closing  | later         | never        | malformed | done      | malformed | told
  command                         | XYZ    | closing  | later         | never        | malformed | done      | malformed | told
  xclient                         | XCLIENT | closing | later         | never        | malformed | malformed | malformed | told
  xclient                         | EHLO 2 | closing  | later, over   | done         | malformed | done      | malformed | told
  quit                            | QUIT   | gone     | gone          | gone         | gone      | gone      | gone      | gone
`;

/** Where LMTP differs: a reply for each recipient after the message, RFC 2033 §4.2, and no HELO. */
export const lmtp = `
  call                            | at     | 421          | 4yz           | 5yz           | 1yz         | 2yz       | 3yz         | else
  connect                         | LHLO   | closing      | later, over   | never, over   | malformed   | done      | malformed   | told
  send                            | MAIL   | closing      | later         | never         | malformed   | bcd       | malformed   | told
  send                            | RCPT 2 | closing      | bd, c later   | bd, c never   | malformed   | bcd       | malformed   | told
  send                            | DATA   | closing      | later         | never         | malformed   | malformed | bcd         | told
  send                            | . 1    | unknown      | cd, b later   | cd, b never   | unknown     | bcd       | unknown     | unknown
  send                            | . 2    | unknown: b   | bd, c later   | bd, c never   | unknown: b  | bcd       | unknown: b  | unknown: b
  send                            | . 3    | unknown: bc  | bc, d later   | bc, d never   | unknown: bc | bcd       | unknown: bc | unknown: bc
  send, pipelined                 | . 1    | unknown      | cd, b later   | cd, b never   | unknown     | bcd       | unknown     | unknown
  send, pipelined                 | . 2    | unknown: b   | bd, c later   | bd, c never   | unknown: b  | bcd       | unknown: b  | unknown: b
  send, pipelined                 | . 3    | unknown: bc  | bc, d later   | bc, d never   | unknown: bc | bcd       | unknown: bc | unknown: bc
  send to one                     | .      | closing      | none, b later | none, b never | unknown     | b         | unknown     | unknown
  send to one, pipelined          | .      | closing      | none, b later | none, b never | unknown     | b         | unknown     | unknown
  send to one, BDAT               | .      | closing      | none, b later | none, b never | unknown     | b         | unknown     | unknown
  sendMany                        | . 1    | unknown      | cd, b later   | cd, b never   | unknown     | bcd       | unknown     | unknown
  sendMany                        | . 2    | unknown: b   | bd, c later   | bd, c never   | unknown: b  | bcd       | unknown: b  | unknown: b
  BDAT, command after command     | BDAT 1 | closing      | later         | never         | malformed   | bcd       | malformed   | told
  BDAT, command after command     | . 1    | unknown      | cd, b later   | cd, b never   | unknown     | bcd       | unknown     | unknown
  BDAT, in chunks                 | BDAT 2 | closing      | later         | never         | malformed   | bcd       | malformed   | told
  BDAT, in chunks                 | . 3    | unknown: bc  | bc, d later   | bc, d never   | unknown: bc | bcd       | unknown: bc | unknown: bc
  BDAT, in one group              | MAIL   | closing      | later         | never         | malformed   | bcd       | malformed   | unknown
  BDAT, in one group              | RCPT 1 | closing      | cd, b later   | cd, b never   | unknown     | bcd       | unknown     | unknown
  BDAT, in one group              | . 2    | unknown: b   | bd, c later   | bd, c never   | unknown: b  | bcd       | unknown: b  | unknown: b
  BDAT, sendMany                  | . 3    | unknown: bc  | bc, d later   | bc, d never   | unknown: bc | bcd       | unknown: bc | unknown: bc
  sendUrl                         | . 2    | unknown: b   | bd, c later   | bd, c never   | unknown: b  | bcd       | unknown: b  | unknown: b
`;

export interface Row {
  call: string;
  at: string;
  /** Column → word. */
  words: Readonly<Record<string, string>>;
}

/** @param text a table as above */
export function rowsOf(text: string): Row[] {
  const [head = [], ...rows] = text
    .trim()
    .split('\n')
    .map((line) => line.split('|').map((cell) => cell.trim()));
  return rows.map((cells) => {
    const words: [string, string][] = head.map((column, i) => [column, cells[i] ?? '']);
    const { call = '', at = '', ...rest } = Object.fromEntries(words);
    return { call, at, words: rest };
  });
}
