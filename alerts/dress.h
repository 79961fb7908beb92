#ifndef VIGIE_ALERTS_DRESS_H
#define VIGIE_ALERTS_DRESS_H

/*
 * dress: what the channels share when they turn a message into a payload.
 */

#include <jansson.h>

#include "message.h"
#include "text.h"
#include "vigie/channel.h"

/* Sets *ret_why and returns -EINVAL, for `return dress_refuse(…)`. */
int dress_refuse(struct span *ret_why, const char *why);

/* message_make() for a channel: an alert without a mention is refused. */
int dress_message(struct message *ret, const struct receiver *receiver,
	const struct alert *alert, struct arena *arena, struct span *ret_why);

/* The URL without the slashes at its end: a path is put behind it. */
struct span dress_base(struct span url);

/* `Authorization: Bearer TOKEN`. 0 or -ENOMEM. */
int dress_bearer(struct header *ret, struct span token, struct arena *arena);

/* A JSON string of at most `limit` units, escaped and marked; NULL when memory is out. */
json_t *dress_marked(const struct marked *text, const struct text_style *style, size_t limit);
json_t *dress_text(struct span text, const struct text_style *style, size_t limit);

/* A JSON string as it is; the text must be UTF-8. NULL when memory is out. */
json_t *dress_json(struct span text);

/* Length of the value as it will be sent; SIZE_MAX when memory is out. */
size_t dress_size(const json_t *value, enum text_unit unit);

/* The value as compact JSON in the arena; .p is NULL when memory is out. */
struct span dress_dump(struct arena *arena, const json_t *value);

/* Fills *ret with a POST of the body, which is given up. `headers` are added to the content
 * type and the user agent; they may be NULL. A NULL body is memory that ran out. 0 or -ENOMEM.
 */
int dress_post(struct payload *ret, struct span url, json_t *body, const struct header *headers,
	size_t n_headers, struct arena *arena, const struct render_context *context);

/* "+11 copies on 9 sites · source · author (12,345 followers) · published …": parts that are
 * absent are left out. */
struct span dress_details(struct arena *arena, const struct message_entry *entry);

/* Address of a mention on the dashboard; empty without public_url. .p is NULL without memory.
 */
struct span dress_dashboard(struct arena *arena, const struct message_entry *entry,
	const struct render_context *context);

/* Excerpt, a blank line, why: each at most so many units. NULL when memory is out. */
json_t *dress_body(const struct message_entry *entry, const struct text_style *excerpt,
	size_t excerpt_limit, const struct text_style *why, size_t why_limit);

/* The headline between two marks, and below it the tail: how many mentions are not among the
 * `n_shown`, and the delivery. NULL when memory is out. */
json_t *dress_heading(const struct message *message, const char *open, const char *close,
	const struct text_style *style, size_t limit, size_t n_shown, struct arena *arena);

/* "+ 3 more · delivery 4k2p9x7a" or "delivery 4k2p9x7a". */
struct span dress_tail(struct arena *arena, const struct message *message, size_t n_more);

#endif
