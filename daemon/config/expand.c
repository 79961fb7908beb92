/*
 * config/expand: the snapshot written out in the long form, so that one sees what a short one
 * became. Read again it gives the same snapshot, but for "****": a secret that was written in
 * clear is shown to nobody.
 */

#include "config/keys.h"
#include "line/connection.h"
#include "vigie/channel.h"

static void put(struct buf *out, const char *key, struct span value)
{
	if (!value.n)
		return;
	buf_addf(out, ", %s: ", key);
	config_quote(out, value);
}

static void put_list(struct buf *out, const char *key, const struct span *values, size_t n)
{
	if (!n)
		return;
	buf_addf(out, ", %s: [", key);
	for (size_t i = 0; i < n; i++) {
		buf_add_str(out, i ? ", " : "");
		config_quote(out, values[i]);
	}
	buf_add_char(out, ']');
}

static void section_line(struct buf *out, const char *name, const struct section *section,
	const struct value *values)
{
	buf_addf(out, "%s: {", name);
	section_print(out, section, values);
	buf_add_str(out, "}\n");
}

static void top_lines(struct buf *out, const struct config *config, const struct value *top)
{
	buf_add_str(out, "state: ");
	config_quote(out, config->state);
	buf_add_str(out, "\nredis: ");
	text_print(out, &top[TOP_REDIS].text);
	buf_add_str(out, "\nredis_prefix: ");
	text_print(out, &top[TOP_REDIS_PREFIX].text);
	buf_add_str(out, "\ntz: ");
	text_print(out, &top[TOP_TZ].text);
	buf_add_char(out, '\n');
	for (size_t i = 0; i < top[TOP_NOTICES].n; i++) {
		buf_add_str(out, i ? ", " : "notices: [");
		text_print(out, &top[TOP_NOTICES].list[i]);
	}
	if (top[TOP_NOTICES].n)
		buf_add_str(out, "]\n");
}

static void define_lines(struct buf *out, const struct yaml_node *define)
{
	if (!define || define->type != YAML_MAPPING || !define->n)
		return;
	buf_add_str(out, "define:\n");
	for (size_t i = 0; i < define->n; i++) {
		buf_add_str(out, "  ");
		config_quote(out, define->pairs[i].key->text);
		buf_add_str(out, ": ");
		config_quote(out, define->pairs[i].value->text);
		buf_add_char(out, '\n');
	}
}

static void rule_lines(struct buf *out, const struct reader *r)
{
	buf_add_str(out, r->n_rules + r->n_rule_files ? "rules:\n" : "rules: []\n");
	for (size_t i = 0; i < r->n_rules; i++) {
		const struct rule *rule = &r->rules[i].rule;

		buf_add_str(out, "  - {id: ");
		config_quote(out, rule->id);
		put(out, "kind", rule->kind);
		put(out, "brand", rule->brand);
		put(out, "query", rule->query);
		put(out, "regex", rule->regex);
		put(out, "note", rule->note);
		put_list(out, "tags", rule->tags, rule->n_tags);
		put_list(out, "languages", rule->languages, rule->n_languages);
		buf_addf(out, ", weight: %.15g", rule->weight != 0 ? rule->weight : 1);
		buf_add_str(out, rule->disabled ? ", enabled: false}\n" : "}\n");
	}
	for (size_t i = 0; i < r->n_rule_files; i++) {
		buf_add_str(out, "  - {files: ");
		config_quote(out, r->rule_files[i]);
		buf_add_str(out, "}\n");
	}
}

/* What a connector was given, as it was written; what is looked for, as it is asked. */
static void connection_print(struct buf *out, const struct source_draft *d)
{
	const struct connection *c = d->connection;
	const char *comma = "";

	put(out, "connector", d->network);
	put(out, "ask", c->target.ask->name);
	if (!d->select)
		put(out, "base", c->target.base);
	buf_add_str(out, ", vars: {");
	for (size_t i = 0; i < d->n_given; i++) {
		buf_addf(out, "%s%.*s: ", comma, SPAN_ARG(d->given_names[i]));
		text_print(out, &d->given_texts[i]);
		comma = ", ";
	}
	for (size_t i = 0; i < c->target.n_vars; i++) {
		const struct expr_var *var = &c->target.vars[i];
		size_t k = 0;

		while (k < d->n_given && !span_eq(d->given_names[k], var->name))
			k++;
		if (k < d->n_given)
			continue;
		buf_addf(out, "%s%.*s: ", comma, SPAN_ARG(var->name));
		config_quote(out, var->value);
		comma = ", ";
	}
	buf_add_char(out, '}');
	if (d->select) {
		put(out, "url", c->target.base);
		buf_add_str(out, ", select: {");
		for (size_t i = 0; i < d->n_select; i++) {
			buf_addf(out, "%s%.*s: ", i ? ", " : "", SPAN_ARG(d->select[i].field));
			config_quote(out, d->select[i].value);
		}
		buf_add_char(out, '}');
	}
	for (size_t i = 0; i < c->n_quotas && d->own_quotas; i++) {
		buf_addf(out, "%s%lld/%llds", i ? ", " : ", quota: [",
			(long long)c->quotas[i].most, (long long)(c->quotas[i].per_ms / 1000));
		if (i + 1 == c->n_quotas)
			buf_add_char(out, ']');
	}
}

static void source_line(struct buf *out, const struct source_draft *d)
{
	const struct source *s = &d->source;

	buf_add_str(out, "  - {id: ");
	config_quote(out, s->id);
	if (d->connection) {
		connection_print(out, d);
	} else {
		buf_addf(out, ", kind: %.*s, url: ", SPAN_ARG(s->kind));
		text_print(out, &d->url);
	}
	buf_add_str(out, ", every: ");
	if (s->every_ms)
		duration_print(out, s->every_ms);
	else
		buf_add_str(out, "auto");
	put(out, "title", s->title);
	put(out, "lang", s->lang);
	put_list(out, "tags", s->tags, s->n_tags);
	if (s->search && !d->connection)
		buf_add_str(out, ", search: true");
	for (size_t i = 0; i < s->n_headers; i++) {
		buf_add_str(out, i ? ", " : ", headers: {");
		config_quote(out, s->headers[i].name);
		buf_add_str(out, ": ");
		text_print(out, &d->header_values[i]);
	}
	buf_add_str(out, s->n_headers ? "}}\n" : "}\n");
}

static void source_lines(struct buf *out, const struct reader *r)
{
	buf_add_str(out, r->config->n_sources ? "sources:\n" : "sources: []\n");
	for (size_t i = 0; i < r->n_sources; i++)
		if (r->sources[i].source.url.p)
			source_line(out, &r->sources[i]);
}

/* Values of one name stand together, as a list. */
static void receiver_line(struct buf *out, const struct receiver_draft *d)
{
	const struct receiver *receiver = &d->receiver;

	buf_add_str(out, "  - {id: ");
	config_quote(out, receiver->id);
	put(out, "lang", receiver->lang);
	receiver_bounds_print(out, receiver);
	buf_addf(out, ", %s: {", receiver->channel->name);
	for (size_t i = 0; i < d->n_given; i++) {
		const struct span name = receiver->fields[i].name;
		const bool first = i == 0 || !span_eq(receiver->fields[i - 1].name, name);
		const bool last =
			i + 1 == d->n_given || !span_eq(receiver->fields[i + 1].name, name);

		buf_add_str(out, i ? ", " : "");
		if (first)
			buf_addf(out, "%.*s: %s", SPAN_ARG(name), last ? "" : "[");
		text_print(out, &d->texts[i]);
		buf_add_str(out, last && !first ? "]" : "");
	}
	buf_add_str(out, "}}\n");
}

static void receiver_lines(struct buf *out, const struct reader *r)
{
	buf_add_str(out, r->n_receivers ? "receivers:\n" : "receivers: []\n");
	for (size_t i = 0; i < r->n_receivers; i++)
		receiver_line(out, &r->receivers[i]);
}

static void report_lines(struct buf *out, const struct config *c)
{
	static const char *const periods[] = {"day", "week", "month"};
	static const char *const days[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

	if (c->n_reports)
		buf_add_str(out, "reports:\n");
	for (size_t i = 0; i < c->n_reports; i++) {
		const struct report_plan *p = &c->reports[i];

		buf_addf(out, "  - {period: %s, at: '", periods[p->every]);
		if (p->every == REPORT_EVERY_WEEK)
			buf_addf(out, "%s ", days[p->weekday]);
		else if (p->every == REPORT_EVERY_MONTH)
			buf_addf(out, "%d ", p->day);
		buf_addf(out, "%02d:%02d', tz: ", p->minute / 60, p->minute % 60);
		config_quote(out, p->tz);
		buf_add_str(out, ", to: [");
		for (size_t k = 0; k < p->n_to; k++) {
			buf_add_str(out, k ? ", " : "");
			config_quote(out, p->to[k]);
		}
		buf_addf(out, "], lang: %.*s}\n", SPAN_ARG(p->lang));
	}
}

static void indent(struct buf *out, unsigned depth)
{
	for (unsigned i = 0; i < depth; i++)
		buf_add_str(out, "  ");
}

void matches_print(struct buf *out, const struct route_match *matches, size_t n)
{
	buf_add_char(out, '{');
	for (size_t i = 0; i < n; i++) {
		const struct route_match *m = &matches[i];

		buf_addf(out, "%s%s: [", i ? ", " : "", route_key_names[m->key]);
		for (size_t k = 0; k < m->n_values; k++) {
			buf_add_str(out, k ? ", " : "");
			config_quote(out, m->values[k]);
		}
		buf_add_char(out, ']');
	}
	buf_add_char(out, '}');
}

static void times_print(struct buf *out, unsigned depth, const char *key,
	const struct time_interval *const *all, size_t n)
{
	if (!all)
		return;
	indent(out, depth);
	buf_addf(out, "%s: [", key);
	for (size_t i = 0; i < n; i++) {
		buf_add_str(out, i ? ", " : "");
		config_quote(out, all[i]->name);
	}
	buf_add_str(out, "]\n");
}

/* Group_wait and what else says when. */
static void pace_lines(struct buf *out, const struct route *route, unsigned depth)
{
	const struct {
		const char *name;
		int64_t ms;
	} durations[] = {{"group_wait", route->group_wait_ms},
		{"group_interval", route->group_interval_ms},
		{"repeat_interval", route->repeat_interval_ms}};

	for (size_t i = 0; i < sizeof(durations) / sizeof(*durations); i++) {
		indent(out, depth);
		buf_addf(out, "%s: ", durations[i].name);
		duration_print(out, durations[i].ms);
		buf_add_char(out, '\n');
	}
	if (route->digest) {
		indent(out, depth);
		buf_add_str(out, "digest: ");
		digest_print(out, route->digest);
		buf_add_char(out, '\n');
	}
	if (route->story_steps) {
		indent(out, depth);
		buf_add_str(out, "story_steps: [");
		for (size_t i = 0; i < route->n_story_steps; i++)
			buf_addf(out, "%s%u", i ? ", " : "", route->story_steps[i]);
		if (route->story_critical)
			buf_add_str(out, route->n_story_steps ? ", critical" : "critical");
		buf_add_str(out, "]\n");
	}
	times_print(out, depth, "mute_times", route->mute_times, route->n_mute_times);
	times_print(out, depth, "active_times", route->active_times, route->n_active_times);
}

static void route_lines(
	struct buf *out, const struct policy *policy, const struct route *route, unsigned depth)
{
	buf_add_str(out, "receiver: [");
	for (size_t i = 0; i < route->n_receivers; i++) {
		buf_add_str(out, i ? ", " : "");
		config_quote(out, policy->receivers[route->receivers[i]].id);
	}
	buf_add_str(out, "]\n");
	indent(out, depth);
	buf_add_str(out, "group_by: [");
	for (size_t i = 0; i < route->n_group_by; i++)
		buf_addf(out, "%s%s", i ? ", " : "", route_key_names[route->group_by[i]]);
	buf_add_str(out, "]\n");
	pace_lines(out, route, depth);
	if (route->proceed) {
		indent(out, depth);
		buf_add_str(out, "continue: true\n");
	}
	if (!route->n_children)
		return;
	indent(out, depth);
	buf_add_str(out, "routes:\n");
	for (size_t i = 0; i < route->n_children; i++) {
		indent(out, depth);
		buf_add_str(out, "  - ");
		buf_add_str(out, "match: ");
		matches_print(out, route->children[i].matches, route->children[i].n_matches);
		buf_add_char(out, '\n');
		indent(out, depth + 2);
		route_lines(out, policy, &route->children[i], depth + 2);
	}
}

void expand(struct reader *r, const struct value *top, const struct value *http,
	const struct value *crawl, const struct value *retention,
	const struct yaml_node *define)
{
	struct buf *out = r->overrides->expanded;

	top_lines(out, r->config, top);
	section_line(out, "http", &section_http, http);
	section_line(out, "crawl", &section_crawl, crawl);
	define_lines(out, define);
	rule_lines(out, r);
	source_lines(out, r);
	intervals_print(out, r);
	if (r->config->policy.severity)
		severity_print(out, r->config->policy.severity);
	receiver_lines(out, r);
	silences_print(out, &r->config->policy);
	buf_add_str(out, "routes:\n  ");
	route_lines(out, &r->config->policy, &r->config->policy.root, 1);
	report_lines(out, r->config);
	section_line(out, "retention", &section_retention, retention);
	if (buf_result(out) < 0)
		reader_fail(r, -ENOMEM);
}
