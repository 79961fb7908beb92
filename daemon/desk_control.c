#include "desk_control.h"

#include <errno.h>
#include <stdlib.h>

#include "vigie/buf.h"

static json_t *text_json(struct span s)
{
	return json_stringn(s.p ? s.p : "", s.n);
}

static json_t *time_json(struct wall at)
{
	char text[RFC3339_SIZE];

	return wall_known(at) ? json_string(wall_rfc3339(text, at)) : json_null();
}

/* --- Looking -------------------------------------------------------------------------------
 */

static json_t *receiver_json(const struct desk_receiver_view *view)
{
	const struct desk_counts *c = &view->counts;
	json_t *used = json_array();

	for (size_t i = 0; i < BUDGETS_MAX; i++)
		(void)json_array_append_new(used, json_integer(view->used[i]));
	return json_pack("{s:o,s:b,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:b,s:o}", "id",
		text_json(view->id), "removed", view->removed, "candidates",
		(json_int_t)c->candidates, "sent", (json_int_t)c->sent, "digested",
		(json_int_t)c->digested, "muted", (json_int_t)c->muted, "silenced",
		(json_int_t)c->silenced, "folded", (json_int_t)c->folded, "dead",
		(json_int_t)c->dead, "waiting", (json_int_t)c->waiting, "in_digest",
		(json_int_t)c->in_digest, "on_way", (json_int_t)c->on_way, "lawful",
		desk_is_lawful(c), "used", used);
}

json_t *desk_receivers_json(const struct dispatch_desk *desk, struct wall now)
{
	const struct desk *d = desk ? dispatch_desk_look(desk) : NULL;
	struct desk_receiver_view view;
	json_t *list;

	if (!d)
		return NULL;
	list = json_array();
	for (size_t i = 0; desk_receiver(d, i, now, &view); i++)
		(void)json_array_append_new(list, receiver_json(&view));
	return list;
}

static json_t *matches_json(const struct silence *silence)
{
	json_t *o = json_object();

	for (size_t i = 0; i < silence->n_matches; i++) {
		const struct route_match *m = &silence->matches[i];
		json_t *values = json_array();

		for (size_t k = 0; k < m->n_values; k++)
			(void)json_array_append_new(values, text_json(m->values[k]));
		(void)json_object_set_new(o, route_key_names[m->key], values);
	}
	return o;
}

/* The desk forgets what is over with its next step, which may be a while. */
static bool is_over(struct wall until, struct wall now)
{
	return wall_known(until) && until.ms <= now.ms;
}

static json_t *view_json(const struct dispatch_desk *desk, struct wall now)
{
	const struct desk *d = dispatch_desk_look(desk);
	json_t *silences = json_array(), *mutes = json_array();
	const struct silence *silence = NULL;
	const struct mute *mute = NULL;
	struct arena arena = {0};
	size_t n_silences = 0, n_mutes = 0;

	(void)desk_silences(d, &arena, &silence, &n_silences);
	(void)desk_mutes(d, &arena, &mute, &n_mutes);
	for (size_t i = 0; i < n_silences; i++) {
		if (is_over(silence[i].until, now))
			continue;
		(void)json_array_append_new(silences,
			json_pack("{s:o,s:o,s:o,s:o,s:o,s:o}", "id", text_json(silence[i].id),
				"receiver", text_json(silence[i].receiver), "match",
				matches_json(&silence[i]), "author",
				text_json(silence[i].author), "comment",
				text_json(silence[i].comment), "until",
				time_json(silence[i].until)));
	}
	for (size_t i = 0; i < n_mutes; i++) {
		if (is_over(mute[i].until, now))
			continue;
		(void)json_array_append_new(mutes,
			json_pack("{s:s,s:o,s:o,s:o}", "key", route_key_names[mute[i].key],
				"value", text_json(mute[i].value), "receiver",
				text_json(mute[i].receiver), "until",
				time_json(mute[i].until)));
	}
	arena_release(&arena);
	return json_pack("{s:o,s:o,s:o}", "receivers", desk_receivers_json(desk, now),
		"silences", silences, "mutes", mutes);
}

static void reply_json(struct http_ask *ask, json_t *value)
{
	char *text = value ? json_dumps(value, JSON_COMPACT) : NULL;

	json_decref(value);
	if (text)
		http_reply(ask, 200, "application/json", NULL, 0, span_str(text));
	else
		http_reply_text(ask, 500, "out of memory");
	free(text);
}

/* --- Doing ---------------------------------------------------------------------------------
 */

/* A deed on its way. */
struct doing {
	struct http_ask *ask;
	struct archive *archive;
	struct arena arena;
	struct dispatch_deed deed;
	struct silence silence;
	struct mute mute;
	struct archive_deed audit;
};

static void doing_free(struct doing *d)
{
	arena_release(&d->arena);
	free(d);
}

static void on_done(void *arg, int r)
{
	struct doing *d = arg;

	if (r < 0) {
		http_reply_text(d->ask, 503, "Redis is away: say it again in a moment");
	} else {
		archive_audit(d->archive, &d->audit, NULL, NULL);
		reply_json(d->ask, json_pack("{s:o}", "done", text_json(d->audit.subject)));
	}
	doing_free(d);
}

static struct span text_of(struct doing *d, const json_t *root, const char *name)
{
	const json_t *value = json_object_get(root, name);
	const struct span s = json_is_string(value) ? span_of(json_string_value(value),
							      json_string_length(value))
						    : SPAN("");

	return arena_dup(&d->arena, s);
}

static struct wall until_of(const json_t *root)
{
	const json_t *value = json_object_get(root, "until");

	return json_is_integer(value) ? (struct wall){json_integer_value(value)} : WALL_NONE;
}

static bool key_of(enum route_key *ret, const char *name)
{
	for (int i = 0; i < ROUTE_MENTION; i++) {
		*ret = (enum route_key)i;
		if (strcmp(route_key_names[i], name) == 0)
			return true;
	}
	return false;
}

/* A sentence of what is wrong, or NULL. */
static const char *read_match(struct doing *d, struct route_match *m, const char *name,
	const json_t *list, const struct severity_policy *severity)
{
	const size_t n = json_array_size(list);
	struct span *values = arena_calloc(&d->arena, n + 1, sizeof(*values));
	struct route_range *ranges = arena_calloc(&d->arena, n + 1, sizeof(*ranges));

	if (!key_of(&m->key, name))
		return "no such key: a silence matches rule, kind, brand, tag, lang, source, "
		       "author, site, followers, story_size, severity";
	if (!n || !values || !ranges)
		return "a matcher needs a value";
	for (size_t i = 0; i < n; i++) {
		const json_t *value = json_array_get(list, i);

		values[i] = arena_dup(&d->arena,
			span_of(json_string_value(value) ? json_string_value(value) : "",
				json_string_length(value)));
		if (route_key_is_number(m->key) &&
			!route_range_read(&ranges[i], values[i], m->key, severity))
			return "this key is matched by numbers: '1000', '>= 1000', '5..20'";
	}
	m->values = values;
	m->n_values = n;
	m->ranges = route_key_is_number(m->key) ? ranges : NULL;
	return NULL;
}

static const char *read_silence(
	struct doing *d, json_t *root, struct wall now, const struct severity_policy *severity)
{
	json_t *match = json_object_get(root, "match"), *list;
	struct route_match *matches =
		arena_calloc(&d->arena, json_object_size(match) + 1, sizeof(*matches));
	const char *name, *wrong = NULL;
	static unsigned made; /* of this millisecond, perhaps */
	struct silence *s = &d->silence;

	json_object_foreach (match, name, list)
		if (matches && !wrong)
			wrong = read_match(d, &matches[s->n_matches++], name, list, severity);
	*s = (struct silence){.id = arena_printf(&d->arena, "%llx-%x",
				      (unsigned long long)now.ms / 1000, ++made),
		.receiver = text_of(d, root, "receiver"),
		.matches = matches,
		.n_matches = s->n_matches,
		.author = text_of(d, root, "author"),
		.comment = text_of(d, root, "comment"),
		.from = now,
		.until = until_of(root)};
	d->deed.silence = s;
	d->audit.subject = s->id;
	d->audit.detail = s->comment;
	return wrong;
}

static const char *read_mute(struct doing *d, const json_t *root)
{
	const struct span key = text_of(d, root, "key");

	d->mute = (struct mute){.key = span_eq_str(key, route_key_names[ROUTE_AUTHOR])
					       ? ROUTE_AUTHOR
					       : ROUTE_SITE,
		.value = text_of(d, root, "value"),
		.receiver = text_of(d, root, "receiver"),
		.until = until_of(root)};
	d->deed.mute = &d->mute;
	d->audit.subject = d->mute.value;
	d->audit.detail = key;
	return span_empty(d->mute.value) ? "a mute needs a value" : NULL;
}

static const char *read_deed(
	struct doing *d, json_t *root, struct wall now, const struct severity_policy *severity)
{
	static const struct {
		const char *name;
		int what;
	} deeds[] = {{"silence", DEED_SILENCE}, {"unsilence", DEED_UNSILENCE},
		{"mute", DEED_MUTE}, {"unmute", DEED_UNMUTE}, {"ack", DEED_ACK}};
	const struct span what = text_of(d, root, "do");
	int found = -1;

	for (size_t i = 0; i < sizeof(deeds) / sizeof(*deeds); i++)
		if (span_eq_str(what, deeds[i].name))
			found = deeds[i].what;
	d->deed.what = (unsigned)found;
	d->audit = (struct archive_deed){.at = now,
		.actor = text_of(d, root, "author"),
		.action = what,
		.detail = SPAN("")};
	switch (found) {
	case DEED_SILENCE:
		return read_silence(d, root, now, severity);
	case DEED_MUTE:
	case DEED_UNMUTE:
		return read_mute(d, root);
	case DEED_UNSILENCE:
	case DEED_ACK:
		d->deed.name = text_of(d, root, found == DEED_ACK ? "what" : "id");
		d->deed.receiver = text_of(d, root, "receiver");
		d->audit.subject = d->deed.name;
		d->audit.detail = d->deed.receiver;
		return NULL;
	default:
		return "nothing of that name can be done";
	}
}

/* What the desk says when it refuses. */
static void refuse(struct http_ask *ask, const struct doing *d, int r)
{
	if (r == DESK_UNKNOWN)
		http_reply_text(ask, 404,
			d->deed.what == DEED_ACK
				? "nothing of that name was told, or it is acknowledged already"
				: "there is none of that name");
	else if (r == DESK_FULL)
		http_reply_text(ask, 409, "too many, or too long");
	else if (r == DESK_INVALID)
		http_reply_text(ask, 400, "it would end before it begins");
	else
		http_reply_text(ask, 503, "Redis is away: say it again in a moment");
}

static void do_deed(struct dispatch_desk *desk, struct archive *archive,
	const struct severity_policy *severity, struct wall now, struct http_ask *ask)
{
	struct doing *d = calloc(1, sizeof(*d));
	json_t *root = json_loadb(ask->body.p ? ask->body.p : "", ask->body.n, 0, NULL);
	const char *wrong = "out of memory";
	int r = 0;

	if (d) {
		d->ask = ask;
		d->archive = archive;
		wrong = read_deed(d, root, now, severity);
		if (!wrong)
			r = dispatch_desk_do(desk, &d->deed, on_done, d);
	}
	json_decref(root);
	if (!wrong && !r)
		return;
	if (wrong)
		http_reply_text(ask, 400, wrong);
	else
		refuse(ask, d, r);
	if (d)
		doing_free(d);
}

void desk_control(struct dispatch_desk *desk, struct archive *archive,
	const struct severity_policy *severity, struct wall now, struct http_ask *ask)
{
	if (!dispatch_desk_is_ready(desk))
		http_reply_text(ask, 503, "Redis is away: ask again in a moment");
	else if (span_eq_str(ask->method, "GET"))
		reply_json(ask, view_json(desk, now));
	else
		do_deed(desk, archive, severity, now, ask);
}
