#include "line/dispatch_desk.h"

#include <errno.h>
#include <stdlib.h>
#include <uthash.h>
#include <utlist.h>

#include "io/log.h"
#include "line/dispatch_ledger.h"
#include "line/outbox.h"
#include "line/post.h"

enum {
	RETRY_MS = 1000,
	WRITING_MOST = 64,      /* steps on their way, before time makes more of them */
	BUSY_MS = 10,           /* then */
	WAKE_MOST_MS = 3600000, /* the wall clock may jump */
};

/* A step on its way. */
struct write {
	struct write *prev, *next;
	struct dispatch_desk *desk;
	dispatch_desk_done done;
	void *arg;
};

struct dispatch_desk {
	struct loop *loop;
	struct outbox *outbox;
	struct post *post;
	struct dispatch_ledger *ledger;
	struct desk *desk; /* NULL: to be read */
	bool reading, whole;
	uint64_t step; /* number of the last one made */
	size_t applying;
	struct write *writes;
	const struct policy *policy;
	struct timer *wake;
	struct timer *again; /* to read */
	void (*ready)(void *arg);
	void *arg;
};

/* --- Losing it -----------------------------------------------------------------------------
 */

static void lose(struct dispatch_desk *d, int64_t again_ms)
{
	d->desk = desk_free(d->desk);
	timer_clear(d->wake);
	(void)timer_set(d->again, again_ms);
}

/* --- Writing a step ------------------------------------------------------------------------
 */

static void write_free(struct write *w)
{
	DL_DELETE(w->desk->writes, w);
	free(w);
}

static void on_applied(void *arg, int r, const struct outbox_woken *woken)
{
	struct write *w = arg;
	struct dispatch_desk *d = w->desk;

	d->applying--;
	if (r < 0 && d->desk) {
		log_warning("dispatch.desk_lost",
			STR("why", r == -ESTALE
					   ? "Redis has another state than it was left with"
					   : "a write failed"),
			STR("remedy", "none needed: it is read anew"));
		lose(d, r == -ESTALE ? 0 : RETRY_MS);
	}
	for (size_t i = 0; r == 0 && i < woken->n_receivers; i++)
		post_wake(d->post, woken->receivers[i]);
	if (r == 0)
		dispatch_ledger_go(d->ledger);
	if (w->done)
		w->done(w->arg, r);
	write_free(w);
}

static void set_wake(struct dispatch_desk *d, struct wall wake)
{
	int64_t ms;

	if (!wall_known(wake)) {
		timer_clear(d->wake);
		return;
	}
	ms = wake.ms - loop_wall(d->loop).ms;
	(void)timer_set(d->wake, ms < 1 ? 1 : ms < WAKE_MOST_MS ? ms : WAKE_MOST_MS);
}

/* Steps that change nothing are written, too: that Redis still has what they rest on is known
 * by its answer alone. */
static int write_step(struct dispatch_desk *d, const struct desk_step *step, struct wall now,
	dispatch_desk_done done, void *arg)
{
	struct write *w = calloc(1, sizeof(*w));
	int r = -ENOMEM;

	if (w) {
		*w = (struct write){.desk = d, .done = done, .arg = arg};
		DL_APPEND(d->writes, w);
		r = outbox_apply(d->outbox, d->step + 1, step, now, on_applied, w);
	}
	if (r < 0) {
		if (w)
			write_free(w);
		lose(d, RETRY_MS);
		return r;
	}
	d->step++;
	d->applying++;
	set_wake(d, step->wake);
	return 0;
}

/* What came of a step in memory, and then its write. */
static int after(struct dispatch_desk *d, int r, const struct desk_step *step, struct wall now,
	dispatch_desk_done done, void *arg)
{
	if (r < 0)
		lose(d, RETRY_MS);
	return r == 0 ? write_step(d, step, now, done, arg) : r;
}

/* --- Time ----------------------------------------------------------------------------------
 */

static void on_wake(void *arg)
{
	struct dispatch_desk *d = arg;
	const struct wall now = loop_wall(d->loop);
	struct desk_step step;

	if (!dispatch_desk_is_ready(d))
		return;
	if (d->applying >= WRITING_MOST)
		(void)timer_set(d->wake, BUSY_MS);
	else
		(void)after(d, desk_tick(d->desk, now, &step), &step, now, NULL, NULL);
}

/* --- Reading it ----------------------------------------------------------------------------
 */

static int restore(struct dispatch_desk *d, const struct redis_value *records, size_t n)
{
	size_t damaged = 0, other = 0;
	int r = desk_new(&d->desk, &(struct desk_options){0});

	for (size_t i = 0; r == 0 && i + 1 < n; i += 2) {
		const int got = desk_restore(d->desk, records[i].text, records[i + 1].text);

		damaged += got == -EBADMSG;
		other += got == DESK_RECORD_OTHER;
		r = got == -ENOMEM ? got : 0;
	}
	if (r == 0 && damaged + other)
		log_error("dispatch.desk_damaged", INT("damaged", damaged),
			INT("of_another_version", other),
			STR("remedy", "what these records held is told anew or not at all"));
	return r;
}

static int begin(struct dispatch_desk *d)
{
	const struct wall now = loop_wall(d->loop);
	struct desk_step step;

	return after(
		d, desk_set_policy(d->desk, d->policy, now, &step), &step, now, NULL, NULL);
}

static void on_found(void *arg, int r, uint64_t number, bool whole,
	const struct redis_value *records, size_t n)
{
	struct dispatch_desk *d = arg;

	d->reading = false;
	if (r == 0)
		r = restore(d, records, n);
	if (r < 0) {
		lose(d, RETRY_MS);
		return;
	}
	d->step = number;
	d->whole = whole;
	if (d->policy && begin(d) == 0)
		d->ready(d->arg);
}

static void read_anew(void *arg)
{
	struct dispatch_desk *d = arg;

	/* What is on its way still belongs to the old one. */
	if (d->desk || d->reading)
		return;
	d->reading =
		!d->applying && outbox_desk(d->outbox, loop_wall(d->loop), on_found, d) == 0;
	if (!d->reading)
		(void)timer_set(d->again, d->applying ? BUSY_MS : RETRY_MS);
}

void dispatch_desk_up(struct dispatch_desk *d)
{
	read_anew(d);
	dispatch_ledger_go(d->ledger);
}

/* --- Life ----------------------------------------------------------------------------------
 */

int dispatch_desk_new(struct dispatch_desk **ret, struct loop *loop, struct post *post,
	struct archive *archive, void (*ready)(void *arg), void *arg)
{
	struct dispatch_desk *d = calloc(1, sizeof(*d));
	int r;

	if (!d)
		return -ENOMEM;
	d->loop = loop;
	d->post = post;
	d->outbox = post_outbox(post);
	d->ready = ready;
	d->arg = arg;
	r = timer_new(&d->wake, loop, on_wake, d);
	if (r == 0)
		r = timer_new(&d->again, loop, read_anew, d);
	if (r == 0)
		r = dispatch_ledger_new(&d->ledger, loop, d->outbox, archive);
	if (r < 0) {
		dispatch_desk_free(d);
		return r;
	}
	*ret = d;
	return 0;
}

struct dispatch_desk *dispatch_desk_free(struct dispatch_desk *d)
{
	if (!d)
		return NULL;
	while (d->writes)
		write_free(d->writes);
	desk_free(d->desk);
	dispatch_ledger_free(d->ledger);
	timer_free(d->wake);
	timer_free(d->again);
	free(d);
	return NULL;
}

void dispatch_desk_set_policy(struct dispatch_desk *d, const struct policy *policy)
{
	d->policy = policy;
	if (d->desk && begin(d) == 0)
		d->ready(d->arg);
}

bool dispatch_desk_is_ready(const struct dispatch_desk *d)
{
	return d->desk && d->policy;
}

bool dispatch_desk_is_whole(const struct dispatch_desk *d)
{
	return d->whole;
}

static void on_whole(void *arg, int r, const struct outbox_woken *woken)
{
	struct dispatch_desk *d = arg;

	(void)woken;
	d->whole = r == 0;
}

void dispatch_desk_whole(struct dispatch_desk *d)
{
	d->whole = true;
	if (outbox_whole(d->outbox, d->step, on_whole, d) < 0)
		d->whole = false; /* the next one that reads it begins anew */
}

const struct desk *dispatch_desk_look(const struct dispatch_desk *d)
{
	return dispatch_desk_is_ready(d) ? d->desk : NULL;
}

/* --- Steps ---------------------------------------------------------------------------------
 */

int dispatch_desk_take(struct dispatch_desk *d, const struct desk_candidate *candidate,
	dispatch_desk_done done, void *arg)
{
	const struct wall now = loop_wall(d->loop);
	struct desk_step step;

	if (!dispatch_desk_is_ready(d))
		return -EAGAIN;
	return after(d, desk_take(d->desk, candidate, now, &step), &step, now, done, arg);
}

int dispatch_desk_settle(struct dispatch_desk *d, struct span id, enum desk_end end,
	dispatch_desk_done done, void *arg)
{
	const struct wall now = loop_wall(d->loop);
	struct desk_step step;

	if (!dispatch_desk_is_ready(d))
		return -EAGAIN;
	return after(d, desk_settle(d->desk, id, end, now, &step), &step, now, done, arg);
}

int dispatch_desk_do(struct dispatch_desk *d, const struct dispatch_deed *deed,
	dispatch_desk_done done, void *arg)
{
	const struct wall now = loop_wall(d->loop);
	struct desk_step step;
	int r = -EINVAL;

	if (!dispatch_desk_is_ready(d))
		return -EAGAIN;
	switch (deed->what) {
	case DEED_SILENCE:
		r = desk_silence(d->desk, deed->silence, now, &step);
		break;
	case DEED_UNSILENCE:
		r = desk_unsilence(d->desk, deed->name, now, &step);
		break;
	case DEED_MUTE:
		r = desk_mute(d->desk, deed->mute, now, &step);
		break;
	case DEED_UNMUTE:
		r = desk_unmute(d->desk, deed->mute, now, &step);
		break;
	case DEED_ACK:
		r = desk_ack(d->desk, deed->name, deed->receiver, now, &step);
		break;
	}
	return after(d, r, &step, now, done, arg);
}
