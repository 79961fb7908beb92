/* A connection that is kept up: against a real private Redis, and against peers that misbehave.
 */

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "io/log.h"
#include "io/redis.h"
#include "io/redis_check.h"
#include "io/redis_server.h"

struct stand {
	char folder[64];
	struct loop *loop;
	struct timer *late;
	struct redis_server *server;
	struct redis *redis;
	int ups, downs, answers, nulls;
	char text[256], why[256];
	bool free_in_answer;
};

static void on_late(void *arg)
{
	(void)arg;
	fail_msg("waited too long");
}

static void on_event(void *arg)
{
	struct stand *s = arg;

	loop_stop(s->loop);
}

static void on_up(void *arg)
{
	struct stand *s = arg;

	s->ups++;
	loop_stop(s->loop);
}

static void on_down(void *arg, struct span why)
{
	struct stand *s = arg;

	s->downs++;
	(void)snprintf(s->why, sizeof(s->why), "%.*s", SPAN_ARG(why));
	loop_stop(s->loop);
}

static void on_answer(void *arg, const struct redis_value *reply)
{
	struct stand *s = arg;

	s->answers++;
	if (!reply)
		s->nulls++;
	else if (reply->type == REDIS_STRING || reply->type == REDIS_ERROR)
		(void)snprintf(s->text, sizeof(s->text), "%.*s", SPAN_ARG(reply->text));
	else
		(void)snprintf(s->text, sizeof(s->text), "%lld", (long long)reply->integer);
	if (s->free_in_answer)
		s->redis = redis_free(s->redis);
	loop_stop(s->loop);
}

static int set_up(void **state)
{
	struct stand *s = calloc(1, sizeof(*s));

	(void)strcpy(s->folder, "/tmp/vigie-redis-XXXXXX");
	assert_non_null(mkdtemp(s->folder));
	assert_int_equal(loop_new(&s->loop), 0);
	assert_int_equal(timer_new(&s->late, s->loop, on_late, s), 0);
	assert_int_equal(timer_set(s->late, 30000), 0);
	log_set_level(LOG_ERROR_LEVEL);
	*state = s;
	return 0;
}

static void start_server(struct stand *s)
{
	struct arena arena = {0};
	struct span why;

	assert_int_equal(redis_server_new(&s->server, s->loop,
				 &(struct redis_server_options){
					 .folder = s->folder, .ready = on_event, .arg = s},
				 &arena, &why),
		0);
	arena_release(&arena);
	assert_int_equal(loop_run(s->loop), 0);
	assert_true(redis_server_ready(s->server));
}

static int tear_down(void **state)
{
	struct stand *s = *state;
	char command[128];

	s->redis = redis_free(s->redis);
	s->server = redis_server_free(s->server);
	(void)timer_free(s->late);
	(void)loop_free(s->loop);
	(void)snprintf(command, sizeof(command), "rm -rf '%s'", s->folder);
	assert_int_equal(system(command), 0);
	free(s);
	return 0;
}

static void connect_to(struct stand *s, struct span url)
{
	assert_int_equal(redis_new(&s->redis, s->loop,
				 &(struct redis_options){.url = url,
					 .command_ms = 300,
					 .up = on_up,
					 .down = on_down,
					 .arg = s}),
		0);
}

static void say(struct stand *s, size_t n, const char *const *words)
{
	struct span argv[8];
	const int before = s->answers;

	for (size_t i = 0; i < n; i++)
		argv[i] = span_str(words[i]);
	assert_int_equal(redis_command(s->redis, n, argv, 0, on_answer, s), 0);
	while (s->answers == before)
		assert_int_equal(loop_run(s->loop), 0);
}

#define SAY(s, ...)                                                                            \
	say(s, sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *),                         \
		(const char *[]){__VA_ARGS__})

static void until(struct stand *s, const int *counter, int value)
{
	while (*counter < value)
		assert_int_equal(loop_run(s->loop), 0);
}

static void test_commands(void **state)
{
	struct stand *s = *state;

	start_server(s);
	connect_to(s, redis_server_url(s->server));
	assert_int_equal(redis_command(s->redis, 1, &SPAN("PING"), 0, on_answer, s), -EAGAIN);
	until(s, &s->ups, 1);
	SAY(s, "PING");
	assert_string_equal(s->text, "PONG");
	SAY(s, "INCR", "n");
	assert_string_equal(s->text, "1");
	SAY(s, "NOSUCH");
	assert_true(strncmp(s->text, "ERR", 3) == 0);
	/* freed from inside its own callback */
	s->free_in_answer = true;
	SAY(s, "PING");
	assert_null(s->redis);
	assert_int_equal(s->nulls, 0);
}

static void test_free_answers_what_is_pending(void **state)
{
	struct stand *s = *state;

	start_server(s);
	connect_to(s, redis_server_url(s->server));
	until(s, &s->ups, 1);
	for (int i = 0; i < 3; i++)
		assert_int_equal(redis_command(s->redis, 1, &SPAN("PING"), 0, on_answer, s), 0);
	s->redis = redis_free(s->redis);
	assert_int_equal(s->nulls, 3);
}

static void test_killed_and_back(void **state)
{
	struct stand *s = *state;
	int pid;

	start_server(s);
	connect_to(s, redis_server_url(s->server));
	until(s, &s->ups, 1);
	SAY(s, "SET", "kept", "yes");
	pid = redis_server_pid(s->server);
	assert_int_equal(kill(pid, SIGKILL), 0);
	until(s, &s->ups, 2);
	assert_int_equal(s->downs, 1);
	assert_int_not_equal(redis_server_pid(s->server), pid);
	SAY(s, "GET", "kept"); /* what was answered is on the disk */
	assert_string_equal(s->text, "yes");
}

static void test_stopped_server_is_left_at_the_deadline(void **state)
{
	struct stand *s = *state;

	start_server(s);
	connect_to(s, redis_server_url(s->server));
	until(s, &s->ups, 1);
	assert_int_equal(kill(redis_server_pid(s->server), SIGSTOP), 0);
	assert_int_equal(redis_command(s->redis, 1, &SPAN("PING"), 0, on_answer, s), 0);
	until(s, &s->downs, 1);
	assert_int_equal(s->nulls, 1);
	assert_non_null(strstr(s->why, "did not answer"));
	assert_int_equal(kill(redis_server_pid(s->server), SIGCONT), 0);
	until(s, &s->ups, 2);
}

static void test_password(void **state)
{
	struct stand *s = *state;
	char url[256];

	start_server(s);
	connect_to(s, redis_server_url(s->server));
	until(s, &s->ups, 1);
	SAY(s, "ACL", "SETUSER", "u", "on", ">p@s/", "~*", "+@all");
	SAY(s, "CONFIG", "SET", "requirepass", "geheim");
	s->redis = redis_free(s->redis);
	s->ups = 0;

	connect_to(s, redis_server_url(s->server));
	until(s, &s->downs, 1);
	assert_non_null(strstr(s->why, "it wants a password"));
	s->redis = redis_free(s->redis);

	(void)snprintf(
		url, sizeof(url), "%.*s?password=wrong", SPAN_ARG(redis_server_url(s->server)));
	connect_to(s, span_str(url));
	until(s, &s->downs, 2);
	assert_non_null(strstr(s->why, "AUTH was refused: WRONGPASS"));
	s->redis = redis_free(s->redis);

	(void)snprintf(url, sizeof(url), "%.*s?user=u&password=p%%40s%%2F",
		SPAN_ARG(redis_server_url(s->server)));
	connect_to(s, span_str(url));
	until(s, &s->ups, 1);
	s->redis = redis_free(s->redis);
	(void)snprintf(url, sizeof(url), "%.*s?password=geheim",
		SPAN_ARG(redis_server_url(s->server)));
	connect_to(s, span_str(url));
	until(s, &s->ups, 2);
	SAY(s, "CONFIG", "SET", "requirepass", "");
}

/* Takes connections and never says a word, on TCP, by name. */
static void test_silent_peer(void **state)
{
	struct stand *s = *state;
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t n = sizeof(address);
	char url[64];

	assert_int_equal(bind(fd, (struct sockaddr *)&address, n), 0);
	assert_int_equal(listen(fd, 8), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &n), 0);
	(void)snprintf(url, sizeof(url), "redis://localhost:%d", ntohs(address.sin_port));
	connect_to(s, span_str(url));
	until(s, &s->downs, 1);
	assert_non_null(strstr(s->why, "did not answer"));
	assert_int_equal(s->ups, 0);
	(void)close(fd);
}

static void test_refused_url(void **state)
{
	struct stand *s = *state;

	log_set_level(LOG_ERROR_LEVEL + 1);
	assert_int_equal(redis_new(&s->redis, s->loop,
				 &(struct redis_options){.url = SPAN("rediss://h")}),
		-EINVAL);
	assert_null(s->redis);
}

static void test_check(void **state)
{
	static const struct {
		const char *info, *save, *error, *warning; /* NULL: none */
	} table[] = {
		{"redis_version:7.0.15\r\naof_enabled:1\r\nmaxmemory_policy:noeviction\r\nrole:"
		 "master",
			"", NULL, NULL},
		{"redis_version:6.2.0\r\naof_enabled:0\r\n", "3600 1", NULL, "append-only"},
		{"redis_version:6.2.0\r\naof_enabled:0\r\n", NULL, NULL, "append-only"},
		{"redis_version:6.2.0\r\naof_enabled:0\r\n", "", "nothing on disk", NULL},
		{"redis_version:6.0.16\r\naof_enabled:1", "", "too old", NULL},
		{"aof_enabled:1", "", "unknown version", NULL},
		{"redis_version:7.2\r\naof_enabled:1\r\nmaxmemory_policy:allkeys-lru", "",
			"noeviction", NULL},
		{"redis_version:7.2.1\r\naof_enabled:1\r\nrole:slave", "", "replica", NULL},
		{"redis_version:7.2.1\r\naof_enabled:1\r\ncluster_enabled:1", "", "Cluster",
			NULL},
		{"redis_version:7.2.1\r\naof_enabled:1\r\naof_last_write_status:err", "", NULL,
			"disk"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct err_list errors = {0}, warnings = {0};
		const struct span save = table[i].save
						 ? span_of(table[i].save, strlen(table[i].save))
						 : SPAN_NONE;

		assert_int_equal(
			redis_check_info(&errors, &warnings, span_str(table[i].info), save), 0);
		assert_int_equal(errors.n, table[i].error ? 1 : 0);
		assert_int_equal(warnings.n, table[i].warning ? 1 : 0);
		if (errors.n)
			assert_non_null(strstr(errors.items[0].text, table[i].error));
		if (warnings.n)
			assert_non_null(strstr(warnings.items[0].text, table[i].warning));
		err_list_deinit(&errors);
		err_list_deinit(&warnings);
	}
}

static void test_check_asks(void **state)
{
	struct stand *s = *state;
	struct err_list errors = {0}, warnings = {0};

	start_server(s);
	assert_int_equal(
		redis_check(&errors, &warnings, s->loop, redis_server_url(s->server), 0), 0);
	assert_int_equal(errors.n + warnings.n, 0);
	assert_int_equal(
		redis_check(&errors, &warnings, s->loop, SPAN("unix:/nowhere"), 100), 0);
	assert_int_equal(errors.n, 1);
	assert_non_null(strstr(errors.items[0].text, "start it"));
	err_list_deinit(&errors);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_commands, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_free_answers_what_is_pending, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_killed_and_back, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_stopped_server_is_left_at_the_deadline, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_password, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_silent_peer, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_refused_url, set_up, tear_down),
		cmocka_unit_test(test_check),
		cmocka_unit_test_setup_teardown(test_check_asks, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
