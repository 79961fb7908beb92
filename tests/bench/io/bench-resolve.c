/*
 * What a host costs before its first byte: names that were never asked for, by resolve (c-ares
 * on the loop), and by getaddrinfo() in a thread a name, which is how Debian's libcurl looks
 * them up. Both ask the same name server on loopback, in a process of its own, turn by turn in
 * one run; only this process's CPU time counts.
 *
 *     bench-resolve [NAMES_PER_TURN [TURNS]]
 */

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <resolv.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/resolve.h"

enum { AT_ONCE = 32, TURNS_MAX = 50, LONG_MS = 10000, STACK_BYTES = 256 * 1024 };

static struct sockaddr_in server;
static int turn;

static void need(int ok, const char *what)
{
	if (ok)
		return;
	(void)fprintf(stderr, "bench-resolve: %s\n", what);
	exit(1);
}

/* RFC 1035 section 4: A is 127.0.0.1, all else has no data. */
static void serve(int fd)
{
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		unsigned char p[512];
		struct sockaddr_in from;
		socklen_t size = sizeof(from);
		const ssize_t n =
			recvfrom(fd, p, sizeof(p) - 16, 0, (struct sockaddr *)&from, &size);
		static const unsigned char record[] = {
			0xC0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 127, 0, 0, 1};
		size_t at = 12;

		if (n < 17)
			continue;
		while (at < (size_t)n && p[at])
			at += p[at] + 1U;
		at += 5;
		if (at > (size_t)n)
			continue;
		p[2] = 0x81;
		p[3] = 0x80;
		memset(p + 6, 0, 6);
		if (p[at - 3] == 1) {
			p[7] = 1;
			memcpy(p + at, record, sizeof(record));
			at += sizeof(record);
		}
		(void)sendto(fd, p, at, 0, (struct sockaddr *)&from, size);
	}
}

static double cpu_us(void)
{
	struct rusage u;

	(void)getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e6 +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

static void name_of(char ret[64], const char *who, int i)
{
	(void)snprintf(ret, 64, "site-%d-%d.%s.example", turn, i, who);
}

/* --- Ours --------------------------------------------------------------------------------- */

struct ours {
	struct loop *loop;
	struct resolve *resolve;
	int next, most, running;
};

static void ask_next(struct ours *o);

static void on_answer(void *arg, const struct resolve_answer *answer)
{
	struct ours *o = arg;

	need(answer->end == RESOLVE_FOUND && answer->n == 1, "no address");
	o->running--;
	if (o->next < o->most)
		ask_next(o);
	else if (!o->running)
		loop_stop(o->loop);
}

static void ask_next(struct ours *o)
{
	struct resolve_ask *ask;
	char name[64];

	name_of(name, "ours", o->next++);
	o->running++;
	need(resolve_start(&ask, o->resolve, span_str(name), LONG_MS, on_answer, o) == 0,
		"resolve_start");
}

static double turn_ours(struct ours *o, int n)
{
	const double began = cpu_us();

	o->next = 0;
	o->most = n;
	while (o->next < AT_ONCE)
		ask_next(o);
	need(loop_run(o->loop) == 0, "loop_run");
	return (cpu_us() - began) / n;
}

/* --- A thread a name ---------------------------------------------------------------------- */

static sem_t places;

static void *look_up(void *arg)
{
	const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
	struct addrinfo *found = NULL;
	char *name = arg;

	/* The thread's own resolver state, which glibc would read from resolv.conf. */
	need(res_ninit(&_res) == 0, "res_ninit");
	_res.nscount = 1;
	_res.nsaddr_list[0] = server;
	need(getaddrinfo(name, "80", &hints, &found) == 0 && found, name);
	freeaddrinfo(found);
	free(name);
	(void)sem_post(&places);
	return NULL;
}

static double turn_threads(int n)
{
	const double began = cpu_us();
	pthread_attr_t attributes;

	need(pthread_attr_init(&attributes) == 0 &&
			pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED) ==
				0 &&
			pthread_attr_setstacksize(&attributes, STACK_BYTES) == 0,
		"thread attributes");
	for (int i = 0; i < n; i++) {
		char *name = malloc(64);
		pthread_t thread;

		need(name != NULL, "malloc");
		name_of(name, "threads", i);
		while (sem_wait(&places) < 0)
			;
		need(pthread_create(&thread, &attributes, look_up, name) == 0, "a thread");
	}
	for (int i = 0; i < AT_ONCE; i++)
		while (sem_wait(&places) < 0)
			;
	for (int i = 0; i < AT_ONCE; i++)
		(void)sem_post(&places);
	(void)pthread_attr_destroy(&attributes);
	return (cpu_us() - began) / n;
}

static int by_size(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
	const int n = argc > 1 ? atoi(argv[1]) : 1000;
	const int turns = argc > 2 ? atoi(argv[2]) : 7;
	double ours[TURNS_MAX], threads[TURNS_MAX];
	socklen_t size = sizeof(server);
	struct ours o = {0};
	char text[32];
	int fd;
	pid_t child;

	need(n >= AT_ONCE && turns > 0 && turns <= TURNS_MAX, "odd arguments");
	server = (struct sockaddr_in){
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	need(fd >= 0 && bind(fd, (struct sockaddr *)&server, size) == 0 &&
			getsockname(fd, (struct sockaddr *)&server, &size) == 0,
		"no port");
	child = fork();
	need(child >= 0, "fork");
	if (!child)
		serve(fd);
	(void)close(fd);
	(void)snprintf(text, sizeof(text), "127.0.0.1:%d", ntohs(server.sin_port));
	need(sem_init(&places, 0, AT_ONCE) == 0 && loop_new(&o.loop) == 0 &&
			resolve_new(&o.resolve, o.loop,
				&(struct resolve_options){.nameservers = text}) == 0,
		"resolve_new");
	for (turn = 0; turn < turns; turn++) {
		ours[turn] = turn_ours(&o, n);
		threads[turn] = turn_threads(n);
	}
	need(resolve_stats(o.resolve)->answered == (uint64_t)turns * (uint64_t)n,
		"names were answered from memory");
	qsort(ours, (size_t)turns, sizeof(double), by_size);
	qsort(threads, (size_t)turns, sizeof(double), by_size);
	(void)printf("CPU time of a name that was never asked for, %d at once; median of %d "
		     "turns of "
		     "%d (least, most)\n"
		     "resolve, on the loop      %7.1f us  (%.1f, %.1f)\n"
		     "getaddrinfo in a thread   %7.1f us  (%.1f, %.1f)\n"
		     "ratio                     %7.2f\n",
		AT_ONCE, turns, n, ours[turns / 2], ours[0], ours[turns - 1],
		threads[turns / 2], threads[0], threads[turns - 1],
		ours[turns / 2] / threads[turns / 2]);
	(void)resolve_free(o.resolve);
	(void)loop_free(o.loop);
	(void)kill(child, SIGTERM);
	(void)waitpid(child, NULL, 0);
	return 0;
}
