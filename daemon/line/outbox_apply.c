#include "line/outbox_apply.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>

static json_t *text_json(struct span s)
{
	return json_stringn(s.p ? s.p : "", s.n);
}

/* A finding told by itself goes as a notice does. */
static struct span own_notice(const struct desk_delivery *d)
{
	return d->n_items == 1 && d->kind != DESK_DIGEST ? d->items[0].notice : SPAN("");
}

static json_t *notices_json(const struct desk_delivery *d)
{
	json_t *o = NULL;

	for (size_t i = 0; i < d->n_items && span_empty(own_notice(d)); i++) {
		char key[ITEM_KEY_TEXT + 1];

		if (span_empty(d->items[i].notice))
			continue;
		o = o ? o : json_object();
		(void)json_object_set_new(
			o, item_key_text(key, &d->items[i].key), text_json(d->items[i].notice));
	}
	return o;
}

static struct span said(struct arena *arena, const struct desk_delivery *d)
{
	json_t *o = json_pack("{s:f,s:o,s:o,s:I,s:I}", "severity", d->severity, "level",
		text_json(d->level), "of", text_json(d->of), "nth", (json_int_t)d->nth, "more",
		(json_int_t)d->n_more);
	json_t *notices = notices_json(d);
	struct span ret = SPAN_NONE;
	char *text;

	if (o && d->kind == DESK_DIGEST) {
		(void)json_object_set_new(o, "when", text_json(d->when));
		(void)json_object_set_new(o, "from", json_integer((json_int_t)d->from.ms));
		(void)json_object_set_new(o, "until", json_integer((json_int_t)d->until.ms));
		(void)json_object_set_new(o, "part", json_integer((json_int_t)d->part));
		(void)json_object_set_new(o, "parts", json_integer((json_int_t)d->parts));
	}
	if (o && notices)
		(void)json_object_set_new(o, "notices", notices);
	else
		json_decref(notices);
	text = o ? json_dumps(o, JSON_COMPACT | JSON_REAL_PRECISION(10)) : NULL;
	if (text)
		ret = arena_dup(arena, span_str(text));
	free(text);
	json_decref(o);
	return ret;
}

/* --- What was decided ----------------------------------------------------------------------
 */

enum { VERDICTS_MOST = 100 /* of a piece */ };

/* As the ledger has it; "": it knows already. */
static const char *ledger_word(const struct desk_verdict *v)
{
	static const char *const words[] = {[DESK_WAITING] = "waiting",
		[DESK_HELD] = "held",
		[DESK_SENDING] = "sending",
		[DESK_IN_DIGEST] = "digest",
		[DESK_FOLDED] = "folded",
		[DESK_SILENCED] = "silenced",
		[DESK_MUTED] = "muted",
		[DESK_GIVEN_UP] = "dead",
		[DESK_HEARD] = ""};

	return v->over_budget ? "budget" : words[v->outcome];
}

/* Goes along the items that are being told, which the verdicts name in the same order. */
struct told {
	const struct desk_step *step;
	size_t delivery, item;
};

static struct span delivery_of(struct told *t, const struct item_key *key)
{
	const struct desk_delivery *d = t->step->deliveries + t->delivery;
	const struct desk_delivery *end = t->step->deliveries + t->step->n_deliveries;

	while (d < end && (d->kind == DESK_REPEAT || t->item >= d->n_items)) {
		d++;
		t->item = 0;
	}
	t->delivery = (size_t)(d - t->step->deliveries);
	if (d >= end || memcmp(&d->items[t->item].key, key, sizeof(*key)) != 0)
		return SPAN("");
	t->item++;
	return d->id;
}

static json_t *verdict_json(const struct desk_verdict *v, struct told *told)
{
	const bool waits = v->outcome == DESK_WAITING || v->outcome == DESK_HELD ||
			   v->outcome == DESK_IN_DIGEST;
	char key[ITEM_KEY_TEXT + 1];

	return json_pack("[s,o,s,o,o,o]", item_key_text(key, &v->key), text_json(v->receiver),
		ledger_word(v),
		waits && wall_known(v->at) ? json_integer((json_int_t)v->at.ms) : json_null(),
		text_json(v->outcome == DESK_SENDING ? delivery_of(told, &v->key) : SPAN("")),
		text_json(v->why));
}

static struct span piece(struct arena *arena, json_t *of, struct wall now)
{
	json_t *o = json_pack("{s:I,s:O}", "at", (json_int_t)now.ms, "of", of);
	char *text = o ? json_dumps(o, JSON_COMPACT) : NULL;
	struct span ret = SPAN_NONE;

	if (text)
		ret = arena_dup(arena, span_str(text));
	free(text);
	json_decref(o);
	return ret;
}

/* In pieces, in the arena, as are the spans. 0 or -ENOMEM. */
static int verdicts_json(struct arena *arena, const struct desk_step *step, struct wall now,
	struct span **ret, size_t *ret_n)
{
	struct span *pieces =
		arena_calloc(arena, step->n_verdicts / VERDICTS_MOST + 1, sizeof(*pieces));
	struct told told = {.step = step};
	json_t *of = json_array();
	bool failed = !pieces || !of;
	size_t n = 0;

	for (size_t i = 0; i < step->n_verdicts && !failed; i++) {
		const struct desk_verdict *v = &step->verdicts[i];

		if (*ledger_word(v))
			failed = json_array_append_new(of, verdict_json(v, &told)) < 0;
		if (json_array_size(of) < VERDICTS_MOST && i + 1 < step->n_verdicts)
			continue;
		if (json_array_size(of))
			pieces[n++] = piece(arena, of, now);
		failed = failed || (n && !pieces[n - 1].p);
		(void)json_array_clear(of);
	}
	json_decref(of);
	*ret = pieces;
	*ret_n = n;
	return failed ? -ENOMEM : 0;
}

struct args {
	struct arena *arena;
	struct span *list;
	size_t n;
	bool failed;
};

/* Of the step: one that says nothing may have no bytes. */
static void add(struct args *a, struct span s)
{
	a->list[a->n++] = s.p ? s : SPAN("");
}

static void add_made(struct args *a, struct span s)
{
	a->failed = a->failed || !s.p;
	add(a, s);
}

static void add_number(struct args *a, uint64_t value)
{
	add_made(a, arena_printf(a->arena, "%llu", (unsigned long long)value));
}

static void add_delivery(struct args *a, const struct desk_delivery *d)
{
	add(a, d->id);
	add(a, span_str(desk_kind_names[d->kind]));
	add(a, d->receiver);
	add(a, d->group);
	add(a, d->route);
	add(a, own_notice(d));
	add_made(a, said(a->arena, d));
	add_number(a, d->n_items);
	for (size_t i = 0; i < d->n_items; i++) {
		char key[ITEM_KEY_TEXT + 1];

		add_made(
			a, arena_dup(a->arena, span_str(item_key_text(key, &d->items[i].key))));
	}
}

int outbox_step_args(struct arena *arena, uint64_t number, const struct desk_step *step,
	struct wall now, struct span **ret, size_t *ret_n)
{
	enum { FIXED = 5, EACH = 8 };
	size_t room = FIXED + 2 * step->n_changes, deleted = 0, n_news;
	struct args args = {.arena = arena};
	struct span *news;

	if (verdicts_json(arena, step, now, &news, &n_news) < 0)
		return -ENOMEM;
	room += n_news;
	for (size_t i = 0; i < step->n_deliveries; i++)
		room += EACH + step->deliveries[i].n_items;
	args.list = arena_calloc(arena, room, sizeof(*args.list));
	if (!args.list)
		return -ENOMEM;
	for (size_t i = 0; i < step->n_changes; i++)
		deleted += step->changes[i].deleted;
	add_number(&args, (uint64_t)now.ms);
	add_number(&args, number);
	add_number(&args, step->n_changes - deleted);
	add_number(&args, deleted);
	add_number(&args, n_news);
	for (size_t i = 0; i < step->n_changes; i++) {
		if (step->changes[i].deleted)
			continue;
		add(&args, step->changes[i].key);
		add(&args, step->changes[i].bytes);
	}
	for (size_t i = 0; i < step->n_changes; i++)
		if (step->changes[i].deleted)
			add(&args, step->changes[i].key);
	for (size_t i = 0; i < n_news; i++)
		add(&args, news[i]);
	for (size_t i = 0; i < step->n_deliveries; i++)
		add_delivery(&args, &step->deliveries[i]);
	*ret = args.list;
	*ret_n = args.n;
	return args.failed ? -ENOMEM : 0;
}

/* --- Reading it again ----------------------------------------------------------------------
 */

static uint32_t small(const json_t *o, const char *name)
{
	const json_int_t value = json_integer_value(json_object_get(o, name));

	return value > 0 && value < UINT32_MAX ? (uint32_t)value : 0;
}

static struct wall time_of(const json_t *o, const char *name)
{
	const json_t *value = json_object_get(o, name);

	return json_is_integer(value) ? (struct wall){json_integer_value(value)} : WALL_NONE;
}

static struct span text_at(struct arena *arena, const json_t *list, size_t i)
{
	const json_t *value = json_array_get(list, i);

	return arena_dup(arena, json_is_string(value) ? span_of(json_string_value(value),
								json_string_length(value))
						      : SPAN(""));
}

static int read_verdict(struct arena *arena, const json_t *list, struct archive_outcome *ret)
{
	const json_t *key = json_array_get(list, 0), *until = json_array_get(list, 3);

	if (!json_is_string(key) ||
		!item_key_parse(&ret->key, span_str(json_string_value(key))))
		return -EINVAL;
	ret->receiver = text_at(arena, list, 1);
	ret->outcome = text_at(arena, list, 2);
	ret->until =
		json_is_integer(until) ? (struct wall){json_integer_value(until)} : WALL_NONE;
	ret->delivery = text_at(arena, list, 4);
	ret->why = text_at(arena, list, 5);
	return ret->receiver.p && ret->outcome.p && ret->delivery.p && ret->why.p ? 0 : -ENOMEM;
}

int outbox_verdicts_read(
	struct arena *arena, struct span json, struct archive_outcome **ret, size_t *ret_n)
{
	json_t *o = json.n ? json_loadb(json.p, json.n, 0, NULL) : NULL;
	const json_t *of = json_object_get(o, "of");
	const size_t n = json_array_size(of);
	struct archive_outcome *list = arena_calloc(arena, n + 1, sizeof(*list));
	int r = list ? 0 : -ENOMEM;

	if (!json_is_array(of))
		r = -EINVAL;
	for (size_t i = 0; i < n && r == 0; i++) {
		list[i].at = time_of(o, "at");
		r = read_verdict(arena, json_array_get(of, i), &list[i]);
	}
	json_decref(o);
	if (r < 0)
		return r;
	*ret = list;
	*ret_n = n;
	return 0;
}

int outbox_said_read(struct outbox_said *ret, struct arena *arena, struct span json)
{
	json_t *o = json.n ? json_loadb(json.p, json.n, 0, NULL) : NULL;
	const json_t *when = json_object_get(o, "when");

	*ret = (struct outbox_said){.nth = small(o, "nth"),
		.part = small(o, "part"),
		.parts = small(o, "parts"),
		.more = small(o, "more"),
		.from = time_of(o, "from"),
		.until = time_of(o, "until"),
		.when = arena_dup(
			arena, span_of(json_string_value(when) ? json_string_value(when) : "",
				       json_string_length(when)))};
	json_decref(o);
	return ret->when.p ? 0 : -ENOMEM;
}

int outbox_said_notices(struct span *ret, const struct item_key *keys, size_t n,
	struct arena *arena, struct span json)
{
	json_t *o = json.n ? json_loadb(json.p, json.n, 0, NULL) : NULL;
	const json_t *notices = json_object_get(o, "notices");
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++) {
		char key[ITEM_KEY_TEXT + 1];
		const json_t *text = json_object_get(notices, item_key_text(key, &keys[i]));

		ret[i] = SPAN_NONE;
		if (!json_is_string(text))
			continue;
		ret[i] = arena_dup(
			arena, span_of(json_string_value(text), json_string_length(text)));
		r = ret[i].p ? 0 : -ENOMEM;
	}
	json_decref(o);
	return r;
}
