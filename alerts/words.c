#include "words.h"

static const char *const english[WORDS] = {
	[WORD_ONE_MENTION] = "new mention",
	[WORD_MANY_MENTIONS] = "{} mentions",
	[WORD_COMPETITOR] = "competitor",
	[WORD_MORE] = "+ {} more",
	[WORD_UNTITLED] = "(untitled)",
	[WORD_FOLLOWERS] = "{} followers",
	[WORD_THOUSANDS] = ",",
	[WORD_DECIMAL] = ".",
	[WORD_ONE_COPY] = "+1 copy",
	[WORD_COPIES] = "+{} copies",
	[WORD_ON_SITES] = "{} on {} sites",
	[WORD_SPIKE] = "{} mentions in the last hour, usually {}",
	[WORD_SPIKE_LEARNING] = "{} (still learning)",
	[WORD_SPIKE_WHY] =
		("a burst begins at {}: {} usual at this hour of the week, spread {}, from "
		 "{} weeks"),
	[WORD_SPIKE_WHY_LEARNING] =
		"a burst begins at {}: {} usual at this hour, spread {}, from {} days so far",
	[WORD_SPIKE_OVER] = "over after {}: {} mentions in an hour at most, usually {}",
	[WORD_SEVERITY] = "severity {} = {}",
	[WORD_POINTS_SPIKE] = "spike",
	[WORD_POINTS_TIMES] = "times the usual",
	[WORD_POINTS_MENTIONS] = "mentions",
	[WORD_POINTS_LEARNING] = "learning",
	[WORD_POINTS_EXTRAS] = "extras",
	[WORD_GROWS] = "the story grows: {}",
	[WORD_REMINDER] = "{} (reminder {})",
	[WORD_DIGEST] = "digest {} – {} UTC",
	[WORD_PART] = "{} (part {} of {})",
	[WORD_NOTHING] = "nothing found",
	[WORD_ONE_CARRIED] = "1 of these",
	[WORD_CARRIED] = "{} of these",
	[WORD_PUBLISHED] = "published {}",
	[WORD_FOUND] = "found {}",
	[WORD_RULE] = "rule {} (version {})",
	[WORD_SCORE] = "score {} = {}",
	[WORD_FIELD_TITLE] = "title",
	[WORD_FIELD_TEXT] = "text",
	[WORD_FIELD_AUTHOR] = "author",
	[WORD_QUOTE] = "“{}”",
	[WORD_WITHOUT_WORDS] = "by what it lacks or counts",
	[WORD_ROUTE] = "route {}",
	[WORD_WHY] = "Why:",
	[WORD_OPEN_POST] = "Open the post",
	[WORD_OPEN_VIGIE] = "Open in vigie",
	[WORD_DELIVERY] = "delivery {}",
	[WORD_MAIL_FOOTER] = "Sent by vigie because a rule you set matched.",
};

static const char *const french[WORDS] = {
	[WORD_ONE_MENTION] = "nouvelle mention",
	[WORD_MANY_MENTIONS] = "{} mentions",
	[WORD_COMPETITOR] = "concurrent",
	[WORD_MORE] = "+ {} de plus",
	[WORD_UNTITLED] = "(sans titre)",
	[WORD_FOLLOWERS] = "{} abonnés",
	[WORD_THOUSANDS] = "\u202F",
	[WORD_DECIMAL] = ",",
	[WORD_ONE_COPY] = "+1 copie",
	[WORD_COPIES] = "+{} copies",
	[WORD_ON_SITES] = "{} sur {} sites",
	[WORD_SPIKE] = "{} mentions dans la dernière heure, d’habitude {}",
	[WORD_SPIKE_LEARNING] = "{} (en apprentissage)",
	[WORD_SPIKE_WHY] =
		("un pic commence à {}\u00A0: {} d’habitude à cette heure de la semaine, "
		 "écart {}, sur {} semaines"),
	[WORD_SPIKE_WHY_LEARNING] = "un pic commence à {}\u00A0: {} d’habitude à cette heure, "
				    "écart {}, sur {} jours "
				    "pour l’instant",
	[WORD_SPIKE_OVER] =
		"terminé après {}\u00A0: {} mentions en une heure au plus, d’habitude {}",
	[WORD_SEVERITY] = "gravité {} = {}",
	[WORD_POINTS_SPIKE] = "pic",
	[WORD_POINTS_TIMES] = "fois l’habituel",
	[WORD_POINTS_MENTIONS] = "mentions",
	[WORD_POINTS_LEARNING] = "apprentissage",
	[WORD_POINTS_EXTRAS] = "suppléments",
	[WORD_GROWS] = "l’histoire grandit\u00A0: {}",
	[WORD_REMINDER] = "{} (rappel {})",
	[WORD_DIGEST] = "récapitulatif {} – {} UTC",
	[WORD_PART] = "{} (partie {} sur {})",
	[WORD_NOTHING] = "rien trouvé",
	[WORD_ONE_CARRIED] = "1 d’entre elles",
	[WORD_CARRIED] = "{} d’entre elles",
	[WORD_PUBLISHED] = "publié le {}",
	[WORD_FOUND] = "trouvé le {}",
	[WORD_RULE] = "règle {} (version {})",
	[WORD_SCORE] = "score {} = {}",
	[WORD_FIELD_TITLE] = "titre",
	[WORD_FIELD_TEXT] = "texte",
	[WORD_FIELD_AUTHOR] = "auteur",
	[WORD_QUOTE] = "«\u00A0{}\u00A0»",
	[WORD_WITHOUT_WORDS] = "par ce qui manque ou se compte",
	[WORD_ROUTE] = "route {}",
	[WORD_WHY] = "Pourquoi\u00A0:",
	[WORD_OPEN_POST] = "Ouvrir la publication",
	[WORD_OPEN_VIGIE] = "Ouvrir dans vigie",
	[WORD_DELIVERY] = "envoi {}",
	[WORD_MAIL_FOOTER] =
		"Envoyé par vigie parce qu’une de vos règles a reconnu ce contenu.",
};

static const struct words languages[] = {
	{"en", english},
	{"fr", french},
};

const struct words *words_for(struct span lang)
{
	const struct span primary = span_slice(lang, 0, span_find(lang, '-'));

	for (size_t i = 0; i < sizeof(languages) / sizeof(*languages); i++)
		if (span_eq_ci(primary, span_str(languages[i].lang)))
			return &languages[i];
	return &languages[0];
}
