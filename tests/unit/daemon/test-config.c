/*
 * config: what a person writes, and what it becomes. Reads like vigie.yaml(5).
 */

#include <math.h>

#include "config-lab.h"

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
		cmocka_unit_test(loads_files),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
