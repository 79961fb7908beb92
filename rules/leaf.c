/*
 * leaf: where a term or a regex stands in the document. Most terms are found in the one pass
 * over all tokens, which notes their places. What that pass can't decide (slop, a wildcard with
 * nothing to look up, a regex, an exact term written loosely) is searched for when a candidate
 * rule asks, once a document; candidates are few, so this is a plain search, eight tokens at a
 * step.
 */
#include "scratch.h"

#include <stdlib.h>

#include "exact.h"
#include "vigie/utf8.h"

bool scratch_grow(
	struct ruleset_scratch *s, void **items, size_t *capacity, size_t n, size_t size)
{
	size_t want = *capacity ? *capacity * 2 : 64;
	void *p;

	if (n <= *capacity)
		return true;
	while (want < n)
		want *= 2;
	p = realloc(*items, want * size);
	if (!p) {
		s->no_memory = true;
		return false;
	}
	*items = p;
	*capacity = want;
	return true;
}

bool range_add(struct ruleset_scratch *s, struct range_list *l, struct range r)
{
	if (!scratch_grow(s, (void **)&l->items, &l->capacity, l->n + 1, sizeof(*l->items)))
		return false;
	l->items[l->n++] = r;
	return true;
}

/* The next i in [i, end) where (a[i] & mask) == value, or end. */
static uint32_t find_u32(
	const uint32_t *a, uint32_t i, uint32_t end, uint32_t value, uint32_t mask)
{
	typedef uint32_t eight __attribute__((vector_size(32), aligned(4)));
	typedef int32_t truths __attribute__((vector_size(32)));

	for (; i + 8 <= end; i += 8) {
		const eight v = *(const eight *)(a + i);
		const truths equal = (v & mask) == value;
		uint64_t any[4];

		memcpy(any, &equal, sizeof(any));
		if (any[0] | any[1] | any[2] | any[3])
			break;
	}
	while (i < end && (a[i] & mask) != value)
		i++;
	return i;
}

/* Makes the tokens of this document searchable. */
static bool begin_search(struct ruleset_scratch *s)
{
	const struct folded *f = &s->folded;
	const size_t capacity = s->searched_capacity;

	if (s->searching)
		return true;
	if (!scratch_grow(s, (void **)&s->heads, &s->searched_capacity, f->n_tokens + 8,
		    sizeof(*s->heads)))
		return false;
	if (s->searched_capacity != capacity) {
		free(s->hashes);
		s->hashes = malloc(s->searched_capacity * sizeof(*s->hashes));
		if (!s->hashes) {
			s->searched_capacity = 0;
			s->no_memory = true;
			return false;
		}
	}
	for (size_t i = 0; i < f->n_tokens; i++) {
		const struct span t = folded_token(f, i);

		s->heads[i] = (uint32_t)dictionary_head(t.p, t.n);
		s->hashes[i] = dictionary_short(dictionary_hash(t.p, t.n));
	}
	s->searching = true;
	return true;
}

/* Whether a pattern with * and ? covers the text; '?' is one code point. Going back to the last
 * star only is enough (the classical argument: an earlier star can give no more). */
static bool covers(struct span pattern, struct span text)
{
	size_t p = 0, t = 0, star = SIZE_MAX, resume = 0;

	while (t < text.n) {
		if (p < pattern.n && pattern.p[p] == '*') {
			star = ++p;
			resume = t;
			continue;
		}
		if (p < pattern.n && pattern.p[p] == '?') {
			(void)utf8_next(text, &t);
			p++;
			continue;
		}
		if (p < pattern.n && pattern.p[p] == text.p[t]) {
			p++;
			t++;
			continue;
		}
		if (star == SIZE_MAX)
			return false;
		p = star;
		(void)utf8_next(text, &resume);
		t = resume;
	}
	while (p < pattern.n && pattern.p[p] == '*')
		p++;
	return p == pattern.n;
}

static struct span original(struct ruleset_scratch *s, uint32_t token)
{
	struct folded *f = &s->folded;
	uint32_t start, end;

	folded_extent(f, token, token, false, &start, &end);
	return span_slice(f->fields[folded_field(f, token)].original, start, end);
}

/* A term's token that folding does not find for certain (exact.h). */
static bool by_text_only(
	const struct ruleset_scratch *s, const struct leaf *leaf, const struct leaf_token *t)
{
	return leaf->exact && (t->irregular || (t->loose && s->folded.loose));
}

static bool token_is(struct ruleset_scratch *s, const struct leaf *leaf,
	const struct leaf_token *t, uint32_t at)
{
	const struct span text = folded_token(&s->folded, at);

	if (!by_text_only(s, leaf, t)) {
		if (t->kind == TOKEN_WORD && !span_eq(text, t->text))
			return false;
		if (t->kind == TOKEN_PREFIX && !span_starts(text, t->text))
			return false;
		if (t->kind == TOKEN_PATTERN && !covers(t->text, text))
			return false;
	}
	if (t->sigil && folded_sigil(&s->folded, at) != t->sigil)
		return false;
	return !leaf->exact || exact_equal(original(s, at), t->own, &s->work);
}

/* The next token in [at, end) that has the string, or end. */
static uint32_t next_with(
	const struct ruleset_scratch *s, struct span inner, uint32_t at, uint32_t end)
{
	const struct fold_token *tokens = s->folded.tokens;
	const char *from = s->folded.text + tokens[at].start;
	const char *to = s->folded.text + tokens[end - 1].end;
	const char *found = memmem(from, (size_t)(to - from), inner.p, inner.n);

	if (!found)
		return end;
	/* The last token that begins there or before. */
	while (end - at > 1) {
		const uint32_t middle = at + (end - at) / 2;

		if (s->folded.text + tokens[middle].start <= found)
			at = middle;
		else
			end = middle;
	}
	return at;
}

/* The next place in [at, end) where the token stands, or end. */
static uint32_t next_token(struct ruleset_scratch *s, const struct leaf *leaf,
	const struct leaf_token *t, uint32_t at, uint32_t end)
{
	const bool each = by_text_only(s, leaf, t) || (t->kind != TOKEN_WORD && !t->head_mask);

	if (!begin_search(s))
		return end;
	for (; at < end; at++) {
		if (t->inner.n && !by_text_only(s, leaf, t))
			at = next_with(s, t->inner, at, end);
		else if (!each && t->kind == TOKEN_WORD)
			at = find_u32(s->hashes, at, end, t->hash, UINT32_MAX);
		else if (!each)
			at = find_u32(s->heads, at, end, t->head, t->head_mask);
		if (at < end && token_is(s, leaf, t, at))
			return at;
	}
	return end;
}

/* Whether all of a term's tokens stand, the one with this number at `at`. */
static bool stands(
	struct ruleset_scratch *s, const struct leaf *leaf, uint32_t token, uint32_t at)
{
	const enum item_field f = folded_field(&s->folded, at);
	const struct fold_field *field = &s->folded.fields[f];
	const uint32_t first = at - token;

	if (!(leaf->fields & 1U << f) || at < field->token + token ||
		first + leaf->n_tokens > field->token + field->n_tokens)
		return false;
	for (uint32_t k = 0; k < leaf->n_tokens; k++)
		if (!token_is(s, leaf, &leaf->tokens[k], first + k))
			return false;
	return true;
}

static bool add_place(
	struct ruleset_scratch *s, struct leaf_state *state, uint32_t first, uint32_t last)
{
	if (!scratch_grow(s, (void **)&s->places, &s->places_capacity, s->n_places + 1,
		    sizeof(*s->places)))
		return false;
	s->places[s->n_places++] = (struct place){.range = {first, last}};
	if (state->last)
		s->places[state->last - 1].next = (uint32_t)s->n_places;
	else
		state->first = (uint32_t)s->n_places;
	state->last = (uint32_t)s->n_places;
	return true;
}

/* Whether meeting its tokens decides where the leaf stands. */
static bool decided_by_meeting(const struct ruleset_scratch *s, const struct leaf *leaf)
{
	return leaf->indexed && leaf->kind == NODE_TERM && !leaf->slop && !leaf->inside &&
	       !(leaf->loose && s->folded.loose);
}

bool leaf_met(struct ruleset_scratch *s, const struct entry_mark *mark, uint32_t token)
{
	const struct leaf *leaf = &s->set->leaves[mark->leaf];
	struct leaf_state *state = &s->leaves[mark->leaf];
	const bool first = s->met[mark->leaf] != s->epoch;

	if (mark->flags & MARK_UNDECIDED) {
		s->met[mark->leaf] = s->epoch;
		return first;
	}
	if (mark->flags & MARK_WHOLE) {
		if (!(leaf->fields & 1U << folded_field(&s->folded, token)))
			return false;
	} else if (leaf->loose && s->folded.loose) {
		return false; /* is searched for, and its rules are candidates already */
	} else if (!stands(s, leaf, mark->token, token)) {
		return false;
	}
	if (first) {
		s->met[mark->leaf] = s->epoch;
		state->first = state->last = 0;
	}
	(void)add_place(
		s, state, token - mark->token, token - mark->token + leaf->n_tokens - 1);
	return first;
}

static void find_adjacent(struct ruleset_scratch *s, const struct leaf *leaf,
	struct leaf_state *state, const struct fold_field *field)
{
	const uint32_t n = leaf->n_tokens, rarest = leaf->rarest;
	const uint32_t end = field->token + field->n_tokens;

	if (field->n_tokens < n)
		return;
	/* The rarest token can't stand so near an end that the others have no room. */
	for (uint32_t at = field->token + rarest;; at++) {
		uint32_t first;
		bool all = true;

		at = next_token(s, leaf, &leaf->tokens[rarest], at, end - (n - 1 - rarest));
		if (at >= end - (n - 1 - rarest))
			return;
		first = at - rarest;
		for (uint32_t k = 0; k < n && all; k++)
			all = k == rarest || token_is(s, leaf, &leaf->tokens[k], first + k);
		if (all && !add_place(s, state, first, first + n - 1))
			return;
	}
}

/* The shortest match from each first token, taking the next place of each further token. Those
 * places only move on as the first token does, so each token of the field is looked at once for
 * each token of the phrase, however large the slop. */
static void find_loose(struct ruleset_scratch *s, const struct leaf *leaf,
	struct leaf_state *state, const struct fold_field *field)
{
	const uint32_t n = leaf->n_tokens, end = field->token + field->n_tokens;

	if (!scratch_grow(s, (void **)&s->nexts, &s->nexts_capacity, n, sizeof(*s->nexts)))
		return;
	for (uint32_t k = 0; k < n; k++)
		s->nexts[k] = field->token;
	for (uint32_t at = field->token; at < end; at++) {
		uint32_t last;

		last = at = next_token(s, leaf, &leaf->tokens[0], at, end);
		if (at >= end)
			return;
		for (uint32_t k = 1; k < n; k++) {
			if (s->nexts[k] <= last)
				s->nexts[k] =
					next_token(s, leaf, &leaf->tokens[k], last + 1, end);
			last = s->nexts[k];
			if (last >= end)
				return;
		}
		if (last - at + 1 - n <= leaf->slop && !add_place(s, state, at, last))
			return;
	}
}

static bool contains(struct span s, struct span wanted)
{
	return memmem(s.p, s.n, wanted.p, wanted.n) != NULL;
}

/* Whether a field may hold a match, by the strings one must contain. */
static bool promising(const struct ruleset_scratch *s, const struct leaf *leaf, int field)
{
	const struct fold_field *f = &s->folded.fields[field];
	const struct span text = {s->folded.text + f->start, f->end - f->start};

	for (size_t i = 0; i < leaf->regex->n_literals; i++)
		if (contains(text, leaf->regex->literals[i]))
			return true;
	return !leaf->regex->n_literals;
}

/* PCRE2 is given valid text only. */
static bool field_valid(struct ruleset_scratch *s, int f)
{
	if (!s->fields_valid[f])
		s->fields_valid[f] = utf8_valid(s->folded.fields[f].original) ? 1 : -1;
	return s->fields_valid[f] > 0;
}

static void find_regex(
	struct ruleset_scratch *s, const struct leaf *leaf, struct leaf_state *state, bool all)
{
	state->first = (uint32_t)s->n_regex_spans;
	for (int f = 0; f < ITEM_FIELDS; f++) {
		const struct span text = s->folded.fields[f].original;
		size_t from = 0, start, end;
		int r = REGEX_FOUND;

		if (!(leaf->fields & 1U << f) || !text.n || !promising(s, leaf, f) ||
			!field_valid(s, f))
			continue;
		while (from <= text.n && (r = regex_find(leaf->regex->regex, s->regex, text,
						  from, &start, &end)) == REGEX_FOUND) {
			if (!scratch_grow(s, (void **)&s->regex_spans, &s->regex_spans_capacity,
				    s->n_regex_spans + 1, sizeof(*s->regex_spans)))
				return;
			s->regex_spans[s->n_regex_spans++] = (struct match_span){
				(enum item_field)f, (uint32_t)start, (uint32_t)end};
			if (!all)
				goto out;
			from = end;
		}
		s->exceeded |= r == REGEX_EXCEEDED;
	}
out:
	state->last = (uint32_t)s->n_regex_spans;
	state->all = all;
}

static struct leaf_state *search(struct ruleset_scratch *s, uint32_t number, bool all)
{
	const struct leaf *leaf = &s->set->leaves[number];
	struct leaf_state *state = &s->leaves[number];

	if (state->searched == s->epoch &&
		(leaf->kind == NODE_TERM || state->all || !all || state->first == state->last))
		return state;
	state->searched = s->epoch;
	state->first = state->last = 0;
	if (leaf->kind == NODE_REGEX) {
		find_regex(s, leaf, state, all);
		return state;
	}
	for (int f = 0; f < ITEM_FIELDS; f++) {
		const struct fold_field *field = &s->folded.fields[f];

		if (!(leaf->fields & 1U << f) || !field->n_tokens)
			continue;
		if (leaf->slop && leaf->n_tokens > 1)
			find_loose(s, leaf, state, field);
		else
			find_adjacent(s, leaf, state, field);
	}
	return state;
}

/* Known not to be there: its tokens were not met. */
static bool absent(const struct ruleset_scratch *s, uint32_t number)
{
	const struct leaf *leaf = &s->set->leaves[number];

	return leaf->indexed && s->met[number] != s->epoch && !(leaf->loose && s->folded.loose);
}

bool leaf_found(struct ruleset_scratch *s, uint32_t number)
{
	const struct leaf *leaf = &s->set->leaves[number];
	const struct leaf_state *state;

	if (absent(s, number))
		return false;
	if (decided_by_meeting(s, leaf))
		return true;
	state = search(s, number, false);
	return leaf->kind == NODE_TERM ? state->first != 0 : state->first != state->last;
}

uint32_t leaf_places(struct ruleset_scratch *s, uint32_t number)
{
	if (absent(s, number))
		return 0;
	if (decided_by_meeting(s, &s->set->leaves[number]))
		return s->leaves[number].first;
	return search(s, number, true)->first;
}

static void add_span(struct ruleset_scratch *s, struct match_span span)
{
	if (scratch_grow(s, (void **)&s->spans, &s->spans_capacity, s->n_spans + 1,
		    sizeof(*s->spans)))
		s->spans[s->n_spans++] = span;
}

void leaf_range_span(struct ruleset_scratch *s, const struct leaf *leaf, struct range r)
{
	struct match_span span = {.field = folded_field(&s->folded, r.first)};

	folded_extent(&s->folded, r.first, r.last, leaf->tokens[0].sigil != 0, &span.start,
		&span.end);
	add_span(s, span);
}

void leaf_spans(struct ruleset_scratch *s, uint32_t number)
{
	const struct leaf *leaf = &s->set->leaves[number];

	if (leaf->kind == NODE_REGEX) {
		const struct leaf_state *state =
			absent(s, number) ? NULL : search(s, number, true);

		for (uint32_t i = state ? state->first : 0; state && i < state->last; i++)
			add_span(s, s->regex_spans[i]);
		return;
	}
	for (uint32_t i = leaf_places(s, number); i; i = s->places[i - 1].next)
		leaf_range_span(s, leaf, s->places[i - 1].range);
}
