/*
 * config_routes: who hears of what: a tree of routes, each inheriting from its parent what it
 * does not say. Written out here, so that those who follow it inherit nothing.
 */

#include "config_keys.h"
#include "vigie/nearest.h"

enum { ROUTES_DEPTH_MAX = 20 };

/* A matcher's keys come first in route_key_names. */
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
	return true;
}

/* false: it can match nothing in this version, and a warning has said so. */
static bool match_read(struct reader *r, const struct yaml *y, const struct yaml_node *node,
	struct route *route)
{
	struct route_match *matches;
	bool possible = true;
	size_t n = 0;

	if (node->type != YAML_MAPPING) {
		mistake(r, y, node, "match: %s where names and values are expected",
			yaml_type_name(node));
		return true;
	}
	matches = arena_calloc(r->arena, node->n + 1, sizeof(*matches));
	if (!matches) {
		reader_fail(r, -ENOMEM);
		return true;
	}
	for (size_t i = 0; i < node->n; i++) {
		const struct yaml_pair *pair = &node->pairs[i];

		if (span_eq_str(pair->key->text, "severity")) {
			warn(r, y, pair->key,
				"no mention has a severity in this version: this route is left "
				"out");
			possible = false;
		} else if (!key_by_name(pair->key->text, MATCH_KEYS, &matches[n].key))
			key_unknown(r, y, pair->key, "match", MATCH_KEYS);
		else if (match_values_read(r, y, pair->value, &matches[n]))
			n++;
	}
	route->matches = matches;
	route->n_matches = n;
	return possible;
}

static void children_read(struct reader *r, const struct yaml *y, const struct yaml_node *node,
	struct route *route, unsigned depth);

/* *route holds what the parent says. false: the route is to be left out. */
static bool route_read(struct reader *r, const struct yaml *y, const struct yaml_node *node,
	struct route *route, unsigned depth)
{
	struct value v[SECTION_KEYS_MAX];
	bool possible = true;

	if (!section_read(r, y, node, &section_route, v, NULL, NULL, NULL, 0))
		return true;
	if (v[ROUTE_RECEIVER].node)
		receivers_of(r, y, &v[ROUTE_RECEIVER], route);
	if (v[ROUTE_GROUP_BY].node || depth == 0)
		group_by_read(r, y, &v[ROUTE_GROUP_BY], route);
	if (v[ROUTE_GROUP_WAIT].node || depth == 0)
		route->group_wait_ms = v[ROUTE_GROUP_WAIT].number;
	route->proceed = v[ROUTE_CONTINUE].truth;
	if (v[ROUTE_MATCH].node && depth == 0)
		mistake(r, y, v[ROUTE_MATCH].node,
			"the first route takes everything: write match: under routes:");
	else if (v[ROUTE_MATCH].node)
		possible = match_read(r, y, v[ROUTE_MATCH].node, route);
	if (depth == 0 && v[ROUTE_CONTINUE].node)
		mistake(r, y, v[ROUTE_CONTINUE].node,
			"the first route has none after it: take it out");
	if (v[ROUTE_ROUTES].node)
		children_read(r, y, v[ROUTE_ROUTES].node, route, depth + 1);
	r->config->n_routes += possible;
	return possible;
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
		struct route *child = &children[route->n_children];

		*child = *route;
		child->matches = NULL;
		child->n_matches = 0;
		child->children = NULL;
		child->n_children = 0;
		route->n_children += route_read(r, y, node->items[i], child, depth);
	}
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
	root->group_wait_ms = v[ROUTE_GROUP_WAIT].number;
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
		(void)route_read(r, y, node, root, 0);
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
