/* What the queue promises, against a real Redis that is flushed, killed, stopped and filled. */

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "queue-stand.h"

#define STREAMS "XLEN t:{p%u}:hits"

/* --- Commits
 * ------------------------------------------------------------------------------------ */

static void test_same_batch_twice_is_one_entry(void **state)
{
	struct stand *s = *state;

	stand_open(s);
	for (int i = 0; i < 2; i++)
		stand_take(s, stand_batch(s, "a", "e1", "news", 0, 3, 1));
	assert_int_equal(stand_sum(s, STREAMS), 3);
	assert_int_equal(queue_stats(s->queue)->hits_new, 3);
	assert_int_equal(queue_stats(s->queue)->hits_known, 3);
	assert_int_equal(s->resets, 0);
	assert_string_equal(s->last_etag, "e1");
	assert_true(queue_idle(s->queue));
}

static void test_changed_content_is_an_update(void **state)
{
	struct stand *s = *state;

	s->ack = true;
	stand_open(s);
	stand_open_group(s, "desk", 0);
	stand_take(s, stand_batch(s, "a", "e1", "news", 0, 2, 1));
	stand_take(s, stand_batch(s, "a", "e2", "news", 0, 2, 2));
	UNTIL(s, s->n_entries == 4);
	assert_false(s->entries[0].update || s->entries[1].update);
	assert_true(s->entries[2].update && s->entries[3].update);
	assert_int_equal(queue_stats(s->queue)->updates, 2);
}

/* n tombstones, for the keys that hits of these titles have, or for a stranger's name of them.
 */
static struct batch *stand_deletion(struct stand *s, const char *title, int first, int n)
{
	struct batch *b = stand_batch(s, "a", "", title, first, n, 0);
	struct item_key *keys = arena_calloc(&b->arena, (size_t)n, sizeof(*keys));

	for (int i = 0; i < n; i++)
		keys[i] = b->hits[i].key;
	b->tombstones = keys;
	b->n_tombstones = b->n_hits;
	b->n_hits = 0;
	return b;
}

static void test_a_deletion_is_told_once_and_only_of_what_is_known(void **state)
{
	struct stand *s = *state;

	s->ack = true;
	stand_open(s);
	stand_open_group(s, "archive", 0);
	stand_take(s, stand_batch(s, "a", "e1", "news", 0, 2, 1));
	for (int i = 0; i < 3; i++)
		stand_take(s, stand_deletion(s, "news", 1, 4));
	UNTIL(s, s->n_entries == 3);
	assert_true(s->entries[2].update && s->entries[2].deleted);
	assert_string_equal(s->entries[2].title, "");
	/* It may come back. */
	stand_take(s, stand_batch(s, "a", "e1", "news", 0, 2, 1));
	UNTIL(s, s->n_entries == 4);
	assert_true(s->entries[3].update && !s->entries[3].deleted);
	assert_true(stand_saw(s, 3, "news 1"));
}

static void test_a_deletion_by_another_name_reaches_the_item(void **state)
{
	struct stand *s = *state;
	struct batch *b, *other;
	struct batch_alias *aliases;

	s->ack = true;
	stand_open(s);
	stand_open_group(s, "archive", 0);
	b = stand_batch(s, "a", "e1", "news", 0, 1, 1);
	other = stand_deletion(s, "local", 0, 1);
	aliases = arena_calloc(&b->arena, 1, sizeof(*aliases));
	aliases[0] = (struct batch_alias){other->tombstones[0], b->hits[0].key};
	b->aliases = aliases;
	b->n_aliases = 1;
	const unsigned char key0 = b->hits[0].key.b[0];

	stand_take(s, b);
	stand_take(s, other);
	stand_take(s, stand_deletion(s, "local", 0, 1));
	UNTIL(s, s->n_entries == 2);
	assert_true(s->entries[1].deleted);
	assert_int_equal(s->entries[1].key0, key0);
	assert_int_equal(queue_stats(s->queue)->updates, 1);
}

static void test_key_twice_in_one_document_counts_once(void **state)
{
	struct stand *s = *state;
	struct batch *b = stand_batch(s, "a", "e", "news", 0, 2, 1);

	stand_open(s);
	b->hits[1].key = b->hits[0].key;
	b->hits[1].content_hash = 2;
	stand_take(s, b);
	assert_int_equal(stand_sum(s, STREAMS), 1);
}

static void test_big_document_goes_in_chunks(void **state)
{
	struct stand *s = *state;

	s->ack = true;
	stand_open(s);
	stand_open_group(s, "archive", 0);
	stand_take(s, stand_batch(s, "a", "e", "news", 0, 1100, 1));
	UNTIL(s, s->n_entries == 1100);
	for (size_t i = 0; i < s->n_entries; i++) {
		char title[64];

		(void)snprintf(title, sizeof(title), "news %zu", i);
		assert_true(stand_saw(s, i, title));
	}
	stand_ask(s, "a");
	assert_string_equal(s->state_etag, "e");
}

static void test_states_are_remembered(void **state)
{
	struct stand *s = *state;

	stand_open(s);
	stand_ask(s, "a");
	assert_false(s->state_met);
	stand_take(s, stand_batch(s, "a", "e1", "news", 0, 1, 1));
	stand_ask(s, "a");
	assert_true(s->state_met);
	assert_string_equal(s->state_etag, "e1");
	assert_string_equal(s->state_cursor, "page-2");
	assert_int_equal(s->state_reads, 7);
	/* what is absent now does not linger */
	stand_take(s, stand_batch(s, "a", "", "news", 0, 0, 1));
	stand_ask(s, "a");
	assert_string_equal(s->state_etag, "");
	assert_string_equal(s->state_cursor, "page-2");
}

static void on_none(void *arg, size_t i, const struct source_state *state)
{
	assert_int_equal(i, 0);
	*(int *)arg = state ? 2 : 1;
}

static void test_state_is_found_in_another_partition(void **state)
{
	struct stand *s = *state;
	int got = 0;

	stand_open(s);
	stand_take(s, stand_batch(s, "a", "e1", "news", 0, 1, 1));
	for (unsigned p = 0; p < 16; p++) {
		const struct queue_state_ask ask = {SPAN("a"), p};

		got = 0;
		assert_int_equal(queue_states(s->queue, &ask, 1, on_none, NULL, &got), 0);
		UNTIL(s, got);
		assert_int_equal(got, 2);
	}
}

static void on_rules(void *arg, const struct wall *seen, size_t n)
{
	struct wall *copy = arg;

	memcpy(copy, seen, n * sizeof(*seen));
}

static void test_rules_keep_their_first_sight(void **state)
{
	struct stand *s = *state;
	const struct span first[] = {SPAN("r1"), SPAN("r2")};
	const struct span second[] = {SPAN("r3"), SPAN("r1")};
	struct wall seen[2] = {{0}, {0}};

	stand_open(s);
	assert_int_equal(
		queue_rules_seen(s->queue, first, 2, (struct wall){1000}, on_rules, seen), 0);
	UNTIL(s, seen[1].ms);
	assert_int_equal(seen[0].ms, 1000);
	seen[1].ms = 0;
	assert_int_equal(
		queue_rules_seen(s->queue, second, 2, (struct wall){2000}, on_rules, seen), 0);
	UNTIL(s, seen[1].ms);
	assert_int_equal(seen[0].ms, 2000);
	assert_int_equal(seen[1].ms, 1000);
}

static void test_known_is_forgotten_by_generations(void **state)
{
	struct stand *s = *state;

	s->options.known_ms = 400; /* generations of 200 ms: known for 400 to 600 */
	stand_open(s);
	stand_take(s, stand_batch(s, "a", "e", "news", 0, 1, 1));
	stand_take(s, stand_batch(s, "a", "e", "news", 0, 1, 1));
	assert_int_equal(queue_stats(s->queue)->hits_known, 1);
	/* met again and again it stays known, generation after generation */
	for (int i = 0; i < 5; i++) {
		stand_idle(s, 200);
		stand_take(s, stand_batch(s, "a", "e", "news", 0, 1, 1));
	}
	assert_int_equal(queue_stats(s->queue)->hits_new, 1);
	stand_idle(s, 700);
	stand_take(s, stand_batch(s, "a", "e", "news", 0, 1, 1));
	assert_int_equal(queue_stats(s->queue)->hits_new, 2);
}

/* --- A log that is not the one we knew
 * ------------------------------------------------------------- */

static void test_flushed_redis_is_read_again(void **state)
{
	struct stand *s = *state;

	s->ack = true;
	stand_open(s);
	stand_open_group(s, "desk", 0);
	stand_take(s, stand_batch(s, "a", "e1", "news", 0, 2, 1));
	UNTIL(s, s->n_entries == 2);
	stand_redis(s, "FLUSHALL");
	/* "Not modified": its validators are of the log that is gone. */
	stand_take(s, stand_batch(s, "a", "e1", "news", 0, 0, 1));
	assert_string_equal(s->last_etag, "");
	UNTIL(s, s->resets == 1);
	stand_ask(s, "a");
	assert_true(s->state_met);
	assert_string_equal(s->state_etag, "");
	assert_string_equal(s->state_cursor, "");
	assert_int_equal(s->state_reads, 7);
	/* So it is fetched in full, and the hits are there again. */
	stand_take(s, stand_batch(s, "a", "e2", "news", 0, 2, 1));
	UNTIL(s, s->n_entries == 4);
	assert_int_equal(queue_stats(s->queue)->resets, 1);
	assert_int_equal(stand_sum(s, "XLEN t:{p%u}:hits"), 2);
}

static void test_fetch_from_before_the_loss_keeps_no_validators(void **state)
{
	struct stand *s = *state;
	struct batch *stale;

	stand_open(s);
	stand_take(s, stand_batch(s, "a", "e1", "news", 0, 1, 1));
	stale = stand_batch(s, "a", "e1", "news", 0, 0, 1);
	stand_redis(s, "FLUSHALL");
	stand_take(s, stand_batch(s, "a", "e1", "other", 0, 1, 1));
	UNTIL(s, s->resets == 1);
	/* The loss is known by now, and this one still on its way down the line. */
	stand_take(s, stale);
	assert_string_equal(s->last_etag, "");
	stand_ask(s, "a");
	assert_string_equal(s->state_etag, "");
}

static void test_rolled_back_log_is_noticed(void **state)
{
	struct stand *s = *state;

	stand_open(s);
	for (int i = 0; i < 3; i++)
		stand_take(s, stand_batch(s, "a", "e1", "news", i, 1, 1));
	/* The same epoch with its end gone, as after a failover. */
	for (unsigned p = 0; p < 16; p++) {
		char command[64];

		(void)snprintf(command, sizeof(command), "HSET t:{p%02u}:meta commit 1", p);
		stand_redis(s, command);
	}
	stand_take(s, stand_batch(s, "a", "e1", "news", 0, 0, 1));
	UNTIL(s, s->resets == 1);
	assert_string_equal(s->last_etag, "");
}

static void test_reconnect_resets_all_partitions(void **state)
{
	struct stand *s = *state;

	stand_open(s);
	stand_take(s, stand_batch(s, "a", "e1", "news", 0, 1, 1));
	assert_int_equal(kill(redis_server_pid(s->server), SIGKILL), 0);
	UNTIL(s, s->readies == 2 && s->resets == 16);
	assert_int_equal(s->losses, 1);
	/* Nothing acknowledged was lost: validators stay. */
	stand_ask(s, "a");
	assert_string_equal(s->state_etag, "e1");
	assert_int_equal(queue_stats(s->queue)->resets, 0);
	assert_int_equal(stand_sum(s, STREAMS), 1);
}

/* --- Redis away: the spool
 * ---------------------------------------------------------------------------- */

static void test_killed_redis_spools_and_replays_in_order(void **state)
{
	struct stand *s = *state;

	s->ack = true;
	stand_open(s);
	stand_open_group(s, "archive", 0);
	stand_redis(s, "SET big x");
	assert_int_equal(kill(redis_server_pid(s->server), SIGKILL), 0);
	UNTIL(s, s->losses == 1);
	for (int i = 0; i < 20; i++) {
		char etag[16];

		(void)snprintf(etag, sizeof(etag), "e%d", i);
		stand_take(s, stand_batch(s, "a", etag, "news", i, 1, 1));
	}
	UNTIL(s, s->n_entries == 20);
	for (size_t i = 0; i < 20; i++) {
		char title[64];

		(void)snprintf(title, sizeof(title), "news %zu", i);
		assert_true(stand_saw(s, i, title));
	}
	UNTIL(s, queue_stats(s->queue)->spool_bytes == 0 && queue_idle(s->queue));
	assert_true(queue_stats(s->queue)->spooled > 0);
	stand_ask(s, "a");
	assert_string_equal(s->state_etag, "e19");
}

static void test_live_ones_queue_behind_the_spool(void **state)
{
	struct stand *s = *state;

	s->ack = true;
	stand_open(s);
	stand_open_group(s, "desk", 0);
	assert_int_equal(kill(redis_server_pid(s->server), SIGSTOP), 0);
	for (int i = 0; i < 50; i++)
		stand_take(s, stand_batch(s, "a", "spooled", "news", i, 1, 1));
	assert_int_equal(kill(redis_server_pid(s->server), SIGCONT), 0);
	UNTIL(s, s->readies == 2);
	stand_take(s, stand_batch(s, "a", "live", "live", 0, 1, 1));
	UNTIL(s, s->n_entries == 51 && queue_stats(s->queue)->spool_bytes == 0);
	assert_true(stand_saw(s, 50, "live 0"));
	stand_ask(s, "a");
	assert_string_equal(s->state_etag, "live");
}

static void test_batches_of_one_source_keep_their_order(void **state)
{
	struct stand *s = *state;

	s->ack = true;
	stand_open(s);
	stand_open_group(s, "desk", 0);
	/* Several chunks, then one: in flight together the second would land first. */
	queue_take(s->queue, stand_batch(s, "a", "e1", "news", 0, 1000, 1));
	queue_take(s->queue, stand_batch(s, "a", "e2", "later", 0, 1, 1));
	UNTIL(s, s->commits == 2 && s->n_entries == 1001);
	assert_true(stand_saw(s, 1000, "later 0"));
	stand_ask(s, "a");
	assert_string_equal(s->state_etag, "e2");
}

static void test_stopped_redis_blocks_nobody(void **state)
{
	struct stand *s = *state;
	const int pid = redis_server_pid(s->server);

	s->ack = true;
	stand_open(s);
	stand_open_group(s, "desk", 0);
	stand_take(s, stand_batch(s, "a", "e0", "news", 0, 1, 1));
	UNTIL(s, s->n_entries == 1);
	assert_int_equal(kill(pid, SIGSTOP), 0);
	s->longest_ms = 0;
	for (int i = 1; i < 30; i++) {
		char name[8];

		(void)snprintf(name, sizeof(name), "s%d", i);
		queue_take(s->queue, stand_batch(s, name, "e", name, i, 1, 1));
	}
	UNTIL(s, s->commits == 30); /* at the deadline, into the spool */
	assert_int_equal(s->losses, 1);
	assert_true(queue_stats(s->queue)->spooled >= 29);
	/* The newest state is served from there, Redis or no Redis. */
	stand_ask(s, "s3");
	assert_string_equal(s->state_etag, "e");
	assert_int_equal(kill(pid, SIGCONT), 0);
	UNTIL(s, s->n_entries == 30);
	assert_int_equal(stand_sum(s, STREAMS), 30);
	if (s->longest_ms > STALL_MS)
		fail_msg("the loop stood still for %lld ms", (long long)s->longest_ms);
}

static void test_spool_outlives_us(void **state)
{
	struct stand *s = *state;

	stand_open(s);
	assert_int_equal(kill(redis_server_pid(s->server), SIGSTOP), 0);
	for (int i = 0; i < 5; i++)
		stand_take(s, stand_batch(s, "a", "e5", "news", i, 1, 1));
	stand_close(s);
	assert_int_equal(queue_new(&s->queue, s->loop, &s->options), 0);
	stand_ask(s, "a"); /* before Redis is back */
	assert_string_equal(s->state_etag, "e5");
	assert_int_equal(kill(redis_server_pid(s->server), SIGCONT), 0);
	UNTIL(s, s->readies == 2 && queue_stats(s->queue)->replayed >= 5);
	UNTIL(s, queue_stats(s->queue)->spool_bytes == 0);
	assert_int_equal(stand_sum(s, STREAMS), 5);
}

static void test_spooled_validators_do_not_outlive_the_log(void **state)
{
	struct stand *s = *state;

	stand_open(s);
	stand_take(s, stand_batch(s, "a", "e1", "news", 0, 1, 1));
	assert_int_equal(kill(redis_server_pid(s->server), SIGSTOP), 0);
	stand_take(s, stand_batch(s, "a", "e1", "news", 1, 1, 1)); /* spooled */
	stand_close(s);
	assert_int_equal(kill(redis_server_pid(s->server), SIGCONT), 0);
	stand_redis(s, "FLUSHALL");
	stand_open(s);
	UNTIL(s, queue_stats(s->queue)->replayed == 1);
	stand_ask(s, "a");
	assert_string_equal(s->state_etag, "");
	assert_int_equal(stand_sum(s, STREAMS), 1);
}

static void test_full_spool_pauses_and_loses_nothing(void **state)
{
	struct stand *s = *state;

	s->options.spool_limit_bytes = 8192;
	stand_open(s);
	assert_int_equal(kill(redis_server_pid(s->server), SIGSTOP), 0);
	for (int i = 0; i < 40; i++)
		queue_take(s->queue, stand_batch(s, "a", "e", "news", i, 1, 1));
	UNTIL(s, !s->open);
	stand_idle(s, 100);
	assert_true(s->commits < 40);
	assert_false(queue_idle(s->queue));
	assert_true(queue_stats(s->queue)->spool_bytes <= 8192);
	assert_int_equal(kill(redis_server_pid(s->server), SIGCONT), 0);
	UNTIL(s, s->commits == 40 && s->open);
	UNTIL(s, queue_stats(s->queue)->spool_bytes == 0 && queue_idle(s->queue));
	assert_int_equal(stand_sum(s, STREAMS), 40);
}

/* --- Redis says no
 * --------------------------------------------------------------------------------------- */

static void test_forgotten_scripts(void **state)
{
	struct stand *s = *state;

	s->ack = true;
	stand_open(s);
	stand_open_group(s, "desk", 0);
	for (int i = 0; i < 3; i++) {
		stand_redis(s, "SCRIPT FLUSH");
		stand_take(s, stand_batch(s, "a", "e", "news", i, 1, 1));
	}
	UNTIL(s, s->n_entries == 3);
	assert_int_equal(queue_stats(s->queue)->spooled, 0);
	assert_int_equal(queue_stats(s->queue)->errors, 0);
}

static void refuses_then_takes(struct stand *s, const char *refuse, const char *take)
{
	stand_open(s);
	stand_take(s, stand_batch(s, "a", "e0", "news", 0, 1, 1));
	stand_redis(s, refuse);
	assert_string_equal(s->text, "OK");
	for (int i = 1; i < 6; i++)
		stand_take(s, stand_batch(s, "a", "e1", "news", i, 1, 1)); /* into the spool */
	assert_true(queue_stats(s->queue)->errors > 0);
	assert_true(queue_stats(s->queue)->spooled >= 5);
	stand_redis(s, take);
	UNTIL(s, queue_stats(s->queue)->spool_bytes == 0 && queue_idle(s->queue));
	assert_int_equal(stand_sum(s, STREAMS), 6);
	stand_ask(s, "a");
	assert_string_equal(s->state_etag, "e1");
	assert_int_equal(s->resets, 0);
}

static void test_out_of_memory(void **state)
{
	refuses_then_takes(*state, "CONFIG SET maxmemory 1", "CONFIG SET maxmemory 0");
}

static void test_read_only(void **state)
{
	refuses_then_takes(*state, "REPLICAOF 127.0.0.1 1", "REPLICAOF NO ONE");
}

static void test_too_few_replicas(void **state)
{
	refuses_then_takes(*state, "CONFIG SET min-replicas-to-write 1",
		"CONFIG SET min-replicas-to-write 0");
}

/* A full Redis is emptied by its consumers, or it would stay full. */
static void test_out_of_memory_is_still_consumed(void **state)
{
	struct stand *s = *state;

	stand_open(s);
	for (int i = 0; i < 10; i++)
		stand_take(s, stand_batch(s, "a", "e", "news", i, 1, 1));
	stand_close(s);
	stand_redis(s, "CONFIG SET maxmemory 1");
	s->ack = true;
	stand_open(s);
	stand_open_group(s, "desk", 0);
	UNTIL(s, s->n_entries == 10 && queue_idle(s->queue));
	stand_redis(s, "CONFIG SET maxmemory 0");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, stand_set_up, stand_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_same_batch_twice_is_one_entry),
		TEST(test_changed_content_is_an_update),
		TEST(test_a_deletion_is_told_once_and_only_of_what_is_known),
		TEST(test_a_deletion_by_another_name_reaches_the_item),
		TEST(test_key_twice_in_one_document_counts_once),
		TEST(test_big_document_goes_in_chunks),
		TEST(test_states_are_remembered),
		TEST(test_state_is_found_in_another_partition),
		TEST(test_rules_keep_their_first_sight),
		TEST(test_known_is_forgotten_by_generations),
		TEST(test_flushed_redis_is_read_again),
		TEST(test_fetch_from_before_the_loss_keeps_no_validators),
		TEST(test_rolled_back_log_is_noticed),
		TEST(test_reconnect_resets_all_partitions),
		TEST(test_killed_redis_spools_and_replays_in_order),
		TEST(test_live_ones_queue_behind_the_spool),
		TEST(test_batches_of_one_source_keep_their_order),
		TEST(test_stopped_redis_blocks_nobody),
		TEST(test_spool_outlives_us),
		TEST(test_spooled_validators_do_not_outlive_the_log),
		TEST(test_full_spool_pauses_and_loses_nothing),
		TEST(test_forgotten_scripts),
		TEST(test_out_of_memory),
		TEST(test_read_only),
		TEST(test_too_few_replicas),
		TEST(test_out_of_memory_is_still_consumed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
