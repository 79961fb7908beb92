/*
 * term: a term of a query, cut into tokens by the same folding as documents.
 */
#include "term.h"

#include "exact.h"
#include "fold.h"
#include "fold_table.h"
#include "vigie/buf.h"
#include "vigie/utf8.h"

/* A token being read, with its place in the unescaped content. */
struct draft {
	size_t text; /* start in `folded` */
	size_t text_n;
	size_t from, to; /* extent */
	size_t plain;    /* code points that are no wildcard */
	bool wild;
	char sigil;
};

enum { AFTER_OTHER, AFTER_WORD, AFTER_SIGIL };

struct reader {
	struct buf folded;
	struct buf drafts; /* of struct draft */
	int after;
	char sigil; /* AFTER_SIGIL: which, or 0 when it follows a word */
	bool wildcards;
};

static struct draft *last_draft(struct reader *r)
{
	return r->drafts.n ? (struct draft *)(void *)(r->drafts.p + r->drafts.n) - 1 : NULL;
}

static struct draft *begin(struct reader *r, size_t from, char sigil)
{
	const struct draft d = {.text = r->folded.n, .from = from, .sigil = sigil};

	buf_add(&r->drafts, span_of((const char *)&d, sizeof(d)));
	return r->drafts.failed ? NULL : last_draft(r);
}

static void add_point(
	struct reader *r, struct draft *d, struct span point, bool wild, size_t to)
{
	if (!d)
		return;
	/* A run of stars says what one says. */
	if (!(wild && point.p[0] == '*' && d->text_n && r->folded.p[r->folded.n - 1] == '*')) {
		buf_add(&r->folded, point);
		d->text_n += point.n;
	}
	d->wild |= wild;
	d->plain += !wild;
	d->to = to;
}

/* One code point of the content: its fold, and its token form beside it, which says what each
 * folded code point is. */
static void read_point(struct reader *r, struct span point, size_t from, bool literal)
{
	char fold[FOLD_POINT_SIZE], token[FOLD_POINT_SIZE];
	const char *t = token;
	struct span f;

	fold_point(fold, token, point);
	f = span_str(fold);
	if (!f.n) {
		/* Dropped: belongs to the extent it directly follows. */
		for (struct draft *d = last_draft(r); d && d->to == from; d--) {
			d->to = from + point.n;
			if ((char *)d == r->drafts.p)
				break;
		}
		return;
	}
	for (size_t i = 0; i < f.n;) {
		const size_t at = i;
		struct span one;

		(void)utf8_next(f, &i);
		one = span_slice(f, at, i);
		if (*t == FOLD_MARK && (unsigned char)one.p[0] >= 0x80) {
			add_point(r, begin(r, from, 0), one, false, from + point.n);
			t += one.n + 2;
			r->after = AFTER_OTHER;
			continue;
		}
		if (r->wildcards && !literal && (one.p[0] == '*' || one.p[0] == '?')) {
			add_point(r,
				r->after == AFTER_WORD
					? last_draft(r)
					: begin(r, from,
						  r->after == AFTER_SIGIL ? r->sigil : 0),
				one, true, from + point.n);
			r->after = AFTER_WORD;
			t++;
			continue;
		}
		if (*t == '#' || *t == '@' || *t == '$') {
			r->sigil = r->after == AFTER_WORD ? 0 : *t;
			r->after = AFTER_SIGIL;
			t++;
		} else if ((unsigned char)*t >= 0x80 || (*t >= 'a' && *t <= 'z') ||
			   (*t >= '0' && *t <= '9') || *t == '_') {
			add_point(r,
				r->after == AFTER_WORD
					? last_draft(r)
					: begin(r, from,
						  r->after == AFTER_SIGIL ? r->sigil : 0),
				one, false, from + point.n);
			r->after = AFTER_WORD;
			t += one.n;
		} else {
			r->after = AFTER_OTHER;
			t++;
		}
	}
}

/* From drafts to tokens. */
static int finish(struct term *ret, struct arena *arena, struct reader *r, struct span content,
	size_t at, bool exact, struct query_errors *errors)
{
	const size_t n = r->drafts.n / sizeof(struct draft);
	const struct draft *drafts = (const void *)r->drafts.p;
	struct term_token *tokens;

	if (!n)
		return query_fail(errors, E_EMPTY, at,
			"no letter or digit to look for: punctuation never matches by itself, "
			"see ADVICE "
			"in vigie-rules(5)");
	tokens = arena_calloc(arena, n, sizeof(*tokens));
	if (!tokens)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		const struct draft *d = &drafts[i];
		struct term_token *t = &tokens[i];
		struct span text = {r->folded.p + d->text, d->text_n};

		t->sigil = d->sigil;
		if (d->wild && d->plain < 2)
			return query_fail(errors, E_WILDCARD, at,
				"\"%.*s\" needs two characters besides * and ?: write more of "
				"the word, or "
				"=\"…\" where no wildcard is meant",
				SPAN_ARG(text));
		if (d->wild) {
			t->kind = TOKEN_PATTERN;
			if (text.p[text.n - 1] == '*' && span_find(text, '*') == text.n - 1 &&
				span_find(text, '?') == text.n) {
				t->kind = TOKEN_PREFIX;
				text.n--;
			}
		}
		t->text = arena_dup(arena, text);
		if (!t->text.p)
			return -ENOMEM;
		if (exact) {
			const struct span own = span_slice(content, d->from, d->to);
			struct buf normal = {0};

			exact_normal(&normal, own);
			t->irregular = exact_is_loose(own);
			t->loose = exact_is_loose(buf_span(&normal));
			t->own =
				normal.failed ? SPAN_NONE : arena_dup(arena, buf_span(&normal));
			buf_deinit(&normal);
			if (!t->own.p)
				return -ENOMEM;
		}
	}
	ret->tokens = tokens;
	ret->n_tokens = n;
	ret->exact = exact;
	return 0;
}

int term_read(struct term *ret, struct arena *arena, struct span content, size_t at,
	bool escapes, bool exact, struct query_errors *errors)
{
	struct reader r = {.wildcards = !exact};
	struct buf plain = {0};
	int result;

	for (size_t i = 0; i < content.n;) {
		const bool literal = escapes && content.p[i] == '\\' && i + 1 < content.n;
		size_t from;

		i += literal;
		from = i;
		(void)utf8_next(content, &i);
		buf_add(&plain, span_slice(content, from, i));
		read_point(&r, span_slice(content, from, i), plain.n - (i - from), literal);
	}
	if (plain.failed || r.folded.failed || r.drafts.failed)
		result = -ENOMEM;
	else
		result = finish(ret, arena, &r, buf_span(&plain), at, exact, errors);
	buf_deinit(&plain);
	buf_deinit(&r.folded);
	buf_deinit(&r.drafts);
	return result;
}
