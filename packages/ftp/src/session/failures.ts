/** What a refusal means: from a reply to an error that says what to do. RFC 959 §4.2, RFC 4217 §2, RFC 2228 §8. */
import {
  CommandError,
  type FivewireError,
  RemoteProtocolError,
  type Reply,
  type ServerReply,
  serverReply,
} from '@fivewire/line-protocol';
import type { ListingProblem } from '../listing/entry.js';

// What servers say of a name that is not there, in their systems' languages: strerror(ENOENT), Windows, and their own words.
const absent = new RegExp(
  [
    "no such (?:file|dir|path|folder|object|entry|member|data ?set)|(?:not|n't) (?:be )?found|not exist|n['’]?t exist|non-?existent",
    "(?:cannot|can['’]?t|could not|couldn['’]?t|unable to) (?:find|locate)|unknown (?:file|directory|path)|no (?:file|directory) (?:named|by that name)",
    'nicht gefunden|nicht finden|existiert nicht|nicht vorhanden|gibt es nicht', // German
    "introuvable|n['’]existe pas|aucun (?:fichier|dossier|répertoire)|pas trouvé", // French
    'no existe|inexistente|no se (?:encuentra|encontró|ha encontrado|pudo encontrar|puede encontrar|ha podido encontrar)', // Spanish
    'non esiste|non trovat[oa]|impossibile trovare|nessun file|inesistente', // Italian
    'não (?:existe|encontrad[oa]|foi encontrad[oa]|foi possível (?:encontrar|localizar)|pode encontrar)', // Portuguese
    'bestaat niet|niet gevonden|niet vinden|onbekend bestand', // Dutch
    'finns inte|hittades inte|hittar inte|finnes ikke|findes ikke|ikke (?:fundet|funnet)|kan ikke finde|ingen s[åa]dan fil', // Nordic
    'ei löydy|ei löytynyt|ei ole olemassa|hakemistoa ei ole', // Finnish
    'nie istnieje|nie znaleziono|nie można (?:odnaleźć|znaleźć)|nie ma takiego', // Polish
    'neexistuje|nenalezen|nelze nalézt|nelze najít|není k dispozici', // Czech, Slovak
    'nem található|nem létezik|nincs ilyen', // Hungarian
    'nu există|nu (?:a fost|se poate) găs|inexistent', // Romanian
    'bulunamadı|bulunamıyor|bulamıyor|dizin yok|mevcut değil', // Turkish
    'не найден|не существует|не уда(?:ется|ётся|лось) найти|нет такого|отсутствует|не знайдено|не існує|немає такого', // Russian, Ukrainian
    '見つかりません|存在しません|ありません|找不到|不存在|没有(?:那个|该|找到)|沒有此|無此|찾을 수 없|존재하지 않|그런 파일',
  ].join('|'),
  'iu',
);
const emptyListing =
  /no files found|no files? (?:in|available)|no members|no data ?sets? found|directory (?:is )?empty/i;

type Answer = Pick<ServerReply, 'code' | 'text'>;

/** The error for a reply of class 4 or 5. */
export function rejected(reply: Reply, command: string): CommandError {
  const answer = serverReply(reply);
  const code = saysAbsent(reply) ? 'ERR_NOT_FOUND' : 'ERR_COMMAND_REJECTED';
  return new CommandError(code, `The server refused ${command}: ${reply.code} ${answer.text}`, {
    reply: answer,
    transient: reply.class === 4,
    command,
    phase: 'command',
    hint: hintFor(reply) ?? "The server's own words say why: see `reply`.",
  });
}

/** For a refusal whose text does not say so, where a look at the directory has proven that nothing is there. */
export function notFound(reply: Reply, command: string): CommandError {
  return notFoundBy(serverReply(reply), command);
}

export function notFoundBy(answer: ServerReply, command: string): CommandError {
  return new CommandError(
    'ERR_NOT_FOUND',
    `Nothing is there for ${command}: ${answer.code} ${answer.text}`,
    {
      reply: answer,
      transient: false,
      command,
      phase: 'command',
      hint: 'Nothing is there under this name, or this login may not see it: check the path.',
    },
  );
}

/** 550 stands for all that is wrong with a file; only the text tells that it is not there. ProFTPD says so with 450 to LIST. */
export function saysAbsent(reply: Answer): boolean {
  return (reply.code === 550 || reply.code === 450) && absent.test(reply.text) && !saysEmpty(reply);
}

// Why it was refused, where the text says that: then it is no question whether something is there.
const reasoned =
  /denied|permission|not allowed|forbidden|not permitted|prohibited|privilege|not (?:a )?(?:plain|regular|directory|file)|is (?:not )?a directory|not empty|exists|quota|read-?only|disabled|in use|busy|locked/i;

/** A refusal of a path that says neither what is wrong nor that nothing is there. */
export function isAmbiguous(error: FivewireError): boolean {
  const { reply } = error as { reply?: ServerReply };
  if (error.code !== 'ERR_COMMAND_REJECTED' || reply === undefined) return false;
  return [450, 501, 550].includes(Number(reply.code)) && !reasoned.test(reply.text);
}

/** Some servers refuse to list an empty directory (450 or 550). */
export function saysEmpty(reply: Answer): boolean {
  return (reply.code === 450 || reply.code === 550) && emptyListing.test(reply.text);
}

/** A listing that says in words that there is nothing. */
export const listsNothing = ({ text }: ListingProblem): boolean => emptyListing.test(text);

/** The server does not know the command. (501 is about its argument: MLSD of a file, RFC 3659 §7.2.1.) */
export function saysUnknown(reply: Answer): boolean {
  return reply.code === 500 || reply.code === 502 || reply.code === 202;
}

/** The server wants a data connection to resume the TLS session of its control connection. */
export const saysResume = (text: string): boolean =>
  /session.{0,20}reuse|reuse.{0,30}session|session.{0,20}resum/i.test(text);

const hints: readonly [test: (reply: Reply) => boolean, hint: string][] = [
  [
    ({ text }) => saysResume(text),
    'The server wants data connections to resume the TLS session of the control connection; this client does so: a proxy in between, or `maxVersion` against the server’s settings, may prevent it.',
  ],
  [({ code }) => code === 530, 'Log in first: give `auth`.'],
  [
    ({ code }) => code === 425,
    'The server saw no data connection: a firewall may keep it from its passive ports.',
  ],
  [
    ({ code }) => [521, 522, 534, 536].includes(code), // RFC 2228 §3, RFC 4217 §10
    'The server refuses this protection of data: leave `dataProtection` out, and files travel under TLS.',
  ],
  [({ code }) => code === 552 || code === 452, 'The server has no room left for it.'],
  [({ code }) => code === 553, 'The server does not allow this name.'],
  [saysAbsent, 'Nothing is there under this name, or this login may not see it: check the path.'],
  [saysUnknown, 'The server does not have this command: do without it.'],
  [({ code }) => code === 501 || code === 504, 'The server does not take this argument: check it.'],
  [({ code }) => code === 550, 'Check the path, and what this login may do there.'],
  [({ code }) => code < 500, 'It may work later: the server calls the trouble passing.'],
];

export function hintFor(reply: Reply): string | undefined {
  return hints.find(([test]) => test(reply))?.[1];
}

/** A listing came, and nothing in it could be understood: that is no empty directory. */
export function unreadable({ line, reason, text }: ListingProblem): FivewireError {
  if (absent.test(text)) {
    return notFoundBy({ code: 226, text }, 'LIST');
  }
  return new RemoteProtocolError(
    'ERR_MALFORMED_RESPONSE',
    `Nothing in the listing could be read; line ${line}: ${reason}.`,
    {
      expected: 'a listing in a known dialect',
      got: text,
      connection: 'usable',
      hint: 'Send a listing of this server to the maintainers; `command` and `parseListing` help to get one.',
    },
  );
}

/** Found out when the entries had been given already: the first listing of a slow server. */
export function listedElsewhere(verb: string): FivewireError {
  return new RemoteProtocolError(
    'ERR_MALFORMED_RESPONSE',
    `The server ignored the path of ${verb} and listed its working directory.`,
    {
      expected: 'the directory that was asked for',
      got: 'the working directory',
      connection: 'usable',
      retry: 'later',
      hint: 'List it again: that is known of this server now, and it will be asked in another way.',
    },
  );
}

/** The call ends; the session does not. */
export function tooDeep(depth: number): RemoteProtocolError {
  return new RemoteProtocolError(
    'ERR_LIMIT_EXCEEDED',
    `More than ${depth} directories below each other.`,
    {
      limit: 'depth',
      limitValue: depth,
      connection: 'usable',
      hint: 'Raise limits.depth if you trust this server to have that many.',
    },
  );
}
