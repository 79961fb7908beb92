#ifndef TESTS_ALERTS_FIXTURE_H
#define TESTS_ALERTS_FIXTURE_H

/*
 * fixture: one mention as it comes from the archive, to be changed by each test, and the way
 * through a channel.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>

#include "vigie/buf.h"
#include "vigie/channel.h"

/* 2026-11-20T20:26:10.344Z */
#define CREATED ((struct wall){1795206370344})

static const struct match_span fixture_spans[] = {
	{FIELD_TITLE, 0, 4},
	{FIELD_TEXT, 19, 23},
};

static const struct match fixture_match = {
	.rule = {"acme", 4},
	.version = {"9f86d081884c7d65", 16},
	.kind = {"brand", 5},
	.brand = {"Acme", 4},
	.weight = 1.5,
	.spans = fixture_spans,
	.n_spans = 2,
};

static inline struct hit fixture_hit(void)
{
	struct hit h = {
		.key = {{0xab, 0xcd, 0xef}},
		.fetched = CREATED,
		.source = SPAN("gazette"),
		.source_kind = SPAN("feed"),
		.item = item_empty(),
		.matches = &fixture_match,
		.n_matches = 1,
		.score = 1.5,
	};

	h.item.url = SPAN("https://www.gazette.example/lyon?a=1&b=2");
	h.item.title = SPAN("Acme opens <24h & in Lyon");
	h.item.text = SPAN("Dear readers: when Acme said so, nobody believed it.");
	h.item.author.name = SPAN("Jeanne Martin");
	h.item.author.handle = SPAN("@jeanne");
	h.item.author.followers = 12345;
	h.item.published = (struct wall){1795206000000};
	h.item.lang = SPAN("en");
	h.item.feed.title = SPAN("The Gazette");
	return h;
}

/* What a test sends and what came of it. */
struct sent {
	struct arena arena;
	struct payload payload;
	struct span why;
	int r;
	json_t *body; /* of PAYLOAD_HTTP */
};

static inline struct sent fixture_send_all(const char *channel, const struct hit *const *hits,
	size_t n, size_t n_more, struct span lang, const struct receiver_field *fields,
	size_t n_fields)
{
	const struct receiver receiver = {
		.id = SPAN("desk"),
		.lang = lang,
		.channel = channel_by_name(span_str(channel)),
		.fields = fields,
		.n_fields = n_fields,
	};
	const struct alert alert = {
		.id = SPAN("4k2p9x7a1b3c5d7e9f1g3h5j7k"),
		.group = SPAN("rule=acme"),
		.route = SPAN("routes.routes[1]"),
		.created = CREATED,
		.hits = hits,
		.n_hits = n,
		.n_more = n_more,
	};
	const struct render_context context = {
		.now = {CREATED.ms + 60000},
		.public_url = SPAN("https://vigie.example/"),
		.host = SPAN("watch.example.org"),
		.version = SPAN("0.1.0"),
	};
	struct sent s = {0};

	assert_non_null(receiver.channel);
	s.r = receiver.channel->render(
		&s.payload, &receiver, &alert, &context, &s.arena, &s.why);
	if (s.r == 0 && s.payload.kind == PAYLOAD_HTTP) {
		json_error_t error;

		s.body = json_loadb(
			s.payload.request.body.p, s.payload.request.body.n, 0, &error);
		assert_non_null(s.body);
	}
	return s;
}

static inline struct sent fixture_send(const char *channel, const struct hit *hit,
	const struct receiver_field *fields, size_t n_fields)
{
	return fixture_send_all(channel, &hit, 1, 0, SPAN("en"), fields, n_fields);
}

static inline void sent_release(struct sent *s)
{
	json_decref(s->body);
	arena_release(&s->arena);
}

/* "a.0.b" in a JSON value; fails the test when it is not there. */
static inline json_t *at(json_t *value, const char *path)
{
	char key[64];

	while (*path) {
		const size_t n = strcspn(path, ".");

		assert_true(n < sizeof(key));
		memcpy(key, path, n);
		key[n] = '\0';
		value = json_is_array(value) ? json_array_get(value, (size_t)atoi(key))
					     : json_object_get(value, key);
		if (!value)
			fail_msg("no \"%s\"", key);
		path += n + (path[n] == '.');
	}
	return value;
}

static inline const char *text_at(json_t *value, const char *path)
{
	const char *text = json_string_value(at(value, path));

	assert_non_null(text);
	return text;
}

static inline bool holds(struct span s, const char *what)
{
	return s.p && memmem(s.p, s.n, what, strlen(what)) != NULL;
}

/* n copies of a text. */
static inline struct span repeat(struct arena *arena, const char *what, size_t n)
{
	const size_t m = strlen(what);
	char *p = arena_alloc(arena, n * m + 1);

	assert_non_null(p);
	for (size_t i = 0; i < n; i++)
		memcpy(p + i * m, what, m);
	p[n * m] = '\0';
	return span_of(p, n * m);
}

#endif
