#include "config/asking.h"

#include "config/networks.h"
#include "line/connection.h"
#include "sources/url.h"
#include "vigie/nearest.h"

#include <openssl/sha.h>
#include <sys/stat.h>

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

struct span asking_value(const struct asking *a, struct span name)
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
void asking_read_given(struct asking *a)
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
void asking_read_quotas(struct asking *a)
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
			!asking_value(a, a->c->params[i].name).n)
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

void asking_make_source(struct asking *a, const struct connector_search *search,
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
