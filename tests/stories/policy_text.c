#include "policy_text.h"

#include <math.h>
#include <stdlib.h>

#include "stand.h"
#include "vigie/desk.h"
#include "vigie/zone.h"

/* --- Words ---------------------------------------------------------------------------------
 */

struct words words_of(struct span line)
{
	struct words words = {.n = 0};

	while (words.n < WORDS_MOST) {
		size_t n = 0;
		bool quoted = false;

		line = span_trim(line);
		if (!line.n || (line.p[0] == '#' && (line.n == 1 || line.p[1] == ' ')))
			break;
		while (n < line.n && (quoted || !ascii_space(line.p[n])))
			quoted ^= line.p[n++] == '"';
		words.w[words.n++] = span_slice(line, 0, n);
		line = span_slice(line, n, line.n);
	}
	for (size_t i = 0; i < words.n; i++)
		if (words.w[i].n > 1 && words.w[i].p[0] == '"')
			words.w[i] = span_slice(words.w[i], 1, words.w[i].n - 1);
	return words;
}

bool word_is(struct span word, const char *name, struct span *value)
{
	const size_t n = strlen(name);

	if (word.n <= n || !span_starts(word, span_str(name)) || word.p[n] != '=')
		return false;
	*value = span_slice(word, n + 1, word.n);
	if (value->n > 1 && value->p[0] == '"')
		*value = span_slice(*value, 1, value->n - 1);
	return true;
}

struct words words_split(struct span text, char at)
{
	struct words words = {.n = 0};

	while (text.n && words.n < WORDS_MOST) {
		const size_t n = span_find(text, at);

		words.w[words.n++] = span_slice(text, 0, n);
		text = span_slice(text, n + 1, text.n);
	}
	return words;
}

static double number_of(struct span text)
{
	char copy[40] = "";

	memcpy(copy, text.p, text.n < sizeof(copy) ? text.n : sizeof(copy) - 1);
	return strtod(copy, NULL);
}

int64_t duration_ms(struct span text)
{
	static const char units[] = "smhd";
	static const int64_t ms[] = {1000, 60000, 3600000, 86400000};
	const char *unit = text.n ? strchr(units, text.p[text.n - 1]) : NULL;

	return unit && *unit ? (int64_t)(number_of(text) * (double)ms[unit - units]) : -1;
}

/* --- When ----------------------------------------------------------------------------------
 */

void zones_add(struct zones *zones, struct span name, struct span rule)
{
	struct buf file = {0};
	char text[80] = "";

	memcpy(text, rule.p, rule.n);
	stand_zone_file(&file, text, 0);
	zones->all[zones->n].name = name;
	if (zone_read(&zones->all[zones->n].zone, &zones->arena, buf_span(&file)) == 0)
		zones->n++;
	buf_deinit(&file);
}

static const struct zone *zone_named(const struct zones *zones, struct span name)
{
	for (size_t i = 0; i < zones->n; i++)
		if (span_eq(zones->all[i].name, name))
			return zones->all[i].zone;
	return NULL;
}

static uint16_t minute_of(struct span text)
{
	const size_t colon = span_find(text, ':');

	return (uint16_t)(number_of(span_slice(text, 0, colon)) * 60 +
			  number_of(span_slice(text, colon + 1, text.n)));
}

static int weekday_named(struct span name)
{
	static const char *const days[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

	for (int i = 0; i < 7; i++)
		if (span_eq_str(name, days[i]))
			return i;
	return -1;
}

/* "22:00-07:00", "sat,sun", "22:00-07:00/mon,tue": one span. */
static struct time_span span_read(struct span text)
{
	const struct words parts = words_split(text, '/');
	struct time_span s = {0};

	for (size_t i = 0; i < parts.n; i++) {
		const struct words list = words_split(parts.w[i], ',');

		for (size_t k = 0; k < list.n; k++) {
			const int day = weekday_named(list.w[k]);
			const size_t dash = span_find(list.w[k], '-');

			if (day >= 0)
				s.weekdays |= (uint8_t)(1U << day);
			else {
				s.from_minute = minute_of(span_slice(list.w[k], 0, dash));
				s.to_minute =
					minute_of(span_slice(list.w[k], dash + 1, list.w[k].n));
			}
		}
	}
	return s;
}

static struct time_interval *interval_read(struct arena *arena, const struct zones *zones,
	struct span name, struct span text, struct span zone)
{
	struct time_interval *i = arena_calloc(arena, 1, sizeof(*i));
	struct time_span *s = arena_calloc(arena, 1, sizeof(*s));

	*s = span_read(text);
	*i = (struct time_interval){name, zone_named(zones, zone), zone, s, 1};
	return i;
}

/* "daily@08:00", "hourly@15", "weekly@mon@08:00", "+empty" behind it; "none". */
static struct digest *digest_read(
	struct arena *arena, const struct zones *zones, struct span text, struct span zone)
{
	struct digest *d = arena_calloc(arena, 1, sizeof(*d));
	struct words parts;

	if (span_ends(text, SPAN("+empty"))) {
		d->empty_too = true;
		text = span_slice(text, 0, text.n - 6);
	}
	parts = words_split(text, '@');
	d->zone = zone_named(zones, zone);
	d->zone_name = zone;
	if (span_eq_str(parts.w[0], "hourly")) {
		d->every = DIGEST_EVERY_HOUR;
		d->minute = (uint16_t)number_of(parts.w[1]);
	} else if (span_eq_str(parts.w[0], "daily")) {
		d->every = DIGEST_EVERY_DAY;
		d->minute = minute_of(parts.w[1]);
	} else if (span_eq_str(parts.w[0], "weekly")) {
		d->every = DIGEST_EVERY_WEEK;
		d->weekday = (uint8_t)weekday_named(parts.w[1]);
		d->minute = minute_of(parts.w[2]);
	}
	return d;
}

/* --- Whom ----------------------------------------------------------------------------------
 */

struct reading {
	struct arena *arena;
	const struct zones *zones;
	struct policy *policy;
	struct receiver *receivers;
	struct time_interval *intervals[WORDS_MOST];
	size_t n_intervals;
	struct silence *silences;
	struct mute *mutes;
	struct severity_policy *severity;
	const char *wrong;
};

static struct budget *budgets_read(struct arena *arena, struct span text, size_t *ret_n)
{
	const struct words list = words_split(text, ',');
	struct budget *budgets = arena_calloc(arena, list.n, sizeof(*budgets));

	for (size_t i = 0; i < list.n; i++) {
		const struct words parts = words_split(list.w[i], '/');

		budgets[i].most = (uint32_t)number_of(parts.w[0]);
		budgets[i].per = span_eq_str(parts.w[1], "hour")  ? BUDGET_HOUR
				 : span_eq_str(parts.w[1], "day") ? BUDGET_DAY
								  : BUDGET_WEEK;
	}
	*ret_n = list.n;
	return budgets;
}

static void receiver_line(struct reading *r, const struct words *line)
{
	struct receiver *c = &r->receivers[r->policy->n_receivers++];
	struct span v, digest = SPAN_NONE, quiet = SPAN_NONE;

	c->id = line->w[1];
	for (size_t i = 2; i < line->n; i++) {
		if (word_is(line->w[i], "zone", &v)) {
			c->zone = zone_named(r->zones, v);
			c->zone_name = v;
		} else if (word_is(line->w[i], "budget", &v)) {
			c->budgets = budgets_read(r->arena, v, &c->n_budgets);
		} else if (word_is(line->w[i], "rate", &v)) {
			const struct words parts = words_split(v, '/');

			c->rate_most = (uint32_t)number_of(parts.w[0]);
			c->rate_ms = duration_ms(parts.w[1]);
		} else if (word_is(line->w[i], "digest", &v)) {
			digest = v;
		} else if (word_is(line->w[i], "quiet", &v)) {
			quiet = v;
		} else if (span_eq_str(line->w[i], "strict")) {
			c->quiet_is_strict = true;
		} else {
			r->wrong = "receiver";
		}
	}
	if (digest.n)
		c->digest = digest_read(r->arena, r->zones, digest, c->zone_name);
	if (quiet.n) {
		c->quiet =
			interval_read(r->arena, r->zones, SPAN("night"), quiet, c->zone_name);
		c->n_quiet = 1;
	}
}

bool match_of(struct arena *arena, struct route_match *ret, struct span word,
	const struct severity_policy *severity)
{
	size_t at = 0;

	while (at < word.n && !strchr("<>=", word.p[at]))
		at++;
	for (int key = 0; key < ROUTE_KEYS; key++) {
		struct span rest = span_slice(word, at, word.n);
		struct route_range *ranges;
		struct span *values;
		struct words list;

		if (!span_eq_str(span_slice(word, 0, at), route_key_names[key]))
			continue;
		if (rest.n && rest.p[0] == '=')
			rest = span_slice(rest, 1, rest.n);
		if (rest.n > 1 && rest.p[0] == '"')
			rest = span_slice(rest, 1, rest.n - 1);
		list = words_split(rest, ',');
		values = arena_calloc(arena, list.n, sizeof(*values));
		ranges = arena_calloc(arena, list.n, sizeof(*ranges));
		for (size_t i = 0; i < list.n; i++) {
			values[i] = list.w[i];
			if (route_key_is_number((enum route_key)key) &&
				!route_range_read(
					&ranges[i], values[i], (enum route_key)key, severity))
				return false;
		}
		*ret = (struct route_match){(enum route_key)key, values, list.n,
			route_key_is_number((enum route_key)key) ? ranges : NULL};
		return true;
	}
	return false;
}

static void match_add(struct reading *r, const struct route_match **matches, size_t *n,
	const struct route_match *m)
{
	struct route_match *grown = arena_calloc(r->arena, *n + 1, sizeof(*grown));

	if (*n)
		memcpy(grown, *matches, *n * sizeof(*grown));
	grown[(*n)++] = *m;
	*matches = grown;
}

/* --- Which ---------------------------------------------------------------------------------
 */

static void route_to(struct reading *r, struct route *route, struct span names)
{
	const struct words list = words_split(names, ',');
	uint32_t *to = arena_calloc(r->arena, list.n, sizeof(*to));

	for (size_t i = 0; i < list.n; i++) {
		while (to[i] < r->policy->n_receivers &&
			!span_eq(r->receivers[to[i]].id, list.w[i]))
			to[i]++;
		if (to[i] == r->policy->n_receivers)
			r->wrong = "unknown receiver";
	}
	route->receivers = to;
	route->n_receivers = list.n;
}

static void route_by(struct reading *r, struct route *route, struct span names)
{
	const struct words list = words_split(names, ',');

	for (size_t i = 0; i < list.n; i++) {
		int key = 0;

		while (key < ROUTE_KEYS && !span_eq_str(list.w[i], route_key_names[key]))
			key++;
		if (key == ROUTE_KEYS)
			r->wrong = "by";
		else
			route->group_by[route->n_group_by++] = (enum route_key)key;
	}
}

static void route_steps(struct reading *r, struct route *route, struct span text)
{
	const struct words list = words_split(text, ',');
	uint32_t *steps = arena_calloc(r->arena, list.n + 1, sizeof(*steps));

	for (size_t i = 0; i < list.n; i++) {
		if (span_eq_str(list.w[i], "critical"))
			route->story_critical = true;
		else
			steps[route->n_story_steps++] = (uint32_t)number_of(list.w[i]);
	}
	route->story_steps = steps;
}

static void route_times(struct reading *r, const struct time_interval *const **ret,
	size_t *ret_n, struct span text)
{
	const struct words list = words_split(text, ',');
	const struct time_interval **times =
		arena_calloc(r->arena, list.n, sizeof(struct time_interval *));

	for (size_t i = 0; i < list.n; i++)
		for (size_t k = 0; k < r->n_intervals; k++)
			if (span_eq(r->intervals[k]->name, list.w[i]))
				times[(*ret_n)++] = r->intervals[k];
	if (*ret_n != list.n)
		r->wrong = "unknown interval";
	*ret = times;
}

static void route_line(struct reading *r, struct route *route, const struct words *line)
{
	struct span v, digest = SPAN_NONE, zone = SPAN_NONE;
	struct route_match m;

	route->group_wait_ms = route->group_interval_ms = route->repeat_interval_ms = -1;
	for (size_t i = 1; i < line->n; i++) {
		const struct span w = line->w[i];

		if (word_is(w, "to", &v))
			route_to(r, route, v);
		else if (word_is(w, "by", &v))
			route_by(r, route, v);
		else if (word_is(w, "wait", &v))
			route->group_wait_ms = duration_ms(v);
		else if (word_is(w, "interval", &v))
			route->group_interval_ms = duration_ms(v);
		else if (word_is(w, "repeat", &v))
			route->repeat_interval_ms = duration_ms(v);
		else if (word_is(w, "digest", &v))
			digest = v;
		else if (word_is(w, "zone", &v))
			zone = v;
		else if (word_is(w, "steps", &v))
			route_steps(r, route, v);
		else if (word_is(w, "mute_times", &v))
			route_times(r, &route->mute_times, &route->n_mute_times, v);
		else if (word_is(w, "active_times", &v))
			route_times(r, &route->active_times, &route->n_active_times, v);
		else if (span_eq_str(w, "continue"))
			route->proceed = true;
		else if (match_of(r->arena, &m, w, r->severity))
			match_add(r, &route->matches, &route->n_matches, &m);
		else
			r->wrong = "route";
	}
	if (digest.n)
		route->digest = digest_read(r->arena, r->zones, digest, zone);
}

/* The route a line of this depth belongs to; its parent is the last one a level higher. */
static struct route *route_at(struct reading *r, size_t depth)
{
	struct route *at = &r->policy->root;

	for (size_t d = 0; d < depth; d++) {
		const bool last = d + 1 == depth;
		struct route *grown;

		if (!last) {
			if (!at->n_children)
				return NULL;
			at = (struct route *)&at->children[at->n_children - 1];
			continue;
		}
		grown = arena_calloc(r->arena, at->n_children + 1, sizeof(*grown));
		if (at->n_children)
			memcpy(grown, at->children, at->n_children * sizeof(*grown));
		at->children = grown;
		at = &grown[at->n_children++];
	}
	return at;
}

/* --- The rest ------------------------------------------------------------------------------
 */

static void severity_line(struct reading *r, const struct words *line)
{
	static const char *const names[] = {"info", "warning", "critical"};
	struct severity_level *levels = arena_calloc(r->arena, 3, sizeof(*levels));
	struct severity_extra *extra = arena_calloc(r->arena, 1, sizeof(*extra));
	struct severity_policy *p = r->severity;
	struct route_match m;
	struct span v;

	memcpy(levels, severity_default.levels, 3 * sizeof(*levels));
	for (size_t i = 1; i < line->n; i++) {
		for (int k = 0; k < 3; k++)
			if (word_is(line->w[i], names[k], &v))
				levels[k].from = number_of(v);
		if (word_is(line->w[i], "score", &v))
			p->score = number_of(v);
		if (word_is(line->w[i], "followers", &v))
			p->followers = number_of(v);
		if (word_is(line->w[i], "mentions", &v))
			p->mentions = number_of(v);
		if (word_is(line->w[i], "sites", &v))
			p->sites = number_of(v);
		if (word_is(line->w[i], "extra", &v)) {
			const struct words parts = words_split(v, ':');

			if (!match_of(r->arena, &m, parts.w[1], NULL))
				r->wrong = "extra";
			extra->name = parts.w[1];
			extra->points = number_of(parts.w[0]);
			match_add(r, &extra->matches, &extra->n_matches, &m);
			p->extras = extra;
			p->n_extras = 1;
		}
	}
	p->levels = levels;
	p->critical = levels[2].from;
}

static void silence_line(struct reading *r, const struct words *line)
{
	struct silence *s = &r->silences[r->policy->n_silences++];
	struct route_match m;

	*s = (struct silence){.id = line->w[1],
		.author = SPAN("config"),
		.from = WALL_NONE,
		.until = WALL_NONE};
	for (size_t i = 2; i < line->n; i++)
		if (match_of(r->arena, &m, line->w[i], r->severity))
			match_add(r, &s->matches, &s->n_matches, &m);
		else
			r->wrong = "silence";
}

static void mute_line(struct reading *r, const struct words *line)
{
	struct mute *m = &r->mutes[r->policy->n_mutes++];
	struct span v;

	m->until = WALL_NONE;
	m->key = word_is(line->w[1], "site", &v) ? ROUTE_SITE : ROUTE_AUTHOR;
	if (m->key == ROUTE_AUTHOR && !word_is(line->w[1], "author", &v))
		r->wrong = "mute";
	m->value = v;
	if (line->n > 2 && word_is(line->w[2], "receiver", &v))
		m->receiver = v;
}

static void policy_line(struct reading *r, const struct words *line, size_t indent)
{
	const struct span what = line->w[0];

	if (span_eq_str(what, "receiver")) {
		receiver_line(r, line);
	} else if (span_eq_str(what, "interval")) {
		struct span zone = SPAN_NONE;

		if (line->n > 3)
			(void)word_is(line->w[3], "zone", &zone);
		r->intervals[r->n_intervals++] =
			interval_read(r->arena, r->zones, line->w[1], line->w[2], zone);
	} else if (span_eq_str(what, "route")) {
		struct route *route = route_at(r, (indent - 2) / 2);

		if (route)
			route_line(r, route, line);
		else
			r->wrong = "a route without a parent";
	} else if (span_eq_str(what, "severity")) {
		severity_line(r, line);
	} else if (span_eq_str(what, "silence")) {
		silence_line(r, line);
	} else if (span_eq_str(what, "mute")) {
		mute_line(r, line);
	} else {
		r->wrong = "unknown line of a policy";
	}
}

struct policy *policy_read(
	struct arena *arena, const struct zones *zones, struct span lines, const char **wrong)
{
	struct reading r = {.arena = arena, .zones = zones};

	r.policy = arena_calloc(arena, 1, sizeof(*r.policy));
	r.receivers = arena_calloc(arena, WORDS_MOST, sizeof(*r.receivers));
	r.silences = arena_calloc(arena, WORDS_MOST, sizeof(*r.silences));
	r.mutes = arena_calloc(arena, WORDS_MOST, sizeof(*r.mutes));
	r.severity = arena_calloc(arena, 1, sizeof(*r.severity));
	*r.severity = severity_default;
	r.policy->receivers = r.receivers;
	r.policy->silences = r.silences;
	r.policy->mutes = r.mutes;
	r.policy->severity = r.severity;
	while (lines.n && !r.wrong) {
		const size_t n = span_find(lines, '\n');
		const struct span line = span_slice(lines, 0, n);
		const struct words words = words_of(line);
		size_t indent = 0;

		while (indent < line.n && line.p[indent] == ' ')
			indent++;
		if (words.n)
			policy_line(&r, &words, indent);
		lines = span_slice(lines, n + 1, lines.n);
	}
	*wrong = r.wrong;
	return r.wrong ? NULL : r.policy;
}
