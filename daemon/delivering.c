#include "delivering.h"

/* An answer is a word or a small JSON object; more of it is of no use. */
enum { TOTAL_MS = 30000, BODY_BYTES = 64 * 1024, PER_HOST = 4 };

struct transfer_options delivering_options(const struct config *config)
{
	const struct config_crawl *c = &config->crawl;

	return (struct transfer_options){
		.user_agent = c->user_agent.p,
		.ca_file = span_empty(c->ca_file) ? NULL : c->ca_file.p,
		.total_ms = TOTAL_MS,
		.max_body = BODY_BYTES,
		.max_per_host = PER_HOST,
	};
}
