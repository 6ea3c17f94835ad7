// What is in the mailbox of `imap-server.mjs`: messages made from their number, and what a client has to make of them.
const names = ['Alice Example', 'J\u00fcrgen M\u00fcller', 'O\u2019Neil, Pat', ''];
const words = ['report', 'of', 'the', 'number', 'gr\u00fc\u00dfe', 'meeting', 'next', 'week'];
const start = Date.UTC(2020, 8, 13, 12, 26, 40);

const ascii = (text) => /^[ -~]*$/.test(text);
const quoted = (text) => `"${text.replace(/["\\]/g, '\\$&')}"`;
const encoded = (text) =>
  ascii(text) ? quoted(text) : `"=?utf-8?B?${Buffer.from(text).toString('base64')}?="`;

/** What a client shows of it. */
const facts = (uid) => ({
  uid,
  subject: Array.from(
    { length: 1 + (uid % 6) },
    (_, i) => words[(uid * 7 + i * 3) % words.length],
  ).join(' '),
  name: names[uid % names.length],
  address: `user${uid % 97}@example.test`,
  date: new Date(start + uid * 601_000),
  size: 900 + ((uid * 37) % 9_000),
  types: uid % 10 === 0 ? ['text/plain', 'application/pdf'] : ['text/plain'],
  filename: uid % 10 === 0 ? `file${uid}.pdf` : '',
});

/** What a client has seen of a message as a number: cheap, so that it is the client that is measured. */
export const factSum = ({ uid, subject, name, address, date, size, types, filename }) =>
  uid * 7 +
  subject.length * 11 +
  subject.charCodeAt(subject.length - 1) +
  name.length * 13 +
  (name === '' ? 0 : name.charCodeAt(1)) +
  address.length * 17 +
  address.charCodeAt(4) +
  date.getTime() / 1_000 +
  size * 3 +
  types.length * 19 +
  types.at(-1).length * 23 +
  filename.length * 29;

/** The items of a FETCH row. */
export function rowOf(uid) {
  const { subject, name, address, date, size, filename } = facts(uid);
  const day = date.toUTCString().replace('GMT', '+0000');
  const [mailbox, host] = address.split('@');
  const from = `((${name === '' ? 'NIL' : encoded(name)} NIL "${mailbox}" "${host}"))`;
  const to = `((NIL NIL "to${uid % 13}" "example.test")("Bob" NIL "bob" "example.test"))`;
  const internal = `${day.slice(5, 7)}-${day.slice(8, 11)}-${day.slice(12, 16)} ${day.slice(17, 25)} +0000`;
  const text = `("text" "plain" ("charset" "utf-8") NIL NIL "7bit" ${size - 300} 13 NIL NIL NIL NIL)`;
  const pdf = `("application" "pdf" ("name" "${filename}") NIL NIL "base64" ${size} NIL ("attachment" ("filename" "${filename}")) NIL NIL)`;
  const structure =
    filename === '' ? text : `(${text}${pdf} "mixed" ("boundary" "=_${uid}") NIL NIL NIL)`;
  return `UID ${uid} FLAGS (\\Seen) INTERNALDATE "${internal}" RFC822.SIZE ${size} ENVELOPE ("${day}" ${encoded(subject)} ${from} ${from} ${from} ${to} NIL NIL NIL "<${uid}@example.test>") BODYSTRUCTURE ${structure}`;
}

/** The sum of what all clients have to have seen of messages 1 to `count`. */
export function expectedFacts(count) {
  let sum = 0;
  for (let uid = 1; uid <= count; uid++) sum += factSum(facts(uid));
  return sum;
}

const filler = Buffer.from('The quick brown fox jumps over the lazy dog.\r\n'.repeat(400));
export const bodyOf = (uid) => {
  const head = Buffer.from(`Subject: ${uid}\r\n\r\n`);
  return Buffer.concat([head, filler.subarray(0, 800 + ((uid * 131) % 6_400))]);
};

export function expectedBodies(count) {
  let octets = 0;
  for (let uid = 1; uid <= count; uid++) octets += bodyOf(uid).length;
  return octets;
}
