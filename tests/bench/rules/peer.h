#ifndef BENCH_RULES_PEER_H
#define BENCH_RULES_PEER_H

/*
 * peer: Hyperscan's caseless scan for the literals of a set of queries, in the raw text: no
 * folding, no token boundaries, no rule is decided.
 */

#include <stdbool.h>

#include "vigie/span.h"

struct peer;

/* NULL when this build has no Hyperscan. */
struct peer *peer_new(const struct span *literals, size_t n);
void peer_free(struct peer *peer);
void peer_scan(struct peer *peer, struct span text);
unsigned long long peer_matches(const struct peer *peer);

#endif
