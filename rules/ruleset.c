/*
 * ruleset: a compiled set, and the way of one document through it: fold and cut, probe all
 * tokens, run the programs of the rules that were announced.
 */
#include "vigie/ruleset.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "scratch.h"

struct ruleset *ruleset_ref(struct ruleset *set)
{
	atomic_fetch_add_explicit(&set->refs, 1, memory_order_relaxed);
	return set;
}

struct ruleset *ruleset_unref(struct ruleset *set)
{
	if (!set || atomic_fetch_sub_explicit(&set->refs, 1, memory_order_acq_rel) > 1)
		return NULL;
	for (size_t i = 0; i < set->n_leaves; i++)
		if (set->leaves[i].regex)
			(void)regex_unref(set->leaves[i].regex->regex);
	arena_release(&set->arena);
	free(set);
	return NULL;
}

size_t ruleset_count(const struct ruleset *set)
{
	return set->n_rules;
}

const struct match *ruleset_info(const struct ruleset *set, size_t i)
{
	return &set->rules[i].info;
}

struct ruleset_size ruleset_size(const struct ruleset *set)
{
	struct ruleset_size size = {.bytes = sizeof(*set) + set->arena.total_bytes,
		.leaves = set->n_leaves,
		.entries = set->dictionary.words.n + set->dictionary.parts.n +
			   set->dictionary.tags.n + set->dictionary.inside.n,
		.always = set->n_always};

	for (size_t i = 0; i < set->n_leaves; i++)
		size.bytes +=
			set->leaves[i].regex ? regex_size(set->leaves[i].regex->regex) : 0;
	return size;
}

int ruleset_scratch_new(struct ruleset_scratch **ret, const struct ruleset *set)
{
	struct ruleset_scratch *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->set = set;
	s->probe = dictionary_fastest();
	s->met = calloc(set->n_leaves + 1, sizeof(*s->met));
	s->leaves = calloc(set->n_leaves + 1, sizeof(*s->leaves));
	s->rule_epochs = calloc(set->n_rules + 1, sizeof(*s->rule_epochs));
	s->candidates = calloc(set->n_rules + 1, sizeof(*s->candidates));
	s->rule_counts = calloc(set->n_rules + 1, sizeof(*s->rule_counts));
	if (!s->met || !s->leaves || !s->rule_epochs || !s->candidates || !s->rule_counts ||
		regex_scratch_new(&s->regex) < 0) {
		(void)ruleset_scratch_free(s);
		return -ENOMEM;
	}
	*ret = s;
	return 0;
}

struct ruleset_scratch *ruleset_scratch_free(struct ruleset_scratch *s)
{
	if (!s)
		return NULL;
	folded_deinit(&s->folded);
	buf_deinit(&s->author);
	buf_deinit(&s->work);
	(void)regex_scratch_free(s->regex);
	free(s->hashes);
	free(s->heads);
	free(s->hits);
	free(s->met);
	free(s->leaves);
	free(s->places);
	free(s->regex_spans);
	free(s->nexts);
	free(s->rule_epochs);
	free(s->candidates);
	free(s->rule_counts);
	free(s->spans);
	free(s);
	return NULL;
}

void ruleset_scratch_set_clock(struct ruleset_scratch *s, ruleset_clock *clock, void *arg)
{
	s->clock = clock;
	s->clock_arg = arg;
}

const struct ruleset_counts *ruleset_scratch_counts(const struct ruleset_scratch *s)
{
	return &s->counts;
}

const struct rule_counts *ruleset_scratch_rule_counts(const struct ruleset_scratch *s, size_t i)
{
	return &s->rule_counts[i];
}

/* The text of author:, when a rule asks for it. */
static struct span author_of(struct ruleset_scratch *s)
{
	const struct item_author *a = &s->item->author;

	if (!s->set->reads_author)
		return SPAN_NONE;
	if (s->context && s->context->author_given)
		return s->context->author;
	if (span_empty(a->handle))
		return a->name;
	if (span_empty(a->name))
		return a->handle;
	buf_clear(&s->author);
	buf_add(&s->author, a->name);
	buf_add_char(&s->author, ' ');
	buf_add(&s->author, a->handle);
	s->no_memory |= s->author.failed;
	return buf_span(&s->author);
}

static void next_epoch(struct ruleset_scratch *s)
{
	if (++s->epoch)
		return;
	memset(s->met, 0, s->set->n_leaves * sizeof(*s->met));
	memset(s->leaves, 0, s->set->n_leaves * sizeof(*s->leaves));
	memset(s->rule_epochs, 0, s->set->n_rules * sizeof(*s->rule_epochs));
	s->epoch = 1;
}

static int begin(
	struct ruleset_scratch *s, const struct item *item, const struct match_context *context)
{
	struct span fields[ITEM_FIELDS] = {
		[FIELD_TITLE] = item->title, [FIELD_TEXT] = item->text};
	int r;

	s->item = item;
	s->context = context;
	s->no_memory = false;
	s->searching = false;
	memset(s->fields_valid, 0, sizeof(s->fields_valid));
	s->n_places = 0;
	s->n_regex_spans = 0;
	s->n_candidates = 0;
	next_epoch(s);
	fields[FIELD_AUTHOR] = author_of(s);
	r = folded_read(&s->folded, fields);
	if (r >= 0)
		r = scratch_grow(s, (void **)&s->hits, &s->hits_capacity,
			    s->folded.n_tokens + 1, sizeof(*s->hits))
			    ? 0
			    : -ENOMEM;
	s->counts.documents++;
	s->counts.bytes += item->title.n + item->text.n;
	s->counts.tokens += s->folded.n_tokens;
	return s->no_memory ? -ENOMEM : r;
}

static void add_candidate(struct ruleset_scratch *s, uint32_t rule)
{
	if (s->rule_epochs[rule] == s->epoch)
		return;
	s->rule_epochs[rule] = s->epoch;
	s->candidates[s->n_candidates++] = rule;
}

static void add_candidates(struct ruleset_scratch *s, const struct leaf *leaf)
{
	for (uint32_t i = 0; i < leaf->n_rules; i++)
		add_candidate(s, leaf->rules[i]);
}

static void on_met(void *arg, const struct entry_mark *mark, uint32_t token)
{
	struct ruleset_scratch *s = arg;

	if (leaf_met(s, mark, token))
		add_candidates(s, &s->set->leaves[mark->leaf]);
}

static int by_number(const void *a, const void *b)
{
	const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* Few as a rule: then qsort() costs more than the sorting. */
static void sort_candidates(struct ruleset_scratch *s)
{
	uint32_t *c = s->candidates;

	if (s->n_candidates > 32) {
		qsort(c, s->n_candidates, sizeof(*c), by_number);
		return;
	}
	for (size_t i = 1; i < s->n_candidates; i++) {
		const uint32_t rule = c[i];
		size_t k = i;

		for (; k && c[k - 1] > rule; k--)
			c[k] = c[k - 1];
		c[k] = rule;
	}
}

static void find_candidates(struct ruleset_scratch *s)
{
	const struct ruleset *set = s->set;
	const size_t n = s->probe(&set->dictionary, &s->folded, s->hits);

	dictionary_look_up(&set->dictionary, &s->folded, s->hits, n, on_met, s);
	dictionary_look_inside(&set->dictionary, &s->folded, on_met, s);
	for (size_t i = 0; s->folded.loose && i < set->n_loose; i++)
		add_candidates(s, &set->leaves[set->loose[i]]);
	for (size_t i = 0; i < set->n_always; i++)
		add_candidate(s, set->always[i]);
	sort_candidates(s);
}

int document_begin(
	struct ruleset_scratch *s, const struct item *item, const struct match_context *context)
{
	const int r = begin(s, item, context);

	if (r >= 0)
		find_candidates(s);
	return r;
}

static bool speaks(const struct set_rule *rule, struct span lang)
{
	if (span_empty(lang) || !rule->n_languages)
		return true;
	for (uint32_t i = 0; i < rule->n_languages; i++)
		if (lang_is(lang, rule->languages[i]))
			return true;
	return false;
}

/* Whether the rule wants the document; its spans are in s->spans then. */
static bool ask(struct ruleset_scratch *s, uint32_t number)
{
	const struct set_rule *rule = &s->set->rules[number];
	struct rule_counts *counts = &s->rule_counts[number];
	const struct op *code = s->set->code + rule->code;
	const uint64_t start = s->clock ? s->clock(s->clock_arg) : 0;
	bool wanted;

	s->n_spans = 0;
	s->exceeded = false;
	wanted = speaks(rule, s->item->lang) && evaluate(s, code);
	if (wanted) {
		evaluate_spans(s, code);
		spans_settle(s);
		counts->hits++;
	}
	counts->candidates++;
	counts->exceeded += s->exceeded;
	if (s->clock)
		counts->ns += s->clock(s->clock_arg) - start;
	return wanted;
}

static int add_match(struct ruleset_scratch *s, uint32_t number, struct arena *arena,
	struct match *matches, size_t n)
{
	struct match_span *spans = arena_alloc(arena, s->n_spans * sizeof(*spans) + 1);

	if (!spans)
		return -ENOMEM;
	if (s->n_spans)
		memcpy(spans, s->spans, s->n_spans * sizeof(*spans));
	matches[n] = s->set->rules[number].info;
	matches[n].spans = spans;
	matches[n].n_spans = s->n_spans;
	return 0;
}

int ruleset_match(const struct ruleset *set, struct ruleset_scratch *s, const struct item *item,
	const struct match_context *context, struct arena *arena, struct match **ret_matches,
	size_t *ret_n)
{
	struct match *matches = NULL;
	size_t n = 0;
	int r = document_begin(s, item, context);

	(void)set; /* the scratch knows it */
	if (r < 0)
		return r;
	for (size_t i = 0; i < s->n_candidates && r >= 0; i++) {
		if (!ask(s, s->candidates[i]))
			continue;
		if (!matches) {
			matches = arena_alloc(arena, (s->n_candidates - i) * sizeof(*matches));
			if (!matches)
				return -ENOMEM;
		}
		r = add_match(s, s->candidates[i], arena, matches, n++);
	}
	if (s->no_memory)
		r = -ENOMEM;
	if (r < 0)
		return r;
	s->counts.candidates += s->n_candidates;
	s->counts.hits += n;
	*ret_matches = matches;
	*ret_n = n;
	return 0;
}
