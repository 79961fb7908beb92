#include "dress.h"

#include "link.h"
#include "vigie/version.h"

int dress_refuse(struct span *ret_why, const char *why)
{
	*ret_why = span_str(why);
	return -EINVAL;
}

int dress_message(struct message *ret, const struct receiver *receiver,
	const struct alert *alert, struct arena *arena, struct span *ret_why)
{
	const int r = message_make(ret, arena, alert, receiver);

	return r == -EINVAL ? dress_refuse(ret_why, "an alert without a mention") : r;
}

struct span dress_base(struct span url)
{
	while (url.n && url.p[url.n - 1] == '/')
		url.n--;
	return url;
}

int dress_bearer(struct header *ret, struct span token, struct arena *arena)
{
	*ret = (struct header){
		SPAN("Authorization"), arena_printf(arena, "Bearer %.*s", SPAN_ARG(token))};
	return ret->value.p ? 0 : -ENOMEM;
}

json_t *dress_marked(const struct marked *text, const struct text_style *style, size_t limit)
{
	struct buf out = {0};
	json_t *ret = NULL;

	(void)text_write(&out, text, style, limit);
	if (!out.failed)
		ret = dress_json(buf_span(&out));
	buf_deinit(&out);
	return ret;
}

json_t *dress_text(struct span text, const struct text_style *style, size_t limit)
{
	const struct marked marked = {.text = text};

	return dress_marked(&marked, style, limit);
}

json_t *dress_json(struct span text)
{
	return json_stringn(text.p ? text.p : "", text.n);
}

struct counting {
	size_t n;
	enum text_unit unit;
};

static int count(const char *bytes, size_t n, void *arg)
{
	struct counting *c = arg;

	c->n += text_units(span_of(bytes, n), c->unit);
	return 0;
}

size_t dress_size(const json_t *value, enum text_unit unit)
{
	struct counting c = {0, unit};

	return value && json_dump_callback(value, count, &c, JSON_COMPACT | JSON_ENCODE_ANY) ==
				       0
		       ? c.n
		       : SIZE_MAX;
}

struct span dress_dump(struct arena *arena, const json_t *value)
{
	char *text = value ? json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
	const struct span ret = text ? arena_dup(arena, span_str(text)) : SPAN_NONE;

	free(text);
	return ret;
}

int dress_post(struct payload *ret, struct span url, json_t *body, const struct header *headers,
	size_t n_headers, struct arena *arena, const struct render_context *context)
{
	const struct span bytes = dress_dump(arena, body);
	struct header *all = arena_calloc(arena, n_headers + 2, sizeof(*all));
	const struct span agent = arena_printf(arena, "vigie/%.*s",
		SPAN_ARG(
			span_empty(context->version) ? SPAN(VIGIE_VERSION) : context->version));

	json_decref(body);
	if (!bytes.p || !all || !agent.p)
		return -ENOMEM;
	all[0] = (struct header){SPAN("Content-Type"), SPAN("application/json")};
	all[1] = (struct header){SPAN("User-Agent"), agent};
	if (n_headers)
		memcpy(all + 2, headers, n_headers * sizeof(*all));
	*ret = (struct payload){
		.kind = PAYLOAD_HTTP,
		.request = {.method = SPAN("POST"),
			.url = url,
			.headers = all,
			.n_headers = n_headers + 2,
			.body = bytes},
	};
	return 0;
}

struct span dress_details(struct arena *arena, const struct message_entry *entry)
{
	const struct span parts[] = {
		entry->copies, entry->source, entry->author, entry->audience, entry->when};
	struct buf out = {0};
	struct span ret;

	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		if (span_empty(parts[i]))
			continue;
		buf_add_str(&out, out.n ? " · " : "");
		buf_add(&out, parts[i]);
	}
	ret = out.failed ? SPAN_NONE : arena_dup(arena, buf_span(&out));
	buf_deinit(&out);
	return ret;
}

struct span dress_dashboard(struct arena *arena, const struct message_entry *entry,
	const struct render_context *context)
{
	struct span base = link_safe(arena, context->public_url);

	base = dress_base(base);
	if (span_empty(base))
		return base.p ? SPAN("") : SPAN_NONE;
	return arena_printf(arena, "%.*s/mentions/%.*s", SPAN_ARG(base), SPAN_ARG(entry->key));
}

struct span dress_tail(struct arena *arena, const struct message *message, size_t n_more)
{
	struct buf out = {0};
	struct span ret;

	if (n_more) {
		char digits[24];
		const struct span n = {
			digits, (size_t)snprintf(digits, sizeof(digits), "%zu", n_more)};

		text_fill(&out, word(message->words, WORD_MORE), &n, 1);
		buf_add_str(&out, " · ");
	}
	text_fill(&out, word(message->words, WORD_DELIVERY), &message->short_id, 1);
	ret = out.failed ? SPAN_NONE : arena_dup(arena, buf_span(&out));
	buf_deinit(&out);
	return ret;
}

json_t *dress_body(const struct message_entry *e, const struct text_style *excerpt,
	size_t excerpt_limit, const struct text_style *why, size_t why_limit)
{
	struct buf out = {0};
	json_t *ret;

	if (e->excerpt.text.n) {
		(void)text_write(&out, &e->excerpt, excerpt, excerpt_limit);
		buf_add_str(&out, "\n\n");
	}
	(void)text_write_span(&out, e->why, why, why_limit);
	ret = out.failed ? NULL : dress_json(buf_span(&out));
	buf_deinit(&out);
	return ret;
}

json_t *dress_heading(const struct message *m, const char *open, const char *close,
	const struct text_style *style, size_t limit, size_t n_shown, struct arena *arena)
{
	const struct span tail = dress_tail(arena, m, m->n_more + m->n_entries - n_shown);
	struct buf out = {0};
	json_t *ret;

	buf_add_str(&out, open);
	(void)text_write_span(&out, m->headline, style, limit);
	buf_add_str(&out, close);
	buf_add_str(&out, "\n");
	(void)text_write_span(&out, tail, style, limit);
	ret = out.failed || !tail.p ? NULL : dress_json(buf_span(&out));
	buf_deinit(&out);
	return ret;
}
