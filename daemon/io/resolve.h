#ifndef VIGIE_IO_RESOLVE_H
#define VIGIE_IO_RESOLVE_H

/*
 * resolve: the addresses of names, asked on the loop (c-ares; the only file that includes it)
 * and remembered for as long as they say. libcurl would take a thread a name for it, and asks
 * again whenever its own short memory has lost it.
 *
 * /etc/hosts and /etc/resolv.conf are heeded, other services of nsswitch.conf are not. A name
 * with a dot in it is taken as it is; the search list is for names without. `localhost` and
 * what is below it never leave the machine (RFC 6761 section 6.3).
 */

#include <stdbool.h>
#include <stddef.h>

#include "io/loop.h"
#include "vigie/span.h"

struct resolve;
struct resolve_ask;

struct resolve_options {
	const char *nameservers; /* "127.0.0.1:5353,::1"; NULL: those of the system. Copied */
	size_t max_names;        /* remembered; 0: 32768 */
	int64_t negative_ms;     /* a name that isn't there is remembered for; 0: 1 min */
	int64_t failed_ms;       /* the same of no answer; 0: 5 s */
};

enum resolve_end {
	RESOLVE_FOUND,
	RESOLVE_NO_NAME, /* the DNS says: no such name, or no address to it */
	RESOLVE_FAILED,  /* the DNS says nothing: later, perhaps */
};

struct resolve_answer {
	enum resolve_end end;
	const unsigned char (*addresses)[16]; /* IPv4 as ::ffff:0:0/96; best first (RFC 6724) */
	size_t n;
	const char *why; /* of RESOLVE_FAILED, for people: "no name server answered" */
};

/* 0; -EINVAL: nameservers aren't addresses; -ENOMEM. */
int resolve_new(struct resolve **ret, struct loop *loop, const struct resolve_options *options);
/* Nobody hears anything more. Asks must not be cancelled after. */
struct resolve *resolve_free(struct resolve *resolve);
/* Others from now on; who waits is answered by the new ones. 0, -EINVAL, -ENOMEM: nothing has
 * changed. */
int resolve_set_nameservers(struct resolve *resolve, const char *nameservers);
/* One of the above: an address, with a port or without; IPv6 in brackets before a port. */
bool resolve_is_nameserver(struct span text);

/* What is remembered; false: it must be asked. *ret is valid until the next call. */
bool resolve_known(struct resolve_answer *ret, struct resolve *resolve, struct span name);

/* The answer is valid during the call, the ask gone when it comes. */
typedef void (*resolve_done)(void *arg, const struct resolve_answer *answer);

/* Asks, or joins those who ask the same; RESOLVE_FAILED after timeout_ms at the latest. 0;
 * -EINVAL for what can't be a name (resolve_known() has the answer); -ENOMEM. done() never
 * comes from inside. */
int resolve_start(struct resolve_ask **ret, struct resolve *resolve, struct span name,
	int64_t timeout_ms, resolve_done done, void *arg);
void resolve_cancel(struct resolve_ask *ask); /* done() never comes */

struct resolve_stats {
	uint64_t asked, answered, failed; /* of the DNS: names, not packets */
	size_t names;                     /* remembered */
};
const struct resolve_stats *resolve_stats(const struct resolve *resolve);

#endif
