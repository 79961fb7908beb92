#include "peer.h"

#include <hs.h>
#include <stdio.h>
#include <stdlib.h>

struct peer {
	hs_database_t *database;
	hs_scratch_t *scratch;
	unsigned long long matches;
};

struct peer *peer_new(const struct span *literals, size_t n)
{
	struct peer *p = calloc(1, sizeof(*p));
	const char **texts = calloc(n, sizeof(*texts));
	unsigned *flags = calloc(n, sizeof(*flags)), *ids = calloc(n, sizeof(*ids));
	size_t *lengths = calloc(n, sizeof(*lengths));
	hs_compile_error_t *error = NULL;

	if (!p || !texts || !flags || !ids || !lengths)
		abort();
	for (size_t i = 0; i < n; i++) {
		texts[i] = literals[i].p;
		lengths[i] = literals[i].n;
		flags[i] = HS_FLAG_CASELESS;
		ids[i] = (unsigned)i;
	}
	if (hs_compile_lit_multi(texts, flags, ids, lengths, (unsigned)n, HS_MODE_BLOCK, NULL,
		    &p->database, &error) != HS_SUCCESS ||
		hs_alloc_scratch(p->database, &p->scratch) != HS_SUCCESS) {
		(void)fprintf(stderr, "hyperscan: %s\n", error ? error->message : "no scratch");
		exit(1);
	}
	free(texts);
	free(flags);
	free(ids);
	free(lengths);
	return p;
}

void peer_free(struct peer *p)
{
	if (!p)
		return;
	(void)hs_free_scratch(p->scratch);
	(void)hs_free_database(p->database);
	free(p);
}

static int on_match(
	unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *arg)
{
	(void)id;
	(void)from;
	(void)to;
	(void)flags;
	((struct peer *)arg)->matches++;
	return 0;
}

void peer_scan(struct peer *p, struct span text)
{
	if (text.n)
		(void)hs_scan(
			p->database, text.p, (unsigned)text.n, 0, p->scratch, on_match, p);
}

unsigned long long peer_matches(const struct peer *p)
{
	return p->matches;
}
