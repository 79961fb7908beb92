/*
 * regex_literal: a string every match of a pattern must contain, so that most texts need no
 * search. It reads the common part of PCRE2's syntax and gives up, which is always right, on
 * the rest. Folding goes code point by code point: where a text contains a string, its token
 * form contains the string's token form, also when case is ignored. (Except iota: PCRE2 takes
 * U+0345 for a form of it, which folding drops; so Greek ends a string.)
 */
#include "regex.h"

#include <errno.h>

#include "fold.h"
#include "vigie/buf.h"
#include "vigie/utf8.h"

struct reader {
	struct span s;
	size_t i;
	struct arena *arena;
	struct buf run;
	bool lost;
	int depth;
};

enum { DEPTH_MAX = 50, USEFUL = 2 };

static struct regex_literals read_alternatives(struct reader *r);

static bool at_end(const struct reader *r)
{
	return r->i >= r->s.n;
}

static bool starts(const struct reader *r, const char *text)
{
	return span_starts(span_slice(r->s, r->i, r->s.n), span_str(text));
}

static size_t shortest(const struct regex_literals *l)
{
	size_t n = l->n ? SIZE_MAX : 0;

	for (size_t i = 0; i < l->n; i++)
		n = l->items[i].n < n ? l->items[i].n : n;
	return n;
}

static void keep_better(struct regex_literals *best, const struct regex_literals *l)
{
	if (shortest(l) > shortest(best))
		*best = *l;
}

/* The run of characters ends here. */
static void flush(struct reader *r, struct regex_literals *best)
{
	struct regex_literals l = {.n = 1};
	struct buf form = {0};

	fold_token_form(&form, buf_span(&r->run));
	if (form.n >= USEFUL && form.n > shortest(best)) {
		l.items[0] = arena_dup(r->arena, buf_span(&form));
		if (l.items[0].p)
			*best = l;
		else
			r->lost = true;
	}
	r->lost |= form.failed || r->run.failed;
	buf_deinit(&form);
	buf_clear(&r->run);
}

/* One quantifier, if one stands here. Its least count is 0, or 1 for more; -1: none stands
 * here. */
static int one_quantifier(struct reader *r)
{
	int least = -1;

	if (at_end(r))
		return -1;
	if (r->s.p[r->i] == '?' || r->s.p[r->i] == '*') {
		least = 0;
		r->i++;
	} else if (r->s.p[r->i] == '+') {
		least = 1;
		r->i++;
	} else if (r->s.p[r->i] == '{') {
		size_t k = r->i + 1;
		bool zero = true, digits = false;

		for (; k < r->s.n && r->s.p[k] >= '0' && r->s.p[k] <= '9'; k++) {
			zero &= r->s.p[k] == '0';
			digits = true;
		}
		if (!digits)
			return -1;
		if (k < r->s.n && r->s.p[k] == ',')
			for (k++; k < r->s.n && r->s.p[k] >= '0' && r->s.p[k] <= '9';)
				k++;
		if (k >= r->s.n || r->s.p[k] != '}')
			return -1;
		least = !zero;
		r->i = k + 1;
	}
	if (least >= 0 && !at_end(r) && (r->s.p[r->i] == '?' || r->s.p[r->i] == '+'))
		r->i++;
	return least;
}

/* Any number of them: a{2}{3} is allowed. */
static int quantifier(struct reader *r)
{
	int least = -1, next;

	while ((next = one_quantifier(r)) >= 0)
		least = least < 0 || next < least ? next : least;
	return least;
}

static void skip_class(struct reader *r)
{
	r->i++;
	if (!at_end(r) && r->s.p[r->i] == '^')
		r->i++;
	if (!at_end(r) && r->s.p[r->i] == ']')
		r->i++;
	while (!at_end(r) && r->s.p[r->i] != ']') {
		if (starts(r, "\\Q") || starts(r, "\\E")) {
			r->lost = true;
			return;
		}
		if (starts(r, "[:") || starts(r, "[.") || starts(r, "[=")) {
			const char end[] = {r->s.p[r->i + 1], ']', '\0'};

			for (r->i += 2; !at_end(r) && !starts(r, end);)
				r->i++;
			r->i += 2;
			continue;
		}
		r->i += r->s.p[r->i] == '\\' ? 2 : 1;
	}
	r->i++;
}

/* Behind "(": what kind of group. False: skip it (an assertion: says nothing of its own). */
static bool open_group(struct reader *r)
{
	r->i++;
	if (starts(r, "*")) {
		r->lost = true;
		return true;
	}
	if (!starts(r, "?"))
		return true;
	r->i++;
	if (starts(r, ":") || starts(r, ">") || starts(r, "|")) {
		r->i++;
		return true;
	}
	if (starts(r, "=") || starts(r, "!") || starts(r, "<=") || starts(r, "<!")) {
		r->i += starts(r, "<") ? 2 : 1;
		return false;
	}
	if (starts(r, "<") || starts(r, "P<") || starts(r, "'")) {
		const char end = starts(r, "'") ? '\'' : '>';

		r->i += starts(r, "P") ? 2 : 1;
		r->i += span_find(span_slice(r->s, r->i, r->s.n), end) + 1;
		return true;
	}
	/* Options such as (?i) or (?i:…): case alone changes nothing here. */
	while (starts(r, "i") || starts(r, "-") || starts(r, "s") || starts(r, "m"))
		r->i++;
	if (starts(r, ":")) {
		r->i++;
		return true;
	}
	if (!starts(r, ")"))
		r->lost = true;
	return true;
}

static void read_group(struct reader *r, struct regex_literals *best)
{
	struct regex_literals inner;
	const size_t at = r->i;
	bool counts;

	flush(r, best);
	counts = open_group(r);
	if (r->lost || ++r->depth > DEPTH_MAX) {
		r->lost = true;
		return;
	}
	inner = read_alternatives(r);
	r->depth--;
	if (!starts(r, ")") || r->i == at) {
		r->lost = true;
		return;
	}
	r->i++;
	if (quantifier(r) != 0 && counts)
		keep_better(best, &inner);
}

/* Behind a backslash. */
static void read_escape(struct reader *r, struct regex_literals *best)
{
	const char c = r->i + 1 < r->s.n ? r->s.p[r->i + 1] : '\0';
	const bool letter =
		(c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');

	r->i += 2;
	if (!c || (unsigned char)c >= 0x80) {
		r->lost = true;
	} else if (!letter) {
		const size_t before = r->run.n;
		int least;

		buf_add_char(&r->run, c);
		least = quantifier(r);
		if (least == 0)
			r->run.n = before;
		if (least >= 0)
			flush(r, best);
	} else if (strchr("bBAzZGK", c)) {
		if (quantifier(r) >= 0)
			flush(r, best);
	} else if (strchr("dDwWsShHvVRXNtnrfea", c) && !(c == 'N' && starts(r, "{"))) {
		flush(r, best);
		(void)quantifier(r);
	} else if (c == 'p' || c == 'P') {
		flush(r, best);
		r->i += starts(r, "{") ? span_find(span_slice(r->s, r->i, r->s.n), '}') + 1 : 1;
		(void)quantifier(r);
	} else {
		r->lost = true;
	}
}

static struct regex_literals read_sequence(struct reader *r)
{
	struct regex_literals best = {0};

	while (!at_end(r) && !r->lost && r->s.p[r->i] != '|' && r->s.p[r->i] != ')') {
		const char c = r->s.p[r->i];
		size_t at = r->i, before;
		uint32_t point;
		int least;

		if (c == '(') {
			read_group(r, &best);
			continue;
		}
		if (c == '\\') {
			read_escape(r, &best);
			continue;
		}
		if (c == '[' || c == '.') {
			flush(r, &best);
			if (c == '[')
				skip_class(r);
			else
				r->i++;
			(void)quantifier(r);
			continue;
		}
		if (c == '^' || c == '$') {
			r->i++;
			(void)quantifier(r);
			continue;
		}
		before = r->run.n;
		point = utf8_next(r->s, &r->i);
		if ((point >= 0x370 && point < 0x400) || (point >= 0x1F00 && point < 0x2000) ||
			point == 0x345) {
			flush(r, &best);
			(void)quantifier(r);
			continue;
		}
		buf_add(&r->run, span_slice(r->s, at, r->i));
		least = quantifier(r);
		if (least == 0)
			r->run.n = before;
		if (least >= 0)
			flush(r, &best);
	}
	flush(r, &best);
	return best;
}

static struct regex_literals read_alternatives(struct reader *r)
{
	struct regex_literals all = read_sequence(r);

	while (!r->lost && starts(r, "|")) {
		struct regex_literals next;

		r->i++;
		next = read_sequence(r);
		if (!all.n || !next.n || all.n + next.n > REGEX_LITERALS_MAX) {
			all.n = 0;
			continue;
		}
		for (size_t i = 0; i < next.n; i++)
			all.items[all.n++] = next.items[i];
	}
	return all;
}

int regex_literals(struct regex_literals *ret, struct arena *arena, struct span pattern)
{
	struct reader r = {.s = pattern, .arena = arena};

	*ret = read_alternatives(&r);
	if (r.lost || !at_end(&r) || r.run.failed)
		ret->n = 0;
	buf_deinit(&r.run);
	return 0;
}
