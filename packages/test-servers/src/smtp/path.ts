/** Paths and their parameters, RFC 5321 §4.1.2: `FROM:<alice@example.org> SIZE=100 BODY=8BITMIME`. */

export interface Path {
  /** Without angle brackets and source route; empty for `<>`. */
  address: string;
  /** Keywords in upper case; a keyword without value has an empty one. */
  parameters: ReadonlyMap<string, string>;
}

// esmtp-param = esmtp-keyword ["=" esmtp-value]
// Path = "<" [ "@" domain *("," "@" domain) ":" ] mailbox ">" ; a space behind the colon is a common sin
const pattern =
  /^(FROM|TO): ?<(?:@[^:<>]*:)?((?:"(?:[^"\\]|\\.)*"|[^<>"\s])*)>((?: [a-z0-9][a-z0-9-]*(?:=[^\s=]+)?)*) *$/is;

export function parsePath(keyword: 'FROM' | 'TO', argument: string): Path | undefined {
  const match = pattern.exec(argument);
  if (match?.[1]?.toUpperCase() !== keyword) return undefined;
  const words = (match[3] ?? '').split(' ').filter((word) => word !== '');
  return {
    address: Buffer.from(match[2] ?? '', 'latin1').toString('utf8'),
    parameters: new Map(
      words.map((word) => {
        const [name = '', ...value] = word.split('=');
        return [name.toUpperCase(), value.join('=')];
      }),
    ),
  };
}
