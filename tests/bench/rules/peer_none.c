#include "peer.h"

struct peer *peer_new(const struct span *literals, size_t n)
{
	(void)literals;
	(void)n;
	return NULL;
}

void peer_free(struct peer *p)
{
	(void)p;
}

void peer_scan(struct peer *p, struct span text)
{
	(void)p;
	(void)text;
}

unsigned long long peer_matches(const struct peer *p)
{
	(void)p;
	return 0;
}
