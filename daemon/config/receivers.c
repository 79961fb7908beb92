/*
 * config/receivers: whom to tell. The fields of each kind of receiver are its channel's own
 * table (vigie/channel.h); here they are read, checked by type, and completed by their
 * defaults.
 */

#include "config/keys.h"
#include "vigie/channel.h"
#include "vigie/nearest.h"

enum { FIELDS_MAX = 64, NAMES_MAX = 64 };

/* One receiver's channel while it is read. */
struct fields {
	struct receiver_field items[FIELDS_MAX];
	struct text texts[FIELDS_MAX];
	size_t n;
};

/* --- One field
 * --------------------------------------------------------------------------------- */

static bool is_secret(enum field_type type)
{
	return type == FIELD_TYPE_SECRET || type == FIELD_TYPE_HTTP_URL;
}

/* What a value of the type must be; NULL: it is. */
static const char *complaint(enum field_type type, struct span value)
{
	switch (type) {
	case FIELD_TYPE_HTTP_URL:
		return web_url_ok(value) ? NULL
					 : "not an address: it begins with https:// or http://";
	case FIELD_TYPE_SMTP_URL:
		return smtp_url_ok(value)
			       ? NULL
			       : "not a mail server: write smtp://HOST:587 or smtps://HOST:465";
	case FIELD_TYPE_ADDRESS:
	case FIELD_TYPE_ADDRESSES:
		return mail_address_ok(value) ? NULL
					      : "not a mail address: write name@example.org";
	case FIELD_TYPE_BOOL:
		return span_eq_str(value, "true") || span_eq_str(value, "false")
			       ? NULL
			       : "write true or false";
	default:
		return span_find(value, '\n') < value.n || span_find(value, '\r') < value.n
			       ? "one line is expected"
			       : NULL;
	}
}

static void field_add(struct reader *r, const struct yaml *y, const struct yaml_node *node,
	const struct channel_field *field, struct fields *fields)
{
	struct text text;
	const char *why;

	if (!text_read(r, y, node, is_secret(field->type) ? TEXT_SECRET : TEXT_PLAIN, &text))
		return;
	why = complaint(field->type, text.value);
	if (why) {
		mistake(r, y, node, "%s: %s", field->name, why);
	} else if (fields->n == FIELDS_MAX) {
		mistake(r, y, node, "%s: more than %d values: write a second receiver",
			field->name, FIELDS_MAX);
	} else {
		fields->texts[fields->n] = text;
		fields->items[fields->n++] =
			(struct receiver_field){span_str(field->name), text.value};
	}
}

static void field_read(struct reader *r, const struct yaml *y, const struct yaml_node *node,
	const struct channel_field *field, struct fields *fields)
{
	if (field->type != FIELD_TYPE_ADDRESSES || node->type != YAML_SEQUENCE) {
		field_add(r, y, node, field, fields);
		return;
	}
	for (size_t i = 0; i < node->n; i++)
		field_add(r, y, node->items[i], field, fields);
}

/* --- A channel
 * --------------------------------------------------------------------------------- */

static const struct channel_field *field_by_name(
	const struct channel *channel, struct span name)
{
	for (const struct channel_field *f = channel->fields; f->name; f++)
		if (span_eq_str(name, f->name))
			return f;
	return NULL;
}

/* `slack: https://…` stands for the first field it can't do without. */
static const struct channel_field *field_main(const struct channel *channel)
{
	for (const struct channel_field *f = channel->fields; f->name; f++)
		if (f->required)
			return f;
	return channel->fields;
}

static void field_unknown(struct reader *r, const struct yaml *y, const struct yaml_node *key,
	const struct channel *channel)
{
	const char *names[NAMES_MAX], *guess;
	struct buf all = {0};
	size_t n = 0;

	for (const struct channel_field *f = channel->fields; f->name && n < NAMES_MAX; f++) {
		buf_addf(&all, "%s%s", n ? ", " : "", f->name);
		names[n++] = f->name;
	}
	guess = nearest(key->text, names, n);
	if (guess)
		mistake(r, y, key, "unknown key \"%.*s\": did you mean \"%s\"?",
			SPAN_ARG(key->text), guess);
	else
		mistake(r, y, key, "unknown key \"%.*s\": %s has %.*s", SPAN_ARG(key->text),
			channel->name, SPAN_ARG(buf_span(&all)));
	buf_deinit(&all);
}

/* {file: …} and {credential: …} stand for a text, unless the channel has such a field. */
static bool is_text_reference(const struct yaml_node *node, const struct channel *channel)
{
	const struct span key = node->type == YAML_MAPPING && node->n == 1
					? node->pairs[0].key->text
					: SPAN_NONE;

	return (span_eq_str(key, "file") || span_eq_str(key, "credential")) &&
	       !field_by_name(channel, key);
}

static void channel_read(struct reader *r, const struct yaml *y, const struct yaml_node *node,
	const struct channel *channel, struct fields *fields)
{
	if (node->type != YAML_MAPPING || is_text_reference(node, channel)) {
		field_read(r, y, node, field_main(channel), fields);
		return;
	}
	for (size_t i = 0; i < node->n; i++) {
		const struct yaml_pair *pair = &node->pairs[i];
		const struct channel_field *field = field_by_name(channel, pair->key->text);

		if (!field)
			field_unknown(r, y, pair->key, channel);
		else if (!yaml_is_null(pair->value))
			field_read(r, y, pair->value, field, fields);
	}
}

static bool field_given(const struct fields *fields, const char *name)
{
	for (size_t i = 0; i < fields->n; i++)
		if (span_eq_str(fields->items[i].name, name))
			return true;
	return false;
}

/* Names what is missing; adds defaults behind what was given. */
static void fields_complete(struct reader *r, const struct yaml *y,
	const struct yaml_node *node, const struct channel *channel, struct fields *fields)
{
	for (const struct channel_field *f = channel->fields; f->name; f++) {
		if (field_given(fields, f->name))
			continue;
		if (f->required)
			mistake(r, y, node, "%s without %s: write %s: …", channel->name,
				f->name, f->name);
		else if (f->fallback && fields->n < FIELDS_MAX)
			fields->items[fields->n++] = (struct receiver_field){
				span_str(f->name), span_str(f->fallback)};
	}
	if (!r->result && channel->check) {
		const struct receiver whole = {
			.channel = channel, .fields = fields->items, .n_fields = fields->n};
		const char *why = channel->check(&whole);

		if (why)
			mistake(r, y, node, "%s: %s", channel->name, why);
	}
}

static void receiver_add(struct reader *r, const struct yaml *y, const struct yaml_node *node,
	const struct channel *channel, const struct yaml_node *fields_node,
	const struct receiver *start)
{
	struct fields fields = {0};
	struct receiver_draft *all;
	struct receiver_field *items;
	const int before = r->result;
	struct text *texts;
	size_t given;

	r->result = 0;
	channel_read(r, y, fields_node, channel, &fields);
	given = fields.n;
	if (!r->result) /* a field that was wrong is not missing too */
		fields_complete(r, y, fields_node, channel, &fields);
	reader_fail(r, before);
	all = reader_grow(
		r, r->receivers, &r->n_receivers, &r->receivers_capacity, sizeof(*all));
	if (!all)
		return;
	r->receivers = all;
	items = arena_calloc(r->arena, fields.n + 1, sizeof(*items));
	texts = arena_calloc(r->arena, fields.n + 1, sizeof(*texts));
	if (!items || !texts) {
		reader_fail(r, -ENOMEM);
		return;
	}
	memcpy(items, fields.items, fields.n * sizeof(*items));
	memcpy(texts, fields.texts, given * sizeof(*texts));
	all[r->n_receivers - 1] = (struct receiver_draft){
		.receiver = *start,
		.texts = texts,
		.n_given = given,
		.file = y->file,
		.line = node->line,
		.column = node->column,
	};
	all[r->n_receivers - 1].receiver.channel = channel;
	all[r->n_receivers - 1].receiver.fields = items;
	all[r->n_receivers - 1].receiver.n_fields = fields.n;
}

/* --- Lists
 * ------------------------------------------------------------------------------------- */

static size_t channel_names(const char *names[NAMES_MAX])
{
	size_t n = 0;

	while (n < NAMES_MAX && channels[n]) {
		names[n] = channels[n]->name;
		n++;
	}
	return n;
}

void notify_read(struct reader *r, const struct yaml *y, const struct yaml_node *node)
{
	const char *names[NAMES_MAX], *guess;
	const size_t n = channel_names(names);

	if (node->type != YAML_MAPPING) {
		mistake(r, y, node,
			"notify: %s where channels are expected: write slack: …, email: …",
			yaml_type_name(node));
		return;
	}
	for (size_t i = 0; i < node->n; i++) {
		const struct yaml_pair *pair = &node->pairs[i];
		const struct channel *channel = channel_by_name(pair->key->text);

		guess = nearest(pair->key->text, names, n);
		if (channel)
			receiver_add(r, y, pair->key, channel, pair->value,
				&(struct receiver){.id = span_str(channel->name),
					.lang = SPAN("en"),
					.zone = r->zone,
					.zone_name = r->zone_name});
		else if (guess)
			mistake(r, y, pair->key,
				"unknown channel \"%.*s\": did you mean \"%s\"?",
				SPAN_ARG(pair->key->text), guess);
		else
			mistake(r, y, pair->key,
				"unknown channel \"%.*s\": notify has %s and others",
				SPAN_ARG(pair->key->text), n ? names[0] : "none");
	}
}

/* The one key of a receiver that is a channel's name. */
struct channel_key {
	struct reader *r;
	const struct yaml *y;
	const struct channel *channel;
	const struct yaml_node *node;
};

static bool take_channel(void *arg, const struct yaml_pair *pair)
{
	struct channel_key *k = arg;
	const struct channel *channel = channel_by_name(pair->key->text);

	if (!channel)
		return false;
	if (k->channel)
		mistake(k->r, k->y, pair->key,
			"a receiver has one channel: write %s as a second receiver",
			channel->name);
	k->channel = channel;
	k->node = pair->value;
	return true;
}

static void receiver_read(struct reader *r, const struct yaml *y, const struct yaml_node *node)
{
	struct channel_key k = {.r = r, .y = y};
	struct value v[SECTION_KEYS_MAX];
	const char *names[NAMES_MAX];
	const size_t n = channel_names(names);
	struct receiver start = {0};
	struct span lang;

	if (!section_read(r, y, node, &section_receiver, v, take_channel, &k, names, n))
		return;
	lang = v[RECEIVER_LANG].text.value;
	if (!v[RECEIVER_ID].node)
		mistake(r, y, node, "a receiver without an id: write id: …");
	else if (!id_ok(v[RECEIVER_ID].text.value))
		mistake(r, y, v[RECEIVER_ID].node,
			"id \"%.*s\": write letters, digits and . _ : @ / - only, at most 128",
			SPAN_ARG(v[RECEIVER_ID].text.written));
	else if (!span_eq_str(lang, "en") && !span_eq_str(lang, "fr"))
		mistake(r, y, v[RECEIVER_LANG].node, "lang \"%.*s\": there are en and fr",
			SPAN_ARG(v[RECEIVER_LANG].text.written));
	else if (!k.channel)
		mistake(r, y, node, "receiver %.*s has no channel: write one of %s, %s, …",
			SPAN_ARG(v[RECEIVER_ID].text.written), n ? names[0] : "",
			n > 1 ? names[1] : "");
	start.id = v[RECEIVER_ID].text.value;
	start.lang = lang;
	receiver_bounds_read(r, y, v, &start);
	if (k.channel && id_ok(start.id))
		receiver_add(r, y, node, k.channel, k.node, &start);
}

void receivers_read(struct reader *r, const struct yaml *y, const struct yaml_node *node)
{
	if (node->type != YAML_SEQUENCE) {
		mistake(r, y, node,
			"receivers: %s where a list is expected: write \"- {id: …, slack: "
			"…}\"",
			yaml_type_name(node));
		return;
	}
	for (size_t i = 0; i < node->n; i++)
		receiver_read(r, y, node->items[i]);
}

void receivers_finish(struct reader *r)
{
	struct receiver *all = arena_calloc(r->arena, r->n_receivers + 1, sizeof(*all));

	if (!all) {
		reader_fail(r, -ENOMEM);
		return;
	}
	for (size_t i = 0; i < r->n_receivers; i++) {
		const struct receiver_draft *d = &r->receivers[i];

		all[i] = d->receiver;
		for (size_t k = 0; k < i; k++)
			if (span_eq(all[k].id, all[i].id))
				reader_fail(
					r, err_add(r->errors, d->file, d->line, d->column,
						   "receiver %.*s: the id stands in line %d "
						   "already: "
						   "choose another",
						   SPAN_ARG(all[i].id), r->receivers[k].line));
	}
	r->config->policy.receivers = all;
	r->config->policy.n_receivers = r->n_receivers;
}
