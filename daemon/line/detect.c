#include "line/detect.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "io/log.h"
#include "line/notice.h"
#include "vigie/burst.h"

enum {
	LOOK_EVERY_MS = 60000,
	OVER_FOR_MS = 24 * 3600 * 1000,
	NOTICE_MOST = DESK_NOTICE_TEXT - 60, /* its end takes the rest */
};

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
	const struct policy *policy;
	const struct zone *zone;
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
	f->row.told++;
	archive_burst_write(f->detect->archive, &f->row, NULL, NULL);
}

/* The same burst is the same finding, for the ledger; its end is another one. */
static void make_key(
	struct item_key *ret, const char *what, struct span brand, struct wall began)
{
	XXH3_state_t *state = XXH3_createState();
	XXH128_hash_t hash = {0, 0};

	if (state) {
		(void)XXH3_128bits_reset(state);
		(void)XXH3_128bits_update(state, what, strlen(what));
		(void)XXH3_128bits_update(state, brand.p ? brand.p : "", brand.n);
		(void)XXH3_128bits_update(state, &began.ms, sizeof(began.ms));
		hash = XXH3_128bits_digest(state);
	}
	memcpy(ret->b, &hash, sizeof(ret->b));
	(void)XXH3_freeState(state);
}

/* One that an older version wrote down was not judged. */
static double judged(const struct notice *notice)
{
	return notice->spike.points ? notice->spike.severity : severity_default.spike;
}

/* What was told when it began, with its end. 0 or negative. */
static int encode_end(struct buf *json, double *ret_severity, const struct found *f)
{
	struct arena arena = {0};
	struct notice notice;
	int r = notice_decode(&notice, &arena, f->row.notice);

	if (r == 0) {
		notice.spike.ended = f->row.ended;
		notice.spike.peak = f->row.peak;
		*ret_severity = judged(&notice);
		r = notice_encode(json, &notice);
	}
	arena_release(&arena);
	return r;
}

static double severity_in(struct span json)
{
	struct arena arena = {0};
	struct notice notice;
	const double severity = notice_decode(&notice, &arena, json) == 0 ? judged(&notice) : 0;

	arena_release(&arena);
	return severity;
}

static void tell(struct found *f)
{
	struct dispatch_notice notice = {.key = f->row.key,
		.brand = f->row.brand,
		.kind = f->row.kind,
		.at = f->row.began,
		.json = f->row.notice};
	struct buf json = {0};

	if (f->telling || !f->written)
		return;
	if (f->row.told == BURST_UNTOLD) {
		notice.severity = severity_in(f->row.notice);
		f->telling = dispatch_notice(f->detect->dispatch, &notice, on_filed, f) == 0;
	} else if (f->row.told == BURST_TOLD && wall_known(f->row.ended) &&
		   encode_end(&json, &notice.severity, f) == 0) {
		make_key(&notice.key, "spike over", f->row.brand, f->row.began);
		notice.at = f->row.ended;
		notice.json = buf_span(&json);
		f->telling = dispatch_notice(f->detect->dispatch, &notice, on_filed, f) == 0;
	}
	buf_deinit(&json);
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
	int r;

	for (size_t i = 0; i < n && i < NOTICE_CARRIERS; i++) {
		f->notice.carriers[i] = carriers[i].key;
		f->notice.carried[i] = carriers[i].n;
		f->notice.spike.n_carried++;
	}
	r = notice_encode(&json, &f->notice);
	/* A name full of escapes: rather fewer stories than half of one. */
	while (r == 0 && json.n > NOTICE_MOST && f->notice.spike.n_carried) {
		buf_clear(&json);
		f->notice.spike.n_carried--;
		r = notice_encode(&json, &f->notice);
	}
	if (r == 0)
		f->row.notice = arena_dup(&f->arena, buf_span(&json));
	buf_deinit(&json);
	if (f->row.notice.p) {
		write_down(f);
	} else {
		/* Without memory: found again at the next look. */
		f->burst.on = false;
		f->row.told = BURST_OVER_TOLD;
		f->written = true;
	}
}

/* --- Looking -------------------------------------------------------------------------------
 */

static double judge(struct detect *d, struct found *f, const struct baseline *usual)
{
	const struct desk_notice notice = {.rule = SPAN("spike"),
		.kind = SPAN("spike"),
		.brand = f->row.brand,
		.brand_kind = f->row.kind,
		.tags = &f->row.kind,
		.n_tags = 1};

	return severity_of_spike(f->notice.points, d->policy, &notice, f->row.peak,
		usual->usual, usual->learning);
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
	make_key(&f->row.key, "spike", f->row.brand, f->row.began);
	f->notice = (struct notice){.is_spike = true,
		.spike = {.brand = f->row.brand,
			.competitor = span_eq_str(f->row.kind, "competitor"),
			.n = b->n,
			.usual = usual->usual,
			.spread = usual->spread,
			.begins = burst_begins_at(usual),
			.samples = usual->samples,
			.learning = usual->learning,
			.began = burst->began,
			.ended = WALL_NONE,
			.points = f->notice.points}};
	f->notice.spike.severity = judge(d, f, usual);
	f->next = d->found;
	d->found = f;
	d->stats.begun++;
	log_info("detect.burst_began", TEXT("brand", f->row.brand), INT("mentions", b->n),
		INT("usual", usual->usual));
	archive_carriers(d->archive, f->row.brand, d->looked, NOTICE_CARRIERS, on_carriers, f);
}

static void end(struct found *f)
{
	/* Not when that was sure. */
	f->row.ended =
		wall_known(f->burst.calm_since) ? f->burst.calm_since : f->detect->looked;
	f->row.peak = f->burst.peak;
	f->detect->stats.ended++;
	f->written = false;
	log_info("detect.burst_ended", TEXT("brand", f->row.brand), INT("peak", f->burst.peak));
	write_down(f);
}

/* So that it is known after a restart. */
static void keep_peak(struct found *f)
{
	if (f->burst.peak <= f->row.peak)
		return;
	f->row.peak = f->burst.peak;
	archive_burst_write(f->detect->archive, &f->row, NULL, NULL);
}

static void step(struct detect *d, const struct archive_brand *b)
{
	const struct baseline usual = baseline_of(&b->past);
	struct found *f = find(d, b->brand);
	struct burst calm = {.on = false, .calm_ms = d->options.calm_ms};

	if (!f) {
		if (burst_step(&calm, b->n, &usual, d->looked) == BURST_BEGAN)
			begin(d, b, &calm, &usual);
	} else if (f->written) {
		if (burst_step(&f->burst, b->n, &usual, d->looked) == BURST_ENDED)
			end(f);
		else
			keep_peak(f);
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
		if (f->burst.on || f->row.told != BURST_OVER_TOLD || f->telling ||
			!f->written) {
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

/* That something is over which ended so long ago is no news; as what an older version left. */
static bool is_old_news(const struct archive_burst *b, struct wall now)
{
	return b->told == BURST_TOLD && wall_known(b->ended) &&
	       now.ms - b->ended.ms > OVER_FOR_MS;
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
			.peak = f->row.peak,
			.calm_ms = d->options.calm_ms};
		if (is_old_news(&f->row, d->looked)) {
			f->row.told = BURST_OVER_TOLD;
			archive_burst_write(d->archive, &f->row, NULL, NULL);
		}
		f->written = true;
		f->next = d->found;
		d->found = f;
	}
	(void)timer_set(d->timer, 0);
}

static void on_look(void *arg)
{
	int64_t ago_ms[BASELINE_WEEKS + BASELINE_DAYS];
	struct detect *d = arg;

	(void)timer_set(d->timer, d->options.every_ms);
	if (d->looking || !d->policy)
		return; /* the archive is in trouble, or very busy */
	d->looking = true;
	d->looked = loop_wall(d->loop);
	baseline_ago(ago_ms, d->zone, d->looked);
	if (d->loaded)
		archive_brands(d->archive, d->looked, ago_ms, on_brands, d);
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

void detect_set_policy(struct detect *d, const struct policy *policy, const struct zone *zone)
{
	d->policy = policy;
	d->zone = zone;
}

const struct detect_stats *detect_stats(const struct detect *d)
{
	return &d->stats;
}
