#ifndef VIGIE_LINE_POST_H
#define VIGIE_LINE_POST_H

/*
 * post: sends what dispatch filed. Each receiver is served by itself: in order, one message at
 * a time, at its platform's pace, so that one that hangs or fails delays no other. The attempt
 * is written down before it is made and what came of it behind it; the id stays the same over
 * all attempts, so what was in flight when the machine died is sent again and can be
 * recognised.
 *
 * What fails is tried again by line/retry.h, with the receiver's Retry-After never undercut;
 * what can't be taken goes to the dead letters at once. While a receiver fails its oldest
 * message alone is tried, and now and then the one behind it: if that one passes, the oldest is
 * parked. A receiver that is gone for good is stopped, and the others are told so, once. The
 * ledger of the archive gets one outcome per item and receiver.
 */

#include <jansson.h>

#include "io/transfer.h"
#include "line/archive.h"
#include "line/outbox.h"
#include "vigie/policy.h"

struct post;

/* What of the house people are told, by line/post_notice.c. */
enum incident {
	INCIDENT_SILENT, /* a source speaks no more, against its habit */
	INCIDENT_GONE,   /* a source is no longer asked: it said it is gone for good */
	INCIDENTS
};

struct post_options {
	struct span redis_url;
	struct span prefix;
	struct span public_url; /* of the dashboard, for links; may be empty */
	struct span host;       /* own name, for Message-ID; empty: the machine's */
	double time_scale;      /* divides the schedule of retries, for tests; 0: 1 */
	size_t keep_sent;       /* see struct outbox_options */
	int64_t keep_sent_ms;
	/* It is known what goes on: from now on post_incident() is heard, and all is to be said
	 * anew. Comes again when Redis came back. */
	void (*incidents)(void *arg);
	/* How many sources there are, and how many of them answer; may be NULL. */
	void (*coverage)(void *arg, uint64_t *ret_healthy, uint64_t *ret_sources);
	void *arg;
};

/* `transfer` must follow no redirects. Nothing is sent before a policy is set. */
int post_new(struct post **ret, struct loop *loop, struct transfer *transfer,
	struct archive *archive, const struct post_options *options);
/* Cancels what is on its way. Either the archive is freed before, or the loop runs no more. */
struct post *post_free(struct post *post);

/* Deliveries to receivers that are no more go to the dead letters. `policy` lives as long as
 * the reference to `config`. */
int post_set_policy(struct post *post, const struct policy *policy, void *config,
	void *(*ref)(void *config), void (*unref)(void *config));

/* Starts nothing new; what is on its way is finished. post_idle() says when. */
void post_stop(struct post *post);
bool post_idle(const struct post *post);

/* For dispatch. */
struct outbox *post_outbox(struct post *post);
void post_wake(struct post *post, struct span receiver); /* it has something to send */
/* Whom the outcomes of deliveries are told, beside the ledger; also when it is ready again.
 * NULL: they wait. */
struct dispatch_desk;
void post_set_desk(struct post *post, struct dispatch_desk *desk);

/* `about` (a source's id) has this incident, or hasn't. The receivers of notices are told when
 * it begins and when it is over, once each, over restarts; saying the same again costs nothing.
 */
void post_incident(struct post *post, enum incident incident, struct span about, bool goes_on,
	struct span why);

/* {"waiting","parked","dead","sent","stopped","delivered","failed"}: borrowed, and as
 * of less than a second ago. NULL before the first look. */
json_t *post_counts(const struct post *post);

/* Serves what is below /deliveries: GET "" (list), GET "/ID", POST "/redrive", "/ID/redrive",
 * "/ID/drop". answer() comes once, perhaps from inside the call, with an HTTP status and JSON
 * (a sentence for people from 400 on); never after post_free(). */
typedef void (*post_answer)(void *arg, int status, struct span body);
void post_control(
	struct post *post, struct span method, struct span path, post_answer answer, void *arg);

#endif
