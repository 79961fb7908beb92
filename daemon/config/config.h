#ifndef VIGIE_CONFIG_H
#define VIGIE_CONFIG_H

/*
 * config: what the operator wrote, read whole, checked whole, and from then on immutable: a
 * snapshot. A reload reads another one and swaps; whoever works under the old one keeps a
 * reference. The manual is daemon/vigie.yaml.5.scd; keys and defaults stand in keys.c.
 * It opens files (its own, rule files, source lists, secrets) and no connection.
 */

#include <stdint.h>

#include "io/transfer.h"
#include "vigie/arena.h"
#include "vigie/buf.h"
#include "vigie/err.h"
#include "vigie/policy.h"
#include "vigie/ruleset.h"
#include "vigie/source.h"

struct config_network;
struct connector;

enum report_every { REPORT_EVERY_DAY, REPORT_EVERY_WEEK, REPORT_EVERY_MONTH };

/* A report that is sent by itself: of the last whole period before its time. */
struct report_plan {
	struct span name; /* stands for it in the archive, and for people */
	enum report_every every;
	int weekday; /* of a week: 0 Monday … 6 Sunday */
	int day;     /* of a month: 1 to 28 */
	int minute;  /* of the day */
	const struct zone *zone;
	struct span tz, lang;
	const struct span *to; /* ids of receivers */
	size_t n_to;
};

/* Texts are NUL-terminated. */
struct config {
	struct span state;        /* folder, absolute; not made yet */
	struct span redis;        /* redis://… or unix:…; empty: private */
	struct span redis_prefix; /* "vigie:" */
	struct config_http {
		struct span listen;     /* HOST:PORT, unix:PATH, or empty: no dashboard */
		struct span public_url; /* without a slash at its end; may be empty */
	} http;
	struct config_crawl {
		int64_t every_ms; /* 0: auto */
		unsigned concurrency_per_host;
		int64_t spacing_ms;
		size_t max_body_bytes;
		size_t max_html_bytes;
		int64_t history_ms;
		bool robots;
		struct span user_agent;
		struct span ca_file; /* may be empty */
		const struct address_range *allow;
		size_t n_allow;
		struct span nameservers; /* "127.0.0.1:5353,::1"; empty: the machine's */
	} crawl;
	struct config_retention {
		int64_t mentions_ms;
		size_t passed_over_bytes;
		int64_t author_ms;
	} retention;
	struct ruleset *rules;               /* a reference of its own */
	const struct source *const *sources; /* each with this snapshot as its `config` */
	size_t n_sources;
	struct policy policy;
	const struct zone *zone;   /* tz of all; NULL: UTC */
	const struct span *brands; /* names, competitors too; each once */
	size_t n_brands;
	const struct report_plan *reports;
	size_t n_reports;
	size_t n_routes;          /* for `check` */
	struct err_list warnings; /* what will work, but perhaps not as meant */
	struct arena arena;
	struct config_network *networks; /* the connector files it needs */
	unsigned references;             /* atomic */
};

/* What the command line says, above any file. NULL: nothing. */
struct config_overrides {
	const char *state;
	const char *redis;
	const char *listen;
	struct buf *expanded; /* gets the long form, as YAML; secrets masked */
};

enum { CONFIG_FILE_MAX = 16 * 1024 * 1024 };

/* Reads `path`. 0: *ret has one reference, the caller's. -EINVAL: every mistake is in `errors`,
 * and nothing else happened. -ENOMEM. Values of secrets stand in no message. */
int config_load(struct config **ret, const char *path, const struct config_overrides *overrides,
	struct err_list *errors);

/* The same for a text that is not in a file: `name` is for messages, relative paths are seen
 * from `folder`. */
int config_read(struct config **ret, struct span yaml, const char *name, const char *folder,
	const struct config_overrides *overrides, struct err_list *errors);

/* Only the state folder, for commands that talk to a daemon or its archive: reads `state:` and
 * nothing else of the file. path NULL: the file in a default place (config/path.h), if
 * there is one. 0, -EINVAL with `errors`, -ENOENT (no home to put it in), -ENOMEM. */
int config_state(
	struct span *ret, struct arena *arena, const char *path, struct err_list *errors);
int config_state_default(struct span *ret, struct arena *arena);

/* What a connector of this configuration was written as: a network, or the path of a file. */
struct span config_network_name(
	const struct config *config, const struct connector *connector);

/* Any thread. NULL is nothing. */
struct config *config_ref(struct config *config);
struct config *config_unref(struct config *config); /* returns NULL */

/* Appends a text as a YAML scalar, quoted where it must be: for those who make a configuration.
 */
void config_quote(struct buf *out, struct span text);

#endif
