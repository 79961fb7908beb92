/*
 * The law, under whatever happens: random events (mentions and copies, findings, time, clocks
 * put back, outcomes twice and out of order, silences, mutes, acknowledgements, reloads between
 * policies that differ in everything) on a desk and on one that is restored before each step.
 * Argument: how many seeds. A seed that fails is printed.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "policy_text.h"
#include "stand.h"

static const char *const policies[] = {
	"  receiver cm\n"
	"  receiver mail\n"
	"  route to=cm,mail\n",

	"  receiver cm budget=3/day,1/hour rate=2/1m zone=Paris quiet=22:00-07:00\n"
	"  receiver mail digest=hourly@10\n"
	"  interval office 09:00-17:00/mon,tue,wed,thu,fri zone=Paris\n"
	"  route to=cm by=brand wait=30s interval=5m repeat=3h steps=2,4,critical\n"
	"    route kind=competitor to=mail digest=daily@08:00+empty zone=Paris\n"
	"    route tag=press to=mail by=story active_times=office continue\n"
	"    route severity>=warning to=cm,mail by=mention\n",

	"  receiver mail budget=2/hour digest=hourly@0+empty\n"
	"  receiver boss rate=1/10m quiet=23:30-06:15 strict\n"
	"  route to=mail by=rule,severity wait=2m interval=0s repeat=1h\n"
	"    route story_size>=3 to=boss by=author wait=10s\n"
	"    route kind=spike to=boss,mail\n"
	"  silence noon tag=press\n"
	"  mute site=a.example receiver=boss\n",

	"  receiver boss\n"
	"  route\n"
	"    route brand=Acme to=boss digest=weekly@sun@12:00\n",
};
enum { POLICIES = sizeof(policies) / sizeof(*policies), STEPS = 300, IDS = 64 };

struct world {
	struct stand stand;
	struct arena arena;
	struct zones zones;
	const struct policy *policies[POLICIES];
	uint64_t random;
	char ids[IDS][DESK_ID_TEXT + 1];
	char groups[IDS][80];
	size_t n_ids;
	uint32_t copies[32];
};

static uint32_t roll(struct world *w, uint32_t n)
{
	/* xorshift64*, G. Marsaglia, "Xorshift RNGs", 2003, with the multiplier of S. Vigna. */
	w->random ^= w->random >> 12;
	w->random ^= w->random << 25;
	w->random ^= w->random >> 27;
	return (uint32_t)((w->random * UINT64_C(2685821657736338717)) >> 33) % n;
}

static struct span pick(struct world *w, const char *const *list, uint32_t n)
{
	return span_str(list[roll(w, n)]);
}

#define PICK(w, ...)                                                                           \
	pick((w), (const char *const[]){__VA_ARGS__},                                          \
		sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

static void listen(struct world *w, const struct desk_step *step)
{
	for (size_t i = 0; i < step->n_deliveries; i++) {
		const size_t at = w->n_ids++ % IDS;

		memcpy(w->ids[at], step->deliveries[i].id.p, DESK_ID_TEXT);
		(void)snprintf(w->groups[at], sizeof(w->groups[at]), "%.*s",
			SPAN_ARG(step->deliveries[i].group));
	}
}

static struct item_key key_of(char kind, uint32_t number)
{
	struct item_key key = {{0}};

	key.b[0] = (unsigned char)kind;
	memcpy(key.b + 4, &number, sizeof(number));
	return key;
}

static void take_mention(struct world *w, uint32_t number)
{
	const uint32_t story = roll(w, 32);
	const struct span tag = PICK(w, "press", "forum");
	struct match m = {.rule = PICK(w, "one", "two"),
		.kind = PICK(w, "brand", "competitor", "topic"),
		.brand = PICK(w, "Acme", "Other"),
		.tags = &tag,
		.n_tags = 1};
	struct hit h = {.key = key_of('i', roll(w, 5) ? number : roll(w, number + 1)),
		.item = item_empty(),
		.matches = &m,
		.n_matches = 1,
		.score = roll(w, 9),
		.update = roll(w, 20) == 0,
		.silent = roll(w, 20) == 0};
	const struct story_place place = {.head = key_of('s', story),
		.similarity = 0.9,
		.mentions = ++w->copies[story],
		.sites = w->copies[story] / 2 + 1};
	const struct span heard = SPAN("mail");
	const struct desk_candidate c = {.kind = DESK_MENTION,
		.hit = &h,
		.place = roll(w, 3) ? &place : NULL,
		.heard = &heard,
		.n_heard = roll(w, 15) == 0};
	struct desk_step step;

	h.item.author.handle = PICK(w, "@a", "@b", "@c");
	h.item.url = PICK(w, "https://a.example/1", "https://b.example/1");
	if (roll(w, 2))
		h.item.author.followers = roll(w, 100000);
	assert_int_equal(
		stand_step(&w->stand, STAND_TAKE, &(struct stand_args){.candidate = &c}, &step),
		0);
	listen(w, &step);
}

static void take_finding(struct world *w, uint32_t number)
{
	const struct desk_notice notice = {.key = key_of('n', number),
		.kind = SPAN("spike"),
		.brand = PICK(w, "Acme", "Other"),
		.text = SPAN("142 in the last hour, usually 9"),
		.severity = roll(w, 10)};
	const struct desk_candidate c = {.kind = DESK_FINDING, .notice = &notice};
	struct desk_step step;

	assert_int_equal(
		stand_step(&w->stand, STAND_TAKE, &(struct stand_args){.candidate = &c}, &step),
		0);
	listen(w, &step);
}

static void operate(struct world *w)
{
	static const enum stand_op ops[] = {
		STAND_SILENCE, STAND_UNSILENCE, STAND_MUTE, STAND_UNMUTE, STAND_ACK};
	const struct route_match match = {
		ROUTE_BRAND, (const struct span[]){SPAN("Acme")}, 1, NULL};
	const struct silence silence = {.id = PICK(w, "x", "y"),
		.author = SPAN("anna"),
		.matches = &match,
		.n_matches = roll(w, 2),
		.from = WALL_NONE,
		.until = {w->stand.now.ms + 1 + roll(w, 7200000)}};
	const struct mute mute = {.key = ROUTE_AUTHOR,
		.value = PICK(w, "@a", "@b"),
		.until = {w->stand.now.ms + 1 + roll(w, 7200000)}};
	struct stand_args args = {.silence = &silence, .mute = &mute, .text = silence.id};
	const enum stand_op op = ops[roll(w, 5)];
	char hex[ITEM_KEY_TEXT + 1];
	struct item_key head = key_of('s', roll(w, 32));
	struct desk_step step;

	if (op == STAND_ACK)
		args.text = roll(w, 2) ? span_str(item_key_text(hex, &head))
				       : span_str(w->groups[roll(w, IDS)]);
	if (stand_step(&w->stand, op, &args, &step) == 0)
		listen(w, &step);
}

static void settle(struct world *w)
{
	struct desk_step step;
	const struct stand_args args = {.text = span_of(w->ids[roll(w, IDS)], DESK_ID_TEXT),
		.end = (enum desk_end)roll(w, 4)};

	assert_int_equal(stand_step(&w->stand, STAND_SETTLE, &args, &step), 0);
	listen(w, &step);
}

static void set_policy(struct world *w)
{
	struct desk_step step;
	const struct stand_args args = {.policy = w->policies[roll(w, POLICIES)]};

	assert_int_equal(stand_step(&w->stand, STAND_POLICY, &args, &step), 0);
	listen(w, &step);
}

static void pass(struct world *w)
{
	static const int64_t far[] = {1000, 40000, 600000, 3600000, 30000000};
	const struct stand_args none = {0};
	struct desk_step step;

	if (roll(w, 30) == 0)
		w->stand.now.ms -= roll(w, 4000000);
	else
		w->stand.now.ms += roll(w, (uint32_t)far[roll(w, 5)]);
	assert_int_equal(stand_step(&w->stand, STAND_TICK, &none, &step), 0);
	listen(w, &step);
	for (int i = 0; i < 100 && wall_known(step.wake) && step.wake.ms <= w->stand.now.ms;
		i++) {
		assert_int_equal(stand_step(&w->stand, STAND_TICK, &none, &step), 0);
		listen(w, &step);
	}
	if (wall_known(step.wake))
		assert_true(step.wake.ms > w->stand.now.ms);
}

static void one_world(uint64_t seed)
{
	struct desk_options options = {.items_most = 4, .seen_most = 50, .step_records = 25};
	struct world *w = calloc(1, sizeof(*w));
	const char *wrong = NULL;

	assert_non_null(w);
	w->random = seed * UINT64_C(0x9E3779B97F4A7C15) | 1;
	w->stand.now.ms = 0;
	zones_add(&w->zones, SPAN("Paris"), SPAN("CET-1CEST,M3.5.0,M10.5.0/3"));
	for (size_t i = 0; i < POLICIES; i++) {
		w->policies[i] =
			policy_read(&w->arena, &w->zones, span_str(policies[i]), &wrong);
		assert_non_null(w->policies[i]);
	}
	assert_int_equal(stand_init(&w->stand, &options, true), 0);
	w->stand.now = wall_from_civil(2026, 3, 27, (int)roll(w, 24), 0, 0);
	set_policy(w);
	for (uint32_t i = 0; i < STEPS; i++) {
		switch (roll(w, 16)) {
		case 0:
			set_policy(w);
			break;
		case 1:
			take_finding(w, i);
			break;
		case 2:
			operate(w);
			break;
		case 3:
		case 4:
			settle(w);
			break;
		case 5:
		case 6:
		case 7:
			pass(w);
			break;
		default:
			take_mention(w, i);
			break;
		}
		if (w->stand.said.n)
			fail_msg("seed %llu, step %u: %s", (unsigned long long)seed, i,
				w->stand.said.p);
	}
	stand_deinit(&w->stand);
	arena_release(&w->zones.arena);
	arena_release(&w->arena);
	free(w);
}

static uint64_t seeds = 30;

static void the_law_holds(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= seeds; seed++)
		one_world(seed);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(the_law_holds)};

	if (argc > 1)
		seeds = strtoull(argv[1], NULL, 10);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
