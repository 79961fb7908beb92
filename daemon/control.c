#include "control.h"

#include <errno.h>
#include <stdlib.h>

#include "web/assets.h"

struct control {
	struct control_options options;
	struct http *local, *tcp;
};

/* --- What can be asked -------------------------------------------------------------------------- */

static void get_health(struct control *c, const struct http_request *request, struct http_answer *answer)
{
	struct status_view view;

	(void)request;
	c->options.look(c->options.arg, &view);
	answer->type = "text/plain; charset=utf-8";
	answer->status = span_empty(view.trouble) ? 200 : 503;
	buf_add(&answer->body, span_empty(view.trouble) ? SPAN("ok") : view.trouble);
	buf_add_char(&answer->body, '\n');
}

static void get_status(struct control *c, const struct http_request *request, struct http_answer *answer)
{
	struct status_view view;
	json_t *root;
	char *text;

	(void)request;
	c->options.look(c->options.arg, &view);
	root = status_json(&view);
	text = json_dumps(root, JSON_COMPACT | JSON_SORT_KEYS);
	if (text)
		buf_add_str(&answer->body, text);
	else
		answer->status = 500;
	free(text);
	json_decref(root);
}

static void get_metrics(struct control *c, const struct http_request *request, struct http_answer *answer)
{
	struct status_view view;

	(void)request;
	c->options.look(c->options.arg, &view);
	answer->type = "text/plain; version=0.0.4; charset=utf-8";
	status_metrics(&answer->body, &view);
}

static void get_mentions(struct control *c, const struct http_request *request, struct http_answer *answer)
{
	(void)request;
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

static void post_reload(struct control *c, const struct http_request *request, struct http_answer *answer)
{
	struct err_list errors = { 0 };
	const int r = c->options.reload(c->options.arg, &errors);

	(void)request;
	answer->type = "text/plain; charset=utf-8";
	answer->status = r == -EINVAL ? 422 : r < 0 ? 500 : 200;
	write_errors(&answer->body, &errors);
	if (r < 0)
		buf_add_str(&answer->body, "nothing was changed: the configuration that runs stays as it was\n");
	else
		buf_add_str(&answer->body, "reloaded\n");
	err_list_deinit(&errors);
}

static void any_deliveries(struct control *c, const struct http_request *request, struct http_answer *answer)
{
	const struct span path = span_slice(request->path, sizeof("/deliveries") - 1, request->path.n);

	answer->status = c->options.deliveries(c->options.arg, request->method, path, &answer->body);
}

struct resource {
	const char *method; /* NULL: any */
	const char *path;
	bool below; /* what is below the path too */
	bool local; /* over the Unix socket only */
	void (*serve)(struct control *c, const struct http_request *request, struct http_answer *answer);
};

static const struct resource resources[] = {
	{ "GET", "/healthz", false, false, get_health },
	{ "GET", "/status", false, false, get_status },
	{ "GET", "/metrics", false, false, get_metrics },
	{ "GET", "/mentions", false, false, get_mentions },
	{ "POST", "/reload", false, true, post_reload },
	{ NULL, "/deliveries", true, true, any_deliveries },
};

static bool is_at(const struct resource *resource, struct span path)
{
	const struct span at = span_str(resource->path);

	return span_eq(path, at) ||
	       (resource->below && span_starts(path, at) && path.n > at.n && path.p[at.n] == '/');
}

static void on_request(void *arg, const struct http_request *request, struct http_answer *answer)
{
	struct control *c = arg;
	const struct span method = span_eq_str(request->method, "HEAD") ? SPAN("GET") : request->method;

	for (size_t i = 0; i < sizeof(resources) / sizeof(*resources); i++) {
		const struct resource *resource = &resources[i];

		if (!is_at(resource, request->path) || (resource->local && !request->local))
			continue;
		if (resource->method && !span_eq_str(method, resource->method)) {
			answer->status = 405;
			return;
		}
		resource->serve(c, request, answer);
		return;
	}
	for (const struct asset *asset = assets; asset->path; asset++) {
		if (!span_eq_str(request->path, asset->path) || !span_eq_str(method, "GET"))
			continue;
		answer->type = asset->type;
		buf_add(&answer->body, asset->body);
		return;
	}
	answer->status = 404;
	answer->type = "text/plain; charset=utf-8";
	buf_add_str(&answer->body, "nothing here: the dashboard is at /\n");
}

int control_new(struct control **ret, struct loop *loop, const struct control_options *options,
	struct arena *arena, struct span *ret_why)
{
	struct control *c = calloc(1, sizeof(*c));
	struct http_options local = {
		.socket_path = options->socket_path, .handler = on_request, .arg = c };
	const struct http_options tcp = { .listen = options->listen, .handler = on_request, .arg = c };
	int r;

	if (!c)
		return -ENOMEM;
	c->options = *options;
	r = http_new(&c->local, loop, &local, arena, ret_why);
	if (r >= 0 && !span_empty(options->listen))
		r = http_new(&c->tcp, loop, &tcp, arena, ret_why);
	if (r < 0) {
		control_free(c);
		return r;
	}
	*ret = c;
	return 0;
}

struct control *control_free(struct control *c)
{
	if (!c)
		return NULL;
	http_free(c->tcp);
	http_free(c->local);
	free(c);
	return NULL;
}

const char *control_address(const struct control *c)
{
	return c->tcp ? http_address(c->tcp) : "";
}
