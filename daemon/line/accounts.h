#ifndef VIGIE_LINE_ACCOUNTS_H
#define VIGIE_LINE_ACCOUNTS_H

/*
 * accounts: who we are at a network: what of its budget is spent, until when it is to be left
 * alone, and the token that lets us in. Before each request a source of a network takes two
 * turns here: accounts_enter() for what to ask with, accounts_spend() for the right to ask now.
 *
 * Budgets stand in one file of the state folder and tokens in a file each (0600), rather than
 * in Redis: both must be durable before they are used (a refresh token may be good only once, a
 * unit spent twice is one too many), and Redis may be away for hours while crawling goes on.
 * They are written on the pool's threads, and nobody waits for more than the own write.
 *
 * Fairness: of each quota a source spends at most the sharers' part in one length of its
 * window, a single request always. What each spent stands beside the budget and is as durable.
 */

#include "io/loop.h"
#include "io/pool.h"
#include "io/transfer.h"
#include "line/budget.h"
#include "line/connection.h"

struct accounts;
struct accounts_turn;

/* In the state folder. */
#define ACCOUNTS_BUDGETS "budgets.json"
#define ACCOUNTS_TOKENS "tokens"
#define ACCOUNTS_LOCK "tokens.lock"

struct accounts_options {
	struct transfer *transfer; /* for tokens */
	const char *folder;        /* the state folder; NULL: nothing outlives the process */
	/* connection.config is held while a token is fetched, for its request must not be given
	 * up: the one it replaces may be worth nothing already. NULL: it lives long enough. */
	void *(*config_ref)(void *config);
	void (*config_unref)(void *config);
};

/* Reads the budgets. What can't be read is an error with *ret_why: a budget that is forgotten
 * would be overrun. 0 or -errno. */
int accounts_new(struct accounts **ret, struct loop *loop, struct pool *pool,
	const struct accounts_options *options, struct arena *arena, struct span *ret_why);
/* Turns must be over or cancelled. After pool_free(). */
struct accounts *accounts_free(struct accounts *accounts);
/* No token is being fetched or written. */
bool accounts_idle(const struct accounts *accounts);

/* What one may ask with, or why not. Lives only during the call. */
struct accounts_entry {
	int64_t wait_ms;              /* > 0: the account is to be left alone for so long */
	enum connector_error refusal; /* CONNECTOR_AUTH: nobody lets us in; `why` says it */
	int64_t retry_ms; /* of a refusal: when to look again, as a person may mend it; 0: not
			     soon */
	struct span why;  /* of a refusal or a wait, for people */
	const struct connector_pass *pass; /* else */
};
typedef void (*accounts_entered)(void *arg, const struct accounts_entry *entry);
/* 0 and the callback comes once, later, unless cancelled; or -ENOMEM. */
int accounts_enter(struct accounts_turn **ret, struct accounts *accounts,
	const struct connection *connection, accounts_entered entered, void *arg);

/* The right to spend `cost` now: wait_ms 0, and it is spent; else ask again then. */
typedef void (*accounts_spent)(void *arg, int64_t wait_ms);
int accounts_spend(struct accounts_turn **ret, struct accounts *accounts,
	const struct connection *connection, struct span source, int64_t cost,
	accounts_spent spent, void *arg);
void accounts_cancel(struct accounts_turn *turn);

/* What the network said: a refusal of the key or the token, and how long it wants to be left
 * alone (0: not at all). CONNECTOR_OK when it answered. */
void accounts_told(struct accounts *accounts, const struct connection *connection,
	enum connector_error refusal, int64_t pause_ms);

/* For status. */
struct accounts_view {
	struct span account; /* without the mark of its secrets */
	struct wall paused_until;
	const struct quota_budget *budgets;
	size_t n_budgets;
	struct wall token_end; /* WALL_NONE: no token, or it doesn't say */
	bool has_token;
};
void accounts_each(const struct accounts *accounts,
	void (*see)(void *arg, const struct accounts_view *view), void *arg);

/* Where the token of an account stands, in the arena; for `vigie auth`. */
struct span accounts_token_path(struct arena *arena, const char *folder, struct span account);
/* Whoever replaces a token holds the account's lock from looking at the old one until the new
 * one is written: a refresh token is good once, and a command may run beside the daemon. A
 * descriptor to be closed; -EAGAIN: somebody else has it, unless `wait`; -errno. */
int accounts_token_lock(const char *folder, struct span account, bool wait);

#endif
