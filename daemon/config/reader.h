#ifndef VIGIE_CONFIG_READER_H
#define VIGIE_CONFIG_READER_H

/*
 * config/reader: what the files of the configuration's reader share: the snapshot being made,
 * the mistakes found so far, texts with their origin, and the doors between the files. Private
 * to config*.c.
 */

#include "config/config.h"
#include "sources/connector_page.h"
#include "vigie/yaml.h"

/* A value and how it was written. `value` may be a secret; `written` never shows one: it is the
 * text with its ${…}, or a {file: …} or {credential: …}, or for a secret in clear "****".
 * Messages and the long form use `written`. */
struct text {
	struct span value;
	struct span written;
	bool reference; /* `written` is a flow mapping, not a scalar */
};

/* A rule before it is compiled; also one line of the long form. */
struct rule_draft {
	struct rule rule;
	const struct yaml_node *node; /* where its mistakes are said */
};

struct source_draft {
	struct source source;
	struct text url;
	struct text *header_values; /* as many as headers */
	const char *file;           /* where it was written */
	int line, column;
	bool named; /* its id was given, not made */
	/* Of a connector: */
	struct connection *connection; /* source.connection, while it is made */
	bool own_quotas;               /* its line says quotas */
	bool auto_every;               /* nobody said how often */
	struct span network;           /* as `connector:` has it */
	struct span *given_names;      /* variables and keys as they were written */
	struct text *given_texts;
	size_t n_given;
	struct connector_select *select; /* of a page */
	size_t n_select;
};

struct receiver_draft {
	struct receiver receiver; /* fields as given, then defaults */
	struct text *texts;       /* as many as were given */
	size_t n_given;
	const char *file;
	int line, column;
	bool routed; /* some route leads to it */
};

/* A name to ask search feeds for. */
struct term {
	struct span name;
	const struct span *languages;
	size_t n_languages;
};

struct value;

struct reader {
	struct config *config;
	struct arena *arena; /* the snapshot's */
	struct err_list *errors;
	const char *folder; /* relative paths are seen from here */
	const struct config_overrides *overrides;
	int result; /* 0, -EINVAL, -ENOMEM */
	struct ruleset_builder *builder;
	struct rule_draft *rules;
	size_t n_rules, rules_capacity;
	struct span *rule_files; /* patterns, absolute */
	size_t n_rule_files, rule_files_capacity;
	struct term *terms;
	size_t n_terms, terms_capacity;
	struct source_draft *sources;
	size_t n_sources, sources_capacity;
	unsigned source_file_depth;
	struct receiver_draft *receivers;
	size_t n_receivers, receivers_capacity;
	const struct zone *zone; /* of all who do not say theirs */
	struct span zone_name;
	struct time_interval *intervals;
	struct value **interval_values; /* as they were written, one each */
	size_t n_intervals;
};

/* Keeps the worst of two results; 0 changes nothing. */
static inline void reader_fail(struct reader *r, int result)
{
	if (result == -ENOMEM || !r->result)
		r->result = result;
}

/* A mistake at a node. */
#define mistake(r, y, node, ...)                                                               \
	reader_fail((r), yaml_err((y), (node), (r)->errors, __VA_ARGS__))
/* Something that will work, but perhaps not as meant. */
#define warn(r, y, node, ...) ((void)yaml_err((y), (node), &(r)->config->warnings, __VA_ARGS__))

/* Grows an array of the reader by one, zeroed; NULL: no memory, and the reader knows. */
void *reader_grow(struct reader *r, void *array, size_t *n, size_t *capacity, size_t size);

/* --- Texts and secrets: text.c -------------------------------------------------------
 */

enum text_kind { TEXT_PLAIN, TEXT_SECRET };

/* A scalar with ${VAR} and ${VAR:-default} from the environment ($${ stands for itself); a
 * secret may also be {file: PATH} or {credential: NAME}. false: reported. */
bool text_read(struct reader *r, const struct yaml *y, const struct yaml_node *node,
	enum text_kind kind, struct text *ret);
/* Appends a text as it was written, as YAML. */
void text_print(struct buf *out, const struct text *text);

/* --- Files: files.c ------------------------------------------------------------------
 */

/* Absolute: seen from the reader's folder. In the arena. */
struct span path_resolve(struct reader *r, struct span path);
/* Everything in a file, in the heap (free it). 0, -errno; -EFBIG above `limit`. */
int config_file_read(char **ret, size_t *ret_n, const char *path, size_t limit);
/* What is wrong with a path, for people: "no such file". */
const char *file_why(int error);
/* "/a b" as "file:///a%20b", in the arena; and back (SPAN_NONE: no file: address). */
struct span file_url(struct arena *arena, struct span path);
struct span file_url_path(struct arena *arena, struct span url);

/* --- Values: values.c ----------------------------------------------------------------
 */

bool duration_parse(int64_t *ret_ms, struct span text);
void duration_print(struct buf *out, int64_t ms); /* in the largest unit without a rest */
bool size_parse(int64_t *ret_bytes, struct span text);
/* http or https with a host, and nothing in it that can't be in an address. */
bool web_url_ok(struct span url);
bool mail_address_ok(struct span address);
bool smtp_url_ok(struct span url);
/* HOST:PORT, [IPv6]:PORT or unix:/PATH. */
bool listen_ok(struct span text);
/* "Air France" → "air-france"; letters without accent. Never empty. In the arena. */
struct span slug(struct arena *arena, struct span name);
/* A token of letters and digits only: "airfrance"; `keep_case`: "AirFrance". */
struct span compact(struct arena *arena, struct span name, bool keep_case);
/* Something stands between two of its letters. */
bool several_words(struct span name);
bool id_ok(struct span id); /* [A-Za-z0-9._:@/-], 1 to 128 */
/* The password of user:password@ as ****. */
struct span url_mask(struct arena *arena, struct span url);

/* --- Sections -------------------------------------------------------------------------------
 */

void brands_read(struct reader *r, const struct yaml *y, const struct yaml_node *node);
void rules_read(struct reader *r, const struct yaml *y, const struct yaml_node *node);
void define_read(struct reader *r, const struct yaml *y, const struct yaml_node *node);
void rules_build(struct reader *r, const struct yaml *y);
void sources_read(struct reader *r, const struct yaml *y, const struct yaml_node *node);
void sources_open(struct reader *r, const struct yaml *y); /* as `sources: [open]` */
void sources_finish(struct reader *r);
void notify_read(struct reader *r, const struct yaml *y, const struct yaml_node *node);
void receivers_read(struct reader *r, const struct yaml *y, const struct yaml_node *node);
void receivers_finish(struct reader *r);
/* After receivers_finish(). NULL: everybody hears of everything. */
void routes_read(struct reader *r, const struct yaml *y, const struct yaml_node *node);
/* Before the routes: whom it names hears of something. */
struct value;
void notices_read(struct reader *r, const struct yaml *y, const struct value *value);
/* After receivers_finish(). NULL: none. */
void reports_read(struct reader *r, const struct yaml *y, const struct yaml_node *node);

struct value;
void expand(struct reader *r, const struct value *top, const struct value *http,
	const struct value *crawl, const struct value *retention,
	const struct yaml_node *define);

#endif
