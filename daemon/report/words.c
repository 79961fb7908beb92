#include "report/words.h"

static const char *const words[REPORT_WORDS][2] = {
	[W_TITLE] = {"Competitor watch", "Veille concurrentielle"},
	[W_PERIOD] = {"Period", "Période"},
	[W_BEFORE] = {"compared with", "comparée à"},
	[W_ZONE] = {"time zone", "fuseau horaire"},
	[W_NA] = {"n/a", "n. d."},
	[W_VOLUME] = {"Volume", "Volume"},
	[W_VOLUME_IS] = {"Mentions that at least one rule matched, by date of publication "
			 "(first sight where there is none). Change: (n − before) ÷ before.",
		"Mentions retenues par au moins une règle, à leur date de publication (à "
		"défaut, de première lecture). Évolution : (n − avant) ÷ avant."},
	[W_MENTIONS] = {"n", "n"},
	[W_MENTIONS_BEFORE] = {"before", "avant"},
	[W_CHANGE] = {"change", "évolution"},
	[W_DAYS] = {"Day by day", "Jour par jour"},
	[W_DAYS_IS] = {"Mentions of each day of the period, in the time zone of the report.",
		"Mentions de chaque jour de la période, dans le fuseau du rapport."},
	[W_DAY] = {"day", "jour"},
	[W_VOICE] = {"Share of voice", "Part de voix"},
	[W_VOICE_IS] = {"n of a name ÷ sum of n over all names of brand and competitor rules. "
			"A mention of two names counts for both.",
		"n d’un nom ÷ somme des n de tous les noms des règles de marque et de "
		"concurrent. Une mention de deux noms compte pour les deux."},
	[W_NAME] = {"name", "nom"},
	[W_ROLE] = {"role", "rôle"},
	[W_BRAND] = {"brand", "marque"},
	[W_COMPETITOR] = {"competitor", "concurrent"},
	[W_SHARE] = {"share", "part"},
	[W_SHARE_BEFORE] = {"share before", "part avant"},
	[W_STORIES] = {"Top stories", "Sujets les plus repris"},
	[W_STORIES_IS] = {"Near-duplicate mentions (same page, title or text) counted as one "
			  "story; n is its mentions, sources the different ones among them.",
		"Mentions quasi identiques (même page, titre ou texte) réunies en un sujet ; n "
		": ses mentions, sources : celles, distinctes, qui l’ont publié."},
	[W_STORY] = {"story", "sujet"},
	[W_SOURCES_HEARD] = {"sources", "sources"},
	[W_SOURCES] = {"Sources", "Sources"},
	[W_SOURCES_IS] = {"Mentions by configured source.", "Mentions par source configurée."},
	[W_SOURCE] = {"source", "source"},
	[W_AUTHORS] = {"Authors", "Auteurs"},
	[W_AUTHORS_IS] = {"Mentions by author, as the source names them; one name on two "
			  "sources is two authors. Mentions without author are left out.",
		"Mentions par auteur, tel que la source le nomme ; un même nom sur deux "
		"sources fait deux auteurs. Les mentions sans auteur ne comptent pas."},
	[W_AUTHOR] = {"author", "auteur"},
	[W_FOLLOWERS] = {"followers", "abonnés"},
	[W_ALERTS] = {"Alerts sent", "Alertes envoyées"},
	[W_ALERTS_IS] = {"Mentions with the outcome “sent” or “digested” in the ledger within "
			 "the period, by "
			 "receiver. Messages: different deliveries, over all receivers.",
		"Mentions dont le registre dit « sent » ou « digested » pendant la période, "
		"par destinataire. "
		"Messages : envois distincts, tous destinataires confondus."},
	[W_RECEIVER] = {"receiver", "destinataire"},
	[W_TOLD] = {"mentions told", "mentions signalées"},
	[W_MESSAGES] = {"messages", "messages"},
	[W_COVERAGE] = {"Coverage", "Couverture"},
	[W_COVERAGE_IS] = {"Healthy sources ÷ all sources, looked at once an hour while vigie "
			   "ran: a "
			   "source is healthy when it was read without error at its last turn. "
			   "And what the "
			   "archive knows.",
		"Sources saines ÷ toutes les sources, relevées une fois par heure de "
		"marche : est saine celle qui a été lue sans erreur à son dernier tour. "
		"Et ce que l’archive sait."},
	[W_FIGURE] = {"figure", "chiffre"},
	[W_VALUE] = {"n", "n"},
	[W_COVER_HEALTHY] = {"healthy sources, of all", "sources saines, sur toutes"},
	[W_COVER_HOURS] = {"hours recorded, of all hours",
		"heures relevées, sur toutes les heures"},
	[W_COVER_HEARD] = {"sources with mentions in the period",
		"sources avec des mentions pendant la période"},
	[W_COVER_SILENT] = {"sources with mentions only in the period before",
		"sources n’ayant de mentions que la période d’avant"},
	[W_COVER_DAYS] = {"days with mentions, of all days",
		"jours avec des mentions, sur tous les jours"},
	[W_COVER_SINCE] = {"first mention ever archived", "première mention jamais archivée"},
	[W_COVER_LOSSES] = {"losses known to the archive in the period",
		"pertes connues de l’archive pendant la période"},
	[W_PARTIAL] = {"The archive begins within the period before: changes compare with less "
		       "than a whole period.",
		"L’archive commence au cours de la période d’avant : les évolutions se "
		"comparent à une période incomplète."},
	[W_NOTHING] = {"nothing in this period", "rien pendant cette période"},
	[W_TOP] = {"shown", "affichés"},
	[W_UNTITLED] = {"(untitled)", "(sans titre)"},
	[W_BRIEF_VOLUME] = {"{} mentions ({} before, {}).", "{} mentions ({} avant, {})."},
	[W_BRIEF_STORY] = {" Top story, n {}: {}.", " Premier sujet, n {} : {}."},
	[W_BRIEF_COVERAGE] = {" Coverage: {}.", " Couverture : {}."},
};

const char *report_word(struct span lang, enum report_word word)
{
	return words[word][span_eq_str(lang, "fr")];
}
