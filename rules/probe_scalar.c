/* probe_scalar: the loop of probe.h for any processor. */
#include "probe.h"

size_t dictionary_probe_scalar(
	const struct dictionary *d, const struct folded *f, struct dictionary_hit *hits)
{
	return probe(d, f, hits);
}
