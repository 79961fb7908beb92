/*
 * builder: gathers rules and fragments as people write them, says all that is wrong, and has
 * the rest compiled.
 */
#include <errno.h>
#include <stdlib.h>
#include <xxhash.h>

#include "compile.h"
#include "packs.h"
#include "query.h"
#include "vigie/cleanup.h"
#include "vigie/utf8.h"
#include "vigie/yaml.h"

enum expansion { FRAGMENT_NEW, FRAGMENT_AT_WORK, FRAGMENT_DONE };

struct builder_rule {
	struct compile_rule out;
	struct rule_place place;
	struct span query; /* or regex */
	bool checked;      /* else it waits for fragments */
	bool refused;      /* only its id counts: the next rule of it is told so */
};

struct fragment {
	struct span name;
	struct span query;
	struct rule_place place;
	struct node *tree;
	enum expansion state;
};

struct ruleset_builder {
	struct arena arena;
	struct builder_rule *rules;
	size_t n, capacity;
	struct fragment *fragments;
	size_t n_fragments, fragments_capacity;
	uint32_t *ids; /* open addressing by id; index + 1 */
	size_t n_ids;
	struct regex **regexes; /* references of the trees' */
	size_t n_regexes, regexes_capacity;
	struct err_list *errors; /* while building */
};

int ruleset_builder_new(struct ruleset_builder **ret)
{
	struct ruleset_builder *b = calloc(1, sizeof(*b));

	if (!b)
		return -ENOMEM;
	*ret = b;
	return 0;
}

struct ruleset_builder *ruleset_builder_free(struct ruleset_builder *b)
{
	if (!b)
		return NULL;
	for (size_t i = 0; i < b->n_regexes; i++)
		(void)regex_unref(b->regexes[i]);
	free(b->regexes);
	free(b->rules);
	free(b->fragments);
	free(b->ids);
	arena_release(&b->arena);
	free(b);
	return NULL;
}

static int grow(void *items, size_t *capacity, size_t n, size_t size)
{
	const size_t want = *capacity ? *capacity * 2 : 64;
	void *p;

	if (n <= *capacity)
		return 0;
	p = realloc(*(void **)items, want * size);
	if (!p)
		return -ENOMEM;
	*(void **)items = p;
	*capacity = want;
	return 0;
}

/* --- saying what is wrong --- */

/* "E_NEAR: distance missing: write NEAR/5 (rule acme)", at its place in the file. */
static int say(struct err_list *errors, const char *what, struct span id,
	const struct rule_place *place, struct span query, const struct query_error *e)
{
	int line = place->line, column = place->column;
	const size_t at = e->at < query.n ? e->at : query.n;

	if (place->exact)
		column += (int)utf8_length(span_slice(query, 0, at));
	else if (query.n)
		yaml_locate(place->source, place->quote, query, at, &line, &column);
	return err_add(errors, place->file, line, column, "%s: %.*s (%s %.*s)",
		query_code_names[e->code], SPAN_ARG(e->text), what, SPAN_ARG(id));
}

static int say_all(struct err_list *errors, const char *what, struct span id,
	const struct rule_place *place, struct span query, const struct query_errors *found)
{
	int r = found->no_memory ? -ENOMEM : 0;

	for (size_t i = 0; i < found->n; i++) {
		const int x = say(errors, what, id, place, query, &found->items[i]);

		r = r == -ENOMEM ? r : x;
	}
	return r;
}

/* --- regexes --- */

/* Compiles the regexes of a tree. */
static int compile_regexes(
	struct ruleset_builder *b, struct node *n, struct query_errors *found)
{
	int r = 0;

	if (n->kind == NODE_REGEX && !n->u.regex.compiled) {
		char why[REGEX_WHY_SIZE];
		size_t at = 0;

		r = grow(&b->regexes, &b->regexes_capacity, b->n_regexes + 1,
			sizeof(*b->regexes));
		if (r >= 0)
			r = regex_new(&n->u.regex.compiled, n->u.regex.pattern,
				n->u.regex.flags, true, why, &at);
		if (r >= 0)
			b->regexes[b->n_regexes++] = n->u.regex.compiled;
		else if (r == -EINVAL)
			r = query_fail(found, E_REGEX, n->u.regex.pattern_at + at,
				"%s: see pcre2pattern(3)", why);
	}
	for (struct node *c = n->first; c && r != -ENOMEM; c = c->next) {
		const int x = compile_regexes(b, c, found);

		r = x < 0 ? x : r;
	}
	return r;
}

/* --- adding --- */

static bool id_known(struct ruleset_builder *b, struct span id, size_t *ret_slot)
{
	size_t slot = XXH3_64bits(id.p, id.n) & (b->n_ids - 1);

	for (; b->ids[slot]; slot = (slot + 1) & (b->n_ids - 1))
		if (span_eq(b->rules[b->ids[slot] - 1].out.info.rule, id))
			return true;
	*ret_slot = slot;
	return false;
}

static int grow_ids(struct ruleset_builder *b)
{
	const size_t old = b->n_ids, n = old ? old * 2 : 1024;
	uint32_t *ids, *was = b->ids;
	size_t slot;

	if (b->n * 2 < old)
		return 0;
	ids = calloc(n, sizeof(*ids));
	if (!ids)
		return -ENOMEM;
	b->ids = ids;
	b->n_ids = n;
	for (size_t i = 0; i < b->n; i++)
		if (!id_known(b, b->rules[i].out.info.rule, &slot))
			ids[slot] = (uint32_t)i + 1;
	free(was);
	return 0;
}

static struct rule_place copy_place(struct ruleset_builder *b, const struct rule_place *place)
{
	struct rule_place copy = place ? *place : (struct rule_place){0};

	/* Rules of one file share its name. */
	if (copy.file && b->n && b->rules[b->n - 1].place.file &&
		strcmp(b->rules[b->n - 1].place.file, copy.file) == 0)
		copy.file = b->rules[b->n - 1].place.file;
	else if (copy.file)
		copy.file = arena_dup(&b->arena, span_str(copy.file)).p;
	if (copy.source.n) /* where memory is out for it, the start is named */
		copy.source = arena_dup(&b->arena, copy.source);
	return copy;
}

/* Reads the tree of a rule, and checks it as far as it can be checked now. */
static int read_tree(
	struct ruleset_builder *b, struct builder_rule *r, bool regex, struct err_list *errors)
{
	struct query_errors found = {.arena = &b->arena};
	struct node *tree = NULL;
	int result = regex ? query_regex(&tree, &b->arena, r->query, &found)
			   : query_parse(&tree, &b->arena, r->query, &found);

	if (result >= 0)
		result = compile_regexes(b, tree, &found);
	if (result >= 0 && !query_has_use(tree)) {
		result = query_check(tree, &found);
		r->checked = true;
	}
	if (result >= 0)
		r->out.tree = tree;
	else if (found.n)
		(void)say_all(errors, "rule", r->out.info.rule, &r->place, r->query, &found);
	return found.no_memory ? -ENOMEM : result;
}

static struct span *copy_spans(
	struct arena *arena, const struct span *from, size_t n, bool *failed)
{
	struct span *to = arena_alloc(arena, n * sizeof(*to) + 1);

	for (size_t i = 0; to && i < n; i++) {
		to[i] = arena_dup(arena, from[i]);
		*failed |= !to[i].p;
	}
	*failed |= !to;
	return to;
}

static int rule_error(const struct builder_rule *r, const struct rule *rule,
	struct err_list *errors, const char *text)
{
	const struct query_error e = {.code = E_RULE, .text = span_str(text)};

	(void)rule;
	return say(errors, "rule", r->out.info.rule, &r->place, SPAN_NONE, &e);
}

int ruleset_builder_add(
	struct ruleset_builder *b, const struct rule *rule, struct err_list *errors)
{
	struct builder_rule r = {.place = copy_place(b, &rule->place)};
	struct match *info = &r.out.info;
	bool failed = false;
	size_t slot = 0;
	int result;

	if (grow(&b->rules, &b->capacity, b->n + 1, sizeof(*b->rules)) < 0 || grow_ids(b) < 0)
		return -ENOMEM;
	info->rule = arena_dup(&b->arena, rule->id);
	info->kind = arena_dup(&b->arena, span_empty(rule->kind) ? SPAN("topic") : rule->kind);
	info->brand = arena_dup(&b->arena, rule->brand);
	info->tags = copy_spans(&b->arena, rule->tags, rule->n_tags, &failed);
	info->n_tags = rule->n_tags;
	info->weight = rule->weight == 0 ? 1 : rule->weight;
	r.out.languages = copy_spans(&b->arena, rule->languages, rule->n_languages, &failed);
	r.out.n_languages = rule->n_languages;
	r.out.enabled = !rule->disabled;
	r.query = arena_dup(&b->arena, span_empty(rule->query) ? rule->regex : rule->query);
	if (failed || !info->rule.p || !info->kind.p || !info->brand.p || !r.query.p)
		return -ENOMEM;
	if (span_empty(rule->id))
		return rule_error(&r, rule, errors, "the rule has no id: give it one");
	if (id_known(b, info->rule, &slot))
		return rule_error(&r, rule, errors,
			"a rule of this id stands before: give it another id");
	if (!span_empty(rule->query) && !span_empty(rule->regex))
		result = rule_error(
			&r, rule, errors, "query and regex stand together: keep one");
	else if (!rule->query.p && !rule->regex.p)
		result = rule_error(&r, rule, errors, "query missing: write query: or regex:");
	else
		result = read_tree(
			b, &r, span_empty(rule->query) && !span_empty(rule->regex), errors);
	r.refused = result < 0;
	b->ids[slot] = (uint32_t)b->n + 1;
	b->rules[b->n++] = r;
	return result;
}

static struct fragment *fragment_by_name(struct ruleset_builder *b, struct span name)
{
	for (size_t i = 0; i < b->n_fragments; i++)
		if (span_eq(b->fragments[i].name, name))
			return &b->fragments[i];
	return NULL;
}

int ruleset_builder_define(struct ruleset_builder *b, struct span name, struct span query,
	const struct rule_place *place, struct err_list *errors)
{
	struct query_errors found = {.arena = &b->arena};
	struct fragment f = {.name = arena_dup(&b->arena, name),
		.query = arena_dup(&b->arena, query),
		.place = copy_place(b, place)};
	int r;

	if (!f.name.p || !f.query.p ||
		grow(&b->fragments, &b->fragments_capacity, b->n_fragments + 1, sizeof(f)) < 0)
		return -ENOMEM;
	if (fragment_by_name(b, name)) {
		const struct query_error e = {.code = E_RULE,
			.text = SPAN(
				"a fragment of this name stands before: give it another name")};

		return say(errors, "fragment", f.name, &f.place, f.query, &e);
	}
	r = query_parse(&f.tree, &b->arena, f.query, &found);
	if (r >= 0)
		r = compile_regexes(b, f.tree, &found);
	if (r < 0) {
		(void)say_all(errors, "fragment", f.name, &f.place, f.query, &found);
		f.tree = NULL;
	}
	b->fragments[b->n_fragments++] = f;
	return found.no_memory ? -ENOMEM : r;
}

/* --- building --- */

/* Takes a fragment from the pack of its name. NULL when there is none. */
static struct fragment *fragment_of_pack(struct ruleset_builder *b, struct span name)
{
	const struct pack *pack = packs;
	const struct yaml_node *define, *query = NULL;
	struct rule_place place = {0};
	struct err_list ours = {0}; /* a pack is tested: what stands here is never seen */
	struct fragment *f = NULL;
	struct yaml y;

	while (pack->name && !span_eq_str(name, pack->name))
		pack++;
	if (pack->name && yaml_read(&y, span_of(pack->yaml, pack->n), pack->name, &ours) == 0) {
		define = yaml_get(y.root, "define");
		if (define)
			query = yaml_get(define, pack->name);
		place = (struct rule_place){
			.file = pack->name, .line = query ? query->line : 0};
		if (query && query->type == YAML_SCALAR &&
			ruleset_builder_define(b, name, query->text, &place, &ours) == 0)
			f = &b->fragments[b->n_fragments - 1];
		yaml_deinit(&y);
	}
	err_list_deinit(&ours);
	return f;
}

static enum query_found look_up(void *arg, struct span name, struct node **ret)
{
	struct ruleset_builder *b = arg;
	struct fragment *f = fragment_by_name(b, name);
	struct query_errors found = {.arena = &b->arena};
	struct node *tree;
	size_t number;
	int r;

	if (!f)
		f = fragment_of_pack(b, name);
	if (!f)
		return QUERY_NONE;
	if (!f->tree)
		return QUERY_BROKEN;
	if (f->state == FRAGMENT_AT_WORK)
		return QUERY_CYCLE;
	if (f->state == FRAGMENT_NEW) {
		f->state = FRAGMENT_AT_WORK;
		/* Packs taken on the way move the table: the fragment is found by number. */
		number = (size_t)(f - b->fragments);
		tree = f->tree;
		r = query_expand(&tree, &b->arena, look_up, b, &found);
		f = &b->fragments[number];
		if (r < 0)
			(void)say_all(
				b->errors, "fragment", f->name, &f->place, f->query, &found);
		f->tree = r < 0 ? NULL : tree;
		f->state = FRAGMENT_DONE;
		if (r < 0)
			return QUERY_BROKEN;
	}
	*ret = f->tree;
	return QUERY_FOUND;
}

/* Fills the fragments into the rules that wait for them, and looks at all of them for cycles.
 */
static int expand_all(struct ruleset_builder *b, struct err_list *errors)
{
	struct node *tree;
	int result = 0;

	b->errors = errors;
	for (size_t i = 0, n = b->n_fragments; i < n; i++)
		if (look_up(b, b->fragments[i].name, &tree) == QUERY_BROKEN)
			result = -EINVAL;
	for (size_t i = 0; i < b->n; i++) {
		struct builder_rule *r = &b->rules[i];
		struct query_errors found = {.arena = &b->arena};
		int x = 0;

		if (r->refused)
			continue;
		if (!r->checked)
			x = query_expand(&r->out.tree, &b->arena, look_up, b, &found);
		if (!r->checked && x >= 0)
			x = query_check(r->out.tree, &found);
		if (x == -ENOMEM || found.no_memory)
			return -ENOMEM;
		if (x < 0) {
			(void)say_all(
				errors, "rule", r->out.info.rule, &r->place, r->query, &found);
			result = x;
		}
	}
	return result;
}

static struct span lang_form(struct arena *arena, struct span s)
{
	struct span copy = arena_dup(arena, s);

	for (size_t i = 0; copy.p && i < copy.n; i++)
		((char *)copy.p)[i] = copy.p[i] == '_' ? '-' : ascii_lower(copy.p[i]);
	return copy;
}

/* What the rule says of itself, in the set's own memory. */
static int settle_rule(struct arena *arena, struct compile_rule *r)
{
	struct match *info = &r->info;
	struct span *languages = arena_alloc(arena, r->n_languages * sizeof(*languages) + 1);
	bool failed = !languages;

	info->rule = arena_dup(arena, info->rule);
	info->kind = arena_dup(arena, info->kind);
	info->brand = arena_dup(arena, info->brand);
	info->tags = copy_spans(arena, info->tags, info->n_tags, &failed);
	for (size_t i = 0; languages && i < r->n_languages; i++) {
		languages[i] = lang_form(arena, r->languages[i]);
		failed |= !languages[i].p;
	}
	r->languages = languages;
	return failed || !info->rule.p || !info->kind.p || !info->brand.p ? -ENOMEM : 0;
}

DEFINE_CLEANUP(struct ruleset *, ruleset_unref)

int ruleset_build(struct ruleset **ret, struct ruleset_builder *b, struct err_list *errors)
{
	CLEANUP(ruleset_unrefp) struct ruleset *set = NULL;
	CLEANUP(freep) struct compile_rule *rules = calloc(b->n + 1, sizeof(*rules));
	int r = expand_all(b, errors);
	size_t n = 0;

	if (r < 0)
		return r;
	set = calloc(1, sizeof(*set));
	if (!set || !rules)
		return -ENOMEM;
	atomic_init(&set->refs, 1);
	for (size_t i = 0; i < b->n && r >= 0; i++) {
		if (b->rules[i].refused)
			continue;
		rules[n] = b->rules[i].out;
		r = settle_rule(&set->arena, &rules[n++]);
	}
	if (r >= 0)
		r = compile(set, rules, n);
	if (r < 0)
		return r;
	*ret = TAKE(set);
	return 0;
}
