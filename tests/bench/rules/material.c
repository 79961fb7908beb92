#include "material.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const common[] = {"de", "la", "the", "le", "to", "et", "a", "les", "of",
	"and", "in", "des", "is", "en", "for", "un", "on", "que", "it", "est", "you", "du",
	"pour", "une", "that", "dans", "I", "pas", "with", "qui", "sur", "at", "my", "au",
	"this", "par", "not", "are", "plus", "be", "il", "have", "ce", "was", "se", "so",
	"avec", "but", "we", "ne", "your", "all", "just", "out", "now", "sont", "they", "mais",
	"flight", "été", "day", "ont", "today", "new", "deux", "time", "comme", "people",
	"après", "can", "no", "tout", "from", "will", "même", "service", "année", "police",
	"monde", "company", "ses", "don't", "aux", "because", "l'équipe", "d'une", "c'est",
	"n'est", "qu'il", "aujourd’hui", "France", "Paris", "président", "hours", "delay",
	"customer", "plane", "thanks", "merci", "déjà", "très", "fait", "être", "grève",
	"train", "bourse", "marché", "euros", "millions", "business", "report", "week",
	"gouvernement", "élection", "ministre", "stock", "oil", "price", "prix", "retard",
	"annulé", "cancelled"};
enum { COMMON = sizeof(common) / sizeof(*common), RARE = 30000 };

static const char *const syllables[] = {"ba", "bel", "bri", "ca", "cor", "dan", "del", "do",
	"fa", "fin", "ga", "gran", "hel", "ju", "ka", "lan", "le", "lo", "lu", "mar", "mi",
	"mon", "na", "nor", "o", "pa", "per", "po", "ra", "re", "ri", "sa", "san", "se", "sol",
	"ta", "ter", "ti", "tra", "va", "ver", "vi", "vo", "xa", "yo", "za", "zen", "é", "ô",
	"ü"};

/* A word of its number, always the same. */
static void add_word(struct buf *out, uint32_t number, bool capital)
{
	uint32_t h = number * 2654435761U + 12345;
	const unsigned parts = 2 + h % 3;
	const size_t from = out->n;

	for (unsigned i = 0; i < parts; i++) {
		h = h * 1664525U + 1013904223U;
		buf_add_str(
			out, syllables[(h >> 8) % (sizeof(syllables) / sizeof(*syllables))]);
	}
	if (capital && out->p[from] >= 'a' && out->p[from] <= 'z')
		out->p[from] = (char)(out->p[from] - 32);
}

static double unit(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005U + 1442695040888963407U;
	return (double)(*seed >> 11) / 9007199254740992.0;
}

/* Names: one, two or three words that are no common ones. */
static void add_name(struct buf *out, size_t number, const char *between)
{
	const unsigned parts = number % 5 < 2 ? 1 : number % 5 < 4 ? 2 : 3;

	for (unsigned i = 0; i < parts; i++) {
		buf_add_str(out, i ? between : "");
		add_word(out, (uint32_t)(1000000 + number * 3 + i), true);
	}
}

static void add_token(struct buf *out, uint64_t *seed)
{
	const double r = unit(seed), u = unit(seed);

	if (r < 0.72) {
		/* Zipf: rank by a power of a uniform number. */
		buf_add_str(out, common[(size_t)(pow(COMMON + 1.0, u) - 1.0) % COMMON]);
	} else if (r < 0.96) {
		add_word(out, (uint32_t)(pow(RARE, u)), unit(seed) < 0.2);
	} else if (r < 0.965) {
		add_name(out, (size_t)(pow(20000, u)), " ");
	} else if (r < 0.975) {
		buf_add_char(out, u < 0.5 ? '#' : '@');
		add_word(out, (uint32_t)(pow(RARE, unit(seed))), true);
	} else if (r < 0.98) {
		buf_add_str(out, "https://t.co/");
		add_word(out, (uint32_t)(u * 1e9), true);
	} else if (r < 0.99) {
		buf_addf(out, "%d", (int)(u * 3000));
	} else {
		buf_add_str(out, u < 0.3 ? "😡" : u < 0.6 ? "« ok »" : u < 0.9 ? "—" : "❤️");
	}
}

static struct span make_text(
	struct arena *arena, struct buf *work, size_t tokens, uint64_t *seed)
{
	static const char *const ends[] = {
		" ", " ", " ", " ", " ", " ", " ", " ", ", ", ". ", " ", "! "};

	buf_clear(work);
	for (size_t i = 0; i < tokens; i++) {
		add_token(work, seed);
		buf_add_str(work, ends[(size_t)(unit(seed) * 12)]);
	}
	return arena_dup(arena, buf_span(work));
}

static struct item *add_item(struct posts *p)
{
	if (p->n == p->capacity) {
		p->capacity = p->capacity ? p->capacity * 2 : 1024;
		p->items = realloc(p->items, p->capacity * sizeof(*p->items));
		if (!p->items)
			abort();
	}
	p->items[p->n] = item_empty();
	return &p->items[p->n++];
}

void posts_generate(struct posts *ret, size_t n)
{
	struct buf work = {0};
	uint64_t seed = 2024;

	*ret = (struct posts){0};
	for (size_t i = 0; i < n; i++) {
		struct item *item = add_item(ret);
		const double r = unit(&seed);

		if (r < 0.3)
			item->title = make_text(&ret->arena, &work, 8, &seed);
		item->text = make_text(&ret->arena, &work,
			r < 0.3 ? 40 + (size_t)(unit(&seed) * 250)
				: 8 + (size_t)(unit(&seed) * 20),
			&seed);
		item->lang = unit(&seed) < 0.5 ? SPAN("fr") : SPAN("en");
		ret->bytes += item->title.n + item->text.n;
	}
	buf_deinit(&work);
}

static struct span text_of(struct arena *arena, const json_t *o, const char *key)
{
	const json_t *v = json_object_get(o, key);

	return json_is_string(v)
		       ? arena_dup(arena, span_of(json_string_value(v), json_string_length(v)))
		       : SPAN_NONE;
}

void posts_read(struct posts *ret, const char *path)
{
	FILE *f = fopen(path, "r");
	char *line = NULL;
	size_t capacity = 0;
	ssize_t n;

	*ret = (struct posts){0};
	if (!f) {
		perror(path);
		exit(2);
	}
	while ((n = getline(&line, &capacity, f)) > 0) {
		json_t *o = json_loadb(line, (size_t)n, 0, NULL);
		struct item *item = add_item(ret);

		item->title = text_of(&ret->arena, o, "title");
		item->text = text_of(&ret->arena, o, "text");
		item->lang = text_of(&ret->arena, o, "lang");
		ret->bytes += item->title.n + item->text.n;
		json_decref(o);
	}
	free(line);
	(void)fclose(f);
}

void posts_release(struct posts *p)
{
	arena_release(&p->arena);
	free(p->items);
	*p = (struct posts){0};
}

static void add_context(struct buf *out, uint64_t *seed)
{
	static const char *const contexts[][8] = {
		{"grève*", "strike*", "syndicat*", "walkout", "\"mouvement social\"", "préavis",
			"débray*", "\"plan social\""},
		{"annul*", "cancel*", "retard*", "delay*", "\"hours late\"", "stranded",
			"bloqué*", "\"vol annulé\""},
		{"bourse", "shares", "profit*", "bénéfice*", "dividende*", "earnings",
			"acquisition*", "\"chiffre d''affaires\""},
		{"arnaque*", "refund*", "rembours*", "\"service client\"", "plainte*",
			"complain*", "hotline", "scam*"},
		{"leak*", "piratage*", "RGPD", "\"data breach\"", "CNIL", "privacy", "hack*",
			"\"fuite de données\""}};
	const size_t set = (size_t)(unit(seed) * 5), n = 3 + (size_t)(unit(seed) * 6);

	for (size_t i = 0; i < n && i < 8; i++)
		buf_addf(out, "%s%s", i ? " OR " : "", contexts[set][i]);
}

void rules_generate(struct buf *out, size_t n)
{
	uint64_t seed = 77;

	buf_add_str(out, "rules:\n");
	for (size_t i = 0; i < n; i++) {
		const double r = unit(&seed);

		buf_addf(out, "- {id: r%06zu, query: '(\"", i);
		add_name(out, i, " ");
		buf_add_str(out, "\" OR ");
		add_name(out, i, "");
		if (unit(&seed) < 0.5) {
			buf_add_str(out, " OR @");
			add_name(out, i, "");
		}
		if (unit(&seed) < 0.4) {
			buf_add_str(out, " OR #");
			add_name(out, i, "");
			buf_add_char(out, '*');
		}
		buf_add_char(out, ')');
		if (r < 0.35 || (r >= 0.55 && r < 0.6)) {
			buf_add_str(out, r < 0.35 ? " AND (" : " AND 2 OF (");
			if (r < 0.35)
				add_context(out, &seed);
			else
				buf_add_str(out, "recall*, rappel*, danger*, accident*");
			buf_add_char(out, ')');
		} else if (r < 0.55) {
			buf_addf(out, " %sNEAR/%d (", r < 0.4 ? "O" : "", 5 + (int)(r * 20));
			add_context(out, &seed);
			buf_add_char(out, ')');
		} else if (r < 0.63) {
			buf_add_str(out, " AND /[0-9]+([.,][0-9]+)? ?(€|euros?|%)/i");
		} else if (r < 0.7) {
			buf_add_str(out, " AND lang:fr");
		}
		if (unit(&seed) < 0.3)
			buf_add_str(out, " NOT (horoscope* OR \"job offer\" OR concours)");
		buf_add_str(out, "'}\n");
	}
}

void file_read_all(struct buf *out, const char *path)
{
	FILE *f = fopen(path, "r");
	char piece[65536];
	size_t n;

	if (!f) {
		perror(path);
		exit(2);
	}
	while ((n = fread(piece, 1, sizeof(piece), f)) > 0)
		buf_add(out, span_of(piece, n));
	(void)fclose(f);
}
