#ifndef VIGIE_LINE_NOTICE_H
#define VIGIE_LINE_NOTICE_H

/*
 * notice: what vigie itself has to say, on its way through the outbox: a spike or a report, as
 * JSON (a spike below 1000 bytes, what a desk's notice may hold). Its words are put together
 * when it is rendered, in the receiver's language.
 *
 *  {"spike":{"brand","kind","n","usual","spread","begins","samples","learning","began":ms,
 *            "severity","points":[…],"ended":ms,"peak","carriers":[{"key","n"}]}}
 *            ended and peak when it is over
 *  {"report":{"title","text","url","html","markdown","why"}}
 */

#include "vigie/alert.h"
#include "vigie/arena.h"
#include "vigie/buf.h"
#include "vigie/desk.h"

enum { NOTICE_CARRIERS = 5, NOTICE_BRAND_BYTES = 200 };

struct notice {
	bool is_spike, is_report;
	struct alert_spike spike; /* `carried` goes with `carriers` */
	struct item_key carriers[NOTICE_CARRIERS];
	uint64_t carried[NOTICE_CARRIERS];
	double points[SEVERITY_SPIKE_TERMS]; /* what spike.points points to, once decoded */
	struct alert_report report;
	struct span title, text, url; /* of a report */
};

/* Appends the JSON; n_carried of notice->spike of the carriers. 0 or -ENOMEM. */
int notice_encode(struct buf *out, const struct notice *notice);
/* 0; -EINVAL: it is none of these; -ENOMEM. All in the arena, or in *ret. */
int notice_decode(struct notice *ret, struct arena *arena, struct span json);

#endif
