#include "control.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "web/assets.h"

struct control {
	struct control_options options;
	struct http *http;
	char address[300];
};

/* What a resource says; text and body are copied when it is sent. */
struct page {
	int status;       /* 200 when left 0 */
	const char *type; /* application/json when left NULL */
	struct buf body;
};

static const char plain[] = "text/plain; charset=utf-8";

/* --- What can be asked
 * -------------------------------------------------------------------------- */

static void get_health(struct control *c, const struct http_ask *ask, struct page *answer)
{
	struct status_view view;

	(void)ask;
	c->options.look(c->options.arg, &view);
	answer->type = plain;
	answer->status = span_empty(view.trouble) ? 200 : 503;
	buf_add(&answer->body, span_empty(view.trouble) ? SPAN("ok") : view.trouble);
	buf_add_char(&answer->body, '\n');
}

static void get_status(struct control *c, const struct http_ask *ask, struct page *answer)
{
	struct status_view view;
	json_t *root;
	char *text;

	(void)ask;
	c->options.look(c->options.arg, &view);
	root = status_json(&view);
	/* 0.71 and not 0.70999999999999996 */
	text = json_dumps(root, JSON_COMPACT | JSON_SORT_KEYS | JSON_REAL_PRECISION(15));
	if (text)
		buf_add_str(&answer->body, text);
	else
		answer->status = 500;
	free(text);
	json_decref(root);
}

static void get_metrics(struct control *c, const struct http_ask *ask, struct page *answer)
{
	struct status_view view;

	(void)ask;
	c->options.look(c->options.arg, &view);
	answer->type = "text/plain; version=0.0.4; charset=utf-8";
	status_metrics(&answer->body, &view);
}

static void get_mentions(struct control *c, const struct http_ask *ask, struct page *answer)
{
	(void)ask;
	c->options.mentions(c->options.arg, &answer->body);
}

/* The list as err_list_print() has it. */
static void write_errors(struct buf *out, const struct err_list *errors)
{
	char *text = NULL;
	size_t n = 0;
	FILE *to = open_memstream(&text, &n);

	if (!to)
		return;
	err_list_print(errors, to);
	(void)fclose(to);
	buf_add(out, span_of(text, n));
	free(text);
}

static void post_reload(struct control *c, const struct http_ask *ask, struct page *answer)
{
	struct err_list errors = {0};
	const int r = c->options.reload(c->options.arg, &errors);

	(void)ask;
	answer->type = plain;
	answer->status = r == -EINVAL ? 422 : r < 0 ? 500 : 200;
	write_errors(&answer->body, &errors);
	if (r < 0)
		buf_add_str(&answer->body,
			"nothing was changed: the configuration that runs stays as it was\n");
	else
		buf_add_str(&answer->body, "reloaded\n");
	err_list_deinit(&errors);
}

struct resource {
	const char *method;
	const char *path;
	bool local; /* over the Unix socket only: for everybody else it is not there */
	void (*serve)(struct control *c, const struct http_ask *ask, struct page *answer);
};

static const struct resource resources[] = {
	{"GET", "/healthz", false, get_health},
	{"GET", "/status", false, get_status},
	{"GET", "/metrics", false, get_metrics},
	{"GET", "/mentions", false, get_mentions},
	{"POST", "/reload", true, post_reload},
};

static bool is_get(const struct http_ask *ask)
{
	return span_eq_str(ask->method, "GET") || span_eq_str(ask->method, "HEAD");
}

static void reply(struct http_ask *ask, struct page *answer)
{
	http_reply(ask, answer->status ? answer->status : 200,
		answer->type ? answer->type : "application/json", NULL, 0,
		buf_span(&answer->body));
	buf_deinit(&answer->body);
}

static bool send_asset(struct http_ask *ask, struct span path)
{
	for (const struct asset *asset = assets; asset->path; asset++)
		if (span_eq_str(path, asset->path)) {
			http_reply(ask, 200, asset->type, NULL, 0, asset->body);
			return true;
		}
	return false;
}

/* "/mentions/KEY", where the link of an alert leads, is a page; "/mentions/KEY.json" what it
 * shows. */
static bool serve_mention(struct control *c, struct http_ask *ask)
{
	const struct span before = SPAN("/mentions/"), json = SPAN(".json");
	const struct span name = span_slice(ask->path, before.n, ask->path.n);
	struct item_key key;

	if (!span_starts(ask->path, before))
		return false;
	if (item_key_parse(&key, name))
		return send_asset(ask, SPAN("/mention.html"));
	if (!span_ends(name, json) ||
		!item_key_parse(&key, span_slice(name, 0, name.n - json.n)))
		return false;
	c->options.mention(c->options.arg, ask, &key);
	return true;
}

static void on_ask(void *arg, struct http_ask *ask)
{
	struct control *c = arg;
	struct page answer = {0};

	for (size_t i = 0; i < sizeof(resources) / sizeof(*resources); i++) {
		const struct resource *resource = &resources[i];

		if (!span_eq_str(ask->path, resource->path) || (resource->local && !ask->local))
			continue;
		if (strcmp(resource->method, "GET") == 0
				? !is_get(ask)
				: !span_eq_str(ask->method, resource->method)) {
			http_reply_text(ask, 405, "that is asked with another method");
			return;
		}
		resource->serve(c, ask, &answer);
		reply(ask, &answer);
		return;
	}
	if (is_get(ask) && serve_mention(c, ask))
		return;
	if (is_get(ask) && send_asset(ask, ask->path))
		return;
	http_reply_text(ask, 404, "nothing here: the dashboard is at /");
}

static void on_deliveries(void *arg, struct http_ask *ask)
{
	struct control *c = arg;

	if (ask->local)
		c->options.deliveries(c->options.arg, ask);
	else
		http_reply_text(ask, 404, "nothing here: the dashboard is at /");
}

static void on_reports(void *arg, struct http_ask *ask)
{
	struct control *c = arg;

	if (ask->local && span_eq_str(ask->method, "POST"))
		c->options.reports(c->options.arg, ask);
	else
		http_reply_text(ask, 404, "nothing here: the dashboard is at /");
}

static void on_spend(void *arg, struct http_ask *ask)
{
	struct control *c = arg;

	if (ask->local && span_eq_str(ask->method, "POST"))
		c->options.spend(c->options.arg, ask);
	else
		http_reply_text(ask, 404, "nothing here: the dashboard is at /");
}

static void on_desk(void *arg, struct http_ask *ask)
{
	struct control *c = arg;

	if (ask->local && (span_eq_str(ask->method, "POST") || span_eq_str(ask->method, "GET")))
		c->options.desk(c->options.arg, ask);
	else
		http_reply_text(ask, 404, "nothing here: the dashboard is at /");
}

/* HOST:PORT or [ADDRESS]:PORT into its parts. 0, or -EINVAL. */
static int read_listen(struct http_options *options, struct span listen, struct arena *arena)
{
	size_t colon = listen.n;
	struct span host, port;
	char *end;
	long number;

	while (colon && listen.p[colon - 1] != ':')
		colon--;
	if (!colon)
		return -EINVAL;
	host = span_slice(listen, 0, colon - 1);
	if (host.n > 1 && host.p[0] == '[' && host.p[host.n - 1] == ']')
		host = span_slice(host, 1, host.n - 1);
	port = arena_dup(arena, span_slice(listen, colon, listen.n));
	host = arena_dup(arena, host);
	if (!port.p || !host.p)
		return -ENOMEM;
	number = strtol(port.p, &end, 10);
	if (!port.n || *end || number < 0 || number > 65535)
		return -EINVAL;
	options->host = host.p;
	options->port = (int)number;
	return 0;
}

static struct span say_why(struct arena *arena, int r, const struct control_options *options)
{
	const struct span where = options->listen;

	if (r == -EADDRINUSE)
		return arena_printf(arena,
			"can't listen on %.*s: another program does; choose another `http: "
			"{listen: …}`, "
			"port 0 for a free one",
			SPAN_ARG(where));
	if (r == -EINVAL)
		return arena_printf(arena,
			"can't listen on %.*s: write HOST:PORT, like 127.0.0.1:8787",
			SPAN_ARG(where));
	if (r == -ENAMETOOLONG)
		return arena_printf(arena,
			"the path of the socket %s is too long (107 bytes at most): choose a "
			"shorter `state:`",
			options->socket_path);
	return arena_printf(arena, "can't listen on %.*s or %s: %s", SPAN_ARG(where),
		options->socket_path, strerror(-r));
}

int control_new(struct control **ret, struct loop *loop, const struct control_options *options,
	struct arena *arena, struct span *ret_why)
{
	struct control *c = calloc(1, sizeof(*c));
	struct http_options http = {.socket_path = options->socket_path};
	int r = 0;

	if (!c)
		return -ENOMEM;
	c->options = *options;
	if (!span_empty(options->listen))
		r = read_listen(&http, options->listen, arena);
	if (r >= 0)
		r = http_new(&c->http, loop, &http);
	if (r >= 0)
		r = http_on(c->http, "/", on_ask, c);
	if (r >= 0)
		r = http_on(c->http, "/deliveries", on_deliveries, c);
	if (r >= 0)
		r = http_on(c->http, "/reports", on_reports, c);
	if (r >= 0)
		r = http_on(c->http, "/spend", on_spend, c);
	if (r >= 0)
		r = http_on(c->http, "/desk", on_desk, c);
	if (r < 0) {
		*ret_why = say_why(arena, r, options);
		return control_free(c), r;
	}
	if (http_port(c->http))
		(void)snprintf(c->address, sizeof(c->address),
			strchr(http.host, ':') ? "http://[%s]:%d/" : "http://%s:%d/", http.host,
			http_port(c->http));
	*ret = c;
	return 0;
}

struct control *control_free(struct control *c)
{
	if (!c)
		return NULL;
	http_free(c->http);
	free(c);
	return NULL;
}

const char *control_address(const struct control *c)
{
	return c->address;
}
