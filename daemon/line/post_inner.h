#ifndef VIGIE_LINE_POST_INNER_H
#define VIGIE_LINE_POST_INNER_H

/*
 * post_inner: what the files of post share; nobody else includes it.
 *     post.c          life, policy, mailboxes, the ledger, numbers
 *     post_attempt.c  one attempt: fetch, render, send, judge, write down
 *     post_incident.c what goes on in the house, and who is told
 *     post_notice.c   the words for it
 *     post_control.c  deliveries for people
 */

#include "line/dispatch_desk.h"
#include "line/notice.h"
#include "line/post.h"

enum mailbox_state {
	MAILBOX_IDLE,
	MAILBOX_TAKING,   /* asks the outbox for the next delivery */
	MAILBOX_FETCHING, /* waits for the hits */
	MAILBOX_SENDING,
	MAILBOX_RECORDING, /* what came of it is on its way to the outbox */
	MAILBOX_BURYING,   /* the receiver is no more */
};

/* One receiver's. */
struct mailbox {
	struct mailbox *next;
	struct post *post;
	struct span id; /* heap */
	enum mailbox_state state;
	struct timer *timer; /* the next step, whatever the state is */
	bool woken;          /* while it was busy */
	bool said_stopped;
	struct mono free_at; /* the platform's pace: when all that was sent is paid for */
	int64_t credit_ms;   /* how long before that the next may go */
	struct attempt *attempt;
};

struct tell; /* an outcome on its way into the ledger */

struct post {
	struct loop *loop;
	struct transfer *transfer;
	struct archive *archive;
	struct outbox *outbox;
	struct dispatch_desk *desk; /* may be NULL: then no outcome is settled */
	struct arena arena;         /* of the options */
	struct span public_url, host;
	double time_scale;
	const struct policy *policy;
	void *config;
	void (*unref)(void *config);
	struct mailbox *mailboxes;
	struct tell *tells;
	struct question *questions; /* post_control.c */
	struct timer *look;         /* numbers, and what was missed */
	bool looking, look_again, stopping;
	struct going_on *going_on; /* post_incident.c */
	bool going_on_known;
	void (*incidents)(void *arg);
	void (*coverage)(void *arg, uint64_t *ret_healthy, uint64_t *ret_sources);
	void *options_arg;
	json_t *counts;
	int64_t delivered, failed;
};

/* post.c */
const struct receiver *post_receiver(const struct post *post, struct span id); /* or NULL */
void mailbox_go(struct mailbox *mailbox);
void mailbox_spend(struct mailbox *mailbox, const struct channel *channel);
void mailbox_later(struct mailbox *mailbox, int64_t delay_ms);
/* The outcome of a delivery for the ledger; the outbox forgets what it kept until then. */
void post_tell(struct post *post, struct span id, struct span receiver, struct span outcome,
	const struct span *keys, size_t n_keys);
void post_tell_by_id(struct post *post, struct span id);
void post_look_soon(struct post *post);

/* post_attempt.c */
void attempt_begin(struct mailbox *mailbox, const struct outbox_taken *taken);
void attempt_go_on(struct mailbox *mailbox); /* the mailbox' timer while it is busy */
void attempt_free(struct attempt *attempt);
/* Stands for a receiver's configuration: 16 hexadecimal digits and a NUL. */
enum { MARK_TEXT = 16 };
void receiver_mark(char out[MARK_TEXT + 1], const struct receiver *receiver);

/* post_notice.c: a mention that is in no archive, for a delivery of that id: of a finding, or
 * (NULL) of a receiver that was stopped. 0 or -ENOMEM. */
int notice_make(const struct hit **ret, struct arena *arena, const struct post *post,
	const struct outbox_taken *taken, const struct notice *notice, struct span lang);

/* The same for a spike that is told among others: its figures stand in the title. */
int notice_make_among(const struct hit **ret, struct arena *arena, const struct post *post,
	const struct outbox_taken *taken, const struct notice *notice, struct span lang);

/* The same for a digest that has nothing: that, and how many sources answer. 0 or -ENOMEM. */
int notice_make_nothing(const struct hit **ret, struct arena *arena, const struct post *post,
	const struct outbox_taken *taken, struct span lang);

/* post_incident.c */
void post_incidents_ask(struct post *post); /* what goes on? */
void post_incidents_free(struct post *post);
/* Receivers of notices but one; n of them in the arena. */
const struct span *post_notice_receivers(
	const struct post *post, struct arena *arena, struct span but, size_t *ret_n);

/* post_control.c */
void post_questions_free(struct post *post);

#endif
