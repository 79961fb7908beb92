/*
 * transfer: a libcurl multi on the loop. Two callbacks say what to watch and when to wake;
 * libcurl is never called from inside them. What has ended is collected and leaves from the
 * loop (`drain`), so that whoever hears of it may start, cancel and free as he likes. What is
 * asked and what the answer means is the business of the kinds: transfer_fetch.c, _send.c,
 * _mail.c.
 */

#include "io/transfer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io/transfer_impl.h"
#include "vigie/cleanup.h"
#include "vigie/version.h"

enum {
	DEFAULT_CONNECT_MS = 15000,
	DEFAULT_TOTAL_MS = 60000,
	DEFAULT_LEAST_BYTES_PER_S = 100,
	DEFAULT_LEAST_OVER_S = 30,
	DEFAULT_MAX_BODY = 16 * 1024 * 1024,
	DEFAULT_MAX_HEADER = 64 * 1024,
	DEFAULT_MAX_CONNECTIONS = 256,
	DEFAULT_MAX_PER_HOST = 2,
	HOST_MEMORY_S = 2,
	/* Connections kept for the next request, and how long. When libcurl 7.88 has to throw
	 * one out for lack of room, an empty place for its host stays in the list it walks each
	 * time (extract_oldest in conncache.c), and a crawl of many hosts soon does nothing
	 * else: so it never has to. */
	KEPT_MAX = 128,
	KEPT_S = 60,
	/* libcurl carries each new handle as far as its request goes in the one call of its
	 * timer, a third of a millisecond each: no more of them in a turn of the loop. So with
	 * answers: who hears of one may read, decode and ask anew. */
	STARTS_A_TURN = 8,
	ENDS_A_TURN = 16,
};

/* A socket libcurl waits on. */
struct pocket {
	struct transfer *transfer;
	curl_socket_t fd;
	struct watch *watch;
};

static void pump(struct transfer *t, curl_socket_t fd, int what)
{
	int running;

	(void)curl_multi_socket_action(t->multi, fd, what, &running);
	timer_soon(t->drain);
}

static void on_timer(void *arg)
{
	pump(arg, CURL_SOCKET_TIMEOUT, 0);
}

static void on_ready(void *arg, int what)
{
	const struct pocket *p = arg; /* may be gone when pump() returns */

	pump(p->transfer, p->fd,
		(what & WATCH_READ ? CURL_CSELECT_IN : 0) |
			(what & WATCH_WRITE ? CURL_CSELECT_OUT : 0));
}

static struct pocket *pocket_free(struct pocket *p)
{
	if (!p)
		return NULL;
	p->watch = watch_free(p->watch);
	free(p);
	return NULL;
}

/* libcurl's; curl_multi_assign() is the one call it may make. */
static int on_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *socket_arg)
{
	struct transfer *t = arg;
	struct pocket *p = socket_arg;
	int r = 0;

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		(void)pocket_free(p);
		return 0;
	}
	if (!p) {
		p = calloc(1, sizeof(*p));
		if (!p)
			return -1;
		p->transfer = t;
		p->fd = fd;
		r = watch_new(&p->watch, t->loop, fd, on_ready, p);
		if (r < 0 || curl_multi_assign(t->multi, fd, p) != CURLM_OK) {
			(void)pocket_free(p);
			return -1;
		}
	}
	r = watch_set(p->watch, (what & CURL_POLL_IN ? WATCH_READ : 0) |
					(what & CURL_POLL_OUT ? WATCH_WRITE : 0));
	return r < 0 ? -1 : 0;
}

/* libcurl's; arms a timer and calls nothing of libcurl's. */
static int on_timeout(CURLM *multi, long ms, void *arg)
{
	struct transfer *t = arg;

	(void)multi;
	if (ms < 0)
		timer_clear(t->timer);
	else if (timer_set(t->timer, ms) < 0)
		return -1;
	return 0;
}

static bool is_loopback(const unsigned char a[16])
{
	static const struct address_range loopbacks[] = {
		{{[10] = 0xFF, [11] = 0xFF, [12] = 127}, 104},
		{{[15] = 1}, 128},
	};

	return address_range_contains(&loopbacks[0], a) ||
	       address_range_contains(&loopbacks[1], a);
}

/* The one place where an address is let through or not. */
bool handle_may_reach(struct transfer_handle *h, const unsigned char address[16])
{
	const struct transfer *t = h->transfer;
	bool pass = !t->options.guarded || address_is_public(address);

	for (size_t i = 0; i < t->n_allow && !pass; i++)
		pass = address_range_contains(&t->allow[i], address);
	if (h->private_only && !is_loopback(address))
		pass = false;
	if (pass) {
		h->passed++;
		return true;
	}
	h->refused++;
	if (memcmp(address, (const unsigned char[12]){[10] = 0xFF, [11] = 0xFF}, 12) == 0)
		(void)inet_ntop(
			AF_INET, address + 12, h->refused_address, sizeof(h->refused_address));
	else
		(void)inet_ntop(
			AF_INET6, address, h->refused_address, sizeof(h->refused_address));
	return false;
}

static int on_close(void *arg, curl_socket_t fd)
{
	struct transfer *t = arg;

	t->n_sockets--;
	return close(fd);
}

bool handle_may_open(struct transfer_handle *h, const struct curl_sockaddr *to)
{
	unsigned char address[16] = {[10] = 0xFF, [11] = 0xFF};

	if (to->family == AF_INET)
		memcpy(address + 12,
			&((const struct sockaddr_in *)(const void *)&to->addr)->sin_addr, 4);
	else if (to->family == AF_INET6)
		memcpy(address,
			&((const struct sockaddr_in6 *)(const void *)&to->addr)->sin6_addr, 16);
	else
		return false;
	return handle_may_reach(h, address);
}

/* libcurl's, before each new connection: the address here is the one connected to, whatever the
 * name resolves to next time. */
static curl_socket_t on_open(void *arg, curlsocktype purpose, struct curl_sockaddr *to)
{
	struct transfer_handle *h = arg;
	int fd;

	if (purpose != CURLSOCKTYPE_IPCXN || !handle_may_open(h, to))
		return CURL_SOCKET_BAD;
	fd = socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
	h->transfer->n_sockets += fd >= 0;
	return fd;
}

/* libcurl's, before each request: a reused connection was opened under other rules, perhaps. */
static int on_request(void *arg, char *ip, char *local_ip, int port, int local_port)
{
	struct transfer_handle *h = arg;
	const struct span text = span_str(ip);
	unsigned char address[16];

	(void)local_ip;
	(void)port;
	(void)local_port;
	if (!address_parse(address, span_slice(text, 0, span_find(text, '%'))))
		return CURL_PREREQFUNC_ABORT;
	return handle_may_reach(h, address) ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT;
}

struct transfer_handle *handle_new(struct transfer *t, size_t size)
{
	struct transfer_handle *h = calloc(1, size);

	if (!h)
		return NULL;
	h->transfer = t;
	h->next = t->handles;
	if (h->next)
		h->next->previous = h;
	t->handles = h;
	return h;
}

void handle_detach(struct transfer_handle *h)
{
	struct transfer *t = h->transfer;

	if (h->running)
		(void)curl_multi_remove_handle(t->multi, h->easy);
	t->n_running -= h->running;
	h->running = false;
	handle_forget_host(h);
	if (h->lane)
		h->easy = NULL; /* the lane's */
	t->n_ready -= h->ready;
	h->ready = false;
	t->n_starting -= h->starting;
	h->starting = false;
	if (h->easy && t->n_idle < IDLE_MAX) {
		curl_easy_reset(h->easy);
		t->idle[t->n_idle++] = h->easy;
	} else if (h->easy) {
		curl_easy_cleanup(h->easy);
	}
	h->easy = NULL;
	if (h->previous)
		h->previous->next = h->next;
	else
		t->handles = h->next;
	if (h->next)
		h->next->previous = h->previous;
}

/* The transfer may have been freed since h left it: within on_drain() its memory is still
 * there. */
void handle_destroy(struct transfer_handle *h)
{
	struct transfer *t = h->transfer;

	if (!t->freed && t->n_spare < IDLE_MAX && h->body.capacity &&
		h->body.capacity <= SPARE_BODY_MAX) {
		buf_clear(&h->body);
		t->spare[t->n_spare++] = h->body;
		h->body = (struct buf){0};
	}
	curl_slist_free_all(h->lines);
	if (h->release)
		h->release(h);
	head_clear(&h->head);
	buf_deinit(&h->body);
	arena_release(&h->arena);
	free(h);
}

void handle_set_deadline(struct transfer_handle *h, int64_t total_ms)
{
	struct transfer *t = h->transfer;

	h->deadline.ms = loop_now(t->loop).ms + (total_ms ? total_ms : t->options.total_ms);
}

int handle_prepare(struct transfer_handle *h, int64_t total_ms)
{
	struct transfer *t = h->transfer;

	handle_set_deadline(h, total_ms);
	h->easy = t->n_idle ? t->idle[--t->n_idle] : curl_easy_init();
	if (!h->easy)
		return -ENOMEM;
	if (t->n_spare)
		h->body = t->spare[--t->n_spare];
	return handle_set_common(h);
}

int handle_set_common(struct transfer_handle *h)
{
	struct transfer *t = h->transfer;
	const struct transfer_options *o = &t->options;
	CURL *e = h->easy;

	(void)curl_easy_setopt(e, CURLOPT_PRIVATE, h);
	(void)curl_easy_setopt(e, CURLOPT_ERRORBUFFER, h->message);
	(void)curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
	/* A look-up in its thread can take seconds; nobody waits for it when a transfer ends.
	 */
	(void)curl_easy_setopt(e, CURLOPT_QUICK_EXIT, 1L);
	/* What it is told of addresses serves one connection; its list of them is walked
	 * whenever a connection closes, and should be short. */
	if (o->resolve)
		(void)curl_easy_setopt(e, CURLOPT_DNS_CACHE_TIMEOUT, (long)HOST_MEMORY_S);
	(void)curl_easy_setopt(e, CURLOPT_PROXY, "");
	(void)curl_easy_setopt(e, CURLOPT_NOPROXY, "*");
	(void)curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, (long)o->connect_ms);
	(void)curl_easy_setopt(e, CURLOPT_LOW_SPEED_LIMIT, (long)o->least_bytes_per_s);
	(void)curl_easy_setopt(e, CURLOPT_LOW_SPEED_TIME, (long)o->least_over_s);
	(void)curl_easy_setopt(e, CURLOPT_OPENSOCKETFUNCTION, on_open);
	(void)curl_easy_setopt(e, CURLOPT_OPENSOCKETDATA, h);
	(void)curl_easy_setopt(e, CURLOPT_CLOSESOCKETFUNCTION, on_close);
	(void)curl_easy_setopt(e, CURLOPT_CLOSESOCKETDATA, t);
	(void)curl_easy_setopt(e, CURLOPT_MAXAGE_CONN, (long)KEPT_S);
	(void)curl_easy_setopt(e, CURLOPT_PREREQFUNCTION, on_request);
	(void)curl_easy_setopt(e, CURLOPT_PREREQDATA, h);
	(void)curl_easy_setopt(e, CURLOPT_USERAGENT, t->user_agent);
	(void)curl_easy_setopt(e, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
	(void)curl_easy_setopt(e, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	/* libcurl keeps the authorities it has read only when they come from a file alone. */
	(void)curl_easy_setopt(e, CURLOPT_CAPATH, NULL);
	return trust_set(h);
}

void handle_later(struct transfer_handle *h)
{
	h->ready = true;
	h->transfer->n_ready++;
	timer_soon(h->transfer->drain);
}

void handle_run(struct transfer_handle *h)
{
	h->halt = HALT_NONE;
	h->refused = h->passed = 0;
	h->message[0] = '\0';
	head_clear(&h->head);
	buf_clear(&h->body);
	if (h->transfer->options.resolve)
		handle_find_host(h);
	else
		handle_start_hop(h);
}

static void start_hop(struct transfer_handle *h)
{
	struct transfer *t = h->transfer;
	const int64_t left_ms = h->deadline.ms - loop_now(t->loop).ms;
	const bool full = t->n_sockets >= t->n_running + KEPT_MAX;

	if (left_ms <= 0) {
		h->ready_code = CURLE_OPERATION_TIMEDOUT;
		handle_later(h);
		return;
	}
	if (curl_easy_setopt(h->easy, CURLOPT_URL, h->place.url) != CURLE_OK ||
		curl_easy_setopt(h->easy, CURLOPT_TIMEOUT_MS, (long)left_ms) != CURLE_OK ||
		curl_easy_setopt(h->easy, CURLOPT_FORBID_REUSE, (long)(h->last || full)) !=
			CURLE_OK ||
		curl_multi_add_handle(t->multi, h->easy) != CURLM_OK) {
		h->ready_code = CURLE_OUT_OF_MEMORY;
		handle_later(h);
		return;
	}
	h->running = true;
	t->n_running++;
}

/* A new turn: the hops that waited, oldest last in the list of all, so from its end. */
static void on_start(void *arg)
{
	struct transfer *t = arg;
	struct transfer_handle *h = t->handles;

	t->started = 0;
	while (h && h->next)
		h = h->next;
	for (; h && t->n_starting && t->started < STARTS_A_TURN; h = h->previous) {
		if (!h->starting)
			continue;
		h->starting = false;
		t->n_starting--;
		handle_start_hop(h);
	}
	if (t->n_starting || t->started)
		(void)timer_set(t->start, 0);
}

void handle_start_hop(struct transfer_handle *h)
{
	struct transfer *t = h->transfer;

	if (!t->started && !t->n_starting)
		(void)timer_set(t->start, 0);
	if (t->started < STARTS_A_TURN) {
		t->started++;
		start_hop(h);
	} else if (!h->starting) {
		h->starting = true;
		t->n_starting++;
	}
}

/* One that has ended, out of the multi or of those made ready; NULL when there is none. */
static struct transfer_handle *next_ended(struct transfer *t, CURLcode *ret_code)
{
	struct transfer_handle *h;
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(t->multi, &left))) {
		CURL *easy = message->easy_handle;
		char *arg = NULL;

		if (message->msg != CURLMSG_DONE)
			continue;
		*ret_code = message->data.result; /* the message goes with the handle */
		(void)curl_easy_getinfo(easy, CURLINFO_PRIVATE, &arg);
		h = (struct transfer_handle *)(void *)arg;
		(void)curl_multi_remove_handle(t->multi, easy);
		h->running = false;
		t->n_running--;
		return h;
	}
	if (!t->n_ready)
		return NULL;
	for (h = t->handles; h && !h->ready;)
		h = h->next;
	if (h) {
		h->ready = false;
		t->n_ready--;
		*ret_code = h->ready_code;
	}
	return h;
}

static void on_drain(void *arg)
{
	struct transfer *t = arg;
	struct transfer_handle *h;
	CURLcode code;
	int n = 0;

	t->draining = true;
	while (!t->freed && n < ENDS_A_TURN && (h = next_ended(t, &code))) {
		h->ended(h, code);
		n++;
	}
	t->draining = false;
	if (t->freed)
		free(t);
	else if (n == ENDS_A_TURN)
		(void)timer_set(t->drain, 0);
}

void transfer_cancel(struct transfer_handle *handle)
{
	const bool talking = lane_leave(handle->transfer->lanes, handle);

	handle_detach(handle);
	if (!talking)
		handle_destroy(handle);
}

int transfer_set_allow(struct transfer *transfer, const struct address_range *allow, size_t n)
{
	struct address_range *copy = calloc(n ? n : 1, sizeof(*copy));

	if (!copy)
		return -ENOMEM;
	if (n)
		memcpy(copy, allow, n * sizeof(*copy));
	free(transfer->allow);
	transfer->allow = copy;
	transfer->n_allow = n;
	return 0;
}

static void set_defaults(struct transfer_options *o)
{
	o->connect_ms = o->connect_ms ? o->connect_ms : DEFAULT_CONNECT_MS;
	o->total_ms = o->total_ms ? o->total_ms : DEFAULT_TOTAL_MS;
	o->least_bytes_per_s =
		o->least_bytes_per_s ? o->least_bytes_per_s : DEFAULT_LEAST_BYTES_PER_S;
	o->least_over_s = o->least_over_s ? o->least_over_s : DEFAULT_LEAST_OVER_S;
	o->max_body = o->max_body ? o->max_body : DEFAULT_MAX_BODY;
	o->max_header = o->max_header ? o->max_header : DEFAULT_MAX_HEADER;
	o->max_connections = o->max_connections ? o->max_connections : DEFAULT_MAX_CONNECTIONS;
	o->max_per_host = o->max_per_host ? o->max_per_host : DEFAULT_MAX_PER_HOST;
}

static int set_multi(struct transfer *t)
{
	const struct transfer_options *o = &t->options;
	const long most = (long)o->max_connections + KEPT_MAX;

	t->multi = curl_multi_init();
	if (!t->multi)
		return -ENOMEM;
	(void)curl_multi_setopt(t->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
	(void)curl_multi_setopt(t->multi, CURLMOPT_SOCKETDATA, t);
	(void)curl_multi_setopt(t->multi, CURLMOPT_TIMERFUNCTION, on_timeout);
	(void)curl_multi_setopt(t->multi, CURLMOPT_TIMERDATA, t);
	(void)curl_multi_setopt(t->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, most);
	(void)curl_multi_setopt(t->multi, CURLMOPT_MAX_HOST_CONNECTIONS, (long)o->max_per_host);
	(void)curl_multi_setopt(t->multi, CURLMOPT_MAXCONNECTS, most);
	return 0;
}

DEFINE_CLEANUP(struct transfer *, transfer_free)

int transfer_new(
	struct transfer **ret, struct loop *loop, const struct transfer_options *options)
{
	CLEANUP(transfer_freep) struct transfer *t = calloc(1, sizeof(*t));
	static bool initialized;
	int r;

	if (!t)
		return -ENOMEM;
	if (!initialized && curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return -ENOMEM;
	initialized = true;
	t->loop = loop;
	t->options = *options;
	set_defaults(&t->options);
	t->user_agent =
		strdup(options->user_agent ? options->user_agent : "vigie/" VIGIE_VERSION);
	t->ehlo_name = options->ehlo_name ? strdup(options->ehlo_name) : NULL;
	if (!t->user_agent || (options->ehlo_name && !t->ehlo_name))
		return -ENOMEM;
	r = transfer_set_allow(t, options->allow, options->n_allow);
	if (r < 0)
		return r;
	r = trust_new(&t->trust, loop, options->ca_file);
	if (r < 0)
		return r;
	r = timer_new(&t->timer, loop, on_timer, t);
	if (r < 0)
		return r;
	r = timer_new(&t->drain, loop, on_drain, t);
	if (r < 0)
		return r;
	r = timer_new(&t->start, loop, on_start, t);
	if (r < 0)
		return r;
	r = lanes_new(t);
	if (r < 0)
		return r;
	r = set_multi(t);
	if (r < 0)
		return r;
	/* The caller's strings and ranges were copied. */
	t->options.user_agent = t->options.ehlo_name = t->options.ca_file = NULL;
	t->options.allow = NULL;
	*ret = TAKE(t);
	return 0;
}

struct transfer *transfer_free(struct transfer *transfer)
{
	struct transfer *t = transfer;

	if (!t)
		return NULL;
	while (t->handles)
		transfer_cancel(t->handles);
	while (t->n_idle)
		curl_easy_cleanup(t->idle[--t->n_idle]);
	t->lanes = lanes_free(t->lanes); /* of its messages bodies may become spare ones */
	while (t->n_spare)
		buf_deinit(&t->spare[--t->n_spare]);
	if (t->multi) /* calls on_socket() for the connections it kept */
		(void)curl_multi_cleanup(t->multi);
	t->drain = timer_free(t->drain);
	t->start = timer_free(t->start);
	t->timer = timer_free(t->timer);
	t->trust = trust_free(t->trust);
	free(t->allow);
	free(t->ehlo_name);
	free(t->user_agent);
	t->freed = true;
	if (!t->draining)
		free(t);
	return NULL;
}
