#ifndef VIGIE_SOURCES_CONNECTOR_INNER_H
#define VIGIE_SOURCES_CONNECTOR_INNER_H

/*
 * connector_inner: what the parts of a connector's request side share: a request made of an
 * ask, bodies, and the text form of what is remembered. Nobody else's business.
 */

#include "sources/connector.h"

/* Everything a request is made of. */
struct connector_making {
	const struct connector_ask *ask;
	const struct connector_ask *add; /* put into it as well; or NULL */
	struct span base;
	const struct expr_var *vars;
	size_t n_vars;
	int64_t pages;               /* answered so far */
	const struct expr_var *next; /* what the last answer said of the next page */
	size_t n_next;
};

int connector_make(
	struct request *ret, struct arena *arena, const struct connector_making *making);

/* An address the network gave, as far as it leads to the network itself (same scheme, host and
 * port); else SPAN_NONE. In the arena. */
struct span connector_next_address(struct arena *arena, struct span base, struct span address);

/* A way may have an address of its own: *base is set to it. 0; -EINVAL when a variable of it is
 * missing; -ENOMEM. */
int connector_own_base(struct span *base, struct arena *arena, const struct connector_ask *ask,
	const struct expr_var *vars, size_t n_vars);

/* The value of an expression as a text; a list stands for its first. */
struct span connector_value(struct expr_eval *e, const struct expr *x);

/* A body of parts, and its media type; nothing when there are none. `add` is put behind. */
void connector_body_form(struct buf *out, struct expr_eval *e, const struct connector_ask *ask,
	const struct connector_ask *add);
void connector_body_json(struct buf *out, struct expr_eval *e, const struct connector_ask *ask,
	const struct connector_ask *add);

/* Records: "name=value" joined by "&", escaped as in a query. */
void connector_record_add(struct buf *out, struct span name, struct span value);
/* Takes the next off *rest. The value is in the arena. False: there is none. */
bool connector_record_next(
	struct span *name, struct span *value, struct arena *arena, struct span *rest);

/* An answer as rules and token readers see it: {"status","headers","body"}, in the arena. */
bool connector_answer_tree(
	struct tree *ret, struct arena *arena, const struct connector_answer *answer);

/* The address behind rel="next" of the answer's Link headers (RFC 8288); empty: none. */
struct span connector_link_next(const struct connector_answer *answer);

/* The list with one more, in the arena; NULL: no memory. Grows at powers of two. */
struct expr_var *connector_vars_add(struct arena *arena, struct expr_var *vars, size_t *n,
	struct span name, struct span value);

#endif
