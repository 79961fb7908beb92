#ifndef VIGIE_LINE_CRAWL_IMPL_H
#define VIGIE_LINE_CRAWL_IMPL_H

/*
 * crawl_impl: what crawl's files share.
 *     crawl.c         the set of sources and their states
 *     crawl_fetch.c   one source through an attempt
 *     crawl_robots.c  what a site allows, asked first
 *     crawl_parts.c   what of an index is next
 *     crawl_connect.c asks networks
 *     crawl_file.c    file: sources
 */

#include "line/crawl.h"
#include "line/health.h"
#include "line/memo.h"
#include "line/packed.h"
#include "line/rhythm.h"
#include "line/schedule.h"

/* A source at rest: there may be a hundred thousand. */
struct entry {
	const struct source *source; /* of crawl.config */
	struct packed *state;        /* NULL: not known yet */
	struct flight *flight;       /* NULL: not under way */
	float root, bound;           /* its rhythm_share(); both 0: it has none */
	uint64_t host;               /* at the gate of which it stands */
	uint32_t slot;               /* its number in the schedule */
	uint8_t partition;
	bool kept, fresh; /* while the set is replaced */
};

/* An attempt, from the request to the commit. */
struct flight {
	struct crawl *crawl;
	struct entry *entry; /* NULL: taken out of the set meanwhile */
	struct flight *prev, *next;
	struct batch *batch; /* NULL before the answer came; then ours, or at a station */
	struct transfer_handle *handle; /* while the request is under way */
	struct memo memo;
	struct mono began;
	struct mono due; /* once settled */
	bool never;      /* no due time, once settled */
	bool stale;      /* the partition was reset meanwhile: nothing of it is to be adopted */
	bool conditional;
	struct span body_mark;       /* of this answer, once it was needed */
	struct span file;            /* which one of a folder */
	bool again;                  /* the folder, or the index, has more to read */
	bool part;                   /* of an index */
	bool passed;                 /* a failure that won't be met again */
	bool obeys;                  /* robots.txt is asked, for each hop */
	struct span hop;             /* where a redirect leads that waits to be followed */
	struct crawl_site *site;     /* whose robots.txt is waited for */
	struct flight *next_waiting; /* for the same */
	int64_t refused_ms;         /* robots.txt wants no request, for so long; 0: it may be */
	const char *refused_mark;   /* then */
	struct accounts_turn *turn; /* a network's: what to ask with, or whether now */
	struct crawl_reading *reading; /* of a file: its turn, or a thread at it */
	bool token;                 /* it is asked with a token, which may have ended */
};

struct crawl {
	struct loop *loop;
	struct transfer *transfer;
	struct crawl_options options;
	struct schedule *schedule;
	struct timer *timer;
	struct entry *entries; /* by id */
	size_t n_entries;
	uint32_t *by_slot; /* index into entries of each number of the schedule */
	struct flight *flights;
	struct crawl_site *sites; /* uthash, by origin */
	struct crawl_reading *readings; /* of files; the first is under way */
	struct span product;      /* what robots.txt calls us; heap */
	/* Over all sources of every: auto whose state is known. */
	struct rhythm_share shares;
	double price; /* of a request; 0: not known yet */
	size_t n_rooted;
	void *config;
	void *(*config_ref)(void *config);
	void (*config_unref)(void *config);
	bool paused, stopped;
	struct crawl_stats stats;
};

/* Looks at the schedule soon. */
void crawl_arm(struct crawl *c);
struct entry *crawl_find(struct crawl *c, struct span id);
/* The state the next attempt starts from; the old one stays when memory is out. */
void crawl_adopt(struct crawl *c, struct entry *e, const struct source_state *state);

/* Lets an entry that isn't busy stand at the gate of this address's host; it is parked then, if
 * the host is another one. */
void crawl_change_gate(struct crawl *c, struct entry *e, struct span url);

/* Begins an attempt of an entry the schedule handed out. */
void crawl_fetch(struct crawl *c, struct entry *e);
/* The turn was taken by something else: the entry is due at once, and the flight gone. */
void crawl_give_back(struct flight *f);
/* Its batch isn't at a station: something it waits for will come, and can be called off. */
static inline bool crawl_is_asking(const struct flight *f)
{
	return f->handle || f->site || f->turn || f->reading;
}
/* The answer is in flight->batch: to sift, or settled at once. */
void crawl_answered(struct flight *f);
/* Ends an attempt whose answer hasn't come, or the record of one that is at another station:
 * its batch then comes back to crawl_settle() or crawl_committed() as a stranger. */
void crawl_abandon(struct flight *f);

/* May batch->request be made? 0: yes, unless flight->refused_ms was set (then batch->error is,
 * too); CRAWL_ROBOTS_WAIT: the flight waits for the site's answer, and then gives its turn
 * back; negative: it can't be asked. */
enum { CRAWL_ROBOTS_WAIT = 1 };
int crawl_robots_ask(struct flight *f);
/* The same for a redirect: transfer_ask's hop, with the flight. */
enum transfer_hop crawl_robots_hop(void *flight, struct span url);
void crawl_robots_leave(struct flight *f); /* it waits no more */
void crawl_robots_forget(struct crawl *c); /* all sites; nobody waits any more */

/* The part of an index that is to be asked for now; empty: none, the source itself is. */
struct span crawl_parts_next(struct flight *f);
/* After the answer, before it is judged: what is left to be asked for. */
void crawl_parts_settle(struct flight *f);
/* Takes a source of a network through its attempt, up to the request. */
void crawl_connect(struct flight *f);
/* The cursor behind a 304. */
void crawl_connect_unchanged(struct flight *f);
void crawl_connect_told(struct flight *f, const struct health *health);
/* Makes batch->request. 0 or -errno. */
int crawl_send(struct flight *f);
/* Is an unconditional answer due again? */
bool crawl_wants_all(const struct flight *f);
/* Ends an attempt that robots.txt refuses: flight->refused_ms and batch->error are set. */
void crawl_refused(struct flight *f);
/* Forgets an attempt with its batch; its entry stays busy. */
void crawl_drop_flight(struct flight *f);

bool crawl_is_file(const struct source *source);
/* Has flight->batch filled from the file or folder; crawl_answered() then follows. 0, -ENOMEM;
 * -ENOTSUP without a pool. */
int crawl_read_file(struct flight *f);
/* The flight doesn't wait for it any more, and its batch isn't the flight's any more. */
void crawl_leave_file(struct flight *f);
void crawl_forget_files(struct crawl *c); /* when the pool has stopped */

/* How often `every: auto` may ask a source: nobody waits longer than sixteen turns of what
 * asking everybody alike would take, or a day. */
struct rhythm_bounds crawl_bounds(const struct crawl *c);
/* The source's share of the requests that `every: auto` has to give: as many as asking
 * everybody once in every_default_ms would take. */
void crawl_root(struct crawl *c, struct entry *e, struct span memo);

/* XXH3. */
uint64_t crawl_hash(struct span s);

#endif
