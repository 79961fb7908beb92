#include "cli/rules_print.h"

#include <stdlib.h>

#include "vigie/buf.h"
#include "vigie/utf8.h"

/* Text of strangers, on a terminal: no control character reaches it. */
static void print_text(FILE *to, struct span s)
{
	for (size_t i = 0; i < s.n; i++) {
		const unsigned char c = (unsigned char)s.p[i];
		const bool c1 = c == 0xC2 && i + 1 < s.n && (unsigned char)s.p[i + 1] < 0xA0;

		i += c1;
		if (c1 || c < 0x20 || c == 0x7F)
			(void)fputc(' ', to);
		else
			(void)fputc(c, to);
	}
}

static void print_spans(FILE *to, const struct explained *tree, const struct item *item,
	const struct match_context *context)
{
	const struct span fields[ITEM_FIELDS] = {item->title, item->text, context->author};

	for (size_t i = 0; i < tree->n_spans; i++) {
		const struct match_span *s = &tree->spans[i];
		const struct span text = fields[s->field];

		(void)fprintf(to, "%s %s %zu-%zu ", i ? "," : "  ", item_field_names[s->field],
			utf8_length(span_slice(text, 0, s->start)),
			utf8_length(span_slice(text, 0, s->end)));
		print_text(to, span_slice(text, s->start, s->end));
	}
}

enum { BRIEF_ALTERNATIVES = 8 };

void rules_print_tree(FILE *to, const struct explained *tree, bool brief,
	const struct item *item, const struct match_context *context, int depth)
{
	size_t left_out = 0;

	(void)fprintf(to, "%-4s%*s", tree->holds ? "yes" : "no", depth * 2, "");
	print_text(to, tree->label);
	print_spans(to, tree, item, context);
	(void)fputc('\n', to);
	for (size_t i = 0; i < tree->n_children; i++) {
		const struct explained *child = &tree->children[i];

		if (brief && tree->n_children > BRIEF_ALTERNATIVES && !child->holds &&
			(tree->holds || i >= BRIEF_ALTERNATIVES))
			left_out++;
		else
			rules_print_tree(to, child, brief, item, context, depth + 1);
	}
	if (left_out)
		(void)fprintf(to, "no  %*s… and %zu more\n", (depth + 1) * 2, "", left_out);
}

/* The explanation as text, each line behind `indent`. */
static void print_why(FILE *to, const char *indent, const struct rule_test *test,
	const struct rule_outcome *outcome)
{
	char *text = NULL, *line, *rest = NULL;
	size_t n = 0;
	FILE *memory = open_memstream(&text, &n);

	if (!memory)
		return;
	(void)fputs("title ", memory);
	print_text(memory, test->item.title);
	(void)fputs("\ntext  ", memory);
	print_text(memory, test->item.text);
	(void)fputc('\n', memory);
	if (outcome->tree.label.n)
		rules_print_tree(memory, &outcome->tree, true, &test->item, &test->context, 0);
	(void)fclose(memory);
	for (line = text ? strtok_r(text, "\n", &rest) : NULL; line;
		line = strtok_r(NULL, "\n", &rest))
		if (strcmp(line, "title ") != 0)
			(void)fprintf(to, "%s%s\n", indent, line);
	free(text);
}

static void print_xml(FILE *to, const char *s)
{
	for (; *s; s++) {
		if (*s == '<')
			(void)fputs("&lt;", to);
		else if (*s == '&')
			(void)fputs("&amp;", to);
		else if (*s == '"')
			(void)fputs("&quot;", to);
		else if ((unsigned char)*s >= 0x20 || *s == '\n')
			(void)fputc(*s, to);
	}
}

static void add_junit(struct rules_report *r, const struct rule_test *test,
	const struct rule_outcome *outcome, const char *name)
{
	char *text = NULL;
	size_t n = 0;
	FILE *memory;

	(void)fputs("  <testcase classname=\"", r->to);
	print_xml(r->to, test->file);
	(void)fputs("\" name=\"", r->to);
	print_xml(r->to, name);
	if (outcome->passed) {
		(void)fputs("\"/>\n", r->to);
		return;
	}
	(void)fprintf(r->to, "\"><failure message=\"%.*s\">", SPAN_ARG(outcome->why));
	memory = open_memstream(&text, &n);
	if (memory) {
		print_why(memory, "", test, outcome);
		(void)fclose(memory);
		print_xml(r->to, text);
	}
	free(text);
	(void)fputs("</failure></testcase>\n", r->to);
}

void rules_report_begin(struct rules_report *r)
{
	if (r->kind == RULES_TAP)
		(void)fprintf(r->to, "TAP version 13\n1..%zu\n", r->n);
	if (r->kind == RULES_JUNIT) {
		FILE *memory = open_memstream(&r->cases, &r->cases_n);

		r->out = r->to;
		if (memory)
			r->to = memory;
	}
}

static void end_junit(struct rules_report *r)
{
	if (r->to == r->out)
		return; /* no memory: the cases stand there without a suite, which no reader
			   takes */
	(void)fclose(r->to);
	r->to = r->out;
	(void)fprintf(r->to,
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		"<testsuite name=\"vigie rules\" tests=\"%zu\" failures=\"%zu\" "
		"errors=\"0\">\n",
		r->done, r->failed);
	(void)fwrite(r->cases, 1, r->cases_n, r->to);
	(void)fputs("</testsuite>\n", r->to);
	free(r->cases);
	r->cases = NULL;
}

void rules_report_add(struct rules_report *r, const struct rule_test *test,
	const struct rule_outcome *outcome)
{
	struct buf name = {0};

	r->done++;
	r->failed += !outcome->passed;
	buf_addf(&name, "%.*s %s line %d", SPAN_ARG(test->rule),
		test->wanted ? "match" : "no_match", test->line);
	if (r->kind == RULES_JUNIT) {
		add_junit(r, test, outcome, name.p ? name.p : "");
	} else if (r->kind == RULES_TAP) {
		(void)fprintf(r->to, "%sok %zu - %s\n", outcome->passed ? "" : "not ", r->done,
			name.p ? name.p : "");
		if (!outcome->passed) {
			(void)fprintf(r->to, "# %.*s\n", SPAN_ARG(outcome->why));
			print_why(r->to, "# ", test, outcome);
		}
	} else if (!outcome->passed) {
		(void)fprintf(r->to, "%s:%d:%d: rule %.*s: %.*s\n", test->file, test->line,
			test->column, SPAN_ARG(test->rule), SPAN_ARG(outcome->why));
		print_why(r->to, "    ", test, outcome);
	}
	buf_deinit(&name);
}

void rules_report_end(struct rules_report *r)
{
	if (r->kind == RULES_JUNIT)
		end_junit(r);
	if (r->kind == RULES_TEXT)
		(void)fprintf(r->to, "%zu tests, %zu failed\n", r->done, r->failed);
}
