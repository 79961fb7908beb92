#ifndef VIGIE_SOURCES_CONNECTOR_H
#define VIGIE_SOURCES_CONNECTOR_H

/*
 * connector: a network described by a file instead of by code: who it is and on what terms it
 * may be read, how to ask, how its answers become items, what its refusals mean. The files of
 * the known networks stand in daemon/connectors/ and are built in (connectors/builtin.h);
 * whoever needs another writes one. Immutable once read; holds no state between answers.
 */

#include <stdbool.h>
#include <stdint.h>

#include "sources/expr.h"
#include "vigie/arena.h"
#include "vigie/err.h"
#include "vigie/item.h"
#include "vigie/request.h"
#include "vigie/span.h"

enum connector_format { CONNECTOR_JSON, CONNECTOR_XML, CONNECTOR_HTML };
/* How an answer is divided: not at all; a value a line; the events of a stream (HTML Standard,
 * 9.2.6), each as {"event","id","data"} with data read where it is JSON. */
enum connector_frame { CONNECTOR_WHOLE, CONNECTOR_NDJSON, CONNECTOR_SSE };

enum connector_field {
	CONNECTOR_ID,
	CONNECTOR_SKIP,    /* anything: no item */
	CONNECTOR_DELETED, /* anything: a tombstone */
	CONNECTOR_URL,
	CONNECTOR_TITLE,
	CONNECTOR_TEXT,
	CONNECTOR_AUTHOR_NAME,
	CONNECTOR_AUTHOR_HANDLE,
	CONNECTOR_AUTHOR_URL,
	CONNECTOR_AUTHOR_FOLLOWERS,
	CONNECTOR_PUBLISHED,
	CONNECTOR_UPDATED,
	CONNECTOR_LANG,
	CONNECTOR_TAGS,
	CONNECTOR_KIND,
	CONNECTOR_PARENT,
	CONNECTOR_LIKES,
	CONNECTOR_SHARES,
	CONNECTOR_REPLIES,
	CONNECTOR_VIEWS,
	CONNECTOR_RATING,
	CONNECTOR_MEDIA,
	CONNECTOR_PLACE_NAME,
	CONNECTOR_PLACE_LAT,
	CONNECTOR_PLACE_LON,
	CONNECTOR_PLACE_COUNTRY,
	CONNECTOR_ALIAS, /* the name by which the network says that the item was deleted */
	CONNECTOR_FIELDS
};

/* Indexed by enum connector_field, as written in files: "author.name". */
extern const char *const connector_field_names[CONNECTOR_FIELDS];

/* A field of a request: a query parameter or a header. */
struct connector_part {
	struct span name;
	struct expr *value; /* left out where there is none */
};

struct connector_map {
	struct span name;
	enum connector_format format;
	enum connector_frame frame;
	struct expr *parents; /* NULL: none; the enclosing value of each is @ */
	struct expr *items;
	struct expr *children;  /* items within an item, as deep as they go; or NULL */
	struct span next_param; /* the first of nexts */
	struct expr *next;
	struct connector_part *nexts; /* all that the next page is asked with */
	size_t n_nexts;
	struct expr *fields[CONNECTOR_FIELDS]; /* NULL: none */
};

/* What a refusal means for who asks. */
enum connector_error {
	CONNECTOR_OK,
	CONNECTOR_RATE_LIMITED,
	CONNECTOR_QUOTA_EXHAUSTED,
	CONNECTOR_AUTH, /* the key or token is not, or no longer, good */
	CONNECTOR_FORBIDDEN,
	CONNECTOR_GONE,
	CONNECTOR_BAD_REQUEST,
	CONNECTOR_CONFLICT,
	CONNECTOR_END_OF_PAGES, /* nothing is wrong: there was no further page */
	CONNECTOR_UNAVAILABLE,  /* the network's own trouble */
	CONNECTOR_UNREADABLE,   /* a yes that is no document of the kind that was asked for */
	CONNECTOR_ERRORS
};

/* Indexed by enum connector_error: "", "rate_limited", … */
extern const char *const connector_error_names[CONNECTOR_ERRORS];

struct connector_rule {
	struct expr_condition *when;
	enum connector_error error;
	struct expr *wait; /* seconds, an instant, or NULL */
};

/* Further requests, one for each value found in an answer: comments, replies, counts. */
struct connector_nested {
	struct span ask;             /* the way each is asked */
	struct expr *of;             /* where they are, from the answer's root */
	struct connector_part *give; /* variables of the request, seen from each */
	size_t n_give;
	int64_t batch;    /* so many are asked for at once, their first variable joined */
	struct span join; /* by this; "," unless said */
	int64_t most;     /* of one answer */
};

/* When a round of pages ends before its bounds (connector_ask.stop). */
enum connector_stop {
	CONNECTOR_STOP_OLD = 1,    /* all of a page is older than %since */
	CONNECTOR_STOP_KNOWN = 2,  /* a page has an item that the last round began with */
	CONNECTOR_STOP_REPEAT = 4, /* the next page is the one just read */
};

/* May a way be gone without a key, or not with one (another host)? */
enum connector_wants { CONNECTOR_ANY_KEY, CONNECTOR_A_KEY, CONNECTOR_NO_KEYS };

/* One way to ask. */
struct connector_ask {
	struct span name;
	struct span map;   /* which map reads the answer; empty: the first */
	struct expr *path; /* behind the base, from its slash on */
	struct connector_part *query, *headers;
	size_t n_query, n_headers;
	struct expr *body; /* NULL: GET */
	/* Pages are counted in %page, from page_first on, while an answer has items; -1: the
	 * map's `next` says how it goes on. */
	int64_t page_first;
	int64_t max_pages; /* of one round */
	/* --- for connector_walk.h and connector_login.h --- */
	bool whole;          /* the base is the whole address, and there is no path */
	struct expr *method; /* NULL: GET, or POST with a body */
	struct expr *basic;  /* user:password for the header Authorization */
	struct connector_part *form, *json; /* of a body; json's names are pointers: a/b/0 */
	size_t n_form, n_json;
	int64_t page_size; /* %offset is that many a page; 0: there is none */
	struct expr *more; /* another page only while this has a value; NULL: always */
	bool next_is_link; /* the next page is named by the header Link (RFC 8288) */
	struct connector_part *nexts; /* in place of the map's */
	size_t n_nexts;
	struct span *also; /* maps that read the same answer too: comments within posts */
	size_t n_also;
	struct expr
		*base; /* of this way, where it is not the network's and none is configured */
	enum connector_wants wants; /* a key */
	unsigned stop;              /* enum connector_stop */
	/* An answer with so many rows is cut: what lies between %since and %until is then asked
	 * for in halves, down to window_least_ms (0: a second). 0: no window. */
	int64_t window_rows, window_least_ms;
	int64_t overlap_ms; /* %since reaches back so far behind the newest seen */
	int64_t cost;       /* of one request, in units of the quota */
	/* Kept for the next round as variables: `newest` as the first page has it, once the
	 * round is done; `forward` as each page has it, at once, for networks that are read
	 * from old to new or want to be told what was received. */
	struct connector_part *newest, *forward;
	size_t n_newest, n_forward;
	struct connector_nested *nested;
	size_t n_nested;
	struct span about; /* for people: what it gives */
};

/* So many units in so long a time. */
struct connector_quota {
	int64_t most;
	int64_t per_ms;
	int64_t resets_s; /* seconds of the UTC day at which a daily one begins anew; -1: it
			     slides */
};

/* How what is looked for is written in the network's own search. */
struct connector_query {
	struct span syntax; /* for people */
	struct expr *term;  /* one: of %term, %phrase, %tag, %slug */
	struct span either; /* between alternatives; empty: one request a term */
	int64_t max_bytes;  /* 0: no bound is known */
	int64_t max_terms;
};

/* A parameter that the configuration gives. */
struct connector_param {
	struct span name;
	struct span about;
};

/* One way to be let in; all about it in connector_login.h. */
struct connector_login {
	struct span name;
	struct span about;
	struct span *needs; /* secrets */
	size_t n_needs;
	struct span base;         /* of the token's address; empty: the network's */
	struct connector_ask add; /* added to each request */
	bool has_token, has_refresh, has_consent;
	struct connector_ask token, refresh, consent;
	struct connector_part *answer; /* what is kept of a token's answer */
	size_t n_answer;
	int64_t lifetime_ms; /* where the answer doesn't say */
};

struct connector {
	struct expr_set set; /* memory of all below */
	struct span network; /* "hackernews" */
	struct span title;   /* "Hacker News" */
	int tier;            /* 0 no way in, 1 open, 2 free key, 3 restricted or paid */
	struct span base;    /* default address, or empty: each site has its own */
	struct span auth, cost, limits, terms, detour, docs;
	struct span facts_date; /* "2026-08": when the facts were true */
	bool verified;          /* its maps reproduce documented answers; else from memory */
	int64_t every_ms;       /* how often it may be asked by default; 0: no opinion */
	int64_t spacing_ms;     /* least time between two requests; 0: no opinion */
	struct connector_map *maps;
	size_t n_maps;
	struct connector_rule *rules;
	size_t n_rules;
	struct connector_ask *asks;
	size_t n_asks;
	struct connector_rule *pace; /* rules of good answers that ask for a pause */
	size_t n_pace;
	struct connector_quota *quotas;
	size_t n_quotas;
	struct connector_query query;
	struct connector_param *params;
	size_t n_params;
	struct connector_login *logins; /* tried in this order; none: no key is asked for */
	size_t n_logins;
	bool needs_login; /* false: it may be asked without any of them, too */
};

enum {
	CONNECTOR_MAX_BYTES = 256 * 1024,
	CONNECTOR_NESTED_MOST = 50,            /* further requests of one answer, unless said */
	CONNECTOR_OVERLAP_MS = 10 * 60 * 1000, /* networks index with a delay */
};

/* Reads a connector file. 0; -EINVAL with everything that is wrong with it; -ENOMEM. Nothing
 * points into bytes; `file` must outlive the call only. */
int connector_new(
	struct connector **ret, struct span bytes, const char *file, struct err_list *errors);
struct connector *connector_free(struct connector *c);

/* By name; an empty one is the first. NULL: there is none. */
const struct connector_map *connector_map_find(const struct connector *c, struct span name);

struct connector_alias {
	struct span alias;
	struct span id; /* of the item, or of the tombstone */
};

struct connector_result {
	struct item_list items;
	struct span *tombstones; /* ids the network shows as deleted */
	size_t n_tombstones, tombstones_capacity;
	struct span next_param; /* empty: no further page */
	struct span next_value;
	struct expr_var *nexts; /* all of them */
	size_t n_nexts;
	struct connector_alias *aliases; /* other names of items, which tombstones may use */
	size_t n_aliases;
	size_t seen; /* values that stood where items do, those passed over too */
	bool cut;    /* the answer's end is missing, or a bound was reached */
	bool more;   /* there were items beyond the bounds */
};

struct connector_options {
	struct span content_type;    /* as in the HTTP header; may be empty */
	const struct expr_var *vars; /* what the configuration gives: host, site … */
	size_t n_vars;
	size_t max_items; /* 0: READ_MAX_ITEMS */
	struct span base; /* of a page: what its addresses are relative to; may be empty */
	/* Called with the answer's values while they are there; may be NULL. */
	void (*look)(void *arg, struct expr_eval *e);
	void *arg;
};

/* False: these bytes are no JSON at all where the map reads JSON, as the page of a proxy or of
 * a login. No bytes are an answer with nothing in it. */
bool connector_is_readable(const struct connector_map *map, struct span body);

/* Reads an answer. Everything in *ret is in the arena; `body` may hold anything. 0 or -ENOMEM.
 */
int connector_read_answer(struct connector_result *ret, struct arena *arena,
	const struct connector_map *map, const struct connector_options *options,
	struct span body);

struct connector_answer {
	int status;
	const struct header *headers;
	size_t n_headers;
	struct span body;
	struct wall now; /* used when the answer has no Date */
};

struct connector_refusal {
	enum connector_error error;
	int64_t retry_after_s; /* -1: not said */
};

/* What an answer means before it is read: CONNECTOR_OK, or why there is nothing to read. First
 * the connector's own rules, then what HTTP says (RFC 9110, RFC 6585). 0 or -ENOMEM. */
int connector_judge(struct connector_refusal *ret, const struct connector *c,
	const struct connector_answer *answer);

/* Seconds to wait before the next request although this answer is good: a header says that
 * nothing is left until a reset, or a rule of the connector does. 0: none. */
int connector_pace(
	int64_t *ret_wait_s, const struct connector *c, const struct connector_answer *answer);

/* Where a round of pages stands; `{ 0 }` is its start. */
struct connector_cursor {
	int64_t pages;     /* answered */
	struct span param; /* what the last answer said of the next page */
	struct span value;
};

/* The request for where the cursor stands, in the arena. Beside the caller's variables
 * expressions see %page. 0; -EINVAL when the path has no value, for a variable in it is not
 * given, or when the next page's address leads to another host; -ENOMEM. */
int connector_request(struct request *ret, struct arena *arena, const struct connector_ask *ask,
	struct span base, const struct expr_var *vars, size_t n_vars,
	const struct connector_cursor *cursor);

/* After an answer: true when there is a next page worth asking for, with the cursor moved; what
 * it holds lives where the result does. Ends at max_pages, and at an answer with neither items
 * nor tombstones. A cursor that stays the same is followed: some networks' do. */
bool connector_advance(struct connector_cursor *cursor, const struct connector_ask *ask,
	const struct connector_result *result);

/* By name; an empty one is the first. NULL: there is none. */
const struct connector_ask *connector_ask_find(const struct connector *c, struct span name);

#endif
