/*
 * dispatch_recall: a desk that was lost (Redis was emptied) is told again of what the ledger
 * says waits: it stood in groups, digests and messages on their way, and its sources may list
 * it no more. Page by page, through the same door as hits from the queue; a kill in between
 * begins anew, and what the desk has taken already changes nothing.
 */

#include <errno.h>
#include <stdlib.h>

#include "io/log.h"
#include "line/codec_hit.h"
#include "line/dispatch_inner.h"

enum { PAGE = 100 };

struct recall {
	struct item_key behind;
	bool begun, again; /* again: the desk was lost once more */
	size_t n;
};

static void next_page(struct dispatch *d);

static void end(struct dispatch *d)
{
	if (d->recall->n)
		log_info("dispatch.recalled", INT("mentions", d->recall->n),
			STR("why", "Redis was emptied; by the ledger they were not told yet"));
	dispatch_recall_free(d);
	dispatch_desk_whole(d->desk);
}

static void on_taken(struct dispatch *d)
{
	next_page(d);
}

static void on_waiting(void *arg, const struct hit *hits, size_t n, const struct item_key *last)
{
	struct dispatch *d = arg;
	struct span bytes[PAGE];
	struct buf all[PAGE] = {{0}};
	int r = 0;

	d->recall->behind = *last;
	d->recall->begun = true;
	for (size_t i = 0; i < n; i++) {
		hit_encode(&all[i], &hits[i]);
		r = all[i].failed ? -ENOMEM : r;
		bytes[i] = buf_span(&all[i]);
	}
	if (r == 0 && n)
		r = dispatch_take(d, bytes, n, on_taken);
	for (size_t i = 0; i < n; i++)
		buf_deinit(&all[i]);
	d->recall->n += n;
	if (r < 0)
		dispatch_recall_free(d); /* begun anew at the next start */
	else if (!n && d->recall->again)
		next_page(d);
	else if (!n)
		end(d);
}

static void next_page(struct dispatch *d)
{
	if (d->recall->again)
		*d->recall = (struct recall){.n = 0};
	archive_waiting(
		d->archive, d->recall->begun ? &d->recall->behind : NULL, PAGE, on_waiting, d);
}

void dispatch_recall(struct dispatch *d)
{
	if (dispatch_desk_is_whole(d->desk))
		return;
	if (d->recall) {
		d->recall->again = true;
		return;
	}
	d->recall = calloc(1, sizeof(*d->recall));
	if (d->recall)
		next_page(d);
}

void dispatch_recall_free(struct dispatch *d)
{
	free(d->recall);
	d->recall = NULL;
}
