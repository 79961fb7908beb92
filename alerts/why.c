#include "why.h"

#include <math.h>

#include "excerpt.h"
#include "vigie/utf8.h"

/* A reason is read, not studied: the rest is counted, and the webhook has all of it. */
enum { RULES_SHOWN = 5, SPANS_SHOWN = 4, WORDS_BYTES = 60, VERSION_BYTES = 12 };

void why_number(struct buf *out, double number, const struct words *words)
{
	char text[40];
	int precision = 1;

	if (!isfinite(number)) {
		buf_add_str(out, "?");
		return;
	}
	do
		(void)snprintf(text, sizeof(text), "%.*g", precision, number);
	while (strtod(text, NULL) != number && precision++ < 15);
	for (const char *p = text; *p; p++) {
		if (*p == '.')
			buf_add_str(out, word(words, WORD_DECIMAL));
		else
			buf_add_char(out, *p);
	}
}

static void add_count(struct buf *out, const struct words *words, enum word which, size_t n)
{
	char digits[24];
	const struct span part = {digits, (size_t)snprintf(digits, sizeof(digits), "%zu", n)};

	text_fill(out, word(words, which), &part, 1);
}

static void add_quoted(struct buf *out, const struct words *words, struct span text)
{
	struct buf clipped = {0};
	struct span part = text;

	if (text.n > WORDS_BYTES) {
		buf_add(&clipped, utf8_prefix(text, WORDS_BYTES));
		buf_add_str(&clipped, "…");
		part = buf_span(&clipped);
	}
	text_fill(out, word(words, WORD_QUOTE), &part, 1);
	buf_deinit(&clipped);
}

static struct span words_of(const struct span fields[ITEM_FIELDS], const struct match_span *s)
{
	return s->field < ITEM_FIELDS ? span_slice(fields[s->field], s->start, s->end)
				      : SPAN_NONE;
}

/* "title 0–4 “Acme”, text 17–21 “acme”, 3 more" */
static void add_spans(struct buf *out, const struct words *words, struct arena *arena,
	const struct match *match, const struct span fields[ITEM_FIELDS])
{
	static const enum word names[] = {WORD_FIELD_TITLE, WORD_FIELD_TEXT, WORD_FIELD_AUTHOR};

	size_t shown = 0;

	for (size_t i = 0; i < match->n_spans && shown < SPANS_SHOWN; i++) {
		const struct match_span *s = &match->spans[i];
		const struct span found = words_of(fields, s);
		size_t start;

		if (!found.n)
			continue;
		start = utf8_length(span_slice(fields[s->field], 0, s->start));
		buf_addf(out, "%s%s %zu–%zu ", shown++ ? ", " : "",
			word(words, names[s->field]), start, start + utf8_length(found));
		add_quoted(out, words, text_heading(arena, found));
	}
	if (!shown)
		buf_add_str(out, word(words, WORD_WITHOUT_WORDS));
	else if (match->n_spans > shown) {
		buf_add_str(out, ", ");
		add_count(out, words, WORD_MORE, match->n_spans - shown);
	}
}

/* "score 3 = acme 1 + tickets 2" */
static void add_score(
	struct buf *out, const struct words *words, struct arena *arena, const struct hit *hit)
{
	struct buf total = {0}, terms = {0};
	double rest = 0;

	why_number(&total, hit->score, words);
	for (size_t i = 0; i < hit->n_matches; i++) {
		const struct match *m = &hit->matches[i];

		if (i >= RULES_SHOWN) {
			rest += m->weight;
			continue;
		}
		buf_add_str(&terms, i ? " + " : "");
		buf_add(&terms, text_heading(arena, m->rule));
		buf_add_str(&terms, " ");
		why_number(&terms, m->weight, words);
	}
	if (hit->n_matches > RULES_SHOWN) {
		buf_add_str(&terms, " + … ");
		why_number(&terms, rest, words);
	}
	text_fill(out, word(words, WORD_SCORE),
		(const struct span[]){buf_span(&total), buf_span(&terms)}, 2);
	out->failed = out->failed || total.failed || terms.failed;
	buf_deinit(&total);
	buf_deinit(&terms);
}

struct span why_make(struct arena *arena, const struct hit *hit, struct span route,
	const struct words *words)
{
	struct span fields[ITEM_FIELDS], ret = SPAN_NONE;
	struct buf out = {0};

	for (int f = 0; f < ITEM_FIELDS; f++) {
		fields[f] = excerpt_field(arena, &hit->item, (enum item_field)f);
		if (!fields[f].p)
			return SPAN_NONE;
	}
	for (size_t i = 0; i < hit->n_matches && i < RULES_SHOWN; i++) {
		const struct match *m = &hit->matches[i];
		const struct span parts[] = {
			text_heading(arena, m->rule), span_slice(m->version, 0, VERSION_BYTES)};

		text_fill(&out, word(words, WORD_RULE), parts, 2);
		buf_add_str(&out, ": ");
		add_spans(&out, words, arena, m, fields);
		buf_add_str(&out, "; ");
	}
	if (hit->n_matches > RULES_SHOWN) {
		add_count(&out, words, WORD_MORE, hit->n_matches - RULES_SHOWN);
		buf_add_str(&out, "; ");
	}
	add_score(&out, words, arena, hit);
	if (!span_empty(route)) {
		buf_add_str(&out, "; ");
		text_fill(&out, word(words, WORD_ROUTE), &route, 1);
	}
	if (!out.failed)
		ret = arena_dup(arena, buf_span(&out));
	buf_deinit(&out);
	return ret;
}
