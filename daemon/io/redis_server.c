/*
 * redis_server: waits for the folder's lock, starts the child, watches it through a pidfd,
 * passes its log lines on, and starts it again when it is gone.
 */

#include "io/redis_server.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/log.h"
#include "io/redis.h"
#include "io/redis_flush.h"
#include "io/redis_lock.h"
#include "io/redis_server_config.h"
#include "vigie/buf.h"
#include "vigie/cleanup.h"

enum {
	LOCK_ASK_MS = 5, /* an orphan in its normal end is gone in a tenth of a second */
	LOCK_ASK_LATER_MS = 50,
	LOCK_SAY_MS = 500,   /* … and not worth a line */
	LOCK_TERM_MS = 3000, /* a child with a long file to load may miss the first signal */
	LOCK_KILL_MS = 8000,
	STOP_TERM_MS = 3000,
	BACKOFF_FIRST_MS = 100,
	BACKOFF_MAX_MS = 10000,
	STEADY_MS = 10000, /* up this long: the next death begins with the first delay */
	DEATHS_BEFORE_ERROR = 3,
	LINE_MAX_BYTES = 1024,
	LOCK_FD = 3, /* in the child */
};

struct redis_server {
	struct loop *loop;
	char *program, *folder, *socket, *socket_folder, *url;
	void (*ready_cb)(void *arg);
	void (*died_cb)(void *arg, struct span why);
	void *arg;

	int lock_fd;
	bool locked, lock_said, term_sent, kill_sent;
	struct mono lock_since;

	pid_t pid;
	int pid_fd, log_fd;
	struct watch *pid_watch, *log_watch;
	struct timer *timer; /* asks for the lock, or starts again */
	struct redis *redis; /* knows when it answers */
	struct redis_flush *flush;
	bool ready, stopping;
	struct mono ready_since;
	unsigned deaths;
	int64_t backoff_ms;
	struct buf line;
	char said[256]; /* its last words */
};

/* --- Its log ---------------------------------------------------------------------------------
 */

static void pass_line(struct redis_server *s, struct span line)
{
	static const char last_words[] = "ready to accept connections";
	char level;
	const struct span text = redis_server_said(line, &level);

	if (span_empty(text))
		return;
	/* Both 6.2 and 7 end so; with another wording it is asked until it answers. */
	if (!s->stopping && memmem(text.p, text.n, last_words, strlen(last_words)))
		redis_try(s->redis);
	if (level == '#' || !level)
		(void)snprintf(
			s->said, sizeof(s->said), "%.*s", SPAN_ARG(span_slice(text, 0, 250)));
	/* Its greetings and its farewell come as warnings. */
	if (level == '#' && s->ready && !s->stopping)
		log_warning("redis_server.said", TEXT("text", text));
	else
		log_debug("redis_server.said", TEXT("text", text));
}

static void read_log(struct redis_server *s)
{
	char bytes[4096];
	ssize_t n;

	while ((n = read(s->log_fd, bytes, sizeof(bytes))) > 0) {
		for (ssize_t i = 0; i < n; i++) {
			if (bytes[i] == '\n' || s->line.n >= LINE_MAX_BYTES) {
				pass_line(s, buf_span(&s->line));
				buf_clear(&s->line);
			}
			if (bytes[i] != '\n')
				buf_add_char(&s->line, bytes[i]);
		}
	}
	if (n == 0 && s->log_watch)
		(void)watch_set(s->log_watch, 0);
}

static void on_log(void *arg, int what)
{
	(void)what;
	read_log(arg);
}

/* --- Its birth -------------------------------------------------------------------------------
 */

/* Between fork and exec: only what signal-safety(7) allows. */
static _Noreturn void become_server(const struct redis_server *s, pid_t parent, int in, int out)
{
	static const int defaults[] = {SIGTERM, SIGINT, SIGHUP, SIGCHLD, SIGUSR1, SIGUSR2};
	static char *const environment[] = {(char *)"LANG=C", NULL};
	char *const argv[] = {(char *)"redis-server", (char *)"-", NULL};
	static const char no_exec[] = "redis-server could not be executed\n";
	sigset_t none;

	if (prctl(PR_SET_PDEATHSIG, SIGTERM) < 0 || getppid() != parent)
		_exit(0); /* the parent was gone before it could have told */
	(void)setpgid(0, 0);
	if (dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0 ||
		dup2(s->lock_fd, LOCK_FD) < 0)
		_exit(126);
	(void)fcntl(LOCK_FD, F_SETFD, 0); /* when it was that number already */
	(void)close_range(LOCK_FD + 1, ~0u, 0);
	(void)umask(077);
	for (size_t i = 0; i < sizeof(defaults) / sizeof(*defaults); i++)
		(void)signal(defaults[i], SIG_DFL);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)execve(s->program, argv, environment);
	(void)!write(2, no_exec, sizeof(no_exec) - 1);
	_exit(127);
}

/* Both ends above the numbers that become_server() fills. */
static int pipe_above(int ends[2])
{
	int low[2];

	if (pipe2(low, O_CLOEXEC) < 0)
		return -errno;
	for (int i = 0; i < 2; i++) {
		ends[i] = fcntl(low[i], F_DUPFD_CLOEXEC, LOCK_FD + 1);
		(void)close(low[i]);
	}
	if (ends[0] >= 0 && ends[1] >= 0)
		return 0;
	for (int i = 0; i < 2; i++)
		if (ends[i] >= 0)
			(void)close(ends[i]);
	return -EMFILE;
}

static void close_pair(int ends[2])
{
	for (int i = 0; i < 2; i++)
		if (ends[i] >= 0)
			(void)close(ends[i]);
}

static int spawn(struct redis_server *s, int in, int out)
{
	const pid_t parent = getpid();
	sigset_t all, before;
	int r = 0;

	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	s->pid = fork();
	if (s->pid == 0)
		become_server(s, parent, in, out);
	if (s->pid < 0) {
		r = -errno;
		s->pid = 0;
	}
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return r;
}

static void on_exit_seen(void *arg, int what);
static void start_later(struct redis_server *s, const char *why);

static int start(struct redis_server *s)
{
	int config[2] = {-1, -1}, log[2] = {-1, -1};
	struct buf text = {0};
	int r;

	redis_server_config(&text, s->folder, s->socket);
	r = buf_result(&text);
	if (!r)
		r = pipe_above(config);
	if (!r)
		r = pipe_above(log);
	/* The child must never wait for us: what does not fit the pipe is lost to the log only.
	 */
	if (!r && (fcntl(log[0], F_SETFL, O_NONBLOCK) < 0 ||
			  fcntl(log[1], F_SETFL, O_NONBLOCK) < 0))
		r = -errno;
	if (!r && write(config[1], text.p, text.n) != (ssize_t)text.n) /* far below PIPE_BUF */
		r = -EIO;
	if (!r)
		r = spawn(s, config[0], log[1]);
	close_pair(config);
	if (log[1] >= 0)
		(void)close(log[1]);
	buf_deinit(&text);
	if (r < 0) {
		if (log[0] >= 0)
			(void)close(log[0]);
		return r;
	}
	s->log_fd = log[0];
	s->said[0] = '\0';
	redis_lock_write(s->lock_fd, getpid(), s->pid);
	s->pid_fd = pidfd_open(s->pid, 0);
	r = s->pid_fd < 0 ? -errno
			  : watch_new(&s->pid_watch, s->loop, s->pid_fd, on_exit_seen, s);
	if (!r)
		r = watch_set(s->pid_watch, WATCH_READ);
	if (!r)
		r = watch_new(&s->log_watch, s->loop, s->log_fd, on_log, s);
	if (!r)
		r = watch_set(s->log_watch, WATCH_READ);
	log_debug("redis_server.started", INT("pid", s->pid));
	return r;
}

/* --- Its death -------------------------------------------------------------------------------
 */

static void forget_child(struct redis_server *s)
{
	if (s->log_fd >= 0)
		read_log(s);
	s->pid_watch = watch_free(s->pid_watch);
	s->log_watch = watch_free(s->log_watch);
	if (s->pid_fd >= 0)
		(void)close(s->pid_fd);
	if (s->log_fd >= 0)
		(void)close(s->log_fd);
	s->pid_fd = s->log_fd = -1;
	s->pid = 0;
	s->ready = false;
	buf_clear(&s->line);
}

static void on_exit_seen(void *arg, int what)
{
	struct redis_server *s = arg;
	char why[320];
	int status = 0;

	(void)what;
	if (waitpid(s->pid, &status, WNOHANG) != s->pid)
		return;
	if (s->ready && loop_now(s->loop).ms - s->ready_since.ms >= STEADY_MS) {
		s->deaths = 0;
		s->backoff_ms = BACKOFF_FIRST_MS;
	}
	forget_child(s);
	if (WIFSIGNALED(status))
		(void)snprintf(why, sizeof(why), "ended by signal %d", WTERMSIG(status));
	else
		(void)snprintf(why, sizeof(why), "ended with status %d: %s",
			WEXITSTATUS(status), s->said);
	start_later(s, why);
}

static void start_later(struct redis_server *s, const char *why)
{
	const int64_t ms = s->backoff_ms;

	s->backoff_ms = ms * 2 < BACKOFF_MAX_MS ? ms * 2 : BACKOFF_MAX_MS;
	s->deaths++;
	log_write(s->deaths >= DEATHS_BEFORE_ERROR ? LOG_ERROR_LEVEL : LOG_WARNING_LEVEL,
		"redis_server.died", LOG_PAIRS(STR("why", why), INT("again_in_ms", ms)));
	(void)timer_set(s->timer, ms);
	if (s->died_cb)
		s->died_cb(s->arg, span_str(why));
}

static void start_now(struct redis_server *s)
{
	int r = start(s);

	if (r == 0)
		return;
	if (s->pid) {
		(void)kill(s->pid, SIGKILL);
		(void)waitpid(s->pid, NULL, 0);
	}
	forget_child(s);
	start_later(s, strerror(-r));
}

static void on_answers(void *arg)
{
	struct redis_server *s = arg;

	if (!s->pid)
		return;
	s->ready = true;
	s->ready_since = loop_now(s->loop);
	log_info("redis_server.ready", INT("pid", s->pid), STR("socket", s->socket));
	if (s->ready_cb)
		s->ready_cb(s->arg);
}

/* --- The lock --------------------------------------------------------------------------------
 */

/* The lock is held by what a killed daemon left behind: it is ending, or is made to. */
static void press_orphan(struct redis_server *s)
{
	const int64_t waited_ms = loop_now(s->loop).ms - s->lock_since.ms;
	const int wanted = waited_ms >= LOCK_KILL_MS   ? SIGKILL
			   : waited_ms >= LOCK_TERM_MS ? SIGTERM
						       : 0;
	pid_t daemon, server;

	if (waited_ms >= LOCK_SAY_MS && !s->lock_said) {
		s->lock_said = true;
		log_warning("redis_server.waited",
			STR("for", "the Redis of an earlier daemon to end"));
	}
	if (!wanted || (wanted == SIGTERM ? s->term_sent : s->kill_sent))
		return;
	redis_lock_holders(s->lock_fd, &daemon, &server);
	if (!server)
		return;
	s->term_sent = true;
	s->kill_sent = wanted == SIGKILL;
	log_warning("redis_server.orphan_signalled", INT("pid", server), INT("signal", wanted));
	(void)redis_lock_signal(s->lock_fd, server, wanted);
	(void)redis_lock_signal(s->lock_fd, server, SIGCONT);
}

static void on_timer(void *arg)
{
	struct redis_server *s = arg;
	int r;

	if (!s->locked) {
		r = redis_lock_try(s->lock_fd);
		if (r) {
			press_orphan(s);
			(void)timer_set(
				s->timer, s->lock_said ? LOCK_ASK_LATER_MS : LOCK_ASK_MS);
			return;
		}
		s->locked = true;
	}
	if (!s->flush && redis_flush_new(&s->flush, s->folder) < 0) {
		start_later(s, "no thread to flush its file");
		return;
	}
	start_now(s);
}

/* --- The door --------------------------------------------------------------------------------
 */

static char *find_program(const char *wanted)
{
	static const char places[] = "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin";
	const char *path = getenv("PATH");
	struct buf all = {0};
	char *found = NULL;

	if (wanted && strchr(wanted, '/'))
		return access(wanted, X_OK) == 0 ? strdup(wanted) : NULL;
	buf_addf(&all, "%s:%s", path ? path : "", places);
	for (struct span rest = buf_span(&all); rest.n && !found;) {
		const size_t end = span_find(rest, ':');

		if (rest.p[0] == '/' && asprintf(&found, "%.*s/%s", (int)end, rest.p,
						wanted ? wanted : "redis-server") < 0)
			found = NULL;
		if (found && access(found, X_OK) < 0) {
			free(found);
			found = NULL;
		}
		rest = span_slice(rest, end + 1, rest.n);
	}
	buf_deinit(&all);
	return found;
}

static int make_folder(
	struct redis_server *s, const char *folder, struct arena *arena, struct span *ret_why)
{
	char *real = NULL, *path = NULL;
	int r = 0;

	if (mkdir(folder, 0700) < 0 && errno != EEXIST)
		r = -errno;
	if (!r) {
		real = realpath(folder, NULL);
		r = real ? 0 : -errno;
	}
	if (!r && asprintf(&s->folder, "%s/redis", real) < 0) {
		s->folder = NULL;
		r = -ENOMEM;
	}
	if (!r && mkdir(s->folder, 0700) < 0 && errno != EEXIST)
		r = -errno;
	if (!r && asprintf(&path, "%s/redis.lock", s->folder) < 0) {
		path = NULL;
		r = -ENOMEM;
	}
	if (!r)
		r = redis_lock_open(&s->lock_fd, path);
	if (r < 0)
		*ret_why = arena_printf(arena,
			"the state folder %s cannot be written (%s): make it writable for this "
			"user, or "
			"set 'state' to another folder",
			folder, strerror(-r));
	free(real);
	free(path);
	return r;
}

static int make_socket(struct redis_server *s, struct arena *arena, struct span *ret_why)
{
	const int r = redis_server_socket(&s->socket, &s->socket_folder, s->folder);
	struct buf url = {0};

	if (r < 0) {
		*ret_why = arena_printf(arena,
			"no place for the socket of Redis (%s): set 'state' to a shorter path",
			strerror(-r));
		return r;
	}
	buf_add_str(&url, "unix:");
	for (const char *c = s->socket; *c; c++)
		if (strchr("%?", *c))
			buf_addf(&url, "%%%02X", (unsigned)*c);
		else
			buf_add_char(&url, *c);
	s->url = buf_take(&url);
	return s->url ? 0 : -ENOMEM;
}

static int take_lock(struct redis_server *s, struct arena *arena, struct span *ret_why)
{
	const int r = redis_lock_try(s->lock_fd);
	pid_t daemon, server;

	s->lock_since = loop_now(s->loop);
	if (r < 0)
		return r;
	if (r == 0) {
		s->locked = true;
		return 0;
	}
	redis_lock_holders(s->lock_fd, &daemon, &server);
	if (!daemon)
		return 0;
	*ret_why = arena_printf(arena,
		"another vigie (process %d) uses the state folder: stop it, or set 'state' to "
		"another "
		"folder",
		(int)daemon);
	return -EBUSY;
}

DEFINE_CLEANUP(struct redis_server *, redis_server_free)

int redis_server_new(struct redis_server **ret, struct loop *loop,
	const struct redis_server_options *options, struct arena *arena, struct span *ret_why)
{
	CLEANUP(redis_server_freep) struct redis_server *s = calloc(1, sizeof(*s));
	int r;

	*ret_why = SPAN("out of memory");
	if (!s)
		return -ENOMEM;
	s->loop = loop;
	s->lock_fd = s->pid_fd = s->log_fd = -1;
	s->backoff_ms = BACKOFF_FIRST_MS;
	s->program = find_program(options->program);
	if (!s->program) {
		*ret_why = SPAN(
			"redis-server is not installed: run 'apt-get install redis-server', or "
			"set 'redis' to the URL of yours");
		return -ENOENT;
	}
	r = make_folder(s, options->folder, arena, ret_why);
	if (r == 0)
		r = make_socket(s, arena, ret_why);
	if (r == 0)
		r = take_lock(s, arena, ret_why);
	if (r == 0)
		r = timer_new(&s->timer, loop, on_timer, s);
	if (r == 0)
		r = timer_set(s->timer, 0);
	if (r == 0)
		r = redis_new(&s->redis, loop,
			&(struct redis_options){.url = redis_server_url(s),
				.up = on_answers,
				.arg = s,
				.quiet = true});
	if (r < 0)
		return r;
	s->ready_cb = options->ready;
	s->died_cb = options->died;
	s->arg = options->arg;
	*ret = TAKE(s);
	return 0;
}

static void stop_child(struct redis_server *s)
{
	struct pollfd ended = {.fd = s->pid_fd, .events = POLLIN};
	int n;

	s->stopping = true;
	(void)kill(s->pid, SIGTERM);
	(void)kill(s->pid, SIGCONT);
	do
		n = poll(&ended, 1, STOP_TERM_MS);
	while (n < 0 && errno == EINTR);
	if (n == 0) {
		log_warning("redis_server.killed", INT("pid", s->pid),
			INT("after_ms", STOP_TERM_MS));
		(void)kill(s->pid, SIGKILL);
	}
	while (waitpid(s->pid, NULL, 0) < 0 && errno == EINTR)
		;
	forget_child(s);
	(void)unlink(s->socket);
	log_debug("redis_server.stopped");
}

struct redis_server *redis_server_free(struct redis_server *s)
{
	if (!s)
		return NULL;
	s->redis = redis_free(s->redis);
	s->timer = timer_free(s->timer);
	if (s->pid)
		stop_child(s);
	s->flush = redis_flush_free(s->flush);
	if (s->socket_folder && s->locked)
		(void)rmdir(s->socket_folder);
	if (s->lock_fd >= 0)
		(void)close(s->lock_fd);
	buf_deinit(&s->line);
	free(s->program);
	free(s->folder);
	free(s->socket);
	free(s->socket_folder);
	free(s->url);
	free(s);
	return NULL;
}

struct span redis_server_url(const struct redis_server *server)
{
	return span_str(server->url);
}

bool redis_server_ready(const struct redis_server *server)
{
	return server->ready;
}

int redis_server_pid(const struct redis_server *server)
{
	return server->pid;
}
