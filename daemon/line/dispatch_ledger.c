#include "line/dispatch_ledger.h"

#include <errno.h>
#include <stdlib.h>

#include "io/log.h"
#include "line/outbox.h"
#include "line/outbox_apply.h"

enum {
	RETRY_MS = 1000,
	GATHER_MS = 200, /* much at a time costs less: an item that is told at once comes to its
			    end meanwhile */
	ID_TEXT = 48,    /* two numbers and what joins them */
};

struct dispatch_ledger {
	struct loop *loop;
	struct outbox *outbox;
	struct archive *archive;
	bool busy;               /* on its way */
	bool due;                /* `next` runs, or there was news while it was busy */
	bool full;               /* there was more than it took at once */
	char known[ID_TEXT + 1]; /* the last one the archive has; "": none to be forgotten */
	char written[ID_TEXT + 1];
	struct timer *next;
};

static void go_in(struct dispatch_ledger *l, int64_t ms)
{
	l->due = true;
	(void)timer_set(l->next, ms);
}

static void on_recorded(void *arg)
{
	struct dispatch_ledger *l = arg;

	memcpy(l->known, l->written, sizeof(l->known));
	l->busy = false;
	go_in(l, l->full ? 0 : GATHER_MS); /* also, that Redis may forget it */
}

/* The outcomes of all pieces, one behind the other. What can't be read is passed over. */
static int gather(struct arena *arena, const struct redis_value *news, size_t n,
	struct archive_outcome **ret, size_t *ret_n)
{
	struct archive_outcome *all = NULL;
	size_t n_all = 0, room = 0;

	for (size_t i = 0; i + 1 < n; i += 2) {
		struct archive_outcome *some;
		size_t n_some;
		const int r = outbox_verdicts_read(arena, news[i + 1].text, &some, &n_some);

		if (r == -ENOMEM)
			return r;
		if (r < 0) {
			log_error("dispatch.unreadable_verdict", TEXT("entry", news[i].text));
			continue;
		}
		if (n_all + n_some > room) {
			struct archive_outcome *more;

			room = 2 * room + n_some;
			more = arena_calloc(arena, room, sizeof(*more));
			if (!more)
				return -ENOMEM;
			if (n_all)
				memcpy(more, all, n_all * sizeof(*all));
			all = more;
		}
		if (n_some)
			memcpy(all + n_all, some, n_some * sizeof(*all));
		n_all += n_some;
	}
	*ret = all;
	*ret_n = n_all;
	return 0;
}

static void on_news(void *arg, int r, const struct redis_value *news, size_t n)
{
	struct dispatch_ledger *l = arg;
	struct archive_outcome *outcomes = NULL;
	struct arena arena = {0};
	size_t n_outcomes = 0;

	l->busy = false;
	if (r == 0)
		l->known[0] = '\0';
	if (r == 0 && n < 2) {
		if (l->due)
			go_in(l, GATHER_MS);
		return;
	}
	if (r == 0)
		r = gather(&arena, news, n, &outcomes, &n_outcomes);
	if (r == 0 && news[n - 2].text.n > ID_TEXT)
		r = -EINVAL;
	if (r == 0) {
		memcpy(l->written, news[n - 2].text.p, news[n - 2].text.n);
		l->written[news[n - 2].text.n] = '\0';
		l->busy = true;
		l->full = n / 2 >= OUTBOX_VERDICTS_MOST;
	}
	if (r == 0 && n_outcomes)
		archive_record(l->archive, outcomes, n_outcomes, on_recorded, l);
	else if (r == 0)
		on_recorded(l);
	else
		go_in(l, RETRY_MS);
	arena_release(&arena);
}

static void on_next(void *arg)
{
	struct dispatch_ledger *l = arg;

	if (l->busy)
		return;
	l->due = false;
	l->busy = outbox_verdicts(l->outbox, span_str(l->known), on_news, l) == 0;
	if (!l->busy)
		go_in(l, RETRY_MS);
}

void dispatch_ledger_go(struct dispatch_ledger *l)
{
	if (!l->due)
		go_in(l, GATHER_MS);
}

int dispatch_ledger_new(struct dispatch_ledger **ret, struct loop *loop, struct outbox *outbox,
	struct archive *archive)
{
	struct dispatch_ledger *l = calloc(1, sizeof(*l));
	int r;

	if (!l)
		return -ENOMEM;
	l->loop = loop;
	l->outbox = outbox;
	l->archive = archive;
	r = timer_new(&l->next, loop, on_next, l);
	if (r < 0) {
		free(l);
		return r;
	}
	*ret = l;
	return 0;
}

struct dispatch_ledger *dispatch_ledger_free(struct dispatch_ledger *l)
{
	if (!l)
		return NULL;
	timer_free(l->next);
	free(l);
	return NULL;
}
