#include "cli/parse_connector.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/commands.h"
#include "cli/connector_load.h"
#include "cli/input.h"
#include "line/codec_item.h"

enum { MAX_ANSWER_BYTES = 64 * 1024 * 1024, MAX_VARS = 64, MAX_HEADERS = 128 };

struct answer {
	struct header headers[MAX_HEADERS];
	struct connector_answer a;
};

static int take_piece(void *arg, struct span piece)
{
	struct buf *body = arg;

	buf_add(body, piece);
	return body->failed ? 1 : 0;
}

static struct span take_line(struct span *rest)
{
	const size_t n = span_find(*rest, '\n');
	struct span line = span_slice(*rest, 0, n);

	*rest = span_slice(*rest, n + 1, rest->n);
	if (line.n && line.p[line.n - 1] == '\r')
		line.n--;
	return line;
}

/* A status line, headers, an empty line, the body; as a capture of HTTP/1.1 has them. */
static bool split_http(struct answer *ret, struct span bytes)
{
	struct span line = take_line(&bytes);
	const size_t blank = span_find(line, ' ');
	struct timespec now;

	if (!span_starts(line, SPAN("HTTP/")) || blank + 4 > line.n)
		return false;
	ret->a.status = 0;
	for (size_t i = blank + 1; i < blank + 4; i++)
		ret->a.status = ret->a.status * 10 + (line.p[i] - '0');
	while ((line = take_line(&bytes)).n) {
		const size_t colon = span_find(line, ':');

		if (ret->a.n_headers == MAX_HEADERS || colon == line.n)
			continue;
		ret->headers[ret->a.n_headers++] = (struct header){span_slice(line, 0, colon),
			span_trim(span_slice(line, colon + 1, line.n))};
	}
	(void)clock_gettime(CLOCK_REALTIME, &now);
	ret->a.headers = ret->headers;
	ret->a.body = bytes;
	ret->a.now = (struct wall){(int64_t)now.tv_sec * 1000};
	return ret->a.status >= 100 && ret->a.status <= 599;
}

static void write_refusal(struct buf *out, const struct connector_refusal *refusal)
{
	buf_addf(out, "{\"error\":{\"class\":\"%s\",\"retry_after_s\":",
		connector_error_names[refusal->error]);
	if (refusal->retry_after_s < 0)
		buf_add(out, SPAN("null}}\n"));
	else
		buf_addf(out, "%lld}}\n", (long long)refusal->retry_after_s);
}

static void write_result(struct buf *out, const struct connector_result *result)
{
	for (size_t i = 0; i < result->items.n; i++) {
		struct buf line = {0};

		item_write_json(&line, &result->items.items[i]);
		buf_add(out, buf_span(&line));
		buf_add_char(out, '\n');
		out->failed = out->failed || line.failed;
		buf_deinit(&line);
	}
	for (size_t i = 0; i < result->n_tombstones; i++) {
		buf_add(out, SPAN("{\"tombstone\":"));
		json_write_string(out, result->tombstones[i]);
		buf_add(out, SPAN("}\n"));
	}
	if (result->next_param.n) {
		buf_add(out, SPAN("{\"next\":{\"param\":"));
		json_write_string(out, result->next_param);
		buf_add(out, SPAN(",\"value\":"));
		json_write_string(out, result->next_value);
		buf_add(out, SPAN("}}\n"));
	}
}

static int flush(struct buf *out)
{
	if (out->failed) {
		(void)fputs("vigie: out of memory\n", stderr);
		return EXIT_FAILED;
	}
	if (fwrite(buf_span(out).p, 1, out->n, stdout) != out->n || fflush(stdout) != 0) {
		perror("vigie: standard output");
		return EXIT_FAILED;
	}
	return EXIT_DONE;
}

static int read_body(const struct parse_connector *asked, const struct connector_map *map,
	const struct connector_options *options, struct span body)
{
	struct connector_result result;
	struct arena arena = {0};
	struct buf out = {0};
	int status;

	if (connector_read_answer(&result, &arena, map, options, body) < 0)
		out.failed = true;
	else
		write_result(&out, &result);
	status = flush(&out);
	if (status == EXIT_DONE && result.cut)
		(void)fprintf(stderr, "vigie: %s: the end is missing; %zu items before it\n",
			asked->path, result.items.n);
	if (status == EXIT_DONE && result.more)
		(void)fprintf(stderr, "vigie: %s: only the first %zu items were read\n",
			asked->path, result.items.n);
	buf_deinit(&out);
	arena_release(&arena);
	return status;
}

static int read_http(const struct parse_connector *asked, const struct connector *c,
	const struct connector_map *map, struct connector_options *options, struct span bytes)
{
	struct answer answer = {0};
	struct connector_refusal refusal;
	struct buf out = {0};
	int status;

	if (!split_http(&answer, bytes)) {
		(void)fprintf(stderr,
			"vigie: %s: no HTTP answer: its first line should be HTTP/1.1 200 OK\n",
			asked->path);
		return EXIT_FAILED;
	}
	if (connector_judge(&refusal, c, &answer.a) < 0) {
		out.failed = true;
		return flush(&out);
	}
	if (refusal.error == CONNECTOR_OK && !connector_is_readable(map, answer.a.body))
		refusal.error = CONNECTOR_UNREADABLE;
	if (refusal.error == CONNECTOR_OK) {
		for (size_t i = 0; i < answer.a.n_headers; i++)
			if (span_eq_ci(answer.headers[i].name, SPAN("content-type")))
				options->content_type = answer.headers[i].value;
		return read_body(asked, map, options, answer.a.body);
	}
	write_refusal(&out, &refusal);
	status = flush(&out);
	buf_deinit(&out);
	return status == EXIT_DONE ? EXIT_FAILED : status;
}

static int parse_with(const struct parse_connector *asked, const struct connector *c,
	const struct connector_map *map)
{
	struct expr_var vars[MAX_VARS];
	struct connector_options options = {.vars = vars};
	struct buf body = {.limit_bytes = MAX_ANSWER_BYTES};
	int status = EXIT_FAILED;

	for (size_t i = 0; i < asked->n_vars && options.n_vars < MAX_VARS; i++) {
		const struct span s = span_str(asked->vars[i]);
		const size_t equals = span_find(s, '=');

		if (equals == s.n) {
			(void)fprintf(stderr, "vigie: --var %s: write --var NAME=VALUE\n", s.p);
			return EXIT_USAGE;
		}
		vars[options.n_vars++] = (struct expr_var){
			span_slice(s, 0, equals), span_slice(s, equals + 1, s.n)};
	}
	options.content_type = span_str(asked->content_type);
	if (input_read(asked->path, take_piece, &body) >= 0) {
		if (body.failed)
			(void)fprintf(stderr, "vigie: %s: longer than %d MiB\n", asked->path,
				MAX_ANSWER_BYTES / 1024 / 1024);
		else if (asked->http)
			status = read_http(asked, c, map, &options, buf_span(&body));
		else
			status = read_body(asked, map, &options, buf_span(&body));
	}
	buf_deinit(&body);
	return status;
}

int parse_connector(const struct parse_connector *asked)
{
	const struct span name = span_str(asked->name);
	size_t slash = name.n;
	const struct connector_map *map;
	struct connector *c;
	int status;

	/* A file's path has slashes of its own: the map's stands behind ".yaml". */
	for (size_t i = 0; i < name.n && slash == name.n; i++)
		if (name.p[i] == '/' && (span_ends(span_slice(name, 0, i), SPAN(".yaml")) ||
						!strstr(asked->name, ".yaml")))
			slash = i;
	status = connector_load(&c, span_slice(name, 0, slash));
	if (status != EXIT_DONE)
		return status;
	map = connector_map_find(c, span_slice(name, slash + 1, name.n));
	if (map) {
		status = parse_with(asked, c, map);
	} else {
		status = EXIT_USAGE;
		if (c->tier == 0)
			(void)fprintf(stderr,
				"vigie: nothing can be read from %s: %.*s. Instead: %.*s\n",
				c->title.p, SPAN_ARG(c->terms), SPAN_ARG(c->detour));
		else
			(void)fprintf(stderr,
				"vigie: %s has no map \"%.*s\"; there are:", c->network.p,
				SPAN_ARG(span_slice(name, slash + 1, name.n)));
		for (size_t i = 0; i < c->n_maps; i++)
			(void)fprintf(stderr, " %s", c->maps[i].name.p);
		(void)fputc('\n', stderr);
	}
	connector_free(c);
	return status;
}
