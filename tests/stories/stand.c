#include "stand.h"

#include <stdlib.h>
#include <string.h>
#include <uthash.h>

struct stand_record {
	char *key;
	struct buf bytes;
	UT_hash_handle hh;
};

static void print_bytes(struct buf *out, struct span bytes)
{
	for (size_t i = 0; i < bytes.n; i++)
		buf_addf(out, "%02x", (unsigned char)bytes.p[i]);
}

/* The first line that is not the same. */
static void differ(
	struct stand *s, const char *what, const struct buf *one, const struct buf *two)
{
	struct span a = buf_span(one), b = buf_span(two);

	if (span_eq(a, b))
		return;
	while (a.n && b.n) {
		const size_t n = span_find(a, '\n'), m = span_find(b, '\n');

		if (!span_eq(span_slice(a, 0, n), span_slice(b, 0, m)))
			break;
		a = span_slice(a, n + 1, a.n);
		b = span_slice(b, m + 1, b.n);
	}
	buf_addf(&s->said, "%s: %.*s, but %.*s\n", what, (int)span_find(a, '\n'),
		a.p ? a.p : "", (int)span_find(b, '\n'), b.p ? b.p : "");
}

/* --- Records -------------------------------------------------------------------------------
 */

static void apply(struct stand *s, const struct desk_step *step)
{
	for (size_t i = 0; i < step->n_changes; i++) {
		const struct desk_change *c = &step->changes[i];
		struct stand_record *r;

		if (c->key.n > DESK_RECORD_KEY)
			buf_addf(&s->said, "key too long: %.*s\n", SPAN_ARG(c->key));
		if (i && span_cmp(step->changes[i - 1].key, c->key) >= 0)
			buf_addf(&s->said, "changes out of order at %.*s\n", SPAN_ARG(c->key));
		HASH_FIND(hh, s->records, c->key.p, (unsigned)c->key.n, r);
		if (c->deleted) {
			if (r) {
				HASH_DEL(s->records, r);
				buf_deinit(&r->bytes);
				free(r->key);
				free(r);
			}
			continue;
		}
		if (!r) {
			r = calloc(1, sizeof(*r));
			if (!r)
				abort();
			r->key = strndup(c->key.p, c->key.n);
			HASH_ADD_KEYPTR(hh, s->records, r->key, strlen(r->key), r);
		}
		buf_clear(&r->bytes);
		buf_add(&r->bytes, c->bytes);
		if (c->bytes.n > s->most_record)
			s->most_record = c->bytes.n;
	}
}

static int by_key(const void *a, const void *b)
{
	return strcmp((*(struct stand_record *const *)a)->key,
		(*(struct stand_record *const *)b)->key);
}

void stand_records(const struct stand *s, struct buf *out)
{
	const size_t n = HASH_COUNT(s->records);
	struct stand_record **sorted = calloc(n + 1, sizeof(struct stand_record *));
	size_t at = 0;

	if (!sorted)
		abort();
	for (struct stand_record *r = s->records; r; r = r->hh.next)
		sorted[at++] = r;
	qsort(sorted, n, sizeof(*sorted), by_key);
	for (size_t i = 0; i < n; i++) {
		buf_addf(out, "%s ", sorted[i]->key);
		print_bytes(out, buf_span(&sorted[i]->bytes));
		buf_add_char(out, '\n');
	}
	free(sorted);
}

/* --- What a step says ----------------------------------------------------------------------
 */

static void print_key(struct buf *out, const struct item_key *key)
{
	char hex[ITEM_KEY_TEXT + 1];

	buf_addf(out, " %s", item_key_text(hex, key));
}

static void print_step(struct buf *out, int r, const struct desk_step *step)
{
	buf_addf(out, "%d\n", r);
	if (r != 0)
		return;
	buf_addf(out, "wake %lld\n", (long long)step->wake.ms);
	for (size_t i = 0; i < step->n_changes; i++) {
		buf_addf(out, "%c %.*s ", step->changes[i].deleted ? '-' : '+',
			SPAN_ARG(step->changes[i].key));
		print_bytes(out, step->changes[i].bytes);
		buf_add_char(out, '\n');
	}
	for (size_t i = 0; i < step->n_deliveries; i++) {
		const struct desk_delivery *d = &step->deliveries[i];

		buf_addf(out,
			"%.*s %s %.*s %.*s %.*s %lld %.2f %.*s %.*s %u %.*s %lld %lld %u %u",
			SPAN_ARG(d->id), desk_kind_names[d->kind], SPAN_ARG(d->receiver),
			SPAN_ARG(d->group), SPAN_ARG(d->route), (long long)d->created.ms,
			d->severity, SPAN_ARG(d->level), SPAN_ARG(d->of), d->nth,
			SPAN_ARG(d->when), (long long)d->from.ms, (long long)d->until.ms,
			d->part, d->parts);
		for (size_t k = 0; k < d->n_items; k++) {
			print_key(out, &d->items[k].key);
			print_key(out, &d->items[k].story);
			buf_addf(out, " %lld %.2f %u %u %.*s", (long long)d->items[k].taken.ms,
				d->items[k].severity, d->items[k].mentions, d->items[k].sites,
				SPAN_ARG(d->items[k].notice));
		}
		buf_addf(out, " +%zu\n", d->n_more);
	}
	for (size_t i = 0; i < step->n_verdicts; i++) {
		const struct desk_verdict *v = &step->verdicts[i];

		print_key(out, &v->key);
		buf_addf(out, " %.*s %s %lld %.*s", SPAN_ARG(v->receiver),
			desk_outcome_names[v->outcome], (long long)v->at.ms, SPAN_ARG(v->why));
		print_key(out, &v->story);
		buf_add_char(out, '\n');
	}
}

/* --- Steps ---------------------------------------------------------------------------------
 */

static int do_step(struct desk *desk, enum stand_op op, const struct stand_args *a,
	struct wall now, struct desk_step *ret)
{
	switch (op) {
	case STAND_POLICY:
		return desk_set_policy(desk, a->policy, now, ret);
	case STAND_TAKE:
		return desk_take(desk, a->candidate, now, ret);
	case STAND_TICK:
		return desk_tick(desk, now, ret);
	case STAND_SETTLE:
		return desk_settle(desk, a->text, a->end, now, ret);
	case STAND_SILENCE:
		return desk_silence(desk, a->silence, now, ret);
	case STAND_UNSILENCE:
		return desk_unsilence(desk, a->text, now, ret);
	case STAND_MUTE:
		return desk_mute(desk, a->mute, now, ret);
	case STAND_UNMUTE:
		return desk_unmute(desk, a->mute, now, ret);
	case STAND_ACK:
		return desk_ack(desk, a->text, a->receiver, now, ret);
	}
	return -1;
}

/* The desk that was stopped: made of the records alone. Taking up its work again must change
 * nothing and tell nobody. */
static void restart(struct stand *s)
{
	struct buf before = {0}, after = {0};
	struct desk_step step;

	s->twin = desk_free(s->twin);
	if (desk_new(&s->twin, &s->options) < 0)
		abort();
	for (struct stand_record *r = s->records; r; r = r->hh.next)
		if (desk_restore(s->twin, span_str(r->key), buf_span(&r->bytes)) != 0)
			buf_addf(&s->said, "record %s is not restored\n", r->key);
	if (!s->policy)
		return;
	if (desk_set_policy(s->twin, s->policy, s->now, &step) != 0)
		buf_addf(&s->said, "no policy after a restart\n");
	if (step.n_deliveries)
		buf_addf(&s->said, "a restart tells something\n");
	stand_records(s, &before);
	apply(s, &step);
	stand_records(s, &after);
	differ(s, "a restart changes a record", &before, &after);
	buf_deinit(&before);
	buf_deinit(&after);
}

int stand_step(
	struct stand *s, enum stand_op op, const struct stand_args *args, struct desk_step *ret)
{
	struct buf one = {0}, two = {0};
	const int r = do_step(s->desk, op, args, s->now, ret);

	s->steps++;
	print_step(&one, r, ret);
	if (s->twin) {
		struct desk_step step = {0};

		print_step(&two, do_step(s->twin, op, args, s->now, &step), &step);
		differ(s, "not the same after a restart", &one, &two);
	}
	buf_deinit(&one);
	buf_deinit(&two);
	if (r == 0)
		apply(s, ret);
	if (r == 0 && op == STAND_POLICY)
		s->policy = args->policy;
	if (!desk_audit(s->desk))
		buf_addf(&s->said, "the law does not hold\n");
	if (s->twin)
		restart(s);
	return r;
}

int stand_init(struct stand *s, const struct desk_options *options, bool with_twin)
{
	int r;

	*s = (struct stand){.options = *options};
	r = desk_new(&s->desk, options);
	if (r == 0 && with_twin)
		r = desk_new(&s->twin, options);
	return r;
}

void stand_deinit(struct stand *s)
{
	struct stand_record *r, *next;

	HASH_ITER(hh, s->records, r, next)
	{
		HASH_DEL(s->records, r);
		buf_deinit(&r->bytes);
		free(r->key);
		free(r);
	}
	desk_free(s->desk);
	desk_free(s->twin);
	buf_deinit(&s->said);
}

void stand_zone_file(struct buf *out, const char *rule, int64_t offset_s)
{
	static const char header[44] = {'T', 'Z', 'i', 'f', '2', [39] = 1, [43] = 4};
	const char type[10] = {(char)(offset_s >> 24), (char)(offset_s >> 16),
		(char)(offset_s >> 8), (char)offset_s, 0, 0, 'L', 'M', 'T', 0};

	for (int i = 0; i < 2; i++) {
		buf_add(out, span_of(header, sizeof(header)));
		buf_add(out, span_of(type, sizeof(type)));
	}
	buf_addf(out, "\n%s\n", rule);
}
