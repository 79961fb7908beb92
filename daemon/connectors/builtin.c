#include "connectors/builtin.h"

#include "vigie/nearest.h"

const struct builtin *builtin_find(struct span network)
{
	for (const struct builtin *b = builtins; b->network; b++)
		if (span_eq_str(network, b->network))
			return b;
	return NULL;
}

const char *builtin_nearest(struct span network)
{
	const char *names[256];
	size_t n = 0;

	for (const struct builtin *b = builtins; b->network && n < 256; b++)
		names[n++] = b->network;
	return nearest(network, names, n);
}
