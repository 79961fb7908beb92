/*
 * config_connectors: sources by the name of their network: one address for each name to ask for
 * and each language to ask in.
 */

#include "config_keys.h"
#include "config_sources.h"
#include "open_sources.h"
#include "vigie/nearest.h"

/* "googlenews", or with another base "googlenews/127.0.0.1:8000"; then name and language. */
static struct span id_of(struct reader *r, const struct manner *m, const struct open_source *o,
	struct span base, struct span name, struct span lang)
{
	const struct value *given = m->values ? &m->values[SOURCE_ID] : NULL;
	struct span id;

	if (given && given->node)
		id = given->text.value;
	else if (o->base && span_eq_str(base, o->base))
		id = span_str(o->name);
	else
		id = arena_printf(
			r->arena, "%s/%.*s", o->name, SPAN_ARG(source_id_made(r, base)));
	if (name.n && id.p)
		id = arena_printf(r->arena, "%.*s/%.*s%s%.*s", SPAN_ARG(id),
			SPAN_ARG(slug(r->arena, name)), lang.n ? "/" : "", SPAN_ARG(lang));
	return id;
}

static void address_add(struct reader *r, const struct manner *m, const struct open_source *o,
	struct span base, struct span name, struct span lang)
{
	struct source_draft *d =
		source_add(r, m, open_source_url(o, r->arena, base, name, lang));

	if (!d)
		return;
	d->source.search = open_source_searches(o);
	if (d->source.every_ms ==
		0) /* auto: what was written, here or for all, is never changed */
		d->source.every_ms = o->every_ms;
	if (!d->source.lang.n && lang.n)
		d->source.lang = arena_dup(r->arena, lang);
	if (!d->source.title.n)
		d->source.title =
			name.n ? arena_printf(r->arena, "%s: %.*s", o->title, SPAN_ARG(name))
			       : span_str(o->title);
	source_name(r, d, id_of(r, m, o, base, name, lang));
}

static void ask(struct reader *r, const struct manner *m, const struct open_source *o,
	struct span base, const struct term *term)
{
	if (!o->per_language || !term->n_languages) {
		address_add(r, m, o, base, term->name, SPAN_NONE);
		return;
	}
	for (size_t i = 0; i < term->n_languages; i++)
		address_add(r, m, o, base, term->name, term->languages[i]);
}

static void ask_for_all(
	struct reader *r, const struct manner *m, const struct open_source *o, struct span base)
{
	for (size_t i = 0; i < r->n_terms; i++)
		ask(r, m, o, base, &r->terms[i]);
}

static void search(
	struct reader *r, const struct manner *m, const struct open_source *o, struct span base)
{
	const struct value *terms = &m->values[SOURCE_SEARCH];
	const struct span lang = m->values[SOURCE_LANG].text.value;

	for (size_t i = 0; i < terms->n; i++) {
		const struct term term = {terms->list[i].value, &lang, lang.n > 0};

		if (!span_eq_str(term.name, "brand"))
			ask(r, m, o, base, &term);
		else if (r->n_terms)
			ask_for_all(r, m, o, base);
		else
			warn(r, m->y, m->node,
				"search: brand finds no brand: name one under brands:");
	}
}

static void unknown(struct reader *r, const struct manner *m)
{
	const struct text *name = &m->values[SOURCE_CONNECTOR].text;
	const char *names[32], *guess;
	struct buf all = {0};
	size_t n = 0;

	for (const struct open_source *o = open_sources; o->name && n < 32; o++) {
		buf_addf(&all, "%s%s", n ? ", " : "", o->name);
		names[n++] = o->name;
	}
	guess = nearest(name->value, names, n);
	if (guess)
		mistake(r, m->y, m->values[SOURCE_CONNECTOR].node,
			"unknown connector \"%.*s\": did you mean \"%s\"?",
			SPAN_ARG(name->written), guess);
	else
		mistake(r, m->y, m->values[SOURCE_CONNECTOR].node,
			"unknown connector \"%.*s\": there are %.*s", SPAN_ARG(name->written),
			SPAN_ARG(buf_span(&all)));
	buf_deinit(&all);
}

void connector_read(struct reader *r, const struct manner *m)
{
	const struct value *v = m->values;
	const struct open_source *o = open_source_by_name(v[SOURCE_CONNECTOR].text.value);
	struct span base;

	if (!o) {
		unknown(r, m);
		return;
	}
	base = v[SOURCE_BASE].node ? v[SOURCE_BASE].text.value : span_str(o->base);
	if (!web_url_ok(base))
		mistake(r, m->y, v[SOURCE_BASE].node ? v[SOURCE_BASE].node : m->node,
			"%s needs base: the address of the site, as in https://site.example",
			o->name);
	else if (!open_source_searches(o))
		address_add(r, m, o, base, SPAN_NONE, SPAN_NONE);
	else if (!v[SOURCE_SEARCH].n)
		mistake(r, m->y, m->node, "%s needs search: brand, or words to search for",
			o->name);
	else
		search(r, m, o, base);
}

void connectors_open(struct reader *r, const struct manner *m)
{
	for (const struct open_source *o = open_sources; o->name; o++)
		if (o->open)
			ask_for_all(r, m, o, span_str(o->base));
	if (!r->n_terms)
		warn(r, m->y, m->node,
			"open sources are asked for names, and none is watched: name one under "
			"brands:");
}
