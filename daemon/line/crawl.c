/*
 * crawl: the set of sources, their states and their turns. How one attempt goes is told in
 * crawl_fetch.c, what came of it is judged in line/health.
 */

#include "line/crawl.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>
#include <xxhash.h>

#include "io/log.h"
#include "line/crawl_impl.h"
#include "line/identity.h"
#include "sources/url.h"
#include "vigie/cleanup.h"

enum {
	DEFAULT_CONCURRENCY = 2,
	DEFAULT_EVERY_MS = 15 * 60 * 1000,
	DEFAULT_IN_FLIGHT = 64,
	DEFAULT_MAX_BODY = 16 * 1024 * 1024,
	/* A site that lets nobody keep its robots.txt is asked for it so often all the same:
	 * not before each page. One in trouble is left alone for so long, doubled each time. */
	DEFAULT_ROBOTS_LEAST_MS = 5 * 60 * 1000,
	HOUR_MS = 60 * 60 * 1000,
	AUTO_MOST = 16,
	AUTO_TURN = 4,
	AUTO_LEAST_MS = 60 * 1000,
	/* How long the loop may stay with us when thousands are due at once. */
	STARTS_AT_ONCE = 64,
};

uint64_t crawl_hash(struct span s)
{
	return XXH3_64bits(s.p ? s.p : "", s.n);
}

/* --- Turns -------------------------------------------------------------------------------- */

static size_t max_in_flight(const struct crawl *c)
{
	return c->options.max_in_flight;
}

void crawl_arm(struct crawl *c)
{
	const int64_t wait = schedule_wait(c->schedule, loop_now(c->loop).ms);

	if (c->paused || c->stopped || c->stats.in_flight >= max_in_flight(c) ||
		wait == SCHEDULE_NEVER)
		timer_clear(c->timer);
	else
		(void)timer_set(c->timer, wait);
}

static void on_timer(void *arg)
{
	struct crawl *c = arg;
	uint32_t slot;

	for (int i = 0;
		i < STARTS_AT_ONCE && c->stats.in_flight < max_in_flight(c) && !c->paused &&
		!c->stopped && schedule_next(c->schedule, loop_now(c->loop).ms, &slot);
		i++)
		crawl_fetch(c, &c->entries[c->by_slot[slot]]);
	crawl_arm(c);
}

/* Our product token (RFC 9309 section 2.2.1): letters, "_" and "-" at the beginning. */
static struct span product_of(struct span user_agent)
{
	size_t n = 0;

	while (n < user_agent.n && (user_agent.p[n] == '_' || user_agent.p[n] == '-' ||
					   (ascii_lower(user_agent.p[n]) >= 'a' &&
						   ascii_lower(user_agent.p[n]) <= 'z')))
		n++;
	return n ? span_slice(user_agent, 0, n) : SPAN("vigie");
}

/* --- Birth and end ------------------------------------------------------------------------ */

DEFINE_CLEANUP(struct crawl *, crawl_free)

int crawl_new(struct crawl **ret, struct loop *loop, struct transfer *transfer,
	const struct crawl_options *options)
{
	CLEANUP(crawl_freep) struct crawl *c = calloc(1, sizeof(*c));
	struct crawl_options *o;
	struct span product;
	int r;

	if (!c)
		return -ENOMEM;
	c->loop = loop;
	c->transfer = transfer;
	c->options = *options;
	o = &c->options;
	if (!o->concurrency_per_host)
		o->concurrency_per_host = DEFAULT_CONCURRENCY;
	if (!o->every_default_ms)
		o->every_default_ms = DEFAULT_EVERY_MS;
	if (!o->max_in_flight)
		o->max_in_flight = DEFAULT_IN_FLIGHT;
	if (!o->max_body)
		o->max_body = DEFAULT_MAX_BODY;
	if (!o->robots_least_ms)
		o->robots_least_ms = DEFAULT_ROBOTS_LEAST_MS;
	product = product_of(o->user_agent);
	c->product = span_of(strndup(product.p, product.n), product.n);
	if (!c->product.p)
		return -ENOMEM;
	o->user_agent = SPAN_NONE;
	if (!o->seed && getrandom(&o->seed, sizeof(o->seed), 0) < 0)
		return -errno;
	r = schedule_new(&c->schedule, &(struct schedule_options){
					       .concurrency = o->concurrency_per_host,
					       .spacing_ms = o->spacing_ms,
					       .seed = o->seed,
				       });
	if (r < 0)
		return r;
	r = timer_new(&c->timer, loop, on_timer, c);
	if (r < 0)
		return r;
	*ret = TAKE(c);
	return 0;
}

struct crawl *crawl_free(struct crawl *crawl)
{
	if (!crawl)
		return NULL;
	while (crawl->flights)
		crawl_abandon(crawl->flights);
	crawl_robots_forget(crawl);
	crawl_forget_files(crawl);
	free((char *)crawl->product.p);
	for (size_t i = 0; i < crawl->n_entries; i++)
		free(crawl->entries[i].state);
	free(crawl->entries);
	free(crawl->by_slot);
	crawl->timer = timer_free(crawl->timer);
	crawl->schedule = schedule_free(crawl->schedule);
	if (crawl->config_unref)
		crawl->config_unref(crawl->config);
	free(crawl);
	return NULL;
}

void crawl_pause(struct crawl *crawl, bool paused)
{
	if (crawl->paused != paused)
		log_info(paused ? "crawl.paused" : "crawl.resumed");
	crawl->paused = paused;
	crawl_arm(crawl);
}

void crawl_stop(struct crawl *crawl)
{
	crawl->stopped = true;
	timer_clear(crawl->timer);
	for (struct flight *f = crawl->flights, *next; f; f = next) {
		next = f->next;
		if (crawl_is_asking(f))
			crawl_abandon(f);
	}
}

const struct crawl_stats *crawl_stats(const struct crawl *crawl)
{
	return &crawl->stats;
}

/* --- The set ------------------------------------------------------------------------------ */

static int by_id(const void *a, const void *b)
{
	return span_cmp(
		((const struct entry *)a)->source->id, ((const struct entry *)b)->source->id);
}

struct entry *crawl_find(struct crawl *c, struct span id)
{
	const struct source source = {.id = id};
	const struct entry key = {.source = &source};

	if (!c->n_entries)
		return NULL;
	return bsearch(&key, c->entries, c->n_entries, sizeof(key), by_id);
}

static uint64_t host_of(struct arena *arena, const struct source *source, struct span url)
{
	struct span host;
	uint64_t hash;

	if (crawl_is_file(source))
		return SCHEDULE_NO_HOST;
	host = url_host(arena, url);
	hash = crawl_hash(span_empty(host) ? url : host);
	return hash == SCHEDULE_NO_HOST ? 1 : hash;
}

/* A place in the schedule at the gate of the entry's host. */
static int take_slot(struct crawl *c, struct entry *e, struct span url)
{
	struct arena arena = {0};

	e->host = host_of(&arena, e->source, url);
	e->partition = (uint8_t)identity_partition(identity_namespace(&arena, e->source));
	arena_release(&arena);
	return schedule_add(c->schedule, &e->slot, e->host);
}

/* Both sets are sorted. Sources that stay take their entry along; for the others a slot is
 * made. */
static int carry_over(struct crawl *c, struct entry *entries, size_t n)
{
	size_t old = 0;

	for (size_t i = 0; i < c->n_entries; i++)
		c->entries[i].kept = false;
	for (size_t i = 0; i < n; i++) {
		const struct source *source = entries[i].source;
		struct entry *e;
		int r;

		while (old < c->n_entries &&
			span_cmp(c->entries[old].source->id, source->id) < 0)
			old++;
		e = old < c->n_entries ? &c->entries[old] : NULL;
		if (e && span_eq(e->source->id, source->id) &&
			span_eq(e->source->url, source->url)) {
			e->kept = true;
			entries[i] = *e;
			entries[i].source = source;
			continue;
		}
		r = take_slot(c, &entries[i], source->url);
		if (r < 0)
			return r;
		entries[i].fresh = true;
	}
	return 0;
}

static int index_slots(struct crawl *c, const struct entry *entries, size_t n)
{
	uint32_t *by_slot, most = 0;

	for (size_t i = 0; i < n; i++)
		if (entries[i].slot > most)
			most = entries[i].slot;
	by_slot = reallocarray(NULL, (size_t)most + 1, sizeof(*by_slot));
	if (!by_slot)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		by_slot[entries[i].slot] = (uint32_t)i;
	free(c->by_slot);
	c->by_slot = by_slot;
	return 0;
}

static void unroot(struct crawl *c, struct entry *e)
{
	c->n_rooted -= e->root + e->bound > 0;
	c->shares.root -= (double)e->root;
	c->shares.bound -= (double)e->bound;
	e->root = e->bound = 0;
}

struct rhythm_bounds crawl_bounds(const struct crawl *c)
{
	const int64_t every = c->options.every_default_ms;
	const int64_t least =
		every / AUTO_TURN < AUTO_LEAST_MS ? every / AUTO_TURN : AUTO_LEAST_MS;
	const int64_t most = every > HEALTH_LONGEST_MS               ? every
			     : AUTO_MOST * every > HEALTH_LONGEST_MS ? HEALTH_LONGEST_MS
								     : AUTO_MOST * every;

	return (struct rhythm_bounds){least < 1 ? 1 : least, most};
}

void crawl_root(struct crawl *c, struct entry *e, struct span memo)
{
	struct rhythm_share share;
	struct rhythm rhythm;
	struct memo notes;

	unroot(c, e);
	if (e->source->every_ms || crawl_is_file(e->source))
		return;
	memo_decode(&notes, memo);
	rhythm_decode(&rhythm, notes.rhythm);
	share = rhythm_share(&rhythm, c->price, crawl_bounds(c));
	e->root = (float)share.root;
	e->bound = (float)share.bound;
	c->shares.root += (double)e->root;
	c->shares.bound += (double)e->bound;
	c->n_rooted++;
	c->price = rhythm_price(
		c->shares, (double)c->n_rooted * HOUR_MS / (double)c->options.every_default_ms);
}

/* The state is known no more. */
static void forget(struct crawl *c, struct entry *e)
{
	struct source_state state;

	unroot(c, e);
	if (!e->state)
		return;
	packed_read(&state, e->state);
	c->stats.failing -= state.failures > 0;
	free(e->state);
	e->state = NULL;
}

static void drop(struct crawl *c, struct entry *e)
{
	if (e->flight && crawl_is_asking(e->flight))
		crawl_abandon(e->flight);
	else if (e->flight)
		e->flight->entry = NULL;
	forget(c, e);
	schedule_remove(c->schedule, e->slot);
}

/* Asks for all states that aren't known, of one partition or (below 0) of all. */
static void ask_states(struct crawl *c, int partition)
{
	CLEANUP(freep) const struct source **sources = NULL;
	size_t n = 0;

	sources = reallocarray(NULL, c->n_entries + 1, sizeof(*sources));
	if (!sources) {
		log_error("crawl.out_of_memory", INT("sources", c->n_entries));
		return;
	}
	for (size_t i = 0; i < c->n_entries; i++)
		if (!c->entries[i].state &&
			(partition < 0 || c->entries[i].partition == partition))
			sources[n++] = c->entries[i].source;
	if (n)
		c->options.want_states(c->options.arg, sources, n);
}

/* A changed `every` is heard at once. */
static void hasten(struct crawl *c, const struct entry *e)
{
	const int64_t due = schedule_due(c->schedule, e->slot);
	const int64_t latest = loop_now(c->loop).ms + e->source->every_ms;
	struct source_state state;

	if (!e->state || e->flight || due == SCHEDULE_NEVER || !e->source->every_ms)
		return;
	packed_read(&state, e->state);
	if (!state.failures && due > latest)
		schedule_set(c->schedule, e->slot, latest);
}

int crawl_set_sources(struct crawl *crawl, const struct source *const *sources, size_t n,
	void *config, void *(*config_ref)(void *config), void (*config_unref)(void *config))
{
	struct crawl *c = crawl;
	struct entry *entries = calloc(n + 1, sizeof(*entries));
	int r;

	if (!entries)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		entries[i].source = sources[i];
	qsort(entries, n, sizeof(*entries), by_id);
	r = carry_over(c, entries, n);
	if (r == 0)
		r = index_slots(c, entries, n);
	if (r < 0) {
		for (size_t i = 0; i < n; i++)
			if (entries[i].fresh)
				schedule_remove(c->schedule, entries[i].slot);
		free(entries);
		return r;
	}
	for (size_t i = 0; i < c->n_entries; i++)
		if (!c->entries[i].kept)
			drop(c, &c->entries[i]);
	free(c->entries);
	c->entries = entries;
	c->n_entries = c->stats.sources = n;
	for (size_t i = 0; i < n; i++) {
		entries[i].fresh = false;
		if (entries[i].flight)
			entries[i].flight->entry = &entries[i];
		if (entries[i].state) {
			struct source_state state;

			packed_read(&state, entries[i].state);
			crawl_root(c, &entries[i], state.memo);
		}
		hasten(c, &entries[i]);
	}
	config = config_ref ? config_ref(config) : config;
	if (c->config_unref)
		c->config_unref(c->config);
	c->config = config;
	c->config_ref = config_ref;
	c->config_unref = config_unref;
	ask_states(c, -1);
	crawl_arm(c);
	return 0;
}

/* --- States ------------------------------------------------------------------------------- */

/* The host of a source that moved is another one: it stands at that one's gate. */
void crawl_change_gate(struct crawl *c, struct entry *e, struct span url)
{
	struct arena arena = {0};
	const uint64_t host = host_of(&arena, e->source, url);
	uint32_t slot;

	arena_release(&arena);
	/* The freed slot is the next one to be given: by_slot needs no room. */
	if (host == e->host || schedule_is_busy(c->schedule, e->slot))
		return;
	schedule_remove(c->schedule, e->slot);
	if (schedule_add(c->schedule, &slot, host) < 0)
		return;
	e->slot = slot;
	e->host = host;
}

/* An attempt that failed tells nothing of silence, and "gone" stands until an answer comes. */
static void tell(struct crawl *c, const struct entry *e)
{
	struct source_state state;
	struct memo memo;
	bool gone;

	if (!c->options.stands || !e->state)
		return;
	packed_read(&state, e->state);
	memo_decode(&memo, state.memo);
	gone = span_eq_str(state.mark, "gone");
	if (gone || !state.failures)
		c->options.stands(
			c->options.arg, e->source, memo.flags & MEMO_SILENT, gone, state.error);
}

void crawl_tell(struct crawl *crawl)
{
	for (size_t i = 0; i < crawl->n_entries; i++)
		tell(crawl, &crawl->entries[i]);
}

void crawl_adopt(struct crawl *c, struct entry *e, const struct source_state *state)
{
	struct packed *packed = packed_new(state);
	struct source_state before = {0};

	if (!packed) {
		log_error("crawl.out_of_memory", TEXT("source", e->source->id));
		return;
	}
	if (e->state)
		packed_read(&before, e->state);
	c->stats.failing -= before.failures > 0;
	c->stats.failing += state->failures > 0;
	free(e->state);
	e->state = packed;
	crawl_root(c, e, state->memo);
	tell(c, e);
}

/* What was learnt of another address says nothing of this one. What is remembered of the items
 * (namespace, traces, first sights) stays: most often the same source has moved. */
static void forget_address(struct source_state *state)
{
	const struct source_state before = *state;

	*state = source_state_new();
	state->ns = before.ns;
	state->undated = before.undated;
	state->first_contact = before.first_contact;
	state->last_read = before.last_read;
	state->reads = before.reads;
	state->items = before.items;
	state->hits = before.hits;
}

static int64_t due_of(struct crawl *c, const struct entry *e, const struct source_state *state)
{
	const int64_t every = e->source->every_ms;
	int64_t most = state->failures ? HEALTH_RETRY_MS : HEALTH_LONGEST_MS, wait;

	if (!state->failures && every)
		most = every;
	/* What robots.txt said isn't remembered, and the operator may have decided otherwise.
	 */
	if (!wall_known(state->next_due) || span_eq_str(state->mark, "disallowed"))
		return 0;
	/* The wall clock may have been set while we were away. */
	wait = state->next_due.ms - loop_wall(c->loop).ms;
	return wait < 0 ? 0 : wait > most ? most : wait;
}

void crawl_state(struct crawl *crawl, struct span source, const struct source_state *state)
{
	struct crawl *c = crawl;
	struct entry *e = crawl_find(c, source);
	struct source_state known = state ? *state : source_state_new();
	struct memo memo;

	if (!e || e->state)
		return;
	memo_decode(&memo, known.memo);
	if (memo.url && memo.url != crawl_hash(e->source->url))
		forget_address(&known);
	crawl_adopt(c, e, &known);
	if (!e->state || e->flight)
		return; /* still under way: crawl_committed() sets its time */
	if (!span_empty(known.url_moved))
		crawl_change_gate(c, e, known.url_moved);
	if (span_eq_str(known.mark, "gone"))
		schedule_park(c->schedule, e->slot);
	else
		schedule_set(c->schedule, e->slot, loop_now(c->loop).ms + due_of(c, e, &known));
	crawl_arm(c);
}

void crawl_reset(struct crawl *crawl, unsigned partition)
{
	struct crawl *c = crawl;

	for (size_t i = 0; i < c->n_entries; i++) {
		struct entry *e = &c->entries[i];

		if (e->partition != partition)
			continue;
		if (e->flight && crawl_is_asking(e->flight))
			crawl_abandon(e->flight);
		else if (e->flight)
			e->flight->stale = true;
		if (!e->flight)
			schedule_park(c->schedule, e->slot);
		forget(c, e);
	}
	ask_states(c, (int)partition);
	crawl_arm(c);
}

/* --- Views -------------------------------------------------------------------------------- */

void crawl_each(
	struct crawl *crawl, void (*see)(void *arg, const struct crawl_view *view), void *arg)
{
	const int64_t now = loop_now(crawl->loop).ms;

	for (size_t i = 0; i < crawl->n_entries; i++) {
		const struct entry *e = &crawl->entries[i];
		const int64_t due = schedule_due(crawl->schedule, e->slot);
		struct source_state state;
		struct crawl_view view = {
			.source = e->source,
			.fetching = e->flight,
			.due_in_ms = due == SCHEDULE_NEVER ? -1
				     : due > now           ? due - now
							   : 0,
		};

		if (e->state) {
			packed_read(&state, e->state);
			view.state = &state;
		}
		see(arg, &view);
	}
}

int crawl_now(struct crawl *crawl, struct span source)
{
	const struct entry *e = crawl_find(crawl, source);

	if (!e)
		return -ENOENT;
	if (!e->state)
		return -EAGAIN;
	if (!e->flight)
		schedule_set(crawl->schedule, e->slot, loop_now(crawl->loop).ms);
	crawl_arm(crawl);
	return 0;
}
