/*
 * config/routes: who hears of what: a tree of routes, each inheriting from its parent what it
 * does not say. Written out here, so that those who follow it inherit nothing.
 */

#include "config/keys.h"
#include "vigie/desk.h"
#include "vigie/nearest.h"

enum { ROUTES_DEPTH_MAX = 20 };

/* A matcher's keys come first in route_key_names; ROUTE_SEVERITY is the last of them. */
enum { MATCH_KEYS = ROUTE_MENTION };

static bool receiver_index(const struct reader *r, struct span id, uint32_t *ret)
{
	for (size_t i = 0; i < r->n_receivers; i++)
		if (span_eq(r->receivers[i].receiver.id, id)) {
			*ret = (uint32_t)i;
			return true;
		}
	return false;
}

static void receiver_unknown(struct reader *r, const struct yaml *y,
	const struct yaml_node *node, const struct text *id)
{
	const char **names = calloc(r->n_receivers + 1, sizeof(*names));
	const char *guess;

	if (!names) {
		reader_fail(r, -ENOMEM);
		return;
	}
	for (size_t i = 0; i < r->n_receivers; i++)
		names[i] = r->receivers[i].receiver.id.p;
	guess = nearest(id->value, names, r->n_receivers);
	if (guess)
		mistake(r, y, node, "unknown receiver \"%.*s\": did you mean \"%s\"?",
			SPAN_ARG(id->written), guess);
	else
		mistake(r, y, node, "unknown receiver \"%.*s\": write it under receivers:",
			SPAN_ARG(id->written));
	free(names);
}

bool receiver_known(struct reader *r, const struct yaml *y, const struct yaml_node *node,
	const struct text *id)
{
	uint32_t index;

	if (receiver_index(r, id->value, &index))
		return true;
	receiver_unknown(r, y, node, id);
	return false;
}

static const struct yaml_node *item_at(const struct yaml_node *node, size_t i)
{
	return node->type == YAML_SEQUENCE ? node->items[i] : node;
}

static void receivers_of(
	struct reader *r, const struct yaml *y, const struct value *value, struct route *route)
{
	uint32_t *indexes = arena_calloc(r->arena, value->n + 1, sizeof(*indexes));
	size_t n = 0;

	if (!indexes) {
		reader_fail(r, -ENOMEM);
		return;
	}
	for (size_t i = 0; i < value->n; i++) {
		if (receiver_index(r, value->list[i].value, &indexes[n]))
			r->receivers[indexes[n++]].routed = true;
		else
			receiver_unknown(r, y, item_at(value->node, i), &value->list[i]);
	}
	route->receivers = indexes;
	route->n_receivers = n;
}

static bool key_by_name(struct span name, size_t n_keys, enum route_key *ret)
{
	for (size_t i = 0; i < n_keys; i++)
		if (span_eq_str(name, route_key_names[i])) {
			*ret = (enum route_key)i;
			return true;
		}
	return false;
}

static void key_unknown(struct reader *r, const struct yaml *y, const struct yaml_node *node,
	const char *what, size_t n_keys)
{
	const char *guess = nearest(node->text, route_key_names, n_keys);
	struct buf all = {0};

	for (size_t i = 0; i < n_keys; i++)
		buf_addf(&all, "%s%s", i ? ", " : "", route_key_names[i]);
	if (guess)
		mistake(r, y, node, "%s: unknown \"%.*s\": did you mean \"%s\"?", what,
			SPAN_ARG(node->text), guess);
	else
		mistake(r, y, node, "%s: unknown \"%.*s\": there are %.*s", what,
			SPAN_ARG(node->text), SPAN_ARG(buf_span(&all)));
	buf_deinit(&all);
}

static void group_by_read(
	struct reader *r, const struct yaml *y, const struct value *value, struct route *route)
{
	route->n_group_by = 0;
	for (size_t i = 0; i < value->n; i++) {
		enum route_key key;
		bool twice = false;

		if (!key_by_name(value->list[i].value, ROUTE_KEYS, &key)) {
			key_unknown(r, y, item_at(value->node, i), "group_by", ROUTE_KEYS);
			continue;
		}
		for (size_t k = 0; k < route->n_group_by; k++)
			twice = twice || route->group_by[k] == key;
		if (!twice)
			route->group_by[route->n_group_by++] = key;
	}
}

static bool ranges_read(struct reader *r, const struct yaml *y, const struct yaml_node *node,
	struct route_match *match)
{
	struct route_range *ranges = arena_calloc(r->arena, match->n_values, sizeof(*ranges));

	if (!ranges) {
		reader_fail(r, -ENOMEM);
		return false;
	}
	for (size_t i = 0; i < match->n_values; i++)
		if (!route_range_read(&ranges[i], match->values[i], match->key,
			    r->config->policy.severity))
			mistake(r, y, item_at(node, i),
				"%s: \"%.*s\" is none: write 1000, '>= 1000' or '100..999'%s",
				route_key_names[match->key], SPAN_ARG(match->values[i]),
				match->key == ROUTE_SEVERITY ? ", or a level, as critical"
							     : "");
	match->ranges = ranges;
	return true;
}

static bool match_values_read(struct reader *r, const struct yaml *y,
	const struct yaml_node *node, struct route_match *ret)
{
	const size_t n = node->type == YAML_SEQUENCE ? node->n : 1;
	struct span *values = arena_calloc(r->arena, n + 1, sizeof(*values));
	struct text text;

	if (!values) {
		reader_fail(r, -ENOMEM);
		return false;
	}
	if (n == 0) {
		mistake(r, y, node, "match: an empty list matches nothing: write a value");
		return false;
	}
	for (size_t i = 0; i < n; i++) {
		if (!text_read(r, y, item_at(node, i), TEXT_PLAIN, &text))
			return false;
		values[i] = text.value;
		if (ret->key == ROUTE_SITE && span_find(text.value, '/') < text.value.n)
			mistake(r, y, item_at(node, i),
				"site is a host: write it without \"/\"");
	}
	ret->values = values;
	ret->n_values = n;
	return !route_key_is_number(ret->key) || ranges_read(r, y, node, ret);
}

void matches_read(struct reader *r, const struct yaml *y, const struct yaml_node *node,
	size_t n_keys, const struct route_match **ret, size_t *ret_n)
{
	struct route_match *matches;
	size_t n = 0;

	if (node->type != YAML_MAPPING) {
		mistake(r, y, node, "match: %s where names and values are expected",
			yaml_type_name(node));
		return;
	}
	matches = arena_calloc(r->arena, node->n + 1, sizeof(*matches));
	if (!matches) {
		reader_fail(r, -ENOMEM);
		return;
	}
	for (size_t i = 0; i < node->n; i++) {
		const struct yaml_pair *pair = &node->pairs[i];

		if (!key_by_name(pair->key->text, n_keys, &matches[n].key))
			key_unknown(r, y, pair->key, "match", n_keys);
		else if (match_values_read(r, y, pair->value, &matches[n]))
			n++;
	}
	*ret = matches;
	*ret_n = n;
}

/* "10, 50, critical" */
static void steps_read(
	struct reader *r, const struct yaml *y, const struct value *value, struct route *route)
{
	uint32_t *steps = arena_calloc(r->arena, value->n + 1, sizeof(*steps));

	route->story_steps = steps;
	route->n_story_steps = 0;
	route->story_critical = false;
	if (!steps) {
		reader_fail(r, -ENOMEM);
		return;
	}
	for (size_t i = 0; i < value->n; i++) {
		const struct yaml_node *node = item_at(value->node, i);
		double number = 0;

		if (span_eq_str(value->list[i].value, "critical")) {
			route->story_critical = true;
		} else if (!number_parse(&number, value->list[i].value) || number < 2 ||
			   number > 1000000 || number != (uint32_t)number) {
			mistake(r, y, node,
				"story_steps: \"%.*s\" is none: write sizes from 2, or "
				"critical",
				SPAN_ARG(value->list[i].written));
		} else if (route->n_story_steps && number <= steps[route->n_story_steps - 1]) {
			mistake(r, y, node, "story_steps: write them in ascending order");
		} else {
			steps[route->n_story_steps++] = (uint32_t)number;
		}
	}
}

static void times_read(struct reader *r, const struct yaml *y, const struct value *value,
	const struct time_interval *const **ret, size_t *ret_n)
{
	const struct time_interval **all = arena_calloc(r->arena, value->n + 1, sizeof(*all));

	*ret_n = 0;
	*ret = all;
	if (!all) {
		reader_fail(r, -ENOMEM);
		return;
	}
	for (size_t i = 0; i < value->n; i++) {
		all[*ret_n] =
			interval_by_name(r, y, item_at(value->node, i), value->list[i].value);
		*ret_n += all[*ret_n] != NULL;
	}
}

static void children_read(struct reader *r, const struct yaml *y, const struct yaml_node *node,
	struct route *route, unsigned depth);

/* When and how much of it; *route holds what the parent says. */
static void route_pace_read(struct reader *r, const struct yaml *y, const struct value *v,
	struct route *route, unsigned depth)
{
	if (v[ROUTE_GROUP_WAIT].node || depth == 0)
		route->group_wait_ms = v[ROUTE_GROUP_WAIT].number;
	if (v[ROUTE_GROUP_INTERVAL].node || depth == 0)
		route->group_interval_ms = v[ROUTE_GROUP_INTERVAL].number;
	if (v[ROUTE_REPEAT_INTERVAL].node || depth == 0)
		route->repeat_interval_ms = v[ROUTE_REPEAT_INTERVAL].number;
	if (v[ROUTE_DIGEST].node)
		route->digest = digest_read(r, y, v[ROUTE_DIGEST].node, r->zone, r->zone_name);
	if (v[ROUTE_STORY_STEPS].node)
		steps_read(r, y, &v[ROUTE_STORY_STEPS], route);
	if (v[ROUTE_MUTE_TIMES].node)
		times_read(
			r, y, &v[ROUTE_MUTE_TIMES], &route->mute_times, &route->n_mute_times);
	if (v[ROUTE_ACTIVE_TIMES].node)
		times_read(r, y, &v[ROUTE_ACTIVE_TIMES], &route->active_times,
			&route->n_active_times);
}

/* *route holds what the parent says. */
static void route_read(struct reader *r, const struct yaml *y, const struct yaml_node *node,
	struct route *route, unsigned depth)
{
	struct value v[SECTION_KEYS_MAX];

	if (!section_read(r, y, node, &section_route, v, NULL, NULL, NULL, 0))
		return;
	if (v[ROUTE_RECEIVER].node)
		receivers_of(r, y, &v[ROUTE_RECEIVER], route);
	if (v[ROUTE_GROUP_BY].node || depth == 0)
		group_by_read(r, y, &v[ROUTE_GROUP_BY], route);
	route_pace_read(r, y, v, route, depth);
	route->proceed = v[ROUTE_CONTINUE].truth;
	if (v[ROUTE_MATCH].node && depth == 0)
		mistake(r, y, v[ROUTE_MATCH].node,
			"the first route takes everything: write match: under routes:");
	else if (v[ROUTE_MATCH].node)
		matches_read(r, y, v[ROUTE_MATCH].node, MATCH_KEYS, &route->matches,
			&route->n_matches);
	if (depth == 0 && v[ROUTE_CONTINUE].node)
		mistake(r, y, v[ROUTE_CONTINUE].node,
			"the first route has none after it: take it out");
	if (v[ROUTE_ROUTES].node)
		children_read(r, y, v[ROUTE_ROUTES].node, route, depth + 1);
	r->config->n_routes++;
}

static void children_read(struct reader *r, const struct yaml *y, const struct yaml_node *node,
	struct route *route, unsigned depth)
{
	struct route *children;

	if (depth > ROUTES_DEPTH_MAX || node->type != YAML_SEQUENCE) {
		mistake(r, y, node, "routes: %s",
			depth > ROUTES_DEPTH_MAX
				? "nested more than 20 deep: write them flatter"
				: "a list is expected: write \"- {match: …, receiver: …}\"");
		return;
	}
	children = arena_calloc(r->arena, node->n + 1, sizeof(*children));
	if (!children) {
		reader_fail(r, -ENOMEM);
		return;
	}
	for (size_t i = 0; i < node->n; i++) {
		struct route *child = &children[i];

		*child = *route;
		child->matches = NULL;
		child->n_matches = 0;
		child->children = NULL;
		child->n_children = 0;
		route_read(r, y, node->items[i], child, depth);
	}
	route->n_children = node->n;
	route->children = children;
}

/* Nobody wrote a tree: everybody hears of everything. */
static void routes_default(struct reader *r, struct route *root)
{
	struct value v[SECTION_KEYS_MAX];
	uint32_t *all = arena_calloc(r->arena, r->n_receivers + 1, sizeof(*all));

	if (!all) {
		reader_fail(r, -ENOMEM);
		return;
	}
	for (size_t i = 0; i < r->n_receivers; i++) {
		all[i] = (uint32_t)i;
		r->receivers[i].routed = true;
	}
	section_defaults(r, &section_route, v);
	root->receivers = all;
	root->n_receivers = r->n_receivers;
	group_by_read(r, NULL, &v[ROUTE_GROUP_BY], root);
	route_pace_read(r, NULL, v, root, 0);
	r->config->n_routes = 1;
}

void notices_read(struct reader *r, const struct yaml *y, const struct value *value)
{
	struct policy *policy = &r->config->policy;
	struct route named = {0};

	if (!value->node)
		return;
	receivers_of(r, y, value, &named);
	policy->notices = named.receivers;
	policy->n_notices = named.n_receivers;
}

void routes_read(struct reader *r, const struct yaml *y, const struct yaml_node *node)
{
	struct route *root = &r->config->policy.root;

	if (!node)
		routes_default(r, root);
	else
		route_read(r, y, node, root, 0);
	if (!r->config->policy.notices) {
		r->config->policy.notices = root->receivers;
		r->config->policy.n_notices = root->n_receivers;
	}
	for (size_t i = 0; i < r->n_receivers; i++) {
		const struct receiver_draft *d = &r->receivers[i];

		if (!d->routed)
			(void)err_add(&r->config->warnings, d->file, d->line, d->column,
				"receiver %.*s hears of nothing: name it in a route",
				SPAN_ARG(d->receiver.id));
	}
}
