#ifndef VIGIE_IO_TRANSFER_SESSION_H
#define VIGIE_IO_TRANSFER_SESSION_H

/*
 * transfer_session: what servers gave us to be known by when we come back (TLS sessions, RFC
 * 8446 section 2.2), by host and port, as bytes. Bounded in number and memory; the oldest goes
 * first. It knows nothing of TLS. One belongs to one transfer, so a session never
 * meets other authorities than those it was checked against. No locks: the loop's.
 */

#include <stdbool.h>

#include "vigie/buf.h"
#include "vigie/instant.h"

struct sessions;

struct sessions_stats {
	size_t n, bytes; /* kept now; bytes with what keeping them takes */
	uint64_t evicted;
};

/* 0 for either bound: that of a crawl, 4,096 and 8 MiB. 0 or -ENOMEM. */
int sessions_new(struct sessions **ret, size_t most, size_t most_bytes);
struct sessions *sessions_free(struct sessions *sessions);
/* Copied, in place of what was there under the key. born: when the server showed who it is,
 * which sessions that came of sessions inherit. Without memory it is just not kept. */
void sessions_put(
	struct sessions *sessions, struct span key, struct span session, struct mono born);
/* Appends the session to ret, and keeps it no longer: one that a server can't bear does harm
 * but once, and is shown but once (RFC 8446 section C.4). false: there is none, or it is older
 * than a day (the bound of RFC 5246 section F.1.4). */
bool sessions_take(struct buf *ret, struct mono *ret_born, struct sessions *sessions,
	struct span key, struct mono now);
const struct sessions_stats *sessions_stats(const struct sessions *sessions);

#endif
