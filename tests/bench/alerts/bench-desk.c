/*
 * What a mention costs the desk, and what 10,000 open groups cost in memory: two receivers, one
 * by author (a group each, open for an hour), one by story with a budget. Prints mentions a
 * second of processor time, records a mention, bytes a group, and what 10,000 groups that are
 * due at once take.
 */

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "vigie/desk.h"

enum { GROUPS = 10000, MENTIONS = 100000 };

static double now_s(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static const struct budget budget = {20, BUDGET_DAY};
static const struct receiver receivers[] = {
	{.id = {"cm", 2}}, {.id = {"mail", 4}, .budgets = &budget, .n_budgets = 1}};
static const uint32_t cm[] = {0}, mail[] = {1};
static const struct route children[] = {{.receivers = cm,
						.n_receivers = 1,
						.group_by = {ROUTE_AUTHOR},
						.n_group_by = 1,
						.group_wait_ms = 3600000,
						.group_interval_ms = -1,
						.repeat_interval_ms = -1,
						.proceed = true},
	{.receivers = mail,
		.n_receivers = 1,
		.group_by = {ROUTE_STORY},
		.n_group_by = 1,
		.group_wait_ms = -1,
		.group_interval_ms = -1,
		.repeat_interval_ms = -1}};
static const struct policy policy = {receivers, 2,
	{.receivers = cm, .n_receivers = 1, .children = children, .n_children = 2}};

static size_t n_changes, bytes_changed, n_deliveries;

static void take(struct desk *desk, unsigned i, struct wall now)
{
	struct match m = {.rule = SPAN("acme"), .kind = SPAN("brand"), .brand = SPAN("Acme")};
	struct hit h = {.item = item_empty(), .matches = &m, .n_matches = 1, .score = i % 5};
	struct story_place place = {.similarity = 1, .mentions = 1, .sites = 1};
	const struct desk_candidate c = {.hit = &h, .place = &place};
	char author[24], url[64];
	struct desk_step step;

	(void)snprintf(author, sizeof(author), "@author%u", i % GROUPS);
	(void)snprintf(url, sizeof(url), "https://site%u.example/%u", i % 997, i);
	h.item.author.handle = span_str(author);
	h.item.author.followers = i % 5000;
	h.item.url = span_str(url);
	memcpy(h.key.b, &i, sizeof(i));
	place.head = h.key;
	if (desk_take(desk, &c, now, &step) != 0)
		exit(1);
	n_changes += step.n_changes;
	n_deliveries += step.n_deliveries;
	for (size_t k = 0; k < step.n_changes; k++)
		bytes_changed += step.changes[k].key.n + step.changes[k].bytes.n;
}

int main(void)
{
	const struct desk_options options = {.seen_most = GROUPS};
	struct wall now = wall_from_civil(2026, 3, 2, 9, 0, 0);
	struct desk_step step;
	struct desk *desk;
	size_t before, steps, most = 0;
	double start;

	if (desk_new(&desk, &options) < 0 || desk_set_policy(desk, &policy, now, &step) != 0)
		return 1;
	before = mallinfo2().uordblks;
	start = now_s();
	for (unsigned i = 0; i < GROUPS; i++)
		take(desk, i, now);
	printf("%d mentions into new groups: %.0f a second\n", GROUPS,
		GROUPS / (now_s() - start));
	printf("%zu groups, %zu stories, %zu taken items: %.1f MB, %.0f bytes a mention of two "
	       "receivers\n",
		desk_stats(desk).groups, desk_stats(desk).stories, desk_stats(desk).seen,
		(double)(mallinfo2().uordblks - before) / 1e6,
		(double)(mallinfo2().uordblks - before) / GROUPS);
	start = now_s();
	for (unsigned i = GROUPS; i < GROUPS + MENTIONS; i++) {
		now.ms += 1;
		take(desk, i, now);
	}
	printf("%d mentions into %d open groups: %.0f a second\n", MENTIONS, GROUPS,
		MENTIONS / (now_s() - start));
	printf("%.1f records and %.0f bytes of them a mention; %zu deliveries\n",
		(double)n_changes / (GROUPS + MENTIONS),
		(double)bytes_changed / (GROUPS + MENTIONS), n_deliveries);
	now.ms += 3600000;
	n_deliveries = steps = 0;
	start = now_s();
	do {
		if (desk_tick(desk, now, &step) != 0)
			return 1;
		n_deliveries += step.n_deliveries;
		if (step.n_changes > most)
			most = step.n_changes;
		steps++;
	} while (wall_known(step.wake) && step.wake.ms <= now.ms);
	printf("%zu deliveries in %zu steps: %.0f ms, at most %zu records a step\n",
		n_deliveries, steps, (now_s() - start) * 1000, most);
	desk_free(desk);
	return 0;
}
