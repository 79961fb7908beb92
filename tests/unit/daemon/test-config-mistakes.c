/*
 * config: what is said of mistakes, and what is only warned of. Reads like vigie.yaml(5).
 */

#include "config-lab.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_every_mistake),
		cmocka_unit_test(keeps_secrets_out_of_messages),
		cmocka_unit_test(warns),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
