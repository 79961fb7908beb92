/*
 * post_control: deliveries for people, as JSON: what waits, what is dead and why, each attempt;
 * and what they may do about it.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "line/post_inner.h"
#include "vigie/buf.h"

enum { LIST_MOST = 500, ID_LEAST = 4 };

enum deed { DEED_LIST, DEED_SHOW, DEED_DRIVE, DEED_DROP };

/* One request on its way. */
struct question {
	struct question *next;
	struct post *post;
	enum deed deed;
	post_answer answer;
	void *arg;
};

static void question_free(struct question *q)
{
	struct question **at = &q->post->questions;

	while (*at != q)
		at = &(*at)->next;
	*at = q->next;
	free(q);
}

void post_questions_free(struct post *p)
{
	while (p->questions)
		question_free(p->questions);
}

static void end(struct question *q, int status, struct span body)
{
	q->answer(q->arg, status, body);
	question_free(q);
}

static void end_sentence(struct question *q, int status, const char *sentence)
{
	end(q, status, span_str(sentence));
}

static void end_json(struct question *q, json_t *value)
{
	char *text = value ? json_dumps(value, JSON_COMPACT) : NULL;

	json_decref(value);
	if (text)
		end(q, 200, span_str(text));
	else
		end_sentence(q, 500, "out of memory\n");
	free(text);
}

static const char no_redis[] = "Redis does not answer at the moment: try again\n";

/* --- Records as JSON
 * --------------------------------------------------------------------------- */

static int64_t number_of(struct span text)
{
	char digits[24] = "";

	if (text.n && text.n < sizeof(digits))
		memcpy(digits, text.p, text.n);
	return strtoll(digits, NULL, 10);
}

static json_t *time_json(int64_t ms)
{
	char text[RFC3339_SIZE];

	return json_string(wall_rfc3339_ms(text, (struct wall){ms}));
}

/* "a:3": the third attempt, as post_attempt.c wrote it. */
static json_t *attempt_of(struct span name, struct span value)
{
	json_t *a = json_loadb(value.p, value.n, 0, NULL);
	static const char *const times[] = {"at", "next"};

	if (!json_is_object(a)) {
		json_decref(a);
		return NULL;
	}
	for (size_t i = 0; i < sizeof(times) / sizeof(*times); i++) {
		json_t *ms = json_object_get(a, times[i]);

		if (ms)
			(void)json_object_set_new(
				a, times[i], time_json((int64_t)json_number_value(ms)));
	}
	if (!json_object_get(a, "verdict"))
		(void)json_object_set_new(a, "verdict", json_string("unfinished"));
	(void)json_object_set_new(
		a, "attempt", json_integer(number_of(span_slice(name, 2, name.n))));
	return a;
}

static int by_attempt(const void *x, const void *y)
{
	const json_int_t a =
		json_integer_value(json_object_get(*(json_t *const *)x, "attempt"));
	const json_int_t b =
		json_integer_value(json_object_get(*(json_t *const *)y, "attempt"));

	return (a > b) - (a < b);
}

static json_t *attempts_json(const struct outbox_record *record)
{
	json_t *all[64], *list = json_array();
	size_t n = 0;

	for (size_t i = 0; i + 1 < record->n_fields && n < 64; i += 2) {
		const struct span name = record->fields[i].text;
		json_t *a = span_starts(name, SPAN("a:"))
				    ? attempt_of(name, record->fields[i + 1].text)
				    : NULL;

		if (a)
			all[n++] = a;
	}
	qsort(all, n, sizeof(*all), by_attempt);
	for (size_t i = 0; i < n; i++)
		(void)json_array_append_new(list, all[i]);
	return list;
}

static json_t *record_json(const struct outbox_record *record)
{
	static const char *const texts[] = {
		"receiver", "kind", "state", "group", "route", "why", "only"};
	static const char *const times[] = {"created", "next", "settled"};
	json_t *o = json_object();

	(void)json_object_set_new(o, "id", json_stringn(record->id.p, record->id.n));
	(void)json_object_set_new(o, "mentions", json_integer((json_int_t)record->mentions));
	for (size_t i = 0; i + 1 < record->n_fields; i += 2) {
		const struct span name = record->fields[i].text,
				  value = record->fields[i + 1].text;

		for (size_t k = 0; k < sizeof(texts) / sizeof(*texts); k++)
			if (span_eq_str(name, texts[k]))
				(void)json_object_set_new(
					o, texts[k], json_stringn(value.p, value.n));
		for (size_t k = 0; k < sizeof(times) / sizeof(*times); k++)
			if (span_eq_str(name, times[k]))
				(void)json_object_set_new(
					o, times[k], time_json(number_of(value)));
		if (span_eq_str(name, "attempts"))
			(void)json_object_set_new(
				o, "attempts", json_integer(number_of(value)));
	}
	return o;
}

static void on_list(void *arg, int r, const struct outbox_record *records, size_t n,
	const struct span *keys, size_t n_keys)
{
	struct question *q = arg;
	json_t *list;

	(void)keys;
	(void)n_keys;
	if (r < 0) {
		end_sentence(q, 503, no_redis);
		return;
	}
	list = json_array();
	for (size_t i = 0; i < n; i++)
		(void)json_array_append_new(list, record_json(&records[i]));
	end_json(q, json_pack("{s:O?, s:o}", "counts", q->post->counts, "deliveries", list));
}

/* --- One delivery
 * ------------------------------------------------------------------------------ */

static void show(struct question *q, const struct outbox_record *record,
	const struct span *keys, size_t n_keys)
{
	json_t *o = record_json(record), *list = json_array();

	for (size_t i = 0; i < n_keys; i++)
		(void)json_array_append_new(list, json_stringn(keys[i].p, keys[i].n));
	(void)json_object_set_new(o, "keys", list);
	(void)json_object_set_new(o, "tries", attempts_json(record));
	end_json(q, o);
}

static void on_driven(void *arg, int r, const struct outbox_woken *woken)
{
	struct question *q = arg;
	struct post *p = q->post;

	if (r < 0) {
		end_sentence(q, 503, no_redis);
		return;
	}
	end_json(q, json_pack("{s:I}", "redriven", (json_int_t)woken->n));
	for (size_t i = 0; i < woken->n_receivers; i++)
		post_wake(p, woken->receivers[i]);
	post_look_soon(p);
}

static void on_dropped(void *arg, int r, const struct outbox_woken *woken)
{
	struct question *q = arg;
	struct post *p = q->post;

	if (r < 0) {
		end_sentence(q, 503, no_redis);
		return;
	}
	if (!woken->n) {
		end_sentence(q, 409, "it is being sent, or was delivered already\n");
		return;
	}
	end_json(q, json_pack("{s:I}", "dropped", (json_int_t)woken->n));
	post_tell_by_id(p, woken->receivers[0]);
	post_look_soon(p);
}

static bool may_drive(struct span state)
{
	return span_eq_str(state, "dead") || span_eq_str(state, "waiting") ||
	       span_eq_str(state, "parked");
}

static void on_found(void *arg, int r, const struct outbox_record *records, size_t n,
	const struct span *keys, size_t n_keys)
{
	struct question *q = arg;
	struct outbox *o = q->post->outbox;
	struct span state = SPAN_NONE;

	if (r < 0) {
		end_sentence(q, 503, no_redis);
		return;
	}
	if (n != 1) {
		end_sentence(q, n ? 409 : 404,
			n ? "more than one delivery begins so: give more of the id\n"
			  : "no delivery has this id: 'vigie deliveries' lists them\n");
		return;
	}
	for (size_t i = 0; i + 1 < records[0].n_fields; i += 2)
		if (span_eq_str(records[0].fields[i].text, "state"))
			state = records[0].fields[i + 1].text;
	if (q->deed == DEED_SHOW) {
		show(q, &records[0], keys, n_keys);
	} else if (q->deed == DEED_DRIVE) {
		if (!may_drive(state))
			end_sentence(q, 409, "it is being sent, or was delivered already\n");
		else if (outbox_drive(o, records[0].id, on_driven, q) < 0)
			end_sentence(q, 503, no_redis);
	} else if (outbox_bury(o, SPAN_NONE, records[0].id, SPAN("dropped"),
			   SPAN("dropped by hand"), loop_wall(q->post->loop), on_dropped,
			   q) < 0) {
		end_sentence(q, 503, no_redis);
	}
}

/* --- Asking
 * ------------------------------------------------------------------------------------ */

static bool is_id(struct span id)
{
	for (size_t i = 0; i < id.n; i++)
		if (!((id.p[i] >= '0' && id.p[i] <= '9') || (id.p[i] >= 'a' && id.p[i] <= 'z')))
			return false;
	return id.n >= ID_LEAST && id.n <= OUTBOX_ID_TEXT;
}

/* "/ID/redrive" → ID, "redrive" */
static void split(struct span path, struct span *id, struct span *verb)
{
	size_t slash;

	while (path.n && path.p[0] == '/')
		path = span_slice(path, 1, path.n);
	slash = span_find(path, '/');
	*id = span_slice(path, 0, slash);
	*verb = span_slice(path, slash + 1, path.n);
}

void post_control(
	struct post *p, struct span method, struct span path, post_answer answer, void *arg)
{
	const bool reads = span_eq_str(method, "GET");
	struct question *q = calloc(1, sizeof(*q));
	struct span id, verb;
	int r;

	if (!q) {
		answer(arg, 500, SPAN("out of memory\n"));
		return;
	}
	q->post = p;
	q->answer = answer;
	q->arg = arg;
	q->next = p->questions;
	p->questions = q;
	split(path, &id, &verb);
	if (reads && span_empty(id)) {
		r = outbox_show(p->outbox, SPAN_NONE, LIST_MOST, on_list, q);
	} else if (!reads && span_eq_str(id, "redrive") && span_empty(verb)) {
		r = outbox_drive(p->outbox, SPAN_NONE, on_driven, q);
	} else if (is_id(id) &&
		   (reads ? span_empty(verb)
			  : span_eq_str(verb, "redrive") || span_eq_str(verb, "drop"))) {
		q->deed = reads                       ? DEED_SHOW
			  : span_eq_str(verb, "drop") ? DEED_DROP
						      : DEED_DRIVE;
		r = outbox_show(p->outbox, id, 1, on_found, q);
	} else {
		end_sentence(q, 404, "no such thing below /deliveries\n");
		return;
	}
	if (r < 0)
		end_sentence(q, 503, no_redis);
}
