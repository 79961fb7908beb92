#include "sources/date_names.h"

#include <string.h>

#include "vigie/utf8.h"

/* Folded: lower case, accents of Latin letters off. A word is a name when it is equal to one,
 * or (three letters or more) the start of one. Order matters only where starts are shared: the
 * first wins. */
static const struct {
	int month;
	const char *names; /* separated by spaces */
} months[] = {
	{1, "january janvier enero januar januari gennaio janeiro styczen stycznia leden ledna "
	    "ianuarie ocak tammikuu января январь январ січень січня ιανουαριος ιανουαριου ιαν "
	    "januarius január janner jaenner sijecanj siječanj jenner gener"},
	{2, "february fevrier febrero februar februari febbraio fevereiro luty lutego unor "
	    "unora "
	    "februarie subat helmikuu февраля февраль лютий лютого φεβρουαριος φεβρουαριου "
	    "φεβ feber fev febrer veljaca"},
	{3, "march mars marzo marz maerz maart marco marzec marca brezen brezna martie mart "
	    "maaliskuu марта март березень березня μαρτιος μαρτιου μαρ marcius mrt marts mrz "
	    "marc "
	    "ozujak"},
	{4, "april avril abril aprile kwiecien kwietnia duben dubna aprilie nisan huhtikuu "
	    "апреля апрель квітень квітня απριλιος απριλιου απρ aprilis avr abr travanj"},
	{5, "may mai mayo maggio maio mei maj maja kveten kvetna toukokuu мая май травень "
	    "травня "
	    "μαιος μαιου μαι majus mayis svibanj maig"},
	{6, "june juin junio juni giugno junho czerwiec czerwca cerven cervna iunie haziran "
	    "kesakuu "
	    "июня июнь червень червня ιουνιος ιουνιου ιουν junius lipanj juny"},
	{7, "july juillet julio juli luglio julho lipiec lipca cervenec cervence iulie temmuz "
	    "heinakuu июля июль липень липня ιουλιος ιουλιου ιουλ julius srpanj juliol"},
	{8, "august aout agosto augustus augusti sierpien sierpnia srpen srpna agustos elokuu "
	    "августа август серпень серпня αυγουστος αυγουστου αυγ augusztus ago kolovoz "
	    "agost"},
	{9, "september septembre septiembre settembre setembro wrzesien wrzesnia zari eylul "
	    "septembrie syyskuu сентября сентябрь вересень вересня σεπτεμβριος σεπτεμβριου "
	    "σεπ szeptember setiembre rujan"},
	{10, "october octobre octubre oktober ottobre outubro pazdziernik pazdziernika rijen "
	     "rijna "
	     "octombrie ekim lokakuu октября октябрь жовтень жовтня οκτωβριος οκτωβριου οκτ "
	     "oktobre"},
	{11, "november novembre noviembre novembro listopad listopada listopadu noiembrie "
	     "kasim "
	     "marraskuu ноября ноябрь листопад листопада νοεμβριος νοεμβριου νοε studeni"},
	{12, "december decembre diciembre dezember dicembre dezembro desember grudzien grudnia "
	     "prosinec prosince decembrie aralik joulukuu декабря декабрь грудень грудня "
	     "δεκεμβριος δεκεμβριου δεκ prosinac desembre"},
};

static const struct {
	int weekday;
	const char *names;
} weekdays[] = {
	{0, "monday lundi montag lunes lunedi maandag mandag mandag segunda poniedzialek "
	    "понедельник δευτερα pazartesi"},
	{1, "tuesday mardi dienstag martes martedi dinsdag tirsdag tisdag terca wtorek вторник "
	    "τριτη sali thues"},
	{2, "wednesday mercredi mittwoch miercoles mercoledi woensdag onsdag quarta sroda "
	    "среда "
	    "τεταρτη carsamba"},
	{3, "thursday jeudi donnerstag jueves giovedi donderdag torsdag quinta czwartek "
	    "четверг "
	    "πεμπτη persembe"},
	{4, "friday vendredi freitag viernes venerdi vrijdag fredag sexta piatek пятница "
	    "παρασκευη cuma"},
	{5, "saturday samedi samstag sonnabend sabado sabato zaterdag lordag sobota суббота "
	    "σαββατο cumartesi"},
	{6, "sunday dimanche sonntag domingo domenica zondag sondag niedziela воскресенье "
	    "κυριακη pazar"},
};

/* Abbreviations too short for the rule above. */
static const struct {
	const char *name;
	int weekday;
} short_weekdays[] = {{"mo", 0}, {"di", 1}, {"mi", 2}, {"do", 3}, {"fr", 4}, {"sa", 5},
	{"so", 6}, {"lu", 0}, {"ma", 1}, {"me", 2}, {"je", 3}, {"ve", 4}};

/* Sorted by use rather than by name. Where letters mean several zones, the one of feeds written
 * in English. */
static const struct date_zone zones[] = {
	{"gmt", 0, 0},
	{"utc", 0, 0},
	{"ut", 0, 0},
	{"z", 0, 0},
	{"est", -300, 0},
	{"edt", -240, 0},
	{"cst", -360, 0},
	{"cdt", -300, 0},
	{"mst", -420, 0},
	{"mdt", -360, 0},
	{"pst", -480, 0},
	{"pdt", -420, 0},
	{"et", -300, 0},
	{"ct", -360, 0},
	{"mt", -420, 0},
	{"pt", -480, 0},
	{"at", -240, 0},
	{"ast", -240, 0},
	{"adt", -180, 0},
	{"nst", -210, 0},
	{"ndt", -150, 0},
	{"akst", -540, 0},
	{"akdt", -480, 0},
	{"hst", -600, 0},
	{"brt", -180, 0},
	{"art", -180, 0},
	{"wet", 0, 0},
	{"west", 60, 0},
	{"bst", 60, 0},
	{"ist", 330, 0},
	{"cet", 60, 0},
	{"cest", 120, 0},
	{"met", 60, 0},
	{"mest", 120, 0},
	{"mez", 60, 0},
	{"mesz", 120, 0},
	{"eet", 120, 0},
	{"eest", 180, 0},
	{"msk", 180, 0},
	{"msd", 240, 0},
	{"trt", 180, 0},
	{"sast", 120, 0},
	{"wat", 60, 0},
	{"cat", 120, 0},
	{"eat", 180, 0},
	{"pkt", 300, 0},
	{"wib", 420, 0},
	{"ict", 420, 0},
	{"sgt", 480, 0},
	{"hkt", 480, 0},
	{"awst", 480, 0},
	{"jst", 540, 0},
	{"kst", 540, 0},
	{"acst", 570, 0},
	{"acdt", 630, 0},
	{"aest", 600, 0},
	{"aedt", 660, 0},
	{"nzst", 720, 0},
	{"nzdt", 780, 0},
	{"europe/brussels", 60, DATE_SUMMER_EU},
	{"europe/paris", 60, DATE_SUMMER_EU},
	{"europe/berlin", 60, DATE_SUMMER_EU},
	{"europe/madrid", 60, DATE_SUMMER_EU},
	{"europe/rome", 60, DATE_SUMMER_EU},
	{"europe/amsterdam", 60, DATE_SUMMER_EU},
	{"europe/vienna", 60, DATE_SUMMER_EU},
	{"europe/zurich", 60, DATE_SUMMER_EU},
	{"europe/stockholm", 60, DATE_SUMMER_EU},
	{"europe/oslo", 60, DATE_SUMMER_EU},
	{"europe/copenhagen", 60, DATE_SUMMER_EU},
	{"europe/warsaw", 60, DATE_SUMMER_EU},
	{"europe/prague", 60, DATE_SUMMER_EU},
	{"europe/budapest", 60, DATE_SUMMER_EU},
	{"europe/luxembourg", 60, DATE_SUMMER_EU},
	{"europe/london", 0, DATE_SUMMER_EU},
	{"europe/dublin", 0, DATE_SUMMER_EU},
	{"europe/lisbon", 0, DATE_SUMMER_EU},
	{"europe/athens", 120, DATE_SUMMER_EU},
	{"europe/helsinki", 120, DATE_SUMMER_EU},
	{"europe/bucharest", 120, DATE_SUMMER_EU},
	{"europe/sofia", 120, DATE_SUMMER_EU},
	{"europe/kiev", 120, DATE_SUMMER_EU},
	{"europe/kyiv", 120, DATE_SUMMER_EU},
	{"europe/moscow", 180, 0},
	{"europe/istanbul", 180, 0},
	{"america/new_york", -300, DATE_SUMMER_US},
	{"america/toronto", -300, DATE_SUMMER_US},
	{"america/montreal", -300, DATE_SUMMER_US},
	{"america/detroit", -300, DATE_SUMMER_US},
	{"america/chicago", -360, DATE_SUMMER_US},
	{"america/denver", -420, DATE_SUMMER_US},
	{"america/phoenix", -420, 0},
	{"america/los_angeles", -480, DATE_SUMMER_US},
	{"america/vancouver", -480, DATE_SUMMER_US},
	{"america/halifax", -240, DATE_SUMMER_US},
	{"america/sao_paulo", -180, 0},
	{"america/bogota", -300, 0},
	{"america/mexico_city", -360, 0},
	{"america/argentina/buenos_aires", -180, 0},
	{"us/eastern", -300, DATE_SUMMER_US},
	{"us/central", -360, DATE_SUMMER_US},
	{"us/mountain", -420, DATE_SUMMER_US},
	{"us/pacific", -480, DATE_SUMMER_US},
	{"asia/tokyo", 540, 0},
	{"asia/seoul", 540, 0},
	{"asia/shanghai", 480, 0},
	{"asia/hong_kong", 480, 0},
	{"asia/singapore", 480, 0},
	{"asia/taipei", 480, 0},
	{"asia/kolkata", 330, 0},
	{"asia/calcutta", 330, 0},
	{"asia/dubai", 240, 0},
	{"asia/jakarta", 420, 0},
	{"asia/bangkok", 420, 0},
	{"asia/manila", 480, 0},
	{"africa/johannesburg", 120, 0},
	{"africa/lagos", 60, 0},
	{"africa/nairobi", 180, 0},
	{"africa/casablanca", 60, 0},
	{"africa/algiers", 60, 0},
	{"africa/tunis", 60, 0},
	{"australia/sydney", 600, DATE_SUMMER_AU},
	{"australia/melbourne", 600, DATE_SUMMER_AU},
	{"australia/brisbane", 600, 0},
	{"australia/perth", 480, 0},
	{"pacific/auckland", 720, DATE_SUMMER_NZ},
	{"etc/utc", 0, 0},
	{"etc/gmt", 0, 0},
};

/* Lower case, and Latin letters without their accents; enough for the names above. */
static uint32_t fold(uint32_t c)
{
	static const struct {
		uint32_t from, to;
		char base;
	} latin[] = {{0xC0, 0xC5, 'a'}, {0xC7, 0xC7, 'c'}, {0xC8, 0xCB, 'e'}, {0xCC, 0xCF, 'i'},
		{0xD1, 0xD1, 'n'}, {0xD2, 0xD6, 'o'}, {0xD8, 0xD8, 'o'}, {0xD9, 0xDC, 'u'},
		{0xE0, 0xE5, 'a'}, {0xE7, 0xE7, 'c'}, {0xE8, 0xEB, 'e'}, {0xEC, 0xEF, 'i'},
		{0xF1, 0xF1, 'n'}, {0xF2, 0xF6, 'o'}, {0xF8, 0xF8, 'o'}, {0xF9, 0xFC, 'u'},
		{0x104, 0x105, 'a'}, {0x106, 0x10D, 'c'}, {0x118, 0x11B, 'e'},
		{0x11E, 0x11F, 'g'}, {0x130, 0x131, 'i'}, {0x141, 0x142, 'l'},
		{0x143, 0x148, 'n'}, {0x150, 0x151, 'o'}, {0x158, 0x159, 'r'},
		{0x15A, 0x161, 's'}, {0x16E, 0x171, 'u'}, {0x179, 0x17E, 'z'}};
	/* Greek vowels with tonos */
	static const uint16_t greek[][2] = {{0x386, 0x3B1}, {0x388, 0x3B5}, {0x389, 0x3B7},
		{0x38A, 0x3B9}, {0x38C, 0x3BF}, {0x38E, 0x3C5}, {0x38F, 0x3C9}, {0x3AC, 0x3B1},
		{0x3AD, 0x3B5}, {0x3AE, 0x3B7}, {0x3AF, 0x3B9}, {0x3CC, 0x3BF}, {0x3CD, 0x3C5},
		{0x3CE, 0x3C9}, {0x3CA, 0x3B9}, {0x390, 0x3B9}, {0x3AA, 0x3B9}};

	if (c < 0x80)
		return (uint32_t)(unsigned char)ascii_lower((char)c);
	for (size_t i = 0; i < sizeof(latin) / sizeof(*latin); i++)
		if (c >= latin[i].from && c <= latin[i].to)
			return (uint32_t)latin[i].base;
	for (size_t i = 0; i < sizeof(greek) / sizeof(*greek); i++)
		if (c == greek[i][0])
			return greek[i][1];
	if (c >= 0x391 && c <= 0x3A9) /* Greek capitals */
		return c + 32;
	if (c >= 0x410 && c <= 0x42F) /* Cyrillic capitals */
		return c + 32;
	return c;
}

enum { MAX_WORD = 48 };

/* Does the list hold the word, whole or (from three letters) as its start? */
static bool among(const char *names, struct span word, bool whole)
{
	const size_t letters = utf8_length(word);

	for (const char *p = names; *p;) {
		const size_t n = strcspn(p, " ");

		if (n == word.n ? memcmp(p, word.p, n) == 0
				: !whole && letters >= 3 && n > word.n &&
					  memcmp(p, word.p, word.n) == 0)
			return true;
		p += n;
		p += *p == ' ';
	}
	return false;
}

static bool month_or_weekday(struct date_word *ret, struct span word, bool whole)
{
	for (size_t i = 0; i < sizeof(months) / sizeof(*months); i++)
		if (among(months[i].names, word, whole)) {
			*ret = (struct date_word){.kind = DATE_MONTH,
				.value = months[i].month,
				.weak = span_eq(word, SPAN("mar"))};
			return true;
		}
	for (size_t i = 0; i < sizeof(weekdays) / sizeof(*weekdays); i++)
		if (among(weekdays[i].names, word, whole)) {
			*ret = (struct date_word){
				.kind = DATE_WEEKDAY, .value = weekdays[i].weekday};
			return true;
		}
	return false;
}

/* The words of nearly every date, without the lists. */
static bool usual_word(struct date_word *ret, struct span word)
{
	static const char names[][4] = {"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug",
		"sep", "oct", "nov", "dec", "mon", "tue", "wed", "thu", "fri", "sat", "sun"};
	char low[3];

	if (word.n != 3)
		return false;
	for (size_t i = 0; i < 3; i++)
		low[i] = ascii_lower(word.p[i]);
	for (int i = 0; i < 19; i++) {
		if (memcmp(names[i], low, 3) != 0)
			continue;
		if (i < 12)
			*ret = (struct date_word){
				.kind = DATE_MONTH, .value = i + 1, .weak = i == 2};
		else
			*ret = (struct date_word){.kind = DATE_WEEKDAY, .value = i - 12};
		return true;
	}
	return false;
}

bool date_word(struct date_word *ret, struct span word)
{
	char folded[MAX_WORD];
	struct span w;
	size_t n = 0;

	if (usual_word(ret, word))
		return true;
	if (word.n > MAX_WORD / 2)
		return false;
	for (size_t i = 0; i < word.n;)
		n += utf8_encode(folded + n, fold(utf8_next(word, &i)));
	w = span_of(folded, n);
	if (span_eq(w, SPAN("am")) || span_eq(w, SPAN("오전"))) {
		*ret = (struct date_word){.kind = DATE_AM};
		return true;
	}
	if (span_eq(w, SPAN("pm")) || span_eq(w, SPAN("오후"))) {
		*ret = (struct date_word){.kind = DATE_PM};
		return true;
	}
	for (size_t i = 0; i < sizeof(zones) / sizeof(*zones); i++)
		if (span_eq_str(w, zones[i].name)) {
			*ret = (struct date_word){.kind = DATE_ZONE, .zone = &zones[i]};
			return true;
		}
	for (size_t i = 0; i < sizeof(short_weekdays) / sizeof(*short_weekdays); i++)
		if (span_eq_str(w, short_weekdays[i].name)) {
			*ret = (struct date_word){
				.kind = DATE_WEEKDAY, .value = short_weekdays[i].weekday};
			return true;
		}
	return month_or_weekday(ret, w, true) || month_or_weekday(ret, w, false);
}
