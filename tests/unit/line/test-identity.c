/* identity: who an item is. The vectors pin a rule that is frozen: when one of them breaks, the
 * code is wrong, never the vector. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "line/identity.h"
#include "line/recall.h"

#define T(literal)                                                                             \
	{                                                                                      \
		"" literal, sizeof(literal) - 1                                                \
	}

static struct identity_secret secret(void)
{
	struct identity_secret s;

	for (int i = 0; i < IDENTITY_SECRET_BYTES; i++)
		s.b[i] = (unsigned char)i;
	return s;
}

static struct item item(const char *id, const char *url, const char *title)
{
	struct item i = item_empty();

	i.id = span_str(id ? id : url);
	i.id_is_own = id != NULL;
	i.url = span_str(url);
	i.title = span_str(title);
	return i;
}

/* --- Namespaces --------------------------------------------------------------------------- */

static void a_namespace_is_a_domain_and_the_hash_of_an_address(void **state)
{
	static const struct {
		struct span url, ns;
	} rows[] = {
		{T("https://www.lemonde.fr/rss/une.xml"),
			T("lemonde.fr 25c31057212aad1715fb42fae31f01ef")},
		{T("HTTPS://me:pw@WWW.lemonde.fr:443/rss/une.xml#top"),
			T("lemonde.fr 25c31057212aad1715fb42fae31f01ef")},
		{T("https://feeds.bbc.co.uk/news?edition=uk"),
			T("bbc.co.uk ffc27429641a78ab30511563b77e77e8")},
		{T("http://127.0.0.1:8080/feed"),
			T("127.0.0.1 5506e7e54bed6cb626205c15e7f01e7b")},
		{T("http://localhost/feed"), T("localhost 09e806fdbdfc47de9727db0545d913cc")},
		{T("https://anna.github.io/feed.xml"),
			T("anna.github.io 584959148e7055d4aa7c7e585b1953c9")},
		{T("file:///srv/my feeds/a.xml"),
			T("file:///srv/my%20feeds/ 0761bbf4f558832c014c29740078b929")},
	};
	struct arena arena = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct source source = {.url = rows[i].url};
		const struct span ns = identity_namespace(&arena, &source);

		assert_int_equal(ns.n, rows[i].ns.n);
		assert_memory_equal(ns.p, rows[i].ns.p, ns.n);
	}
	arena_release(&arena);
}

static void a_partition_is_of_the_domain(void **state)
{
	static const struct {
		struct span ns;
		unsigned partition;
	} rows[] = {
		{T("lemonde.fr 00112233445566778899aabbccddeeff"), 0},
		{T("lemonde.fr ffeeddccbbaa99887766554433221100"), 0},
		{T("bbc.co.uk 00112233445566778899aabbccddeeff"), 10},
		{T("127.0.0.1 00112233445566778899aabbccddeeff"), 7},
		{T(""), 9},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		assert_int_equal(identity_partition(rows[i].ns), rows[i].partition);
}

/* --- Keys --------------------------------------------------------------------------------- */

static const struct span lemonde = T("lemonde.fr 00112233445566778899aabbccddeeff");
static const struct span lemonde_2 = T("lemonde.fr ffeeddccbbaa99887766554433221100");
static const struct span evil = T("evil.example 00112233445566778899aabbccddeeff");

static void the_frozen_vectors(void **state)
{
	static const struct {
		const char *ns, *id, *url, *title;
		const char *key;
	} rows[] = {
		/* An id of its own, within the source. */
		{"lemonde.fr aa", "1234", "https://www.lemonde.fr/a", "A",
			"54db6ae7117180080a1b55bbf6d86401"},
		/* A web address of the source's domain: shared within the domain. */
		{"lemonde.fr aa", "https://www.lemonde.fr/a?id=1", "https://www.lemonde.fr/a",
			"A", "b830c0962b0741b27398bee1debd28f9"},
		{"lemonde.fr bb", "https://www.lemonde.fr/a?id=1", "https://www.lemonde.fr/b",
			"B", "b830c0962b0741b27398bee1debd28f9"},
		{"lemonde.fr aa", "http://LeMonde.fr:80/x", "https://www.lemonde.fr/a", "A",
			"b316c0164ee10820e9f0ee4131bf5317"},
		/* A tag URI of the domain. */
		{"lemonde.fr aa", "tag:blog.lemonde.fr,2005:7", "https://www.lemonde.fr/a", "A",
			"ff77e84dc2f411a2696985f0e1f6a741"},
		{"lemonde.fr aa", "tag:jo@lemonde.fr,2005:7", "https://www.lemonde.fr/a", "A",
			"7b5642bf63d0ab7613336d160f582aec"},
		/* An address elsewhere: within the source. */
		{"lemonde.fr aa", "https://notlemonde.fr/a", "https://www.lemonde.fr/a", "A",
			"08fcfe465d178c7ae12002d8b72de50d"},
		{"lemonde.fr aa", "tag:example.org,2005:7", "https://www.lemonde.fr/a", "A",
			"046bc87b0b24743ed53fed643325c902"},
		/* No id: the URL; neither: the title; nor that: the text (empty here). */
		{"lemonde.fr aa", NULL, "https://www.lemonde.fr/a", "A",
			"2aebda5de4c5deb40b5f8542eddd0063"},
		{"lemonde.fr aa", NULL, NULL, "Caf\303\251",
			"965919206d8681b9f8015a47bd2c4336"},
		{"lemonde.fr aa", NULL, NULL, NULL, "d229a8e4f813e02871440db07364c747"},
	};
	const struct identity_secret s = secret();
	struct arena arena = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct item one = item(rows[i].id, rows[i].url, rows[i].title);
		char text[ITEM_KEY_TEXT + 1];
		struct item_key *key;

		assert_int_equal(
			identity_keys(&key, &arena, &s, span_str(rows[i].ns), &one, 1), 0);
		assert_string_equal(item_key_text(text, key), rows[i].key);
	}
	arena_release(&arena);
}

/* Are these two, alone in their documents, one item? */
static bool same(struct span ns_a, struct item a, struct span ns_b, struct item b)
{
	const struct identity_secret s = secret();
	struct item_key *x, *y;
	struct arena arena = {0};
	bool same;

	assert_int_equal(identity_keys(&x, &arena, &s, ns_a, &a, 1), 0);
	assert_int_equal(identity_keys(&y, &arena, &s, ns_b, &b, 1), 0);
	same = memcmp(x, y, sizeof(*x)) == 0;
	arena_release(&arena);
	return same;
}

static void who_is_who(void **state)
{
	const char *u = "https://www.lemonde.fr/a", *v = "https://www.lemonde.fr/b";

	(void)state;
	/* An edit, another address, another title: the id stands. */
	assert_true(same(lemonde, item("1", u, "A"), lemonde, item("1", v, "B")));
	assert_false(same(lemonde, item("1", u, "A"), lemonde, item("2", u, "A")));
	/* "1" is somebody else in each source. */
	assert_false(same(lemonde, item("1", u, "A"), lemonde_2, item("1", u, "A")));
	/* Feeds of one site share articles. */
	assert_true(same(lemonde, item(u, u, "A"), lemonde_2, item(u, u, "A")));
	/* Nobody hides an article by claiming its id elsewhere. */
	assert_false(same(lemonde, item(u, u, "A"), evil, item(u, u, "A")));
	/* Nor by dressing up as another scope or kind. */
	assert_false(same(lemonde, item(u, u, "A"), evil, item(u, NULL, "A")));
	assert_false(same(lemonde, item(NULL, u, "A"), lemonde, item(u, v, "A")));
	assert_false(same(lemonde, item("https://lemonde.fr.evil.example/", u, "A"), lemonde_2,
		item("https://lemonde.fr.evil.example/", u, "A")));
	/* Without an id, the URL stands and the title may change. */
	assert_true(same(lemonde, item(NULL, u, "A"), lemonde, item(NULL, u, "B")));
	/* An empty id is none. */
	assert_true(same(lemonde, item("", u, "A"), lemonde, item(NULL, u, "B")));
}

static void a_document_can_cost_its_source_our_trust(void **state)
{
	const char *u = "https://www.lemonde.fr/a", *v = "https://www.lemonde.fr/b";
	const struct {
		const char *what;
		struct item a, b;
		unsigned before, after;
		enum identity_kind kind;
		bool same;
	} rows[] = {
		{"two items", item("1", u, "A"), item("2", v, "B"), 0, 0, IDENTITY_ID, false},
		{"one item twice", item("1", u, "A"), item("1", u, "A'"), 0, 0, IDENTITY_ID,
			true},
		{"one id, two URLs", item("1", u, "A"), item("1", v, "A"), 0, IDENTITY_NO_IDS,
			IDENTITY_URL, false},
		{"one id, no URL, two titles", item("1", NULL, "A"), item("1", NULL, "B"), 0,
			IDENTITY_NO_IDS, IDENTITY_URL_TITLE, false},
		{"no ids, one URL, two titles", item(NULL, u, "A"), item(NULL, u, "B"), 0,
			IDENTITY_NO_URLS, IDENTITY_URL_TITLE, false},
		{"no ids, one item twice", item(NULL, u, "A"), item(NULL, u, "A"), 0, 0,
			IDENTITY_URL, true},
		{"once lost, the id counts no more", item("1", u, "A"), item("2", u, "A"),
			IDENTITY_NO_IDS, IDENTITY_NO_IDS, IDENTITY_URL, true},
		{"both go in one document", item("1", u, "A"), item("2", u, "B"),
			IDENTITY_NO_IDS, IDENTITY_NO_IDS | IDENTITY_NO_URLS, IDENTITY_URL_TITLE,
			false},
	};
	struct arena arena = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct item items[] = {rows[i].a, rows[i].b};
		unsigned trust = rows[i].before;
		struct identity *who;

		print_message("%s\n", rows[i].what);
		assert_int_equal(identity_decide(&who, &arena, items, 2, &trust), 0);
		assert_int_equal(trust, rows[i].after);
		assert_int_equal(who[0].kind, rows[i].kind);
		assert_int_equal(who[0].hash == who[1].hash, rows[i].same);
	}
	arena_release(&arena);
}

static void the_address_of_the_site_names_no_item(void **state)
{
	struct item items[] = {
		item("http://site.example", "https://www.site.example/", "A"),
		item("http://site.example", "https://site.example/", "B"),
		item("http://site.example/b", "https://site.example/b", "B"),
	};
	struct arena arena = {0};
	struct identity *who;
	unsigned trust = 0;

	(void)state;
	for (int i = 0; i < 3; i++)
		items[i].feed.url = SPAN("https://site.example/");
	assert_int_equal(identity_decide(&who, &arena, items, 3, &trust), 0);
	assert_int_equal(trust, 0);
	assert_int_equal(who[0].kind, IDENTITY_URL_TITLE);
	assert_true(who[0].hash != who[1].hash);
	assert_int_equal(who[2].kind, IDENTITY_ID);
	arena_release(&arena);
}

static void thousands_of_items_are_told_apart(void **state)
{
	enum { N = 5000 };
	static struct item items[N];
	static char text[N][8];
	struct arena arena = {0};
	struct identity *who;
	unsigned trust = 0;

	(void)state;
	for (int i = 0; i < N; i++) {
		(void)snprintf(text[i], sizeof(text[i]), "%d", i);
		items[i] = item(text[i], "https://www.lemonde.fr/", text[i]);
	}
	assert_int_equal(identity_decide(&who, &arena, items, N, &trust), 0);
	assert_int_equal(trust, 0);
	items[N - 1].id = items[0].id;
	items[N - 1].url = SPAN("https://www.lemonde.fr/else");
	assert_int_equal(identity_decide(&who, &arena, items, N, &trust), 0);
	assert_int_equal(trust, IDENTITY_NO_IDS | IDENTITY_NO_URLS);
	arena_release(&arena);
}

/* --- Content ------------------------------------------------------------------------------ */

static void a_counter_in_the_title_is_nothing(void **state)
{
	static const struct {
		const char *a, *b;
		bool same;
	} rows[] = {
		{"A thread (3)", "A thread (12)", true},
		{"A thread (3)", "A thread", true},
		{"[3] A thread", " [4]  A thread", true},
		{"(3)", "(4)", false},
		{"3", "4", false},
		{"A thread 3", "A thread 4", false},
		{"A thread (3", "A thread (4", false},
		{"A thread (3]", "A thread (4]", false},
		{"A thread (part 3)", "A thread (part 4)", false},
		{"A thread ()", "A thread", false},
		{"A thread", "A tread", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct item a = item("1", "u", rows[i].a), b = item("1", "u", rows[i].b);

		print_message("%s / %s\n", rows[i].a, rows[i].b);
		assert_int_equal(
			identity_content_hash(&a) == identity_content_hash(&b), rows[i].same);
	}
}

static void the_hash_of_content_is_kept_too(void **state)
{
	struct item a = item("1", "https://www.lemonde.fr/a", "Title"), b = a;

	(void)state;
	a.text = SPAN("Text");
	assert_true(identity_content_hash(&a) == 0x2b25923114fbf57a);
	b.title = SPAN("Titl");
	b.text = SPAN("eText"); /* no part runs over into the next */
	assert_true(identity_content_hash(&a) != identity_content_hash(&b));
}

/* --- Recall ------------------------------------------------------------------------------- */

static struct item dated(const char *id, const char *url, const char *title, int64_t at)
{
	struct item i = item(id, url, title);

	i.published = (struct wall){at};
	return i;
}

static void what_is_recalled_is_what_was_said(void **state)
{
	struct recall_trace traces[RECALL_TRACES + 5];
	struct recall_first firsts[] = {{9, 100}, {3, 200}, {7, 300}};
	struct recall all = {.trust = 2,
			      .read_s = 1784116800,
			      .traces = traces,
			      .n_traces = RECALL_TRACES + 5,
			      .firsts = firsts,
			      .n_firsts = 3},
		      back;
	struct arena arena = {0};
	struct span bytes;

	(void)state;
	for (uint32_t i = 0; i < RECALL_TRACES + 5; i++)
		traces[i] = (struct recall_trace){UINT64_MAX - i, i, 7 * i};
	bytes = recall_encode(&arena, &all);
	assert_int_equal(recall_decode(&back, &arena, bytes), 0);
	assert_int_equal(back.trust, 2);
	assert_int_equal(back.n_traces, RECALL_TRACES);
	for (uint32_t i = 0; i < RECALL_TRACES; i++) {
		assert_true(back.traces[i].what == UINT64_MAX - i);
		assert_int_equal(back.traces[i].id, i);
		assert_int_equal(back.traces[i].said, 7 * i);
	}
	assert_int_equal(back.read_s, 1784116800);
	assert_int_equal(recall_first_sight(&back, 3).ms, 200000);
	assert_int_equal(recall_first_sight(&back, 9).ms, 100000);
	assert_false(wall_known(recall_first_sight(&back, 4)));
	/* Half of it, or of another version, is nothing. */
	for (size_t n = 0; n < bytes.n; n++) {
		assert_int_equal(recall_decode(&back, &arena, span_slice(bytes, 0, n)), 0);
		assert_int_equal(back.n_traces + back.n_firsts + back.trust, 0);
	}
	arena_release(&arena);
}

/* What an older vigie wrote: two traces and a first sight. */
static void an_older_memory_is_understood(void **state)
{
	static const char bytes[] = "\1\1\2\0\1\0"
				    "\1\0\0\0\0\0\0\0\2\0\0\0"
				    "\3\0\0\0\0\0\0\0\0\0\0\0"
				    "\11\0\0\0\0\0\0\0\144\0\0\0";
	struct arena arena = {0};
	struct recall back;

	(void)state;
	assert_int_equal(recall_decode(&back, &arena, span_of(bytes, sizeof(bytes) - 1)), 0);
	assert_int_equal(back.trust, IDENTITY_NO_IDS);
	assert_int_equal(back.n_traces, 2);
	assert_true(back.traces[0].what == 1 && back.traces[0].id == 2);
	assert_true(back.traces[1].what == 3 && !back.traces[1].said);
	assert_int_equal(recall_first_sight(&back, 9).ms, 100000);
	assert_int_equal(back.read_s, 0);
	arena_release(&arena);
}

static struct item said(
	const char *id, const char *url, const char *title, int64_t at, const char *text)
{
	struct item i = dated(id, url, title, at);

	i.text = span_str(text);
	return i;
}

/* Ids and dates that change together: what has moved in the second document and in the third,
 * and what was lost then. */
static void ids_and_dates_made_for_each_read_are_found_out(void **state)
{
	const struct {
		const char *what;
		struct item reads[3][2];
		const char *moved[2]; /* in the second and the third */
		unsigned lost[2];
	} rows[] = {
		{"all of a document",
			{{said("1", "u", "A", 1, "x"), said("2", "v", "B", 1, "y")},
				{said("3", "u", "A", 2, "x"), said("4", "v", "B", 2, "y")},
				{said("5", "u", "A", 3, "x"), said("6", "v", "B", 3, "y")}},
			{"++", "++"}, {IDENTITY_NO_IDS, IDENTITY_NO_IDS}},
		{"one among others, again and again",
			{{said("1", "u", "A", 1, "x"), said("2", "v", "B", 1, "y")},
				{said("3", "u", "A", 2, "x"), said("2", "v", "B", 1, "y")},
				{said("5", "u", "A", 3, "x"), said("2", "v", "B", 1, "y")}},
			{"+-", "+-"}, {0, IDENTITY_NO_IDS | IDENTITY_NO_URLS}},
		{"a series that says the same for once",
			{{said("1", "u", "Weather", 1, "sun"), said("2", "v", "B", 1, "y")},
				{said("3", "u", "Weather", 2, "sun"),
					said("2", "v", "B", 1, "y")},
				{said("5", "u", "Weather", 3, "rain"),
					said("2", "v", "B", 1, "y")}},
			{"+-", "--"}, {0, 0}},
		{"a series that stays for a while",
			{{said("1", "u", "Weather", 1, "sun"), said("2", "v", "B", 1, "y")},
				{said("3", "u", "Weather", 2, "sun"),
					said("2", "v", "B", 1, "y")},
				{said("3", "u", "Weather", 2, "sun"),
					said("2", "v", "B", 1, "y")}},
			{"+-", "--"}, {0, 0}},
		{"twins, of which one goes",
			{{said("1", "u", "A", 1, "x"), said("2", "u", "A", 2, "x")},
				{said("2", "u", "A", 2, "x"), said("3", "v", "B", 3, "y")},
				{said("2", "u", "A", 2, "x"), said("4", "w", "C", 4, "z")}},
			{"--", "--"}, {0, 0}},
		{"new items, with a new text or a new address",
			{{said("1", "u", "A", 1, "x"), said("2", "v", "B", 1, "y")},
				{said("3", "u", "A", 2, "z"), said("4", "w", "B", 2, "y")},
				{said("5", "u", "C", 3, "z"), said("6", "w", "D", 3, "y")}},
			{"--", "--"}, {0, 0}},
		{"without an address of their own",
			{{said("1", NULL, "A", 1, "x"), said("2", NULL, "B", 1, "y")},
				{said("3", NULL, "A", 2, "x"), said("4", NULL, "B", 2, "y")},
				{said("5", NULL, "A", 3, "x"), said("6", NULL, "B", 3, "y")}},
			{"--", "--"}, {0, 0}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct recall_trace traces[3][2];

		print_message("%s\n", rows[i].what);
		for (int read = 0; read < 3; read++) {
			const struct recall last = {
				.traces = traces[read ? read - 1 : 0], .n_traces = 2};
			bool moved[2] = {false, false};
			char got[3] = "--";

			for (int k = 0; k < 2; k++)
				traces[read][k] = recall_trace_of(&rows[i].reads[read][k]);
			if (!read)
				continue;
			assert_int_equal(recall_moved(moved, &last, traces[read], 2),
				rows[i].lost[read - 1]);
			for (int k = 0; k < 2; k++)
				got[k] = moved[k] ? '+' : '-';
			assert_string_equal(got, rows[i].moved[read - 1]);
		}
	}
}

static void an_unstable_id_is_found_out(void **state)
{
	const struct {
		const char *what;
		struct item before[2], after[2];
		unsigned lost;
	} rows[] = {
		{"nothing changed", {dated("1", "u", "A", 5), dated("2", "v", "B", 5)},
			{dated("1", "u", "A", 5), dated("2", "v", "B", 5)}, 0},
		{"another id each time", {dated("1", "u", "A", 5), dated("2", "v", "B", 5)},
			{dated("3", "u", "A", 5), dated("4", "v", "B", 5)}, IDENTITY_NO_IDS},
		{"one of them is enough", {dated("1", "u", "A", 5), dated("2", "v", "B", 5)},
			{dated("3", "u", "A", 5), dated("2", "v", "B", 5)}, IDENTITY_NO_IDS},
		{"an edit", {dated("1", "u", "A", 5), dated("2", "v", "B", 5)},
			{dated("1", "u", "A!", 5), dated("2", "v", "B", 5)}, 0},
		{"a new item", {dated("1", "u", "A", 5), dated("2", "v", "B", 5)},
			{dated("3", "w", "C", 6), dated("1", "u", "A", 5)}, 0},
		{"a series under one title and address",
			{dated("1", "u", "Weather", 5), dated("2", "v", "B", 5)},
			{dated("3", "u", "Weather", 6), dated("2", "v", "B", 5)}, 0},
		{"twins that always were two",
			{dated("1", "u", "A", 5), dated("2", "u", "A", 5)},
			{dated("2", "u", "A", 5), dated("4", "x", "D", 9)}, 0},
		{"a counter runs", {dated("1", "u", "A (3)", 5), dated("2", "v", "B", 5)},
			{dated("7", "u", "A (4)", 5), dated("2", "v", "B", 5)},
			IDENTITY_NO_IDS},
		{"no ids at all", {dated(NULL, "u", "A", 5), dated(NULL, "v", "B", 5)},
			{dated(NULL, "v", "B", 5), dated(NULL, "u", "A", 5)}, 0},
		{"undated", {item("1", "u", "A"), item("2", "v", "B")},
			{item("3", "u", "A"), item("4", "v", "B")}, IDENTITY_NO_IDS},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct recall_trace before[2], after[2];
		const struct recall last = {.traces = before, .n_traces = 2};

		for (int k = 0; k < 2; k++) {
			before[k] = recall_trace_of(&rows[i].before[k]);
			after[k] = recall_trace_of(&rows[i].after[k]);
		}
		print_message("%s\n", rows[i].what);
		assert_int_equal(recall_trust(&last, after, 2), rows[i].lost);
	}
}

/* --- The secret --------------------------------------------------------------------------- */

static void the_secret_is_made_once(void **state)
{
	char folder[] = "/tmp/vigie-identity-XXXXXX", path[64];
	struct identity_secret a, b;
	const char *why = NULL;
	struct stat st;

	(void)state;
	assert_non_null(mkdtemp(folder));
	(void)snprintf(path, sizeof(path), "%s/secret", folder);
	assert_int_equal(identity_secret_load(&a, path, &why), 0);
	assert_int_equal(identity_secret_load(&b, path, &why), 0);
	assert_memory_equal(&a, &b, sizeof(a));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_null(why);
	assert_int_equal(chmod(path, 0644), 0);
	assert_int_equal(identity_secret_load(&b, path, &why), -EPERM);
	assert_string_equal(why, "can be read by others: run chmod 600 on it");
	assert_int_equal(chmod(path, 0600), 0);
	assert_int_equal(truncate(path, 63), 0);
	assert_int_equal(identity_secret_load(&b, path, &why), -EINVAL);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(folder), 0);
	assert_int_equal(identity_secret_load(&b, path, &why), -ENOENT);
	assert_string_equal(why, "can't be made: give vigie a state folder it may write to");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_namespace_is_a_domain_and_the_hash_of_an_address),
		cmocka_unit_test(a_partition_is_of_the_domain),
		cmocka_unit_test(the_frozen_vectors),
		cmocka_unit_test(who_is_who),
		cmocka_unit_test(a_document_can_cost_its_source_our_trust),
		cmocka_unit_test(the_address_of_the_site_names_no_item),
		cmocka_unit_test(thousands_of_items_are_told_apart),
		cmocka_unit_test(a_counter_in_the_title_is_nothing),
		cmocka_unit_test(the_hash_of_content_is_kept_too),
		cmocka_unit_test(what_is_recalled_is_what_was_said),
		cmocka_unit_test(an_unstable_id_is_found_out),
		cmocka_unit_test(an_older_memory_is_understood),
		cmocka_unit_test(ids_and_dates_made_for_each_read_are_found_out),
		cmocka_unit_test(the_secret_is_made_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
