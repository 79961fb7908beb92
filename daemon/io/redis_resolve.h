#ifndef VIGIE_IO_REDIS_RESOLVE_H
#define VIGIE_IO_REDIS_RESOLVE_H

/*
 * redis_resolve: the addresses of a host name without waiting for them: hiredis would ask the
 * resolver on the loop thread, for seconds when a name server is silent. One short-lived thread
 * a question, which is rare: one a connection attempt by name.
 */

#include "io/loop.h"

struct redis_resolve;

enum { REDIS_ADDRESSES = 8, REDIS_ADDRESS_TEXT = 64 };

/* Numeric addresses, best first. r is 0 (n > 0) or -errno with a reason for people. */
typedef void (*redis_resolved)(
        void *arg, int r, const char *why, char (*addresses)[REDIS_ADDRESS_TEXT], size_t n);

/* 0 or -errno. The object is gone when the callback has come. */
int redis_resolve_start(struct redis_resolve **ret, struct loop *loop, const char *host,
        redis_resolved done, void *arg);
struct redis_resolve *redis_resolve_cancel(struct redis_resolve *q); /* NULL is nothing */

#endif
