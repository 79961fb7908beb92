#include "report/figures.h"

#include <errno.h>
#include <stdlib.h>
#include <uthash.h>

struct entry {
	struct tally tally;
	UT_hash_handle hh;
};

struct figures {
	struct arena arena;
	struct report report;
	struct entry *brands, *stories, *sources, *authors, *receivers, *deliveries, *places;
};

uint64_t report_hours(const struct report_period *period)
{
	return (uint64_t)(period->to.ms - period->from.ms) / 3600000;
}

double report_change(uint64_t n, uint64_t before)
{
	return before ? ((double)n - (double)before) / (double)before : NAN;
}

double report_share(uint64_t part, uint64_t whole)
{
	return whole ? (double)part / (double)whole : NAN;
}

int figures_new(struct figures **ret, const struct report_period *period)
{
	struct figures *f = calloc(1, sizeof(*f));

	if (!f)
		return -ENOMEM;
	f->report.period = *period;
	f->report.archive_since = WALL_NONE;
	f->report.days = arena_calloc(&f->arena, period->n_days + 1, sizeof(*f->report.days));
	if (!f->report.days) {
		figures_free(f);
		return -ENOMEM;
	}
	*ret = f;
	return 0;
}

struct figures *figures_free(struct figures *f)
{
	if (!f)
		return NULL;
	/* The entries are in the arena; the tables' own memory is not. */
	HASH_CLEAR(hh, f->brands);
	HASH_CLEAR(hh, f->stories);
	HASH_CLEAR(hh, f->sources);
	HASH_CLEAR(hh, f->authors);
	HASH_CLEAR(hh, f->receivers);
	HASH_CLEAR(hh, f->deliveries);
	HASH_CLEAR(hh, f->places);
	arena_release(&f->arena);
	free(f);
	return NULL;
}

/* The entry of a name, made if need be; NULL when memory is out. */
static struct tally *tally_of(struct figures *f, struct entry **table, struct span name)
{
	struct entry *e = NULL;

	if (!name.n)
		name = SPAN("");
	HASH_FIND(hh, *table, name.p, (unsigned)name.n, e);
	if (e)
		return &e->tally;
	e = arena_calloc(&f->arena, 1, sizeof(*e));
	name = arena_dup(&f->arena, name);
	if (!e || !name.p)
		return NULL;
	e->tally = (struct tally){.name = name, .followers = NAN};
	HASH_ADD_KEYPTR(hh, *table, e->tally.name.p, (unsigned)name.n, e);
	return &e->tally;
}

static void count(struct tally *t, bool before)
{
	if (before)
		t->before++;
	else
		t->n++;
}

static int say(struct figures *f, struct tally *t, struct span title, struct span url)
{
	if (span_empty(t->title) && !span_empty(title))
		t->title = arena_dup(&f->arena, title);
	if (span_empty(t->url) && !span_empty(url))
		t->url = arena_dup(&f->arena, url);
	return 0;
}

static bool of_market(const struct match *m)
{
	return !span_empty(m->brand) &&
	       (span_eq_str(m->kind, "brand") || span_eq_str(m->kind, "competitor"));
}

/* Each brand once, however many of its rules matched. */
static int see_brands(struct figures *f, const struct hit *hit, bool before)
{
	for (size_t i = 0; i < hit->n_matches; i++) {
		const struct match *m = &hit->matches[i];
		bool known = !of_market(m);
		struct tally *t;

		for (size_t k = 0; k < i && !known; k++)
			known = of_market(&hit->matches[k]) &&
				span_eq(hit->matches[k].brand, m->brand);
		if (known)
			continue;
		t = tally_of(f, &f->brands, m->brand);
		if (!t)
			return -ENOMEM;
		count(t, before);
		/* Who is both somebody's competitor and a brand is a brand. */
		if (span_empty(t->kind) || span_eq_str(m->kind, "brand"))
			t->kind = span_eq_str(m->kind, "brand") ? SPAN("brand")
								: SPAN("competitor");
	}
	return 0;
}

static int see_story(struct figures *f, const struct hit *hit, bool before, struct span story)
{
	struct tally *t = tally_of(f, &f->stories, story), *place;
	const struct item *item = &hit->item;
	struct span pair;

	if (!t)
		return -ENOMEM;
	count(t, before);
	if (before)
		return 0;
	pair = arena_printf(&f->arena, "%.*s\n%.*s", SPAN_ARG(story), SPAN_ARG(hit->source));
	place = pair.p ? tally_of(f, &f->places, pair) : NULL;
	if (!place)
		return -ENOMEM;
	if (place->n++ == 0)
		t->places++;
	return say(f, t, span_empty(item->title) ? item->text : item->title, item->url);
}

static int see_author(struct figures *f, const struct hit *hit, bool before)
{
	const struct item_author *a = &hit->item.author;
	const struct span who = !span_empty(a->handle) ? a->handle
				: !span_empty(a->url)  ? a->url
						       : a->name;
	struct span name;
	struct tally *t;

	if (span_empty(who))
		return 0;
	name = arena_printf(&f->arena, "%.*s (%.*s)", SPAN_ARG(who), SPAN_ARG(hit->source));
	t = name.p ? tally_of(f, &f->authors, name) : NULL;
	if (!t)
		return -ENOMEM;
	count(t, before);
	if (!before && !isnan(a->followers))
		t->followers = a->followers;
	return say(f, t, span_empty(a->name) ? a->handle : a->name, a->url);
}

int figures_see(struct figures *f, const struct hit *hit, struct wall at, bool before,
	struct span story)
{
	const struct report_period *p = &f->report.period;
	struct tally *t = tally_of(f, &f->sources, hit->source);
	int r;

	if (!t)
		return -ENOMEM;
	count(t, before);
	r = say(f, t, hit->item.feed.title, hit->item.feed.url);
	if (r == 0)
		r = see_brands(f, hit, before);
	if (r == 0)
		r = see_story(f, hit, before, story);
	if (r == 0)
		r = see_author(f, hit, before);
	if (r < 0)
		return r;
	f->report.mentions += !before;
	f->report.mentions_before += before;
	for (size_t i = 0; i < p->n_days && !before; i++)
		f->report.days[i] += at.ms >= p->days[i].ms && at.ms < p->days[i + 1].ms;
	return 0;
}

int figures_told(struct figures *f, struct span receiver, struct span delivery)
{
	struct tally *t = tally_of(f, &f->receivers, receiver);
	struct tally *d = tally_of(f, &f->deliveries, delivery);

	if (!t || !d)
		return -ENOMEM;
	t->n++;
	d->n++;
	return 0;
}

static int by_number(const void *a, const void *b)
{
	const struct tally *x = a, *y = b;

	if (x->n != y->n)
		return x->n < y->n ? 1 : -1;
	return span_cmp(x->name, y->name);
}

static int settle(struct figures *f, struct tallies *ret, struct entry *table)
{
	struct tallies t = {.n = HASH_COUNT(table)};
	struct entry *e, *next;
	size_t i = 0;

	t.items = arena_calloc(&f->arena, t.n + 1, sizeof(*t.items));
	if (!t.items)
		return -ENOMEM;
	HASH_ITER(hh, table, e, next)
	{
		t.items[i++] = e->tally;
		t.heard += e->tally.n > 0;
		t.sum += e->tally.n;
		t.sum_before += e->tally.before;
	}
	qsort(t.items, t.n, sizeof(*t.items), by_number);
	*ret = t;
	return 0;
}

int figures_end(struct figures *f, struct report *ret)
{
	int r = settle(f, &f->report.brands, f->brands);

	if (r == 0)
		r = settle(f, &f->report.stories, f->stories);
	if (r == 0)
		r = settle(f, &f->report.sources, f->sources);
	if (r == 0)
		r = settle(f, &f->report.authors, f->authors);
	if (r == 0)
		r = settle(f, &f->report.receivers, f->receivers);
	f->report.deliveries = HASH_COUNT(f->deliveries);
	if (r == 0)
		*ret = f->report;
	return r;
}
