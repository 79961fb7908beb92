#include "slow.h"

#include <stdlib.h>
#include <string.h>

#include "exact.h"
#include "fold.h"
#include "fold_table.h"
#include "vigie/utf8.h"

struct token {
	enum item_field field;
	struct span text, own;
	char sigil;
	size_t start, end, sigil_start;
	size_t number; /* in its field */
};

struct list {
	struct match_span *items;
	size_t n, capacity;
};

/* first..last of one field, and the spans of the terms that made it */
struct range {
	size_t first, last;
	struct list spans;
};

struct ranges {
	struct range *items;
	size_t n, capacity;
};

struct slow {
	struct arena *arena;
	const struct item *item;
	const struct match_context *context;
	struct span fields[ITEM_FIELDS];
	struct token *tokens;
	size_t n, capacity;
};

static void *grow(struct arena *arena, void *items, size_t *capacity, size_t n, size_t size)
{
	void *bigger;

	if (n < *capacity)
		return items;
	*capacity = *capacity ? *capacity * 2 : 16;
	bigger = arena_calloc(arena, *capacity, size);
	if (!bigger)
		abort();
	if (n)
		memcpy(bigger, items, n * size);
	return bigger;
}

static void add_span(struct slow *s, struct list *l, struct match_span span)
{
	l->items = grow(s->arena, l->items, &l->capacity, l->n, sizeof(*l->items));
	l->items[l->n++] = span;
}

static void add_spans(struct slow *s, struct list *to, const struct list *from)
{
	for (size_t i = 0; i < from->n; i++)
		add_span(s, to, from->items[i]);
}

/* --- tokens --- */

static void tokenise(struct slow *s, enum item_field field)
{
	const struct span text = s->fields[field];
	struct buf word = {0};
	size_t number = 0;
	int before = ' ', before2 = ' '; /* the last two folded code points: 'w' a word's */
	size_t sigil_at = 0;
	struct token *open = NULL, *recent = NULL;

	for (size_t i = 0; i < text.n;) {
		const size_t at = i;
		char fold[FOLD_POINT_SIZE], form[FOLD_POINT_SIZE];

		(void)utf8_next(text, &i);
		fold_point(fold, form, span_slice(text, at, i));
		if (!fold[0]) {
			/* every token that ends here takes the dropped code point along */
			for (size_t k = 0; k < s->n; k++)
				if (s->tokens[k].field == field && s->tokens[k].end == at)
					s->tokens[k].end = i;
			continue;
		}
		for (size_t f = 0; form[f];) {
			const struct span rest = span_str(form + f);
			const bool single =
				form[f] == FOLD_MARK && (unsigned char)form[f + 1] >= 0x80;
			const bool in_word = (unsigned char)form[f] >= 0x80 || form[f] == '_' ||
					     (form[f] >= 'a' && form[f] <= 'z') ||
					     (form[f] >= '0' && form[f] <= '9');
			size_t n = single ? 1 : 0;

			(void)utf8_next(rest, &n);
			if ((single || (in_word && !open))) {
				s->tokens = grow(s->arena, s->tokens, &s->capacity, s->n,
					sizeof(*s->tokens));
				recent = &s->tokens[s->n++];
				*recent = (struct token){
					.field = field, .start = at, .number = number++};
				if (!single && strchr("#@$", before) && before2 != 'w') {
					recent->sigil = (char)before;
					recent->sigil_start = sigil_at;
				}
				open = recent;
				buf_clear(&word);
			}
			if (single || in_word) {
				buf_add(&word, span_slice(rest, single, n));
				open->text = arena_dup(s->arena, buf_span(&word));
				open->end = i;
			}
			if (single || !in_word)
				open = NULL;
			if (strchr("#@$", form[f]))
				sigil_at = at;
			before2 = before;
			before = in_word ? 'w' : single ? 's' : form[f];
			f += n + (single ? 1 : 0);
		}
	}
	buf_deinit(&word);
}

static void read_item(struct slow *s)
{
	const struct item_author *a = &s->item->author;

	s->fields[FIELD_TITLE] = s->item->title;
	s->fields[FIELD_TEXT] = s->item->text;
	s->fields[FIELD_AUTHOR] = s->context && s->context->author_given ? s->context->author
				  : span_empty(a->handle)                ? a->name
				  : span_empty(a->name)
					  ? a->handle
					  : arena_printf(s->arena, "%.*s %.*s",
						    SPAN_ARG(a->name), SPAN_ARG(a->handle));
	for (int f = 0; f < ITEM_FIELDS; f++)
		tokenise(s, (enum item_field)f);
	for (size_t i = 0; i < s->n; i++) {
		struct token *t = &s->tokens[i];
		struct buf own = {0};

		exact_normal(&own, span_slice(s->fields[t->field], t->start, t->end));
		t->own = arena_dup(s->arena, buf_span(&own));
		buf_deinit(&own);
	}
}

/* --- leaves --- */

static bool covers(struct span pattern, struct span text)
{
	size_t i = 0;

	if (!pattern.n)
		return !text.n;
	if (pattern.p[0] == '*') {
		const struct span rest = span_slice(pattern, 1, pattern.n);

		for (;;) {
			if (covers(rest, span_slice(text, i, text.n)))
				return true;
			if (i >= text.n)
				return false;
			(void)utf8_next(text, &i);
		}
	}
	if (!text.n)
		return false;
	if (pattern.p[0] == '?')
		(void)utf8_next(text, &i);
	else if (pattern.p[0] == text.p[0])
		i = 1;
	return i && covers(span_slice(pattern, 1, pattern.n), span_slice(text, i, text.n));
}

static bool same(
	const struct term *t, const struct term_token *wanted, const struct token *token)
{
	if (wanted->sigil && wanted->sigil != token->sigil)
		return false;
	if (t->exact)
		return span_eq(wanted->own, token->own);
	if (wanted->kind == TOKEN_WORD)
		return span_eq(wanted->text, token->text);
	if (wanted->kind == TOKEN_PREFIX)
		return span_starts(token->text, wanted->text);
	return covers(wanted->text, token->text);
}

static void find_term(struct slow *s, const struct node *n, struct ranges *out)
{
	const struct term *t = &n->u.term;

	for (size_t first = 0; first < s->n; first++) {
		const enum item_field field = s->tokens[first].field;
		size_t last = first, k = 1;
		struct range r = {.first = first};
		struct match_span span = {.field = field};

		if (!(n->fields & 1U << field) || !same(t, &t->tokens[0], &s->tokens[first]))
			continue;
		for (; k < t->n_tokens; k++) {
			for (last++; last < s->n && s->tokens[last].field == field; last++)
				if (same(t, &t->tokens[k], &s->tokens[last]))
					break;
			if (last >= s->n || s->tokens[last].field != field)
				break;
		}
		if (k < t->n_tokens || last - first + 1 - t->n_tokens > t->slop)
			continue;
		r.last = last;
		span.start = (uint32_t)(t->tokens[0].sigil ? s->tokens[first].sigil_start
							   : s->tokens[first].start);
		span.end = (uint32_t)s->tokens[last].end;
		add_span(s, &r.spans, span);
		out->items =
			grow(s->arena, out->items, &out->capacity, out->n, sizeof(*out->items));
		out->items[out->n++] = r;
	}
}

static void find_regex(struct slow *s, const struct node *n, struct list *out)
{
	struct regex *re = NULL;
	struct regex_scratch *scratch = NULL;
	char why[REGEX_WHY_SIZE];
	size_t at, start, end;

	if (regex_new(&re, n->u.regex.pattern, n->u.regex.flags, false, why, &at) < 0 ||
		regex_scratch_new(&scratch) < 0)
		abort();
	for (int f = 0; f < ITEM_FIELDS; f++)
		for (size_t from = 0;
			(n->fields & 1U << f) && regex_find(re, scratch, s->fields[f], from,
							 &start, &end) == REGEX_FOUND;
			from = end)
			add_span(s, out,
				(struct match_span){
					(enum item_field)f, (uint32_t)start, (uint32_t)end});
	(void)regex_scratch_free(scratch);
	(void)regex_unref(re);
}

/* --- NEAR --- */

static void find_ranges(struct slow *s, const struct node *n, struct ranges *out);

static bool close_by(
	struct slow *s, const struct node *n, const struct range *a, const struct range *b)
{
	return s->tokens[a->last].field == s->tokens[b->first].field && b->first > a->last &&
	       b->first - a->last - 1 <= n->u.near.distance;
}

static void add_range(
	struct slow *s, struct ranges *out, const struct range *a, const struct range *b)
{
	struct range r = {.first = a->first < b->first ? a->first : b->first,
		.last = a->last > b->last ? a->last : b->last};
	size_t i = 0;

	while (i < out->n && (out->items[i].first != r.first || out->items[i].last != r.last))
		i++;
	if (i == out->n) {
		out->items =
			grow(s->arena, out->items, &out->capacity, out->n, sizeof(*out->items));
		out->items[out->n++] = r;
	}
	add_spans(s, &out->items[i].spans, &a->spans);
	add_spans(s, &out->items[i].spans, &b->spans);
}

static void find_near(struct slow *s, const struct node *n, struct ranges *out)
{
	struct ranges left = {0}, right = {0};

	find_ranges(s, n->first, &left);
	find_ranges(s, n->first->next, &right);
	for (size_t i = 0; i < left.n; i++)
		for (size_t k = 0; k < right.n; k++)
			if (close_by(s, n, &left.items[i], &right.items[k]) ||
				(!n->u.near.ordered &&
					close_by(s, n, &right.items[k], &left.items[i])))
				add_range(s, out, &left.items[i], &right.items[k]);
}

static void find_ranges(struct slow *s, const struct node *n, struct ranges *out)
{
	if (n->kind == NODE_TERM)
		find_term(s, n, out);
	else if (n->kind == NODE_NEAR)
		find_near(s, n, out);
	else
		for (const struct node *c = n->first; c; c = c->next)
			find_ranges(s, c, out);
}

/* --- the rest --- */

static bool ends_in_domain(struct span host, struct span wanted)
{
	return span_eq_ci(host, wanted) ||
	       (host.n > wanted.n && host.p[host.n - wanted.n - 1] == '.' &&
		       span_eq_ci(span_slice(host, host.n - wanted.n, host.n), wanted));
}

/* Only plain addresses: the odd ones have a table of their own. */
static bool site_holds(struct span url, struct span wanted)
{
	const char *host = url.p ? memmem(url.p, url.n, "://", 3) : NULL;
	struct span s;

	if (!host)
		return false;
	s = span_slice(url, (size_t)(host + 3 - url.p), url.n);
	s.n = span_find(s, '/');
	return s.n && ends_in_domain(s, wanted);
}

static bool value_holds(struct slow *s, const struct node *n)
{
	const struct span wanted = n->u.value.value;
	const struct item *item = s->item;
	bool holds = false;

	switch (n->u.value.field) {
	case VALUE_LANG:
		return item->lang.n >= wanted.n &&
		       span_eq_ci(span_slice(item->lang, 0, wanted.n), wanted) &&
		       item->lang.n &&
		       (item->lang.n == wanted.n || item->lang.p[wanted.n] == '-');
	case VALUE_SOURCE:
		return s->context && s->context->source.n &&
		       span_eq_ci(s->context->source, wanted);
	case VALUE_TAG:
		for (size_t i = 0; i < item->n_tags; i++) {
			struct buf f = {0};

			fold_text(&f, item->tags[i]);
			holds |= item->tags[i].n && span_eq(buf_span(&f), wanted);
			buf_deinit(&f);
		}
		return holds;
	case VALUE_SITE:
		return site_holds(item->url, wanted);
	default:
		for (size_t i = 0; i + wanted.n <= item->url.n; i++)
			holds |= span_eq_ci(span_slice(item->url, i, i + wanted.n), wanted);
		return holds;
	}
}

static bool number_holds(struct slow *s, const struct number_test *t)
{
	const struct item_numbers *n = &s->item->numbers;
	const double values[] = {s->item->author.followers, n->likes, n->shares, n->replies,
		n->views, n->rating, n->score, n->reach, item_engagement(n)};
	const double v = values[t->field];

	if (isnan(v))
		return false;
	return (v > t->low || (t->low_in && v == t->low)) &&
	       (v < t->high || (t->high_in && v == t->high));
}

static bool ask(struct slow *s, const struct node *n, struct list *out)
{
	struct list mine = {0};
	struct ranges ranges = {0};
	uint64_t count = 0;
	bool holds = false;

	switch (n->kind) {
	case NODE_TERM:
	case NODE_NEAR:
		find_ranges(s, n, &ranges);
		for (size_t i = 0; i < ranges.n; i++)
			add_spans(s, &mine, &ranges.items[i].spans);
		holds = ranges.n > 0;
		break;
	case NODE_REGEX:
		find_regex(s, n, &mine);
		holds = mine.n > 0;
		break;
	case NODE_VALUE:
		return value_holds(s, n);
	case NODE_NUMBER:
		return number_holds(s, &n->u.number);
	case NODE_NOT:
		return !ask(s, n->first, &mine);
	default:
		for (const struct node *c = n->first; c; c = c->next)
			count += ask(s, c, &mine);
		holds = count >= (n->kind == NODE_AND         ? n->n_children
					 : n->kind == NODE_OF ? n->u.least
							      : 1);
	}
	if (holds)
		add_spans(s, out, &mine);
	return holds;
}

static int compare(const void *a, const void *b)
{
	const struct match_span *x = a, *y = b;

	if (x->field != y->field)
		return (int)x->field - (int)y->field;
	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return x->end < y->end ? -1 : x->end > y->end;
}

struct slow_answer slow_match(const struct node *tree, const struct item *item,
	const struct match_context *context, struct arena *arena)
{
	struct slow s = {.arena = arena, .item = item, .context = context};
	struct slow_answer answer = {0};
	struct list spans = {0};

	read_item(&s);
	answer.wanted = ask(&s, tree, &spans);
	if (spans.n)
		qsort(spans.items, spans.n, sizeof(*spans.items), compare);
	answer.spans = spans.items;
	for (size_t i = 0; i < spans.n; i++)
		if (!answer.n || compare(&spans.items[answer.n - 1], &spans.items[i]) != 0)
			answer.spans[answer.n++] = spans.items[i];
	return answer;
}
