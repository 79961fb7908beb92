#ifndef TESTS_ALERTS_GOLDEN_H
#define TESTS_ALERTS_GOLDEN_H

/*
 * golden: reads golden-stories.txt, whose first lines say how it is written.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vigie/arena.h"
#include "vigie/buf.h"
#include "vigie/hit.h"

enum { GOLDEN_MAX = 256 };

struct golden {
	struct arena arena;
	struct hit hits[GOLDEN_MAX];
	struct span names[GOLDEN_MAX];
	size_t n;
};

static inline struct span golden_story(struct span name)
{
	return span_slice(name, 0, span_find(name, '/'));
}

static inline struct span golden_swap(struct arena *arena, struct span text, struct span rule)
{
	const char *arrow = memmem(rule.p, rule.n, " => ", 4);
	const struct span from = span_of(rule.p, (size_t)(arrow - rule.p));
	const struct span to = span_slice(rule, from.n + 4, rule.n);
	struct buf out = {0};
	struct span ret;

	while (text.n) {
		const char *at = memmem(text.p, text.n, from.p, from.n);
		const size_t n = at ? (size_t)(at - text.p) : text.n;

		buf_add(&out, span_slice(text, 0, n));
		if (at)
			buf_add(&out, to);
		text = span_slice(text, at ? n + from.n : n, text.n);
	}
	ret = arena_dup(arena, buf_span(&out));
	buf_deinit(&out);
	return ret;
}

static inline struct span golden_cut(struct span text, size_t words)
{
	size_t i = 0;

	for (; i < text.n; i++)
		if (text.p[i] == ' ' && --words == 0)
			break;
	return span_slice(text, 0, i);
}

static inline bool golden_line(struct golden *g, struct span key, struct span value)
{
	struct hit *h = &g->hits[g->n - 1];
	struct item *item = &h->item;

	if (span_eq_str(key, "url"))
		item->url = value;
	else if (span_eq_str(key, "title"))
		item->title = value;
	else if (span_eq_str(key, "text"))
		item->text = value;
	else if (span_eq_str(key, "feed"))
		item->feed.title = value;
	else if (span_eq_str(key, "author"))
		item->author.handle = value;
	else if (span_eq_str(key, "source"))
		h->source = value;
	else if (span_eq_str(key, "minutes"))
		item->published.ms = h->fetched.ms += atoll(value.p) * 60000;
	else if (span_eq_str(key, "cut"))
		item->text = golden_cut(item->text, (size_t)atoi(value.p));
	else if (span_eq_str(key, "swap"))
		item->text = golden_swap(&g->arena, item->text, value);
	else if (span_eq_str(key, "before"))
		item->text = arena_printf(
			&g->arena, "%.*s %.*s", SPAN_ARG(value), SPAN_ARG(item->text));
	else if (span_eq_str(key, "behind"))
		item->text = arena_printf(
			&g->arena, "%.*s %.*s", SPAN_ARG(item->text), SPAN_ARG(value));
	else if (span_eq_str(key, "kind"))
		item->kind = span_eq_str(value, "post") ? ITEM_POST : ITEM_COMMENT;
	else if (span_eq_str(key, "copy")) {
		for (size_t i = 0; i + 1 < g->n; i++)
			if (span_eq(g->names[i], value))
				item->text = g->hits[i].item.text;
		return item->text.n > 0;
	} else {
		return false;
	}
	return true;
}

/* False when a line is not understood. */
static inline bool golden_read(struct golden *g, const char *path)
{
	FILE *f = fopen(path, "re");
	char *line = NULL;
	size_t size = 0;
	ssize_t n;
	bool ok = f != NULL;

	while (ok && (n = getline(&line, &size, f)) >= 0) {
		const struct span s = span_trim(span_of(line, (size_t)n));
		const size_t colon = span_find(s, ':');

		if (!s.n || s.p[0] == '#')
			continue;
		if (span_starts(s, SPAN("item ")) && g->n < GOLDEN_MAX) {
			struct hit *h = &g->hits[g->n];

			*h = (struct hit){.fetched = {1795206370344}, .item = item_empty()};
			h->item.kind = ITEM_ARTICLE;
			h->item.published = h->fetched;
			h->key.b[0] = 7;
			h->key.b[1] = (unsigned char)g->n;
			g->names[g->n] = arena_dup(&g->arena, span_slice(s, 5, s.n));
			h->source = g->names[g->n++];
			continue;
		}
		ok = g->n && colon < s.n &&
		     golden_line(g, span_slice(s, 0, colon),
			     arena_dup(&g->arena, span_trim(span_slice(s, colon + 1, s.n))));
		if (!ok)
			(void)fprintf(stderr, "not understood: %s", line);
	}
	free(line);
	if (f)
		(void)fclose(f);
	return ok && g->n;
}

#endif
