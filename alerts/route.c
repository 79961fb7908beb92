/*
 * route: who hears of a hit. The routing tree is walked in Alertmanager's manner
 * (https://prometheus.io/docs/alerting/latest/configuration/#route): the first matching child
 * wins unless it says continue; a route none of whose children match answers itself.
 */

#include "route.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "link.h"
#include "sign.h"
#include "vigie/buf.h"
#include "vigie/channel.h"
#include "vigie/utf8.h"

const struct hit *route_hit_of(const struct desk_notice *notice, struct arena *arena)
{
	struct hit *hit = arena_calloc(arena, 1, sizeof(*hit));
	struct match *matches = arena_calloc(arena, 2, sizeof(*matches));

	if (!hit || !matches)
		return NULL;
	matches[0] = (struct match){.rule = notice->rule,
		.kind = notice->kind,
		.brand = notice->brand,
		.tags = notice->tags,
		.n_tags = notice->n_tags};
	matches[1] = matches[0];
	matches[1].kind = notice->brand_kind;
	*hit = (struct hit){.key = notice->key,
		.fetched = notice->at,
		.item = item_empty(),
		.matches = matches,
		.n_matches = span_empty(notice->brand_kind) ? 1 : 2};
	hit->item.published = notice->at;
	return hit;
}

/* All values a hit has for one key. */
struct values {
	struct span *v;
	size_t n;
};

static int values_of(
	struct values *ret, struct arena *arena, const struct hit *hit, enum route_key key)
{
	size_t most = 2 + hit->n_source_tags;
	struct span site;

	for (size_t i = 0; i < hit->n_matches; i++)
		most += 1 + hit->matches[i].n_tags;
	*ret = (struct values){arena_calloc(arena, most, sizeof(*ret->v)), 0};
	if (!ret->v)
		return -ENOMEM;
	switch (key) {
	case ROUTE_RULE:
	case ROUTE_KIND:
	case ROUTE_BRAND:
		for (size_t i = 0; i < hit->n_matches; i++) {
			const struct match *m = &hit->matches[i];

			ret->v[ret->n++] = key == ROUTE_RULE   ? m->rule
					   : key == ROUTE_KIND ? m->kind
							       : m->brand;
		}
		break;
	case ROUTE_TAG:
		for (size_t i = 0; i < hit->n_matches; i++)
			for (size_t k = 0; k < hit->matches[i].n_tags; k++)
				ret->v[ret->n++] = hit->matches[i].tags[k];
		for (size_t i = 0; i < hit->n_source_tags; i++)
			ret->v[ret->n++] = hit->source_tags[i];
		break;
	case ROUTE_LANG:
		ret->v[ret->n++] = hit->item.lang;
		break;
	case ROUTE_SOURCE:
		ret->v[ret->n++] = hit->source;
		break;
	case ROUTE_AUTHOR:
		ret->v[ret->n++] = hit->item.author.handle;
		ret->v[ret->n++] = hit->item.author.name;
		break;
	case ROUTE_SITE:
		site = link_safe(arena, hit->item.url);
		if (!site.p)
			return -ENOMEM;
		ret->v[ret->n++] = link_site(site);
		break;
	case ROUTE_FOLLOWERS:
	case ROUTE_SIZE:
	case ROUTE_SEVERITY:
	case ROUTE_MENTION:
	case ROUTE_STORY:
	case ROUTE_KEYS:
		break;
	}
	return 0;
}

/* Is the value the one wanted? A language without a region holds for all its regions, a site
 * for all its subdomains. */
static bool is_wanted(enum route_key key, struct span value, struct span wanted)
{
	const struct span head = span_slice(value, 0, wanted.n);
	const struct span tail =
		span_slice(value, value.n > wanted.n ? value.n - wanted.n : 0, value.n);

	if (span_empty(value))
		return false;
	if (span_eq_ci(value, wanted))
		return true;
	if (value.n <= wanted.n)
		return false;
	if (key == ROUTE_LANG)
		return span_eq_ci(head, wanted) &&
		       (value.p[wanted.n] == '-' || value.p[wanted.n] == '_');
	return key == ROUTE_SITE && span_eq_ci(tail, wanted) &&
	       value.p[value.n - wanted.n - 1] == '.';
}

static double number_of(const struct route_subject *subject, enum route_key key)
{
	switch (key) {
	case ROUTE_FOLLOWERS:
		return subject->hit->item.author.followers;
	case ROUTE_SIZE:
		return subject->place ? subject->place->mentions : 1;
	case ROUTE_SEVERITY:
		return subject->severity;
	default:
		return NAN;
	}
}

static int matches_one(const struct route_match *m, const struct route_subject *subject,
	struct arena *arena, bool *ret)
{
	const double number = number_of(subject, m->key);
	struct values have;

	*ret = false;
	if (route_key_is_number(m->key)) {
		for (size_t i = 0; m->ranges && i < m->n_values && !*ret; i++)
			*ret = number >= m->ranges[i].from && number <= m->ranges[i].to;
		return 0;
	}
	if (values_of(&have, arena, subject->hit, m->key) < 0)
		return -ENOMEM;
	for (size_t a = 0; a < have.n && !*ret; a++)
		for (size_t b = 0; b < m->n_values && !*ret; b++)
			*ret = is_wanted(m->key, have.v[a], m->values[b]);
	return 0;
}

int route_matches(const struct route_match *matches, size_t n,
	const struct route_subject *subject, struct arena *arena, bool *ret)
{
	*ret = true;
	for (size_t i = 0; i < n && *ret; i++)
		if (matches_one(&matches[i], subject, arena, ret) < 0)
			return -ENOMEM;
	return 0;
}

static int by_text(const void *a, const void *b)
{
	return span_cmp(*(const struct span *)a, *(const struct span *)b);
}

/* A value in a group key; what separates keys and values is percent-encoded, what is long ends
 * in a hash. */
static int add_value(struct buf *out, struct span value)
{
	enum { SHOWN = 60, WHOLE = 80 };
	const struct span head = value.n > WHOLE ? utf8_prefix(value, SHOWN) : value;
	char hash[SIGN_HASH_HEX + 1];

	for (size_t i = 0; i < head.n; i++) {
		const unsigned char c = (unsigned char)head.p[i];

		if (c <= 0x20 || c == 0x7F || strchr("%,;={}", c))
			buf_addf(out, "%%%02X", (unsigned)c);
		else
			buf_add_char(out, (char)c);
	}
	if (head.n == value.n)
		return 0;
	if (sign_hash(hash, value) < 0)
		return -ENOMEM;
	buf_addf(out, "~%.16s", hash);
	return 0;
}

static int add_key(struct buf *out, struct arena *arena, const struct route_subject *subject,
	enum route_key key)
{
	enum { VALUES_MAX = 8 }; /* a key is a Redis key, not an essay */
	char text[ITEM_KEY_TEXT + 1];
	struct values have;
	size_t added = 0;

	buf_addf(out, "%s%s=", out->n ? ";" : "", route_key_names[key]);
	if (key == ROUTE_MENTION || key == ROUTE_STORY) {
		const struct item_key *head = subject->place ? &subject->place->head
					      : subject->hit->story.mentions
						      ? &subject->hit->story.head
						      : &subject->hit->key;

		buf_add_str(out,
			item_key_text(text, key == ROUTE_STORY ? head : &subject->hit->key));
		return 0;
	}
	if (key == ROUTE_SEVERITY)
		return add_value(out, subject->level);
	if (values_of(&have, arena, subject->hit, key) < 0)
		return -ENOMEM;
	if (key == ROUTE_AUTHOR) /* one person, not two names */
		have.n = span_empty(have.v[0]) ? 2 : 1;
	qsort(have.v, have.n, sizeof(*have.v), by_text);
	for (size_t i = 0; i < have.n && added < VALUES_MAX; i++) {
		if (span_empty(have.v[i]) || (i && span_eq(have.v[i], have.v[i - 1])))
			continue;
		buf_add_str(out, added++ ? "," : "");
		if (add_value(out, have.v[i]) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* One walk down the tree. */
struct walk {
	const struct policy *policy;
	const struct route_subject *subject;
	struct arena *arena;
	struct route_found *found;
	size_t n;
	struct buf path;
};

static const enum route_key each_story[] = {ROUTE_STORY};

struct route_terms route_terms_root(void)
{
	return (struct route_terms){.group_by = each_story, .n_group_by = 1};
}

void route_inherit(struct route_terms *t, const struct route *route)
{
	if (route->n_receivers) {
		t->receivers = route->receivers;
		t->n_receivers = route->n_receivers;
	}
	if (route->n_group_by) {
		t->group_by = route->group_by;
		t->n_group_by = route->n_group_by;
	}
	if (route->group_wait_ms >= 0)
		t->group_wait_ms = route->group_wait_ms;
	if (route->group_interval_ms >= 0)
		t->group_interval_ms = route->group_interval_ms;
	if (route->repeat_interval_ms >= 0)
		t->repeat_interval_ms = route->repeat_interval_ms;
	if (route->digest)
		t->digest = route->digest->every == DIGEST_NONE ? NULL : route->digest;
	if (route->story_steps) {
		t->story_steps = route->story_steps;
		t->n_story_steps = route->n_story_steps;
		t->story_critical = route->story_critical;
	}
	if (route->mute_times) {
		t->mute_times = route->mute_times;
		t->n_mute_times = route->n_mute_times;
	}
	if (route->active_times) {
		t->active_times = route->active_times;
		t->n_active_times = route->n_active_times;
	}
}

static bool groups_by(const struct route_terms *t, enum route_key key)
{
	for (size_t i = 0; i < t->n_group_by; i++)
		if (t->group_by[i] == key)
			return true;
	return false;
}

/* A finding is in no message with mentions. */
static int group_key(struct span *ret, const struct walk *w, const struct route_terms *t)
{
	struct buf out = {0};
	int r = 0;

	for (size_t i = 0; i < t->n_group_by && r == 0; i++)
		r = add_key(&out, w->arena, w->subject, t->group_by[i]);
	if (r == 0 && w->subject->finding) {
		buf_add_str(&out, ";finding=");
		r = add_value(&out, w->subject->hit->matches[0].kind);
	}
	if (r == 0) {
		*ret = out.failed ? SPAN_NONE : arena_dup(w->arena, buf_span(&out));
		r = ret->p ? 0 : -ENOMEM;
	}
	buf_deinit(&out);
	return r;
}

static int assign(struct walk *w, const struct route *route, const struct route_terms *terms)
{
	const struct span path = arena_dup(w->arena, buf_span(&w->path));
	struct route_terms *kept = arena_alloc(w->arena, sizeof(*kept));
	const bool each = groups_by(terms, ROUTE_MENTION);
	const bool alone = each || w->subject->finding || groups_by(terms, ROUTE_STORY);
	struct span group;

	if (!kept || !path.p || w->path.failed || group_key(&group, w, terms) < 0)
		return -ENOMEM;
	*kept = *terms;
	for (size_t i = 0; i < terms->n_receivers; i++) {
		bool known = terms->receivers[i] >= w->policy->n_receivers;

		for (size_t k = 0; k < w->n && !known; k++)
			known = w->found[k].receiver == terms->receivers[i];
		if (!known)
			w->found[w->n++] = (struct route_found){
				.receiver = terms->receivers[i],
				.route = route,
				.terms = kept,
				.path = path,
				.group = group,
				/* One alert an item, and a finding, wait for nobody. */
				.wait_ms = alone ? 0 : terms->group_wait_ms,
				.alone = alone,
				.each = each,
			};
	}
	return 0;
}

static int descend(struct walk *w, const struct route *route, struct route_terms terms)
{
	const size_t path = w->path.n;
	bool answered = false;

	route_inherit(&terms, route);
	for (size_t i = 0; i < route->n_children; i++) {
		const struct route *child = &route->children[i];
		bool wanted;
		int r = route_matches(
			child->matches, child->n_matches, w->subject, w->arena, &wanted);

		if (r < 0)
			return r;
		if (!wanted)
			continue;
		buf_addf(&w->path, ".routes[%zu]", i);
		r = descend(w, child, terms);
		if (r < 0)
			return r;
		w->path.n = path;
		answered = true;
		if (!child->proceed)
			break;
	}
	return answered ? 0 : assign(w, route, &terms);
}

int route_walk(const struct policy *policy, const struct route_subject *subject,
	struct arena *arena, struct route_found **ret, size_t *ret_n)
{
	struct walk w = {.policy = policy, .subject = subject, .arena = arena};
	bool wanted = false;
	int r = 0;

	w.found = arena_calloc(arena, policy->n_receivers + 1, sizeof(*w.found));
	if (!w.found)
		return -ENOMEM;
	if (!subject->hit->update && !subject->hit->silent)
		r = route_matches(
			policy->root.matches, policy->root.n_matches, subject, arena, &wanted);
	if (r == 0 && wanted) {
		buf_add_str(&w.path, "routes");
		r = descend(&w, &policy->root, route_terms_root());
	}
	buf_deinit(&w.path);
	if (r < 0)
		return r;
	*ret = w.found;
	*ret_n = w.n;
	return 0;
}

int route_hit(const struct policy *policy, const struct hit *hit, struct arena *arena,
	struct assignment **ret, size_t *ret_n)
{
	struct route_subject subject = {.hit = hit};
	struct assignment *assignments;
	struct route_found *found;
	struct severity severity;
	size_t n;

	if (severity_of(&severity, policy, hit, NULL, arena) < 0)
		return -ENOMEM;
	subject.severity = severity.total;
	subject.level = severity.level;
	if (route_walk(policy, &subject, arena, &found, &n) < 0)
		return -ENOMEM;
	assignments = arena_calloc(arena, n + 1, sizeof(*assignments));
	if (!assignments)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		assignments[i] = (struct assignment){
			found[i].receiver, found[i].group, found[i].path, found[i].wait_ms};
	*ret = assignments;
	*ret_n = n;
	return 0;
}

/* --- What a matcher says of a number -------------------------------------------------------
 */

static bool read_number(double *ret, struct span s)
{
	static const struct {
		char letter;
		double times;
	} units[] = {{'k', 1e3}, {'m', 1e6}};
	double value = 0, step = 0;
	bool any = false, minus = false;
	size_t i = 0;

	if (s.n > 1 && s.p[0] == '-') {
		minus = true;
		i++;
	}
	for (; i < s.n; i++) {
		if (s.p[i] == '.' && step == 0) {
			step = 1;
		} else if (s.p[i] >= '0' && s.p[i] <= '9') {
			any = true;
			if (step == 0) {
				value = value * 10 + (s.p[i] - '0');
			} else {
				step *= 10;
				value += (s.p[i] - '0') / step;
			}
		} else {
			break;
		}
	}
	if (i + 1 == s.n)
		for (size_t k = 0; k < sizeof(units) / sizeof(*units); k++)
			if (ascii_lower(s.p[i]) == units[k].letter) {
				value *= units[k].times;
				i++;
				break;
			}
	if (!any || i != s.n || value > 1e15)
		return false;
	*ret = minus ? -value : value;
	return true;
}

/* A number or a level; the range of a level ends where the next begins. */
static bool read_point(struct route_range *ret, struct span s, enum route_key key,
	const struct severity_policy *severity)
{
	double number;

	for (size_t i = 0; key == ROUTE_SEVERITY && i < severity->n_levels; i++)
		if (span_eq_ci(s, severity->levels[i].name)) {
			ret->from = severity->levels[i].from;
			ret->to = i + 1 < severity->n_levels
					  ? nextafter(severity->levels[i + 1].from, -INFINITY)
					  : INFINITY;
			return true;
		}
	if (!read_number(&number, s))
		return false;
	*ret = (struct route_range){number, number};
	return true;
}

bool route_range_read(struct route_range *ret, struct span text, enum route_key key,
	const struct severity_policy *severity)
{
	static const char *const signs[] = {">=", "<=", ">", "<", "="};
	struct route_range a, b;

	severity = severity ? severity : &severity_default;
	text = span_trim(text);
	for (size_t i = 0; i < sizeof(signs) / sizeof(*signs); i++) {
		if (!span_starts(text, span_str(signs[i])))
			continue;
		if (!read_point(&a, span_trim(span_slice(text, strlen(signs[i]), text.n)), key,
			    severity))
			return false;
		*ret = (struct route_range[]){{a.from, INFINITY}, {-INFINITY, a.to},
			{nextafter(a.to, INFINITY), INFINITY},
			{-INFINITY, nextafter(a.from, -INFINITY)}, a}[i];
		return true;
	}
	for (size_t i = 0; i + 1 < text.n; i++)
		if (text.p[i] == '.' && text.p[i + 1] == '.') {
			if (!read_point(&a, span_trim(span_slice(text, 0, i)), key, severity) ||
				!read_point(&b, span_trim(span_slice(text, i + 2, text.n)), key,
					severity) ||
				a.from > b.to)
				return false;
			*ret = (struct route_range){a.from, b.to};
			return true;
		}
	return read_point(ret, text, key, severity);
}
