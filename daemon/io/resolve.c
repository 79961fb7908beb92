/*
 * resolve: c-ares on the loop, with a memory. c-ares says what to watch and tells the answers
 * from inside its own functions; they are written down there, and leave from the loop, so that
 * who hears of one may ask, cancel and free as he likes.
 */

#include "io/resolve.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/queue.h>
#include <sys/socket.h>

#include <ares.h>
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "io/file.h"
#include "io/log.h"
#include "io/transfer.h"
#include "vigie/cleanup.h"

enum {
	NAME_MAX_BYTES = 253, /* RFC 1035 section 2.3.4, as text */
	ADDRESSES_MAX = 16,   /* of one name; the rest would not be tried anyway */
	DEFAULT_MAX_NAMES = 32768,
	DEFAULT_NEGATIVE_MS = 60 * 1000, /* RFC 2308 section 5 allows far more */
	DEFAULT_FAILED_MS = 5 * 1000,    /* RFC 9520 section 3.2: 1 s to 5 min */
	TTL_MAX_S = 24 * 3600,           /* RFC 8767 section 4 wants a cap */
	/* One packet; c-ares doubles it with each try at the same server. */
	TIMEOUT_MS = 2000,
	TRIES = 3,
	LOOK_MS = 5000, /* at /etc/resolv.conf, at most so often */
};

/* The search list hangs on c-ares' channel: names with a dot have one without. */
enum { ASKER_WHOLE, ASKER_SEARCH, ASKERS };

struct asker {
	struct resolve *resolve;
	ares_channel ares;
	LIST_HEAD(, pocket) pockets;
};

/* A socket of c-ares. */
struct pocket {
	struct asker *asker;
	ares_socket_t fd;
	struct watch *watch;
	LIST_ENTRY(pocket) link;
};

/* Remembered, or being asked. */
struct name {
	UT_hash_handle hh;
	TAILQ_ENTRY(name) link; /* in the order of their last use */
	struct resolve *resolve;
	unsigned char (*addresses)[16];
	const char *why;
	struct mono expires;
	unsigned asks; /* who wait for it */
	uint8_t n;
	uint8_t end; /* enum resolve_end */
	bool asking;
	bool v4_only; /* asked again, for IPv4 alone */
	char text[];
};

TAILQ_HEAD(asks, resolve_ask);

struct resolve_ask {
	TAILQ_ENTRY(resolve_ask) link;
	struct name *name;
	struct mono deadline;
	bool ready; /* in which of the two lists */
	resolve_done done;
	void *arg;
};

struct resolve {
	struct loop *loop;
	struct resolve_options options;
	char *nameservers; /* NULL: the system's */
	struct asker *askers;
	struct file_info system; /* /etc/resolv.conf, when the askers were made */
	struct mono looked;
	struct timer *clock; /* c-ares' time-outs, and deadlines */
	struct timer *drain; /* answers leave from here */
	struct name *names;
	TAILQ_HEAD(, name) by_use;
	struct asks waiting, ready;
	struct resolve_stats stats;
	bool draining, freed; /* who hears an answer may free us: the memory stays until then */
};

/* --- Channels ----------------------------------------------------------------------------- */

static void arm(struct resolve *r)
{
	const int64_t now = loop_now(r->loop).ms;
	const struct resolve_ask *ask;
	int64_t wait = INT64_MAX;
	struct timeval tv;

	for (int i = 0; i < ASKERS; i++)
		if (ares_timeout(r->askers[i].ares, NULL, &tv)) {
			const int64_t ms = tv.tv_sec * 1000 + (tv.tv_usec + 999) / 1000;

			wait = ms < wait ? ms : wait;
		}
	TAILQ_FOREACH(ask, &r->waiting, link)
	wait = ask->deadline.ms - now < wait ? ask->deadline.ms - now : wait;
	if (wait == INT64_MAX)
		timer_clear(r->clock);
	else if (timer_set(r->clock, wait) < 0)
		log_error("resolve.out_of_memory");
}

static void on_ready(void *arg, int what)
{
	const struct pocket *p = arg; /* may be gone when c-ares returns */
	struct resolve *r = p->asker->resolve;

	ares_process_fd(p->asker->ares, what & WATCH_READ ? p->fd : ARES_SOCKET_BAD,
		what & WATCH_WRITE ? p->fd : ARES_SOCKET_BAD);
	arm(r);
}

static struct pocket *pocket_free(struct pocket *p)
{
	if (!p)
		return NULL;
	p->watch = watch_free(p->watch);
	LIST_REMOVE(p, link);
	free(p);
	return NULL;
}

/* c-ares': neither reading nor writing means that the socket is closed next. */
static void on_socket(void *arg, ares_socket_t fd, int readable, int writable)
{
	struct asker *c = arg;
	struct pocket *p;

	LIST_FOREACH(p, &c->pockets, link)
	if (p->fd == fd)
		break;
	if (!readable && !writable) {
		(void)pocket_free(p);
		return;
	}
	if (!p) {
		p = calloc(1, sizeof(*p));
		if (!p)
			return; /* its question then runs out of time */
		p->asker = c;
		p->fd = fd;
		LIST_INSERT_HEAD(&c->pockets, p, link);
		if (watch_new(&p->watch, c->resolve->loop, fd, on_ready, p) < 0) {
			(void)pocket_free(p);
			return;
		}
	}
	(void)watch_set(p->watch, (readable ? WATCH_READ : 0) | (writable ? WATCH_WRITE : 0));
}

static struct asker *askers_free(struct asker *askers)
{
	if (!askers)
		return NULL;
	for (int i = 0; i < ASKERS; i++)
		if (askers[i].ares)
			ares_destroy(askers[i].ares);
	free(askers);
	return NULL;
}

DEFINE_CLEANUP(struct asker *, askers_free)

static int askers_new(struct asker **ret, struct resolve *r, const char *nameservers)
{
	CLEANUP(askers_freep) struct asker *askers = calloc(ASKERS, sizeof(*askers));

	if (!askers)
		return -ENOMEM;
	for (int i = 0; i < ASKERS; i++) {
		struct asker *c = &askers[i];
		struct ares_options options = {
			.timeout = TIMEOUT_MS,
			.tries = TRIES,
			.sock_state_cb = on_socket,
			.sock_state_cb_data = c,
		};
		const int mask = ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB |
				 (i == ASKER_WHOLE ? ARES_OPT_DOMAINS : 0);
		int status;

		c->resolve = r;
		LIST_INIT(&c->pockets);
		status = ares_init_options(&c->ares, &options, mask);
		if (status == ARES_SUCCESS && nameservers)
			status = ares_set_servers_ports_csv(c->ares, nameservers);
		if (status != ARES_SUCCESS)
			return status == ARES_ENOMEM ? -ENOMEM : -EINVAL;
	}
	*ret = TAKE(askers);
	return 0;
}

/* Puts other askers in the place of those that are there. What these have answered is
 * forgotten; what they were asking is asked anew, see on_addresses(). */
static int change_askers(struct resolve *r, const char *nameservers)
{
	struct asker *old = r->askers;
	int result = askers_new(&r->askers, r, nameservers);
	struct name *n;

	if (result < 0)
		return result;
	TAILQ_FOREACH(n, &r->by_use, link)
	n->expires.ms = INT64_MIN; /* others may know better */
	(void)askers_free(old);
	arm(r);
	return 0;
}

/* A machine changes its network, and its name servers with it. */
static void look_at_system(struct resolve *r)
{
	const struct mono now = loop_now(r->loop);
	struct file_info info = {0};
	int result;

	if (r->nameservers || now.ms < r->looked.ms + LOOK_MS)
		return;
	r->looked = now;
	(void)file_info(&info, "/etc/resolv.conf");
	if (info.modified_ns == r->system.modified_ns &&
		info.changed_ns == r->system.changed_ns)
		return;
	r->system = info;
	result = change_askers(r, NULL);
	if (result < 0)
		log_warning("resolve.kept", STR("why", strerror(-result)));
	else
		log_info("resolve.changed", STR("file", "/etc/resolv.conf"));
}

/* --- Names -------------------------------------------------------------------------------- */

/* Lower case, NUL-terminated, without the dot at its end. 0: no name of the DNS. */
static size_t normalize(char *text, struct span name)
{
	size_t n = name.n;

	if (n && name.p[n - 1] == '.')
		n--;
	if (n > NAME_MAX_BYTES)
		return 0;
	for (size_t i = 0; i < n; i++) {
		if (!name.p[i])
			return 0;
		text[i] = ascii_lower(name.p[i]);
	}
	text[n] = '\0';
	return n;
}

static void name_free(struct name *n)
{
	HASH_DEL(n->resolve->names, n);
	TAILQ_REMOVE(&n->resolve->by_use, n, link);
	n->resolve->stats.names--;
	free(n->addresses);
	free(n);
}

/* Makes room by what was not used for longest. */
static void forget_some(struct resolve *r)
{
	struct name *n, *next;

	for (n = TAILQ_FIRST(&r->by_use); n && r->stats.names >= r->options.max_names;
		n = next) {
		next = TAILQ_NEXT(n, link);
		if (!n->asking && !n->asks)
			name_free(n);
	}
}

static struct name *name_find(struct resolve *r, const char *text, size_t size)
{
	struct name *n;

	HASH_FIND(hh, r->names, text, size, n);
	if (n) {
		TAILQ_REMOVE(&r->by_use, n, link);
		TAILQ_INSERT_TAIL(&r->by_use, n, link);
	}
	return n;
}

static struct name *name_new(struct resolve *r, const char *text, size_t size)
{
	struct name *n;

	forget_some(r);
	n = calloc(1, sizeof(*n) + size + 1);
	if (!n)
		return NULL;
	n->resolve = r;
	n->expires.ms = INT64_MIN;
	memcpy(n->text, text, size + 1);
	HASH_ADD_KEYPTR(hh, r->names, n->text, size, n);
	if (!n->hh.tbl) {
		free(n);
		return NULL;
	}
	TAILQ_INSERT_TAIL(&r->by_use, n, link);
	r->stats.names++;
	return n;
}

static void on_addresses(void *arg, int status, int timeouts, struct ares_addrinfo *info);

static void name_ask(struct name *n)
{
	const struct ares_addrinfo_hints hints = {
		.ai_family = n->v4_only ? AF_INET : AF_UNSPEC, .ai_socktype = SOCK_STREAM};
	const int asker = strchr(n->text, '.') ? ASKER_WHOLE : ASKER_SEARCH;

	n->asking = true;
	ares_getaddrinfo(
		n->resolve->askers[asker].ares, n->text, NULL, &hints, on_addresses, n);
}

static const struct {
	int status;
	const char *text;
} failures[] = {
	{ARES_ETIMEOUT, "no name server answered in time"},
	/* Of c-ares 1.18 for a server's own failures (SERVFAIL, REFUSED) too. */
	{ARES_ECONNREFUSED, "the name servers fail, or can't be reached"},
	{ARES_ENOMEM, "out of memory"},
};

static const char *failure_text(int status)
{
	for (size_t i = 0; i < sizeof(failures) / sizeof(*failures); i++)
		if (failures[i].status == status)
			return failures[i].text;
	return ares_strerror(status);
}

static bool address_of(unsigned char ret[16], const struct ares_addrinfo_node *node)
{
	const struct sockaddr *to = node->ai_addr;

	memset(ret, 0, 16);
	if (to->sa_family == AF_INET) {
		ret[10] = ret[11] = 0xFF;
		memcpy(ret + 12, &((const struct sockaddr_in *)(const void *)to)->sin_addr, 4);
	} else if (to->sa_family == AF_INET6) {
		memcpy(ret, &((const struct sockaddr_in6 *)(const void *)to)->sin6_addr, 16);
	} else {
		return false;
	}
	return true;
}

/* The time to live is the shortest on the way. What stands in a file has none: 0. */
static int name_fill(struct name *n, const struct ares_addrinfo *info)
{
	unsigned char(*addresses)[16] = calloc(ADDRESSES_MAX, sizeof(*addresses));
	int ttl = TTL_MAX_S;

	if (!addresses)
		return -ENOMEM;
	free(n->addresses);
	n->n = 0;
	for (const struct ares_addrinfo_node *i = info->nodes; i && n->n < ADDRESSES_MAX;
		i = i->ai_next) {
		n->n += address_of(addresses[n->n], i);
		ttl = i->ai_ttl < ttl ? i->ai_ttl : ttl;
	}
	for (const struct ares_addrinfo_cname *i = info->cnames; i; i = i->next)
		ttl = i->ttl < ttl ? i->ttl : ttl;
	n->addresses = realloc(addresses, n->n ? n->n * sizeof(*addresses) : 1);
	if (!n->addresses)
		n->addresses = addresses;
	n->end = n->n ? RESOLVE_FOUND : RESOLVE_NO_NAME;
	n->expires.ms = loop_now(n->resolve->loop).ms + (ttl > 0 ? ttl * INT64_C(1000) : 0);
	return 0;
}

static void name_answered(struct name *n, int status, const struct ares_addrinfo *info)
{
	struct resolve *r = n->resolve;
	const struct resolve_options *o = &r->options;
	const int64_t now = loop_now(r->loop).ms;

	r->stats.answered++;
	if (status == ARES_SUCCESS && name_fill(n, info) < 0)
		status = ARES_ENOMEM;
	if (status == ARES_SUCCESS)
		return;
	n->n = 0;
	if (status == ARES_ENOTFOUND || status == ARES_ENODATA || status == ARES_EBADNAME ||
		status == ARES_ENONAME) {
		n->end = RESOLVE_NO_NAME;
		n->expires.ms = now + o->negative_ms;
		return;
	}
	r->stats.failed++;
	n->end = RESOLVE_FAILED;
	n->why = failure_text(status);
	n->expires.ms = now + o->failed_ms;
}

/* c-ares', from inside any of its functions. */
static void on_addresses(void *arg, int status, int timeouts, struct ares_addrinfo *info)
{
	struct name *n = arg;
	struct resolve *r = n->resolve;
	struct resolve_ask *ask, *next;

	(void)timeouts;
	if (status == ARES_EDESTRUCTION && !r->freed) {
		name_ask(n); /* of the new askers */
		return;
	}
	if (status == ARES_ENODATA && !n->v4_only && !r->freed) {
		/* c-ares 1.18 tells the end of the family that came last: behind "no address"
		 * of one may stand a failure of the other. */
		n->v4_only = true;
		name_ask(n);
		return;
	}
	n->asking = n->v4_only = false;
	name_answered(n, status, info);
	if (info)
		ares_freeaddrinfo(info);
	if (r->freed)
		return;
	TAILQ_FOREACH(ask, &r->waiting, link)
	if (ask->name == n)
		break;
	for (; ask; ask = next) {
		next = TAILQ_NEXT(ask, link);
		if (ask->name != n)
			continue;
		TAILQ_REMOVE(&r->waiting, ask, link);
		TAILQ_INSERT_TAIL(&r->ready, ask, link);
		ask->ready = true;
	}
	timer_soon(r->drain);
}

/* --- Asking ------------------------------------------------------------------------------- */

/* What needs no question. IPv6 first, as RFC 6724 has it. */
static bool is_local(struct resolve_answer *ret, struct span name)
{
	static const unsigned char loopbacks[][16] = {
		{[15] = 1}, {[10] = 0xFF, [11] = 0xFF, [12] = 127, [15] = 1}};
	const struct span local = SPAN("localhost");

	if (name.n < local.n || !span_eq(span_slice(name, name.n - local.n, name.n), local) ||
		(name.n > local.n && name.p[name.n - local.n - 1] != '.'))
		return false;
	*ret = (struct resolve_answer){.addresses = loopbacks, .n = 2};
	return true;
}

static struct resolve_answer answer_of(const struct name *n)
{
	return (struct resolve_answer){
		.end = (enum resolve_end)n->end,
		.addresses = (const unsigned char(*)[16])n->addresses,
		.n = n->n,
		.why = n->end == RESOLVE_FAILED ? n->why : NULL,
	};
}

bool resolve_known(struct resolve_answer *ret, struct resolve *resolve, struct span name)
{
	char text[NAME_MAX_BYTES + 1];
	const size_t size = normalize(text, name);
	struct name *n;

	if (size == 0) {
		*ret = (struct resolve_answer){.end = RESOLVE_NO_NAME};
		return true;
	}
	if (is_local(ret, span_of(text, size)))
		return true;
	n = name_find(resolve, text, size);
	if (!n || n->expires.ms <= loop_now(resolve->loop).ms)
		return false;
	*ret = answer_of(n);
	return true;
}

static void hand_over(struct resolve_ask *ask, const struct resolve_answer *answer)
{
	struct resolve *r = ask->name->resolve;

	TAILQ_REMOVE(ask->ready ? &r->ready : &r->waiting, ask, link);
	ask->name->asks--;
	ask->done(ask->arg, answer);
	free(ask);
}

static void on_drain(void *arg)
{
	struct resolve *r = arg;
	struct resolve_ask *ask;

	r->draining = true;
	while (!r->freed && (ask = TAILQ_FIRST(&r->ready))) {
		const struct resolve_answer answer = answer_of(ask->name);

		hand_over(ask, &answer);
	}
	r->draining = false;
	if (r->freed)
		free(r);
}

static struct resolve_ask *first_late(const struct resolve *r, struct mono now)
{
	struct resolve_ask *ask;

	TAILQ_FOREACH(ask, &r->waiting, link)
	if (ask->deadline.ms <= now.ms)
		break;
	return ask;
}

static void on_clock(void *arg)
{
	static const struct resolve_answer late = {
		.end = RESOLVE_FAILED, .why = "no name server answered in time"};
	struct resolve *r = arg;
	struct resolve_ask *ask;

	for (int i = 0; i < ASKERS; i++)
		ares_process_fd(r->askers[i].ares, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
	r->draining = true;
	while (!r->freed && (ask = first_late(r, loop_now(r->loop))))
		hand_over(ask, &late);
	r->draining = false;
	if (r->freed)
		free(r);
	else
		arm(r);
}

int resolve_start(struct resolve_ask **ret, struct resolve *resolve, struct span name,
	int64_t timeout_ms, resolve_done done, void *arg)
{
	struct resolve *r = resolve;
	char text[NAME_MAX_BYTES + 1];
	const size_t size = normalize(text, name);
	struct resolve_ask *ask;
	struct name *n = NULL;

	if (size == 0)
		return -EINVAL;
	ask = calloc(1, sizeof(*ask));
	if (ask) {
		n = name_find(r, text, size);
		n = n ? n : name_new(r, text, size);
	}
	if (!n) {
		free(ask);
		return -ENOMEM;
	}
	*ask = (struct resolve_ask){
		.name = n,
		.deadline = {loop_now(r->loop).ms + timeout_ms},
		.done = done,
		.arg = arg,
	};
	n->asks++;
	TAILQ_INSERT_TAIL(&r->waiting, ask, link);
	look_at_system(r);
	if (!n->asking) {
		r->stats.asked++;
		name_ask(n);
	}
	arm(r);
	*ret = ask;
	return 0;
}

void resolve_cancel(struct resolve_ask *ask)
{
	struct resolve *r = ask->name->resolve;

	TAILQ_REMOVE(ask->ready ? &r->ready : &r->waiting, ask, link);
	ask->name->asks--;
	free(ask);
}

/* --- Birth and end ------------------------------------------------------------------------ */

bool resolve_is_nameserver(struct span text)
{
	const bool bracket = text.n && text.p[0] == '[';
	const size_t end = span_find(text, bracket ? ']' : ':');
	struct span host = span_slice(text, bracket, end);
	struct span port = span_slice(text, end + bracket, text.n);
	unsigned char address[16];
	unsigned number = 0;

	/* An IPv6 address without brackets has no port. */
	if (!bracket && span_find(span_slice(text, end + 1, text.n), ':') < text.n - end - 1) {
		host = text;
		port = SPAN_NONE;
	}
	if (!address_parse(address, host) || (bracket && end == text.n))
		return false;
	if (!port.n)
		return !bracket; /* c-ares 1.18 takes brackets for the sake of the port alone */
	if (port.p[0] != ':' || port.n < 2 || port.n > 6)
		return false;
	for (size_t i = 1; i < port.n; i++) {
		if (port.p[i] < '0' || port.p[i] > '9')
			return false;
		number = number * 10 + (unsigned)(port.p[i] - '0');
	}
	return number > 0 && number < 65536;
}

int resolve_set_nameservers(struct resolve *resolve, const char *nameservers)
{
	struct resolve *r = resolve;
	char *copy;
	int result;

	if (nameservers == r->nameservers ||
		(nameservers && r->nameservers && strcmp(nameservers, r->nameservers) == 0))
		return 0;
	copy = nameservers ? strdup(nameservers) : NULL;
	if (nameservers && !copy)
		return -ENOMEM;
	result = change_askers(r, copy);
	if (result < 0) {
		free(copy);
		return result;
	}
	free(r->nameservers);
	r->nameservers = copy;
	return 0;
}

DEFINE_CLEANUP(struct resolve *, resolve_free)

int resolve_new(struct resolve **ret, struct loop *loop, const struct resolve_options *options)
{
	CLEANUP(resolve_freep) struct resolve *r = calloc(1, sizeof(*r));
	static bool initialized;
	struct resolve_options *o;
	int result;

	if (!r)
		return -ENOMEM;
	TAILQ_INIT(&r->waiting);
	TAILQ_INIT(&r->ready);
	TAILQ_INIT(&r->by_use);
	r->loop = loop;
	r->options = *options;
	o = &r->options;
	o->nameservers = NULL;
	o->max_names = o->max_names ? o->max_names : DEFAULT_MAX_NAMES;
	o->negative_ms = o->negative_ms ? o->negative_ms : DEFAULT_NEGATIVE_MS;
	o->failed_ms = o->failed_ms ? o->failed_ms : DEFAULT_FAILED_MS;
	if (!initialized && ares_library_init(ARES_LIB_INIT_ALL) != ARES_SUCCESS)
		return -ENOMEM;
	initialized = true;
	r->nameservers = options->nameservers ? strdup(options->nameservers) : NULL;
	if (options->nameservers && !r->nameservers)
		return -ENOMEM;
	(void)file_info(&r->system, "/etc/resolv.conf");
	result = timer_new(&r->clock, loop, on_clock, r);
	if (result == 0)
		result = timer_new(&r->drain, loop, on_drain, r);
	if (result == 0)
		result = askers_new(&r->askers, r, r->nameservers);
	if (result < 0)
		return result;
	*ret = TAKE(r);
	return 0;
}

struct resolve *resolve_free(struct resolve *resolve)
{
	struct resolve *r = resolve;
	struct asks *const lists[] = {&r->waiting, &r->ready};
	if (!r)
		return NULL;
	r->freed = true; /* answers that come from here on are for nobody */
	for (size_t i = 0; i < 2; i++)
		while (!TAILQ_EMPTY(lists[i]))
			resolve_cancel(TAILQ_FIRST(lists[i]));
	r->askers = askers_free(r->askers);
	while (!TAILQ_EMPTY(&r->by_use))
		name_free(TAILQ_FIRST(&r->by_use));
	r->clock = timer_free(r->clock);
	r->drain = timer_free(r->drain);
	free(r->nameservers);
	if (!r->draining)
		free(r);
	return NULL;
}

const struct resolve_stats *resolve_stats(const struct resolve *resolve)
{
	return &resolve->stats;
}
