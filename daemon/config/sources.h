#ifndef VIGIE_CONFIG_SOURCES_H
#define VIGIE_CONFIG_SOURCES_H

/*
 * config/sources: what the two halves of reading sources share: addresses and files
 * (sources.c), and networks by name (connectors.c).
 */

#include "config/reader.h"

struct value;

/* What a line says beside its address, for each source that comes of it. */
struct manner {
	const struct yaml *y;
	const struct yaml_node *node;
	const struct value *values; /* by section_source; NULL: a plain string */
	const struct header *headers;
	struct text *header_values;
	size_t n_headers;
	const struct yaml_pair *const *extra; /* keys that only a connector can know */
	size_t n_extra;
};

/* A source without id yet. NULL: reported. `url` is checked and in the arena. */
struct source_draft *source_add(struct reader *r, const struct manner *m, struct span url);
/* Gives it its id; an empty one is made from the address. */
void source_name(struct reader *r, struct source_draft *d, struct span id);

/* The address without scheme and "www.", as far as an id can be written so. What stands behind
 * a question mark may be a key: it only goes into a hash. */
struct span source_id_made(struct reader *r, struct span url);

void connector_read(struct reader *r, const struct manner *m);
void connectors_open(struct reader *r, const struct manner *m);
/* Once all sources are known: those that share an account share its budget. */
void connectors_finish(struct reader *r);

#endif
