/*
 * config: what a person writes, what it becomes, and what is said of mistakes. Reads like
 * vigie.yaml(5).
 */

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "config/config.h"
#include "vigie/channel.h"

static char folder[64]; /* of every file of these tests */

static void put_file(const char *name, const char *text, mode_t mode)
{
	char path[256];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(path, mode), 0);
}

/* "@" stands for the folder. */
static char *filled(const char *text)
{
	struct buf out = {0};

	for (; *text; text++) {
		if (*text == '@' && text[1] == '/')
			buf_add_str(&out, folder);
		else
			buf_add_char(&out, *text);
	}
	return buf_take(&out);
}

static char *printed(const struct err_list *errors)
{
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);

	err_list_print(errors, f);
	assert_int_equal(fclose(f), 0);
	return text;
}

static struct config *load(const char *yaml, struct buf *expanded)
{
	const struct config_overrides overrides = {.expanded = expanded};
	struct err_list errors = {0};
	struct config *config = NULL;
	char *text = filled(yaml);
	const int r =
		config_read(&config, span_str(text), "v.yaml", folder, &overrides, &errors);

	if (r)
		err_list_print(&errors, stderr);
	assert_int_equal(r, 0);
	assert_int_equal(errors.n, 0);
	free(text);
	return config;
}

static const struct source *source(const struct config *c, const char *id)
{
	for (size_t i = 0; i < c->n_sources; i++)
		if (span_eq_str(c->sources[i]->id, id))
			return c->sources[i];
	return NULL;
}

#define assert_span(got, text)                                                                 \
	do {                                                                                   \
		const struct span s_ = (got);                                                  \
		assert_int_equal(s_.n, strlen(text));                                          \
		assert_memory_equal(s_.n ? s_.p : "", text, s_.n);                             \
	} while (0)

/* --- What it becomes
 * --------------------------------------------------------------------------- */

static void has_defaults(void **state)
{
	struct config *c;

	(void)state;
	assert_int_equal(setenv("XDG_STATE_HOME", "/home/x/state", 1), 0);
	c = load("", NULL);
	assert_span(c->state, "/home/x/state/vigie");
	assert_span(c->redis, "");
	assert_span(c->redis_prefix, "vigie:");
	assert_span(c->http.listen, "127.0.0.1:8787");
	assert_span(c->http.public_url, "");
	assert_int_equal(c->crawl.every_ms, 0);
	assert_int_equal(c->crawl.concurrency_per_host, 2);
	assert_int_equal(c->crawl.spacing_ms, 1000);
	assert_int_equal(c->crawl.max_body_bytes, 16 * 1024 * 1024);
	assert_int_equal(c->crawl.max_html_bytes, 4 * 1024 * 1024);
	assert_true(c->crawl.robots);
	assert_int_equal(c->crawl.history_ms, 86400000);
	assert_int_equal(c->crawl.n_allow, 0);
	assert_int_equal(c->retention.mentions_ms, 400LL * 86400000);
	assert_int_equal(c->retention.passed_over_bytes, 256 * 1024 * 1024);
	assert_int_equal(c->n_sources, 0);
	assert_int_equal(c->policy.n_receivers, 0);
	assert_int_equal(c->warnings.n, 2); /* no rule, no source */
	assert_null(config_unref(c));
	assert_int_equal(setenv("STATE_DIRECTORY", "/var/lib/vigie:/x", 1), 0);
	c = load("", NULL);
	assert_span(c->state, "/var/lib/vigie");
	assert_int_equal(unsetenv("STATE_DIRECTORY"), 0);
	config_unref(c);
}

static void reads_scalars(void **state)
{
	struct config *c;

	(void)state;
	assert_int_equal(setenv("LISTEN_PORT", "9000", 1), 0);
	c = load("state: sub/state/\n"
		 "redis: redis://u:p@host:6380/2\n"
		 "redis_prefix: 'acme:'\n"
		 "http: {listen: '[::1]:${LISTEN_PORT}', public_url: https://v.example.org/}\n"
		 "crawl:\n"
		 "  every: 1h30m\n"
		 "  concurrency_per_host: 5\n"
		 "  spacing: 0s\n"
		 "  max_body: 2MiB\n"
		 "  max_html: 100KiB\n"
		 "  history: 2w\n"
		 "  robots: false\n"
		 "  contact: https://example.org/bot\n"
		 "  allow_addresses: [10.1.0.0/16, '::1']\n"
		 "  nameservers: ['127.0.0.1:5353', '::1']\n"
		 "retention: {mentions: 30d, passed_over: 1GiB, author: '${DAYS:-7d}'}\n",
		NULL);
	assert_int_equal(strncmp(c->state.p, folder, strlen(folder)), 0);
	assert_string_equal(c->state.p + strlen(folder), "/sub/state");
	assert_span(c->redis, "redis://u:p@host:6380/2");
	assert_span(c->redis_prefix, "acme:");
	assert_span(c->http.listen, "[::1]:9000");
	assert_span(c->http.public_url, "https://v.example.org");
	assert_int_equal(c->crawl.every_ms, 5400000);
	assert_int_equal(c->crawl.concurrency_per_host, 5);
	assert_int_equal(c->crawl.spacing_ms, 0);
	assert_int_equal(c->crawl.max_body_bytes, 2 * 1024 * 1024);
	assert_int_equal(c->crawl.max_html_bytes, 100 * 1024);
	assert_false(c->crawl.robots);
	assert_int_equal(c->crawl.history_ms, 14LL * 86400000);
	assert_span(c->crawl.user_agent, "vigie/0.1.0 (+https://example.org/bot)");
	assert_int_equal(c->crawl.n_allow, 2);
	assert_int_equal(c->crawl.allow[0].prefix, 112);
	assert_span(c->crawl.nameservers, "127.0.0.1:5353,::1");
	assert_int_equal(c->retention.mentions_ms, 30LL * 86400000);
	assert_int_equal(c->retention.passed_over_bytes, 1024 * 1024 * 1024);
	assert_int_equal(c->retention.author_ms, 7LL * 86400000);
	config_unref(c);
}

static void reads_sources(void **state)
{
	const struct source *s;
	struct config *c;

	(void)state;
	put_file("a.xml", "<rss/>", 0644);
	put_file("list.yaml", "- https://in.list.example/feed\n- a.xml\n", 0644);
	assert_int_equal(setenv("FEED_TOKEN", "t0ken", 1), 0);
	c = load("crawl: {every: 10m}\n"
		 "rules: [{id: r, query: x}]\n"
		 "sources:\n"
		 "  - https://www.lemonde.fr/rss/une.xml\n"
		 "  - https://example.org/feed?key=${FEED_TOKEN}\n"
		 "  - {id: own, url: 'http://localhost:8080/f', every: 5m, tags: [press, fr], "
		 "lang: fr,\n"
		 "     title: Own, search: true, headers: {Authorization: 'Bearer "
		 "${FEED_TOKEN}'}}\n"
		 "  - list.yaml\n"
		 "  - {id: again, file: a.xml}\n"
		 "  - {connector: discourse, base: 'https://forum.example.org/'}\n"
		 "  - {connector: wordpress, base: 'http://blog.example.org', search: Air "
		 "France}\n",
		NULL);
	assert_int_equal(c->n_sources, 8);
	s = source(c, "lemonde.fr/rss/une.xml");
	assert_non_null(s);
	assert_span(s->kind, "feed");
	assert_span(s->url, "https://www.lemonde.fr/rss/une.xml");
	assert_int_equal(s->every_ms, 600000);
	assert_ptr_equal(s->config, c);
	for (size_t i = 0; i < c->n_sources; i++) /* a key in an address is not in its id */
		assert_null(strstr(c->sources[i]->id.p, "t0ken"));
	s = source(c, "own");
	assert_non_null(s);
	assert_int_equal(s->every_ms, 300000);
	assert_int_equal(s->n_tags, 2);
	assert_span(s->tags[1], "fr");
	assert_span(s->lang, "fr");
	assert_span(s->title, "Own");
	assert_true(s->search);
	assert_int_equal(s->n_headers, 1);
	assert_span(s->headers[0].name, "Authorization");
	assert_span(s->headers[0].value, "Bearer t0ken");
	s = source(c, "again");
	assert_non_null(s);
	assert_int_equal(strncmp(s->url.p, "file:///", 8), 0);
	s = source(c, "discourse/forum.example.org");
	assert_non_null(s);
	assert_non_null(strstr(s->url.p, "https://forum.example.org/posts.json"));
	assert_false(s->search);
	s = source(c, "wordpress/blog.example.org/air-france");
	assert_non_null(s);
	assert_non_null(strstr(
		s->url.p, "http://blog.example.org/wp-json/wp/v2/posts?search=Air%20France"));
	assert_true(s->search);
	assert_span(s->title, "WordPress: Air France");
	config_unref(c);
}

static void reads_subscriptions(void **state)
{
	const struct source *s;
	struct config *c;

	(void)state;
	put_file("subs.opml",
		"<opml version='2.0'><body><outline text='Press'>"
		"<outline text='Paper' xmlUrl='http://paper.example/rss' "
		"language='fr'/></outline>"
		"<outline text='x' xmlUrl='javascript:x'/></body></opml>",
		0644);
	c = load("rules: [{id: r, query: x}]\n"
		 "sources: [subs.opml, {kind: opml, file: subs.opml, tags: [mine], every: "
		 "1h}]\n",
		NULL);
	assert_int_equal(c->n_sources, 1);
	assert_int_equal(c->warnings.n, 3);
	s = source(c, "paper.example/rss");
	assert_non_null(s);
	assert_span(s->title, "Paper");
	assert_span(s->lang, "fr");
	assert_int_equal(s->n_tags, 1);
	assert_span(s->tags[0], "Press");
	config_unref(c);
}

static void asks_open_sources_for_brands(void **state)
{
	const struct source *s;
	struct config *c;

	(void)state;
	c = load("brands:\n"
		 "  - {name: Air France, languages: [fr, en], competitors: [Lufthansa]}\n",
		NULL);
	assert_int_equal(c->n_brands, 2);
	assert_span(c->brands[1], "Lufthansa");
	s = source(c, "googlenews/air-france/fr");
	assert_non_null(s);
	assert_non_null(
		strstr(s->url.p, "https://news.google.com/rss/search?q=%22Air%20France%22"));
	assert_non_null(strstr(s->url.p, "&hl=fr&gl=FR&ceid=FR%3Afr"));
	assert_span(s->lang, "fr");
	assert_int_equal(s->every_ms, 900000);
	assert_non_null(source(c, "googlenews/lufthansa/en"));
	s = source(c, "mastodon/air-france");
	assert_non_null(s);
	assert_non_null(
		strstr(s->url.p, "https://mastodon.social/api/v1/timelines/tag/airfrance"));
	assert_span(s->kind, "connector/mastodon");
	s = source(c, "gdelt/air-france");
	assert_non_null(s);
	assert_non_null(strstr(s->url.p, "%22Air%20France%22"));
	/* Its keyless neighbours that need more than a name are not asked. */
	assert_null(source(c, "telegram/air-france"));
	config_unref(c);

	c = load("brands: Zürich & Cie\n"
		 "crawl: {every: 1s}\nsources: [{connector: googlenews, base: "
		 "'http://127.0.0.1:99', search: "
		 "brand}]\n",
		NULL);
	assert_int_equal(c->n_sources, 1);
	s = source(c, "googlenews/127.0.0.1:99/zurich-cie");
	assert_non_null(s);
	assert_span(s->url, "http://127.0.0.1:99/rss/search?q=%22Z%C3%BCrich%20%26%20Cie%22"
			    "%20OR%20%22Z%C3%BCrichCie%22%20when%3A7d");
	assert_int_equal(s->every_ms, 1000);
	config_unref(c);
}

/* A brand without a query: the phrase, and one word of it where it has several. */
static void makes_queries_of_names(void **state)
{
	static const char *const rows[][3] = {
		{"Air France", "air-france", "\\\"Air France\\\" OR AirFrance"},
		{"Lufthansa", "lufthansa", "\\\"Lufthansa\\\""},
		{"L'Oréal", "l-oreal", "\\\"L'Oréal\\\" OR LOréal"},
		{"Crédit Agricole – Nord", "credit-agricole-nord",
			"\\\"Crédit Agricole – Nord\\\" OR CréditAgricoleNord"},
		{"C&A", "c-a", "\\\"C&A\\\" OR @CA OR #CA"},
		{"Guess?", "guess", "\\\"Guess \\\""},
		{"Œuvre Straße", "oeuvre-strasse", "\\\"Œuvre Straße\\\" OR ŒuvreStraße"},
		{"東京", "name-HASH", "\\\"東京\\\""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct buf yaml = {0}, out = {0}, line = {0};
		struct config *c;
		char *hash;

		buf_add_str(&yaml, "sources: []\nbrands: [");
		config_quote(&yaml, span_str(rows[i][0]));
		buf_add_str(&yaml, "]\n");
		c = load(yaml.p, &out);
		hash = strstr(out.p, "{id: name-");
		if (hash) {
			memcpy(hash + 10, "HASH", 4);
			memmove(hash + 14, hash + 18, strlen(hash + 18) + 1);
		}
		buf_addf(&line, "{id: %s, kind: brand, brand: ", rows[i][1]);
		config_quote(&line, span_str(rows[i][0]));
		buf_addf(&line, ", query: \"%s\", weight: 1}\n", rows[i][2]);
		if (!strstr(out.p, line.p))
			fail_msg("%s: %s", line.p, out.p);
		config_unref(c);
		buf_deinit(&yaml);
		buf_deinit(&out);
		buf_deinit(&line);
	}
}

static void reads_receivers_and_routes(void **state)
{
	const struct receiver *r;
	const struct route *root;
	struct config *c;

	(void)state;
	put_file("secret", "s3cret\n", 0600);
	assert_int_equal(setenv("SLACK", "https://hooks.slack.com/services/T/B/x", 1), 0);
	c = load("receivers:\n"
		 "  - {id: cm, lang: fr, slack: '${SLACK}'}\n"
		 "  - {id: hook, webhook: {url: 'https://hook.example.org/x', secret: {file: "
		 "secret}}}\n"
		 "  - {id: mail, email: {to: [a@example.org, b@example.org], from: "
		 "v@example.org}}\n"
		 "routes:\n"
		 "  receiver: cm\n"
		 "  group_by: [rule, tag, rule]\n"
		 "  group_wait: 1m\n"
		 "  routes:\n"
		 "    - {match: {kind: competitor, tag: [a, b]}, receiver: [mail, hook], "
		 "continue: true}\n"
		 "    - {match: {site: example.org}, group_by: mention}\n",
		NULL);
	assert_int_equal(c->policy.n_receivers, 3);
	r = &c->policy.receivers[0];
	assert_span(r->id, "cm");
	assert_span(r->lang, "fr");
	assert_string_equal(r->channel->name, "slack");
	assert_span(receiver_get(r, "url"), "https://hooks.slack.com/services/T/B/x");
	r = &c->policy.receivers[1];
	assert_span(receiver_get(r, "secret"), "s3cret");
	r = &c->policy.receivers[2];
	assert_span(receiver_get(r, "to"), "a@example.org");
	assert_span(r->fields[1].value, "b@example.org");
	root = &c->policy.root;
	assert_int_equal(root->n_receivers, 1);
	assert_int_equal(root->n_group_by, 2);
	assert_int_equal(root->group_by[1], ROUTE_TAG);
	assert_int_equal(root->group_wait_ms, 60000);
	assert_int_equal(root->n_children, 2);
	assert_int_equal(root->children[0].n_matches, 2);
	assert_int_equal(root->children[0].matches[1].n_values, 2);
	assert_int_equal(root->children[0].n_receivers, 2);
	assert_int_equal(root->children[0].receivers[0], 2);
	assert_true(root->children[0].proceed);
	assert_int_equal(root->children[0].group_wait_ms, 60000);
	assert_int_equal(root->children[1].n_receivers, 1);
	assert_int_equal(root->children[1].group_by[0], ROUTE_MENTION);
	assert_false(root->children[1].proceed);
	assert_int_equal(c->n_routes, 3);
	config_unref(c);

	c = load("tz: Asia/Tokyo\n"
		 "time_intervals: [{name: n, times: ['22:00-07:00', '12:00-13:00'], weekdays: "
		 "sat-mon, days: 25-last}]\n"
		 "receivers:\n"
		 "  - {id: a, budget: [20/day, 3/hour], rate: 1/2s, quiet: [n, 01:30-24:00], "
		 "slack: '${SLACK}'}\n"
		 "  - {id: b, tz: UTC, digest: {daily: 08:30}, slack: '${SLACK}'}\n"
		 "severity: {score: 2, levels: {calm: 0, alarm: 5}}\n"
		 "mutes: [{site: [x.example, y.example], receiver: b}]\n"
		 "routes:\n"
		 "  receiver: a\n"
		 "  digest: hourly\n"
		 "  routes: [{match: {severity: '>= alarm'}, digest: off, repeat_interval: 1h, "
		 "story_steps: [2, critical]}]\n",
		NULL);
	r = &c->policy.receivers[0];
	assert_non_null(r->zone);
	assert_int_equal(r->n_budgets, 2);
	assert_int_equal(r->budgets[0].most, 20);
	assert_int_equal(r->budgets[1].per, BUDGET_HOUR);
	assert_int_equal(r->rate_ms, 2000);
	assert_int_equal(r->n_quiet, 2);
	assert_int_equal(r->quiet[0].n_spans, 2);
	assert_int_equal(r->quiet[0].spans[1].from_minute, 720);
	assert_int_equal(r->quiet[0].spans[1].weekdays, 0x61);
	assert_int_equal(r->quiet[0].spans[1].last_day, -1);
	assert_int_equal(r->quiet[1].spans[0].from_minute, 90);
	assert_int_equal(r->quiet[1].spans[0].to_minute, 1440);
	assert_null(c->policy.receivers[1].zone);
	assert_int_equal(c->policy.receivers[1].digest->minute, 510);
	assert_true(c->policy.severity->score == 2);
	assert_true(isinf(c->policy.severity->critical));
	assert_int_equal(c->policy.n_mutes, 2);
	root = &c->policy.root;
	assert_int_equal(root->digest->every, DIGEST_EVERY_HOUR);
	assert_int_equal(root->group_interval_ms, 300000);
	assert_int_equal(root->children[0].digest->every, DIGEST_NONE);
	assert_int_equal(root->children[0].repeat_interval_ms, 3600000);
	assert_int_equal(root->children[0].n_story_steps, 1);
	assert_true(root->children[0].story_critical);
	assert_true(root->children[0].matches[0].ranges[0].from == 5);
	config_unref(c);

	c = load("notify: {slack: '${SLACK}', email: cm@example.org}\n", NULL);
	assert_int_equal(c->policy.n_receivers, 2);
	assert_span(c->policy.receivers[1].id, "email");
	assert_span(receiver_get(&c->policy.receivers[1], "to"), "cm@example.org");
	assert_int_equal(c->policy.root.n_receivers, 2);
	assert_int_equal(c->policy.root.group_by[0], ROUTE_STORY);
	assert_int_equal(c->policy.root.group_wait_ms, 10000);
	config_unref(c);
}

/* --- The long form
 * ----------------------------------------------------------------------------- */

/* A network of the tests' own: what is built in may change. */
static const char board[] =
	"network: board\ntitle: Board\ntier: 2\nbase: https://board.example\n"
	"auth: key\nfacts: {date: '2026', verified: true}\n"
	"params: {room: which of its rooms}\n"
	"quota: [{most: 1000, per: 1d}]\n"
	"logins:\n  key:\n    about: a key\n    needs: [key]\n    add: |\n"
	"      header.X-Key = %key\n"
	"asks:\n  search:\n    map: posts\n    request: |\n"
	"      path = '/api'\n      query.q = %phrase\n      query.room = %room\n"
	"maps:\n  posts:\n    items: /posts\n    fields: |\n      id = /id\n      text = "
	"/text\n";

static void expands(void **state)
{
	static const char short_form[] =
		"state: /s\n"
		"redis: redis://u:pw@h\n"
		"brands:\n"
		"  - name: Air France\n"
		"    languages: [fr]\n"
		"    competitors: [{name: KLM, query: 'KLM OR \"Royal Dutch\"'}]\n"
		"rules: [{id: t, regex: '\\bAF-\\d{6}\\b', weight: 2, tags: ['a b']}]\n"
		"sources:\n"
		"  - {url: 'http://u:pw@h.example/f', headers: {A: '${SLACK}', B: clear}}\n"
		"  - {connector: board.yaml, search: Air France, key: '${SLACK}'}\n"
		"notify: {slack: '${SLACK}', webhook: 'https://x.example/clear'}\n";
	static const char long_form[] =
		"state: /s\n"
		"redis: \"redis://****@h\"\n"
		"redis_prefix: \"vigie:\"\n"
		"tz: UTC\n"
		"http: {listen: 127.0.0.1:8787}\n"
		"crawl: {every: auto, concurrency_per_host: 2, spacing: 1s, max_body: 16MiB, "
		"max_html: 4MiB, history: 24h, robots: true}\n"
		"rules:\n"
		"  - {id: air-france, kind: brand, brand: \"Air France\", query: \"\\\"Air "
		"France\\\" OR "
		"AirFrance\", languages: [fr], weight: 1}\n"
		"  - {id: klm, kind: competitor, brand: KLM, query: \"KLM OR \\\"Royal "
		"Dutch\\\"\", "
		"languages: [fr], weight: 1}\n"
		"  - {id: t, kind: topic, regex: \"\\\\bAF-\\\\d{6}\\\\b\", tags: [\"a b\"], "
		"weight: 2}\n"
		"sources:\n"
		"  - {id: h.example/f-HASH, kind: feed, url: \"http://****@h.example/f\", "
		"every: auto, "
		"headers: {A: \"${SLACK}\", B: \"****\"}}\n"
		"  - {id: board/air-france, connector: board.yaml, ask: search, vars: {key: "
		"\"${SLACK}\", query: \"\\\"Air France\\\"\", words: \"Air France\", "
		"phrase: \"\\\"Air France\\\"\", tag: airfrance, slug: air-france}, every: "
		"15m, "
		"title: \"Board: Air France\"}\n"
		"receivers:\n"
		"  - {id: slack, lang: en, slack: {url: \"${SLACK}\"}}\n"
		"  - {id: webhook, lang: en, webhook: {url: \"****\"}}\n"
		"routes:\n"
		"  receiver: [slack, webhook]\n"
		"  group_by: [story]\n"
		"  group_wait: 10s\n"
		"  group_interval: 5m\n"
		"  repeat_interval: 0s\n"
		"retention: {mentions: 400d, passed_over: 256MiB, author: 400d}\n";
	struct buf out = {0};
	struct config *c;
	char *hash;

	(void)state;
	put_file("board.yaml", board, 0644);
	c = load(short_form, &out);
	hash = strstr(out.p, "h.example/f-");
	assert_non_null(hash);
	memmove(hash + 12 + 4, hash + 12 + 8, strlen(hash + 12 + 8) + 1);
	memcpy(hash + 12, "HASH", 4);
	assert_string_equal(out.p, long_form);
	buf_deinit(&out);
	config_unref(c);
}

/* Read again, the long form gives itself. */
static void expands_to_a_fixed_point(void **state)
{
	static const char text[] =
		"state: /s\n"
		"define: {x: 'a OR b', 'y z': '\"c\"'}\n"
		"tz: Europe/Paris\n"
		"time_intervals: [{name: night, times: ['22:00-07:00', '12:00-13:00'], "
		"weekdays: mon-fri, tz: Asia/Tokyo}, {name: 'year end', days: [1-5, 25-last], "
		"months: [nov-jan], years: 2026-2028}]\n"
		"severity: {followers: 1, levels: {low: 0, high: 3, critical: 6}, extras: "
		"[{name: press, match: {tag: press, followers: '>= 10'}, points: -2.5}]}\n"
		"silences: [{id: s, receiver: m, match: {severity: low}, author: a, comment: "
		"'b: c', from: 2026-01-31T18:00:00Z, until: 2026-02-01T18:00:00Z}]\n"
		"mutes: [{author: ['@a', b], site: c.example, until: 2026-01-31T18:00:00Z}]\n"
		"crawl: {every: 1m500ms, allow_addresses: [127.0.0.0/8], contact: "
		"'mailto:a@b.example'}\n"
		"brands: [{name: 'A: \"quoted\" name', tags: [t]}, 東京]\n"
		"sources: [open, list.yaml, {id: f, file: a.xml, every: 2h}]\n"
		"receivers:\n"
		"  - {id: m, email: {to: [a@b.example, c@d.example], from: v@b.example, "
		"password: {file: secret}}, budget: [8/day, 3/hour], rate: 10/1m, quiet: "
		"[night, '23:00-24:00', {days: last}], quiet_strict: true, timeout: 1m, "
		"digest: "
		"{weekly: "
		"'mon 08:00', empty: true, tz: UTC}}\n"
		"routes: {receiver: m, story_steps: [10, critical], mute_times: night, routes: "
		"[{match: {kind: brand, lang: [fr, 'no']}, digest: {hourly: 15}, active_times: "
		"[night, 'year end'], "
		"routes: [{match: "
		"{rule: 'x y'}, continue: true, group_wait: 2m}]}]}\n";
	struct buf first = {0}, second = {0};
	struct config *c;

	(void)state;
	c = load(text, &first);
	config_unref(c);
	c = load(first.p, &second);
	assert_string_equal(first.p, second.p);
	assert_true(c->n_sources > 6);
	config_unref(c);
	buf_deinit(&first);
	buf_deinit(&second);
}

/* --- Mistakes
 * ---------------------------------------------------------------------------------- */

static void names_every_mistake(void **state)
{
	static const struct {
		const char *text;
		const char *errors; /* "" where only warnings are meant */
	} rows[] = {
		{"sorces: []\nrule: []\nx: 1\n",
			"v.yaml:1:1: unknown key \"sorces\": did you mean \"sources\"?\n"
			"v.yaml:2:1: unknown key \"rule\": did you mean \"rules\"?\n"
			"v.yaml:3:1: unknown key \"x\": vigie.yaml has state, redis, "
			"redis_prefix, http, "
			"crawl, brands, rules, define, sources, notify, receivers, routes, tz, "
			"time_intervals, severity, notices, reports, silences, mutes, "
			"retention\n"},
		{"- a\n",
			"v.yaml:1:1: vigie.yaml: a list where keys and values are expected\n"},
		{"crawl: {every: 5, spacing: 1y, max_body: 16MB, concurrency_per_host: 0, "
		 "history: 24 h}\n",
			"v.yaml:1:16: every: \"5\" is none: write auto, or a number and s, m, "
			"h, d or w, as in 5m\n"
			"v.yaml:1:28: spacing: \"1y\" is none: write a number and s, m, h, d "
			"or w, as in 90s or 7d\n"
			"v.yaml:1:42: max_body: \"16MB\" is none: write a number and B, KiB, "
			"MiB or GiB, as in 16MiB\n"
			"v.yaml:1:70: concurrency_per_host: \"0\" is none: write a whole "
			"number from 1 to 1000\n"
			"v.yaml:1:82: history: \"24 h\" is none: write a number and s, m, h, d "
			"or w, as in 90s or 7d\n"},
		{"crawl: {nameservers: [127.0.0.1, 'dns.example:53']}\n",
			"v.yaml:1:34: nameservers: \"dns.example:53\" is no address: write "
			"127.0.0.1, 127.0.0.1:5353 or [::1]:5353\n"},
		{"crawl: {allow_addresses: [10.0.0.0/8, home], ca_file: no.pem, spacing: "
		 "[1s]}\n",
			"v.yaml:1:39: allow_addresses: \"home\" is no address or network: "
			"write 10.1.0.0/16 or fd00::/8\n"
			"v.yaml:1:55: @/no.pem: no such file\n"
			"v.yaml:1:72: a list where a text is expected\n"},
		{"redis: rediss://h\n", "v.yaml:1:8: redis over TLS is not spoken: run stunnel "
					"beside Redis, and write "
					"redis:// of its end here\n"},
		{"redis: local\nhttp: {listen: 8787, public_url: v.example}\n",
			"v.yaml:1:8: \"local\": write private, "
			"redis://[user:password@]host[:port][/db] or "
			"unix:/path\n"
			"v.yaml:2:16: listen \"8787\": write HOST:PORT, as in 127.0.0.1:8787, "
			"unix:/PATH, or off\n"
			"v.yaml:2:34: public_url \"v.example\" is no address: write "
			"https://…\n"},
		{"state: ${NOT_SET_AT_ALL}/x\nredis_prefix: ${\n",
			"v.yaml:1:8: ${NOT_SET_AT_ALL} is not set: set it in the environment, "
			"or write "
			"${NOT_SET_AT_ALL:-default}\n"
			"v.yaml:2:15: a \"${\" without its \"}\": close it, or write $${\n"},
		{"rules: [{query: x}, {id: a}, {id: b, query: x, regex: y}, {id: c, query: x, "
		 "lang: fr}, {id: "
		 "d, query: [x]}]\n",
			"v.yaml:1:9: a rule without an id: write id: …\n"
			"v.yaml:1:21: rule a: nothing to look for: write exactly one of query "
			"and regex\n"
			"v.yaml:1:30: rule b: a query and a regex: write exactly one of query "
			"and regex\n"
			"v.yaml:1:77: unknown key \"lang\": rules has id, query, regex, kind, "
			"brand, note, tags, languages, weight, enabled\n"
			"v.yaml:1:103: query: a list where a text is expected\n"},
		{"rules: [{files: none.yaml}]\nbrands: [{nme: x}, {name: ' '}]\n",
			"@/none.yaml: no such file\n"
			"v.yaml:2:10: a brand without a name: write name: …\n"
			"v.yaml:2:11: unknown key \"nme\": did you mean \"name\"?\n"
			"v.yaml:2:20: a brand without a name: write name: …\n"},
		{"sources: [opn, ftp://x.example/, {url: 'http://'}, {id: 'a b', url: "
		 "'http://x.example'}, {}, "
		 "{kind: page, url: 'http://x.example'}]\n",
			"v.yaml:1:11: @/opn: no such file\n"
			"v.yaml:1:16: \"ftp://x.example/\" is no address: write http://…, "
			"https://… or file:…\n"
			"v.yaml:1:34: \"http://\" is no address: write http://…, https://… or "
			"file:…\n"
			"v.yaml:1:57: id \"a b\": write letters, digits and . _ : @ / - only, "
			"at most 128\n"
			"v.yaml:1:90: a source has exactly one of url, file and connector\n"
			"v.yaml:1:101: unknown kind \"page\": there are feed, sitemap and "
			"opml\n"},
		{"sources:\n- {id: a, url: 'http://x.example'}\n- {id: a, url: "
		 "'http://y.example'}\n"
		 "- {connector: discource, base: 'http://x.example'}\n- {connector: "
		 "discourse}\n"
		 "- {connector: medium}\n",
			"v.yaml:3:3: source a: the id stands in v.yaml:2 already: choose "
			"another\n"
			"v.yaml:4:15: unknown connector \"discource\": did you mean "
			"\"discourse\"?\n"
			"v.yaml:5:3: discourse needs base: the address of the site, as in "
			"https://site.example\n"
			"v.yaml:6:3: medium needs search: brand, or words to search for\n"},
		{"notify: {slak: x, slack: nothing, email: [a@b.example, 'b c']}\n",
			"v.yaml:1:10: unknown channel \"slak\": did you mean \"slack\"?\n"
			"v.yaml:1:26: url: not an address: it begins with https:// or http://\n"
			"v.yaml:1:56: to: not a mail address: write name@example.org\n"},
		{"receivers:\n- {id: a}\n- {slack: 'https://x.example/'}\n- {id: b, webhook: "
		 "{secret: x}}\n"
		 "- {id: b, slack: 'https://x.example', email: a@b.example}\n"
		 "- {id: c, lang: de, slack: 'https://x.example'}\n- {id: d, slack: {ulr: x}}\n"
		 "- {id: e, budget: 20/day, slack: 'https://x.example'}\n",
			"v.yaml:2:3: receiver a has no channel: write one of slack, webhook, "
			"…\n"
			"v.yaml:3:3: a receiver without an id: write id: …\n"
			"v.yaml:4:20: webhook without url: write url: …\n"
			"v.yaml:5:3: receiver b: the id stands in line 4 already: choose "
			"another\n"
			"v.yaml:5:39: a receiver has one channel: write email as a second "
			"receiver\n"
			"v.yaml:6:17: lang \"de\": there are en and fr\n"
			"v.yaml:7:19: unknown key \"ulr\": did you mean \"url\"?\n"},
		{"receivers: [{id: chat, slack: 'https://x.example'}]\n"
		 "routes:\n  receiver: [chta, other]\n  match: {kind: x}\n  group_by: "
		 "[stroy]\n  routes:\n"
		 "    - {match: {knd: x, site: a/b, severity: critical, tag: []}, digest: "
		 "{daily: 8}}\n",
			"v.yaml:3:14: unknown receiver \"chta\": did you mean \"chat\"?\n"
			"v.yaml:3:20: unknown receiver \"other\": write it under receivers:\n"
			"v.yaml:4:10: the first route takes everything: write match: under "
			"routes:\n"
			"v.yaml:5:14: group_by: unknown \"stroy\": did you mean \"story\"?\n"
			"v.yaml:7:16: match: unknown \"knd\": did you mean \"kind\"?\n"
			"v.yaml:7:30: site is a host: write it without \"/\"\n"
			"v.yaml:7:60: match: an empty list matches nothing: write a value\n"
			"v.yaml:7:81: daily: \"8\" is none: write the time of day, as in "
			"daily: "
			"'08:00'\n"},
		{"tz: Europe/Pari\n"
		 "time_intervals:\n- {name: n, times: [22:00-0700], weekdays: mun, days: 32, "
		 "months: x, years: 0}\n- {times: 1:00-2:00}\n- {name: n}\n"
		 "receivers:\n- {id: a, budget: [8/day, 3/day, x], rate: ten, quiet: [22:00, "
		 "m], digest: {weekly: 08:00}, slack: 'https://x.example'}\n"
		 "- {id: b, digest: off, slack: 'https://x.example'}\n"
		 "- {id: c, timeout: 61s, slack: 'https://x.example'}\n",
			"v.yaml:1:5: tz \"Europe/Pari\": no such zone here: write one as "
			"Europe/Paris (package tzdata), or UTC\n"
			"v.yaml:3:21: times: \"22:00-0700\" is none: write 22:00-07:00\n"
			"v.yaml:3:44: weekdays: \"mun\" is none: write mon-fri, or sat\n"
			"v.yaml:3:55: days: \"32\" is none: write 1-5, last, or 25-last\n"
			"v.yaml:3:67: months: \"x\" is none: write jul-aug, or dec\n"
			"v.yaml:3:77: years: \"0\" is none: write 2026, or 2026-2028\n"
			"v.yaml:4:3: an interval without a name: write name: …\n"
			"v.yaml:5:10: the name n stands above already: choose another\n"
			"v.yaml:7:27: budget: two of them say how much in one day: keep one\n"
			"v.yaml:7:34: budget: \"x\" is none: write messages per hour, day or "
			"week, as in 20/day\n"
			"v.yaml:7:44: rate: \"ten\" is none: write messages in a time, as in "
			"10/1m\n"
			"v.yaml:7:57: unknown time interval \"22:00\": write it under "
			"time_intervals:\n"
			"v.yaml:7:64: unknown time interval \"m\": did you mean \"n\"?\n"
			"v.yaml:7:85: weekly: \"08:00\" is none: write day and time, as in "
			"weekly: 'mon 08:00'\n"
			"v.yaml:8:19: digest: what is over budget needs a place: write {daily: "
			"'08:00'}\n"
			"v.yaml:9:20: timeout: \"61s\" is too short or too long: write 100ms "
			"to 60s\n"},
		{"severity: {levels: {info: 3, critical: 1}, extras: [{name: p}], score: "
		 "much}\n"
		 "receivers: [{id: chat, slack: 'https://x.example'}]\n"
		 "routes: {receiver: chat, story_steps: [50, 10, 1], mute_times: n, routes: "
		 "[{match: {severity: critcal, followers: many}}]}\n"
		 "silences: [{id: s, receiver: chta, until: tomorrow}, {id: s}, {comment: x}]\n"
		 "mutes: [{receiver: chat}]\n",
			"v.yaml:1:40: levels: each begins above the one before it: write them "
			"in "
			"order\n"
			"v.yaml:1:53: extras: name, match and points are expected\n"
			"v.yaml:1:72: score: \"much\" is none: write a number, as in 1.5\n"
			"v.yaml:3:44: story_steps: write them in ascending order\n"
			"v.yaml:3:48: story_steps: \"1\" is none: write sizes from 2, or "
			"critical\n"
			"v.yaml:3:64: unknown time interval \"n\": write it under "
			"time_intervals:\n"
			"v.yaml:3:95: severity: \"critcal\" is none: write 1000, '>= 1000' or "
			"'100..999', or a level, as critical\n"
			"v.yaml:3:115: followers: \"many\" is none: write 1000, '>= 1000' or "
			"'100..999'\n"
			"v.yaml:4:30: unknown receiver \"chta\": did you mean \"chat\"?\n"
			"v.yaml:4:43: \"tomorrow\" is no instant: write it as "
			"2026-01-31T18:00:00Z\n"
			"v.yaml:4:59: silence s stands above already: choose another id\n"
			"v.yaml:4:63: a silence has an id: write letters, digits and . _ -, at "
			"most 64\n"
			"v.yaml:5:9: a mute names an author or a site: write one\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct err_list errors = {0};
		struct config *c = NULL;
		char *found, *wanted = filled(rows[i].errors);

		assert_int_equal(config_read(&c, span_str(rows[i].text), "v.yaml", folder, NULL,
					 &errors),
			-EINVAL);
		assert_null(c);
		found = printed(&errors);
		assert_string_equal(found, wanted);
		free(found);
		free(wanted);
		err_list_deinit(&errors);
	}
}

static void keeps_secrets_out_of_messages(void **state)
{
	static const char *const texts[] = {
		"notify: {slack: 'hunter2'}\n",
		"notify: {slack: '${HUNTER}'}\n",
		"receivers: [{id: a, slack: {file: hunter}}]\n",
		"receivers: [{id: a, slack: {credential: hunter}}]\n",
		"redis: 'redx://u:hunter2@h'\n",
		"sources: ['ftp://u:hunter2@h/', 'gopher://${HUNTER}/', {url: "
		"'http://x.example', headers: "
		"{\"A b\": 'hunter2'}}]\n",
	};

	(void)state;
	put_file("hunter", "hunter2\n", 0600);
	assert_int_equal(setenv("HUNTER", "hunter2", 1), 0);
	assert_int_equal(setenv("CREDENTIALS_DIRECTORY", folder, 1), 0);
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		struct err_list errors = {0};
		struct config *c = NULL;
		char *found;

		assert_int_equal(
			config_read(&c, span_str(texts[i]), "v.yaml", folder, NULL, &errors),
			-EINVAL);
		found = printed(&errors);
		assert_true(errors.n > 0);
		assert_null(strstr(found, "hunter2"));
		free(found);
		err_list_deinit(&errors);
	}
	assert_int_equal(unsetenv("CREDENTIALS_DIRECTORY"), 0);
}

static void warns(void **state)
{
	static const struct {
		const char *text;
		const char *warnings;
	} rows[] = {
		{"rules: [{id: r, query: x}, {files: 'rules.d/*.yaml'}]\nsources: "
		 "['http://a.example/']\n",
			"v.yaml: no rule file is named @/rules.d/*.yaml\n"},
		{"rules: [{id: r, query: x}]\nsources: ['http://a.example/', "
		 "'http://a.example/']\n",
			"v.yaml:2:32: source a.example is listed twice: read once\n"},
		{"rules: [{id: r, query: x}]\nsources: ['http://a.example/']\n"
		 "receivers: [{id: a, slack: {file: open}}, {id: b, slack: "
		 "'https://x.example'}]\n"
		 "routes: {receiver: a}\n",
			"v.yaml:3:35: @/open can be read by others: chmod 600 @/open\n"
			"v.yaml:3:43: receiver b hears of nothing: name it in a route\n"},
		{"rules: [{id: r, query: x}]\nsources: open\n",
			"v.yaml:1:1: no source: nothing is read; write sources:\n"
			"v.yaml:2:10: open sources are asked for names, and none is watched: "
			"name one under brands:\n"},
	};

	(void)state;
	put_file("open", "https://x.example/\n", 0644);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct config *c = load(rows[i].text, NULL);
		char *found = printed(&c->warnings), *wanted = filled(rows[i].warnings);

		assert_string_equal(found, wanted);
		free(found);
		free(wanted);
		config_unref(c);
	}
}

/* --- Files
 * ------------------------------------------------------------------------------------- */

static void loads_files(void **state)
{
	struct err_list errors = {0};
	struct arena arena = {0};
	struct config *c = NULL;
	struct span where;
	char path[128];

	(void)state;
	put_file("v.yaml", "state: here\nrules: [{id: r, query: x}]\nsources: [a.xml]\n", 0644);
	(void)snprintf(path, sizeof(path), "%s/v.yaml", folder);
	assert_int_equal(config_load(&c, path, NULL, &errors), 0);
	assert_int_equal(c->n_sources, 1);
	assert_ptr_equal(config_ref(c), c);
	assert_null(config_unref(c));
	assert_int_equal(c->n_sources, 1);
	assert_int_equal(config_state(&where, &arena, path, &errors), 0);
	assert_span(where, c->state.p);
	config_unref(c);
	(void)snprintf(path, sizeof(path), "%s/none.yaml", folder);
	assert_int_equal(config_load(&c, path, NULL, &errors), -EINVAL);
	assert_string_equal(errors.items[0].text, "no such file");
	err_list_deinit(&errors);
	assert_int_equal(config_load(&c, folder, NULL, &errors), -EINVAL);
	assert_string_equal(errors.items[0].text, "a folder, where a file is expected");
	err_list_deinit(&errors);
	arena_release(&arena);
}

static int make_folder(void **state)
{
	(void)state;
	(void)snprintf(folder, sizeof(folder), "/tmp/vigie-config-XXXXXX");
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
	static const char *const names[] = {
		"a.xml", "subs.opml", "list.yaml", "secret", "hunter", "open", "v.yaml"};
	char path[256];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		(void)unlink(path);
	}
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(has_defaults),
		cmocka_unit_test(reads_scalars),
		cmocka_unit_test(reads_sources),
		cmocka_unit_test(reads_subscriptions),
		cmocka_unit_test(asks_open_sources_for_brands),
		cmocka_unit_test(makes_queries_of_names),
		cmocka_unit_test(reads_receivers_and_routes),
		cmocka_unit_test(expands),
		cmocka_unit_test(expands_to_a_fixed_point),
		cmocka_unit_test(names_every_mistake),
		cmocka_unit_test(keeps_secrets_out_of_messages),
		cmocka_unit_test(warns),
		cmocka_unit_test(loads_files),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
