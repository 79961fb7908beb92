/*
 * What the desk decided, on its way into the ledger, with a kill at each point of it. The
 * archive's ledger and the desk's ear are real ones behind a door that a test can shut: what
 * goes through then is not done, or never answered (--wrap, meson.build).
 */

#include "line/dispatch_desk.h"
#include "post-lab.h"

static enum { OPEN, NEVER_DONE, NEVER_ANSWERED } door;
static bool desk_is_deaf; /* to the burial of what nobody keeps */
static size_t shut_out;   /* calls that came to a shut door */

void __real_archive_record(struct archive *archive, const struct archive_outcome *outcomes,
	size_t n, void (*done)(void *arg), void *arg);
void __wrap_archive_record(struct archive *archive, const struct archive_outcome *outcomes,
	size_t n, void (*done)(void *arg), void *arg);
int __real_dispatch_desk_settle(struct dispatch_desk *desk, struct span id, enum desk_end end,
	dispatch_desk_done done, void *arg);
int __wrap_dispatch_desk_settle(struct dispatch_desk *desk, struct span id, enum desk_end end,
	dispatch_desk_done done, void *arg);

void __wrap_archive_record(struct archive *archive, const struct archive_outcome *outcomes,
	size_t n, void (*done)(void *arg), void *arg)
{
	shut_out += door != OPEN;
	if (door != NEVER_DONE)
		__real_archive_record(archive, outcomes, n, door == OPEN ? done : NULL, arg);
}

int __wrap_dispatch_desk_settle(struct dispatch_desk *desk, struct span id, enum desk_end end,
	dispatch_desk_done done, void *arg)
{
	if (!desk_is_deaf || end != DESK_BURIED)
		return __real_dispatch_desk_settle(desk, id, end, done, arg);
	shut_out++;
	return 0;
}

static struct post_lab *open_lab(void **state)
{
	struct post_lab *d = lab_new(*state);

	door = OPEN;
	desk_is_deaf = false;
	shut_out = 0;
	add_hook(d, "/a");
	script(d, "{\"/a\": {\"status\": 200}}");
	lab_open(d);
	return d;
}

/* The ledger follows behind. */
static void until_ledger(struct post_lab *d, int first, const char *outcome)
{
	for (int i = 0; i < 400 && strcmp(ledger(d, "t", first, "r0"), outcome) != 0; i++)
		stand_idle(d->s, 5);
	assert_string_equal(d->outcome, outcome);
}

static void until_redis(struct post_lab *d, const char *command, int64_t number)
{
	for (int i = 0; i < 400; i++) {
		stand_redis(d->s, command);
		if (d->s->number == number)
			return;
		stand_idle(d->s, 5);
	}
	assert_int_equal(d->s->number, number);
}

static void silence(struct post_lab *d)
{
	const struct span values[] = {SPAN("site")};
	const struct route_match match = {.key = ROUTE_SOURCE, .values = values, .n_values = 1};
	const struct silence silence = {.id = SPAN("s1"),
		.author = SPAN("ann"),
		.matches = &match,
		.n_matches = 1,
		.from = {0},
		.until = {INT64_C(4102444800000)}};
	const struct dispatch_deed deed = {.what = DEED_SILENCE, .silence = &silence};

	UNTIL(d->s, dispatch_desk_look(dispatch_desk(d->dispatch)) != NULL);
	assert_int_equal(dispatch_desk_do(dispatch_desk(d->dispatch), &deed, NULL, NULL), 0);
}

static void restart(struct post_lab *d)
{
	lab_close(d);
	door = OPEN;
	desk_is_deaf = false;
	lab_open(d);
}

static void test_killed_before_the_ledger_has_it(void **state)
{
	struct post_lab *d = open_lab(state);

	silence(d);
	door = NEVER_DONE;
	publish(d, "t", 0, 3);
	/* The hits are acknowledged: nothing will bring them again. */
	UNTIL(d->s, dispatch_stats(d->dispatch)->filed == 3 && shut_out);
	assert_string_equal(ledger(d, "t", 0, "r0"), "");
	restart(d);
	for (int i = 0; i < 3; i++)
		until_ledger(d, i, "silenced");
	until_redis(d, "XLEN t:{act}:verdicts", 0);
	assert_int_equal(json_array_size(arrived(d, "/a")), 0);
	lab_free(d);
}

static void test_killed_before_redis_forgets_it(void **state)
{
	struct post_lab *d = open_lab(state);

	silence(d);
	door = NEVER_ANSWERED;
	publish(d, "t", 0, 1);
	UNTIL(d->s, shut_out);
	until_ledger(d, 0, "silenced");
	until_redis(d, "XLEN t:{act}:verdicts", 1);
	restart(d);
	until_redis(d, "XLEN t:{act}:verdicts", 0);
	until_ledger(d, 0, "silenced");
	lab_free(d);
}

/* What waits stands in the ledger, too; that is no reason not to tell it. */
static void test_what_waits_is_told_after_a_lost_redis(void **state)
{
	struct post_lab *d = open_lab(state);

	d->policy.root.group_by[0] = ROUTE_SOURCE;
	d->policy.root.group_wait_ms = 3600000;
	restart(d);
	publish(d, "t", 0, 2);
	until_ledger(d, 1, "waiting");
	lab_close(d);
	stand_close(d->s);
	stand_redis(d->s, "FLUSHALL");
	stand_open(d->s);
	d->policy.root.group_wait_ms = 1;
	lab_open(d);
	publish(d, "t", 0, 2);
	until_arrived(d, "/a", 1);
	until_ledger(d, 0, "sent");
	until_ledger(d, 1, "sent");
	assert_int_equal(dispatch_stats(d->dispatch)->known, 0);
	lab_free(d);
}

/* What is on its way says so, by the message's id. */
static void test_what_is_on_its_way_stands_in_the_ledger(void **state)
{
	struct post_lab *d = open_lab(state);

	script(d, "{\"/a\": {\"status\": 503}}");
	d->time_scale = 1;
	restart(d);
	publish(d, "t", 0, 1);
	until_ledger(d, 0, "sending");
	lab_free(d);
}

/* A dead letter that is dropped by hand: the desk keeps nothing of it, whoever dies when. */
static void test_what_nobody_keeps_the_desk_forgets(void **state)
{
	struct post_lab *d = open_lab(state);
	char id[64], command[128];

	script(d, "{\"/a\": {\"status\": 400}}");
	restart(d);
	publish(d, "t", 0, 1);
	until_count(d, "dead", 1);
	(void)snprintf(id, sizeof(id), "%s",
		json_string_value(json_object_get(
			json_array_get(json_object_get(d->answer, "deliveries"), 0), "id")));
	(void)snprintf(command, sizeof(command), "HEXISTS t:{act}:desk o:%s", id);
	until_redis(d, command, 1);
	desk_is_deaf = true;
	(void)snprintf(command, sizeof(command), "/%s/drop", id);
	(void)control(d, "POST", command);
	UNTIL(d->s, shut_out);
	restart(d);
	(void)snprintf(command, sizeof(command), "HEXISTS t:{act}:desk o:%s", id);
	until_redis(d, command, 0);
	until_ledger(d, 0, "dropped");
	UNTIL(d->s, dispatch_desk_look(dispatch_desk(d->dispatch)) != NULL);
	assert_true(desk_audit(dispatch_desk_look(dispatch_desk(d->dispatch))));
	lab_free(d);
}

int main(void)
{
#define WITH_STAND(test) cmocka_unit_test_setup_teardown(test, stand_set_up, stand_tear_down)
	const struct CMUnitTest tests[] = {
		WITH_STAND(test_killed_before_the_ledger_has_it),
		WITH_STAND(test_killed_before_redis_forgets_it),
		WITH_STAND(test_what_waits_is_told_after_a_lost_redis),
		WITH_STAND(test_what_is_on_its_way_stands_in_the_ledger),
		WITH_STAND(test_what_nobody_keeps_the_desk_forgets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
