#ifndef VIGIE_CONFIG_KEYS_H
#define VIGIE_CONFIG_KEYS_H

/*
 * config/keys: every key of the configuration in one table a section: its name, type, default
 * and meaning. The reader, the long form and the check of the manual all go by these tables.
 * Keys whose value is a section of its own are read by the file of that section.
 */

#include "config/reader.h"

enum key_type {
	KEY_TEXT,
	KEY_DURATION, /* ms s m h d w; value.number in ms */
	KEY_EVERY,    /* a duration, or auto: 0 */
	KEY_SIZE,     /* B KiB MiB GiB; value.number in bytes */
	KEY_COUNT,    /* 1 to 1000 */
	KEY_NUMBER,   /* value.real */
	KEY_BOOL,     /* value.truth */
	KEY_TEXTS,    /* one or a list; value.list */
	KEY_QUERY,    /* text as it stands: ${…} has no meaning in it */
	KEY_NODE,     /* read by its own section */
	KEY_LATER,    /* has a place in the language and no effect yet: a warning, whose end is
			 `fallback` */
};

struct key {
	const char *name;
	enum key_type type;
	const char *fallback; /* as one would write it; NULL: none */
	const char *meaning;
};

/* What a key has in a file. */
struct value {
	const struct yaml_node *node; /* NULL: not given, and these are the default */
	struct text text;
	int64_t number;
	double real;
	bool truth;
	struct text *list;
	size_t n;
};

struct section {
	const char *name;       /* "crawl", as in messages and the manual */
	const struct key *keys; /* ends with a NULL name */
};

enum { SECTION_KEYS_MAX = 32 };

enum {
	TOP_STATE,
	TOP_REDIS,
	TOP_REDIS_PREFIX,
	TOP_HTTP,
	TOP_CRAWL,
	TOP_BRANDS,
	TOP_RULES,
	TOP_DEFINE,
	TOP_SOURCES,
	TOP_NOTIFY,
	TOP_RECEIVERS,
	TOP_ROUTES,
	TOP_TZ,
	TOP_TIME_INTERVALS,
	TOP_SEVERITY,
	TOP_NOTICES,
	TOP_REPORTS,
	TOP_SILENCES,
	TOP_MUTES,
	TOP_RETENTION
};
enum { HTTP_LISTEN, HTTP_PUBLIC_URL };
enum {
	CRAWL_EVERY,
	CRAWL_CONCURRENCY,
	CRAWL_SPACING,
	CRAWL_MAX_BODY,
	CRAWL_MAX_HTML,
	CRAWL_HISTORY,
	CRAWL_ROBOTS,
	CRAWL_CONTACT,
	CRAWL_USER_AGENT,
	CRAWL_CA_FILE,
	CRAWL_ALLOW,
	CRAWL_NAMESERVERS
};
enum { BRAND_NAME, BRAND_ID, BRAND_QUERY, BRAND_COMPETITORS, BRAND_LANGUAGES, BRAND_TAGS };
enum {
	RULE_ID,
	RULE_QUERY,
	RULE_REGEX,
	RULE_KIND,
	RULE_BRAND,
	RULE_NOTE,
	RULE_TAGS,
	RULE_LANGUAGES,
	RULE_WEIGHT,
	RULE_ENABLED
};
enum { RULES_FILES };
enum {
	SOURCE_ID,
	SOURCE_KIND,
	SOURCE_URL,
	SOURCE_FILE,
	SOURCE_CONNECTOR,
	SOURCE_BASE,
	SOURCE_SEARCH,
	SOURCE_TITLE,
	SOURCE_EVERY,
	SOURCE_TAGS,
	SOURCE_LANG,
	SOURCE_HEADERS,
	SOURCE_ASK,
	SOURCE_VARS,
	SOURCE_QUOTA,
	SOURCE_SELECT
};
enum {
	RECEIVER_ID,
	RECEIVER_LANG,
	RECEIVER_TZ,
	RECEIVER_BUDGET,
	RECEIVER_DIGEST,
	RECEIVER_RATE,
	RECEIVER_QUIET,
	RECEIVER_QUIET_STRICT,
	RECEIVER_TIMEOUT
};
enum {
	ROUTE_MATCH,
	ROUTE_RECEIVER,
	ROUTE_GROUP_BY,
	ROUTE_GROUP_WAIT,
	ROUTE_GROUP_INTERVAL,
	ROUTE_REPEAT_INTERVAL,
	ROUTE_CONTINUE,
	ROUTE_DIGEST,
	ROUTE_STORY_STEPS,
	ROUTE_MUTE_TIMES,
	ROUTE_ACTIVE_TIMES,
	ROUTE_ROUTES
};
enum { DIGEST_HOURLY, DIGEST_DAILY, DIGEST_WEEKLY, DIGEST_TZ, DIGEST_EMPTY };
enum {
	INTERVAL_NAME,
	INTERVAL_TZ,
	INTERVAL_TIMES,
	INTERVAL_WEEKDAYS,
	INTERVAL_DAYS,
	INTERVAL_MONTHS,
	INTERVAL_YEARS
};
enum {
	SEVERITY_SCORE,
	SEVERITY_FOLLOWERS,
	SEVERITY_ENGAGEMENT,
	SEVERITY_MENTIONS,
	SEVERITY_SITES,
	SEVERITY_RATING,
	SEVERITY_SPIKE,
	SEVERITY_SPIKE_TIMES,
	SEVERITY_SPIKE_MENTIONS,
	SEVERITY_SPIKE_LEARNING,
	SEVERITY_LEVELS,
	SEVERITY_EXTRAS
};
enum { EXTRA_NAME, EXTRA_MATCH, EXTRA_POINTS };
enum {
	SILENCE_ID,
	SILENCE_RECEIVER,
	SILENCE_MATCH,
	SILENCE_AUTHOR,
	SILENCE_COMMENT,
	SILENCE_FROM,
	SILENCE_UNTIL
};
enum { MUTE_AUTHOR, MUTE_SITE, MUTE_RECEIVER, MUTE_UNTIL };
enum { REPORT_PERIOD, REPORT_AT, REPORT_TZ, REPORT_TO, REPORT_LANG };
enum { RETENTION_MENTIONS, RETENTION_PASSED_OVER, RETENTION_AUTHOR };

extern const struct section section_top, section_http, section_crawl, section_brand,
	section_rule, section_rules, section_source, section_receiver, section_route,
	section_digest, section_interval, section_severity, section_extra, section_silence,
	section_mute, section_report, section_retention;

/* All of them; ends with NULL. */
extern const struct section *const sections[];

/* Reads a mapping by its table into values[] (as many as keys). Each mistake is reported and
 * leaves the default. false when the node is no mapping. `extra`, if set, is asked about keys
 * the table does not have: it returns true for those it takes. */
bool section_read(struct reader *r, const struct yaml *y, const struct yaml_node *node,
	const struct section *section, struct value *values,
	bool (*extra)(void *arg, const struct yaml_pair *pair), void *arg,
	const char *const *extra_names, size_t n_extra);

/* A decimal number; no other form of strtod's. */
bool number_parse(double *ret, struct span text);

/* Only the defaults. */
void section_defaults(struct reader *r, const struct section *section, struct value *values);

/* "name: value, " for each key that is given or has a default, into a flow mapping. */
void section_print(struct buf *out, const struct section *section, const struct value *values);

/* --- When: times.c -------------------------------------------------------------------
 */

/* false: not given, or reported. */
bool zone_value(struct reader *r, const struct yaml *y, const struct value *value,
	const struct zone **ret, struct span *ret_name);
bool minute_parse(uint16_t *ret, struct span text); /* "08:00"; "24:00" too */
int weekday_parse(struct span text);                /* 0 Monday … 6; -1: none */
void intervals_read(struct reader *r, const struct yaml *y, const struct yaml_node *node);
void intervals_print(struct buf *out, const struct reader *r);
/* NULL: reported. */
const struct time_interval *interval_by_name(
	struct reader *r, const struct yaml *y, const struct yaml_node *node, struct span name);
void quiet_read(struct reader *r, const struct yaml *y, const struct yaml_node *node,
	struct receiver *receiver);
/* In the arena; NULL: reported. The zone is the default. */
const struct digest *digest_read(struct reader *r, const struct yaml *y,
	const struct yaml_node *node, const struct zone *zone, struct span zone_name);
void zone_print(struct buf *out, struct span zone_name);
void quiet_print(struct buf *out, const struct receiver *receiver);
void digest_print(struct buf *out, const struct digest *digest);

/* --- How much, how bad, who not: desk.c
 * ------------------------------------------------
 */

void receiver_bounds_read(struct reader *r, const struct yaml *y, const struct value *v,
	struct receiver *receiver);
void receiver_bounds_print(struct buf *out, const struct receiver *receiver);
void severity_read(struct reader *r, const struct yaml *y, const struct yaml_node *node);
void severity_print(struct buf *out, const struct severity_policy *severity);
void silences_read(struct reader *r, const struct yaml *y, const struct yaml_node *node);
void mutes_read(struct reader *r, const struct yaml *y, const struct yaml_node *node);
void silences_print(struct buf *out, const struct policy *policy);

/* --- Matchers: routes.c
 * ----------------------------------------------------------------
 */

/* Of the first n_keys of route_key_names. */
void matches_read(struct reader *r, const struct yaml *y, const struct yaml_node *node,
	size_t n_keys, const struct route_match **ret, size_t *ret_n);
/* As a flow mapping. */
void matches_print(struct buf *out, const struct route_match *matches, size_t n);
/* false: reported. */
bool receiver_known(struct reader *r, const struct yaml *y, const struct yaml_node *node,
	const struct text *id);

#endif
