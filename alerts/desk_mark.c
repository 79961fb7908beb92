/*
 * desk_mark: a number for a policy, so that a desk that is restored under the policy it had
 * does not ask anew what it decided: a restart changes nothing.
 */

#include "desk_inner.h"

static void add_intervals(struct buf *out, const struct time_interval *interval)
{
	buf_addf(out, "\ninterval %.*s", SPAN_ARG(interval->zone_name));
	for (size_t i = 0; i < interval->n_spans; i++) {
		const struct time_span *s = &interval->spans[i];

		buf_addf(out, " %u-%u/%u/%u/%d-%d/%d-%d", s->from_minute, s->to_minute,
			s->weekdays, s->months, s->first_day, s->last_day, s->first_year,
			s->last_year);
	}
}

static void add_digest(struct buf *out, const struct digest *digest)
{
	buf_add_str(out, digest ? "\ndigest " : "\n");
	if (!digest)
		return;
	buf_addf(out, "%d %d ", digest->every, digest->empty_too);
	digest_text(out, digest);
}

static void add_receiver(struct buf *out, const struct receiver *r)
{
	buf_addf(out, "\nreceiver %.*s %.*s %u/%lld %d", SPAN_ARG(r->id),
		SPAN_ARG(r->zone_name), r->rate_most, (long long)r->rate_ms,
		r->quiet_is_strict);
	for (size_t i = 0; i < r->n_budgets; i++)
		buf_addf(out, " %u/%d", r->budgets[i].most, r->budgets[i].per);
	add_digest(out, r->digest);
	for (size_t i = 0; i < r->n_quiet; i++)
		add_intervals(out, &r->quiet[i]);
}

static void add_route(struct buf *out, const struct route *r)
{
	buf_add_str(out, "\nroute");
	for (size_t i = 0; i < r->n_matches; i++) {
		buf_addf(out, "\n%d", r->matches[i].key);
		for (size_t k = 0; k < r->matches[i].n_values; k++)
			buf_addf(out, "\t%.*s", SPAN_ARG(r->matches[i].values[k]));
	}
	buf_addf(out, "\n%lld %lld %lld %d %d to", (long long)r->group_wait_ms,
		(long long)r->group_interval_ms, (long long)r->repeat_interval_ms, r->proceed,
		r->story_critical);
	for (size_t i = 0; i < r->n_receivers; i++)
		buf_addf(out, " %u", r->receivers[i]);
	buf_add_str(out, " by");
	for (size_t i = 0; i < r->n_group_by; i++)
		buf_addf(out, " %d", r->group_by[i]);
	buf_addf(out, " steps%d", r->story_steps != NULL);
	for (size_t i = 0; i < r->n_story_steps; i++)
		buf_addf(out, " %u", r->story_steps[i]);
	add_digest(out, r->digest);
	buf_addf(out, "\nmute%d", r->mute_times != NULL);
	for (size_t i = 0; i < r->n_mute_times; i++)
		add_intervals(out, r->mute_times[i]);
	buf_addf(out, "\nactive%d", r->active_times != NULL);
	for (size_t i = 0; i < r->n_active_times; i++)
		add_intervals(out, r->active_times[i]);
	for (size_t i = 0; i < r->n_children; i++)
		add_route(out, &r->children[i]);
	buf_add_str(out, "\nend");
}

uint64_t desk_mark(struct desk *desk, const struct policy *policy)
{
	const struct severity_policy *severity =
		policy->severity ? policy->severity : &severity_default;
	struct buf *out = &desk->scratch;

	buf_clear(out);
	buf_addf(out, "critical %.2f", severity->critical);
	for (size_t i = 0; i < policy->n_receivers; i++)
		add_receiver(out, &policy->receivers[i]);
	add_route(out, &policy->root);
	if (out->failed)
		desk->failed = true;
	return XXH3_64bits(out->p, out->n);
}
