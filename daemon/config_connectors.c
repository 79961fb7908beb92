/*
 * config_connectors: sources by the name of their network. One line becomes a source for each
 * search (connector_query.h), each language to ask in, and each value of a parameter that has
 * several.
 */

#include "config_keys.h"
#include "config_networks.h"
#include "config_sources.h"
#include "connectors/builtin.h"
#include "line/connection.h"
#include "sources/connector_page.h"
#include "sources/connector_query.h"
#include "sources/url.h"
#include "vigie/nearest.h"
#include "vigie/search_terms.h"

#include <sys/stat.h>

#include <openssl/sha.h>

enum {
	VARS_MAX = 32, /* of one source, keys among them */
	QUOTAS_MAX = 8,
	DEFAULT_EVERY_MS = 15 * 60 * 1000,
	LEAST_EVERY_MS = 60 * 1000,
};

/* A variable that the configuration gives. */
struct given {
	struct span name;
	const struct yaml_node *node;
	struct text *values; /* several: a source for each */
	size_t n;
	bool secret;
};

/* What a line asks for. */
struct asking {
	struct reader *r;
	const struct manner *m;
	const struct connector *c;
	const struct connector_ask *ask;
	struct span base; /* given; empty: the network's own */
	struct given given[VARS_MAX];
	size_t n_given;
	size_t chosen[VARS_MAX]; /* which value of each */
	struct connector_quota quotas[QUOTAS_MAX];
	size_t n_quotas;
	bool own_quotas;                 /* the line says some */
	struct connector_select *select; /* of a page */
	size_t n_select;
	bool wrong;
};

#define asking_mistake(a, node, ...)                                                           \
	do {                                                                                   \
		(a)->wrong = true;                                                             \
		mistake((a)->r, (a)->m->y, (node), __VA_ARGS__);                               \
	} while (0)

/* --- Variables ---------------------------------------------------------------------------- */

static bool is_secret(const struct connector *c, struct span name)
{
	for (size_t i = 0; i < c->n_logins; i++)
		for (size_t k = 0; k < c->logins[i].n_needs; k++)
			if (span_eq(c->logins[i].needs[k], name))
				return true;
	return false;
}

static bool is_param(const struct connector *c, struct span name)
{
	for (size_t i = 0; i < c->n_params; i++)
		if (span_eq(c->params[i].name, name))
			return true;
	for (size_t i = 0; i < c->n_asks; i++)
		if (connector_ask_uses(&c->asks[i], name))
			return true;
	return false;
}

/* What it refers to isn't there: a key that has not been given yet. */
static bool is_unset(struct reader *r, const struct yaml_node *node)
{
	const struct span s = node->type == YAML_SCALAR ? node->text : SPAN_NONE;
	const struct yaml_node *file =
		node->type == YAML_MAPPING && node->n == 1 ? yaml_get(node, "file") : NULL;
	struct span path;
	struct stat st;
	char name[128];

	if (file && file->type == YAML_SCALAR) {
		path = path_resolve(r, file->text);
		return path.p && stat(path.p, &st) < 0 && errno == ENOENT;
	}
	if (!span_starts(s, SPAN("${")) || span_find(s, '}') + 1 != s.n ||
		s.n >= sizeof(name) || span_find(s, ':') < s.n)
		return false;
	memcpy(name, s.p + 2, s.n - 3);
	name[s.n - 3] = '\0';
	return !getenv(name) || !*getenv(name);
}

/* A key that is to come: it is shown as it was written. */
static void give_nothing(struct asking *a, struct given *g, const struct yaml_node *node)
{
	struct buf out = {0};

	if (node->type == YAML_MAPPING) {
		buf_add_str(&out, "{file: ");
		config_quote(&out, path_resolve(a->r, yaml_get(node, "file")->text));
		buf_add_char(&out, '}');
	} else {
		buf_add(&out, node->text);
	}
	g->values[0] = (struct text){
		SPAN(""), arena_dup(a->r->arena, buf_span(&out)), node->type == YAML_MAPPING};
	g->n = 1;
	a->n_given++;
	buf_deinit(&out);
}

static void give(struct asking *a, struct span name, const struct yaml_node *node)
{
	const bool secret = is_secret(a->c, name);
	const size_t n = node->type == YAML_SEQUENCE && !secret ? node->n : 1;
	struct given *g;

	for (size_t i = 0; i < a->n_given; i++)
		if (span_eq(a->given[i].name, name)) {
			asking_mistake(a, node, "%.*s stands here twice", SPAN_ARG(name));
			return;
		}
	if (a->n_given == VARS_MAX) {
		asking_mistake(a, node, "more than %d variables", VARS_MAX);
		return;
	}
	g = &a->given[a->n_given];
	*g = (struct given){
		.name = arena_dup(a->r->arena, name), .node = node, .secret = secret};
	g->values = arena_calloc(a->r->arena, n + 1, sizeof(*g->values));
	if (!g->values || !g->name.p) {
		reader_fail(a->r, -ENOMEM);
		a->wrong = true;
		return;
	}
	if (yaml_is_null(node))
		return;
	if (secret && is_unset(a->r, node)) {
		give_nothing(a, g, node);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		const struct yaml_node *item =
			node->type == YAML_SEQUENCE ? node->items[i] : node;

		if (text_read(a->r, a->m->y, item, secret ? TEXT_SECRET : TEXT_PLAIN,
			    &g->values[g->n]))
			g->n++;
		else
			a->wrong = true;
	}
	if (g->n)
		a->n_given++;
}

static struct span chosen_value(const struct asking *a, struct span name)
{
	for (size_t i = 0; i < a->n_given; i++)
		if (span_eq(a->given[i].name, name))
			return a->given[i].values[a->chosen[i]].value;
	return SPAN_NONE;
}

static void unknown_key(struct asking *a, const struct yaml_node *key)
{
	const char *names[96], *guess;
	struct buf all = {0};
	size_t n = 0;

	for (size_t i = 0; i < a->c->n_params && n < 40; i++)
		names[n++] = a->c->params[i].name.p;
	for (size_t i = 0; i < a->c->n_logins; i++)
		for (size_t k = 0; k < a->c->logins[i].n_needs && n < 70; k++)
			names[n++] = a->c->logins[i].needs[k].p;
	for (size_t i = 0; i < n; i++)
		buf_addf(&all, "%s%s", i ? ", " : "", names[i]);
	for (size_t i = 0; section_source.keys[i].name && n < 96; i++)
		names[n++] = section_source.keys[i].name;
	guess = nearest(key->text, names, n);
	if (guess)
		asking_mistake(a, key, "unknown key \"%.*s\": did you mean \"%s\"?",
			SPAN_ARG(key->text), guess);
	else
		asking_mistake(a, key, "unknown key \"%.*s\": %.*s takes %s",
			SPAN_ARG(key->text), SPAN_ARG(a->c->network),
			all.p ? all.p : "no parameter");
	buf_deinit(&all);
}

/* Keys of the line that are no key of sources, and what stands under vars:. */
static void read_given(struct asking *a)
{
	const struct manner *m = a->m;
	const struct yaml_node *vars = m->values ? m->values[SOURCE_VARS].node : NULL;

	for (size_t i = 0; i < m->n_extra; i++) {
		const struct yaml_pair *pair = m->extra[i];
		const struct span name = pair->key->text;

		if (is_param(a->c, name) || is_secret(a->c, name))
			give(a, name, pair->value);
		else if (span_eq_str(name, "instance") && !a->base.n)
			continue;
		else
			unknown_key(a, pair->key);
	}
	if (vars && vars->type != YAML_MAPPING)
		asking_mistake(a, vars, "vars: %s where names and values are expected",
			yaml_type_name(vars));
	for (size_t i = 0; vars && vars->type == YAML_MAPPING && i < vars->n; i++)
		give(a, vars->pairs[i].key->text, vars->pairs[i].value);
}

/* --- Quotas ------------------------------------------------------------------------------- */

/* "5000/d", "50 / 10s", "300/15m". */
static bool quota_parse(struct connector_quota *ret, struct span text)
{
	const size_t slash = span_find(text, '/');
	const struct span number = span_trim(span_slice(text, 0, slash));
	const struct span per = span_trim(span_slice(text, slash + 1, text.n));
	char one[16];
	int64_t n = 0;

	if (slash == text.n || !number.n || number.n > 12 || !per.n || per.n > 12)
		return false;
	for (size_t i = 0; i < number.n; i++) {
		if (number.p[i] < '0' || number.p[i] > '9')
			return false;
		n = n * 10 + (number.p[i] - '0');
	}
	(void)snprintf(one, sizeof(one), "%s%.*s",
		per.p[0] >= '0' && per.p[0] <= '9' ? "" : "1", SPAN_ARG(per));
	*ret = (struct connector_quota){.most = n, .resets_s = -1};
	return n > 0 && duration_parse(&ret->per_ms, span_str(one)) && ret->per_ms >= 1000;
}

/* The file's; one of the line of the same length stands for it. */
static void read_quotas(struct asking *a)
{
	const struct value *v = a->m->values ? &a->m->values[SOURCE_QUOTA] : NULL;

	for (size_t i = 0; i < a->c->n_quotas && a->n_quotas < QUOTAS_MAX; i++)
		a->quotas[a->n_quotas++] = a->c->quotas[i];
	for (size_t i = 0; v && i < v->n; i++) {
		struct connector_quota quota;
		size_t k = 0;

		if (!quota_parse(&quota, v->list[i].value)) {
			asking_mistake(a, v->node,
				"quota: \"%.*s\" is none: write a number and a time, as in "
				"5000/d or 50/10s",
				SPAN_ARG(v->list[i].written));
			continue;
		}
		while (k < a->n_quotas && a->quotas[k].per_ms != quota.per_ms)
			k++;
		if (k < a->n_quotas)
			quota.resets_s = a->quotas[k].resets_s;
		else if (a->n_quotas < QUOTAS_MAX)
			a->n_quotas++;
		else
			continue;
		a->quotas[k] = quota;
		a->own_quotas = true;
	}
}

/* --- One source --------------------------------------------------------------------------- */

/* "googlenews", or with another base "googlenews/127.0.0.1:8000"; then what is asked for. */
static struct span id_of(struct asking *a, struct span name, struct span lang)
{
	struct reader *r = a->r;
	const struct value *given = a->m->values ? &a->m->values[SOURCE_ID] : NULL;
	struct buf id = {0};
	struct span made;

	if (given && given->node)
		buf_add(&id, given->text.value);
	else
		buf_add(&id, a->c->network);
	if (!(given && given->node)) {
		if (a->base.n && !span_eq(a->base, a->c->base)) {
			buf_add_char(&id, '/');
			buf_add(&id, source_id_made(r, a->base));
		}
		if (a->ask != a->c->asks)
			buf_addf(&id, ".%.*s", SPAN_ARG(a->ask->name));
	}
	for (size_t i = 0; i < a->n_given; i++)
		if (!a->given[i].secret &&
			(a->given[i].n > 1 || (is_param(a->c, a->given[i].name) &&
						      !(given && given->node)))) {
			buf_add_char(&id, '/');
			buf_add(&id, slug(r->arena, a->given[i].values[a->chosen[i]].value));
		}
	if (name.n) {
		buf_add_char(&id, '/');
		buf_add(&id, slug(r->arena, name));
	}
	/* Beside an id, a language that was written for it tells nothing apart. */
	if (lang.n && !(given && given->node && a->m->values[SOURCE_LANG].node))
		buf_addf(&id, "/%.*s", SPAN_ARG(lang));
	/* One that was written is a mistake of its own; the made one stays below its bound. */
	made = id.n > 128 && !(given && given->node)
		       ? arena_printf(r->arena, "%.*s-%08x", 100, id.p,
				 (unsigned)(id.n * 2654435761U))
		       : arena_dup(r->arena, buf_span(&id));
	buf_deinit(&id);
	if (!made.p)
		reader_fail(r, -ENOMEM);
	return made;
}

/* Sources of one network, one site and the same keys. The mark of the keys is a hash: the name
 * stands in files. */
static struct span account_of(struct asking *a)
{
	const struct span base = a->base.n ? a->base : a->c->base;
	unsigned char digest[SHA256_DIGEST_LENGTH];
	struct buf secrets = {0};
	struct span name = url_split(base).authority;
	const size_t at = span_find(name, '@');

	if (at < name.n)
		name = span_slice(name, at + 1, name.n);
	for (size_t i = 0; i < a->n_given; i++)
		if (a->given[i].secret) {
			buf_addf(&secrets, "%.*s=", SPAN_ARG(a->given[i].name));
			buf_add(&secrets, a->given[i].values[0].value);
			buf_add_char(&secrets, '\0');
		}
	name = arena_printf(a->r->arena, "%.*s@%.*s", SPAN_ARG(a->c->network), SPAN_ARG(name));
	if (secrets.n) {
		(void)SHA256((const unsigned char *)secrets.p, secrets.n, digest);
		name = arena_printf(a->r->arena, "%.*s#%02x%02x%02x%02x%02x%02x",
			SPAN_ARG(name), digest[0], digest[1], digest[2], digest[3], digest[4],
			digest[5]);
		explicit_bzero(secrets.p, secrets.n);
	}
	if (!name.p || secrets.failed)
		reader_fail(a->r, -ENOMEM);
	buf_deinit(&secrets);
	return name;
}

/* A pass that shows no secret. */
static struct connector_pass shown_pass(struct asking *a, const struct connector_keys *keys)
{
	static const char *const tokens[] = {"access_token", "token", "bearer"};
	struct connector_pass pass = {.base = a->base.n ? a->base : a->c->base};
	struct expr_var *vars = arena_calloc(a->r->arena, keys->n_secrets + 4, sizeof(*vars));

	if (!vars)
		return pass;
	for (size_t i = 0; i < keys->n_secrets; i++)
		vars[pass.n_vars++] = (struct expr_var){keys->secrets[i].name, SPAN("KEY")};
	for (size_t i = 0; i < sizeof(tokens) / sizeof(*tokens); i++)
		vars[pass.n_vars++] = (struct expr_var){span_str(tokens[i]), SPAN("KEY")};
	pass.vars = vars;
	return pass;
}

/* The address of the first request of all, without its secrets: it stands for the source, for
 * people and wherever its place is needed. What is asked in a body is marked by its hash. */
static struct span address_of(struct asking *a, const struct connector_target *target,
	const struct connector_keys *keys)
{
	const struct connector_pass pass = shown_pass(a, keys);
	unsigned char digest[SHA256_DIGEST_LENGTH];
	struct connector_step step;
	struct arena arena = {0};
	struct span url = SPAN_NONE;
	const int result =
		connector_walk_next(&step, &arena, target, &pass, SPAN_NONE, (struct wall){0});

	if (result == 0 && step.request.body.n) {
		(void)SHA256((const unsigned char *)step.request.body.p, step.request.body.n,
			digest);
		url = arena_printf(a->r->arena, "%.*s#%02x%02x%02x%02x",
			SPAN_ARG(step.request.url), digest[0], digest[1], digest[2], digest[3]);
	} else if (result == 0) {
		url = arena_dup(a->r->arena, step.request.url);
	}
	if (result == -ENOMEM || (result == 0 && !url.p))
		reader_fail(a->r, -ENOMEM);
	arena_release(&arena);
	return url;
}

static void say_unasked(struct asking *a)
{
	const struct yaml_node *node = a->m->node;
	struct buf missing = {0};

	for (size_t i = 0; i < a->c->n_params; i++)
		if (connector_ask_uses(a->ask, a->c->params[i].name) &&
			!chosen_value(a, a->c->params[i].name).n)
			buf_addf(&missing, "%s%.*s (%.*s)", missing.n ? ", " : "",
				SPAN_ARG(a->c->params[i].name),
				SPAN_ARG(a->c->params[i].about));
	if (missing.n)
		asking_mistake(a, node, "%.*s needs %s", SPAN_ARG(a->c->network), missing.p);
	else
		asking_mistake(a, node,
			"%.*s: no address can be made of this: vigie sources show %.*s says "
			"what "
			"it takes",
			SPAN_ARG(a->c->network), SPAN_ARG(a->c->network));
	buf_deinit(&missing);
}

static void put_var(struct expr_var *vars, size_t *n, const char *name, struct span value)
{
	if (value.n)
		vars[(*n)++] = (struct expr_var){span_str(name), value};
}

static struct connection *connection_make(
	struct asking *a, const struct connector_search *search, struct span lang)
{
	const struct language l = language_of(lang);
	struct connection *c = arena_calloc(a->r->arena, 1, sizeof(*c));
	struct expr_var *vars = arena_calloc(a->r->arena, VARS_MAX + 16, sizeof(*vars));
	struct expr_var *secrets = arena_calloc(a->r->arena, VARS_MAX, sizeof(*secrets));
	struct connector_quota *quotas =
		arena_calloc(a->r->arena, a->n_quotas + 1, sizeof(*quotas));
	size_t n = 0, n_secrets = 0;

	if (!c || !vars || !secrets || !quotas) {
		reader_fail(a->r, -ENOMEM);
		return NULL;
	}
	for (size_t i = 0; i < a->n_given; i++) {
		const struct expr_var var = {
			a->given[i].name, a->given[i].values[a->chosen[i]].value};

		if (a->given[i].secret)
			secrets[n_secrets++] = var;
		else
			vars[n++] = var;
	}
	for (size_t i = 0; search && search->n_terms && i < 5; i++)
		if (search->vars[i].value.n)
			vars[n++] = search->vars[i];
	put_var(vars, &n, "lang", l.lang);
	put_var(vars, &n, "country", l.country);
	put_var(vars, &n, "language", l.english);
	memcpy(quotas, a->quotas, a->n_quotas * sizeof(*quotas));
	*c = (struct connection){
		.target = {.connector = a->c,
			.ask = a->ask,
			.base = a->base,
			.vars = vars,
			.n_vars = n,
			.since = WALL_NONE},
		.keys = {.secrets = secrets, .n_secrets = n_secrets},
		.account = account_of(a),
		.quotas = quotas,
		.n_quotas = a->n_quotas,
		.sharers = 1,
		.cost = a->ask->cost > 0 ? a->ask->cost : 1,
		.config = a->r->config,
	};
	return c;
}

/* A key that isn't there is no mistake: it may come later, and all else is to run. */
static void look_for_keys(struct asking *a, struct connection *c, struct source_draft *d)
{
	struct source *s = &d->source;
	struct connector_pass pass;
	struct arena arena = {0};
	const int result =
		connector_enter(&pass, &arena, a->c, &c->keys, a->base, (struct wall){0});

	if (result == 0 && pass.entry == CONNECTOR_NO_KEY) {
		c->missing = arena_dup(a->r->arena, pass.missing);
		/* With its key it is another source, and asked at once. */
		s->url = arena_printf(a->r->arena, "%.*s#no-key", SPAN_ARG(s->url));
		(void)err_add(&a->r->config->warnings, d->file, d->line, d->column,
			"%.*s: no key: not asked until it has %.*s (${VARIABLE}, {file: PATH} "
			"or {credential: NAME})",
			SPAN_ARG(d->source.id), SPAN_ARG(pass.missing));
	}
	arena_release(&arena);
}

static void source_make(struct asking *a, const struct connector_search *search,
	struct span name, struct span lang)
{
	struct reader *r = a->r;
	struct connection *c = connection_make(a, search, lang);
	const bool spoken = a->m->values && a->m->values[SOURCE_EVERY].node;
	struct source_draft *d;
	struct span url;

	if (!c || a->wrong)
		return;
	url = address_of(a, &c->target, &c->keys);
	if (!url.p) {
		if (r->result != -ENOMEM && a->m->values)
			say_unasked(a); /* else it is no open one */
		return;
	}
	d = source_add(r, a->m, url);
	if (!d)
		return;
	d->url = (struct text){url, url, false};
	d->connection = c;
	d->network = a->m->values ? a->m->values[SOURCE_CONNECTOR].text.value : a->c->network;
	d->own_quotas = a->own_quotas;
	d->auto_every = !spoken && r->config->crawl.every_ms == 0;
	d->n_given = a->n_given;
	d->select = a->select;
	d->n_select = a->n_select;
	d->given_names = arena_calloc(r->arena, a->n_given + 1, sizeof(*d->given_names));
	d->given_texts = arena_calloc(r->arena, a->n_given + 1, sizeof(*d->given_texts));
	if (!d->given_names || !d->given_texts) {
		reader_fail(r, -ENOMEM);
		return;
	}
	for (size_t i = 0; i < a->n_given; i++) {
		d->given_names[i] = a->given[i].name;
		d->given_texts[i] = a->given[i].values[a->chosen[i]];
	}
	d->source.connection = c;
	d->source.kind = arena_printf(r->arena, "connector/%.*s", SPAN_ARG(a->c->network));
	d->source.search = search && search->n_terms;
	if (!d->source.lang.n && lang.n)
		d->source.lang = arena_dup(r->arena, lang);
	if (!d->source.title.n)
		d->source.title = name.n ? arena_printf(r->arena, "%.*s: %.*s",
						   SPAN_ARG(a->c->title), SPAN_ARG(name))
					 : a->c->title;
	source_name(r, d, id_of(a, name, lang));
	d->named = a->m->values && a->m->values[SOURCE_ID].node;
	look_for_keys(a, c, d);
}

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
		source_make(a, search, name, SPAN_NONE);
		return;
	}
	for (size_t i = 0; i < n; i++)
		source_make(a, search, name, languages[i]);
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
		if (chosen_value(a, span_str(names[i])).n)
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
	read_given(&a);
	read_quotas(&a);
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
		read_quotas(&a);
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
