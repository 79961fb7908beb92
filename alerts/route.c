/*
 * route: who hears of a hit. The routing tree is walked in Alertmanager's manner
 * (https://prometheus.io/docs/alerting/latest/configuration/#route): the first matching child
 * wins unless it says continue; a route none of whose children match answers itself.
 */

#include <stdlib.h>

#include "link.h"
#include "sign.h"
#include "vigie/buf.h"
#include "vigie/channel.h"
#include "vigie/utf8.h"

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

static int matches(
	const struct route *route, const struct hit *hit, struct arena *arena, bool *ret)
{
	*ret = false;
	for (size_t i = 0; i < route->n_matches; i++) {
		const struct route_match *m = &route->matches[i];
		struct values have;
		bool any = false;

		if (values_of(&have, arena, hit, m->key) < 0)
			return -ENOMEM;
		for (size_t a = 0; a < have.n && !any; a++)
			for (size_t b = 0; b < m->n_values && !any; b++)
				any = is_wanted(m->key, have.v[a], m->values[b]);
		if (!any)
			return 0;
	}
	*ret = true;
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

static int add_key(
	struct buf *out, struct arena *arena, const struct hit *hit, enum route_key key)
{
	enum { VALUES_MAX = 8 }; /* a key is a Redis key, not an essay */
	char text[ITEM_KEY_TEXT + 1];
	struct values have;
	size_t added = 0;

	buf_addf(out, "%s%s=", out->n ? ";" : "", route_key_names[key]);
	if (key == ROUTE_MENTION || key == ROUTE_STORY) {
		buf_add_str(out, item_key_text(text, key == ROUTE_STORY && hit->story.mentions
							   ? &hit->story.head
							   : &hit->key));
		return 0;
	}
	if (values_of(&have, arena, hit, key) < 0)
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
	const struct hit *hit;
	struct arena *arena;
	struct assignment *found;
	size_t n;
	struct buf path;
};

/* What a route inherits. */
struct inherited {
	const uint32_t *receivers;
	size_t n_receivers;
	const enum route_key *group_by;
	size_t n_group_by;
	int64_t group_wait_ms;
};

static int group_key(struct span *ret, const struct walk *w, const struct inherited *in)
{
	static const enum route_key each[] = {ROUTE_STORY};
	const enum route_key *keys = in->n_group_by ? in->group_by : each;
	const size_t n = in->n_group_by ? in->n_group_by : 1;
	struct buf out = {0};
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++)
		r = add_key(&out, w->arena, w->hit, keys[i]);
	if (r == 0) {
		*ret = out.failed ? SPAN_NONE : arena_dup(w->arena, buf_span(&out));
		r = ret->p ? 0 : -ENOMEM;
	}
	buf_deinit(&out);
	return r;
}

static bool is_each(const struct inherited *in)
{
	for (size_t i = 0; i < in->n_group_by; i++)
		if (in->group_by[i] == ROUTE_MENTION || in->group_by[i] == ROUTE_STORY)
			return true;
	return in->n_group_by == 0;
}

static int assign(struct walk *w, const struct inherited *in)
{
	const struct span route = arena_dup(w->arena, buf_span(&w->path));
	struct span group;

	if (!route.p || w->path.failed || group_key(&group, w, in) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < in->n_receivers; i++) {
		bool known = in->receivers[i] >= w->policy->n_receivers;

		for (size_t k = 0; k < w->n && !known; k++)
			known = w->found[k].receiver == in->receivers[i];
		if (!known)
			w->found[w->n++] = (struct assignment){in->receivers[i], group, route,
				/* One alert an item waits for nobody. */
				is_each(in) || in->group_wait_ms < 0 ? 0 : in->group_wait_ms};
	}
	return 0;
}

static int descend(struct walk *w, const struct route *route, struct inherited in)
{
	const size_t path = w->path.n;
	bool answered = false;

	if (route->n_receivers) {
		in.receivers = route->receivers;
		in.n_receivers = route->n_receivers;
	}
	if (route->n_group_by) {
		in.group_by = route->group_by;
		in.n_group_by = route->n_group_by;
	}
	if (route->group_wait_ms >= 0)
		in.group_wait_ms = route->group_wait_ms;
	for (size_t i = 0; i < route->n_children; i++) {
		const struct route *child = &route->children[i];
		bool wanted;
		int r = matches(child, w->hit, w->arena, &wanted);

		if (r < 0)
			return r;
		if (!wanted)
			continue;
		buf_addf(&w->path, ".routes[%zu]", i);
		r = descend(w, child, in);
		if (r < 0)
			return r;
		w->path.n = path;
		answered = true;
		if (!child->proceed)
			break;
	}
	return answered ? 0 : assign(w, &in);
}

int route_hit(const struct policy *policy, const struct hit *hit, struct arena *arena,
	struct assignment **ret, size_t *ret_n)
{
	struct walk w = {.policy = policy, .hit = hit, .arena = arena};
	bool wanted = false;
	int r;

	w.found = arena_calloc(arena, policy->n_receivers + 1, sizeof(*w.found));
	if (!w.found)
		return -ENOMEM;
	r = hit->update || hit->silent ? 0 : matches(&policy->root, hit, arena, &wanted);
	if (r == 0 && wanted) {
		buf_add_str(&w.path, "routes");
		r = descend(&w, &policy->root, (struct inherited){.group_wait_ms = 0});
	}
	buf_deinit(&w.path);
	if (r < 0)
		return r;
	*ret = w.found;
	*ret_n = w.n;
	return 0;
}
