#include "io/http.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/http_struct.h>
#include <event2/keyvalq_struct.h>
#include <event2/listener.h>
#include <event2/util.h>

#include "vigie/cleanup.h"

enum { HEADERS_MAX = 16 * 1024, BODY_MAX = 1024 * 1024, REQUEST_S = 15, CONNECTIONS_MAX = 64 };

struct http {
	struct evhttp *server;
	http_handler handler;
	void *arg;
	bool local;
	char *socket_path;
	char address[300];
	char host[256]; /* of a TCP listener, without port; empty: any */
};

/* Content-Security-Policy level 3; what the dashboard needs is its own files only. */
static const char *const safe_headers[][2] = {
	{"Content-Security-Policy", "default-src 'self'; base-uri 'none'; form-action 'self'; "
				    "frame-ancestors 'none'"},
	{"X-Content-Type-Options", "nosniff"},
	{"X-Frame-Options", "DENY"},
	{"Referrer-Policy", "no-referrer"},
	{"Cross-Origin-Resource-Policy", "same-origin"},
	{"Cache-Control", "no-store"},
	{"Server", "vigie"},
};

static struct span method_name(enum evhttp_cmd_type type)
{
	static const struct {
		enum evhttp_cmd_type type;
		const char *name;
	} methods[] = {
		{EVHTTP_REQ_GET, "GET"},
		{EVHTTP_REQ_HEAD, "HEAD"},
		{EVHTTP_REQ_POST, "POST"},
		{EVHTTP_REQ_PUT, "PUT"},
		{EVHTTP_REQ_DELETE, "DELETE"},
	};

	for (size_t i = 0; i < sizeof(methods) / sizeof(*methods); i++)
		if (methods[i].type == type)
			return span_str(methods[i].name);
	return SPAN_NONE;
}

/* A page elsewhere whose name was made to resolve to us (DNS rebinding) has another Host. Names
 * are accepted only when we listen on one; addresses always. */
static bool host_allowed(const struct http *http, struct evhttp_request *request)
{
	const char *host = evhttp_request_get_host(request);
	unsigned char address[16];

	if (http->local || !host)
		return http->local;
	if (strcasecmp(host, "localhost") == 0 || strcasecmp(host, http->host) == 0)
		return true;
	return evutil_inet_pton(AF_INET, host, address) == 1 ||
	       evutil_inet_pton(AF_INET6, host, address) == 1;
}

static void reply(struct evhttp_request *request, struct http_answer *answer)
{
	struct evkeyvalq *headers = evhttp_request_get_output_headers(request);
	struct evbuffer *body = evbuffer_new();

	for (size_t i = 0; i < sizeof(safe_headers) / sizeof(*safe_headers); i++)
		(void)evhttp_add_header(headers, safe_headers[i][0], safe_headers[i][1]);
	(void)evhttp_add_header(
		headers, "Content-Type", answer->type ? answer->type : "application/json");
	if (body)
		(void)evbuffer_add(body, answer->body.p ? answer->body.p : "", answer->body.n);
	evhttp_send_reply(request, answer->status ? answer->status : 200, NULL, body);
	if (body)
		evbuffer_free(body);
}

static void on_request(struct evhttp_request *raw, void *arg)
{
	struct http *http = arg;
	const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(raw);
	const char *path = uri ? evhttp_uri_get_path(uri) : NULL;
	const char *query = uri ? evhttp_uri_get_query(uri) : NULL;
	struct evbuffer *input = evhttp_request_get_input_buffer(raw);
	const size_t n = evbuffer_get_length(input);
	struct http_answer answer = {0};
	size_t decoded_n = 0;
	char *decoded = evhttp_uridecode(path && *path ? path : "/", 0, &decoded_n);
	const struct http_request request = {
		.method = method_name(evhttp_request_get_command(raw)),
		.path = {decoded, decoded_n},
		.query = span_str(query),
		.body = {n ? (const char *)evbuffer_pullup(input, -1) : "", n},
		.local = http->local,
	};

	if (!decoded) {
		answer.status = 500;
	} else if (!host_allowed(http, raw)) {
		answer.status = 421; /* RFC 9110, 15.5.20: misdirected request */
		answer.type = "text/plain; charset=utf-8";
		buf_add_str(&answer.body, "this is not the host that was asked for\n");
	} else {
		http->handler(http->arg, &request, &answer);
	}
	reply(raw, &answer);
	buf_deinit(&answer.body);
	free(decoded);
}

/* Listening sockets of our own, so that errors keep their errno. -errno, or the descriptor. */
static int listen_unix(struct http *http, const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd, r = 0;

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	memcpy(address.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	/* A socket nobody answers at is left over from a daemon that was killed. */
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		r = -EADDRINUSE;
	else if (errno == ECONNREFUSED && unlink(path) < 0)
		r = -errno;
	if (r == 0 && bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		r = -errno;
	if (r == 0 && (chmod(path, 0600) < 0 || listen(fd, CONNECTIONS_MAX) < 0))
		r = -errno;
	if (r < 0) {
		(void)close(fd);
		return r;
	}
	(void)snprintf(http->address, sizeof(http->address), "%s", path);
	http->socket_path = strdup(path);
	return fd;
}

static int listen_tcp(struct http *http, const char *where)
{
	struct sockaddr_storage address;
	int n = sizeof(address), fd, r = 0, port;
	socklen_t length = sizeof(address);
	const int yes = 1;

	if (evutil_parse_sockaddr_port(where, (struct sockaddr *)&address, &n) < 0)
		return -EINVAL;
	fd = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	if (bind(fd, (struct sockaddr *)&address, (socklen_t)n) < 0 ||
		listen(fd, CONNECTIONS_MAX) < 0 ||
		getsockname(fd, (struct sockaddr *)&address, &length) < 0)
		r = -errno;
	if (r < 0) {
		(void)close(fd);
		return r;
	}
	port = ntohs(address.ss_family == AF_INET6
			     ? ((struct sockaddr_in6 *)&address)->sin6_port
			     : ((struct sockaddr_in *)&address)->sin_port);
	(void)snprintf(http->host, sizeof(http->host), "%.*s",
		(int)(strrchr(where, ':') - where), where);
	(void)snprintf(http->address, sizeof(http->address), "http://%s:%d/", http->host, port);
	return fd;
}

/* The bound on connections: evhttp of 2.1 has none of its own, so the backlog and the time-out
 * hold idle ones, and each bufferevent is small. */
static int serve(struct http *http, struct loop *loop, int fd)
{
	http->server = evhttp_new(loop_base(loop));
	if (!http->server) {
		(void)close(fd);
		return -ENOMEM;
	}
	evhttp_set_max_headers_size(http->server, HEADERS_MAX);
	evhttp_set_max_body_size(http->server, BODY_MAX);
	evhttp_set_timeout(http->server, REQUEST_S);
	evhttp_set_allowed_methods(http->server, EVHTTP_REQ_GET | EVHTTP_REQ_HEAD |
							 EVHTTP_REQ_POST | EVHTTP_REQ_PUT |
							 EVHTTP_REQ_DELETE);
	evhttp_set_gencb(http->server, on_request, http);
	if (!evhttp_accept_socket_with_handle(http->server, fd)) {
		(void)close(fd);
		return -ENOMEM;
	}
	return 0;
}

int http_new(struct http **ret, struct loop *loop, const struct http_options *options,
	struct arena *arena, struct span *ret_why)
{
	struct http *http = calloc(1, sizeof(*http));
	const struct span where = options->socket_path ? span_str(options->socket_path)
						       : arena_dup(arena, options->listen);
	int fd, r;

	if (!http || !where.p) {
		free(http);
		return -ENOMEM;
	}
	http->handler = options->handler;
	http->arg = options->arg;
	http->local = options->socket_path != NULL;
	fd = http->local ? listen_unix(http, where.p) : listen_tcp(http, where.p);
	r = fd < 0 ? fd : serve(http, loop, fd);
	if (r < 0) {
		*ret_why = arena_printf(arena, "can't listen on %s (%s): %s", where.p,
			strerror(-r),
			r == -EADDRINUSE ? "another program does; choose another `http: "
					   "{listen: …}`, or port 0 "
					   "for a free one"
			: r == -EINVAL
				? "write HOST:PORT with a numeric address, like 127.0.0.1:8787"
			: r == -ENAMETOOLONG ? "a socket's path has at most 107 bytes; choose "
					       "a shorter `state:`"
					     : "check the address and the rights of the user");
		http_free(http);
		return r;
	}
	*ret = http;
	return 0;
}

struct http *http_free(struct http *http)
{
	if (!http)
		return NULL;
	if (http->server)
		evhttp_free(http->server);
	if (http->socket_path)
		(void)unlink(http->socket_path);
	free(http->socket_path);
	free(http);
	return NULL;
}

const char *http_address(const struct http *http)
{
	return http->address;
}
