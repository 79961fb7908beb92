/*
 * config/keys: the tables, and reading and printing by them.
 */

#include "config/keys.h"

#include <math.h>

#include "vigie/nearest.h"

static const struct key top_keys[] = {
	[TOP_STATE] = {"state", KEY_TEXT, NULL,
		"the folder of everything vigie writes; default: the service manager's "
		"STATE_DIRECTORY, else $XDG_STATE_HOME/vigie, else ~/.local/state/vigie"},
	[TOP_REDIS] = {"redis", KEY_TEXT, "private",
		"private: a server of our own; else redis://[user:password@]host[:port][/db] "
		"or "
		"unix:/path"},
	[TOP_REDIS_PREFIX] = {"redis_prefix", KEY_TEXT, "vigie:", "begins every key in Redis"},
	[TOP_HTTP] = {"http", KEY_NODE, NULL, "the dashboard and its interface"},
	[TOP_CRAWL] = {"crawl", KEY_NODE, NULL, "how sources are read"},
	[TOP_BRANDS] = {"brands", KEY_NODE, NULL, "names to watch: the short form of rules"},
	[TOP_RULES] = {"rules", KEY_NODE, NULL, "what to look for"},
	[TOP_DEFINE] = {"define", KEY_NODE, NULL, "names for parts of queries"},
	[TOP_SOURCES] = {"sources", KEY_NODE, NULL, "where to look"},
	[TOP_NOTIFY] = {"notify", KEY_NODE, NULL, "whom to tell: the short form of receivers"},
	[TOP_RECEIVERS] = {"receivers", KEY_NODE, NULL, "whom to tell"},
	[TOP_ROUTES] = {"routes", KEY_NODE, NULL, "who hears of what"},
	[TOP_TZ] = {"tz", KEY_TEXT, "UTC",
		"the time zone of whoever does not say another, as in Europe/Paris"},
	[TOP_TIME_INTERVALS] = {"time_intervals", KEY_NODE, NULL,
		"parts of the calendar, by name"},
	[TOP_SEVERITY] = {"severity", KEY_NODE, NULL, "how bad a mention is: a sum"},
	[TOP_SILENCES] = {"silences", KEY_NODE, NULL, "what nobody is told, for a time"},
	[TOP_MUTES] = {"mutes", KEY_NODE, NULL, "authors and sites nobody is told of"},
	[TOP_NOTICES] = {"notices", KEY_TEXTS, NULL,
		"receivers that hear of vigie itself: a source fell silent, a receiver was "
		"stopped"},
	[TOP_REPORTS] = {"reports", KEY_NODE, NULL, "reports that are sent by themselves"},
	[TOP_RETENTION] = {"retention", KEY_NODE, NULL, "how long things are kept"},
	{NULL, KEY_TEXT, NULL, NULL},
};

static const struct key http_keys[] = {
	[HTTP_LISTEN] = {"listen", KEY_TEXT, "127.0.0.1:8787", "HOST:PORT, unix:/PATH, or off"},
	[HTTP_PUBLIC_URL] = {"public_url", KEY_TEXT, NULL,
		"the dashboard's address as people reach it, for links in alerts"},
	{NULL, KEY_TEXT, NULL, NULL},
};

static const struct key crawl_keys[] = {
	[CRAWL_EVERY] = {"every", KEY_EVERY, "auto",
		"how often a source that does not say is read; auto: as often as it changes"},
	[CRAWL_CONCURRENCY] = {"concurrency_per_host", KEY_COUNT, "2",
		"requests to one host at a time"},
	[CRAWL_SPACING] = {"spacing", KEY_DURATION, "1s",
		"least time between two requests to one host"},
	[CRAWL_MAX_BODY] = {"max_body", KEY_SIZE, "16MiB", "largest document, unpacked"},
	[CRAWL_MAX_HTML] = {"max_html", KEY_SIZE, "4MiB", "largest web page, unpacked"},
	[CRAWL_HISTORY] = {"history", KEY_DURATION, "24h",
		"at the first contact with a source or a rule, older items are kept but not "
		"alerted"},
	[CRAWL_ROBOTS] = {"robots", KEY_BOOL, "true",
		"whether sitemaps and pages are only asked for where robots.txt allows it"},
	[CRAWL_CONTACT] = {"contact", KEY_TEXT, NULL,
		"an address, for the web or mail, that says in the user agent who is asking"},
	[CRAWL_USER_AGENT] = {"user_agent", KEY_TEXT, NULL,
		"the whole user agent; default: vigie/VERSION and the contact"},
	[CRAWL_CA_FILE] = {"ca_file", KEY_TEXT, NULL,
		"certificates of authorities to trust beside the system's, in PEM"},
	[CRAWL_ALLOW] = {"allow_addresses", KEY_TEXTS, NULL,
		"addresses and networks of your own that sources may be on; others must be "
		"public"},
	[CRAWL_NAMESERVERS] = {"nameservers", KEY_TEXTS, NULL,
		"addresses of the name servers that are asked for sources' hosts; default: the "
		"machine's"},
	{NULL, KEY_TEXT, NULL, NULL},
};

static const struct key brand_keys[] = {
	[BRAND_NAME] = {"name", KEY_TEXT, NULL, "as people write it"},
	[BRAND_ID] = {"id", KEY_TEXT, NULL, "of its rule; default: made from the name"},
	[BRAND_QUERY] = {"query", KEY_QUERY, NULL,
		"default: the name as a phrase, and in one word when it has several"},
	[BRAND_COMPETITORS] = {"competitors", KEY_NODE, NULL, "names, or brands like this one"},
	[BRAND_LANGUAGES] = {"languages", KEY_TEXTS, NULL,
		"an item known to be in another language does not match; also those searched "
		"in"},
	[BRAND_TAGS] = {"tags", KEY_TEXTS, NULL, "of its rule"},
	{NULL, KEY_TEXT, NULL, NULL},
};

static const struct key rule_keys[] = {
	[RULE_ID] = {"id", KEY_TEXT, NULL, "unique; its history hangs on it"},
	[RULE_QUERY] = {"query", KEY_QUERY, NULL,
		"see vigie-rules(5); exactly one of query, regex"},
	[RULE_REGEX] = {"regex", KEY_QUERY, NULL,
		"a regular expression (PCRE2), in title and text"},
	[RULE_KIND] = {"kind", KEY_TEXT, "topic",
		"brand, competitor, topic, or a word of your own"},
	[RULE_BRAND] = {"brand", KEY_TEXT, NULL, "the brand it is about"},
	[RULE_NOTE] = {"note", KEY_TEXT, NULL, "for people"},
	[RULE_TAGS] = {"tags", KEY_TEXTS, NULL, "for routes and reports"},
	[RULE_LANGUAGES] = {"languages", KEY_TEXTS, NULL,
		"an item known to be in another language does not match"},
	[RULE_WEIGHT] = {"weight", KEY_NUMBER, "1", "its part in a mention's score"},
	[RULE_ENABLED] = {"enabled", KEY_BOOL, "true", "false: kept, not asked"},
	{NULL, KEY_TEXT, NULL, NULL},
};

static const struct key rules_keys[] = {
	[RULES_FILES] = {"files", KEY_TEXTS, NULL,
		"rule files; * and ? stand for parts of names"},
	{NULL, KEY_TEXT, NULL, NULL},
};

static const struct key source_keys[] = {
	[SOURCE_ID] = {"id", KEY_TEXT, NULL, "unique; default: made from the address"},
	[SOURCE_KIND] = {"kind", KEY_TEXT, "feed",
		"feed (RSS, Atom, JSON Feed), sitemap or opml"},
	[SOURCE_URL] = {"url", KEY_TEXT, NULL, "of a feed or sitemap: http, https or file"},
	[SOURCE_FILE] = {"file", KEY_TEXT, NULL,
		"of a feed or an OPML list, or a folder of them"},
	[SOURCE_CONNECTOR] = {"connector", KEY_TEXT, NULL, "a network, instead of a kind"},
	[SOURCE_BASE] = {"base", KEY_TEXT, NULL,
		"where the network is; default: its own address"},
	[SOURCE_SEARCH] = {"search", KEY_TEXTS, NULL,
		"what to ask a connector for: brand (each name watched), or words of your own; "
		"for a "
		"feed, true when its address asks for a name already"},
	[SOURCE_TITLE] = {"title", KEY_TEXT, NULL, "for people"},
	[SOURCE_EVERY] = {"every", KEY_EVERY, "auto",
		"how often it is read; never changed by us"},
	[SOURCE_TAGS] = {"tags", KEY_TEXTS, NULL, "for routes and reports"},
	[SOURCE_LANG] = {"lang", KEY_TEXT, NULL, "of items that do not say theirs"},
	[SOURCE_HEADERS] = {"headers", KEY_NODE, NULL,
		"to send with each request; secrets may be used"},
	[SOURCE_ASK] = {"ask", KEY_TEXTS, NULL,
		"of a connector: in which of its ways it is asked"},
	[SOURCE_VARS] = {"vars", KEY_NODE, NULL,
		"of a connector: parameters and keys by name; they may stand beside it too"},
	[SOURCE_QUOTA] = {"quota", KEY_TEXTS, NULL,
		"of a connector: what may be spent, as in 5000/d; default: its file's"},
	[SOURCE_SELECT] = {"select", KEY_NODE, NULL,
		"of connector: page: what its items look like, by CSS selectors"},
	{NULL, KEY_TEXT, NULL, NULL},
};

static const struct key receiver_keys[] = {
	[RECEIVER_ID] = {"id", KEY_TEXT, NULL, "unique; its history hangs on it"},
	[RECEIVER_LANG] = {"lang", KEY_TEXT, "en", "of what is written to it: en or fr"},
	[RECEIVER_TZ] = {"tz", KEY_TEXT, NULL,
		"the zone of its days and quiet hours; default: the tz of all"},
	[RECEIVER_BUDGET] = {"budget", KEY_TEXTS, NULL,
		"most messages an hour, a day, a week, as in 20/day; the rest goes to its "
		"digest"},
	[RECEIVER_DIGEST] = {"digest", KEY_NODE, NULL,
		"when what is over budget is told; default: every day at 08:00"},
	[RECEIVER_RATE] = {"rate", KEY_TEXT, NULL,
		"most messages in a time, as in 10/1m; more wait"},
	[RECEIVER_QUIET] = {"quiet", KEY_NODE, NULL,
		"times at which nothing is sent: '22:00-07:00', a time interval or its name"},
	[RECEIVER_QUIET_STRICT] = {"quiet_strict", KEY_BOOL, "false",
		"true: critical mentions wait too"},
	[RECEIVER_TIMEOUT] = {"timeout", KEY_DURATION, "30s",
		"how long it may take to answer; then the message is tried again later"},
	{NULL, KEY_TEXT, NULL, NULL},
};

static const struct key route_keys[] = {
	[ROUTE_MATCH] = {"match", KEY_NODE, NULL,
		"what a mention must have: rule, kind, brand, tag, lang, source, author, site, "
		"followers, story_size, severity"},
	[ROUTE_RECEIVER] = {"receiver", KEY_TEXTS, NULL,
		"one or several; default: the parent's"},
	[ROUTE_GROUP_BY] = {"group_by", KEY_TEXTS, "story",
		"mentions equal in these are told in one message; mention: each for itself"},
	[ROUTE_GROUP_WAIT] = {"group_wait", KEY_DURATION, "10s",
		"how long the first mention of a group waits for company"},
	[ROUTE_GROUP_INTERVAL] = {"group_interval", KEY_DURATION, "5m",
		"least time between two messages on one group"},
	[ROUTE_REPEAT_INTERVAL] = {"repeat_interval", KEY_DURATION, "0s",
		"what is not acknowledged is told again after so long, ten times at most; 0s: "
		"never"},
	[ROUTE_CONTINUE] = {"continue", KEY_BOOL, "false", "ask the routes after this one too"},
	[ROUTE_DIGEST] = {"digest", KEY_NODE, NULL,
		"collected, and told together at a time; off: at once"},
	[ROUTE_STORY_STEPS] = {"story_steps", KEY_TEXTS, NULL,
		"sizes of a story at which it is told again; critical: when a copy is"},
	[ROUTE_MUTE_TIMES] = {"mute_times", KEY_TEXTS, NULL,
		"names of time intervals in which nothing is sent"},
	[ROUTE_ACTIVE_TIMES] = {"active_times", KEY_TEXTS, NULL,
		"names of time intervals outside of which nothing is sent"},
	[ROUTE_ROUTES] = {"routes", KEY_NODE, NULL,
		"asked in order; the first that matches answers"},
	{NULL, KEY_TEXT, NULL, NULL},
};

static const struct key digest_keys[] = {
	[DIGEST_HOURLY] = {"hourly", KEY_TEXT, NULL, "every hour, at this minute"},
	[DIGEST_DAILY] = {"daily", KEY_TEXT, NULL, "every day, at this time"},
	[DIGEST_WEEKLY] = {"weekly", KEY_TEXT, NULL, "every week, as in 'mon 08:00'"},
	[DIGEST_TZ] = {"tz", KEY_TEXT, NULL, "its zone; default: the receiver's"},
	[DIGEST_EMPTY] = {"empty", KEY_BOOL, "false",
		"true: also when there is nothing to tell, with what was read"},
	{NULL, KEY_TEXT, NULL, NULL},
};

static const struct key interval_keys[] = {
	[INTERVAL_NAME] = {"name", KEY_TEXT, NULL, "unique"},
	[INTERVAL_TZ] = {"tz", KEY_TEXT, NULL, "its zone; default: the tz of all"},
	[INTERVAL_TIMES] = {"times", KEY_TEXTS, NULL,
		"of the day, as in 22:00-07:00 (over midnight: of the day it begins on)"},
	[INTERVAL_WEEKDAYS] = {"weekdays", KEY_TEXTS, NULL, "mon-fri, sat"},
	[INTERVAL_DAYS] = {"days", KEY_TEXTS, NULL, "of the month, as in 1-5, 25-last, last"},
	[INTERVAL_MONTHS] = {"months", KEY_TEXTS, NULL, "jul-aug, dec"},
	[INTERVAL_YEARS] = {"years", KEY_TEXTS, NULL, "2026, 2026-2028"},
	{NULL, KEY_TEXT, NULL, NULL},
};

static const struct key severity_keys[] = {
	[SEVERITY_SCORE] = {"score", KEY_NUMBER, "1", "times the mention's score"},
	[SEVERITY_FOLLOWERS] = {"followers", KEY_NUMBER, "0.5",
		"times the logarithm (10) of 1 and the author's followers"},
	[SEVERITY_ENGAGEMENT] = {"engagement", KEY_NUMBER, "0.5",
		"times the logarithm (10) of 1 and likes, shares and replies"},
	[SEVERITY_MENTIONS] = {"mentions", KEY_NUMBER, "0.5",
		"times the logarithm (2) of the mentions of its story"},
	[SEVERITY_SITES] = {"sites", KEY_NUMBER, "0.5",
		"times the logarithm (2) of the sites of its story"},
	[SEVERITY_RATING] = {"rating", KEY_NUMBER, "1", "times the stars below three"},
	[SEVERITY_SPIKE] = {"spike", KEY_NUMBER, "4", "of a spike: what it begins with"},
	[SEVERITY_SPIKE_TIMES] = {"spike_times", KEY_NUMBER, "0.5",
		"of a spike: times the logarithm (2) of how often the usual it is"},
	[SEVERITY_SPIKE_MENTIONS] = {"spike_mentions", KEY_NUMBER, "0.5",
		"of a spike: times the logarithm (10) of 1 and the mentions of the hour"},
	[SEVERITY_SPIKE_LEARNING] = {"spike_learning", KEY_NUMBER, "-1",
		"of a spike: while what is usual is being learned"},
	[SEVERITY_LEVELS] = {"levels", KEY_NODE, NULL,
		"names, each with the number it begins at"},
	[SEVERITY_EXTRAS] = {"extras", KEY_NODE, NULL, "points for what matches"},
	{NULL, KEY_TEXT, NULL, NULL},
};

static const struct key extra_keys[] = {
	[EXTRA_NAME] = {"name", KEY_TEXT, NULL, "as the sum shows it"},
	[EXTRA_MATCH] = {"match", KEY_NODE, NULL, "as of a route"},
	[EXTRA_POINTS] = {"points", KEY_NUMBER, NULL, "added; may be negative"},
	{NULL, KEY_TEXT, NULL, NULL},
};

static const struct key silence_keys[] = {
	[SILENCE_ID] = {"id", KEY_TEXT, NULL, "unique"},
	[SILENCE_RECEIVER] = {"receiver", KEY_TEXT, NULL, "default: all"},
	[SILENCE_MATCH] = {"match", KEY_NODE, NULL, "as of a route; default: everything"},
	[SILENCE_AUTHOR] = {"author", KEY_TEXT, NULL, "who wanted it, for people"},
	[SILENCE_COMMENT] = {"comment", KEY_TEXT, NULL, "why, for people"},
	[SILENCE_FROM] = {"from", KEY_TEXT, NULL,
		"as in 2026-01-31T18:00:00Z; default: at once"},
	[SILENCE_UNTIL] = {"until", KEY_TEXT, NULL, "its end; default: for good"},
	{NULL, KEY_TEXT, NULL, NULL},
};

static const struct key mute_keys[] = {
	[MUTE_AUTHOR] = {"author", KEY_TEXTS, NULL, "names or handles"},
	[MUTE_SITE] = {"site", KEY_TEXTS, NULL, "hosts"},
	[MUTE_RECEIVER] = {"receiver", KEY_TEXT, NULL, "default: all"},
	[MUTE_UNTIL] = {"until", KEY_TEXT, NULL, "default: for good"},
	{NULL, KEY_TEXT, NULL, NULL},
};

static const struct key report_keys[] = {
	[REPORT_PERIOD] = {"period", KEY_TEXT, "week",
		"the last whole one is reported on: day, week or month"},
	[REPORT_AT] = {"at", KEY_TEXT, "mon 08:00",
		"when it is sent: 08:00 of a day, mon 08:00 of a week, 1 08:00 of a month"},
	[REPORT_TZ] = {"tz", KEY_TEXT, "UTC", "time zone of all that, such as Europe/Paris"},
	[REPORT_TO] = {"to", KEY_TEXTS, NULL, "one receiver or several"},
	[REPORT_LANG] = {"lang", KEY_TEXT, "en", "of the report: en or fr"},
	{NULL, KEY_TEXT, NULL, NULL},
};

static const struct key retention_keys[] = {
	[RETENTION_MENTIONS] = {"mentions", KEY_DURATION, "400d", "what matched a rule"},
	[RETENTION_PASSED_OVER] = {"passed_over", KEY_SIZE, "256MiB", "what no rule wanted"},
	[RETENTION_AUTHOR] = {"author", KEY_DURATION, "400d", "who said it"},
	{NULL, KEY_TEXT, NULL, NULL},
};

const struct section section_top = {"vigie.yaml", top_keys};
const struct section section_http = {"http", http_keys};
const struct section section_crawl = {"crawl", crawl_keys};
const struct section section_brand = {"brands", brand_keys};
const struct section section_rule = {"rules", rule_keys};
const struct section section_rules = {"rules: files", rules_keys};
const struct section section_source = {"sources", source_keys};
const struct section section_receiver = {"receivers", receiver_keys};
const struct section section_route = {"routes", route_keys};
const struct section section_digest = {"digest", digest_keys};
const struct section section_interval = {"time_intervals", interval_keys};
const struct section section_severity = {"severity", severity_keys};
const struct section section_extra = {"severity: extras", extra_keys};
const struct section section_silence = {"silences", silence_keys};
const struct section section_mute = {"mutes", mute_keys};
const struct section section_report = {"reports", report_keys};
const struct section section_retention = {"retention", retention_keys};

const struct section *const sections[] = {&section_top, &section_http, &section_crawl,
	&section_brand, &section_rule, &section_rules, &section_source, &section_receiver,
	&section_route, &section_digest, &section_interval, &section_severity, &section_extra,
	&section_silence, &section_mute, &section_report, &section_retention, NULL};

/* --- Values
 * ------------------------------------------------------------------------------------ */

/* What to write instead, by enum key_type. */
static const char *const type_remedies[] = {
	[KEY_DURATION] = "write a number and s, m, h, d or w, as in 90s or 7d",
	[KEY_EVERY] = "write auto, or a number and s, m, h, d or w, as in 5m",
	[KEY_SIZE] = "write a number and B, KiB, MiB or GiB, as in 16MiB",
	[KEY_COUNT] = "write a whole number from 1 to 1000",
	[KEY_NUMBER] = "write a number, as in 1.5",
	[KEY_BOOL] = "write true or false",
};

bool number_parse(double *ret, struct span text)
{
	char buffer[40], *end;

	if (text.n == 0 || text.n >= sizeof(buffer))
		return false;
	memcpy(buffer, text.p, text.n);
	buffer[text.n] = '\0';
	*ret = strtod(buffer, &end);
	return *end == '\0' && isfinite(*ret) && !strpbrk(buffer, "xXnN ");
}

static bool value_convert(enum key_type type, struct value *value)
{
	const struct span text = value->text.value;

	switch (type) {
	case KEY_EVERY:
		if (span_eq_str(text, "auto")) {
			value->number = 0;
			return true;
		}
		return duration_parse(&value->number, text) && value->number > 0;
	case KEY_DURATION:
		return duration_parse(&value->number, text);
	case KEY_SIZE:
		return size_parse(&value->number, text);
	case KEY_COUNT:
		if (!number_parse(&value->real, text) || value->real < 1 || value->real > 1000)
			return false;
		value->number = (int64_t)value->real;
		return (double)value->number == value->real;
	case KEY_NUMBER:
		return number_parse(&value->real, text);
	case KEY_BOOL:
		value->truth = span_eq_str(text, "true");
		return value->truth || span_eq_str(text, "false");
	default:
		return true;
	}
}

static bool texts_read(struct reader *r, const struct yaml *y, const struct yaml_node *node,
	struct value *value)
{
	const size_t n = node->type == YAML_SEQUENCE ? node->n : 1;
	bool ok = true;

	value->list = arena_calloc(r->arena, n + 1, sizeof(*value->list));
	if (!value->list) {
		reader_fail(r, -ENOMEM);
		return false;
	}
	for (size_t i = 0; i < n; i++) {
		const struct yaml_node *item =
			node->type == YAML_SEQUENCE ? node->items[i] : node;

		if (text_read(r, y, item, TEXT_PLAIN, &value->list[value->n]))
			value->n++;
		else
			ok = false;
	}
	return ok;
}

static void value_default(struct reader *r, const struct key *key, struct value *value)
{
	*value = (struct value){0};
	if (!key->fallback)
		return;
	value->text.value = value->text.written = span_str(key->fallback);
	(void)value_convert(key->type, value);
	if (key->type == KEY_TEXTS) {
		value->list = arena_calloc(r->arena, 1, sizeof(*value->list));
		if (value->list)
			value->list[value->n++] = value->text;
		else
			reader_fail(r, -ENOMEM);
	}
}

static void value_read(struct reader *r, const struct yaml *y, const struct key *key,
	const struct yaml_node *node, struct value *ret)
{
	struct value value = {.node = node};

	switch (key->type) {
	case KEY_LATER:
		if (node->type == YAML_SCALAR || node->n)
			warn(r, y, node, "%s has no effect in this version: %s", key->name,
				key->fallback ? key->fallback : "it is passed over");
		return;
	case KEY_NODE:
		*ret = value;
		return;
	case KEY_TEXTS:
		if (texts_read(r, y, node, &value))
			*ret = value;
		return;
	case KEY_QUERY:
		if (node->type != YAML_SCALAR) {
			mistake(r, y, node, "%s: %s where a text is expected", key->name,
				yaml_type_name(node));
			return;
		}
		value.text.value = value.text.written = arena_dup(r->arena, node->text);
		if (!value.text.value.p)
			reader_fail(r, -ENOMEM);
		*ret = value;
		return;
	default:
		break;
	}
	if (!text_read(r, y, node, TEXT_PLAIN, &value.text))
		return;
	if (!value_convert(key->type, &value))
		mistake(r, y, node, "%s: \"%.*s\" is none: %s", key->name,
			SPAN_ARG(value.text.written), type_remedies[key->type]);
	else
		*ret = value;
}

/* --- Sections
 * ---------------------------------------------------------------------------------- */

static size_t keys_count(const struct key *keys)
{
	size_t n = 0;

	while (keys[n].name)
		n++;
	return n;
}

static void unknown_key(struct reader *r, const struct yaml *y, const struct yaml_node *key,
	const struct section *section, const char *const *extra, size_t n_extra)
{
	const char *names[64];
	const char *guess;
	struct buf all = {0};
	size_t n = 0;

	for (size_t i = 0; section->keys[i].name && n < 64; i++)
		if (section->keys[i].type != KEY_LATER)
			names[n++] = section->keys[i].name;
	for (size_t i = 0; i < n_extra && n < 64; i++)
		names[n++] = extra[i];
	guess = nearest(key->text, names, n);
	for (size_t i = 0; i < n; i++)
		buf_addf(&all, "%s%s", i ? ", " : "", names[i]);
	if (guess)
		mistake(r, y, key, "unknown key \"%.*s\": did you mean \"%s\"?",
			SPAN_ARG(key->text), guess);
	else
		mistake(r, y, key, "unknown key \"%.*s\": %s has %s", SPAN_ARG(key->text),
			section->name, all.p ? all.p : "none");
	buf_deinit(&all);
}

void section_defaults(struct reader *r, const struct section *section, struct value *values)
{
	for (size_t i = 0; section->keys[i].name; i++)
		value_default(r, &section->keys[i], &values[i]);
}

bool section_read(struct reader *r, const struct yaml *y, const struct yaml_node *node,
	const struct section *section, struct value *values,
	bool (*extra)(void *arg, const struct yaml_pair *pair), void *arg,
	const char *const *extra_names, size_t n_extra)
{
	const size_t n = keys_count(section->keys);

	section_defaults(r, section, values);
	if (yaml_is_null(node))
		return true;
	if (node->type != YAML_MAPPING) {
		mistake(r, y, node, "%s: %s where keys and values are expected", section->name,
			yaml_type_name(node));
		return false;
	}
	for (size_t i = 0; i < node->n; i++) {
		const struct yaml_pair *pair = &node->pairs[i];
		size_t k = 0;

		while (k < n && !span_eq_str(pair->key->text, section->keys[k].name))
			k++;
		if (k == n) {
			if (!extra || !extra(arg, pair))
				unknown_key(r, y, pair->key, section, extra_names, n_extra);
		} else if (!yaml_is_null(pair->value)) {
			value_read(r, y, &section->keys[k], pair->value, &values[k]);
		}
	}
	return true;
}

void section_print(struct buf *out, const struct section *section, const struct value *values)
{
	const char *comma = "";

	for (size_t i = 0; section->keys[i].name; i++) {
		const struct key *key = &section->keys[i];
		const struct value *v = &values[i];

		if (key->type == KEY_NODE || key->type == KEY_LATER ||
			(!v->node && !key->fallback))
			continue;
		buf_addf(out, "%s%s: ", comma, key->name);
		comma = ", ";
		if (key->type == KEY_TEXTS) {
			buf_add_char(out, '[');
			for (size_t k = 0; k < v->n; k++) {
				buf_add_str(out, k ? ", " : "");
				text_print(out, &v->list[k]);
			}
			buf_add_char(out, ']');
		} else if (key->type == KEY_BOOL) {
			buf_add_str(out, v->truth ? "true" : "false");
		} else {
			text_print(out, &v->text);
		}
	}
}
