#ifndef VIGIE_LINE_ACCOUNTS_INNER_H
#define VIGIE_LINE_ACCOUNTS_INNER_H

/*
 * accounts_inner: what the files of accounts share; nobody else includes it.
 *     accounts.c        turns, budgets, pauses
 *     accounts_token.c  tokens: fetched, written, then used
 */

#define HASH_NONFATAL_OOM 1
#include <jansson.h>
#include <uthash.h>

#include "line/accounts.h"

/* What a source spent of an account's longest quota; `reserved` as in line/budget.h. */
struct member {
	UT_hash_handle hh;
	int64_t window; /* number of the window's length since 1970 */
	int64_t spent, reserved;
	char source[];
};

/* A file on its way to the disk. */
struct write {
	struct pool_job job;
	struct span path;
	struct buf bytes;
	bool busy;
	int result;
};

struct token_fetch;

struct account {
	UT_hash_handle hh;
	struct accounts *accounts;
	char *name;
	struct quota_budget *budgets;
	size_t n_budgets;
	struct wall paused_until;
	struct mono next; /* no request before: the network's spacing */
	struct member *members;
	/* The token: */
	char *token; /* NULL: none */
	size_t token_n;
	bool token_read; /* its file was looked at */
	bool refused;
	struct token_fetch *fetch; /* under way, or its result being written */
	unsigned failures;
	struct wall not_before; /* no token is asked for */
	char *trouble;          /* why there is none */
	bool wrong;             /* … and asking again won't help */
};

enum turn_stage {
	TURN_ENTER, /* to be looked at, soon */
	TURN_TOKEN, /* waits for the account's token */
	TURN_WRITE, /* waits for the budgets to be durable */
	TURN_SPENT, /* to be told, soon */
};

struct accounts_turn {
	struct accounts_turn *prev, *next;
	struct account *account;
	const struct connection *connection;
	enum turn_stage stage;
	accounts_entered entered;
	accounts_spent spent;
	void *arg;
	uint64_t version; /* TURN_WRITE: of the budgets that must be durable */
	int64_t wait_ms;
};

struct accounts {
	struct loop *loop;
	struct pool *pool;
	struct accounts_options options;
	struct account *all;
	struct accounts_turn *turns;
	struct timer *soon, *retry;
	struct span folder;
	struct arena arena;
	json_t *stored; /* the file of budgets, as it was read */
	struct write budgets;
	uint64_t version, writing, written; /* of the budgets */
	size_t fetches;
};

/* Calls turns that are waiting for the account's token, again. */
void accounts_reconsider(struct account *account);
/* Writes on the pool; calls done() on the loop thread with write->result. */
void accounts_write(struct accounts *a, struct write *w, void (*done)(void *arg), void *arg);

/* accounts_token.c */
void account_read_token(struct account *account);
/* Begins to fetch one, unless that is under way, or the file has another one by now.
 * accounts_reconsider() is called when it is over, perhaps before this returns. 0 or -ENOMEM.
 */
int account_fetch_token(struct account *account, const struct connection *connection);
void account_end_fetch(struct account *account);
void account_set_trouble(struct account *account, struct span why);

#endif
