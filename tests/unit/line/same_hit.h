#ifndef SAME_HIT_H
#define SAME_HIT_H

/*
 * same_hit: two hits agree in every value, whatever memory they stand in. Included behind
 * cmocka.h.
 */

#include "line/codec_hit_fields.h"

static inline void assert_span(struct span a, struct span b)
{
	assert_int_equal(a.n, b.n);
	if (a.n)
		assert_memory_equal(a.p, b.p, a.n);
}

static inline void assert_list(
	const struct span *a, size_t n_a, const struct span *b, size_t n_b)
{
	assert_int_equal(n_a, n_b);
	for (size_t i = 0; i < n_a; i++)
		assert_span(a[i], b[i]);
}

static inline void assert_field(
	const struct hit *a, const struct hit *b, const struct hit_field *f)
{
	const void *x = hit_field_at(a, f), *y = hit_field_at(b, f);

	switch (f->type) {
	case HIT_TEXT:
		assert_span(*(const struct span *)x, *(const struct span *)y);
		break;
	case HIT_LIST:
		assert_list(*(const struct span *const *)x, hit_field_count(a, f),
			*(const struct span *const *)y, hit_field_count(b, f));
		break;
	case HIT_TIME:
	case HIT_HASH:
		assert_memory_equal(x, y, 8);
		break;
	case HIT_NUMBER:
		if (isnan(*(const double *)x))
			assert_true(isnan(*(const double *)y));
		else
			assert_true(*(const double *)x == *(const double *)y);
		break;
	case HIT_FLAG:
		assert_int_equal(*(const bool *)x, *(const bool *)y);
		break;
	case HIT_KIND:
		assert_int_equal(*(const enum item_kind *)x, *(const enum item_kind *)y);
		break;
	}
}

/* `update` says how a hit came: it is compared by those who care. */
static inline void assert_hit(const struct hit *a, const struct hit *b)
{
	assert_memory_equal(&a->key, &b->key, sizeof(a->key));
	for (size_t i = 0; i < hit_fields_n; i++)
		if (hit_fields[i].offset != offsetof(struct hit, update))
			assert_field(a, b, &hit_fields[i]);
	assert_int_equal(a->n_matches, b->n_matches);
	for (size_t i = 0; i < a->n_matches; i++) {
		const struct match *m = &a->matches[i], *w = &b->matches[i];

		assert_span(m->rule, w->rule);
		assert_span(m->version, w->version);
		assert_span(m->kind, w->kind);
		assert_span(m->brand, w->brand);
		assert_list(m->tags, m->n_tags, w->tags, w->n_tags);
		assert_true(m->weight == w->weight);
		assert_int_equal(m->n_spans, w->n_spans);
		for (size_t k = 0; k < m->n_spans; k++) {
			assert_int_equal(m->spans[k].field, w->spans[k].field);
			assert_int_equal(m->spans[k].start, w->spans[k].start);
			assert_int_equal(m->spans[k].end, w->spans[k].end);
		}
	}
}

#endif
