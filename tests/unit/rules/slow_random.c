/*
 * slow_random: queries and items from few words, written so that they meet in every odd way:
 * case, accents, composed and decomposed forms, scripts without blanks, emoji, sigils, dropped
 * code points.
 */
#include <stdlib.h>

#include "slow.h"
#include "vigie/buf.h"

static const char *const words[] = {"air", "france", "Air", "FRANCE", "airfrance", "vol",
	"annulé", "annule", "annul", "grève", "greve", "GRÈVE", "de", "la", "x1", "y1", "z1",
	"l’Oréal", "d'Orsay", "Coca-Cola", "東京", "京", "日産", "が", "か\u3099", "😡",
	"👍🏽", "❤️", "❤", "🇫🇷", "ﬁn", "fin", "straße", "STRASSE", "é", "e\u0301", "𝐄",
	"½", "1", "10", "n°", "ça", "co\u200bca", "co\u00adca", "coca", "현대", "현대차",
	"\u1112\u1167\u11ab대", "الآن", "الا\u0653ن", "आज", "กรุง", "ἀθῆνα", "ᾳ", "α\u0345", "α",
	"™", "LEGO™", "AT&T", "№", "⑴", "ŉ", "…", "_a_b", "#", "@", "$", "йод", "и\u0306од",
	"ИОД", "İstanbul", "istanbul", "smartphone", "phone", "analyse", "analyze",
	"cafe\u0301", "café", "\u0301air", "a\u0300\u0328", "a\u0328\u0300", "ǿ", "ſs", "K",
	"ι\u0308\u0301", "ΐ"};
enum { WORDS = sizeof(words) / sizeof(*words) };

/* xorshift64*: Marsaglia (2003), Vigna (2016). */
static uint64_t next(uint64_t *seed)
{
	uint64_t x = *seed ? *seed : 1;

	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	*seed = x;
	return x * 0x2545F4914F6CDD1DU >> 16;
}

static size_t below(uint64_t *seed, size_t n)
{
	return (size_t)(next(seed) % n);
}

#define ANY(seed, list) ((list)[below((seed), sizeof(list) / sizeof(*(list)))])

static void text(struct buf *out, uint64_t *seed, size_t most)
{
	static const char *const between[] = {
		" ", " ", " ", " ", "", ", ", "-", ".", "\n", "’", "'", "/", "\u00a0", "!?"};

	for (size_t n = below(seed, most + 1); n; n--) {
		if (below(seed, 7) == 0)
			buf_add_char(out, "#@$"[below(seed, 3)]);
		buf_add_str(out, ANY(seed, words));
		buf_add_str(out, ANY(seed, between));
	}
}

static struct span text_of(uint64_t *seed, struct arena *arena, size_t most)
{
	struct buf b = {0};
	struct span s;

	text(&b, seed, most);
	s = arena_dup(arena, buf_span(&b));
	buf_deinit(&b);
	return s;
}

struct item slow_random_item(uint64_t *seed, struct arena *arena, struct match_context *context)
{
	static const char *const langs[] = {"fr", "fr-FR", "FR-ca", "en", "fre", ""};
	static const char *const sources[] = {"twitter", "Twitter", "news", ""};
	static const char *const urls[] = {"https://News.BBC.co.uk/1", "https://bbc.co.uk/",
		"https://xbbc.co.uk/", "bbc.co.uk", ""};
	static const char *const tags[] = {"Économie", "a b", "x"};
	static const size_t sizes[] = {5, 12, 30, 80, 300};
	struct item item = item_empty();
	double *const numbers[] = {&item.numbers.likes, &item.numbers.shares,
		&item.numbers.replies, &item.numbers.views, &item.author.followers,
		&item.numbers.score};
	struct span *list = arena_calloc(arena, 1, sizeof(*list));

	*context = (struct match_context){.source = span_str(ANY(seed, sources))};
	item.title = below(seed, 3) ? text_of(seed, arena, 6) : SPAN_NONE;
	item.text = text_of(seed, arena, ANY(seed, sizes));
	item.author.name = below(seed, 2) ? text_of(seed, arena, 2) : SPAN_NONE;
	item.author.handle = below(seed, 2) ? text_of(seed, arena, 1) : SPAN_NONE;
	item.lang = span_str(ANY(seed, langs));
	item.url = span_str(ANY(seed, urls));
	if (!list)
		abort();
	*list = span_str(ANY(seed, tags));
	item.tags = list;
	item.n_tags = below(seed, 2);
	for (size_t i = 0; i < 6; i++)
		if (below(seed, 3) == 0)
			*numbers[i] = (double)below(seed, 12);
	return item;
}

/* --- queries --- */

static void query(struct buf *out, uint64_t *seed, int depth, bool in_field);

static void word(struct buf *out, uint64_t *seed)
{
	const struct span w = span_str(ANY(seed, words));

	if (below(seed, 8) == 0)
		buf_add_char(out, "#@$"[below(seed, 3)]);
	switch (below(seed, 12)) {
	case 0:
		buf_add(out, w);
		buf_add_char(out, '*');
		break;
	case 1:
		buf_add_char(out, '*');
		buf_add(out, w);
		break;
	case 2:
		buf_add(out, w);
		buf_add_str(out, "?*");
		buf_add_str(out, ANY(seed, words));
		break;
	case 3:
		buf_add_char(out, '*');
		buf_add(out, w);
		buf_add_char(out, '*');
		break;
	default:
		buf_add(out, w);
	}
}

static void term(struct buf *out, uint64_t *seed)
{
	static const char *const quotes[][2] = {
		{"\"", "\""}, {"“", "”"}, {"„", "“"}, {"«", "»"}};
	static const unsigned slops[] = {0, 1, 2, 5, 40};
	const size_t kind = below(seed, 10), q = below(seed, 4);

	if (kind < 5) {
		word(out, seed);
		return;
	}
	if (kind < 7)
		buf_add_char(out, '=');
	if (kind == 5) {
		buf_add_str(out, ANY(seed, words));
		return;
	}
	buf_add_str(out, quotes[q][0]);
	for (size_t n = 1 + below(seed, 3); n; n--) {
		word(out, seed);
		buf_add_char(out, ' ');
	}
	buf_add_str(out, quotes[q][1]);
	if (kind > 7)
		buf_addf(out, "~%u", ANY(seed, slops));
}

static void operand(struct buf *out, uint64_t *seed, int depth);

static void near(struct buf *out, uint64_t *seed, int depth)
{
	static const unsigned distances[] = {0, 1, 2, 3, 8, 99};

	operand(out, seed, depth);
	for (size_t n = 1 + below(seed, 2); n; n--) {
		buf_addf(out, " %sNEAR/%u ", below(seed, 2) ? "O" : "", ANY(seed, distances));
		operand(out, seed, depth);
	}
}

static void operand(struct buf *out, uint64_t *seed, int depth)
{
	const size_t kind = depth > 0 ? below(seed, 5) : 0;

	if (kind < 3) {
		term(out, seed);
		return;
	}
	buf_add_char(out, '(');
	if (kind == 3) {
		for (size_t n = below(seed, 3); n; n--) {
			operand(out, seed, depth - 1);
			buf_add_str(out, " OR ");
		}
		operand(out, seed, depth - 1);
	} else {
		near(out, seed, depth - 1);
	}
	buf_add_char(out, ')');
}

static void joined(
	struct buf *out, uint64_t *seed, int depth, bool in_field, const char *by, size_t n)
{
	buf_add_char(out, '(');
	for (size_t i = 0; i < n; i++) {
		buf_add_str(out, i ? by : "");
		query(out, seed, depth - 1, in_field);
	}
	buf_add_char(out, ')');
}

static void query(struct buf *out, uint64_t *seed, int depth, bool in_field)
{
	static const char *const values[] = {"lang:fr", "lang:FR-fr", "lang:(fr OR en)",
		"source:twitter", "tag:economie", "tag:\"A b\"", "site:bbc.co.uk", "url:NEWS",
		"likes:10", "likes:>=1", "views:<5", "score:..3", "shares:1..4", "followers:>0",
		"engagement:5..", "comments:<=1"};
	static const char *const regexes[] = {"/gr.ve/i", "/\\d+/", "/[a-z]+\\s?n°/",
		"/annul(é|e)/i", "/x1|y1/", "/air ?france/is", "/(phone|analyse)+/", "/^air/m",
		"/co.?ca/", "/\\bfrance\\b/i", "/a*/", "/l’oréal, \\w+/i", "/ de /",
		"/tanbul(sm)?/i", "/\\wphone?/", "/nalys|rance/i"};
	static const char *const fields[] = {"title:(", "text:(", "author:(", "TITLE:("};
	static const char *const nots[] = {" NOT (", " -(", " AND NOT (", " OR NOT ("};
	const size_t n = 2 + below(seed, 3);
	const size_t kind = depth > 0 ? below(seed, 14) : 0;

	if (kind == 4 && !in_field) {
		buf_add_str(out, ANY(seed, values));
	} else if (kind == 5 && !in_field) {
		buf_add_str(out, ANY(seed, fields));
		query(out, seed, depth - 1, true);
		buf_add_char(out, ')');
	} else if (kind == 6) {
		buf_add_str(out, ANY(seed, regexes));
	} else if (kind == 7) {
		near(out, seed, 2);
	} else if (kind == 8 || kind == 9) {
		joined(out, seed, depth, in_field, " OR ", n);
	} else if (kind == 10 || kind == 11) {
		joined(out, seed, depth, in_field, kind == 10 ? " AND " : " ", n);
	} else if (kind == 12) {
		buf_addf(out, "%zu OF ", 1 + below(seed, n));
		joined(out, seed, depth, in_field, ", ", n);
	} else if (kind == 13) {
		buf_add_char(out, '(');
		query(out, seed, depth - 1, in_field);
		buf_add_str(out, ANY(seed, nots));
		query(out, seed, depth - 1, in_field);
		buf_add_str(out, "))");
	} else {
		term(out, seed);
	}
}

struct span slow_random_query(uint64_t *seed, struct arena *arena)
{
	struct buf b = {0};
	struct span s;

	query(&b, seed, 1 + (int)below(seed, 3), false);
	s = arena_dup(arena, buf_span(&b));
	buf_deinit(&b);
	return s;
}
