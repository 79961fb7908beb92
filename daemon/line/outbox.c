#include "line/outbox.h"

#include <errno.h>
#include <stdlib.h>

#include <openssl/evp.h>

#include "io/log.h"
#include "line/outbox_apply.h"
#include "outbox_scripts.h"
#include "vigie/arena.h"
#include "vigie/buf.h"

enum script {
	SCRIPT_APPLY,
	SCRIPT_DESK,
	SCRIPT_WHOLE,
	SCRIPT_VERDICTS,
	SCRIPT_NOTICE,
	SCRIPT_TAKE,
	SCRIPT_DONE,
	SCRIPT_TOLD,
	SCRIPT_LOOK,
	SCRIPT_SHOW,
	SCRIPT_DRIVE,
	SCRIPT_BURY,
	SCRIPT_INCIDENT,
	SCRIPT_INCIDENTS,
	SCRIPTS
};

static const char *const bodies[SCRIPTS] = {
	[SCRIPT_APPLY] = outbox_apply_lua,
	[SCRIPT_DESK] = outbox_desk_lua,
	[SCRIPT_WHOLE] = outbox_whole_lua,
	[SCRIPT_VERDICTS] = outbox_verdicts_lua,
	[SCRIPT_NOTICE] = outbox_notice_lua,
	[SCRIPT_TAKE] = outbox_take_lua,
	[SCRIPT_DONE] = outbox_done_lua,
	[SCRIPT_TOLD] = outbox_told_lua,
	[SCRIPT_LOOK] = outbox_look_lua,
	[SCRIPT_SHOW] = outbox_show_lua,
	[SCRIPT_DRIVE] = outbox_drive_lua,
	[SCRIPT_BURY] = outbox_bury_lua,
	[SCRIPT_INCIDENT] = outbox_incident_lua,
	[SCRIPT_INCIDENTS] = outbox_incidents_lua,
};

enum {
	SHA_HEX = 40,
	SET_UP_RETRY_MS = 1000,
	UNTOLD_MOST = 100,
	SHOW_DEADLINE_MS = 15000, /* people ask for everything at times */
};

struct listener {
	void (*up)(void *arg);
	void *arg;
};

struct outbox {
	struct loop *loop;
	struct redis *redis;
	struct timer *again; /* set-up that failed */
	char *prefix;
	struct outbox_options options;
	struct buf texts[SCRIPTS];
	char shas[SCRIPTS][SHA_HEX + 1];
	bool up;
	unsigned loading;
	bool load_failed;
	char refusal[64]; /* reason as last logged */
	struct listener listeners[OUTBOX_LISTENERS];
	size_t n_listeners;
	bool freeing;
};

/* One question on its way. */
struct call {
	struct outbox *outbox;
	void (*parse)(struct call *call, int r, const struct redis_value *reply);
	outbox_done done;
	outbox_got got;
	outbox_found found;
	outbox_verdicts_got verdicts;
	void (*seen)(void *arg, int r, const struct outbox_view *view);
	void (*shown)(void *arg, int r, const struct outbox_record *records, size_t n,
		const struct span *keys, size_t n_keys);
	void *arg;
};

/* --- Set-up --------------------------------------------------------------------------------
 */

static int make_scripts(struct outbox *o)
{
	for (int i = 0; i < SCRIPTS; i++) {
		unsigned char digest[EVP_MAX_MD_SIZE];
		struct buf *text = &o->texts[i];

		buf_add_str(text, outbox_common_lua);
		buf_add_str(text, bodies[i]);
		if (text->failed ||
			!EVP_Digest(text->p, text->n, digest, NULL, EVP_sha1(), NULL))
			return -ENOMEM;
		for (int k = 0; k < SHA_HEX / 2; k++)
			(void)snprintf(o->shas[i] + 2 * k, 3, "%02x", digest[k]);
	}
	return 0;
}

/* Says once why Redis takes nothing. */
static void note_refusal(struct outbox *o, struct span why)
{
	const struct span head = span_slice(why, 0, sizeof(o->refusal) - 1);

	if (span_eq_str(head, o->refusal))
		return;
	memcpy(o->refusal, head.p, head.n);
	o->refusal[head.n] = '\0';
	log_warning("outbox.refused", TEXT("why", head));
}

static void set_up(struct outbox *o);

static void on_loaded(void *arg, const struct redis_value *reply)
{
	struct outbox *o = arg;

	if (o->freeing)
		return;
	if (!reply || reply->type == REDIS_ERROR) {
		o->load_failed = true;
		if (reply)
			note_refusal(o, reply->text);
	}
	if (--o->loading)
		return;
	if (o->load_failed) {
		(void)timer_set(o->again, SET_UP_RETRY_MS);
		return;
	}
	o->up = true;
	o->refusal[0] = '\0';
	for (size_t i = 0; i < o->n_listeners && o->up; i++)
		o->listeners[i].up(o->listeners[i].arg);
}

static void set_up(struct outbox *o)
{
	o->up = false;
	if (o->loading)
		return;
	o->load_failed = false;
	for (int i = 0; i < SCRIPTS; i++) {
		const struct span argv[] = {
			SPAN("SCRIPT"), SPAN("LOAD"), buf_span(&o->texts[i])};

		if (redis_command(o->redis, 3, argv, 0, on_loaded, o) == 0)
			o->loading++;
		else
			o->load_failed = true;
	}
	if (!o->loading)
		(void)timer_set(o->again, SET_UP_RETRY_MS);
}

static void on_again(void *arg)
{
	struct outbox *o = arg;

	if (redis_is_up(o->redis))
		set_up(o);
}

static void on_up(void *arg)
{
	set_up(arg);
}

static void on_down(void *arg, struct span why)
{
	struct outbox *o = arg;

	(void)why; /* the queue's connection says so */
	o->up = false;
}

int outbox_new(struct outbox **ret, struct loop *loop, const struct outbox_options *options)
{
	struct outbox *o = calloc(1, sizeof(*o));
	const struct redis_options redis = {.url = options->redis_url,
		.up = on_up,
		.down = on_down,
		.arg = o,
		.quiet = true};
	struct buf prefix = {0};
	int r;

	if (!o)
		return -ENOMEM;
	o->loop = loop;
	o->options = *options;
	if (!o->options.keep_sent)
		o->options.keep_sent = 1000;
	if (!o->options.keep_sent_ms)
		o->options.keep_sent_ms = 7 * INT64_C(86400000);
	if (!o->options.keep_dead)
		o->options.keep_dead = 10000;
	buf_add(&prefix, options->prefix);
	buf_add_str(&prefix, "{act}:");
	o->prefix = buf_take(&prefix);
	r = o->prefix ? make_scripts(o) : -ENOMEM;
	if (r == 0)
		r = timer_new(&o->again, loop, on_again, o);
	if (r == 0)
		r = redis_new(&o->redis, loop, &redis);
	if (r < 0) {
		outbox_free(o);
		return r;
	}
	*ret = o;
	return 0;
}

struct outbox *outbox_free(struct outbox *o)
{
	if (!o)
		return NULL;
	o->freeing = true;
	redis_free(o->redis);
	timer_free(o->again);
	for (int i = 0; i < SCRIPTS; i++)
		buf_deinit(&o->texts[i]);
	free(o->prefix);
	free(o);
	return NULL;
}

bool outbox_is_up(const struct outbox *o)
{
	return o->up;
}

void outbox_listen(struct outbox *o, void (*up)(void *arg), void *arg)
{
	if (o->n_listeners < OUTBOX_LISTENERS)
		o->listeners[o->n_listeners++] = (struct listener){up, arg};
}

/* --- Asking --------------------------------------------------------------------------------
 */

static void on_reply(void *arg, const struct redis_value *reply)
{
	struct call *call = arg;
	struct outbox *o = call->outbox;
	int r = 0;

	if (!reply) {
		r = -EAGAIN;
	} else if (reply->type == REDIS_ERROR) {
		r = -EIO;
		if (!o->freeing && span_starts(reply->text, SPAN("NOSCRIPT")))
			set_up(o); /* somebody flushed the scripts */
		else
			note_refusal(o, reply->text);
	} else {
		o->refusal[0] = '\0';
	}
	if (!o->freeing)
		call->parse(call, r, r == 0 ? reply : NULL);
	free(call);
}

static int eval(struct outbox *o, enum script script, const struct call *what, size_t argc,
	const struct span *args)
{
	enum { FIXED = 4, ON_STACK = 32 };
	struct span few[ON_STACK], *argv = few;
	struct call *call;
	int r;

	if (!o->up)
		return -EAGAIN;
	call = malloc(sizeof(*call));
	if (FIXED + argc > ON_STACK)
		argv = calloc(FIXED + argc, sizeof(*argv));
	if (!call || !argv) {
		free(call);
		return -ENOMEM;
	}
	*call = *what;
	call->outbox = o;
	argv[0] = SPAN("EVALSHA");
	argv[1] = span_str(o->shas[script]);
	argv[2] = SPAN("1");
	argv[3] = span_str(o->prefix);
	if (argc)
		memcpy(argv + FIXED, args, argc * sizeof(*args));
	r = redis_command(o->redis, FIXED + argc, argv,
		script == SCRIPT_SHOW || script == SCRIPT_DRIVE || script == SCRIPT_DESK
			? SHOW_DEADLINE_MS
			: 0,
		on_reply, call);
	if (argv != few)
		free(argv);
	if (r < 0)
		free(call);
	return r;
}

struct number {
	char text[24];
};

static struct span number(struct number *n, int64_t value)
{
	return span_of(
		n->text, (size_t)snprintf(n->text, sizeof(n->text), "%lld", (long long)value));
}

/* --- Reading replies -----------------------------------------------------------------------
 */

static struct span text_of(const struct redis_value *v, size_t i)
{
	return i < v->n && v->items[i].type == REDIS_STRING ? v->items[i].text : SPAN_NONE;
}

static int64_t int_of(const struct redis_value *v, size_t i)
{
	char text[24] = "";
	struct span s;

	if (i >= v->n)
		return 0;
	if (v->items[i].type == REDIS_INTEGER)
		return v->items[i].integer;
	s = text_of(v, i);
	if (s.n < sizeof(text) && s.n)
		memcpy(text, s.p, s.n);
	return (int64_t)strtod(text, NULL); /* scores may come as 1.7952063703e+12 */
}

/* The strings of an array from one place on; NULL, with *ret_n 0, also when memory is out. */
static struct span *texts_from(const struct redis_value *v, size_t from, size_t *ret_n)
{
	struct span *all;

	*ret_n = 0;
	if (v->n <= from)
		return NULL;
	all = calloc(v->n - from, sizeof(*all));
	for (size_t i = from; all && i < v->n; i++)
		if (v->items[i].type == REDIS_STRING)
			all[(*ret_n)++] = v->items[i].text;
	return all;
}

/* {number, receivers…} */
static void parse_driven(struct call *call, int r, const struct redis_value *reply)
{
	struct outbox_woken woken = {.n = 0};
	struct span *receivers = NULL;

	if (r == 0) {
		receivers = texts_from(reply, 1, &woken.n_receivers);
		woken.receivers = receivers;
		woken.n = int_of(reply, 0);
	}
	call->done(call->arg, r, &woken);
	free(receivers);
}

/* {ids…} */
static void parse_buried(struct call *call, int r, const struct redis_value *reply)
{
	struct outbox_woken woken = {.n = 0};
	struct span *ids = NULL;

	if (r == 0)
		ids = texts_from(reply, 0, &woken.n_receivers);
	woken.receivers = ids;
	woken.n = (int64_t)woken.n_receivers;
	call->done(call->arg, r, &woken);
	free(ids);
}

/* {1, receivers…}, or {0}: the step before is not there */
static void parse_applied(struct call *call, int r, const struct redis_value *reply)
{
	parse_driven(call, r == 0 && int_of(reply, 0) != 1 ? -ESTALE : r, reply);
}

static void parse_desk(struct call *call, int r, const struct redis_value *reply)
{
	const struct redis_value *records = NULL;

	if (r == 0 && reply->n == 3) {
		records = &reply->items[2];
	} else if (r == 0) {
		log_error("outbox.newer", INT("layout", int_of(reply, 0)),
			STR("remedy", "a newer vigie wrote this: use that one; nothing is told "
				      "until then"));
		call->outbox->up = false;
		r = -EIO;
	}
	call->found(call->arg, r, records ? (uint64_t)int_of(reply, 0) : 0,
		records && int_of(reply, 1) == 1, records ? records->items : NULL,
		records ? records->n : 0);
}

static void parse_verdicts(struct call *call, int r, const struct redis_value *reply)
{
	call->verdicts(call->arg, r, r == 0 ? reply->items : NULL, r == 0 ? reply->n : 0);
}

static void parse_number(struct call *call, int r, const struct redis_value *reply)
{
	const struct outbox_woken woken = {.n = r == 0 ? reply->integer : 0};

	call->done(call->arg, r, &woken);
}

static void parse_taken(struct call *call, int r, const struct redis_value *reply)
{
	struct outbox_taken taken = {.answer = OUTBOX_EMPTY};
	struct span *keys = NULL;

	if (r == 0 && span_eq_str(text_of(reply, 0), "wait")) {
		taken.answer = OUTBOX_WAIT;
		taken.until.ms = int_of(reply, 1);
	} else if (r == 0 && span_eq_str(text_of(reply, 0), "gone")) {
		taken.answer = OUTBOX_GONE;
		taken.why = text_of(reply, 1);
	} else if (r == 0 && span_eq_str(text_of(reply, 0), "take")) {
		keys = texts_from(reply, 13, &taken.n_keys);
		taken = (struct outbox_taken){
			.answer = OUTBOX_TAKEN,
			.id = text_of(reply, 1),
			.group = text_of(reply, 2),
			.route = text_of(reply, 3),
			.created = {int_of(reply, 4)},
			.attempts = int_of(reply, 5),
			.tries = int_of(reply, 6),
			.failures = int_of(reply, 7),
			.suspect = text_of(reply, 8),
			.only = text_of(reply, 9),
			.notice = text_of(reply, 10),
			.kind = text_of(reply, 11),
			.desk = text_of(reply, 12),
			.keys = keys,
			.n_keys = taken.n_keys,
		};
	}
	call->got(call->arg, r, &taken);
	free(keys);
}

static void parse_view(struct call *call, int r, const struct redis_value *reply)
{
	struct outbox_view view = {0};
	struct span *receivers = NULL, *untold = NULL;

	if (r == 0 && reply->n >= 3) {
		const struct redis_value *c = &reply->items[1];

		receivers = texts_from(&reply->items[0], 0, &view.n_receivers);
		untold = texts_from(&reply->items[2], 0, &view.n_untold);
		view.receivers = receivers;
		view.untold = untold;
		view.counts = (struct outbox_counts){
			int_of(c, 0), int_of(c, 1), int_of(c, 2), int_of(c, 3), int_of(c, 4)};
	}
	call->seen(call->arg, r, &view);
	free(receivers);
	free(untold);
}

static void parse_shown(struct call *call, int r, const struct redis_value *reply)
{
	struct outbox_record *records = NULL;
	struct span *keys = NULL;
	size_t n = 0, n_keys = 0;

	if (r == 0 && reply->n >= 2) {
		const struct redis_value *list = &reply->items[0];

		records = calloc(list->n + 1, sizeof(*records));
		for (size_t i = 0; records && i < list->n; i++) {
			const struct redis_value *one = &list->items[i];

			if (one->n < 3)
				continue;
			records[n++] = (struct outbox_record){text_of(one, 0), int_of(one, 1),
				one->items[2].items, one->items[2].n};
		}
		keys = texts_from(&reply->items[1], 0, &n_keys);
		r = records ? 0 : -ENOMEM;
	}
	call->shown(call->arg, r, records, n, keys, n_keys);
	free(records);
	free(keys);
}

/* --- The steps -----------------------------------------------------------------------------
 */

int outbox_apply(struct outbox *o, uint64_t number_of_it, const struct desk_step *step,
	struct wall now, outbox_done done, void *arg)
{
	const struct call call = {.parse = parse_applied, .done = done, .arg = arg};
	struct arena arena = {0};
	struct span *args;
	size_t n;
	int r = outbox_step_args(&arena, number_of_it, step, now, &args, &n);

	if (r == 0)
		r = eval(o, SCRIPT_APPLY, &call, n, args);
	arena_release(&arena);
	return r;
}

int outbox_desk(struct outbox *o, struct wall now, outbox_found found, void *arg)
{
	const struct call call = {.parse = parse_desk, .found = found, .arg = arg};
	struct number when;
	const struct span args[] = {number(&when, now.ms)};

	return eval(o, SCRIPT_DESK, &call, 1, args);
}

int outbox_whole(struct outbox *o, uint64_t number_of_it, outbox_done done, void *arg)
{
	const struct call call = {.parse = parse_applied, .done = done, .arg = arg};
	struct number step;
	const struct span args[] = {number(&step, (int64_t)number_of_it)};

	return eval(o, SCRIPT_WHOLE, &call, 1, args);
}

int outbox_verdicts(struct outbox *o, struct span known, outbox_verdicts_got got, void *arg)
{
	const struct call call = {.parse = parse_verdicts, .verdicts = got, .arg = arg};
	struct number most;
	const struct span args[] = {known, number(&most, OUTBOX_VERDICTS_MOST)};

	return eval(o, SCRIPT_VERDICTS, &call, 2, args);
}

int outbox_notice(struct outbox *o, const struct item_key *key, struct wall found,
	struct span notice, const struct outbox_entry *entries, size_t n, struct wall now,
	outbox_done done, void *arg)
{
	enum { FIXED = 4, EACH = 3 };
	struct span *args = calloc(FIXED + EACH * n, sizeof(*args));
	const struct call call = {.parse = parse_driven, .done = done, .arg = arg};
	char text[ITEM_KEY_TEXT + 1];
	struct number at, when;
	int r = -ENOMEM;

	if (args) {
		args[0] = number(&when, now.ms);
		args[1] = span_str(item_key_text(text, key));
		args[2] = number(&at, found.ms);
		args[3] = notice;
		for (size_t i = 0; i < n; i++) {
			args[FIXED + EACH * i] = entries[i].receiver;
			args[FIXED + EACH * i + 1] = entries[i].group;
			args[FIXED + EACH * i + 2] = entries[i].route;
		}
		r = eval(o, SCRIPT_NOTICE, &call, FIXED + EACH * n, args);
	}
	free(args);
	return r;
}

int outbox_take(struct outbox *o, struct span receiver, struct span mark, struct wall now,
	outbox_got got, void *arg)
{
	const struct call call = {.parse = parse_taken, .got = got, .arg = arg};
	struct number when;
	const struct span args[] = {number(&when, now.ms), receiver, mark};

	return eval(o, SCRIPT_TAKE, &call, 3, args);
}

int outbox_result(struct outbox *o, const struct outbox_result *result, struct wall now,
	outbox_done done, void *arg)
{
	const struct call call = {.parse = parse_number, .done = done, .arg = arg};
	struct number when, next, pause;
	const struct span fixed[] = {
		number(&when, now.ms),
		result->id,
		result->outcome,
		number(&next, wall_known(result->next) ? result->next.ms : now.ms),
		result->why,
		result->attempt,
		result->suspect,
		result->suspicious ? SPAN("1") : SPAN("0"),
		result->left,
		result->receiver_fails ? SPAN("1") : SPAN("0"),
		result->mark,
		wall_known(result->pause) ? number(&pause, result->pause.ms) : SPAN(""),
	};
	enum { FIXED = sizeof(fixed) / sizeof(*fixed) };
	struct span *args = calloc(FIXED + result->n_notify, sizeof(*args));
	int r;

	if (!args)
		return -ENOMEM;
	memcpy(args, fixed, sizeof(fixed));
	if (result->n_notify)
		memcpy(args + FIXED, result->notify, result->n_notify * sizeof(*args));
	r = eval(o, SCRIPT_DONE, &call, FIXED + result->n_notify, args);
	free(args);
	return r;
}

int outbox_told(struct outbox *o, struct span id, struct wall now, outbox_done done, void *arg)
{
	const struct call call = {.parse = parse_driven, .done = done, .arg = arg};
	struct number most, before, dead;
	const struct span args[] = {
		id,
		number(&most, (int64_t)o->options.keep_sent),
		number(&before, now.ms - o->options.keep_sent_ms),
		number(&dead, (int64_t)o->options.keep_dead),
	};

	return eval(o, SCRIPT_TOLD, &call, sizeof(args) / sizeof(*args), args);
}

int outbox_drive(struct outbox *o, struct span id, outbox_done done, void *arg)
{
	const struct call call = {.parse = parse_driven, .done = done, .arg = arg};

	return eval(o, SCRIPT_DRIVE, &call, 1, &id);
}

int outbox_bury(struct outbox *o, struct span receiver, struct span id, struct span state,
	struct span why, struct wall now, outbox_done done, void *arg)
{
	const struct call call = {.parse = parse_buried, .done = done, .arg = arg};
	struct number when, most;
	const struct span args[] = {number(&when, now.ms), receiver, id, state, why,
		number(&most, OUTBOX_BURY_MOST)};

	return eval(o, SCRIPT_BURY, &call, sizeof(args) / sizeof(*args), args);
}

int outbox_incident(struct outbox *o, const struct outbox_incident *incident, struct wall now,
	outbox_done done, void *arg)
{
	enum { FIXED = 5 };
	const struct call call = {.parse = parse_driven, .done = done, .arg = arg};
	struct span *args = calloc(FIXED + incident->n_receivers, sizeof(*args));
	struct number when;
	int r;

	if (!args)
		return -ENOMEM;
	args[0] = number(&when, now.ms);
	args[1] = incident->name;
	args[2] = incident->over ? SPAN("0") : SPAN("1");
	args[3] = incident->group;
	args[4] = incident->why;
	for (size_t i = 0; i < incident->n_receivers; i++)
		args[FIXED + i] = incident->receivers[i];
	r = eval(o, SCRIPT_INCIDENT, &call, FIXED + incident->n_receivers, args);
	free(args);
	return r;
}

int outbox_incidents(struct outbox *o, outbox_done done, void *arg)
{
	const struct call call = {.parse = parse_buried, .done = done, .arg = arg};

	return eval(o, SCRIPT_INCIDENTS, &call, 0, NULL);
}

int outbox_look(struct outbox *o,
	void (*seen)(void *arg, int r, const struct outbox_view *view), void *arg)
{
	const struct call call = {.parse = parse_view, .seen = seen, .arg = arg};
	struct number most;
	const struct span args[] = {number(&most, UNTOLD_MOST)};

	return eval(o, SCRIPT_LOOK, &call, 1, args);
}

int outbox_show(struct outbox *o, struct span id, size_t most,
	void (*shown)(void *arg, int r, const struct outbox_record *records, size_t n,
		const struct span *keys, size_t n_keys),
	void *arg)
{
	const struct call call = {.parse = parse_shown, .shown = shown, .arg = arg};
	struct number n;
	const struct span args[] = {
		span_empty(id) ? number(&n, (int64_t)most) : SPAN("id"), id};

	return eval(o, SCRIPT_SHOW, &call, 2, args);
}
