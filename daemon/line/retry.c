#include "line/retry.h"

#include "sources/date.h"

enum { SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE, DAY = 24 * HOUR };

static const int64_t delays_ms[RETRY_TRIES] = {0, 5 * SECOND, 5 * MINUTE, 30 * MINUTE, 2 * HOUR,
	5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR};

int64_t retry_delay_ms(int64_t tries, uint64_t seed)
{
	const int64_t last = RETRY_TRIES - 1;
	const int64_t delay = delays_ms[tries < 0 ? 0 : tries > last ? last : tries];

	return delay + (int64_t)(seed % 1000) * delay / 10000;
}

static int64_t in_ms(struct span value, struct wall now)
{
	const int64_t enough =
		INT64_C(1000) * DAY; /* seconds: what is longer is as good as that */
	int64_t seconds = 0;
	struct wall at;
	size_t i = 0;

	value = span_trim(value);
	if (value.n && value.p[0] >= '0' && value.p[0] <= '9') {
		for (; i < value.n && value.p[i] >= '0' && value.p[i] <= '9'; i++)
			if (seconds < enough)
				seconds = seconds * 10 + (value.p[i] - '0');
		/* Some send a fraction; the RFC knows none. */
		if (i < value.n && value.p[i] == '.')
			for (i++, seconds++;
				i < value.n && value.p[i] >= '0' && value.p[i] <= '9';)
				i++;
		return i == value.n ? seconds * SECOND : -1;
	}
	at = date_parse_http(value);
	if (!wall_known(at))
		return -1;
	return at.ms > now.ms ? at.ms - now.ms : 0;
}

int64_t retry_after_ms(const struct answer *answer, struct wall now)
{
	int64_t most = -1;

	for (size_t i = 0; i < answer->n_headers; i++) {
		int64_t ms;

		if (!span_eq_ci(answer->headers[i].name, SPAN("Retry-After")))
			continue;
		ms = in_ms(answer->headers[i].value, now);
		most = ms > most ? ms : most;
	}
	return most;
}
