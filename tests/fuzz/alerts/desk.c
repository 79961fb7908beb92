/*
 * Any bytes as records: each is a length of the key, a length of the bytes, then both. What is
 * taken in must then live through a policy, time, a candidate and an outcome.
 */

#include "vigie/desk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct budget budgets[] = {{3, BUDGET_DAY}, {1, BUDGET_HOUR}};
static const struct receiver receivers[] = {
	{.id = {"cm", 2}, .budgets = budgets, .n_budgets = 2, .rate_most = 2, .rate_ms = 60000},
	{.id = {"mail", 4}}};
static const uint32_t both[] = {0, 1};
static const struct digest digest = {
	.every = DIGEST_EVERY_DAY, .minute = 480, .empty_too = true};
static const struct span competitor = {"competitor", 10};
static const struct route_match is_competitor = {ROUTE_KIND, &competitor, 1, NULL};
static const uint32_t steps[] = {3, 10};
static const struct route children[] = {{.matches = &is_competitor,
	.n_matches = 1,
	.group_wait_ms = -1,
	.group_interval_ms = -1,
	.repeat_interval_ms = -1,
	.digest = &digest}};
static const struct policy policy = {receivers, 2,
	{.receivers = both,
		.n_receivers = 2,
		.group_by = {ROUTE_BRAND},
		.n_group_by = 1,
		.group_wait_ms = 1000,
		.group_interval_ms = 300000,
		.repeat_interval_ms = 3600000,
		.story_steps = steps,
		.n_story_steps = 2,
		.children = children,
		.n_children = 1}};

static void live(struct desk *desk)
{
	struct match m = {.rule = SPAN("acme"), .kind = SPAN("brand"), .brand = SPAN("Acme")};
	struct hit h = {.key = {{'Z'}}, .item = item_empty(), .matches = &m, .n_matches = 1};
	const struct story_place place = {
		.head = {{'A'}}, .similarity = 1, .mentions = 12, .sites = 9};
	const struct desk_candidate c = {.hit = &h, .place = &place};
	struct wall now = wall_from_civil(2026, 3, 2, 9, 0, 0);
	struct desk_receiver_view view;
	struct desk_step step;

	if (desk_set_policy(desk, &policy, now, &step) != 0 ||
		desk_take(desk, &c, now, &step) != 0)
		return;
	(void)desk_ack(desk, SPAN("brand=Acme"), SPAN_NONE, now, &step);
	for (int i = 0; i < 50; i++) {
		if (desk_tick(desk, now, &step) != 0 || !wall_known(step.wake))
			break;
		if (step.n_deliveries)
			(void)desk_settle(desk, step.deliveries[0].id, DESK_SENT, now, &step);
		now.ms = step.wake.ms > now.ms ? step.wake.ms : now.ms + 3600000;
	}
	for (size_t i = 0; desk_receiver(desk, i, now, &view); i++)
		(void)desk_pending(&view.counts);
	(void)desk_audit(desk);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct desk_options options = {.items_most = 4, .seen_most = 4};
	struct span left = span_of((const char *)data, size);
	struct desk *desk;

	if (desk_new(&desk, &options) < 0)
		return 0;
	while (left.n >= 2) {
		const size_t key = (unsigned char)left.p[0], bytes = (unsigned char)left.p[1];

		(void)desk_restore(desk, span_slice(left, 2, 2 + key),
			span_slice(left, 2 + key, 2 + key + bytes));
		left = span_slice(left, 2 + key + bytes, left.n);
	}
	live(desk);
	desk_free(desk);
	return 0;
}
