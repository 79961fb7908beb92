/*
 * http: evhttp with bounds. A request is copied out of libevent before its handler sees it, so
 * that an answer may come later, whatever became of the connection meanwhile.
 */

#include "io/http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>

#include "io/http_guests.h"
#include "vigie/arena.h"
#include "vigie/cleanup.h"

enum {
	DEFAULT_MAX_HEADER = 16 * 1024,
	DEFAULT_MAX_BODY = 1024 * 1024,
	DEFAULT_TIMEOUT_S = 30,
	DEFAULT_MAX_CONNECTIONS = 256,
	BACKLOG = 128,
	METHODS = EVHTTP_REQ_GET | EVHTTP_REQ_HEAD | EVHTTP_REQ_POST | EVHTTP_REQ_PUT |
		  EVHTTP_REQ_DELETE,
};

struct route {
	struct route *next;
	char *prefix;
	http_handler handler;
	void *arg;
	const char *name;
};

struct side {
	struct http *http;
	struct evhttp *evhttp;
	struct guests *guests;
	bool local;
};

/* The part of a request that handlers do not see. */
struct exchange {
	struct http_ask ask;
	struct exchange *previous, *next;
	struct http *http; /* NULL: freed meanwhile */
	struct guests *guests;
	struct evhttp_request *request; /* NULL: the connection is gone */
	struct arena arena;
};

struct http {
	struct loop *loop;
	struct side tcp, local;
	int port;
	char *socket_path; /* the file is ours */
	dev_t socket_device;
	ino_t socket_inode;
	struct arena arena; /* names */
	struct span *names;
	size_t n_names;
	struct route *routes; /* longest prefix first */
	struct exchange *exchanges;
};

static const struct {
	enum evhttp_cmd_type command;
	struct span name;
} methods[] = {
	{EVHTTP_REQ_GET, {"GET", 3}},
	{EVHTTP_REQ_HEAD, {"HEAD", 4}},
	{EVHTTP_REQ_POST, {"POST", 4}},
	{EVHTTP_REQ_PUT, {"PUT", 3}},
	{EVHTTP_REQ_DELETE, {"DELETE", 6}},
};

/* What every answer says unless its handler says otherwise. */
static const struct {
	const char *name, *value;
} standing[] = {
	{"Content-Security-Policy", "default-src 'self'; base-uri 'none'; form-action 'self'; "
				    "frame-ancestors 'none'; object-src 'none'"},
	{"X-Content-Type-Options", "nosniff"},
	{"X-Frame-Options", "DENY"},
	{"Referrer-Policy", "no-referrer"},
	{"Cross-Origin-Resource-Policy", "same-origin"},
	{"Cache-Control", "no-store"},
};

static void exchange_free(struct exchange *x)
{
	if (x->previous)
		x->previous->next = x->next;
	else if (x->http)
		x->http->exchanges = x->next;
	if (x->next)
		x->next->previous = x->previous;
	arena_release(&x->arena);
	free(x);
}

static bool has_header(const struct header *headers, size_t n, struct span name)
{
	for (size_t i = 0; i < n; i++)
		if (span_eq_ci(headers[i].name, name))
			return true;
	return false;
}

static bool add_header(struct evhttp_request *request, const struct header *h)
{
	struct buf name = {0}, value = {0};
	bool ok;

	buf_add(&name, h->name);
	buf_add(&value, h->value);
	/* libevent refuses values that would end the line. */
	ok = !name.failed && !value.failed && name.p && name.n == strlen(name.p) &&
	     (!value.p || value.n == strlen(value.p)) &&
	     evhttp_add_header(evhttp_request_get_output_headers(request), name.p,
		     value.p ? value.p : "") == 0;
	buf_deinit(&name);
	buf_deinit(&value);
	return ok;
}

static bool add_headers(struct evhttp_request *request, const struct header *headers, size_t n)
{
	bool ok = true;

	for (size_t i = 0; i < sizeof(standing) / sizeof(standing[0]) && ok; i++)
		if (!has_header(headers, n, span_str(standing[i].name)))
			ok = add_header(request, &(struct header){span_str(standing[i].name),
							 span_str(standing[i].value)});
	for (size_t i = 0; i < n && ok; i++)
		ok = add_header(request, &headers[i]);
	return ok;
}

static struct bufferevent *connection_of(struct evhttp_request *request)
{
	return evhttp_connection_get_bufferevent(evhttp_request_get_connection(request));
}

static void send_reply(struct exchange *x, int status, const char *type,
	const struct header *headers, size_t n_headers, struct span body)
{
	struct evhttp_request *request = x->request;
	const bool head = evhttp_request_get_command(request) == EVHTTP_REQ_HEAD;
	struct evbuffer *out = evbuffer_new();
	char length[24];
	bool ok = out != NULL;

	evhttp_connection_set_closecb(evhttp_request_get_connection(request), NULL, NULL);
	guests_answered(x->guests, connection_of(request));
	x->request = NULL;
	ok = ok && add_headers(request, headers, n_headers);
	if (type)
		ok = ok && add_header(request,
				   &(struct header){SPAN("Content-Type"), span_str(type)});
	/* evhttp sends a body to HEAD if it is given one, and no length if it is not. */
	(void)snprintf(length, sizeof(length), "%zu", body.n);
	if (head)
		ok = ok && add_header(request,
				   &(struct header){SPAN("Content-Length"), span_str(length)});
	else
		ok = ok && evbuffer_add(out, body.p, body.n) == 0;
	if (ok) {
		evhttp_send_reply(request, status, NULL, out);
	} else {
		evhttp_clear_headers(evhttp_request_get_output_headers(request));
		evhttp_send_reply(request, 500, NULL, NULL);
	}
	if (out)
		evbuffer_free(out);
}

void http_reply(struct http_ask *ask, int status, const char *type,
	const struct header *headers, size_t n_headers, struct span body)
{
	struct exchange *x = (struct exchange *)ask;

	if (x->request)
		send_reply(x, status, type, headers, n_headers, body);
	exchange_free(x);
}

void http_reply_text(struct http_ask *ask, int status, const char *text)
{
	struct buf line = {0};

	buf_addf(&line, "%s\n", text);
	http_reply(ask, status, "text/plain; charset=utf-8", NULL, 0, buf_span(&line));
	buf_deinit(&line);
}

struct span http_header(const struct http_ask *ask, const char *name)
{
	for (size_t i = 0; i < ask->n_headers; i++)
		if (span_eq_ci(ask->headers[i].name, span_str(name)))
			return ask->headers[i].value;
	return SPAN_NONE;
}

bool http_param(const struct http_ask *ask, const char *name, struct buf *ret)
{
	struct evkeyvalq fields;
	const char *value;
	bool found;

	/* The query ends with NUL: it is a copy. */
	if (span_empty(ask->query) || evhttp_parse_query_str(ask->query.p, &fields) < 0)
		return false;
	value = evhttp_find_header(&fields, name);
	found = value != NULL;
	if (found)
		buf_add_str(ret, value);
	evhttp_clear_headers(&fields);
	return found;
}

/* A name or address of ours? The port does not matter, the names are what can be forged. */
static bool is_our_name(const struct http *http, struct span host)
{
	unsigned char address[sizeof(struct in6_addr)];
	char text[INET6_ADDRSTRLEN];
	struct span name = host;

	if (name.n && name.p[0] == '[') {
		name = span_slice(name, 1, span_find(name, ']'));
		if (name.n >= sizeof(text))
			return false;
		(void)snprintf(text, sizeof(text), "%.*s", SPAN_ARG(name));
		return inet_pton(AF_INET6, text, address) == 1;
	}
	name = span_slice(name, 0, span_find(name, ':'));
	if (span_eq_ci(name, SPAN("localhost")))
		return true;
	for (size_t i = 0; i < http->n_names; i++)
		if (span_eq_ci(name, http->names[i]))
			return true;
	if (name.n >= sizeof(text))
		return false;
	(void)snprintf(text, sizeof(text), "%.*s", SPAN_ARG(name));
	return inet_pton(AF_INET, text, address) == 1;
}

static void on_gone(struct evhttp_connection *connection, void *arg)
{
	struct exchange *x = arg;

	(void)connection;
	x->request = NULL;
}

/* Copies what the handler may want. false: no memory, or no path that can be one. */
static bool read_request(struct exchange *x, struct evhttp_request *request)
{
	const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(request);
	const char *path = uri ? evhttp_uri_get_path(uri) : NULL;
	const char *query = uri ? evhttp_uri_get_query(uri) : NULL;
	const struct evkeyvalq *fields = evhttp_request_get_input_headers(request);
	struct evbuffer *in = evhttp_request_get_input_buffer(request);
	const size_t n = evbuffer_get_length(in);
	struct header *headers;
	struct evkeyval *field;
	size_t n_headers = 0, decoded_size = 0;
	char *decoded, *body;

	/* An absolute target is how a proxy is spoken to. */
	if (!path || evhttp_uri_get_host(uri))
		return false;
	decoded = evhttp_uridecode(path, 0, &decoded_size);
	if (decoded && decoded_size == strlen(decoded) && decoded[0] == '/')
		x->ask.path = arena_dup(&x->arena, span_str(decoded));
	free(decoded);
	x->ask.query = arena_dup(&x->arena, span_str(query ? query : ""));
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (methods[i].command == evhttp_request_get_command(request))
			x->ask.method = methods[i].name;
	for (field = fields->tqh_first; field; field = field->next.tqe_next)
		n_headers++;
	headers = arena_calloc(&x->arena, n_headers, sizeof(*headers));
	body = arena_alloc(&x->arena, n + 1);
	if (!x->ask.path.p || !x->ask.query.p || !x->ask.method.p || !headers || !body)
		return false;
	for (field = fields->tqh_first; field; field = field->next.tqe_next) {
		struct header *h = &headers[x->ask.n_headers++];

		h->name = arena_dup(&x->arena, span_str(field->key));
		h->value = arena_dup(&x->arena, span_str(field->value));
		if (!h->name.p || !h->value.p)
			return false;
	}
	if (evbuffer_remove(in, body, n) != (int)n)
		return false;
	body[n] = '\0';
	x->ask.headers = headers;
	x->ask.body = span_of(body, n);
	return true;
}

static const struct route *find_route(const struct http *http, struct span path)
{
	for (const struct route *r = http->routes; r; r = r->next) {
		const struct span prefix = span_str(r->prefix);

		if (span_starts(path, prefix) &&
			(path.n == prefix.n || path.p[prefix.n] == '/' ||
				span_ends(prefix, SPAN("/"))))
			return r;
	}
	return NULL;
}

/* libevent writes 16 KiB at once, and Nagle's algorithm (RFC 896) then holds the rest back
 * until the peer's delayed acknowledgement: 40 ms for each answer that is longer. */
static void quicken(struct evhttp_connection *connection)
{
	const int one = 1;
	const int fd = bufferevent_getfd(evhttp_connection_get_bufferevent(connection));

	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
}

static void on_request(struct evhttp_request *request, void *arg)
{
	const struct side *side = arg;
	struct http *http = side->http;
	struct exchange *x = calloc(1, sizeof(*x));
	const struct route *route;
	struct loop_stint stint;

	if (!x) {
		evhttp_send_reply(request, 503, NULL, NULL);
		return;
	}
	x->http = http;
	x->request = request;
	x->guests = side->guests;
	guests_asked(side->guests, connection_of(request));
	x->next = http->exchanges;
	if (x->next)
		x->next->previous = x;
	http->exchanges = x;
	x->ask.local = side->local;
	if (!side->local)
		quicken(evhttp_request_get_connection(request));
	evhttp_connection_set_closecb(evhttp_request_get_connection(request), on_gone, x);
	if (!read_request(x, request)) {
		http_reply_text(&x->ask, 400, "this request cannot be read");
		return;
	}
	if (!side->local && !is_our_name(http, http_header(&x->ask, "Host"))) {
		http_reply_text(&x->ask, 421, "this server is not known by that name");
		return;
	}
	route = find_route(http, x->ask.path);
	if (!route) {
		http_reply_text(&x->ask, 404, "there is nothing at this address");
		return;
	}
	loop_enter(&stint, http->loop, route->name);
	route->handler(route->arg, &x->ask);
	loop_leave(&stint);
}

int http_on_as(struct http *http, const char *prefix, http_handler handler, void *arg,
	const char *name)
{
	struct route *r = calloc(1, sizeof(*r)), **at;

	if (!r)
		return -ENOMEM;
	*r = (struct route){
		.prefix = strdup(prefix), .handler = handler, .arg = arg, .name = name};
	if (!r->prefix) {
		free(r);
		return -ENOMEM;
	}
	for (at = &http->routes; *at && strlen((*at)->prefix) > strlen(prefix);)
		at = &(*at)->next;
	r->next = *at;
	*at = r;
	return 0;
}

static int side_init(
	struct side *side, struct http *http, struct loop *loop, const struct http_options *o)
{
	const size_t max_header = o->max_header ? o->max_header : DEFAULT_MAX_HEADER;
	const int timeout_s = o->timeout_s ? o->timeout_s : DEFAULT_TIMEOUT_S;
	const size_t max_body = o->max_body ? o->max_body : DEFAULT_MAX_BODY;

	http->loop = loop;
	side->http = http;
	side->evhttp = evhttp_new(loop_base(loop));
	if (!side->evhttp)
		return -ENOMEM;
	evhttp_set_max_headers_size(side->evhttp, (ssize_t)max_header);
	evhttp_set_max_body_size(side->evhttp, (ssize_t)max_body);
	evhttp_set_timeout(side->evhttp, timeout_s);
	evhttp_set_allowed_methods(side->evhttp, METHODS);
	evhttp_set_gencb(side->evhttp, on_request, side);
	return guests_new(&side->guests, loop, side->evhttp,
		o->max_connections ? o->max_connections : DEFAULT_MAX_CONNECTIONS,
		(int64_t)timeout_s * 1000);
}

static int listen_tcp(struct http *http, const struct http_options *o)
{
	struct evhttp_bound_socket *bound;
	struct sockaddr_storage name = {0};
	socklen_t n = sizeof(name);

	if (o->port < 0 || o->port > 65535)
		return -EINVAL;
	errno = 0;
	bound = evhttp_bind_socket_with_handle(http->tcp.evhttp, o->host, (ev_uint16_t)o->port);
	if (!bound)
		return errno ? -errno : -EADDRNOTAVAIL;
	guests_door(http->tcp.guests, evhttp_bound_socket_get_listener(bound));
	if (getsockname(evhttp_bound_socket_get_fd(bound), (struct sockaddr *)&name, &n) < 0)
		return -errno;
	http->port =
		ntohs(name.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&name)->sin6_port
						 : ((struct sockaddr_in *)&name)->sin_port);
	return 0;
}

/* Removes a socket nobody listens on. */
static int clear_path(const struct sockaddr_un *address)
{
	struct stat st;
	int fd, r = 0;

	if (lstat(address->sun_path, &st) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(st.st_mode))
		return -EEXIST;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	/* EAGAIN: its queue is full, so there is one. */
	if (connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0 ||
		errno == EAGAIN)
		r = -EADDRINUSE;
	else if (errno != ECONNREFUSED)
		r = -errno;
	(void)close(fd);
	if (r == 0 && unlink(address->sun_path) < 0)
		r = -errno;
	return r;
}

static int bind_path(const struct sockaddr_un *address, int *ret_fd)
{
	const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int r = 0;

	if (fd < 0)
		return -errno;
	/* Linux gives the file the mode the socket has: there is no moment when others may. */
	if (fchmod(fd, 0600) < 0 ||
		bind(fd, (const struct sockaddr *)address, sizeof(*address)) < 0 ||
		listen(fd, BACKLOG) < 0)
		r = -errno;
	if (r < 0)
		(void)close(fd);
	else
		*ret_fd = fd;
	return r;
}

static int listen_local(struct http *http, const struct http_options *o)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct evhttp_bound_socket *bound;
	struct stat st;
	int fd = -1, r;

	if (strlen(o->socket_path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	memcpy(address.sun_path, o->socket_path, strlen(o->socket_path));
	r = clear_path(&address);
	if (r < 0)
		return r;
	r = bind_path(&address, &fd);
	if (r < 0)
		return r;
	http->socket_path = strdup(o->socket_path);
	bound = http->socket_path && lstat(o->socket_path, &st) == 0
			? evhttp_accept_socket_with_handle(http->local.evhttp, fd)
			: NULL;
	if (!bound) {
		(void)close(fd);
		return -ENOMEM;
	}
	guests_door(http->local.guests, evhttp_bound_socket_get_listener(bound));
	http->socket_device = st.st_dev;
	http->socket_inode = st.st_ino;
	http->local.local = true;
	return 0;
}

DEFINE_CLEANUP(struct http *, http_free)

int http_new(struct http **ret, struct loop *loop, const struct http_options *options)
{
	CLEANUP(http_freep) struct http *h = calloc(1, sizeof(*h));
	int r;

	if (!h)
		return -ENOMEM;
	h->names = arena_calloc(&h->arena, options->n_names, sizeof(*h->names));
	if (!h->names)
		return -ENOMEM;
	for (; h->n_names < options->n_names; h->n_names++) {
		h->names[h->n_names] = arena_dup(&h->arena, options->names[h->n_names]);
		if (!h->names[h->n_names].p)
			return -ENOMEM;
	}
	r = side_init(&h->tcp, h, loop, options);
	if (r == 0)
		r = side_init(&h->local, h, loop, options);
	if (r == 0 && options->host)
		r = listen_tcp(h, options);
	if (r == 0 && options->socket_path)
		r = listen_local(h, options);
	if (r < 0)
		return r;
	*ret = TAKE(h);
	return 0;
}

int http_port(const struct http *http)
{
	return http->port;
}

static void remove_socket(struct http *http)
{
	struct stat st;

	/* Another daemon may have put its own there. */
	if (http->socket_path && http->socket_inode && lstat(http->socket_path, &st) == 0 &&
		st.st_dev == http->socket_device && st.st_ino == http->socket_inode)
		(void)unlink(http->socket_path);
}

struct http *http_free(struct http *http)
{
	if (!http)
		return NULL;
	remove_socket(http);
	while (http->exchanges) {
		struct exchange *x = http->exchanges;

		http->exchanges = x->next;
		if (x->request)
			evhttp_connection_set_closecb(
				evhttp_request_get_connection(x->request), NULL, NULL);
		x->http = NULL;
		x->request = NULL;
		x->previous = x->next = NULL;
	}
	if (http->tcp.evhttp)
		evhttp_free(http->tcp.evhttp);
	if (http->local.evhttp)
		evhttp_free(http->local.evhttp);
	guests_free(http->tcp.guests);
	guests_free(http->local.guests);
	while (http->routes) {
		struct route *r = http->routes;

		http->routes = r->next;
		free(r->prefix);
		free(r);
	}
	free(http->socket_path);
	arena_release(&http->arena);
	free(http);
	return NULL;
}
