/*
 * config/rules: brands, rules and rule files into one ruleset. A brand is a rule with less to
 * write: its id and its query come from its name.
 */

#include <glob.h>

#include "config/keys.h"

enum { RULE_FILE_MAX = 64 * 1024 * 1024 };

/* --- Drafts
 * ------------------------------------------------------------------------------------ */

static const struct span *spans_of(struct reader *r, const struct value *value)
{
	struct span *spans = arena_calloc(r->arena, value->n + 1, sizeof(*spans));

	if (!spans) {
		reader_fail(r, -ENOMEM);
		return NULL;
	}
	for (size_t i = 0; i < value->n; i++)
		spans[i] = value->list[i].value;
	return spans;
}

static struct rule_place place_of(const struct yaml *y, const struct yaml_node *node)
{
	const bool inside = node->exact || node->source.n;

	return (struct rule_place){.file = y->file,
		.line = node->line,
		.column = inside ? node->content_column : node->column,
		.exact = node->exact,
		.source = node->source,
		.quote = node->quote};
}

static struct rule_draft *draft_add(struct reader *r)
{
	struct rule_draft *drafts =
		reader_grow(r, r->rules, &r->n_rules, &r->rules_capacity, sizeof(*drafts));

	if (!drafts)
		return NULL;
	r->rules = drafts;
	return &drafts[r->n_rules - 1];
}

/* A name to search for, once. */
static void term_add(struct reader *r, struct span name, const struct span *languages, size_t n)
{
	struct term *terms;

	for (size_t i = 0; i < r->n_terms; i++)
		if (span_eq(r->terms[i].name, name))
			return;
	terms = reader_grow(r, r->terms, &r->n_terms, &r->terms_capacity, sizeof(*terms));
	if (!terms)
		return;
	r->terms = terms;
	terms[r->n_terms - 1] = (struct term){name, languages, n};
}

/* --- Brands
 * ------------------------------------------------------------------------------------ */

enum { COMPACT_DISTINCT = 5 };

/* The name as a phrase; and when it has several words, in one word, as handles and hashtags
 * write it: with its sigil only where it is so short that it would mean other things too. */
static struct span query_of(struct reader *r, struct span name)
{
	const struct span joined = compact(r->arena, name, true);
	struct buf out = {0};
	struct span query;

	buf_add_char(&out, '"');
	/* Wildcards, quotes and escapes have a meaning in a phrase; in a name they separate
	 * words. */
	for (size_t i = 0; i < name.n; i++)
		buf_add_char(
			&out, strchr("\"\\*?\n\t", name.p[i]) && name.p[i] ? ' ' : name.p[i]);
	buf_add_char(&out, '"');
	if (several_words(name)) {
		if (joined.n >= COMPACT_DISTINCT)
			buf_addf(&out, " OR %.*s", SPAN_ARG(joined));
		else
			buf_addf(
				&out, " OR @%.*s OR #%.*s", SPAN_ARG(joined), SPAN_ARG(joined));
	}
	query = buf_result(&out) < 0 ? SPAN_NONE : arena_dup(r->arena, buf_span(&out));
	buf_deinit(&out);
	if (!query.p)
		reader_fail(r, -ENOMEM);
	return query;
}

struct brand {
	struct span kind;
	const struct span *languages; /* the outer brand's, unless it says its own */
	size_t n_languages;
};

static void brand_read(struct reader *r, const struct yaml *y, const struct yaml_node *node,
	struct brand brand);

static void competitors_read(struct reader *r, const struct yaml *y,
	const struct yaml_node *node, struct brand outer)
{
	const struct brand competitor = {
		SPAN("competitor"), outer.languages, outer.n_languages};

	if (node->type != YAML_SEQUENCE) {
		brand_read(r, y, node, competitor);
		return;
	}
	for (size_t i = 0; i < node->n; i++)
		brand_read(r, y, node->items[i], competitor);
}

/* Named before, with nothing new to say: brands may share competitors. */
static bool known_again(const struct reader *r, struct span id, struct span query)
{
	for (size_t i = 0; i < r->n_rules; i++)
		if (span_eq(r->rules[i].rule.id, id) && span_eq(r->rules[i].rule.query, query))
			return true;
	return false;
}

static void brand_read(struct reader *r, const struct yaml *y, const struct yaml_node *node,
	struct brand brand)
{
	struct value v[SECTION_KEYS_MAX];
	const struct yaml_node *at = node;
	struct rule_draft *draft;
	struct span query, id;

	section_defaults(r, &section_brand, v);
	if (node->type == YAML_SCALAR && !yaml_is_null(node)) {
		if (!text_read(r, y, node, TEXT_PLAIN, &v[BRAND_NAME].text))
			return;
	} else if (!section_read(r, y, node, &section_brand, v, NULL, NULL, NULL, 0)) {
		return;
	}
	if (span_empty(span_trim(v[BRAND_NAME].text.value))) {
		mistake(r, y, node, "a %.*s without a name: write name: …",
			SPAN_ARG(brand.kind));
		return;
	}
	id = v[BRAND_ID].node ? v[BRAND_ID].text.value
			      : slug(r->arena, v[BRAND_NAME].text.value);
	query = v[BRAND_QUERY].node ? v[BRAND_QUERY].text.value
				    : query_of(r, v[BRAND_NAME].text.value);
	if (v[BRAND_QUERY].node)
		at = v[BRAND_QUERY].node;
	if (v[BRAND_LANGUAGES].node) {
		brand.languages = spans_of(r, &v[BRAND_LANGUAGES]);
		brand.n_languages = v[BRAND_LANGUAGES].n;
	}
	term_add(r, v[BRAND_NAME].text.value, brand.languages, brand.n_languages);
	if (!known_again(r, id, query) && (draft = draft_add(r))) {
		draft->node = node;
		draft->rule = (struct rule){
			.id = id,
			.query = query,
			.kind = brand.kind,
			.brand = v[BRAND_NAME].text.value,
			.tags = spans_of(r, &v[BRAND_TAGS]),
			.n_tags = v[BRAND_TAGS].n,
			.languages = brand.languages,
			.n_languages = brand.n_languages,
			.place = place_of(y, at),
		};
		draft->rule.place.exact = draft->rule.place.exact && v[BRAND_QUERY].node;
	}
	if (v[BRAND_COMPETITORS].node)
		competitors_read(r, y, v[BRAND_COMPETITORS].node, brand);
}

void brands_read(struct reader *r, const struct yaml *y, const struct yaml_node *node)
{
	const struct brand brand = {SPAN("brand"), NULL, 0};

	if (node->type != YAML_SEQUENCE) {
		brand_read(r, y, node, brand);
		return;
	}
	for (size_t i = 0; i < node->n; i++)
		brand_read(r, y, node->items[i], brand);
}

/* --- Rules
 * ------------------------------------------------------------------------------------- */

static void rule_files_add(struct reader *r, const struct value *files)
{
	for (size_t i = 0; i < files->n; i++) {
		struct span *all = reader_grow(r, r->rule_files, &r->n_rule_files,
			&r->rule_files_capacity, sizeof(*all));

		if (!all)
			return;
		r->rule_files = all;
		all[r->n_rule_files - 1] = path_resolve(r, files->list[i].value);
	}
}

static void rule_files_read(
	struct reader *r, const struct yaml *y, const struct yaml_node *node)
{
	struct value v[SECTION_KEYS_MAX];

	if (section_read(r, y, node, &section_rules, v, NULL, NULL, NULL, 0))
		rule_files_add(r, &v[RULES_FILES]);
}

static void rule_read(struct reader *r, const struct yaml *y, const struct yaml_node *node)
{
	struct value v[SECTION_KEYS_MAX];
	struct rule_draft *draft;
	const size_t before = r->errors->n;
	const struct yaml_node *at;

	if (yaml_get(node, "files")) {
		rule_files_read(r, y, node);
		return;
	}
	if (!section_read(r, y, node, &section_rule, v, NULL, NULL, NULL, 0) ||
		r->errors->n != before) /* what is wrong is not missing too */
		return;
	if (!v[RULE_ID].node) {
		mistake(r, y, node, "a rule without an id: write id: …");
		return;
	}
	if (!v[RULE_QUERY].node == !v[RULE_REGEX].node) {
		mistake(r, y, node, "rule %.*s: %s: write exactly one of query and regex",
			SPAN_ARG(v[RULE_ID].text.written),
			v[RULE_QUERY].node ? "a query and a regex" : "nothing to look for");
		return;
	}
	at = v[RULE_QUERY].node ? v[RULE_QUERY].node : v[RULE_REGEX].node;
	draft = draft_add(r);
	if (!draft)
		return;
	draft->node = node;
	draft->rule = (struct rule){
		.id = v[RULE_ID].text.value,
		.query = v[RULE_QUERY].text.value,
		.regex = v[RULE_REGEX].text.value,
		.kind = v[RULE_KIND].text.value,
		.brand = v[RULE_BRAND].text.value,
		.note = v[RULE_NOTE].text.value,
		.tags = spans_of(r, &v[RULE_TAGS]),
		.n_tags = v[RULE_TAGS].n,
		.languages = spans_of(r, &v[RULE_LANGUAGES]),
		.n_languages = v[RULE_LANGUAGES].n,
		.weight = v[RULE_WEIGHT].real,
		.disabled = !v[RULE_ENABLED].truth,
		.place = place_of(y, at),
	};
	if (draft->rule.brand.n && (span_eq_str(draft->rule.kind, "brand") ||
					   span_eq_str(draft->rule.kind, "competitor")))
		term_add(r, draft->rule.brand, draft->rule.languages, draft->rule.n_languages);
}

void rules_read(struct reader *r, const struct yaml *y, const struct yaml_node *node)
{
	if (node->type == YAML_MAPPING) {
		rule_files_read(r, y, node);
		return;
	}
	if (node->type != YAML_SEQUENCE) {
		mistake(r, y, node,
			"rules: %s where a list is expected: write \"- {id: …, query: …}\" or "
			"{files: …}",
			yaml_type_name(node));
		return;
	}
	for (size_t i = 0; i < node->n; i++)
		rule_read(r, y, node->items[i]);
}

void define_read(struct reader *r, const struct yaml *y, const struct yaml_node *node)
{
	if (node->type != YAML_MAPPING) {
		mistake(r, y, node, "define: %s where names and queries are expected",
			yaml_type_name(node));
		return;
	}
	for (size_t i = 0; i < node->n; i++) {
		const struct yaml_pair *pair = &node->pairs[i];
		const struct rule_place place = place_of(y, pair->value);
		const bool text =
			pair->value->type == YAML_SCALAR && !yaml_is_null(pair->value);

		if (!text)
			mistake(r, y, pair->value, "%.*s: %s where a query is expected",
				SPAN_ARG(pair->key->text), yaml_type_name(pair->value));
		else
			reader_fail(r, ruleset_builder_define(r->builder, pair->key->text,
					       pair->value->text, &place, r->errors));
	}
}

/* --- Compiling
 * --------------------------------------------------------------------------------- */

static void rule_file_read(struct reader *r, const char *path)
{
	size_t n;
	char *p;
	const int result = config_file_read(&p, &n, path, RULE_FILE_MAX);

	if (result == -ENOMEM) {
		reader_fail(r, result);
	} else if (result < 0) {
		reader_fail(r, err_add(r->errors, path, 0, 0, "%s", file_why(result)));
	} else {
		reader_fail(r, rulefile_read(r->builder, span_of(p, n), path, r->errors));
		free(p);
	}
}

static void rule_pattern_read(struct reader *r, const struct yaml *y, struct span pattern)
{
	glob_t found;
	const int result = glob(pattern.p, 0, NULL, &found);

	if (result == GLOB_NOSPACE)
		reader_fail(r, -ENOMEM);
	else if (result == GLOB_NOMATCH && strpbrk(pattern.p, "*?["))
		(void)err_add(&r->config->warnings, y->file, 0, 0, "no rule file is named %s",
			pattern.p);
	else if (result)
		reader_fail(
			r, err_add(r->errors, pattern.p, 0, 0, "%s",
				   result == GLOB_NOMATCH ? "no such file" : "not readable"));
	for (size_t i = 0; !result && i < found.gl_pathc; i++)
		rule_file_read(r, found.gl_pathv[i]);
	globfree(&found);
}

void rules_build(struct reader *r, const struct yaml *y)
{
	for (size_t i = 0; i < r->n_rules; i++)
		reader_fail(r, ruleset_builder_add(r->builder, &r->rules[i].rule, r->errors));
	for (size_t i = 0; i < r->n_rule_files; i++)
		rule_pattern_read(r, y, r->rule_files[i]);
	if (r->result != -ENOMEM)
		reader_fail(r, ruleset_build(&r->config->rules, r->builder, r->errors));
}
