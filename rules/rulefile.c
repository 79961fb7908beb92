/*
 * rulefile: rules written as YAML. A mistake in one rule leaves the others readable, so that
 * all are reported. Keys that are not known are left to others (and to `vigie rules lint`).
 */
#include <errno.h>
#include <math.h>

#include "vigie/ruleset.h"
#include "vigie/yaml.h"

struct reader {
	struct yaml y;
	struct ruleset_builder *b;
	struct err_list *errors;
	struct arena arena;
	int result;
};

static void note(struct reader *r, int x)
{
	if (x < 0 && r->result != -ENOMEM)
		r->result = x;
}

static struct rule_place place_of(const struct reader *r, const struct yaml_node *n)
{
	const bool inside = n->exact || n->source.n;

	return (struct rule_place){.file = r->y.file,
		.line = n->line,
		.column = inside ? n->content_column : n->column,
		.exact = n->exact,
		.source = n->source,
		.quote = n->quote};
}

/* A key's text, empty when it is absent or null; anything else than a text is a mistake. */
static struct span text_of(
	struct reader *r, const struct yaml_node *rule, const char *key, struct span id)
{
	const struct yaml_node *n = yaml_get(rule, key);

	if (!n || yaml_is_null(n))
		return SPAN_NONE;
	if (n->type == YAML_SCALAR)
		return n->text;
	note(r, yaml_err(&r->y, n, r->errors, "E_RULE: %s is %s: write a text (rule %.*s)", key,
			yaml_type_name(n), SPAN_ARG(id)));
	return SPAN_NONE;
}

/* A list of texts, or one text. */
static const struct span *texts_of(struct reader *r, const struct yaml_node *rule,
	const char *key, struct span id, size_t *ret_n)
{
	const struct yaml_node *n = yaml_get(rule, key);
	struct span *texts;

	*ret_n = 0;
	if (!n || yaml_is_null(n))
		return NULL;
	texts = arena_calloc(
		&r->arena, n->type == YAML_SEQUENCE ? n->n + 1 : 1, sizeof(*texts));
	if (!texts) {
		note(r, -ENOMEM);
		return NULL;
	}
	if (n->type == YAML_SCALAR) {
		texts[(*ret_n)++] = n->text;
		return texts;
	}
	for (size_t i = 0; n->type == YAML_SEQUENCE && i < n->n; i++) {
		if (n->items[i]->type == YAML_SCALAR)
			texts[(*ret_n)++] = n->items[i]->text;
		else
			note(r, yaml_err(&r->y, n->items[i], r->errors,
					"E_RULE: %s holds %s: write texts (rule %.*s)", key,
					yaml_type_name(n->items[i]), SPAN_ARG(id)));
	}
	if (n->type == YAML_MAPPING)
		note(r, yaml_err(&r->y, n, r->errors,
				"E_RULE: %s is a mapping: write a list (rule %.*s)", key,
				SPAN_ARG(id)));
	return texts;
}

static double weight_of(struct reader *r, const struct yaml_node *rule, struct span id)
{
	const struct yaml_node *n = yaml_get(rule, "weight");
	char *end;
	double v;

	if (!n || yaml_is_null(n))
		return 1;
	v = n->type == YAML_SCALAR ? strtod(n->text.p, &end) : 0;
	if (n->type == YAML_SCALAR && n->text.n && !*end && isfinite(v) && v > 0)
		return v;
	note(r, yaml_err(&r->y, n, r->errors,
			"E_RULE: weight is no number above 0: write 1 or 2.5 (rule %.*s)",
			SPAN_ARG(id)));
	return 1;
}

static bool enabled(struct reader *r, const struct yaml_node *rule, struct span id)
{
	const struct yaml_node *n = yaml_get(rule, "enabled");
	bool v = true;

	if (n && !yaml_is_null(n) && !yaml_bool(n, &v))
		note(r, yaml_err(&r->y, n, r->errors,
				"E_RULE: enabled is true or false (rule %.*s)", SPAN_ARG(id)));
	return v;
}

static void read_rule(struct reader *r, const struct yaml_node *n, size_t number)
{
	const struct yaml_node *id = yaml_get(n, "id"), *query = yaml_get(n, "query");
	struct rule rule = {0};
	char anonymous[32];

	(void)snprintf(anonymous, sizeof(anonymous), "number %zu", number + 1);
	if (n->type != YAML_MAPPING) {
		note(r, yaml_err(&r->y, n, r->errors,
				"E_RULE: it is %s: write {id: …, query: …} (rule %s)",
				yaml_type_name(n), anonymous));
		return;
	}
	if (!id || id->type != YAML_SCALAR || yaml_is_null(id) || !id->text.n) {
		note(r, yaml_err(&r->y, id ? id : n, r->errors,
				"E_RULE: it has no id: give it one (rule %s)", anonymous));
		return;
	}
	rule.id = id->text;
	if (!query || yaml_is_null(query))
		query = yaml_get(n, "regex");
	rule.place = place_of(r, query ? query : n);
	rule.query = text_of(r, n, "query", rule.id);
	rule.regex = text_of(r, n, "regex", rule.id);
	rule.kind = text_of(r, n, "kind", rule.id);
	rule.brand = text_of(r, n, "brand", rule.id);
	rule.note = text_of(r, n, "note", rule.id);
	rule.tags = texts_of(r, n, "tags", rule.id, &rule.n_tags);
	rule.languages = texts_of(r, n, "languages", rule.id, &rule.n_languages);
	rule.weight = weight_of(r, n, rule.id);
	rule.disabled = !enabled(r, n, rule.id);
	if (!query || query->type == YAML_SCALAR)
		note(r, ruleset_builder_add(r->b, &rule, r->errors));
}

static void read_define(struct reader *r, const struct yaml_node *n)
{
	if (n->type != YAML_MAPPING) {
		note(r, yaml_err(&r->y, n, r->errors,
				"E_RULE: define is %s: write name: query under it",
				yaml_type_name(n)));
		return;
	}
	for (size_t i = 0; i < n->n; i++) {
		const struct yaml_node *query = n->pairs[i].value;
		const struct rule_place place = place_of(r, query);

		if (query->type != YAML_SCALAR)
			note(r, yaml_err(&r->y, query, r->errors,
					"E_RULE: it is %s: write a query (fragment %.*s)",
					yaml_type_name(query),
					SPAN_ARG(n->pairs[i].key->text)));
		else
			note(r, ruleset_builder_define(r->b, n->pairs[i].key->text, query->text,
					&place, r->errors));
	}
}

int rulefile_read(
	struct ruleset_builder *b, struct span yaml, const char *file, struct err_list *errors)
{
	struct reader r = {.b = b, .errors = errors};
	const struct yaml_node *rules, *define;
	int x = yaml_read(&r.y, yaml, file, errors);

	if (x < 0)
		return x;
	rules = yaml_get(r.y.root, "rules");
	define = yaml_get(r.y.root, "define");
	if (define && !yaml_is_null(define))
		read_define(&r, define);
	if (rules && rules->type == YAML_SEQUENCE) {
		for (size_t i = 0; i < rules->n && r.result != -ENOMEM; i++)
			read_rule(&r, rules->items[i], i);
	} else if (rules ? !yaml_is_null(rules) : !define) {
		note(&r, yaml_err(&r.y, rules ? rules : r.y.root, errors,
				 "E_RULE: no list of rules: write rules: and a list of {id, "
				 "query} under it"));
	}
	arena_release(&r.arena);
	yaml_deinit(&r.y);
	return r.result;
}
