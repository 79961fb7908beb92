/*
 * How late are items, when requests are few? A world of sources with heavy-tailed rates
 * (log-normal, sigma 2, as feeds have), days, nights and weekends of their own time zones, is
 * watched for weeks by several rules with the same number of requests:
 *
 *   round robin         everybody as often as everybody
 *   inverse frequency   a source that speaks twice as often is asked twice as often (rates
 * told, not learnt), at most every LEAST and at least every MOST square root         the same
 * with the root of the rate (rates told) rhythm              what line/rhythm learns by itself,
 * from its first document on
 *
 * Usage: bench-rhythm [sources] [weeks] [seed]. A rule's requests are counted after the
 * warm-up; the others are scaled until they make as many. Status 1 when rhythm isn't 40 %
 * better than the first two with the daemon's own least of a minute, or a source waited longer
 * than MOST. With a least of two minutes the sources that are held by it, and bring most items,
 * are as late under every rule: less is left to win.
 */

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "line/rhythm.h"

enum { HOUR_MS = 3600 * 1000, DAY_MS = 24 * HOUR_MS, WEEK_MS = 7 * DAY_MS };
enum { EVERY_MS = HOUR_MS / 4, MOST_MS = 16 * EVERY_MS };
enum { WARM_UP_WEEKS = 1, WINDOW_ITEMS = 30 };

static int64_t least_ms; /* between two requests */
static uint64_t state;

static uint64_t mix(void)
{
	uint64_t z = state += 0x9E3779B97F4A7C15;

	z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
	z = (z ^ z >> 27) * 0x94D049BB133111EB;
	return z ^ z >> 31;
}

static double uniform(void)
{
	return ((double)(mix() >> 11) + 0.5) / 9007199254740992.0;
}

static double normal(void)
{
	return sqrt(-2 * log(uniform())) * cos(2 * M_PI * uniform());
}

struct stream {
	double rate; /* items an hour, mean over the week */
	double shape[168];
	int64_t *items; /* when, ms */
	size_t n;
};

struct outcome {
	double mean_s;
	int64_t median_s, worst_ms; /* worst: between two requests */
	double p90_s;
	double requests; /* per source and day */
};

/* 2026-01-05, a Monday: the clock begins with the week. */
static const int64_t origin = 1767571200000;

static void make_shape(struct stream *s)
{
	const double zone = floor(uniform() * 24);
	const bool machine = uniform() < 0.2; /* knows no night */
	const double depth = machine ? 0.1 : 0.75 + 0.2 * uniform();
	const double weekend = machine ? 1 : 0.3 + 0.5 * uniform();
	double sum = 0;

	for (int h = 0; h < 168; h++) {
		const double local = fmod(h + zone, 24);
		const double day = 1 + depth * cos(2 * M_PI * (local - 14) / 24);

		s->shape[h] = day * day * (h / 24 >= 5 ? weekend : 1);
		sum += s->shape[h];
	}
	for (int h = 0; h < 168; h++)
		s->shape[h] *= 168 / sum;
}

static void make(struct stream *s, int weeks)
{
	size_t capacity = 16;

	/* Median two a day, at most one a minute. */
	s->rate = fmin(2.0 / 24 * exp(2 * normal()), 60);
	make_shape(s);
	s->items = malloc(capacity * sizeof(*s->items));
	for (int64_t hour = -4 * 168; hour < weeks * 168; hour++) {
		const double rate = s->rate * s->shape[(hour + 168 * 4) % 168];

		for (double at = -log(uniform()) / rate; at < 1; at -= log(uniform()) / rate) {
			if (s->n == capacity)
				s->items =
					realloc(s->items, (capacity *= 2) * sizeof(*s->items));
			s->items[s->n++] = origin + (int64_t)(((double)hour + at) * HOUR_MS);
		}
	}
}

static int by_size(const void *a, const void *b)
{
	return (*(const int64_t *)a > *(const int64_t *)b) -
	       (*(const int64_t *)a < *(const int64_t *)b);
}

/* One source under one rule; delays are added to the list. */
struct watch {
	const struct stream *s;
	int64_t end, measured_from;
	int64_t *delays;
	size_t *n_delays;
	uint64_t *requests;
	int64_t *worst_ms;
};

/* A request at `now`, the last one at `last`. Returns the number of items it brought. */
static size_t ask(const struct watch *w, size_t *seen, int64_t last, int64_t now)
{
	const struct stream *s = w->s;
	const size_t before = *seen;

	while (*seen < s->n && s->items[*seen] <= now) {
		if (s->items[*seen] >= w->measured_from)
			w->delays[(*w->n_delays)++] = now - s->items[*seen];
		++*seen;
	}
	if (now >= w->measured_from) {
		++*w->requests;
		if (now - last > *w->worst_ms)
			*w->worst_ms = now - last;
	}
	return *seen - before;
}

static void watch_evenly(const struct watch *w, double every_ms)
{
	double at = (double)origin + uniform() * every_ms;
	size_t seen = 0;

	while (seen < w->s->n && w->s->items[seen] < origin)
		seen++;
	for (double last = at; at < (double)w->end; last = at, at += every_ms)
		(void)ask(w, &seen, (int64_t)last, (int64_t)at);
}

/* Sources are independent given the price, and the price moves slowly: one after the other
 * would do but for the mean root, which all of them make; so they run side by side in time, by
 * a heap. */
struct learner {
	struct rhythm rhythm;
	struct rhythm_share share;
	size_t seen;
	int64_t last, due;
};

static struct learner *learners;

static void sink(size_t *heap, size_t n, size_t i)
{
	const size_t item = heap[i];

	for (size_t child; (child = 2 * i + 1) < n; i = child) {
		if (child + 1 < n && learners[heap[child + 1]].due < learners[heap[child]].due)
			child++;
		if (learners[heap[child]].due >= learners[item].due)
			break;
		heap[i] = heap[child];
	}
	heap[i] = item;
}

static void first_look(struct learner *l, const struct watch *w, int64_t now)
{
	struct wall window[WINDOW_ITEMS];
	size_t n = 0;

	while (l->seen < w->s->n && w->s->items[l->seen] <= now)
		l->seen++;
	for (size_t i = l->seen > WINDOW_ITEMS ? l->seen - WINDOW_ITEMS : 0; i < l->seen; i++)
		window[n++] = (struct wall){w->s->items[i]};
	rhythm_observe(&l->rhythm, (struct wall){now}, window, n, 0, mix());
}

static void later_look(struct learner *l, const struct watch *w, int64_t now)
{
	struct wall times[4096];
	const size_t first = l->seen, got = ask(w, &l->seen, l->last, now);
	size_t n = 0;

	for (size_t i = 0; i < got && n < 4096; i++)
		times[n++] = (struct wall){w->s->items[first + i]};
	rhythm_observe(&l->rhythm, (struct wall){now}, times, n, 0, mix());
}

static void watch_by_rhythm(const struct watch *watches, size_t n)
{
	size_t *heap = calloc(n, sizeof(*heap));
	const struct rhythm_bounds bounds = {least_ms, MOST_MS};
	struct rhythm_share sum = {0};
	double price = 0;
	size_t met = 0;

	learners = calloc(n, sizeof(*learners));
	for (size_t i = 0; i < n; i++) {
		learners[i] = (struct learner){.rhythm = rhythm_new(),
			.due = origin + (int64_t)(uniform() * EVERY_MS)};
		heap[i] = i;
	}
	for (size_t i = n; i-- > 0;)
		sink(heap, n, i);
	while (learners[heap[0]].due < watches[0].end) {
		struct learner *l = &learners[heap[0]];
		const struct watch *w = &watches[heap[0]];
		const int64_t now = l->due;

		if (!l->last) {
			first_look(l, w, now);
			met++;
		} else {
			later_look(l, w, now);
		}
		sum.root -= l->share.root;
		sum.bound -= l->share.bound;
		l->share = rhythm_share(&l->rhythm, price, bounds);
		sum.root += l->share.root;
		sum.bound += l->share.bound;
		price = rhythm_price(sum, (double)met * HOUR_MS / EVERY_MS);
		l->last = now;
		l->due = now + rhythm_wait(&l->rhythm, (struct wall){now}, price, bounds);
		sink(heap, n, 0);
	}
	free(heap);
	free(learners);
}

enum rule { ROUND_ROBIN, INVERSE, ROOT, RHYTHM };
static const char *const names[] = {
	"round robin", "inverse frequency", "square root", "rhythm"};

static double wanted_ms(enum rule rule, const struct stream *s, double scale)
{
	const double t = rule == ROUND_ROBIN ? scale
			 : rule == INVERSE   ? scale / s->rate
					     : scale / sqrt(s->rate);

	return rule == ROUND_ROBIN ? t : fmin(fmax(t, (double)least_ms), MOST_MS);
}

/* The scale at which a rule makes so many requests a millisecond. */
static double scale_for(enum rule rule, const struct stream *streams, size_t n, double requests)
{
	double low = 1, high = 1e15;

	for (int i = 0; i < 200; i++) {
		const double middle = sqrt(low * high);
		double sum = 0;

		for (size_t k = 0; k < n; k++)
			sum += 1 / wanted_ms(rule, &streams[k], middle);
		if (sum > requests)
			low = middle;
		else
			high = middle;
	}
	return sqrt(low * high);
}

static struct outcome run(
	enum rule rule, const struct stream *streams, size_t n, int weeks, double requests)
{
	struct watch *watches = calloc(n, sizeof(*watches));
	int64_t *delays, worst = 0;
	size_t total = 0, n_delays = 0;
	uint64_t asked = 0;
	struct outcome o;
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		total += streams[i].n;
	delays = malloc((total + 1) * sizeof(*delays));
	for (size_t i = 0; i < n; i++)
		watches[i] = (struct watch){&streams[i], origin + (int64_t)weeks * WEEK_MS,
			origin + (int64_t)WARM_UP_WEEKS * WEEK_MS, delays, &n_delays, &asked,
			&worst};
	if (rule == RHYTHM) {
		watch_by_rhythm(watches, n);
	} else {
		const double scale = scale_for(rule, streams, n, requests);

		for (size_t i = 0; i < n; i++)
			watch_evenly(&watches[i], wanted_ms(rule, &streams[i], scale));
	}
	qsort(delays, n_delays, sizeof(*delays), by_size);
	for (size_t i = 0; i < n_delays; i++)
		sum += (double)delays[i];
	o = (struct outcome){
		.mean_s = sum / (double)n_delays / 1000,
		.median_s = delays[n_delays / 2] / 1000,
		.p90_s = (double)delays[n_delays * 9 / 10] / 1000,
		.worst_ms = worst,
		.requests = (double)asked / (double)n / (7.0 * (weeks - WARM_UP_WEEKS)),
	};
	free(delays);
	free(watches);
	return o;
}

/* One table. False when the promise isn't kept. */
static bool compare(const struct stream *streams, size_t n, int weeks, int minutes)
{
	struct outcome o[4];
	double per_ms;

	least_ms = (int64_t)minutes * 60 * 1000;
	o[RHYTHM] = run(RHYTHM, streams, n, weeks, 0);
	per_ms = o[RHYTHM].requests * (double)n / DAY_MS;
	for (enum rule rule = ROUND_ROBIN; rule < RHYTHM; rule++)
		o[rule] = run(rule, streams, n, weeks, per_ms);
	printf("\nat least %d min between two requests, at most %d\n%-18s %9s %9s %9s %12s "
	       "%14s\n",
		minutes, MOST_MS / 60000, "rule", "mean s", "median s", "p90 s", "longest h",
		"requests/day");
	for (enum rule rule = ROUND_ROBIN; rule <= RHYTHM; rule++)
		printf("%-18s %9.0f %9lld %9.0f %12.2f %14.1f\n", names[rule], o[rule].mean_s,
			(long long)o[rule].median_s, o[rule].p90_s,
			(double)o[rule].worst_ms / HOUR_MS, o[rule].requests);
	printf("rhythm against round robin: %.1f %% lower; against inverse frequency: %.1f %% "
	       "lower; budget met to %.1f %%\n",
		100 * (1 - o[RHYTHM].mean_s / o[ROUND_ROBIN].mean_s),
		100 * (1 - o[RHYTHM].mean_s / o[INVERSE].mean_s),
		100 * o[RHYTHM].requests / (24.0 * HOUR_MS / EVERY_MS));
	return o[RHYTHM].worst_ms <= MOST_MS + 1 &&
	       (minutes > 1 || (o[RHYTHM].mean_s <= 0.6 * o[ROUND_ROBIN].mean_s &&
				       o[RHYTHM].mean_s <= 0.6 * o[INVERSE].mean_s));
}

int main(int argc, char **argv)
{
	const size_t n = argc > 1 ? strtoul(argv[1], NULL, 10) : 2500;
	const int weeks = argc > 2 ? atoi(argv[2]) : 3;
	struct stream *streams = calloc(n, sizeof(*streams));
	size_t items = 0;
	bool good;

	state = argc > 3 ? strtoul(argv[3], NULL, 10) : 1;
	for (size_t i = 0; i < n; i++) {
		make(&streams[i], weeks);
		items += streams[i].n;
	}
	printf("%zu sources, %d weeks (the first to warm up), %zu items, budget one request a "
	       "source and %d minutes\n",
		n, weeks, items, EVERY_MS / 60000);
	good = compare(streams, n, weeks, 1);
	good = compare(streams, n, weeks, 2) && good;
	for (size_t i = 0; i < n; i++)
		free(streams[i].items);
	free(streams);
	return good ? 0 : 1;
}
