#include "delivering.h"

/* An answer is a word or a small JSON object; more of it is of no use. */
enum { TOTAL_MS = 30000, BODY_BYTES = 64 * 1024 };
/* A receiver's own timeout says what is too slow. */
enum { LEAST_OVER_S = 3600 };
/* One message at a time goes to each receiver: many of them at one host are still few
 * connections, and one that hangs must not take another's. */
enum { PER_HOST = 256 };

struct transfer_options delivering_options(const struct config *config)
{
	const struct config_crawl *c = &config->crawl;

	return (struct transfer_options){
		.user_agent = c->user_agent.p,
		.ca_file = span_empty(c->ca_file) ? NULL : c->ca_file.p,
		.total_ms = TOTAL_MS,
		.least_over_s = LEAST_OVER_S,
		.max_body = BODY_BYTES,
		.max_per_host = PER_HOST,
	};
}
