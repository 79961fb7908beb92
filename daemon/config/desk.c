/*
 * config/desk: how much and how bad: budgets and rates of receivers, severity, silences, mutes.
 */

#include <math.h>

#include "config/keys.h"
#include "vigie/desk.h"

/* --- Receivers
 * --------------------------------------------------------------------------------
 */

/* "20/day" → 20 and "day". */
static bool amount_parse(uint32_t *ret, struct span *per, struct span text)
{
	const size_t slash = span_find(text, '/');
	uint32_t n = 0;

	for (size_t i = 0; i < slash; i++) {
		if (text.p[i] < '0' || text.p[i] > '9' || n > 100000)
			return false;
		n = n * 10 + (uint32_t)(text.p[i] - '0');
	}
	*ret = n;
	*per = slash < text.n ? span_slice(text, slash + 1, text.n) : SPAN_NONE;
	return slash > 0 && n > 0 && per->n > 0;
}

static const char *const budget_names[] = {"hour", "day", "week"};

static bool budget_parse(struct budget *ret, struct span text)
{
	struct span per;

	if (!amount_parse(&ret->most, &per, text))
		return false;
	for (size_t i = 0; i < sizeof(budget_names) / sizeof(*budget_names); i++)
		if (span_eq_str(per, budget_names[i])) {
			ret->per = (enum budget_per)i;
			return true;
		}
	return false;
}

static void budgets_read(struct reader *r, const struct yaml *y, const struct value *value,
	struct receiver *receiver)
{
	struct budget *all = arena_calloc(r->arena, BUDGETS_MAX, sizeof(*all));

	if (!all) {
		reader_fail(r, -ENOMEM);
		return;
	}
	receiver->budgets = all;
	for (size_t i = 0; i < value->n; i++) {
		const struct yaml_node *node = value->node->type == YAML_SEQUENCE
						       ? value->node->items[i]
						       : value->node;
		struct budget one = {0};
		bool twice = false;

		if (!budget_parse(&one, value->list[i].value)) {
			mistake(r, y, node,
				"budget: \"%.*s\" is none: write messages per hour, day or "
				"week, "
				"as in 20/day",
				SPAN_ARG(value->list[i].written));
			continue;
		}
		for (size_t k = 0; k < receiver->n_budgets; k++)
			twice = twice || all[k].per == one.per;
		if (twice)
			mistake(r, y, node,
				"budget: two of them say how much in one %s: keep one",
				budget_names[one.per]);
		else
			all[receiver->n_budgets++] = one;
	}
}

/* "10/1m", "1/s" */
static void rate_read(struct reader *r, const struct yaml *y, const struct value *value,
	struct receiver *receiver)
{
	struct span per;
	int64_t ms = 0;
	bool ok = amount_parse(&receiver->rate_most, &per, value->text.value);

	if (ok && per.p[0] >= '0' && per.p[0] <= '9')
		ok = duration_parse(&ms, per) && ms > 0;
	else if (ok) {
		const struct span one = arena_printf(r->arena, "1%.*s", SPAN_ARG(per));

		ok = duration_parse(&ms, one);
	}
	receiver->rate_ms = ms;
	if (!ok)
		mistake(r, y, value->node,
			"rate: \"%.*s\" is none: write messages in a time, as in 10/1m",
			SPAN_ARG(value->text.written));
}

/* Below, a far platform has no time to answer; above, its own gateway has long hung up. */
enum { TIMEOUT_LEAST_MS = 100, TIMEOUT_MOST_MS = 60000 };

static void timeout_read(struct reader *r, const struct yaml *y, const struct value *value,
	struct receiver *receiver)
{
	if (value->number < TIMEOUT_LEAST_MS || value->number > TIMEOUT_MOST_MS)
		mistake(r, y, value->node,
			"timeout: \"%.*s\" is too short or too long: write 100ms to 60s",
			SPAN_ARG(value->text.written));
	else
		receiver->timeout_ms = value->number;
}

void receiver_bounds_read(struct reader *r, const struct yaml *y, const struct value *v,
	struct receiver *receiver)
{
	receiver->zone = r->zone;
	receiver->zone_name = r->zone_name;
	if (v[RECEIVER_TZ].node)
		(void)zone_value(r, y, &v[RECEIVER_TZ], &receiver->zone, &receiver->zone_name);
	if (v[RECEIVER_BUDGET].node)
		budgets_read(r, y, &v[RECEIVER_BUDGET], receiver);
	if (v[RECEIVER_RATE].node)
		rate_read(r, y, &v[RECEIVER_RATE], receiver);
	if (v[RECEIVER_QUIET].node)
		quiet_read(r, y, v[RECEIVER_QUIET].node, receiver);
	receiver->quiet_is_strict = v[RECEIVER_QUIET_STRICT].truth;
	if (v[RECEIVER_TIMEOUT].node)
		timeout_read(r, y, &v[RECEIVER_TIMEOUT], receiver);
	if (v[RECEIVER_DIGEST].node)
		receiver->digest = digest_read(
			r, y, v[RECEIVER_DIGEST].node, receiver->zone, receiver->zone_name);
	if (receiver->digest && receiver->digest->every == DIGEST_NONE)
		mistake(r, y, v[RECEIVER_DIGEST].node,
			"digest: what is over budget needs a place: write {daily: '08:00'}");
}

void receiver_bounds_print(struct buf *out, const struct receiver *receiver)
{
	zone_print(out, receiver->zone_name);
	for (size_t i = 0; i < receiver->n_budgets; i++)
		buf_addf(out, "%s%u/%s%s", i ? ", " : ", budget: [", receiver->budgets[i].most,
			budget_names[receiver->budgets[i].per],
			i + 1 == receiver->n_budgets ? "]" : "");
	if (receiver->rate_most) {
		buf_addf(out, ", rate: %u/", receiver->rate_most);
		duration_print(out, receiver->rate_ms);
	}
	quiet_print(out, receiver);
	if (receiver->timeout_ms) {
		buf_add_str(out, ", timeout: ");
		duration_print(out, receiver->timeout_ms);
	}
	if (receiver->digest) {
		buf_add_str(out, ", digest: ");
		digest_print(out, receiver->digest);
	}
}

/* --- Severity
 * ---------------------------------------------------------------------------------
 */

static void levels_read(struct reader *r, const struct yaml *y, const struct yaml_node *node,
	struct severity_policy *ret)
{
	struct severity_level *levels;

	if (node->type != YAML_MAPPING || node->n == 0) {
		mistake(r, y, node,
			"levels: write names and the number each begins at, as in {info: 0, "
			"critical: 7}");
		return;
	}
	levels = arena_calloc(r->arena, node->n, sizeof(*levels));
	if (!levels) {
		reader_fail(r, -ENOMEM);
		return;
	}
	ret->critical = (double)INFINITY;
	for (size_t i = 0; i < node->n; i++) {
		const struct yaml_node *value = node->pairs[i].value;
		struct text text;

		if (!text_read(r, y, value, TEXT_PLAIN, &text))
			return;
		if (!number_parse(&levels[i].from, text.value)) {
			mistake(r, y, value, "levels: \"%.*s\" is no number",
				SPAN_ARG(text.written));
			return;
		}
		if (i && levels[i].from <= levels[i - 1].from)
			mistake(r, y, value,
				"levels: each begins above the one before it: write them in "
				"order");
		levels[i].name = arena_dup(r->arena, node->pairs[i].key->text);
		if (!levels[i].name.n || span_find(levels[i].name, ' ') < levels[i].name.n)
			mistake(r, y, node->pairs[i].key, "levels: a name is one word");
		if (span_eq_str(levels[i].name, "critical"))
			ret->critical = levels[i].from;
	}
	ret->levels = levels;
	ret->n_levels = node->n;
}

static void extras_read(struct reader *r, const struct yaml *y, const struct yaml_node *node,
	struct severity_policy *ret)
{
	struct severity_extra *extras;

	if (node->type != YAML_SEQUENCE) {
		mistake(r, y, node,
			"extras: a list is expected: write \"- {name: press, match: {tag: "
			"press}, "
			"points: 2}\"");
		return;
	}
	extras = arena_calloc(r->arena, node->n + 1, sizeof(*extras));
	if (!extras) {
		reader_fail(r, -ENOMEM);
		return;
	}
	for (size_t i = 0; i < node->n; i++) {
		struct severity_extra *one = &extras[ret->n_extras];
		struct value v[SECTION_KEYS_MAX];

		if (!section_read(r, y, node->items[i], &section_extra, v, NULL, NULL, NULL, 0))
			continue;
		if (!v[EXTRA_NAME].node || !v[EXTRA_MATCH].node || !v[EXTRA_POINTS].node) {
			mistake(r, y, node->items[i],
				"extras: name, match and points are expected");
			continue;
		}
		one->name = arena_dup(r->arena, v[EXTRA_NAME].text.value);
		one->points = v[EXTRA_POINTS].real;
		matches_read(r, y, v[EXTRA_MATCH].node, ROUTE_SEVERITY, &one->matches,
			&one->n_matches);
		ret->n_extras++;
	}
	ret->extras = extras;
}

void severity_read(struct reader *r, const struct yaml *y, const struct yaml_node *node)
{
	struct severity_policy *ret = arena_calloc(r->arena, 1, sizeof(*ret));
	struct value v[SECTION_KEYS_MAX];

	if (!ret) {
		reader_fail(r, -ENOMEM);
		return;
	}
	*ret = severity_default;
	r->config->policy.severity = ret;
	if (!section_read(r, y, node, &section_severity, v, NULL, NULL, NULL, 0))
		return;
	ret->score = v[SEVERITY_SCORE].real;
	ret->followers = v[SEVERITY_FOLLOWERS].real;
	ret->engagement = v[SEVERITY_ENGAGEMENT].real;
	ret->mentions = v[SEVERITY_MENTIONS].real;
	ret->sites = v[SEVERITY_SITES].real;
	ret->rating = v[SEVERITY_RATING].real;
	ret->spike = v[SEVERITY_SPIKE].real;
	ret->spike_times = v[SEVERITY_SPIKE_TIMES].real;
	ret->spike_mentions = v[SEVERITY_SPIKE_MENTIONS].real;
	ret->spike_learning = v[SEVERITY_SPIKE_LEARNING].real;
	if (v[SEVERITY_LEVELS].node)
		levels_read(r, y, v[SEVERITY_LEVELS].node, ret);
	if (v[SEVERITY_EXTRAS].node)
		extras_read(r, y, v[SEVERITY_EXTRAS].node, ret);
}

void severity_print(struct buf *out, const struct severity_policy *s)
{
	buf_addf(out,
		"severity: {score: %.15g, followers: %.15g, engagement: %.15g, mentions: "
		"%.15g, "
		"sites: %.15g, rating: %.15g, spike: %.15g, spike_times: %.15g, "
		"spike_mentions: "
		"%.15g, spike_learning: %.15g, levels: {",
		s->score, s->followers, s->engagement, s->mentions, s->sites, s->rating,
		s->spike, s->spike_times, s->spike_mentions, s->spike_learning);
	for (size_t i = 0; i < s->n_levels; i++) {
		buf_add_str(out, i ? ", " : "");
		config_quote(out, s->levels[i].name);
		buf_addf(out, ": %.15g", s->levels[i].from);
	}
	buf_add_char(out, '}');
	for (size_t i = 0; i < s->n_extras; i++) {
		buf_add_str(out, i ? ", {name: " : ", extras: [{name: ");
		config_quote(out, s->extras[i].name);
		buf_add_str(out, ", match: ");
		matches_print(out, s->extras[i].matches, s->extras[i].n_matches);
		buf_addf(out, ", points: %.15g}", s->extras[i].points);
	}
	buf_add_str(out, s->n_extras ? "]}\n" : "}\n");
}

/* --- Silences and mutes
 * -------------------------------------------------------------------------
 */

static void instant_value(
	struct reader *r, const struct yaml *y, const struct value *value, struct wall *ret)
{
	*ret = WALL_NONE;
	if (!value->node)
		return;
	*ret = wall_parse_rfc3339(value->text.value);
	if (!wall_known(*ret))
		mistake(r, y, value->node,
			"\"%.*s\" is no instant: write it as 2026-01-31T18:00:00Z",
			SPAN_ARG(value->text.written));
}

static struct span receiver_value(
	struct reader *r, const struct yaml *y, const struct value *value)
{
	if (value->node && !receiver_known(r, y, value->node, &value->text))
		return SPAN_NONE;
	return arena_dup(r->arena, value->text.value);
}

void silences_read(struct reader *r, const struct yaml *y, const struct yaml_node *node)
{
	struct policy *policy = &r->config->policy;
	struct silence *all;

	if (node->type != YAML_SEQUENCE) {
		mistake(r, y, node,
			"silences: a list is expected: write \"- {id: strike, match: {tag: "
			"strike}, "
			"until: 2026-01-31T18:00:00Z}\"");
		return;
	}
	all = arena_calloc(r->arena, node->n + 1, sizeof(*all));
	if (!all) {
		reader_fail(r, -ENOMEM);
		return;
	}
	for (size_t i = 0; i < node->n; i++) {
		struct silence *one = &all[policy->n_silences];
		struct value v[SECTION_KEYS_MAX];

		if (!section_read(
			    r, y, node->items[i], &section_silence, v, NULL, NULL, NULL, 0))
			continue;
		one->id = arena_dup(r->arena, v[SILENCE_ID].text.value);
		if (!one->id.n || !id_ok(one->id) || one->id.n > 64)
			mistake(r, y, v[SILENCE_ID].node ? v[SILENCE_ID].node : node->items[i],
				"a silence has an id: write letters, digits and . _ -, at most "
				"64");
		for (size_t k = 0; k < policy->n_silences; k++)
			if (span_eq(all[k].id, one->id))
				mistake(r, y, v[SILENCE_ID].node,
					"silence %.*s stands above already: choose another id",
					SPAN_ARG(one->id));
		one->receiver = receiver_value(r, y, &v[SILENCE_RECEIVER]);
		one->author = arena_dup(r->arena, v[SILENCE_AUTHOR].text.value);
		one->comment = arena_dup(r->arena, v[SILENCE_COMMENT].text.value);
		instant_value(r, y, &v[SILENCE_FROM], &one->from);
		instant_value(r, y, &v[SILENCE_UNTIL], &one->until);
		if (wall_known(one->from) && wall_known(one->until) &&
			one->until.ms <= one->from.ms)
			mistake(r, y, v[SILENCE_UNTIL].node, "until: it ends before it begins");
		if (v[SILENCE_MATCH].node)
			matches_read(r, y, v[SILENCE_MATCH].node, ROUTE_MENTION, &one->matches,
				&one->n_matches);
		policy->n_silences++;
	}
	policy->silences = all;
}

void mutes_read(struct reader *r, const struct yaml *y, const struct yaml_node *node)
{
	struct policy *policy = &r->config->policy;
	struct mute *all;
	size_t capacity = 0;

	if (node->type != YAML_SEQUENCE) {
		mistake(r, y, node,
			"mutes: a list is expected: write \"- {site: spam.example.org}\"");
		return;
	}
	for (size_t i = 0; i < node->n; i++) {
		const struct yaml_node *author = yaml_get(node->items[i], "author"),
				       *site = yaml_get(node->items[i], "site");

		capacity += (author && author->type == YAML_SEQUENCE ? author->n : 1) +
			    (site && site->type == YAML_SEQUENCE ? site->n : 1);
	}
	all = arena_calloc(r->arena, capacity + 1, sizeof(*all));
	if (!all) {
		reader_fail(r, -ENOMEM);
		return;
	}
	for (size_t i = 0; i < node->n; i++) {
		struct value v[SECTION_KEYS_MAX];
		struct mute one = {0};

		if (!section_read(r, y, node->items[i], &section_mute, v, NULL, NULL, NULL, 0))
			continue;
		if (!v[MUTE_AUTHOR].n && !v[MUTE_SITE].n)
			mistake(r, y, node->items[i],
				"a mute names an author or a site: write one");
		one.receiver = receiver_value(r, y, &v[MUTE_RECEIVER]);
		instant_value(r, y, &v[MUTE_UNTIL], &one.until);
		for (size_t k = 0; k < v[MUTE_AUTHOR].n; k++) {
			one.key = ROUTE_AUTHOR;
			one.value = arena_dup(r->arena, v[MUTE_AUTHOR].list[k].value);
			all[policy->n_mutes++] = one;
		}
		for (size_t k = 0; k < v[MUTE_SITE].n; k++) {
			one.key = ROUTE_SITE;
			one.value = arena_dup(r->arena, v[MUTE_SITE].list[k].value);
			all[policy->n_mutes++] = one;
		}
	}
	policy->mutes = all;
}

static void put_span(struct buf *out, const char *key, struct span value)
{
	if (!value.n)
		return;
	buf_addf(out, ", %s: ", key);
	config_quote(out, value);
}

static void put_instant(struct buf *out, const char *key, struct wall at)
{
	char text[RFC3339_SIZE];

	if (wall_known(at))
		buf_addf(out, ", %s: '%s'", key, wall_rfc3339(text, at));
}

void silences_print(struct buf *out, const struct policy *policy)
{
	buf_add_str(out, policy->n_silences ? "silences:\n" : "");
	for (size_t i = 0; i < policy->n_silences; i++) {
		const struct silence *s = &policy->silences[i];

		buf_add_str(out, "  - {id: ");
		config_quote(out, s->id);
		put_span(out, "receiver", s->receiver);
		put_span(out, "author", s->author);
		put_span(out, "comment", s->comment);
		put_instant(out, "from", s->from);
		put_instant(out, "until", s->until);
		if (s->n_matches) {
			buf_add_str(out, ", match: ");
			matches_print(out, s->matches, s->n_matches);
		}
		buf_add_str(out, "}\n");
	}
	buf_add_str(out, policy->n_mutes ? "mutes:\n" : "");
	for (size_t i = 0; i < policy->n_mutes; i++) {
		const struct mute *m = &policy->mutes[i];

		buf_addf(out, "  - {%s: ", route_key_names[m->key]);
		config_quote(out, m->value);
		put_span(out, "receiver", m->receiver);
		put_instant(out, "until", m->until);
		buf_add_str(out, "}\n");
	}
}
