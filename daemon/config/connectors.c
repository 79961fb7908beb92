/*
 * config/connectors: sources by the name of their network. One line becomes a source for each
 * search (connector_query.h), each language to ask in, and each value of a parameter that has
 * several.
 */

#include "config/asking.h"
#include "config/networks.h"
#include "connectors/builtin.h"
#include "line/connection.h"
#include "sources/connector_page.h"
#include "sources/url.h"
#include "vigie/nearest.h"
#include "vigie/search_terms.h"

/* --- Searches ----------------------------------------------------------------------------- */

static bool asks_in_a_language(const struct asking *a)
{
	return connector_ask_uses(a->ask, SPAN("lang")) ||
	       connector_ask_uses(a->ask, SPAN("country")) ||
	       connector_ask_uses(a->ask, SPAN("language"));
}

/* One search for `name`, in each of its languages. */
static void search_make(struct asking *a, const struct connector_search *search,
	struct span name, const struct span *languages, size_t n)
{
	if (!n || !asks_in_a_language(a)) {
		asking_make_source(a, search, name, SPAN_NONE);
		return;
	}
	for (size_t i = 0; i < n; i++)
		asking_make_source(a, search, name, languages[i]);
}

/* For each combination of parameters that have several values. */
static void each_choice(struct asking *a, size_t from,
	void (*make)(struct asking *a, const void *arg), const void *arg)
{
	if (from == a->n_given) {
		make(a, arg);
		return;
	}
	for (size_t i = 0; i < a->given[from].n; i++) {
		a->chosen[from] = i;
		each_choice(a, from + 1, make, arg);
	}
	a->chosen[from] = 0;
}

struct wanted {
	struct span name; /* for its id */
	const struct span *terms;
	size_t n_terms;
	const struct span *languages;
	size_t n_languages;
};

static void make_wanted(struct asking *a, const void *arg)
{
	const struct wanted *w = arg;
	struct connector_searches searches = {0};
	const int result =
		connector_searches(&searches, a->r->arena, a->c, a->ask, w->terms, w->n_terms);

	reader_fail(a->r, result);
	if (result < 0)
		return;
	if (searches.dropped)
		warn(a->r, a->m->y, a->m->node,
			"%.*s: %zu of the terms of %.*s are too long for its search",
			SPAN_ARG(a->c->network), searches.dropped, SPAN_ARG(w->name));
	for (size_t i = 0; i < searches.n; i++) {
		const struct connector_search *s = &searches.items[i];

		search_make(a, s, i == 0 ? w->name : s->vars[1].value, w->languages,
			w->n_languages);
	}
}

/* Its own word stands in another one, written apart: "AirFrance" in "Air France". A network
 * that joins alternatives is asked for both; where each is a request, the phrase must do, and
 * tags are made of it anyway. */
static bool is_spare(struct reader *r, const struct connector *c, const struct span *terms,
	size_t n, size_t i)
{
	const struct span own = compact(r->arena, terms[i], false);

	if (c->query.either.n)
		return false;
	for (size_t k = 0; k < n; k++)
		if (k != i && span_eq(compact(r->arena, terms[k], false), own) &&
			(terms[k].n > terms[i].n || (terms[k].n == terms[i].n && k < i)))
			return true;
	return false;
}

/* What the rules of a name look for; the name itself, where that can't be told. */
static void brand_make(struct asking *a, const struct term *term)
{
	struct reader *r = a->r;
	struct wanted w = {.name = term->name,
		.languages = term->languages,
		.n_languages = term->n_languages};
	struct span *all =
		arena_calloc(r->arena, r->n_rules * SEARCH_TERMS_MAX + 1, sizeof(*all));
	struct span *terms =
		arena_calloc(r->arena, r->n_rules * SEARCH_TERMS_MAX + 1, sizeof(*terms));
	size_t n = 0;

	if (!all || !terms) {
		reader_fail(r, -ENOMEM);
		return;
	}
	for (size_t i = 0; i < r->n_rules; i++) {
		const struct rule *rule = &r->rules[i].rule;
		struct search_terms found;

		if (!span_eq(rule->brand, term->name) || rule->disabled || !rule->query.n ||
			search_terms(&found, r->arena, rule->query) != 0)
			continue;
		for (size_t k = 0; k < found.n; k++)
			all[n++] = found.any[k];
	}
	if (!n)
		all[n++] = term->name;
	for (size_t i = 0; i < n; i++)
		if (!is_spare(r, a->c, all, n, i))
			terms[w.n_terms++] = all[i];
	w.terms = terms;
	each_choice(a, 0, make_wanted, &w);
}

static void brands_make(struct asking *a)
{
	for (size_t i = 0; i < a->r->n_terms && !a->wrong; i++)
		brand_make(a, &a->r->terms[i]);
}

static void make_plain(struct asking *a, const void *arg)
{
	const struct span *lang = arg;

	search_make(a, NULL, SPAN_NONE, lang, lang->n > 0);
}

static void search(struct asking *a)
{
	const struct value *terms = &a->m->values[SOURCE_SEARCH];
	const struct span lang = a->m->values[SOURCE_LANG].text.value;

	for (size_t i = 0; i < terms->n && !a->wrong; i++) {
		const struct span term = terms->list[i].value;
		const struct wanted w = {term, &term, 1, &lang, lang.n > 0};

		if (!span_eq_str(term, "brand"))
			each_choice(a, 0, make_wanted, &w);
		else if (a->r->n_terms)
			brands_make(a);
		else
			warn(a->r, a->m->y, a->m->node,
				"search: brand finds no brand: name one under brands:");
	}
}

/* --- Lines -------------------------------------------------------------------------------- */

/* Only what stands under vars: says what is looked for. */
static bool says_what(const struct asking *a)
{
	static const char *const names[] = {"query", "words", "phrase", "tag", "slug"};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (asking_value(a, span_str(names[i])).n)
			return true;
	return false;
}

/* Reads a narrow part of a network, and may read all of it: a site, a channel. */
static bool is_narrow(const struct asking *a)
{
	if (!a->c->base.n)
		return true;
	for (size_t i = 0; i < a->n_given; i++)
		if (!a->given[i].secret)
			return true;
	return false;
}

static void ask_one(struct asking *a)
{
	const struct value *v = a->m->values;
	const struct span lang = v[SOURCE_LANG].text.value;

	if (!connector_ask_searches(a->ask) || says_what(a) ||
		(!v[SOURCE_SEARCH].n && is_narrow(a)))
		each_choice(a, 0, make_plain, &lang);
	else if (v[SOURCE_SEARCH].n)
		search(a);
	else
		asking_mistake(a, a->m->node,
			"%.*s needs search: brand, or words to search for",
			SPAN_ARG(a->c->network));
}

static void unknown_ask(struct asking *a, const struct text *name)
{
	const char *names[32], *guess;
	struct buf all = {0};
	size_t n = 0;

	for (size_t i = 0; i < a->c->n_asks && n < 32; i++) {
		buf_addf(&all, "%s%s", n ? ", " : "", a->c->asks[i].name.p);
		names[n++] = a->c->asks[i].name.p;
	}
	guess = nearest(name->value, names, n);
	asking_mistake(a, a->m->values[SOURCE_ASK].node, "%.*s can't be asked \"%.*s\": %s%s%s",
		SPAN_ARG(a->c->network), SPAN_ARG(name->written),
		guess ? "did you mean \"" : "there are ",
		guess   ? guess
		: all.p ? all.p
			: "",
		guess ? "\"?" : "");
	buf_deinit(&all);
}

static void ask_all(struct asking *a)
{
	const struct value *asks = &a->m->values[SOURCE_ASK];

	a->ask = a->c->asks;
	if (!asks->n)
		ask_one(a);
	for (size_t i = 0; i < asks->n && !a->wrong; i++) {
		a->ask = connector_ask_find(a->c, asks->list[i].value);
		if (a->ask)
			ask_one(a);
		else
			unknown_ask(a, &asks->list[i]);
	}
}

static void base_read(struct asking *a)
{
	const struct value *base = &a->m->values[SOURCE_BASE];
	struct text instance;

	if (base->node)
		a->base = base->text.value;
	for (size_t i = 0; !base->node && i < a->m->n_extra; i++) {
		if (!span_eq_str(a->m->extra[i]->key->text, "instance") ||
			!text_read(a->r, a->m->y, a->m->extra[i]->value, TEXT_PLAIN, &instance))
			continue;
		a->base = url_is_absolute(instance.value)
				  ? instance.value
				  : arena_printf(a->r->arena, "https://%.*s",
					    SPAN_ARG(instance.value));
	}
	while (a->base.n && a->base.p[a->base.n - 1] == '/')
		a->base.n--;
	if (a->base.n ? !web_url_ok(a->base) : !a->c->base.n)
		asking_mistake(a, base->node ? base->node : a->m->node,
			"%.*s needs base: the address of the site, as in https://site.example",
			SPAN_ARG(a->c->network));
}

/* Why there is nothing, and what one can do instead. */
static bool is_closed(struct asking *a)
{
	if (a->c->tier == 0)
		warn(a->r, a->m->y, a->m->node,
			"nothing can be read from %.*s: %.*s. Instead: %.*s",
			SPAN_ARG(a->c->title), SPAN_ARG(a->c->terms), SPAN_ARG(a->c->detour));
	else if (!a->c->n_asks)
		asking_mistake(a, a->m->values[SOURCE_CONNECTOR].node,
			"%.*s can't be asked: its file only says how answers are read",
			SPAN_ARG(a->c->network));
	return a->c->tier == 0 || !a->c->n_asks;
}

/* connector: page, whose file is made of what the line selects. */
static const struct connector *page_make(struct asking *a)
{
	struct reader *r = a->r;
	const struct manner *m = a->m;
	const struct yaml_node *select = m->values[SOURCE_SELECT].node;
	struct connector_select *rows;
	struct connector *c = NULL;
	int result;

	if (!select || select->type != YAML_MAPPING || !m->values[SOURCE_URL].node) {
		mistake(r, m->y, m->node,
			"a page needs url: its address, and select: what its items look like, "
			"as in {item: div.post, title: h3 a, url: h3 a@href}");
		return NULL;
	}
	rows = arena_calloc(r->arena, select->n + 1, sizeof(*rows));
	if (!rows) {
		reader_fail(r, -ENOMEM);
		return NULL;
	}
	for (size_t i = 0; i < select->n; i++) {
		const struct yaml_pair *p = &select->pairs[i];

		if (p->value->type != YAML_SCALAR) {
			mistake(r, m->y, p->value, "select: %s where a selector is expected",
				yaml_type_name(p->value));
			return NULL;
		}
		rows[i] = (struct connector_select){arena_dup(r->arena, p->key->text),
			arena_dup(r->arena, p->value->text), p->value->line,
			p->value->content_column};
	}
	result = connector_page_new(&c, rows, select->n, m->y->file, r->errors);
	reader_fail(r, result);
	if (result < 0)
		return NULL;
	a->select = rows;
	a->n_select = select->n;
	network_keep(r, SPAN("page:"), c);
	return r->config->networks && r->config->networks->connector == c ? c : NULL;
}

void connector_read(struct reader *r, const struct manner *m)
{
	const struct value *v = m->values;
	const bool page = span_eq_str(v[SOURCE_CONNECTOR].text.value, "page");
	struct asking a = {.r = r, .m = m};

	a.c = page ? page_make(&a)
		   : network_load(r, m->y, v[SOURCE_CONNECTOR].node, &v[SOURCE_CONNECTOR].text);
	if (!a.c || is_closed(&a))
		return;
	if (page)
		a.base = v[SOURCE_URL].text.value;
	else
		base_read(&a);
	asking_read_given(&a);
	asking_read_quotas(&a);
	if (!a.wrong)
		ask_all(&a);
}

/* What a source of a language is given. */
static bool is_of_language(struct span name)
{
	return span_eq_str(name, "lang") || span_eq_str(name, "country") ||
	       span_eq_str(name, "language");
}

/* Asked for everybody without any key, and for a name. */
static bool is_open(const struct connector *c)
{
	if (c->tier != 1 || c->needs_login || !c->base.n || !c->n_asks ||
		!connector_ask_searches(c->asks))
		return false;
	for (size_t i = 0; i < c->n_params; i++)
		if (!is_of_language(c->params[i].name) &&
			connector_ask_uses(c->asks, c->params[i].name))
			return false;
	return true;
}

void connectors_open(struct reader *r, const struct manner *m)
{
	for (const struct builtin *b = builtins; b->network; b++) {
		struct asking a = {.r = r, .m = m, .c = network_builtin(r, b->network)};

		if (!a.c || !is_open(a.c))
			continue;
		a.ask = a.c->asks;
		asking_read_quotas(&a);
		brands_make(&a);
	}
	if (!r->n_terms)
		warn(r, m->y, m->node,
			"open sources are asked for names, and none is watched: name one under "
			"brands:");
}

/* --- Those that share an account ---------------------------------------------------------- */

static int by_account(const void *a, const void *b)
{
	const struct source_draft *x = *(struct source_draft *const *)a;
	const struct source_draft *y = *(struct source_draft *const *)b;

	return span_cmp(x->connection->account, y->connection->account);
}

/* What the longest quota leaves each, when all are asked in turn: nobody is asked faster than
 * that for nothing. */
static int64_t share_every(const struct connection *c)
{
	int64_t every = LEAST_EVERY_MS;

	for (size_t i = 0; i < c->n_quotas; i++) {
		const struct connector_quota *q = &c->quotas[i];
		const int64_t turn = q->per_ms * c->cost / q->most * (int64_t)c->sharers;

		if (q->most > 0 && turn > every)
			every = turn;
	}
	return every;
}

/* `group` has one account. The quotas one of them says hold for all. */
static void share(struct source_draft **group, size_t n)
{
	const struct connection *says = group[0]->connection;

	for (size_t i = 0; i < n; i++)
		if (group[i]->own_quotas)
			says = group[i]->connection;
	for (size_t i = 0; i < n; i++) {
		struct connection *c = group[i]->connection;
		const int64_t usual = c->target.connector->every_ms;
		int64_t every;

		c->quotas = says->quotas;
		c->n_quotas = says->n_quotas;
		c->sharers = n;
		every = share_every(c);
		if (every < (usual ? usual : DEFAULT_EVERY_MS))
			every = usual ? usual : DEFAULT_EVERY_MS;
		if (group[i]->auto_every)
			group[i]->source.every_ms = every;
	}
}

void connectors_finish(struct reader *r)
{
	struct source_draft **all = calloc(r->n_sources + 1, sizeof(*all));
	size_t n = 0;

	if (!all) {
		reader_fail(r, -ENOMEM);
		return;
	}
	for (size_t i = 0; i < r->n_sources; i++)
		if (r->sources[i].connection && r->sources[i].source.url.p)
			all[n++] = &r->sources[i];
	qsort(all, n, sizeof(*all), by_account);
	for (size_t from = 0, to; from < n; from = to) {
		to = from + 1;
		while (to < n &&
			span_eq(all[to]->connection->account, all[from]->connection->account))
			to++;
		share(all + from, to - from);
	}
	free(all);
}
