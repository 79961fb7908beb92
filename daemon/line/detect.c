#include "line/detect.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "io/log.h"
#include "line/notice.h"
#include "vigie/burst.h"

enum { LOOK_EVERY_MS = 60000 };

/* A burst that goes on, or that the desk does not have yet. */
struct found {
	struct found *next;
	struct detect *detect;
	struct arena arena; /* of the texts */
	struct archive_burst row;
	struct burst burst;
	struct notice notice; /* until it is written down */
	bool written, telling;
};

struct detect {
	struct loop *loop;
	struct archive *archive;
	struct dispatch *dispatch;
	struct detect_options options;
	struct timer *timer;
	struct found *found;
	bool loaded, looking;
	struct wall looked;
	struct detect_stats stats;
};

static void found_free(struct found *f)
{
	arena_release(&f->arena);
	free(f);
}

static struct found *find(struct detect *d, struct span brand)
{
	for (struct found *f = d->found; f; f = f->next)
		if (f->burst.on && span_eq(f->row.brand, brand))
			return f;
	return NULL;
}

/* --- Telling -------------------------------------------------------------------------------
 */

static void on_written(void *arg);

static void write_down(struct found *f)
{
	archive_burst_write(f->detect->archive, &f->row, on_written, f);
}

static void on_filed(void *arg, int r)
{
	struct found *f = arg;

	f->telling = false;
	if (r < 0)
		return; /* said again at the next look */
	f->row.told = true;
	archive_burst_write(f->detect->archive, &f->row, NULL, NULL);
}

static void tell(struct found *f)
{
	const struct dispatch_notice notice = {.key = f->row.key,
		.brand = f->row.brand,
		.kind = f->row.kind,
		.at = f->row.began,
		.json = f->row.notice};

	if (f->telling || !f->written || f->row.told)
		return;
	f->telling = dispatch_notice(f->detect->dispatch, &notice, on_filed, f) == 0;
}

static void on_written(void *arg)
{
	struct found *f = arg;

	f->written = true;
	tell(f);
}

static void on_carriers(void *arg, const struct archive_carrier *carriers, size_t n)
{
	struct found *f = arg;
	struct buf json = {0};

	for (size_t i = 0; i < n && i < NOTICE_CARRIERS; i++) {
		f->notice.carriers[i] = carriers[i].key;
		f->notice.carried[i] = carriers[i].n;
		f->notice.spike.n_carried++;
	}
	if (notice_encode(&json, &f->notice) == 0)
		f->row.notice = arena_dup(&f->arena, buf_span(&json));
	buf_deinit(&json);
	if (f->row.notice.p) {
		write_down(f);
	} else {
		/* Without memory: found again at the next look. */
		f->burst.on = false;
		f->row.told = true;
	}
}

/* --- Looking -------------------------------------------------------------------------------
 */

/* The same burst is the same finding, for the ledger. */
static void make_key(struct item_key *ret, struct span brand, struct wall began)
{
	XXH3_state_t *state = XXH3_createState();
	XXH128_hash_t hash = {0, 0};

	if (state) {
		(void)XXH3_128bits_reset(state);
		(void)XXH3_128bits_update(state, "spike", 5);
		(void)XXH3_128bits_update(state, brand.p ? brand.p : "", brand.n);
		(void)XXH3_128bits_update(state, &began.ms, sizeof(began.ms));
		hash = XXH3_128bits_digest(state);
	}
	memcpy(ret->b, &hash, sizeof(ret->b));
	(void)XXH3_freeState(state);
}

static void begin(struct detect *d, const struct archive_brand *b, const struct burst *burst,
	const struct baseline *usual)
{
	struct found *f = calloc(1, sizeof(*f));

	if (!f)
		return;
	f->detect = d;
	f->burst = *burst;
	f->row = (struct archive_burst){.brand = arena_dup(&f->arena, b->brand),
		.kind = arena_dup(&f->arena, b->kind),
		.began = burst->began,
		.ended = WALL_NONE,
		.peak = b->n};
	if (!f->row.brand.p || !f->row.kind.p) {
		found_free(f);
		return;
	}
	make_key(&f->row.key, f->row.brand, f->row.began);
	f->notice = (struct notice){.is_spike = true,
		.spike = {.brand = f->row.brand,
			.competitor = span_eq_str(f->row.kind, "competitor"),
			.n = b->n,
			.usual = usual->usual,
			.spread = usual->spread,
			.begins = burst_begins_at(usual),
			.samples = usual->samples,
			.learning = usual->learning,
			.began = burst->began}};
	f->next = d->found;
	d->found = f;
	d->stats.begun++;
	log_info("detect.burst_began", TEXT("brand", f->row.brand), INT("mentions", b->n),
		INT("usual", usual->usual));
	archive_carriers(
		d->archive, f->row.brand, d->looked, NOTICE_CARRIERS, on_carriers, f);
}

static void end(struct found *f)
{
	f->row.ended = f->detect->looked;
	f->row.peak = f->burst.peak;
	f->detect->stats.ended++;
	log_info("detect.burst_ended", TEXT("brand", f->row.brand), INT("peak", f->burst.peak));
	archive_burst_write(f->detect->archive, &f->row, NULL, NULL);
}

static void step(struct detect *d, const struct archive_brand *b)
{
	const struct baseline usual = baseline_of(&b->past);
	struct found *f = find(d, b->brand);
	struct burst calm = {.on = false};

	if (!f) {
		if (burst_step(&calm, b->n, &usual, d->looked) == BURST_BEGAN)
			begin(d, b, &calm, &usual);
	} else if (f->written && burst_step(&f->burst, b->n, &usual, d->looked) == BURST_ENDED) {
		end(f);
	}
}

static bool is_among(struct span brand, const struct archive_brand *brands, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (span_eq(brands[i].brand, brand))
			return true;
	return false;
}

/* What is over and told is forgotten here. */
static void forget(struct detect *d)
{
	d->stats.going = 0;
	for (struct found **at = &d->found; *at;) {
		struct found *f = *at;

		d->stats.going += f->burst.on;
		if (f->burst.on || !f->row.told || f->telling) {
			at = &f->next;
			continue;
		}
		*at = f->next;
		found_free(f);
	}
}

static void on_brands(void *arg, const struct archive_brand *brands, size_t n)
{
	static const struct baseline unknown = {0};
	struct detect *d = arg;

	d->looking = false;
	d->stats.looks++;
	/* Of some nothing at all was said. */
	for (struct found *f = d->found; f; f = f->next)
		if (f->burst.on && f->written && !is_among(f->row.brand, brands, n) &&
			burst_step(&f->burst, 0, &unknown, d->looked) == BURST_ENDED)
			end(f);
	for (size_t i = 0; i < n; i++)
		step(d, &brands[i]);
	for (struct found *f = d->found; f; f = f->next)
		tell(f);
	forget(d);
}

/* What went on, or was not told, when vigie stopped. */
static void on_bursts(void *arg, const struct archive_burst *bursts, size_t n)
{
	struct detect *d = arg;

	d->looking = false;
	d->loaded = true;
	for (size_t i = 0; i < n; i++) {
		struct found *f = calloc(1, sizeof(*f));

		if (!f)
			continue;
		f->detect = d;
		f->row = bursts[i];
		f->row.brand = arena_dup(&f->arena, bursts[i].brand);
		f->row.kind = arena_dup(&f->arena, bursts[i].kind);
		f->row.notice = arena_dup(&f->arena, bursts[i].notice);
		if (!f->row.brand.p || !f->row.kind.p || !f->row.notice.p) {
			found_free(f);
			continue;
		}
		f->burst = (struct burst){.on = !wall_known(f->row.ended),
			.began = f->row.began,
			.calm_since = WALL_NONE,
			.peak = f->row.peak};
		f->written = true;
		f->next = d->found;
		d->found = f;
	}
	(void)timer_set(d->timer, 0);
}

static void on_look(void *arg)
{
	struct detect *d = arg;

	(void)timer_set(d->timer, d->options.every_ms);
	if (d->looking)
		return; /* the archive is in trouble, or very busy */
	d->looking = true;
	d->looked = loop_wall(d->loop);
	if (d->loaded)
		archive_brands(d->archive, d->looked, on_brands, d);
	else
		archive_bursts(d->archive, on_bursts, d);
}

/* --- Life ----------------------------------------------------------------------------------
 */

int detect_new(struct detect **ret, struct loop *loop, struct archive *archive,
	struct dispatch *dispatch, const struct detect_options *options)
{
	struct detect *d = calloc(1, sizeof(*d));
	int r;

	if (!d)
		return -ENOMEM;
	d->loop = loop;
	d->archive = archive;
	d->dispatch = dispatch;
	d->options = *options;
	if (d->options.every_ms <= 0)
		d->options.every_ms = LOOK_EVERY_MS;
	r = timer_new(&d->timer, loop, on_look, d);
	if (r == 0)
		r = timer_set(d->timer, d->options.every_ms);
	if (r < 0) {
		detect_free(d);
		return r;
	}
	*ret = d;
	return 0;
}

struct detect *detect_free(struct detect *d)
{
	if (!d)
		return NULL;
	while (d->found) {
		struct found *f = d->found;

		d->found = f->next;
		found_free(f);
	}
	timer_free(d->timer);
	free(d);
	return NULL;
}

const struct detect_stats *detect_stats(const struct detect *d)
{
	return &d->stats;
}
