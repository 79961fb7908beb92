/*
 * lint_query: doubts about one query: what can never be true, what adds nothing, what costs.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "common.h"
#include "dictionary.h"
#include "entry.h"
#include "lint.h"
#include "meaning.h"
#include "regex.h"
#include "vigie/utf8.h"
#include "vigie/yaml.h"

enum { SIBLINGS_MAX = 300 }; /* compared each with each */

void lint_say(struct lint_place *place, size_t at, const char *format, ...)
{
	char text[600];
	int line = place->line, column = place->column;
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	if (place->exact)
		column += (int)utf8_length(span_slice(place->query, 0, at));
	else
		yaml_locate(place->source, place->quote, place->query, at, &line, &column);
	if (err_add(place->found, place->file, line, column, "rule %.*s: %s",
		    SPAN_ARG(place->id), text) == -ENOMEM)
		place->no_memory = true;
}

/* --- values and numbers --- */

static void look_at_value(struct lint_place *place, const struct node *n)
{
	const struct span v = n->u.value.value;

	if (n->u.value.field == VALUE_LANG && span_find(v, '-') > 3)
		lint_say(place, n->at,
			"lang:%.*s never holds, languages are codes of two or three letters: "
			"write lang:fr",
			SPAN_ARG(v));
	if (n->u.value.field == VALUE_SITE &&
		(span_find(v, ':') < v.n || span_find(v, '@') < v.n || v.p[0] == '.'))
		lint_say(place, n->at,
			"site:%.*s never holds, a host stands there alone: write "
			"site:example.org",
			SPAN_ARG(v));
}

static void look_at_number(struct lint_place *place, const struct node *n)
{
	const struct number_test *t = &n->u.number;

	if (t->low > t->high || (t->low == t->high && !(t->low_in && t->high_in)))
		lint_say(place, n->at, "this range is empty: write the smaller number first");
	else if (t->field == NUMBER_RATING &&
		 (t->low > 5 || (t->low == 5 && !t->low_in) || t->high < 1))
		lint_say(place, n->at, "ratings go from 1 to 5: this never holds");
	else if (t->field != NUMBER_SCORE && t->field != NUMBER_RATING && t->high < 0)
		lint_say(place, n->at, "%s is never below 0: this never holds",
			number_field_names[t->field]);
}

/* --- terms beside each other --- */

/* Whether each token that b finds is found by a. */
static bool covers_term(const struct node *a, const struct node *b)
{
	const struct term_token *x, *y;

	if (a->kind != NODE_TERM || b->kind != NODE_TERM || a->fields != b->fields ||
		a->u.term.n_tokens != 1 || b->u.term.n_tokens != 1 || a->u.term.exact)
		return false;
	x = &a->u.term.tokens[0];
	y = &b->u.term.tokens[0];
	if (x->sigil && x->sigil != y->sigil)
		return false;
	if (x->kind == TOKEN_WORD)
		return y->kind == TOKEN_WORD && span_eq(x->text, y->text);
	return x->kind == TOKEN_PREFIX && y->kind != TOKEN_PATTERN &&
	       span_starts(y->text, x->text);
}

static void look_at_alternatives(struct lint_place *place, const struct node *n)
{
	size_t k = 0;

	for (const struct node *b = n->first; b && k < SIBLINGS_MAX; b = b->next, k++)
		for (const struct node *a = n->first; a; a = a->next) {
			/* Of two that say the same, the second is too many. */
			if (a == b || !covers_term(a, b) ||
				(covers_term(b, a) && a->at > b->at))
				continue;
			lint_say(place, b->at, "%.*s adds nothing beside %.*s: take it out",
				SPAN_ARG(b->source), SPAN_ARG(a->source));
			break;
		}
}

/* "a OR b NOT c" reads as if c excluded both. */
static void look_at_binding(struct lint_place *place, const struct node *n)
{
	const struct node *last = n->first, *not_ = NULL;
	size_t at;

	for (const struct node *c = n->first; c->next; c = c->next) {
		if (c->kind != NODE_TERM)
			return;
		last = c->next;
	}
	for (at = last->at; at && ascii_space(place->query.p[at - 1]);)
		at--;
	if (last->kind != NODE_AND || (at && place->query.p[at - 1] == '('))
		return;
	for (const struct node *c = last->first; c; c = c->next)
		not_ = c->kind == NODE_NOT ? c : not_;
	if (not_)
		lint_say(place, not_->at,
			"this NOT belongs to the last alternative alone: put the alternatives "
			"in "
			"parentheses");
}

static bool excludes(const struct node *not_, uint64_t meaning)
{
	const struct node *inner = not_->first;

	if (meaning_of(inner) == meaning)
		return true;
	for (const struct node *c = inner->kind == NODE_OR ? inner->first : NULL; c;
		c = c->next)
		if (meaning_of(c) == meaning)
			return true;
	return false;
}

/* What `n` asks for, itself or in all of its parts, and not_ excludes; NULL: nothing. */
static const struct node *excluded(const struct node *n, const struct node *not_)
{
	const struct node *found = excludes(not_, meaning_of(n)) ? n : NULL;

	for (const struct node *c = n->first;
		c && !found && (n->kind == NODE_NEAR || n->kind == NODE_AND); c = c->next)
		found = excluded(c, not_);
	return found;
}

static bool other_language(const struct node *a, const struct node *b)
{
	const struct span x = a->u.value.value, y = b->u.value.value;

	return a->kind == NODE_VALUE && b->kind == NODE_VALUE &&
	       a->u.value.field == VALUE_LANG && b->u.value.field == VALUE_LANG &&
	       !span_eq(span_slice(x, 0, span_find(x, '-')),
		       span_slice(y, 0, span_find(y, '-')));
}

static void look_at_conditions(struct lint_place *place, const struct node *n)
{
	size_t k = 0;

	for (const struct node *a = n->first; a && k < SIBLINGS_MAX; a = a->next, k++) {
		for (const struct node *b = n->first; b; b = b->next) {
			const struct node *both =
				b->kind == NODE_NOT && a != b ? excluded(a, b) : NULL;

			if (both)
				lint_say(place, b->at,
					"%.*s is asked for and excluded: this never matches",
					SPAN_ARG(both->source));
			if (a->at < b->at && other_language(a, b))
				lint_say(place, b->at,
					"a text has one language: write lang:(%.*s OR %.*s)",
					SPAN_ARG(a->u.value.value), SPAN_ARG(b->u.value.value));
		}
	}
}

/* --- quotation marks --- */

static void look_at_quotes(struct lint_place *place, const struct node *n)
{
	static const char *const marks[] = {"”", "»", "“", "„", "«"};
	const struct span s = n->source;
	const bool straight = s.n && s.p[s.p[0] == '=' && s.n > 1] == '"';

	for (size_t i = 0; i < sizeof(marks) / sizeof(*marks); i++) {
		const char *at = memmem(s.p, s.n, marks[i], strlen(marks[i]));
		const bool opens = at && at <= s.p + 1;

		/* A bare word can hold the first two only; the others open a phrase. */
		if (!at || opens || (!straight && i > 1) ||
			(!straight && (unsigned char)s.p[0] >= 0x80))
			continue;
		lint_say(place, n->at,
			"%s is punctuation here, its partner is missing: pair the marks, or "
			"take it out",
			marks[i]);
		return;
	}
}

/* --- cost --- */

/* A repeated group that holds a repetition: a text can be split among them in too many ways. */
static bool explosive(struct span pattern)
{
	bool repeats[64] = {false};
	size_t depth = 0;

	for (size_t i = 0; i < pattern.n; i++) {
		const char c = pattern.p[i];
		const char next = i + 1 < pattern.n ? pattern.p[i + 1] : '\0';

		if (c == '\\') {
			i++;
		} else if (c == '[') {
			while (i + 1 < pattern.n && pattern.p[i] != ']')
				i += pattern.p[i] == '\\' ? 2 : 1;
		} else if (c == '(' && depth + 1 < 64) {
			repeats[++depth] = false;
		} else if (c == ')' && depth) {
			if (repeats[depth] && (next == '*' || next == '+'))
				return true;
			if (repeats[depth--])
				repeats[depth] = true;
		} else if ((c == '*' || c == '+') && i && pattern.p[i - 1] != '(') {
			repeats[depth] = true;
		}
	}
	return false;
}

/* Whether something of it can be looked up, so that most documents need no search. */
static bool announced(const struct node *n, struct arena *arena)
{
	uint64_t count = 0;

	for (const struct node *c = n->first; c; c = c->next)
		count += announced(c, arena);
	switch (n->kind) {
	case NODE_TERM:
		for (size_t i = 0; i < n->u.term.n_tokens; i++) {
			const struct span t = n->u.term.tokens[i].text;

			if (t.p[0] != '*' && t.p[0] != '?')
				return true;
			if (t.n && t.p[t.n - 1] != '*' && t.p[t.n - 1] != '?')
				return true;
			if (t.n > DICTIONARY_INSIDE_MIN)
				return true;
		}
		return false;
	case NODE_REGEX: {
		struct regex_literals l;
		struct entry entry;
		double share;

		if (regex_literals(&l, arena, n->u.regex.pattern) < 0 || !l.n)
			return false;
		for (size_t i = 0; i < l.n; i++)
			if (!entry_of_literal(l.items[i], &entry, &share))
				return false;
		return true;
	}
	case NODE_USE:
		return true;
	case NODE_AND:
	case NODE_NEAR:
		return count > 0;
	case NODE_OR:
		return count == n->n_children;
	case NODE_OF:
		return n->n_children - count < n->u.least;
	default:
		return false;
	}
}

/* --- the whole --- */

static void look_at(struct lint_place *place, const struct node *n)
{
	switch (n->kind) {
	case NODE_TERM:
		look_at_quotes(place, n);
		break;
	case NODE_REGEX:
		if (explosive(n->u.regex.pattern))
			lint_say(place, n->at,
				"a repetition in a repeated group can take very long, and is "
				"then cut off: "
				"write it with one repetition, or possessive (++)");
		break;
	case NODE_VALUE:
		look_at_value(place, n);
		break;
	case NODE_NUMBER:
		look_at_number(place, n);
		break;
	case NODE_OR:
		look_at_alternatives(place, n);
		look_at_binding(place, n);
		break;
	case NODE_AND:
		look_at_conditions(place, n);
		break;
	default:
		break;
	}
	for (const struct node *c = n->first; c; c = c->next)
		look_at(place, c);
}

/* A query that one everyday word satisfies. */
static const struct node *everyday(const struct node *n)
{
	const struct node *found = NULL;

	if (n->kind == NODE_OR)
		for (const struct node *c = n->first; c && !found; c = c->next)
			found = everyday(c);
	if (n->kind != NODE_TERM || n->u.term.exact || n->u.term.n_tokens != 1 ||
		n->u.term.tokens[0].sigil || n->u.term.tokens[0].kind != TOKEN_WORD)
		return found;
	return common_word(n->u.term.tokens[0].text) ? n : NULL;
}

void lint_query(struct lint_place *place, const struct node *tree, struct arena *arena)
{
	const struct node *common = everyday(tree);

	look_at(place, tree);
	if (common)
		lint_say(place, common->at,
			"%.*s is an everyday word: write =%.*s for its exact case, or add "
			"context with AND",
			SPAN_ARG(common->source), SPAN_ARG(common->source));
	if (!announced(tree, arena))
		lint_say(place, tree->at,
			"nothing in it can be looked up, each document is searched: add a word "
			"that must be "
			"there");
}
