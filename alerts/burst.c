#include "vigie/burst.h"

#include <math.h>

static double larger(double a, double b)
{
	return a > b ? a : b;
}

double burst_begins_at(const struct baseline *usual)
{
	const bool l = usual->learning;
	const double above =
		usual->usual + (l ? BURST_SPREADS_LEARNING : BURST_SPREADS) * usual->spread;
	const double times = (l ? BURST_TIMES_LEARNING : BURST_TIMES) * usual->usual;

	if (!usual->samples)
		return INFINITY;
	return larger(l ? BURST_FLOOR_LEARNING : BURST_FLOOR, larger(above, times));
}

enum burst_news burst_step(
	struct burst *burst, double n, const struct baseline *usual, struct wall now)
{
	const double begins = burst_begins_at(usual);

	if (!burst->on) {
		if (!(n >= begins))
			return BURST_NOTHING;
		*burst = (struct burst){.on = true,
			.began = now,
			.calm_since = WALL_NONE,
			.peak = n,
			.calm_ms = burst->calm_ms};
		return BURST_BEGAN;
	}
	burst->peak = larger(burst->peak, n);
	if (usual->samples && n >= (usual->usual + begins) / 2) {
		burst->calm_since = WALL_NONE;
		return BURST_NOTHING;
	}
	if (!wall_known(burst->calm_since))
		burst->calm_since = now;
	if (now.ms - burst->calm_since.ms <
		(burst->calm_ms > 0 ? burst->calm_ms : BURST_CALM_MS))
		return BURST_NOTHING;
	burst->on = false;
	return BURST_ENDED;
}
