/* sift: a document in, hits out: who they are, whether they are old news, what the source is
 * remembered by. Real loop, real pool, real reader. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "line/packed.h"
#include "line/recall.h"
#include "line/sift.h"

enum { SECOND = 1000, HOUR = 3600 * SECOND, DAY = 24 * HOUR };

static const struct source source = {
	.id = {"paper", 5},
	.kind = {"feed", 4},
	.url = {"https://www.paper.example/feed", 30},
	.lang = {"fr", 2},
};

struct bench {
	struct loop *loop;
	struct pool *pool;
	struct sift *sift;
	struct batch *out;
	struct wall seen[2]; /* first sight of rules "old" and "new" */
};

static struct wall at(const char *text)
{
	return wall_parse_rfc3339(span_str(text));
}

static void take(void *arg, struct batch *batch)
{
	struct bench *b = arg;

	assert_null(b->out);
	b->out = batch;
	loop_stop(b->loop);
}

static struct wall first_seen(void *arg, struct span rule)
{
	const struct bench *b = arg;

	return b->seen[span_eq_str(rule, "new")];
}

static struct ruleset *rules(const char *old, const char *new_)
{
	struct ruleset_builder *builder;
	struct err_list errors = {0};
	struct ruleset *set;
	struct rule rule = {.id = SPAN("old"), .query = span_str(old), .weight = 1};

	assert_int_equal(ruleset_builder_new(&builder), 0);
	assert_int_equal(ruleset_builder_add(builder, &rule, &errors), 0);
	rule = (struct rule){.id = SPAN("new"), .query = span_str(new_), .weight = 2};
	assert_int_equal(ruleset_builder_add(builder, &rule, &errors), 0);
	assert_int_equal(ruleset_build(&set, builder, &errors), 0);
	(void)ruleset_builder_free(builder);
	return set;
}

static void use(struct bench *b, const char *old, const char *new_)
{
	struct ruleset *set = rules(old, new_);

	assert_int_equal(sift_set_rules(b->sift, set), 0);
	(void)ruleset_unref(set);
}

static int setup(void **state)
{
	struct bench *b = calloc(1, sizeof(*b));
	struct sift_options options = {
		.history_ms = DAY,
		.next = {take, b},
		.rule_first_seen = first_seen,
		.arg = b,
	};

	b->seen[0] = b->seen[1] = WALL_NONE;
	assert_int_equal(loop_new(&b->loop), 0);
	assert_int_equal(pool_new(&b->pool, b->loop, 2), 0);
	assert_int_equal(sift_new(&b->sift, b->loop, b->pool, &options), 0);
	use(b, "acme", "zebra");
	*state = b;
	return 0;
}

static int teardown(void **state)
{
	struct bench *b = *state;

	b->pool = pool_free(b->pool);
	b->sift = sift_free(b->sift);
	b->loop = loop_free(b->loop);
	free(b);
	return 0;
}

/* Sends a document down and returns the batch; `last` (freed) is the batch before, for its
 * state. */
static struct batch *sift(
	struct bench *b, struct batch *last, const char *now, const char *body)
{
	struct batch *batch = batch_new(), *out;

	batch->source = &source;
	batch->outcome = BATCH_READ;
	batch->fetched = at(now);
	batch->document = (struct document){.status = 200,
		.url = source.url,
		.body = arena_dup(&batch->arena, span_str(body))};
	batch->state = source_state_new();
	if (last) {
		struct packed *packed = packed_new(&last->state);

		packed_read(&batch->state, packed_dup(&batch->arena, packed));
		batch->state.last_read = last->fetched; /* crawl's part */
		free(packed);
		(void)batch_free(last);
	}
	sift_take(b->sift, batch);
	assert_int_equal(loop_run(b->loop), 0);
	out = b->out;
	b->out = NULL;
	assert_ptr_equal(out, batch);
	assert_true(sift_idle(b->sift));
	return out;
}

#define RSS(items) "<rss version='2.0'><channel><title>P</title>" items "</channel></rss>"
#define ITEM(id, title, date)                                                                  \
	"<item><guid isPermaLink='false'>" id "</guid><link>https://www.paper.example/" title  \
	"</link><title>" title "</title><pubDate>" date "</pubDate></item>"
#define UNDATED(id, title)                                                                     \
	"<item><guid isPermaLink='false'>" id "</guid><link>https://www.paper.example/" title  \
	"</link><title>" title "</title></item>"

static void what_a_rule_wants_becomes_a_hit(void **state)
{
	struct bench *b = *state;
	struct batch *out = sift(b, NULL, "2026-07-15T12:00:00Z",
		RSS("<ttl>30</ttl><skipHours><hour>3</hour></skipHours>" ITEM(
			"1", "acme", "Wed, 15 Jul 2026 11:00:00 GMT")
				ITEM("2", "other", "Wed, 15 Jul 2026 11:00:00 GMT") ITEM(
					"3", "acme-zebra", "Wed, 15 Jul 2026 11:00:00 GMT")
					ITEM("1", "acme", "Wed, 15 Jul 2026 11:00:00 GMT")));
	const struct hit *h = out->hits;

	assert_int_equal(out->outcome, BATCH_READ);
	assert_int_equal(out->items.n, 4);
	assert_int_equal(out->n_hits, 2); /* the same item twice is one */
	assert_true(span_eq_str(h[0].item.title, "acme"));
	assert_true(span_eq_str(h[0].item.lang, "fr"));
	assert_true(span_eq_str(h[0].source, "paper") && span_eq_str(h[0].source_kind, "feed"));
	assert_int_equal(h[0].fetched.ms, out->fetched.ms);
	assert_int_equal(h[0].n_matches, 1);
	assert_true(h[0].score == 1 && h[1].score == 3);
	assert_true(h[0].content_hash == identity_content_hash(&h[0].item));
	assert_false(h[0].silent || h[0].update);
	assert_int_equal(out->lesson.ttl_ms, 30 * 60 * SECOND);
	assert_int_equal(out->lesson.skip_hours, 1u << 3);
	assert_int_equal(out->state.first_contact.ms, out->fetched.ms);
	assert_true(span_starts(out->state.ns, SPAN("paper.example ")));
	assert_int_equal(out->state.reads, 1);
	/* Again: nothing is new, and nobody else is anybody. */
	{
		const struct item_key before = h[0].key;
		const int64_t items = out->state.items, hits = out->state.hits;

		out = sift(b, out, "2026-07-15T12:15:00Z",
			RSS(ITEM("1", "acme", "Wed, 15 Jul 2026 11:00:00 GMT")));
		assert_memory_equal(&out->hits[0].key, &before, sizeof(before));
		assert_int_equal(out->lesson.n_new, 0);
		assert_int_equal(out->state.items, items);
		assert_int_equal(out->state.hits, hits);
		assert_int_equal(out->state.reads, 2);
	}
	(void)batch_free(out);
}

static void history_decides_what_is_old_news(void **state)
{
	static const struct {
		const char *what, *title, *published; /* item */
		const char *contact;                  /* source met; NULL: now */
		const char *old, *new_;               /* rules seen; NULL: unknown */
		bool silent;
	} rows[] = {
		{"fresh at first contact", "acme", "Wed, 15 Jul 2026 11:00:00 GMT", NULL, NULL,
			NULL, false},
		{"just within history", "acme", "Tue, 14 Jul 2026 12:00:00 GMT", NULL, NULL,
			NULL, false},
		{"older than history", "acme", "Tue, 14 Jul 2026 11:59:59 GMT", NULL, NULL,
			NULL, true},
		{"after a long outage", "acme", "Sun, 12 Jul 2026 11:00:00 GMT",
			"2026-06-01T00:00:00Z", NULL, NULL, false},
		{"a new rule doesn't dig up the past", "zebra", "Sun, 12 Jul 2026 11:00:00 GMT",
			"2026-06-01T00:00:00Z", "2026-06-01T00:00:00Z", "2026-07-15T12:00:00Z",
			true},
		{"but an old one counts beside it", "acme-zebra",
			"Sun, 12 Jul 2026 11:00:00 GMT", "2026-06-01T00:00:00Z",
			"2026-06-01T00:00:00Z", "2026-07-15T12:00:00Z", false},
		{"the later of both contacts", "acme", "Sun, 12 Jul 2026 11:00:00 GMT", NULL,
			"2026-06-01T00:00:00Z", NULL, true},
		{"the future is now", "acme", "Sun, 15 Jul 2035 11:00:00 GMT",
			"2026-06-01T00:00:00Z", "2026-07-15T12:00:00Z", NULL, false},
		{"an undated item is seen now", "acme", "", NULL, NULL, NULL, false},
		{"1970 is no date", "acme", "Thu, 01 Jan 1970 00:00:00 GMT", NULL, NULL, NULL,
			false},
	};
	struct bench *b = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct batch *last = batch_new(), *out;
		char body[1024];

		print_message("%s\n", rows[i].what);
		(void)snprintf(body, sizeof(body),
			RSS("<item><guid>1</guid><title>%s</title><pubDate>%s</pubDate></"
			    "item>"),
			rows[i].title, rows[i].published);
		last->state = source_state_new();
		last->fetched = at("2026-07-10T12:00:00Z");
		if (rows[i].contact)
			last->state.first_contact = at(rows[i].contact);
		b->seen[0] = rows[i].old ? at(rows[i].old) : WALL_NONE;
		b->seen[1] = rows[i].new_ ? at(rows[i].new_) : WALL_NONE;
		out = sift(b, last, "2026-07-15T12:00:00Z", body);
		assert_int_equal(out->n_hits, 1);
		assert_int_equal(out->hits[0].silent, rows[i].silent);
		if (strstr(rows[i].published, "2035"))
			assert_int_equal(
				out->hits[0].item.published.ms, at("2035-07-15T11:00:00Z").ms);
		(void)batch_free(out);
	}
}

static void an_undated_item_is_dated_by_its_first_sight(void **state)
{
	struct bench *b = *state;
	const struct wall first = at("2026-07-01T12:00:00Z");
	struct batch *out = sift(b, NULL, "2026-07-01T12:00:00Z", RSS(UNDATED("1", "acme")));

	assert_int_equal(out->hits[0].item.published.ms, first.ms);
	out = sift(b, out, "2026-07-15T12:00:00Z",
		RSS(UNDATED("2", "acme-2") UNDATED("1", "acme")));
	assert_int_equal(out->lesson.n_new, 1);
	assert_int_equal(out->n_hits, 2);
	assert_int_equal(out->hits[0].item.published.ms, at("2026-07-15T12:00:00Z").ms);
	assert_int_equal(out->hits[1].item.published.ms, first.ms);
	/* So a rule that is new doesn't find it new. */
	use(b, "nothing", "acme");
	b->seen[1] = at("2026-07-15T12:00:00Z");
	out = sift(b, out, "2026-07-15T12:01:00Z",
		RSS(UNDATED("2", "acme-2") UNDATED("1", "acme")));
	assert_false(out->hits[0].silent);
	assert_true(out->hits[1].silent);
	/* A document that ends early doesn't make us forget the rest of it. */
	out = sift(b, out, "2026-07-15T12:02:00Z",
		"<rss><channel>" UNDATED("2", "acme-2") "<item><guid>1</gui");
	assert_int_equal(out->document.end, DOCUMENT_TRUNCATED);
	assert_int_equal(out->n_hits, 1);
	out = sift(b, out, "2026-07-15T12:03:00Z",
		RSS(UNDATED("2", "acme-2") UNDATED("1", "acme")));
	assert_int_equal(out->hits[1].item.published.ms, first.ms);
	(void)batch_free(out);
}

static void unstable_ids_make_nothing_new(void **state)
{
#define A(id) ITEM(id, "acme-a", "Wed, 15 Jul 2026 11:00:00 GMT")
#define B(id) ITEM(id, "acme-b", "Wed, 15 Jul 2026 11:00:00 GMT")
#define C(id) ITEM(id, "acme-c", "Wed, 15 Jul 2026 12:10:00 GMT")
	struct bench *b = *state;
	struct batch *out = sift(b, NULL, "2026-07-15T12:00:00Z", RSS(A("s1") B("s2")));
	struct item_key keys[2];

	assert_int_equal(out->n_hits, 2);
	assert_false(out->hits[0].silent || out->hits[1].silent);
	out = sift(b, out, "2026-07-15T12:15:00Z", RSS(C("s3") A("s4") B("s5")));
	assert_int_equal(out->n_hits, 3);
	assert_int_equal(out->lesson.n_new, 1);
	assert_false(out->hits[0].silent);
	assert_true(out->hits[1].silent && out->hits[2].silent);
	keys[0] = out->hits[1].key;
	keys[1] = out->hits[2].key;
	out = sift(b, out, "2026-07-15T12:30:00Z", RSS(A("s6") B("s7")));
	assert_memory_equal(&keys[0], &out->hits[0].key, sizeof(keys[0]));
	assert_memory_equal(&keys[1], &out->hits[1].key, sizeof(keys[1]));
	assert_int_equal(out->lesson.n_new, 0);
	(void)batch_free(out);
}

static void what_is_no_feed_is_an_error_that_forgets_nothing(void **state)
{
	static const struct {
		const char *body, *error;
	} rows[] = {
		{"<!DOCTYPE html><html><body>acme</body></html>",
			"a web page, not a feed: vigie discover names the feeds of a page"},
		{"", "an empty document"},
		{"acme, acme, acme", "not a feed (RSS, Atom, JSON Feed): check the address"},
	};
	struct bench *b = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct batch *out = sift(b, NULL, "2026-07-15T12:00:00Z", rows[i].body);

		assert_int_equal(out->outcome, BATCH_FAILED);
		assert_true(span_eq_str(out->error, rows[i].error));
		assert_int_equal(out->n_hits, 0);
		assert_false(wall_known(out->state.first_contact));
		(void)batch_free(out);
	}
}

static void a_batch_keeps_the_rules_it_came_under(void **state)
{
	struct bench *b = *state;
	struct batch *out = sift(b, NULL, "2026-07-15T12:00:00Z", RSS(UNDATED("1", "acme")));
	struct ruleset *before = out->rules;

	for (int i = 0; i < 5; i++) {
		struct batch *other;

		use(b, i % 2 ? "acme" : "nothing", "zebra");
		other = sift(b, NULL, "2026-07-15T12:00:00Z", RSS(UNDATED("1", "acme")));
		assert_int_equal(other->n_hits, i % 2);
		(void)batch_free(other);
	}
	assert_ptr_equal(out->rules, before);
	assert_true(span_eq_str(out->hits[0].matches[0].rule, "old"));
	(void)batch_free(out);
}

static void what_has_no_document_passes_through(void **state)
{
	struct bench *b = *state;
	struct batch *batch = batch_new();

	batch->outcome = BATCH_UNCHANGED;
	sift_take(b->sift, batch);
	assert_ptr_equal(b->out, batch);
	(void)batch_free(batch);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_a_rule_wants_becomes_a_hit),
		TEST(history_decides_what_is_old_news),
		TEST(an_undated_item_is_dated_by_its_first_sight),
		TEST(unstable_ids_make_nothing_new),
		TEST(what_is_no_feed_is_an_error_that_forgets_nothing),
		TEST(a_batch_keeps_the_rules_it_came_under),
		TEST(what_has_no_document_passes_through),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
