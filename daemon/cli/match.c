/*
 * match: which rules want which documents: JSON lines in, JSON lines out.
 */
#include "cli/commands.h"

#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "cli/rules_load.h"
#include "line/codec.h"
#include "vigie/cleanup.h"
#include "vigie/utf8.h"

enum { RULE_FILES_MAX = 256, STATS_RULES = 20 };

struct matching {
	struct ruleset *set;
	struct ruleset_scratch *scratch;
	struct arena arena; /* of one document */
	struct buf out;
	const char *name; /* of the input */
	unsigned long line;
	bool bad_line;
	bool stats;
	uint64_t ns; /* spent in matching */
};

static uint64_t now_ns(void *arg)
{
	struct timespec t;

	(void)arg;
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000U + (uint64_t)t.tv_nsec;
}

/* Where the JSON string that begins at i (a quote) ends: behind its closing quote. */
static size_t string_end(struct span s, size_t i)
{
	for (i++; i < s.n && s.p[i] != '"'; i++)
		i += s.p[i] == '\\';
	return i + 1;
}

/* The number at "id": of an object, as it is written: a double would not keep all its digits.
 */
static struct span number_id(struct span s)
{
	int depth = 0;
	bool is_id = false;

	for (size_t i = 0; i < s.n; i++) {
		const char c = s.p[i];
		size_t end;

		if (c == '"') {
			end = string_end(s, i);
			/* A name, when a colon follows it; the last of two equal ones counts.
			 */
			is_id = depth == 1 && span_eq_str(span_slice(s, i, end), "\"id\"");
			i = end - 1;
		} else if (is_id && ((c >= '0' && c <= '9') || c == '-')) {
			for (end = i;
				end < s.n && s.p[end] && strchr("+-.0123456789eE", s.p[end]);)
				end++;
			return span_slice(s, i, end);
		} else if (c == '{' || c == '[') {
			depth++;
			is_id = false;
		} else if (c == '}' || c == ']') {
			depth--;
		}
	}
	return SPAN("null");
}

/* Code points that some readers of lines take for the end of one. */
static bool breaks_lines(uint32_t c)
{
	return c == 0x85 || c == 0x2028 || c == 0x2029;
}

/* A JSON string that keeps every code point, U+0000 too, and stays on one line everywhere. */
static void write_text(struct buf *out, struct span s)
{
	size_t clean = 0;

	buf_add_char(out, '"');
	for (size_t i = 0; i < s.n;) {
		const size_t at = i;
		const uint32_t c = utf8_next(s, &i);

		if (c >= 0x20 && c != '"' && c != '\\' && !breaks_lines(c))
			continue;
		buf_add(out, span_slice(s, clean, at));
		buf_addf(out, c == '"' || c == '\\' ? "\\%c" : "\\u%04x", (unsigned)c);
		clean = i;
	}
	buf_add(out, span_slice(s, clean, s.n));
	buf_add_char(out, '"');
}

/* Spans are bytes inside and code points outside. They are sorted, so that counting goes on
 * from one to the next. */
static void write_spans(struct buf *out, const struct match *m, const struct item *item,
	const struct match_context *context)
{
	const struct span fields[ITEM_FIELDS] = {item->title, item->text, context->author};
	int field = -1;
	size_t bytes = 0, points = 0;

	buf_add_str(out, ", \"spans\": [");
	for (size_t i = 0; i < m->n_spans; i++) {
		const struct match_span *s = &m->spans[i];
		const struct span text = fields[s->field];
		const struct span found = span_slice(text, s->start, s->end);

		if ((int)s->field != field)
			bytes = points = 0;
		field = (int)s->field;
		points += utf8_length(span_slice(text, bytes, s->start));
		bytes = s->start;
		buf_addf(out, "%s{\"field\": \"%s\", \"start\": %zu, \"end\": %zu, \"text\": ",
			i ? ", " : "", item_field_names[field], points,
			points + utf8_length(found));
		write_text(out, found);
		buf_add_char(out, '}');
	}
	buf_add_str(out, "]}\n");
}

static void write_match(struct matching *m, const struct match *match, const struct item *item,
	const struct match_context *context, struct span id)
{
	buf_add_str(&m->out, "{\"doc\": ");
	if (item->id.p)
		write_text(&m->out, item->id);
	else
		buf_add(&m->out, id);
	buf_add_str(&m->out, ", \"rule\": ");
	write_text(&m->out, match->rule);
	write_spans(&m->out, match, item, context);
}

static int flush(struct matching *m)
{
	if (m->out.failed)
		return -ENOMEM;
	if (fwrite(m->out.p ? m->out.p : "", 1, m->out.n, stdout) != m->out.n ||
		fflush(stdout)) {
		perror("vigie: standard output");
		return -EIO;
	}
	buf_clear(&m->out);
	return 0;
}

/* The text of author:, for the spans: as the rules see it. */
static void give_author(
	struct match_context *context, const struct item *item, struct arena *arena)
{
	const struct item_author *a = &item->author;

	if (context->author_given)
		return;
	context->author = span_empty(a->handle) ? a->name
			  : span_empty(a->name)
				  ? a->handle
				  : arena_printf(arena, "%.*s %.*s", SPAN_ARG(a->name),
					    SPAN_ARG(a->handle));
	context->author_given = true;
}

static int match_document(struct matching *m, const json_t *document, struct span line)
{
	struct match_context context;
	struct match *matches;
	struct item item;
	size_t n;
	uint64_t start;
	int r = item_from_json(&item, &context, document, &m->arena);

	if (r < 0)
		return r;
	give_author(&context, &item, &m->arena);
	start = m->stats ? now_ns(NULL) : 0;
	r = ruleset_match(m->set, m->scratch, &item, &context, &m->arena, &matches, &n);
	if (r < 0)
		return r;
	m->ns += m->stats ? now_ns(NULL) - start : 0;
	for (size_t i = 0; i < n; i++)
		write_match(m, &matches[i], &item, &context,
			json_is_number(json_object_get(document, "id")) ? number_id(line)
									: SPAN("null"));
	return 0;
}

static int match_line(struct matching *m, struct span line)
{
	json_error_t e;
	json_t *document = json_loadb(line.p, line.n, JSON_ALLOW_NUL, &e);
	int r;

	/* A whole number beyond 64 bits, which jansson has no place for. */
	if (!document && json_error_code(&e) == json_error_numeric_overflow)
		document = json_loadb(
			line.p, line.n, JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL, &e);
	r = document ? match_document(m, document, line) : -EINVAL;
	json_decref(document);
	arena_release(&m->arena);
	if (r == -EINVAL) {
		(void)fprintf(stderr, "%s:%lu:%d: %s: one JSON object a line is read\n",
			m->name, m->line, document ? 1 : e.column,
			document ? "no object" : e.text);
		m->bad_line = true;
		return 0;
	}
	return r;
}

static int match_lines(struct matching *m, FILE *in)
{
	CLEANUP(freep) char *line = NULL;
	size_t capacity = 0;
	ssize_t n;
	int r = 0;

	while (r >= 0 && (n = getline(&line, &capacity, in)) >= 0) {
		const struct span s = span_trim(span_of(line, (size_t)n));

		m->line++;
		if (s.n)
			r = match_line(m, s);
		if (r >= 0 && m->out.n > 65536)
			r = flush(m);
	}
	if (r >= 0 && ferror(in)) {
		r = -errno;
		(void)fprintf(stderr, "vigie: %s: %s\n", m->name, strerror(errno));
	}
	if (r == -ENOMEM)
		(void)fputs("vigie: out of memory\n", stderr);
	if (r >= 0)
		r = flush(m);
	return r;
}

/* A search that was cut short counts as no match; that must not pass in silence. */
static void report_exceeded(const struct matching *m)
{
	for (size_t i = 0; i < ruleset_count(m->set); i++) {
		const struct rule_counts *c = ruleset_scratch_rule_counts(m->scratch, i);

		if (c->exceeded)
			(void)fprintf(stderr,
				"vigie: rule %.*s: a search met its limit in %llu documents, "
				"and counted as no "
				"match: make the pattern simpler\n",
				SPAN_ARG(ruleset_info(m->set, i)->rule),
				(unsigned long long)c->exceeded);
	}
}

static const struct ruleset_scratch *sorting;

static int by_time(const void *a, const void *b)
{
	const uint64_t x = ruleset_scratch_rule_counts(sorting, *(const size_t *)a)->ns;
	const uint64_t y = ruleset_scratch_rule_counts(sorting, *(const size_t *)b)->ns;

	return (x < y) - (x > y);
}

static void print_stats(const struct matching *m)
{
	const struct ruleset_counts *c = ruleset_scratch_counts(m->scratch);
	const size_t n = ruleset_count(m->set);
	CLEANUP(freep) size_t *order = calloc(n + 1, sizeof(*order));
	const double s = (double)m->ns / 1e9;

	(void)fprintf(stderr,
		"documents   %llu\nbytes       %llu\nMB/s        %.1f\ntokens      %llu\n"
		"candidates  %llu\nhits        %llu\n",
		(unsigned long long)c->documents, (unsigned long long)c->bytes,
		s > 0 ? (double)c->bytes / 1e6 / s : 0.0, (unsigned long long)c->tokens,
		(unsigned long long)c->candidates, (unsigned long long)c->hits);
	if (!order)
		return;
	for (size_t i = 0; i < n; i++)
		order[i] = i;
	sorting = m->scratch;
	qsort(order, n, sizeof(*order), by_time);
	(void)fprintf(stderr, "\n%12s %12s %12s  rule\n", "candidates", "hits", "us");
	for (size_t i = 0; i < n && i < STATS_RULES; i++) {
		const struct rule_counts *r = ruleset_scratch_rule_counts(m->scratch, order[i]);

		if (r->candidates)
			(void)fprintf(stderr, "%12llu %12llu %12.1f  %.*s\n",
				(unsigned long long)r->candidates, (unsigned long long)r->hits,
				(double)r->ns / 1e3,
				SPAN_ARG(ruleset_info(m->set, order[i])->rule));
	}
}

static int run_match(struct matching *m, const char *path)
{
	FILE *in = path ? fopen(path, "re") : stdin;
	int r;

	m->name = path ? path : "standard input";
	if (!in) {
		(void)fprintf(stderr, "vigie: %s: %s\n", path, strerror(errno));
		return -errno;
	}
	r = ruleset_scratch_new(&m->scratch, m->set);
	if (r >= 0 && m->stats)
		ruleset_scratch_set_clock(m->scratch, now_ns, NULL);
	if (r >= 0)
		r = match_lines(m, in);
	if (m->scratch) {
		report_exceeded(m);
		if (m->stats)
			print_stats(m);
	}
	if (path)
		(void)fclose(in);
	return r;
}

int command_match(int argc, char **argv)
{
	static const struct option longs[] = {{"rules", required_argument, NULL, 'r'},
		{"stats", no_argument, NULL, 's'}, {NULL, 0, NULL, 0}};
	const char *files[RULE_FILES_MAX];
	struct matching m = {0};
	size_t n = 0;
	int c, r;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		if (c == 'r' && n < RULE_FILES_MAX)
			files[n++] = optarg;
		else if (c == 's')
			m.stats = true;
		else
			return command_usage(argv[0]);
	}
	if (!n || argc - optind > 1)
		return command_usage(argv[0]);
	if (rules_load(&m.set, files, n) < 0)
		return EXIT_USAGE;
	r = run_match(
		&m, optind < argc && strcmp(argv[optind], "-") != 0 ? argv[optind] : NULL);
	(void)ruleset_scratch_free(m.scratch);
	(void)ruleset_unref(m.set);
	buf_deinit(&m.out);
	return r < 0 || m.bad_line ? EXIT_FAILED : EXIT_DONE;
}
