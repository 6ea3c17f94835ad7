/** Address lists for ENVELOPE, RFC 5322 §3.4, obsolete forms as far as they are met. Linear in the text's length. */

export interface Address {
  name: string | undefined;
  mailbox: string | undefined;
  host: string | undefined;
}

type Token = { kind: 'word' | 'quoted' | 'comment' | 'mark'; text: string };

/** Groups become the two markers that RFC 9051 §7.5.2 asks for: a mailbox without host, and all empty. */
export function parseAddressList(text: string): Address[] {
  const addresses: Address[] = [];
  let words: Token[] = [];
  let angle: Token[] | undefined;
  const flush = () => {
    const address = toAddress(words, angle);
    if (address) addresses.push(address);
    words = [];
    angle = undefined;
  };
  let inAngle = false;
  for (const token of tokens(text)) {
    const mark = token.kind === 'mark' ? token.text : '';
    if (mark === '<') {
      inAngle = true;
      angle = [];
    } else if (mark === '>') inAngle = false;
    else if (inAngle) angle?.push(token);
    else if (mark === ',') flush();
    else if (mark === ':') {
      addresses.push({ name: undefined, mailbox: phrase(words), host: undefined });
      words = [];
    } else if (mark === ';') {
      flush();
      addresses.push({ name: undefined, mailbox: undefined, host: undefined });
    } else words.push(token);
  }
  flush();
  return addresses;
}

function tokens(text: string): Token[] {
  const pattern =
    /"((?:[^"\\]|\\.)*)"|\(((?:[^()\\]|\\.|\([^()]*\))*)\)|([<>,:;@])|([^\s<>,:;@"()]+|[()"])/gs;
  return [...text.matchAll(pattern)].map(([, quoted, comment, mark, word]): Token => {
    if (quoted !== undefined) return { kind: 'quoted', text: quoted.replace(/\\(.)/gs, '$1') };
    if (comment !== undefined) return { kind: 'comment', text: comment };
    return mark === undefined ? { kind: 'word', text: word ?? '' } : { kind: 'mark', text: mark };
  });
}

function toAddress(words: Token[], angle: Token[] | undefined): Address | undefined {
  const spec = (angle ?? words).filter(({ kind }) => kind !== 'comment');
  if (spec.length === 0 && words.length === 0) return undefined;
  const at = spec.findLastIndex(({ text, kind }) => kind === 'mark' && text === '@');
  const mailbox = join(at < 0 ? spec : spec.slice(0, at));
  const comment = words.find(({ kind }) => kind === 'comment')?.text;
  return {
    name: (angle && phrase(words)) || comment,
    mailbox,
    host: at < 0 ? '' : join(spec.slice(at + 1)),
  };
}

const join = (parts: readonly Token[]): string => parts.map(({ text }) => text).join('');

function phrase(words: readonly Token[]): string {
  return words
    .filter(({ kind }) => kind !== 'comment')
    .map(({ text }) => text)
    .join(' ');
}
