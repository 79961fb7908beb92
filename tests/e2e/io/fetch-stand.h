#ifndef VIGIE_TESTS_FETCH_STAND_H
#define VIGIE_TESTS_FETCH_STAND_H

/*
 * fetch-stand: transfer, asked for documents by an origin on loopback. The origin's script is
 * origin.json beside this file; its language is told at the top of origin.py.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "io/transfer.h"
#include "peer.h"
#include "vigie/buf.h"

extern struct peer origin;
extern struct loop *loop;
extern struct address_range here; /* 127.0.0.1 alone: the origin */

struct answer_copy {
	int count;
	enum transfer_error error;
	unsigned hops;
	bool reused;
	int status;
	enum document_end end;
	char *why, *url, *permanent_url, *type, *etag, *modified, *retry_after, *cache_control;
	char *expires, *date, *body;
	size_t body_size, n_headers;
};

/* Of a group. */
int begin(void **state);
int end(void **state);

char *keep(struct span s);
/* Copies the result into a struct answer_copy, and stops the loop. */
void on_done(void *arg, const struct transfer_result *r);
void forget(struct answer_copy *a);
/* {http}, {https} stand for the origin; the caller's. */
char *address(const char *text);
/* The transfer most tests use: guarded, and the origin allowed. */
struct transfer_options usual(void);
struct transfer *open_transfer(const struct transfer_options *options);
/* Waits for the answer. */
void ask(struct answer_copy *a, struct transfer *t, const struct request *request);
void get(struct answer_copy *a, struct transfer *t, const char *url);

#endif
