/* The private Redis: one a folder, never left behind, whatever becomes of its daemon. */

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "io/log.h"
#include "io/redis_server.h"

struct stand {
	char folder[64];
	struct loop *loop;
	struct timer *late;
	struct arena arena;
	struct span why;
	int readies, deaths;
	char said[256];
};

static void on_late(void *arg)
{
	(void)arg;
	fail_msg("waited too long");
}

static void on_ready(void *arg)
{
	struct stand *s = arg;

	s->readies++;
	loop_stop(s->loop);
}

static void on_died(void *arg, struct span why)
{
	struct stand *s = arg;

	s->deaths++;
	(void)snprintf(s->said, sizeof(s->said), "%.*s", SPAN_ARG(why));
	loop_stop(s->loop);
}

static int set_up(void **state)
{
	struct stand *s = calloc(1, sizeof(*s));

	(void)strcpy(s->folder, "/tmp/vigie-server-XXXXXX");
	assert_non_null(mkdtemp(s->folder));
	assert_int_equal(loop_new(&s->loop), 0);
	assert_int_equal(timer_new(&s->late, s->loop, on_late, s), 0);
	assert_int_equal(timer_set(s->late, 40000), 0);
	log_set_level(LOG_ERROR_LEVEL + 1);
	*state = s;
	return 0;
}

static int tear_down(void **state)
{
	struct stand *s = *state;
	char command[128];

	(void)timer_free(s->late);
	(void)loop_free(s->loop);
	arena_release(&s->arena);
	(void)snprintf(command, sizeof(command), "rm -rf '%s'", s->folder);
	assert_int_equal(system(command), 0);
	free(s);
	return 0;
}

static int start(
	struct stand *s, struct redis_server **ret, const char *folder, const char *program)
{
	return redis_server_new(ret, s->loop,
		&(struct redis_server_options){.folder = folder,
			.program = program,
			.ready = on_ready,
			.died = on_died,
			.arg = s},
		&s->arena, &s->why);
}

static void until(struct stand *s, const int *counter, int value)
{
	while (*counter < value)
		assert_int_equal(loop_run(s->loop), 0);
}

static void test_life(void **state)
{
	struct stand *s = *state;
	struct redis_server *server = NULL;
	struct stat st;
	char path[128];
	int pid;

	assert_int_equal(start(s, &server, s->folder, NULL), 0);
	assert_false(redis_server_ready(server));
	until(s, &s->readies, 1);
	pid = redis_server_pid(server);
	assert_int_equal(getpgid(pid), pid); /* Ctrl-C is not for it */
	(void)snprintf(path, sizeof(path), "%s/redis/redis.sock", s->folder);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 077, 0);
	server = redis_server_free(server);
	assert_int_equal(kill(pid, 0), -1);
	assert_int_equal(errno, ESRCH);
	assert_int_equal(stat(path, &st), -1);
}

static void test_dies_and_comes_back(void **state)
{
	struct stand *s = *state;
	struct redis_server *server = NULL;

	assert_int_equal(start(s, &server, s->folder, NULL), 0);
	until(s, &s->readies, 1);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(kill(redis_server_pid(server), SIGKILL), 0);
		until(s, &s->readies, i + 2);
		assert_int_equal(s->deaths, i + 1);
		assert_string_equal(s->said, "ended by signal 9");
	}
	server = redis_server_free(server);
}

static void test_hung_server_is_stopped_too(void **state)
{
	struct stand *s = *state;
	struct redis_server *server = NULL;
	int pid;

	assert_int_equal(start(s, &server, s->folder, NULL), 0);
	until(s, &s->readies, 1);
	pid = redis_server_pid(server);
	assert_int_equal(kill(pid, SIGSTOP), 0);
	server = redis_server_free(server);
	assert_int_equal(kill(pid, 0), -1);
}

static void test_its_last_words_are_told(void **state)
{
	struct stand *s = *state;
	struct redis_server *server = NULL;
	char command[256];

	(void)snprintf(command, sizeof(command),
		"mkdir -p %s/redis/appendonlydir && echo rubbish > "
		"%s/redis/appendonlydir/appendonly.aof.manifest",
		s->folder, s->folder);
	assert_int_equal(system(command), 0);
	assert_int_equal(start(s, &server, s->folder, NULL), 0);
	until(s, &s->deaths, 2);
	assert_int_equal(s->readies, 0);
	if (!strstr(s->said, "manifest"))
		fail_msg("%s", s->said);
	server = redis_server_free(server);
}

static void test_what_cannot_start(void **state)
{
	struct stand *s = *state;
	struct redis_server *server = NULL;
	char path[128];

	assert_int_equal(start(s, &server, s->folder, "no-such-server"), -ENOENT);
	assert_non_null(strstr(s->why.p, "apt-get install redis-server"));
	(void)snprintf(path, sizeof(path), "%s/file", s->folder);
	(void)close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	assert_int_equal(start(s, &server, path, NULL), -ENOTDIR);
	assert_non_null(strstr(s->why.p, "cannot be written"));
	(void)snprintf(path, sizeof(path), "%s/no/such", s->folder);
	assert_int_equal(start(s, &server, path, NULL), -ENOENT);
	assert_null(server);
}

static void test_long_folder_gets_a_short_socket(void **state)
{
	struct stand *s = *state;
	struct redis_server *server = NULL;
	char path[256], socket[128];
	struct stat st;

	(void)unsetenv("XDG_RUNTIME_DIR");
	(void)snprintf(path, sizeof(path), "%s/%0120d", s->folder, 7);
	assert_int_equal(start(s, &server, path, NULL), 0);
	until(s, &s->readies, 1);
	(void)snprintf(
		socket, sizeof(socket), "%s", redis_server_url(server).p + strlen("unix:"));
	assert_int_equal(strncmp(socket, "/tmp/vigie-", 11), 0);
	*strrchr(socket, '/') = '\0';
	assert_int_equal(stat(socket, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	server = redis_server_free(server);
	assert_int_equal(stat(socket, &st), -1);
}

/* Runs a daemon of its own; its process and its Redis' are returned once that answers. */
static pid_t other_daemon(struct stand *s, pid_t *ret_redis)
{
	int ends[2], redis = 0;
	pid_t pid;

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		struct stand mine = {0};
		struct redis_server *server = NULL;

		if (loop_new(&mine.loop) < 0 || start(&mine, &server, s->folder, NULL) < 0)
			_exit(1);
		while (!mine.readies)
			(void)loop_run(mine.loop);
		redis = redis_server_pid(server);
		(void)!write(ends[1], &redis, sizeof(redis));
		for (;;)
			(void)loop_run(mine.loop);
	}
	(void)close(ends[1]);
	assert_int_equal(read(ends[0], &redis, sizeof(redis)), sizeof(redis));
	(void)close(ends[0]);
	*ret_redis = redis;
	return pid;
}

static void test_second_daemon_is_told(void **state)
{
	struct stand *s = *state;
	struct redis_server *server = NULL;
	pid_t redis;
	const pid_t daemon = other_daemon(s, &redis);

	assert_int_equal(start(s, &server, s->folder, NULL), -EBUSY);
	assert_non_null(strstr(s->why.p, "another vigie"));
	assert_int_equal(kill(daemon, SIGKILL), 0);
	assert_int_equal(waitpid(daemon, NULL, 0), daemon);
	/* The killed daemon's Redis ends by itself; the next daemon waits for that. */
	assert_int_equal(start(s, &server, s->folder, NULL), 0);
	until(s, &s->readies, 1);
	assert_int_not_equal(redis_server_pid(server), redis);
	assert_int_equal(s->deaths, 0);
	server = redis_server_free(server);
}

static void test_stuck_orphan_is_ended(void **state)
{
	struct stand *s = *state;
	struct redis_server *server = NULL;
	pid_t redis;
	const pid_t daemon = other_daemon(s, &redis);

	assert_int_equal(kill(redis, SIGSTOP), 0);
	assert_int_equal(kill(daemon, SIGKILL), 0);
	assert_int_equal(waitpid(daemon, NULL, 0), daemon);
	assert_int_equal(start(s, &server, s->folder, NULL), 0);
	until(s, &s->readies, 1);
	assert_int_not_equal(redis_server_pid(server), redis);
	server = redis_server_free(server);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_life, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_dies_and_comes_back, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_hung_server_is_stopped_too, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_its_last_words_are_told, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_what_cannot_start, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_long_folder_gets_a_short_socket, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_second_daemon_is_told, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_stuck_orphan_is_ended, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
