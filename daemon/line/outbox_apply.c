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
	enum { FIXED = 4, EACH = 8 };
	size_t room = FIXED + 2 * step->n_changes, deleted = 0;
	struct args args = {.arena = arena};

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
	for (size_t i = 0; i < step->n_changes; i++) {
		if (step->changes[i].deleted)
			continue;
		add(&args, step->changes[i].key);
		add(&args, step->changes[i].bytes);
	}
	for (size_t i = 0; i < step->n_changes; i++)
		if (step->changes[i].deleted)
			add(&args, step->changes[i].key);
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
