#ifndef VIGIE_OPEN_SOURCES_H
#define VIGIE_OPEN_SOURCES_H

/*
 * open_sources: networks that answer a question, or tell what is new, with a feed and ask for
 * no key: one row each, the address with holes. What they answer is read like any feed. A row's
 * address is a default: the configuration may set another base.
 */

#include <stdbool.h>
#include <stdint.h>

#include "vigie/arena.h"
#include "vigie/span.h"

struct open_source {
	const char *name;  /* as in the configuration: "googlenews" */
	const char *title; /* for people */
	const char *base;  /* without a slash at its end; NULL: every site has its own, to be
			      given */
	/* Behind the base. {query}: the name as a phrase, {words}: without quotes, {tag}: in
	 * one word, {slug}: with hyphens, {lang}: fr, {country}: FR, {sourcelang}: as GDELT has
	 * it; escaped. Without any of the first four it tells all that is new, and rules
	 * choose. */
	const char *path;
	const char *lang_path; /* appended where the language is known; may be NULL */
	bool per_language;     /* asked once for each language */
	bool open;             /* belongs to `sources: [open]` */
	int64_t every_ms;      /* what its operators bear, as a default */
	const char *note;
};

/* Ends with a NULL name. */
extern const struct open_source open_sources[];

const struct open_source *open_source_by_name(struct span name); /* NULL: none */

/* Asks for a name at all. */
bool open_source_searches(const struct open_source *o);

/* The whole address, in the arena; SPAN_NONE: no memory. lang: "fr", "pt-BR", or empty. */
struct span open_source_url(const struct open_source *o, struct arena *arena, struct span base,
	struct span name, struct span lang);

#endif
