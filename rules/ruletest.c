#include "vigie/ruletest.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "vigie/nearest.h"
#include "vigie/yaml.h"

struct reader {
	struct yaml y;
	struct rule_tests *tests;
	struct err_list *errors;
	int result;
};

static void note(struct reader *r, int x)
{
	if (x < 0 && r->result != -ENOMEM)
		r->result = x;
}

static struct span keep(struct reader *r, struct span s)
{
	const struct span copy = arena_dup(&r->tests->arena, s);

	if (!copy.p)
		note(r, -ENOMEM);
	return copy;
}

static struct rule_test *add(struct reader *r)
{
	struct rule_tests *t = r->tests;

	if (t->n == t->capacity) {
		const size_t capacity = t->capacity ? t->capacity * 2 : 64;
		struct rule_test *items = arena_calloc(&t->arena, capacity, sizeof(*items));

		if (!items) {
			note(r, -ENOMEM);
			return NULL;
		}
		if (t->n)
			memcpy(items, t->items, t->n * sizeof(*items));
		t->items = items;
		t->capacity = capacity;
	}
	t->items[t->n] = (struct rule_test){.item = item_empty()};
	return &t->items[t->n++];
}

/* A text, or a list of them. */
static const struct span *read_texts(struct reader *r, const struct yaml_node *n, size_t *ret_n)
{
	const size_t count = n->type == YAML_SEQUENCE ? n->n : 1;
	struct span *texts = arena_calloc(&r->tests->arena, count + 1, sizeof(*texts));

	*ret_n = 0;
	if (!texts)
		note(r, -ENOMEM);
	for (size_t i = 0; texts && i < count; i++) {
		const struct yaml_node *item = n->type == YAML_SEQUENCE ? n->items[i] : n;

		if (item->type == YAML_SCALAR)
			texts[(*ret_n)++] = keep(r, item->text);
		else
			note(r, yaml_err(&r->y, item, r->errors, "this is %s: write a text",
					yaml_type_name(item)));
	}
	return texts;
}

static void read_number(struct reader *r, const struct yaml_node *n, double *ret)
{
	char *end = NULL;
	const double v = n->type == YAML_SCALAR ? strtod(n->text.p, &end) : NAN;

	if (end && *end == '\0' && n->text.n)
		*ret = v;
	else
		note(r, yaml_err(&r->y, n, r->errors,
				"this is no number: write one, like 1200"));
}

/* One key of a document. */
static void read_key(struct reader *r, struct rule_test *t, const struct yaml_pair *pair)
{
	struct item *item = &t->item;
	const struct {
		const char *name;
		struct span *text;
		double *number;
	} rows[] = {
		{"title", &item->title, NULL},
		{"text", &item->text, NULL},
		{"author", &t->context.author, NULL},
		{"lang", &item->lang, NULL},
		{"source", &t->context.source, NULL},
		{"url", &item->url, NULL},
		{"followers", NULL, &item->author.followers},
		{"likes", NULL, &item->numbers.likes},
		{"shares", NULL, &item->numbers.shares},
		{"comments", NULL, &item->numbers.replies},
		{"views", NULL, &item->numbers.views},
		{"rating", NULL, &item->numbers.rating},
		{"score", NULL, &item->numbers.score},
		{"reach", NULL, &item->numbers.reach},
		{"engagement", NULL, &item->numbers.total},
		{"tags", NULL, NULL},
		{"spans", NULL, NULL},
	};
	enum { ROWS = sizeof(rows) / sizeof(*rows) };
	const char *names[ROWS], *near;

	for (size_t i = 0; i < ROWS; i++) {
		names[i] = rows[i].name;
		if (!span_eq_str(pair->key->text, rows[i].name))
			continue;
		if (rows[i].number)
			read_number(r, pair->value, rows[i].number);
		else if (rows[i].text && pair->value->type == YAML_SCALAR)
			*rows[i].text = keep(r, pair->value->text);
		else if (rows[i].text)
			note(r, yaml_err(&r->y, pair->value, r->errors,
					"%s is %s: write a text", rows[i].name,
					yaml_type_name(pair->value)));
		else if (rows[i].name[0] == 't')
			item->tags = read_texts(r, pair->value, &item->n_tags);
		else
			t->spans = read_texts(r, pair->value, &t->n_spans);
		t->spans_given |= rows[i].name[1] == 'p';
		return;
	}
	near = nearest(pair->key->text, names, ROWS);
	note(r, yaml_err(&r->y, pair->key, r->errors, "unknown key \"%.*s\"%s%s%s",
			SPAN_ARG(pair->key->text),
			near ? ": did you mean \"" : ": see TESTS in vigie-rules(5)",
			near ? near : "", near ? "\"?" : ""));
}

/* A text alone is the text of a document. */
static void read_document(
	struct reader *r, struct span rule, const struct yaml_node *n, bool wanted)
{
	struct rule_test *t = add(r);

	if (!t)
		return;
	t->rule = rule;
	t->wanted = wanted;
	t->file = r->y.file;
	t->line = n->line;
	t->column = n->column;
	t->context.author_given = true;
	t->context.engagement_given = true;
	if (n->type == YAML_SCALAR)
		t->item.text = keep(r, n->text);
	else if (n->type == YAML_MAPPING)
		for (size_t i = 0; i < n->n; i++)
			read_key(r, t, &n->pairs[i]);
	else
		note(r, yaml_err(&r->y, n, r->errors,
				"a test is a list: write a text, or {title: …, text: …}"));
}

static void read_documents(
	struct reader *r, struct span rule, const struct yaml_node *list, bool wanted)
{
	if (!list || yaml_is_null(list))
		return;
	if (list->type != YAML_SEQUENCE) {
		read_document(r, rule, list, wanted);
		return;
	}
	for (size_t i = 0; i < list->n; i++)
		read_document(r, rule, list->items[i], wanted);
}

/* {match: […], no_match: […]}, and `rule` where it does not stand in one. */
static void read_group(struct reader *r, struct span rule, const struct yaml_node *n)
{
	if (n->type != YAML_MAPPING) {
		note(r, yaml_err(&r->y, n, r->errors,
				"tests are %s: write match: and no_match: under it",
				yaml_type_name(n)));
		return;
	}
	for (size_t i = 0; i < n->n; i++) {
		const struct span key = n->pairs[i].key->text;

		if (!span_eq_str(key, "match") && !span_eq_str(key, "no_match") &&
			!span_eq_str(key, "rule"))
			note(r, yaml_err(&r->y, n->pairs[i].key, r->errors,
					"unknown key \"%.*s\": write match: or no_match:",
					SPAN_ARG(key)));
	}
	read_documents(r, rule, yaml_get(n, "match"), true);
	read_documents(r, rule, yaml_get(n, "no_match"), false);
}

static void read_rules(struct reader *r, const struct yaml_node *rules)
{
	for (size_t i = 0; rules->type == YAML_SEQUENCE && i < rules->n; i++) {
		const struct yaml_node *id = yaml_get(rules->items[i], "id");
		const struct yaml_node *tests = yaml_get(rules->items[i], "tests");

		if (id && id->type == YAML_SCALAR && tests && !yaml_is_null(tests))
			read_group(r, keep(r, id->text), tests);
	}
}

static void read_tests(struct reader *r, const struct yaml_node *tests)
{
	if (tests->type != YAML_SEQUENCE) {
		note(r, yaml_err(&r->y, tests, r->errors,
				"tests is %s: write a list of {rule: …, match: […]}",
				yaml_type_name(tests)));
		return;
	}
	for (size_t i = 0; i < tests->n; i++) {
		const struct yaml_node *rule = yaml_get(tests->items[i], "rule");

		if (rule && rule->type == YAML_SCALAR)
			read_group(r, keep(r, rule->text), tests->items[i]);
		else
			note(r, yaml_err(&r->y, tests->items[i], r->errors,
					"no rule named: write rule: and its id"));
	}
}

int ruletest_read(
	struct rule_tests *tests, struct span yaml, const char *file, struct err_list *errors)
{
	struct reader r = {.tests = tests, .errors = errors};
	const struct yaml_node *rules, *list;
	const int x = yaml_read(&r.y, yaml, file, errors);

	if (x < 0)
		return x;
	rules = yaml_get(r.y.root, "rules");
	list = yaml_get(r.y.root, "tests");
	if (rules)
		read_rules(&r, rules);
	if (list && !yaml_is_null(list))
		read_tests(&r, list);
	yaml_deinit(&r.y);
	return r.result;
}

size_t ruleset_find(const struct ruleset *set, struct span id)
{
	for (size_t i = 0; i < ruleset_count(set); i++)
		if (span_eq(ruleset_info(set, i)->rule, id))
			return i;
	return SIZE_MAX;
}

/* What the spans found say, against what they should. */
static bool spans_as_wanted(const struct rule_test *test, const struct rule_outcome *o)
{
	const struct span fields[ITEM_FIELDS] = {
		test->item.title, test->item.text, test->context.author};

	if (o->n_spans != test->n_spans)
		return false;
	for (size_t i = 0; i < o->n_spans; i++) {
		const struct match_span *s = &o->spans[i];

		if (!span_eq(span_slice(fields[s->field], s->start, s->end), test->spans[i]))
			return false;
	}
	return true;
}

int ruletest_run(struct rule_outcome *ret, const struct ruleset *set,
	struct ruleset_scratch *scratch, const struct rule_test *test, struct arena *arena)
{
	struct rule_outcome o = {.rule = ruleset_find(set, test->rule)};
	struct match *matches = NULL;
	size_t n = 0;
	int r;

	if (o.rule == SIZE_MAX)
		return -ENOENT;
	r = ruleset_match(set, scratch, &test->item, &test->context, arena, &matches, &n);
	if (r >= 0)
		r = ruleset_explain(
			set, scratch, o.rule, &test->item, &test->context, arena, &o.tree);
	if (r < 0)
		return r;
	for (size_t i = 0; i < n; i++)
		if (span_eq(matches[i].rule, test->rule)) {
			o.matches = true;
			o.spans = matches[i].spans;
			o.n_spans = matches[i].n_spans;
		}
	if (o.matches != test->wanted)
		o.why = o.matches ? SPAN("matches, and should not")
				  : SPAN("does not match, and should");
	else if (o.matches && test->spans_given && !spans_as_wanted(test, &o))
		o.why = SPAN("matches, but finds other spans");
	o.passed = !o.why.n;
	*ret = o;
	return 0;
}
