/*
 * severity: how bad a mention is: a sum whose terms are kept, so that a person can see them.
 * Rounded to two decimals term by term, so that the sum of what is shown is what is shown.
 */

#include <errno.h>
#include <math.h>

#include "route.h"

static const struct severity_level default_levels[] = {
	{{"info", 4}, 0}, {{"warning", 7}, 4}, {{"critical", 8}, 7}};

const struct severity_policy severity_default = {
	.score = 1,
	.followers = 0.5,
	.engagement = 0.5,
	.mentions = 0.5,
	.sites = 0.5,
	.rating = 1,
	.spike = 4,
	.spike_times = 0.5,
	.spike_mentions = 0.5,
	.spike_learning = -1,
	.levels = default_levels,
	.n_levels = 3,
	.critical = 7,
};

/* So large that nobody's weights come there; keeps records and sums finite. */
#define SEVERITY_MOST 1e6

static double rounded(double x)
{
	if (isnan(x))
		return 0;
	return round(fmax(-SEVERITY_MOST, fmin(SEVERITY_MOST, x)) * 100) / 100;
}

static void add(struct severity *s, struct severity_term *terms, struct span name,
	double measure, double weight)
{
	const double points = rounded(weight * measure);

	if (points == 0)
		return;
	terms[s->n_terms++] = (struct severity_term){name, measure, points};
	s->total = rounded(s->total + points);
}

struct span severity_level_of(const struct severity_policy *policy, double total)
{
	struct span level = policy->n_levels ? policy->levels[0].name : SPAN_NONE;

	for (size_t i = 1; i < policy->n_levels; i++)
		if (total >= policy->levels[i].from)
			level = policy->levels[i].name;
	return level;
}

int severity_of(struct severity *ret, const struct policy *policy, const struct hit *hit,
	const struct story_place *place, struct arena *arena)
{
	enum { TERMS = 6 };
	const struct severity_policy *p =
		policy->severity ? policy->severity : &severity_default;
	const struct route_subject subject = {.hit = hit, .place = place};
	const double engagement = item_engagement(&hit->item.numbers);
	const double rating = hit->item.numbers.rating;
	struct severity s = {0};
	struct severity_term *terms = arena_calloc(arena, TERMS + p->n_extras, sizeof(*terms));

	if (!terms)
		return -ENOMEM;
	add(&s, terms, SPAN("score"), hit->score, p->score);
	add(&s, terms, SPAN("followers"), log10(1 + fmax(0, hit->item.author.followers)),
		isnan(hit->item.author.followers) ? 0 : p->followers);
	add(&s, terms, SPAN("engagement"), log10(1 + fmax(0, engagement)),
		isnan(engagement) ? 0 : p->engagement);
	add(&s, terms, SPAN("mentions"), place ? log2(fmax(1, place->mentions)) : 0,
		p->mentions);
	add(&s, terms, SPAN("sites"), place ? log2(fmax(1, place->sites)) : 0, p->sites);
	add(&s, terms, SPAN("rating"), rating < 3 ? 3 - rating : 0, p->rating);
	for (size_t i = 0; i < p->n_extras; i++) {
		bool wanted;

		if (route_matches(p->extras[i].matches, p->extras[i].n_matches, &subject, arena,
			    &wanted) < 0)
			return -ENOMEM;
		if (wanted)
			add(&s, terms, p->extras[i].name, 1, p->extras[i].points);
	}
	s.terms = terms;
	s.level = severity_level_of(p, s.total);
	s.critical = s.total >= p->critical;
	*ret = s;
	return 0;
}

/* --- Spikes --------------------------------------------------------------------------------
 */

const char *const severity_spike_terms[SEVERITY_SPIKE_TERMS] = {
	"spike", "times", "mentions", "learning", "extras"};

static double extras_of(const struct severity_policy *p, const struct desk_notice *notice,
	double severity, struct arena *arena)
{
	const struct route_subject subject = {.hit = route_hit_of(notice, arena),
		.finding = true,
		.severity = severity,
		.level = severity_level_of(p, severity)};
	double points = 0;

	for (size_t i = 0; subject.hit && i < p->n_extras; i++) {
		bool wanted = false;

		if (route_matches(p->extras[i].matches, p->extras[i].n_matches, &subject, arena,
			    &wanted) == 0 &&
			wanted)
			points = rounded(points + p->extras[i].points);
	}
	return points;
}

double severity_of_spike(double points[SEVERITY_SPIKE_TERMS], const struct policy *policy,
	const struct desk_notice *notice, double n, double usual, bool learning)
{
	const struct severity_policy *p =
		policy->severity ? policy->severity : &severity_default;
	struct arena arena = {0};
	double total = 0;

	points[0] = rounded(p->spike);
	points[1] = rounded(p->spike_times * log2(fmax(1, n / fmax(1, usual))));
	points[2] = rounded(p->spike_mentions * log10(1 + fmax(0, n)));
	points[3] = learning ? rounded(p->spike_learning) : 0;
	for (int i = 0; i < 4; i++)
		total = rounded(total + points[i]);
	points[4] = extras_of(p, notice, total, &arena);
	arena_release(&arena);
	return rounded(total + points[4]);
}
