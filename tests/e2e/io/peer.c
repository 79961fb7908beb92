#include "peer.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

void peer_start(struct peer *peer, char *const *argv)
{
	int in[2], out[2];

	*peer = (struct peer){0};
	assert_int_equal(pipe2(in, O_CLOEXEC), 0);
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	peer->pid = fork();
	assert_true(peer->pid >= 0);
	if (peer->pid == 0) {
		(void)dup2(in[0], STDIN_FILENO);
		(void)dup2(out[1], STDOUT_FILENO);
		(void)signal(SIGPIPE, SIG_DFL);
		(void)execv(argv[0], argv);
		_exit(127);
	}
	(void)close(in[0]);
	(void)close(out[1]);
	peer->input = in[1];
	peer->output = fdopen(out[0], "r");
	assert_non_null(peer->output);
	peer->ports = peer_line(peer);
	assert_non_null(peer->ports);
}

json_t *peer_line(struct peer *peer)
{
	char *line = NULL;
	size_t capacity = 0;
	json_t *read = NULL;

	if (getline(&line, &capacity, peer->output) > 0)
		read = json_loads(line, 0, NULL);
	free(line);
	return read;
}

int peer_port(const struct peer *peer, const char *name)
{
	return (int)json_integer_value(json_object_get(peer->ports, name));
}

const char *peer_text(const struct peer *peer, const char *name)
{
	return json_string_value(json_object_get(peer->ports, name));
}

void peer_stop(struct peer *peer)
{
	int status;

	(void)close(peer->input);
	(void)fclose(peer->output);
	json_decref(peer->ports);
	assert_int_equal(waitpid(peer->pid, &status, 0), peer->pid);
}
