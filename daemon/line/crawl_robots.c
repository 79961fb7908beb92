/*
 * crawl_robots: /robots.txt (RFC 9309) before what wants it (sources/kind.h; of a network, ways
 * that read web pages), for its address and for where each redirect leads. Each origin has one
 * answer, fetched once for however many sources wait for it, and kept for a day at most
 * (section 2.4). What a site allows us is read in sources/robots; nothing of it is durable.
 */

#include <errno.h>
#include <stdlib.h>
#include <uthash.h>

#include "io/log.h"
#include "line/crawl_impl.h"
#include "sources/robots.h"
#include "sources/url.h"

enum {
	DAY_MS = 24 * 3600 * 1000,
	TROUBLE_LONGEST_MS = 3600 * 1000,
	/* A file that was out of reach for so long counts as none (section 2.3.1.4). */
	TROUBLE_DAYS = 30,
	/* Crawl-delay is in no standard, and some write an hour: that would keep a forum from
	 * being read at all. */
	DELAY_MOST_MS = 60 * 1000,
	ORIGINS_MOST = 20000,
};

/* The answer of one origin. */
struct crawl_site {
	UT_hash_handle hh;
	struct crawl *crawl;
	struct span origin; /* "https://host:port"; heap */
	struct arena arena; /* of the rules */
	struct robots robots;
	enum robots_fetch answer;
	char trouble[80];   /* ROBOTS_NOTHING: why */
	int64_t until_ms;   /* monotonic; when it is asked for anew */
	int64_t failing_ms; /* since then it was out of reach; 0: it isn't */
	unsigned failures;
	struct transfer_handle *handle;
	struct flight *waiting;
};

static void site_free(struct crawl_site *site)
{
	HASH_DEL(site->crawl->sites, site);
	if (site->handle)
		transfer_cancel(site->handle);
	arena_release(&site->arena);
	free((char *)site->origin.p);
	free(site);
}

/* The one that is to be asked for first makes room. */
static void make_room(struct crawl *c)
{
	struct crawl_site *oldest = NULL;

	if (HASH_COUNT(c->sites) < ORIGINS_MOST)
		return;
	for (struct crawl_site *s = c->sites; s; s = s->hh.next)
		if (!s->handle && (!oldest || s->until_ms < oldest->until_ms))
			oldest = s;
	if (oldest)
		site_free(oldest);
}

/* NULL when memory is out. */
static struct crawl_site *site_of(struct crawl *c, struct span origin)
{
	struct crawl_site *site;

	HASH_FIND(hh, c->sites, origin.p, origin.n, site);
	if (site)
		return site;
	make_room(c);
	site = calloc(1, sizeof(*site));
	if (!site)
		return NULL;
	site->crawl = c;
	site->robots.delay_ms = -1;
	site->answer = ROBOTS_NOTHING;
	site->until_ms = INT64_MIN;
	site->origin = span_of(strndup(origin.p, origin.n), origin.n);
	if (!site->origin.p) {
		free(site);
		return NULL;
	}
	HASH_ADD_KEYPTR(hh, c->sites, site->origin.p, site->origin.n, site);
	return site;
}

void crawl_robots_forget(struct crawl *c)
{
	while (c->sites)
		site_free(c->sites);
}

/* --- The answer --------------------------------------------------------------------------- */

static int64_t kept_ms(struct crawl *c, const struct document *d)
{
	const int64_t fresh = health_fresh(d, loop_wall(c->loop));
	const int64_t least = c->options.robots_least_ms;

	return fresh < 0 || fresh > DAY_MS ? DAY_MS : fresh < least ? least : fresh;
}

/* Out of reach. What was read before holds meanwhile. */
static void trouble(struct crawl_site *site, const struct document *d, struct span why)
{
	const int64_t now = loop_now(site->crawl->loop).ms;
	const int64_t asked = d ? health_retry_after(d, loop_wall(site->crawl->loop)) : -1;
	int64_t wait = site->crawl->options.robots_least_ms;

	for (unsigned i = 0; i < site->failures && wait < TROUBLE_LONGEST_MS; i++)
		wait *= 2;
	if (wait > TROUBLE_LONGEST_MS)
		wait = TROUBLE_LONGEST_MS;
	if (wait < asked)
		wait = asked < DAY_MS ? asked : DAY_MS;
	site->failures++;
	site->until_ms = now + wait;
	if (!site->failing_ms)
		site->failing_ms = now;
	if (now - site->failing_ms >= (int64_t)TROUBLE_DAYS * DAY_MS) {
		site->answer = ROBOTS_ALL;
		site->robots = (struct robots){.delay_ms = -1};
		arena_release(&site->arena);
	} else if (site->answer != ROBOTS_READ) {
		site->answer = ROBOTS_NOTHING;
	}
	(void)snprintf(site->trouble, sizeof(site->trouble), "%.*s",
		why.n < sizeof(site->trouble) ? (int)why.n : (int)sizeof(site->trouble) - 1,
		why.p);
	log_info("crawl.robots_out_of_reach", LOG_URL("site", site->origin), TEXT("why", why),
		INT("again_in_ms", wait));
}

static void take(struct crawl_site *site, const struct document *d)
{
	struct arena arena = {0};
	struct robots robots = {.delay_ms = -1};
	const enum robots_fetch answer = robots_status(d->status);
	char status[16];

	if (answer == ROBOTS_NOTHING) {
		(void)snprintf(status, sizeof(status), "it answers %d", d->status);
		trouble(site, d, span_str(status));
		return;
	}
	/* Half of a file may lack the rule that matters. */
	if (answer == ROBOTS_READ && d->end == DOCUMENT_TRUNCATED) {
		trouble(site, d, SPAN("it ends early"));
		return;
	}
	if (answer == ROBOTS_READ &&
		robots_read(&robots, &arena, d->body, site->crawl->product) < 0) {
		arena_release(&arena);
		trouble(site, d, SPAN("there is no memory for it"));
		return;
	}
	arena_release(&site->arena);
	site->arena = arena;
	site->robots = robots;
	if (!robots.n_rules)
		arena_release(&site->arena);
	site->answer = answer;
	site->failing_ms = 0;
	site->failures = 0;
	site->until_ms = loop_now(site->crawl->loop).ms + kept_ms(site->crawl, d);
	log_debug("crawl.robots", LOG_URL("site", site->origin), INT("status", d->status),
		INT("rules", robots.n_rules));
}

static void go_on(struct flight *f, const struct crawl_site *site);

static void on_robots(void *arg, const struct transfer_result *result)
{
	struct crawl_site *site = arg;
	struct crawl *c = site->crawl;
	static const struct document none = {.status = 404};

	site->handle = NULL;
	if (result->error == TRANSFER_OK)
		take(site, &result->document);
	else if (result->error ==
		 TRANSFER_REDIRECTS) /* section 2.3.1.2: as if there were none */
		take(site, &none);
	else
		trouble(site, NULL, result->why);
	/* The fetch took their turn: they get another one, with the host's distance between.
	 * What a redirect brought here goes on. */
	while (site->waiting) {
		if (site->waiting->handle)
			go_on(site->waiting, site);
		else
			crawl_give_back(site->waiting);
	}
	crawl_arm(c);
}

static int fetch(struct crawl_site *site)
{
	struct arena arena = {0};
	const struct header accept = {SPAN("Accept"), SPAN("text/plain, */*;q=0.5")};
	const struct request request = {
		.url = arena_printf(&arena, "%.*s/robots.txt", SPAN_ARG(site->origin)),
		.headers = &accept,
		.n_headers = 1,
	};
	int r = -ENOMEM;

	if (request.url.p)
		r = transfer_start(&site->handle, site->crawl->transfer,
			&(struct transfer_ask){
				.request = &request, .max_body = ROBOTS_MAX_BYTES},
			on_robots, site);
	arena_release(&arena);
	return r;
}

/* --- The question ------------------------------------------------------------------------- */

void crawl_robots_leave(struct flight *f)
{
	struct flight **at = &f->site->waiting;

	while (*at != f)
		at = &(*at)->next_waiting;
	*at = f->next_waiting;
	f->site = NULL;
}

static void judge(struct flight *f, const struct crawl_site *site, struct span path)
{
	struct crawl *c = f->crawl;
	struct batch *b = f->batch;
	const int64_t left = site->until_ms - loop_now(c->loop).ms;
	unsigned line;

	if (site->answer == ROBOTS_NOTHING) {
		b->error = arena_printf(&b->arena,
			"robots.txt is out of reach (%s), and until it is known nothing of the "
			"site is asked for",
			site->trouble);
		f->refused_mark = "";
	} else if (!robots_allows(&line, &site->robots, &b->arena, path)) {
		b->error = arena_printf(&b->arena,
			"disallowed by robots.txt, line %u: ask the site's owner to allow "
			"\"%.*s\", or write crawl: {robots: false}",
			line, SPAN_ARG(c->product));
		f->refused_mark = "disallowed";
	} else {
		return;
	}
	f->refused_ms = left > 0 ? left : 1;
}

/* "https://host:port" of an address in its one spelling, without userinfo, and what follows. */
static bool split(struct arena *arena, struct span url, struct span *origin, struct span *path)
{
	const struct span whole = url_normalize(arena, url);
	const struct url_parts parts = url_split(whole);
	struct span host = parts.authority;
	const size_t at = span_find(host, '@');

	if (!whole.p || !url_is_web(whole))
		return false;
	if (at < host.n)
		host = span_slice(host, at + 1, host.n);
	*origin = arena_printf(arena, "%.*s://%.*s", SPAN_ARG(parts.scheme), SPAN_ARG(host));
	*path = span_of(parts.path.p, (size_t)(whole.p + whole.n - parts.path.p));
	return origin->p;
}

/* Whose robots.txt speaks of the address. 0: *ret has its answer; NULL: nobody is to be asked;
 * CRAWL_ROBOTS_WAIT: the flight waits for it; negative: it can't be asked. */
static int ask_site(
	struct crawl_site **ret, struct span *ret_path, struct flight *f, struct span url)
{
	struct crawl *c = f->crawl;
	struct crawl_site *site;
	struct span origin;
	int r;

	*ret = NULL;
	if (c->options.ignore_robots || !f->obeys ||
		!split(&f->batch->arena, url, &origin, ret_path))
		return 0;
	site = site_of(c, origin);
	if (!site)
		return -ENOMEM;
	if (!site->handle && site->until_ms > loop_now(c->loop).ms) {
		*ret = site;
		return 0;
	}
	r = site->handle ? 0 : fetch(site);
	if (r < 0)
		return r;
	f->site = site;
	f->next_waiting = site->waiting;
	site->waiting = f;
	return CRAWL_ROBOTS_WAIT;
}

int crawl_robots_ask(struct flight *f)
{
	struct crawl_site *site;
	struct span path;
	const int r = ask_site(&site, &path, f, f->batch->request.url);
	const int64_t delay = site ? site->robots.delay_ms : 0;

	if (r || !site)
		return r;
	schedule_space(f->crawl->schedule, f->entry->slot,
		delay < DELAY_MOST_MS ? delay : DELAY_MOST_MS);
	judge(f, site, path);
	return 0;
}

/* --- Redirects ---------------------------------------------------------------------------- */

static void judge_hop(struct flight *f, const struct crawl_site *site, struct span path)
{
	struct batch *b = f->batch;

	judge(f, site, path);
	if (f->refused_ms)
		b->error = arena_printf(&b->arena, "redirects to %.*s: %.*s",
			SPAN_ARG(site->origin), SPAN_ARG(b->error));
}

enum transfer_hop crawl_robots_hop(void *flight, struct span url)
{
	struct flight *f = flight;
	struct crawl_site *site;
	struct span path;
	int r;

	f->hop = arena_dup(&f->batch->arena, url);
	r = f->hop.p ? ask_site(&site, &path, f, f->hop) : -ENOMEM;
	if (r == CRAWL_ROBOTS_WAIT)
		return TRANSFER_HOLD;
	if (r == 0 && site)
		judge_hop(f, site, path);
	return r < 0 || f->refused_ms ? TRANSFER_STOP : TRANSFER_FOLLOW;
}

static void go_on(struct flight *f, const struct crawl_site *site)
{
	struct span origin, path;

	crawl_robots_leave(f);
	if (split(&f->batch->arena, f->hop, &origin, &path))
		judge_hop(f, site, path);
	if (!f->refused_ms) {
		transfer_follow(f->handle);
		return;
	}
	transfer_cancel(f->handle);
	f->handle = NULL;
	crawl_refused(f);
}
