/* probe_avx2: the loop of probe.h for processors with AVX2 and BMI: shifts cost a third there.
 */
#include "probe.h"

size_t dictionary_probe_avx2(
	const struct dictionary *d, const struct folded *f, struct dictionary_hit *hits)
{
	return probe(d, f, hits);
}
