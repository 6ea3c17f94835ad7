/**
 * The line that nearly all Unix servers write:
 *
 *     -rw-r--r--   1 owner    group         531 Jan 29 03:26 name
 *     drwxr-xr-x   2 5005     5005         4096 Apr  8  1994 name
 *
 * What could be read in two ways is left to the general way: owners and groups in digits that could be days or months, and blanks or a
 * time behind a year, which belong to the name or not.
 */
import {
  type DayOfYear,
  dayOfYear,
  firstYear,
  startOf,
  type Year,
  yearNumbered,
} from './calendar.js';
import type { DialectContext } from './dialect.js';
import { emptyDraft } from './entry.js';
import { type Likeness, literally, plainName } from './lines-alike.js';

// Whatever is repeated stops at a letter that what follows must begin with: there is nothing to go back over.
const word = '(\\d{3,}|[^ \\t\\d][^ \\t]*)';
const headOf = new RegExp(`^([-d])[-rwxsStT]{9}[+.@]? +\\d+ +${word} +${word} `);
const sizeAndDay = ' *(\\d{1,15}) ((?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [ \\d]\\d ';
const withYear = `${sizeAndDay} [1-9]\\d{3}) ((?!\\d{1,2}:\\d\\d|[\\0- ])${plainName})$`;
const withTime = `${sizeAndDay}(?:[01]\\d|2[0-3]):[0-5]\\d) ((?=.*\\S)${plainName})$`;
const months = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');

const dayLength = 86_400_000;

/** What the lines of a listing have in common; their dates are made of those that came before. */
export class UsualKinds {
  readonly #utcOffset: number;
  /** No date without a year is later: a day of tolerance, for the server's clock may be zones ahead of ours. */
  readonly #latest: number;
  readonly #thisYear: Year;
  readonly #lastYear: Year;
  readonly #days = new Map<string, DayOfYear | undefined>();

  constructor({ now, utcOffset }: DialectContext) {
    this.#utcOffset = utcOffset;
    this.#latest = now + utcOffset + dayLength;
    const year = new Date(this.#latest).getUTCFullYear();
    this.#thisYear = yearNumbered(year);
    this.#lastYear = yearNumbered(year - 1);
  }

  /**
   * Lines like this one; `undefined` for all that is written in another way.
   *
   * @param mode what its nine letters say
   */
  of(line: string, mode: number | undefined): Likeness | undefined {
    const head = headOf.exec(line);
    if (head === null) return undefined;
    const [text, letter, owner, group] = head;
    const isDirectory = letter === 'd';
    const begin = `^${literally(text)}`;
    const dated = new RegExp(begin + withYear, 's');
    const hasYear = dated.test(line);
    const draft = emptyDraft();
    draft.type = isDirectory ? 'directory' : 'file';
    draft.mode = mode;
    draft.precision = hasYear ? 'day' : 'minute';
    draft.owner = owner;
    draft.group = group;
    return {
      line: hasYear ? dated : new RegExp(begin + withTime, 's'),
      size: isDirectory ? 0 : 1,
      unique: 0,
      time: 2,
      name: 3,
      readTime: hasYear ? this.#ofYear : this.#ofLatest,
      draft,
    };
  }

  /** `Apr  8  1994` */
  readonly #ofYear = (shown: string): number | undefined => {
    const day = this.#day(shown.slice(0, 6));
    const number = Number(shown.slice(8));
    const year = number < firstYear ? undefined : yearNumbered(number);
    const time = day && year && startOf(year, day);
    return time === undefined ? undefined : time - this.#utcOffset;
  };

  /**
   * `Jan 29 03:26`: a date without a year is the latest that does not lie in the future. The leap day of which year is left to the
   * general way.
   */
  readonly #ofLatest = (shown: string): number | undefined => {
    const day = this.#day(shown.slice(0, 6));
    if (day === undefined || day.isLeapDay) return undefined;
    const time = (Number(shown.slice(7, 9)) * 60 + Number(shown.slice(10))) * 60_000;
    const at = (startOf(this.#thisYear, day) as number) + time;
    const latest = at <= this.#latest ? at : (startOf(this.#lastYear, day) as number) + time;
    return latest - this.#utcOffset;
  };

  #day(text: string): DayOfYear | undefined {
    let day = this.#days.get(text);
    if (day === undefined) {
      day = dayOfYear(months.indexOf(text.slice(0, 3)) + 1, Number(text.slice(4)));
      this.#days.set(text, day);
    }
    return day;
  }
}
