/** Month names as `ls` abbreviates them, in the languages and charsets that servers still run in. */
import { iconv } from '../iconv.js';

const englishLong =
  'january february march april may june july august september october november december';
const english = 'jan feb mar apr may jun jul aug sep oct nov dec';

// Only what differs from English has to stand here; `|` separates spellings of one month.
const abroad: readonly string[] = [
  'jän|jan|januar|jänner feb|februar mär|mrz|märz apr|april mai jun|juni jul|juli aug|august sep|sept|september okt|oktober nov|november dez|dezember', // German
  'janv|jan|janvier févr|fév|fev|février mars|mar avr|avril mai juin juil|juillet août|aoû|aout sept|septembre oct|octobre nov|novembre déc|dec|décembre', // French
  'ene|enero feb|febrero mar|marzo abr|abril may|mayo jun|junio jul|julio ago|agosto sep|sept|septiembre oct|octubre nov|noviembre dic|diciembre', // Spanish
  'gen|gennaio feb|febbraio mar|marzo apr|aprile mag|maggio giu|giugno lug|luglio ago|agosto set|settembre ott|ottobre nov|novembre dic|dicembre', // Italian
  'jan|janeiro fev|fevereiro mar|março abr|abril mai|maio jun|junho jul|julho ago|agosto set|setembro out|outubro nov|novembro dez|dezembro', // Portuguese
  'jan|januari feb|februari mrt|maa|maart apr|april mei jun|juni jul|juli aug|augustus sep|sept|september okt|oktober nov|november dec|december', // Dutch
  'jan feb mar|mars apr maj|mai jun|juni jul|juli aug|augusti sep okt nov dec|des', // Danish, Swedish, Norwegian
  'tammi|tammikuu|tammikuuta helmi|helmikuu|helmikuuta maalis|maaliskuu|maaliskuuta huhti|huhtikuu|huhtikuuta touko|toukokuu|toukokuuta kesä|kesäkuu|kesäkuuta heinä|heinäkuu|heinäkuuta elo|elokuu|elokuuta syys|syyskuu|syyskuuta loka|lokakuu|lokakuuta marras|marraskuu|marraskuuta joulu|joulukuu|joulukuuta', // Finnish
  'jaan veebr märts apr mai juuni juuli aug sept okt nov dets', // Estonian
  'sty|styczeń|stycznia lut|luty|lutego mar|marzec|marca kwi|kwiecień|kwietnia maj|maja cze|czerwiec|czerwca lip|lipiec|lipca sie|sierpień|sierpnia wrz|wrzesień|września paź|październik|października lis|listopad gru|grudzień|grudnia', // Polish
  'led|leden|ledna úno|únor|února bře|březen|března dub|duben|dubna kvě|květen|května čen|čer|čvn|červen|června čec|čvc|červenec|července srp|srpen|srpna zář|září říj|říjen|října lis|listopad|listopadu pro|prosinec|prosince', // Czech
  'jan|január feb|febr|február már|márc|március ápr|április máj|május jún|június júl|július aug|augusztus szep|sze|szept|szeptember okt|október nov|november dec|december', // Hungarian
  'Ιαν|Ιανουαρίου Φεβ|Φεβρουαρίου Μαρ|Μάρ|Μαρτίου Απρ|Απριλίου Μαϊ|Μάι|Μαΐ|Μάη|Μαΐου Ιουν|Ιούν|Ιουνίου Ιουλ|Ιούλ|Ιουλίου Αυγ|Αύγ|Αυγούστου Σεπ|Σεπτ|Σεπτεμβρίου Οκτ|Οκτωβρίου Νοε|Νοέ|Νοεμ|Νοεμβρίου Δεκ|Δεκεμβρίου', // Greek
  'ian|ianuarie feb|februarie mar|martie apr|aprilie mai iun|iunie iul|iulie aug|august sep|sept|septembrie oct|octombrie noi|noe|nov|noiembrie dec|decembrie', // Romanian
  'oca|ocak şub|şubat mar|mart nis|nisan may|mayıs haz|haziran tem|temmuz ağu|ağustos eyl|eylül eki|ekim kas|kasım ara|aralık', // Turkish
  'янв|января фев|февр|февраля мар|марта апр|апреля май|мая июн|июня июл|июля авг|августа сен|сент|сентября окт|октября ноя|нояб|ноября дек|декабря', // Russian
  'яну фев мар апр май|мая юни юли авг сеп окт ное дек', // Bulgarian
  'saus|sau|sausio vas|vasario kov|kovo bal|balandžio geg|gegužės birž|bir|birželio liep|lie|liepos rugp|rgp|rugpjūčio rugs|rgs|rugsėjo spal|spa|spalio lapkr|lap|lapkričio gruod|grd|gruodžio', // Lithuanian
  'січ|січня лют|лютого бер|берез|березня кві|квіт|квітня тра|трав|травня чер|черв|червня лип|липня сер|серп|серпня вер|верес|вересня жов|жовт|жовтня лис|лист|листопада гру|груд|грудня', // Ukrainian
  'sij|siječnja velj|veljače ožu|ožujka tra|travnja svi|svibnja lipnja srpnja kol|kolovoza ruj|rujna oct stu|studenog|studenoga prosinca', // Croatian, as far as it is no other language's
  'gen|gener febr|febrer març abr|abril maig|mai juny juliol ag|agost set|setembre oct|octubre nov|novembre des|desembre', // Catalan
  'jan feb mar apr maj jun jul avg|avgust sep okt nov dec', // Slovenian, Serbian in Latin letters
  'јан феб мар апр мај јун јул авг сеп окт нов дец', // Serbian, Macedonian
  'сту|студзеня лют|лютага сак|сакавіка кра|красавіка тра|траўня чэр|чэрвеня ліп|ліпеня жні|жніўня вер|верасня кас|кастрычніка ліс|лістапада сне|снежня', // Belarusian
  'jan feb mar apr maí jún júl ágú sep okt nóv des', // Icelandic
  'janv|janvāris febr|februāris marts apr|aprīlis maijs jūn|jūnijs jūl|jūlijs aug|augusts sept|septembris okt|oktobris nov|novembris dec|decembris', // Latvian
  'ion chw maw ebr mai meh gor aws med hyd tach rhag', // Welsh
  'urt ots mar api mai eka uzt abu ira urr aza abe', // Basque
  'yan fev mar apr may iyn iyl avq sen okt noy dek', // Azerbaijani
  'jan|januari peb|feb|februari mar|maret apr|april mei jun|juni jul|juli agu|agt|agustus sep|september okt|oktober nov|november des|desember', // Indonesian
  'იან თებ მარ აპრ მაი ივნ ივლ აგვ სექ|სექტ ოქტ ნოე|ნოემ დეკ', // Georgian
  'Հնվ Փտր Մար Ապր Մայ Հնս Հլս Օգս Սեպ Հոկ Նոյ Դեկ', // Armenian
  'ינו|ינואר פבר|פברואר מרץ|מרס אפר|אפריל מאי יונ|יוני יול|יולי אוג|אוגוסט ספט|ספטמבר אוק|אוקטובר נוב|נובמבר דצמ|דצמבר', // Hebrew
  'ينا|يناير فبر|فبراير مار|مارس أبر|أبريل ماي|مايو يون|يونيو يول|يوليو أغس|أغسطس سبت|سبتمبر أكت|أكتوبر نوف|نوفمبر ديس|ديسمبر', // Arabic
  'ژانویه فوریه مارس آوریل مه ژوئن ژوئیه اوت سپتامبر اکتبر نوامبر دسامبر', // Persian
  'ม.ค|มกราคม ก.พ|กุมภาพันธ์ มี.ค|มีนาคม เม.ย|เมษายน พ.ค|พฤษภาคม มิ.ย|มิถุนายน ก.ค|กรกฎาคม ส.ค|สิงหาคม ก.ย|กันยายน ต.ค|ตุลาคม พ.ย|พฤศจิกายน ธ.ค|ธันวาคม', // Thai
  'जन|जनवरी फ़र|फ़रवरी मार्च अप्रै|अप्रैल मई जून जुला|जुलाई अग|अगस्त सितं|सितंबर अक्टू|अक्टूबर नवं|नवंबर दिसं|दिसंबर', // Hindi
  'th01|th1|thg1 th02|th2|thg2 th03|th3|thg3 th04|th4|thg4 th05|th5|thg5 th06|th6|thg6 th07|th7|thg7 th08|th8|thg8 th09|th9|thg9 th10|thg10 th11|thg11 th12|thg12', // Vietnamese
  '一月 二月 三月 四月 五月 六月 七月 八月 九月 十月 十一月 十二月', // Chinese, in words
  '1月 2月 3月 4月 5月 6月 7月 8月 9月 10月 11月 12月', // Japanese, Chinese
  '1월 2월 3월 4월 5월 6월 7월 8월 9월 10월 11월 12월', // Korean
];

// UTF-8 first; then what came before it.
const charsets = [
  'utf8',
  'windows-1252',
  'cp850',
  'windows-1250',
  'iso-8859-2',
  'windows-1254',
  'windows-1251',
  'koi8-u',
  'cp866',
  'iso-8859-5',
  'shift_jis',
  'euc-jp',
  'gbk',
  'big5',
  'euc-kr',
  'windows-874',
  'windows-1255',
  'windows-1256',
];

let table: Map<string, number> | undefined;
/** As servers write them, mostly: found without a change of case. */
const asWritten = new Map(english.split(' ').map((name, index) => [capitalised(name), index + 1]));
const englishTable = new Map(
  [english, englishLong].flatMap((names) =>
    names.split(' ').map((name, index): [string, number] => [name, index + 1]),
  ),
);

/** The month, from 1, that an octet string names in whatever language and charset; `undefined` where none or where two disagree. */
export function monthOf(octets: string): number | undefined {
  const common = asWritten.get(octets);
  if (common !== undefined) return common;
  if (octets.length < 2 || octets.length > 48) return undefined;
  const key = octets.toLowerCase(); // an octet string: only letters of Latin-1 change, in the table as here
  const plain = englishTable.get(key);
  if (plain !== undefined) return plain;
  const code = key.charCodeAt(0);
  if (code >= 48 && code <= 57 && !hasHighOctet(key)) return undefined; // a number: by far the commonest question
  table ??= buildTable();
  return table.get(key.replace(/^d(?:'|\xe2\x80\x99)|[.,]+$/g, ''));
}

function buildTable(): Map<string, number> {
  const built = new Map<string, number>(englishTable);
  const disputed = new Set<string>();
  for (const charset of charsets) {
    for (const language of abroad) {
      language.split(' ').forEach((spellings, index) => {
        for (const name of spellings.split('|')) {
          for (const form of new Set([name, capitalised(name), name.toUpperCase()])) {
            if (charset !== 'utf8' && !hasHighOctet(form)) continue; // the same in all of them
            const octets = iconv().encode(form, charset);
            if (iconv().decode(octets, charset) !== form) continue; // the charset lacks a letter
            const key = octets.toString('latin1').toLowerCase();
            const before = built.get(key);
            if (before === undefined) built.set(key, index + 1);
            else if (before !== index + 1) disputed.add(key);
          }
        }
      });
    }
  }
  for (const key of disputed) built.delete(key);
  return built;
}

const halves: Readonly<Record<'am' | 'pm', string>> = {
  am: '오전 上午 午前 凌晨 早上',
  pm: '오후 下午 午後 晚上',
};

let halfTable: Map<string, 'am' | 'pm'> | undefined;

/** The half of the day that an octet string names, in the languages that write it ahead of the hour. */
export function halfOfDay(octets: string): 'am' | 'pm' | undefined {
  halfTable ??= new Map(
    (['am', 'pm'] as const).flatMap((half) =>
      halves[half]
        .split(' ')
        .flatMap((word) =>
          charsets.map(
            (charset) => [iconv().encode(word, charset).toString('latin1'), half] as const,
          ),
        ),
    ),
  );
  return halfTable.get(octets);
}

function capitalised(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}

function hasHighOctet(octets: string): boolean {
  for (let i = 0; i < octets.length; i += 1) if (octets.charCodeAt(i) > 127) return true;
  return false;
}
