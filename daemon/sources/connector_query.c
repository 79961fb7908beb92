#include "sources/connector_query.h"

#include <errno.h>
#include <stdlib.h>

#include "sources/connector_inner.h"

enum { SCRATCH_BYTES = 256 * 1024, MAX_TERM_BYTES = 1024 };

bool connector_ask_searches(const struct connector_ask *ask)
{
	static const char *const names[] = {"query", "words", "phrase", "tag", "slug"};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (connector_ask_uses(ask, span_str(names[i])))
			return true;
	return false;
}

/* A letter or digit, as far as can be told without tables: above ASCII all but the signs of
 * Latin-1 and general punctuation count. */
static bool is_letter(struct span s, size_t i)
{
	const unsigned char c = (unsigned char)s.p[i];

	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == '_' || c >= 0xC3 ||
	       (c >= 0x80 && c < 0xC0);
}

/* "air france" → "airfrance" or "air-france"; `s` is in lower case. */
static struct span joined(struct arena *arena, struct span s, const char *hyphen)
{
	struct buf out = {0};
	struct span made;

	for (size_t i = 0; i < s.n; i++) {
		if (is_letter(s, i))
			buf_add_char(&out, s.p[i]);
		else if (out.n && *hyphen && out.p[out.n - 1] != *hyphen)
			buf_add_str(&out, hyphen);
	}
	if (*hyphen && out.n && out.p[out.n - 1] == *hyphen)
		out.n--;
	made = out.failed ? SPAN_NONE : arena_dup(arena, buf_span(&out));
	buf_deinit(&out);
	return made;
}

/* Quotation marks and control characters would end a phrase. */
static struct span tame(struct arena *arena, struct span s)
{
	char *p;

	s = arena_dup(arena, span_trim(s));
	p = (char *)(uintptr_t)s.p;
	for (size_t i = 0; p && i < s.n; i++)
		if (p[i] == '"' || (unsigned char)p[i] < ' ')
			p[i] = ' ';
	return p ? span_trim(s) : s;
}

struct term {
	struct span words, phrase, tag, slug;
	struct span written; /* as the network's query has it */
};

static int read_term(struct term *t, struct arena *arena, struct expr_eval *e,
	const struct connector *c, struct span given)
{
	struct buf lower = {0};
	struct expr_var vars[5];
	struct span small;

	t->words = tame(arena, given);
	pattern_lower(&lower, e->scratch, t->words);
	small = buf_span(&lower);
	t->tag = joined(arena, small, "");
	t->slug = joined(arena, small, "-");
	t->phrase = arena_printf(arena, "\"%.*s\"", SPAN_ARG(t->words));
	buf_deinit(&lower);
	vars[0] = (struct expr_var){SPAN("term"), t->words};
	vars[1] = (struct expr_var){SPAN("words"), t->words};
	vars[2] = (struct expr_var){SPAN("tag"), t->tag};
	vars[3] = (struct expr_var){SPAN("slug"), t->slug};
	vars[4] = (struct expr_var){SPAN("phrase"), t->phrase};
	e->vars = vars;
	e->n_vars = 5;
	t->written =
		c->query.term ? arena_dup(arena, connector_value(e, c->query.term)) : t->phrase;
	e->vars = NULL;
	e->n_vars = 0;
	return t->words.p && t->tag.p && t->slug.p && t->phrase.p && t->written.p ? 0 : -ENOMEM;
}

static void begin(struct connector_search *s, const struct term *t)
{
	s->query = t->written;
	s->n_terms = 1;
	s->vars[1] = (struct expr_var){SPAN("words"), t->words};
	s->vars[2] = (struct expr_var){SPAN("phrase"), t->phrase};
	s->vars[3] = (struct expr_var){SPAN("tag"), t->tag};
	s->vars[4] = (struct expr_var){SPAN("slug"), t->slug};
}

/* Room for another alternative? Then it is in. */
static bool join(struct connector_search *s, struct arena *arena, const struct connector *c,
	const struct term *t)
{
	const struct connector_query *q = &c->query;
	const size_t bytes = s->query.n + q->either.n + t->written.n;

	if (!q->either.n || (q->max_bytes && bytes > (size_t)q->max_bytes) ||
		(q->max_terms && s->n_terms >= (size_t)q->max_terms))
		return false;
	s->query = arena_printf(arena, "%.*s%.*s%.*s", SPAN_ARG(s->query), SPAN_ARG(q->either),
		SPAN_ARG(t->written));
	s->n_terms++;
	return true;
}

static int search_all(struct connector_searches *out, struct arena *arena, struct expr_eval *e,
	const struct connector *c, const struct connector_ask *ask, const struct span *terms,
	size_t n)
{
	const bool together = connector_ask_uses(ask, SPAN("query"));

	for (size_t i = 0; i < n; i++) {
		struct connector_search *last = out->n ? &out->items[out->n - 1] : NULL;
		struct term t;
		int r;

		if (terms[i].n > MAX_TERM_BYTES || !span_trim(terms[i]).n) {
			out->dropped++;
			continue;
		}
		r = read_term(&t, arena, e, c, terms[i]);
		if (r < 0)
			return r;
		if (c->query.max_bytes && t.written.n > (size_t)c->query.max_bytes)
			out->dropped++;
		else if (!last || !together || !join(last, arena, c, &t))
			begin(&out->items[out->n++], &t);
	}
	return 0;
}

int connector_searches(struct connector_searches *ret, struct arena *arena,
	const struct connector *c, const struct connector_ask *ask, const struct span *terms,
	size_t n)
{
	struct connector_searches out = {0};
	struct arena scratch = {.limit_bytes = SCRATCH_BYTES};
	struct expr_eval e;
	int r = expr_eval_init(&e, &scratch);

	out.items = arena_calloc(arena, n + 1, sizeof(*out.items));
	if (r == 0 && !out.items)
		r = -ENOMEM;
	if (r == 0 && !connector_ask_searches(ask))
		out.n = 1;
	else if (r == 0)
		r = search_all(&out, arena, &e, c, ask, terms, n);
	for (size_t i = 0; i < out.n; i++) {
		out.items[i].vars[0] = (struct expr_var){SPAN("query"), out.items[i].query};
		if (out.items[i].n_terms && !out.items[i].query.p)
			r = -ENOMEM;
	}
	if (r == 0)
		*ret = out;
	expr_eval_deinit(&e);
	arena_release(&scratch);
	return r;
}
