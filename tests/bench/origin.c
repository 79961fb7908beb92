/*
 * origin: the rest of the world for benchmarks of the whole daemon: a web server and a name
 * server that cost as little as they can, in one process. Every name leads to 127.0.0.1; every
 * path is the same feed, with a number in it that no other answer has, under a new ETag. A
 * request with a condition is answered 304, but one in CHANGED_OF.
 *
 *     bench-origin FEED [CHANGED_OF [TTL_S]]
 *
 * FEED is the answer's body; "@@@@@@@@@@" in it is where the number goes. CHANGED_OF 0: always
 * 304, 1: never. Prints {"http": PORT, "dns": PORT}, answers each line of standard input with
 * {"requests": N, "full": N, "connections": N, "names": N}, and ends when that does.
 */

#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { REQUEST_MAX = 8192, MARK_SIZE = 10, BODY_MAX = 1 << 20, EVENTS = 256 };

struct connection {
	int fd;
	size_t n;
	char text[REQUEST_MAX];
};

static char answer[BODY_MAX + 1024], *mark, *tag;
static size_t answer_size;
static uint64_t requests, full, connections, names;
static unsigned changed_of, ttl_s = 60;
static int poller;

static void need(bool ok, const char *what)
{
	if (ok)
		return;
	perror(what);
	exit(1);
}

/* A socket on a free port of 127.0.0.1. */
static int open_port(int type, int *ret_port)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(to);
	const int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

	need(fd >= 0 && bind(fd, (struct sockaddr *)&to, sizeof(to)) == 0 &&
			getsockname(fd, (struct sockaddr *)&to, &size) == 0,
		"bind");
	*ret_port = ntohs(to.sin_port);
	return fd;
}

static void watch(int fd, void *what)
{
	need(epoll_ctl(poller, EPOLL_CTL_ADD, fd,
		     &(struct epoll_event){.events = EPOLLIN, .data.ptr = what}) == 0,
		"epoll_ctl");
}

static void read_feed(const char *path)
{
	static char body[BODY_MAX];
	FILE *f = fopen(path, "r");
	size_t n;
	int head;

	need(f != NULL, path);
	n = fread(body, 1, sizeof(body), f);
	(void)fclose(f);
	head = snprintf(answer, 1024,
		"HTTP/1.1 200 OK\r\nContent-Type: application/rss+xml\r\n"
		"ETag: \"@@@@@@@@@@\"\r\nContent-Length: %zu\r\n\r\n",
		n);
	memcpy(answer + head, body, n);
	answer_size = (size_t)head + n;
	tag = strchr(answer, '@');
	mark = memmem(answer + head, n, "@@@@@@@@@@", MARK_SIZE);
}

static void send_all(int fd, const char *p, size_t n)
{
	while (n) {
		const ssize_t sent = send(fd, p, n, MSG_NOSIGNAL);

		if (sent <= 0)
			return; /* the reader will see it */
		p += sent;
		n -= (size_t)sent;
	}
}

static void reply(int fd, bool conditional)
{
	static const char unchanged[] = "HTTP/1.1 304 Not Modified\r\n\r\n";
	char number[MARK_SIZE + 1];

	requests++;
	if (conditional && (!changed_of || requests % changed_of)) {
		send_all(fd, unchanged, sizeof(unchanged) - 1);
		return;
	}
	full++;
	(void)snprintf(number, sizeof(number), "%010" PRIu64, full % UINT64_C(10000000000));
	memcpy(tag, number, MARK_SIZE);
	if (mark)
		memcpy(mark, number, MARK_SIZE);
	send_all(fd, answer, answer_size);
}

static void serve(struct connection *c)
{
	const ssize_t n = recv(c->fd, c->text + c->n, sizeof(c->text) - 1 - c->n, 0);
	char *end;

	if (n <= 0 || c->n + (size_t)n >= sizeof(c->text) - 1) {
		(void)close(c->fd);
		free(c);
		return;
	}
	c->n += (size_t)n;
	c->text[c->n] = '\0';
	while ((end = strstr(c->text, "\r\n\r\n"))) {
		*end = '\0';
		reply(c->fd, strstr(c->text, "\r\nIf-None-Match:"));
		c->n -= (size_t)(end + 4 - c->text);
		memmove(c->text, end + 4, c->n + 1);
	}
}

static void take_in(int listener)
{
	const int one = 1, fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	struct connection *c;

	if (fd < 0)
		return;
	c = malloc(sizeof(*c));
	need(c != NULL, "malloc");
	c->fd = fd;
	c->n = 0;
	connections++;
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	watch(fd, c);
}

/* RFC 1035 section 4: A is 127.0.0.1, all else has no data. */
static void tell_name(int fd)
{
	unsigned char p[512];
	struct sockaddr_in from;
	socklen_t size = sizeof(from);
	const ssize_t n = recvfrom(fd, p, sizeof(p) - 16, 0, (struct sockaddr *)&from, &size);
	size_t at = 12;

	if (n < 17)
		return;
	while (at < (size_t)n && p[at])
		at += p[at] + 1U;
	at += 5;
	if (at > (size_t)n)
		return;
	p[2] = 0x81;
	p[3] = 0x80;
	memset(p + 6, 0, 6);
	if (p[at - 3] == 1) {
		const unsigned char record[] = {0xC0, 12, 0, 1, 0, 1,
			(unsigned char)(ttl_s >> 24), (unsigned char)(ttl_s >> 16),
			(unsigned char)(ttl_s >> 8), (unsigned char)ttl_s, 0, 4, 127, 0, 0, 1};

		p[7] = 1;
		memcpy(p + at, record, sizeof(record));
		at += sizeof(record);
		names++;
	}
	(void)sendto(fd, p, at, 0, (struct sockaddr *)&from, size);
}

static void tell_counts(void)
{
	char line[256];

	if (read(STDIN_FILENO, line, sizeof(line)) <= 0)
		exit(0);
	(void)printf("{\"requests\": %" PRIu64 ", \"full\": %" PRIu64
		     ", \"connections\": %" PRIu64 ", \"names\": %" PRIu64 "}\n",
		requests, full, connections, names);
	(void)fflush(stdout);
}

int main(int argc, char **argv)
{
	static char of_web, of_names, of_input;
	const struct rlimit many = {65536, 65536};
	struct epoll_event events[EVENTS];
	int http, dns, http_port, dns_port;

	need(argc > 1, "bench-origin FEED");
	read_feed(argv[1]);
	changed_of = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 0;
	ttl_s = argc > 3 ? (unsigned)strtoul(argv[3], NULL, 10) : ttl_s;
	(void)setrlimit(RLIMIT_NOFILE, &many);
	poller = epoll_create1(EPOLL_CLOEXEC);
	http = open_port(SOCK_STREAM, &http_port);
	dns = open_port(SOCK_DGRAM, &dns_port);
	need(poller >= 0 && listen(http, 4096) == 0, "listen");
	watch(http, &of_web);
	watch(dns, &of_names);
	watch(STDIN_FILENO, &of_input);
	(void)printf("{\"http\": %d, \"dns\": %d}\n", http_port, dns_port);
	(void)fflush(stdout);
	for (;;) {
		const int n = epoll_wait(poller, events, EVENTS, -1);

		for (int i = 0; i < n; i++) {
			void *what = events[i].data.ptr;

			if (what == &of_web)
				take_in(http);
			else if (what == &of_names)
				tell_name(dns);
			else if (what == &of_input)
				tell_counts();
			else
				serve(what);
		}
	}
}
