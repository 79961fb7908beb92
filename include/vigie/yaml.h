#ifndef VIGIE_YAML_H
#define VIGIE_YAML_H

/*
 * yaml: reads YAML 1.2 (a JSON document is one) into a tree of nodes that know where they
 * stand, for whatever a person wrote: configuration, rules, sources. The only includer of
 * libfyaml. It knows no keys and no meaning, opens no file and writes none.
 *
 * The tree is built here from libfyaml's events, not with its document API: 10,000 rules (1 MB)
 * take 35 ms as events and 70 to 85 ms as its document, whose search for duplicate keys
 * compares each with each; and depth, aliases and number of nodes are bounded here.
 *
 * Aliases (`*name`) give the very node of their anchor, so a tree may share nodes but has no
 * cycle, and walking all of it visits at most YAML_NODES_MAX nodes. `<<` is a key like any
 * other.
 */

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <libfyaml.h>

#include "vigie/arena.h"
#include "vigie/err.h"
#include "vigie/span.h"
#include "vigie/utf8.h"

enum {
	YAML_DEPTH_MAX = 64,      /* collections in collections; a person's file has 10 */
	YAML_NODES_MAX = 4000000, /* with every alias counted as what it stands for */
	YAML_ANCHORS_MAX = 1000,  /* names are searched one by one */
};

enum yaml_type { YAML_SCALAR, YAML_SEQUENCE, YAML_MAPPING };

struct yaml_pair;

struct yaml_node {
	enum yaml_type type;
	bool plain; /* a scalar without quotes: may be null, a number, a boolean */
	bool exact; /* a scalar on one line that reads as it is written: see yaml_column() */
	bool open;  /* only while reading */
	int line;   /* from 1 */
	int column; /* from 1, in code points; of the opening quote where there is one */
	int content_column; /* of the first character of a scalar's content */
	char quote;         /* around a scalar: '"', '\'', 0 for none */
	struct span source; /* a scalar that is not exact: as it is written, from its content on */
	uint32_t weight;    /* nodes below and itself */
	uint32_t height;    /* collections in collections, itself included; a scalar's is 0 */
	size_t n;           /* of items or pairs */
	union {
		struct span text; /* scalar; NUL-terminated */
		struct yaml_node **items;
		struct yaml_pair *pairs; /* in the order of the file */
	};
};

struct yaml_pair {
	struct yaml_node *key; /* always a scalar, each once in its mapping */
	struct yaml_node *value;
};

struct yaml {
	struct arena arena;     /* of everything below */
	const char *file;       /* as given */
	struct yaml_node *root; /* a null scalar when the file says nothing */
};

/* Reads the one document of `bytes` (the caller bounds their number). `file` is the name used
 * in messages and must outlive *ret. 0; -EINVAL with what is wrong in `errors`: the first
 * mistake of syntax, or every duplicate key and every key that is none; -ENOMEM. Nothing in the
 * result points into `bytes`. */
static inline int yaml_read(
	struct yaml *ret, struct span bytes, const char *file, struct err_list *errors);

static inline void yaml_deinit(struct yaml *y)
{
	arena_release(&y->arena);
	*y = (struct yaml){0};
}

/* Adds an error at a node; returns -EINVAL. For printf's arguments after `errors`. */
#define yaml_err(y, node, errors, ...)                                                         \
	err_add((errors), (y)->file, (node)->line, (node)->column, __VA_ARGS__)

/* "a mapping", "a list", "a text", "nothing": for messages. */
static inline const char *yaml_type_name(const struct yaml_node *node);

/* Empty, ~ or null, without quotes. */
static inline bool yaml_is_null(const struct yaml_node *node)
{
	return node->type == YAML_SCALAR && node->plain &&
	       (node->text.n == 0 || span_eq_str(node->text, "~") ||
		       span_eq_str(node->text, "null") || span_eq_str(node->text, "Null") ||
		       span_eq_str(node->text, "NULL"));
}

/* The value of a key, or NULL. */
static inline const struct yaml_node *yaml_get(const struct yaml_node *mapping, const char *key)
{
	const struct span name = span_str(key);

	if (mapping->type != YAML_MAPPING)
		return NULL;
	for (size_t i = 0; i < mapping->n; i++)
		if (span_eq(mapping->pairs[i].key->text, name))
			return mapping->pairs[i].value;
	return NULL;
}

/* true and false as YAML 1.2 has them. Returns false when the node is neither. */
static inline bool yaml_bool(const struct yaml_node *node, bool *out)
{
	static const char *const words[] = {"false", "False", "FALSE", "true", "True", "TRUE"};

	if (node->type != YAML_SCALAR || !node->plain)
		return false;
	for (size_t i = 0; i < 6; i++)
		if (span_eq_str(node->text, words[i])) {
			*out = i >= 3;
			return true;
		}
	return false;
}

/* Column of the byte at `offset` of an `exact` scalar's text; of any other scalar, its start.
 * The line is the node's either way. */
static inline int yaml_column(const struct yaml_node *scalar, size_t offset)
{
	int column = scalar->content_column;

	if (!scalar->exact)
		return scalar->column;
	for (size_t i = 0; i < offset && i < scalar->text.n; i++)
		column += ((unsigned char)scalar->text.p[i] & 0xC0) != 0x80 && i > 0;
	return column + (offset > 0);
}

/* Where the byte at `offset` of a scalar's text stands in the file, for one that is not `exact`:
 * *line and *column hold the place of `source` and are moved on. White space may be written in
 * many ways (folded lines, indentation, escapes), so the two are aligned by all the rest. */
static inline void yaml_locate(struct span source, char quote, struct span text, size_t offset,
	int *line, int *column);

/* --- Below: how it is done
 * -------------------------------------------------------------------- */

static inline bool yaml_is_white(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Bytes of the escape at the start of s, which begins with a backslash; *ret_white: it gives
 * white space or nothing. */
static inline size_t yaml_escape(struct span s, bool *ret_white)
{
	static const char *const digits = "xuU";
	const char *kind = s.n > 1 ? strchr(digits, s.p[1]) : NULL;
	const size_t n = kind && *kind ? (size_t)2 << (kind - digits) : 0;
	uint32_t c = 0;

	*ret_white = s.n > 1 && (yaml_is_white(s.p[1]) || strchr("ntr", s.p[1]));
	if (!n || s.n < 2 + n)
		return s.n < 2 ? s.n : 2;
	for (size_t i = 2; i < 2 + n; i++)
		c = c << 4 | (uint32_t)((s.p[i] & 15) + (s.p[i] > '9' ? 9 : 0));
	*ret_white = c < 0x80 && yaml_is_white((char)c);
	/* JSON writes what lies above U+FFFF as two. */
	return c >= 0xD800 && c < 0xDC00 && s.n >= 12 && s.p[6] == '\\' ? 12 : 2 + n;
}

/* Bytes of white space at the start of s, as far as they belong together. */
static inline size_t yaml_white(struct span s, char quote)
{
	bool white = s.n && yaml_is_white(s.p[0]);
	size_t n = white;

	if (s.n && quote == '"' && s.p[0] == '\\')
		n = yaml_escape(s, &white);
	return white ? n : 0;
}

static inline void yaml_locate(struct span source, char quote, struct span text, size_t offset,
	int *line, int *column)
{
	size_t at = 0, k = 0, n;
	bool white;

	for (;;) {
		while (k < offset && k < text.n && yaml_is_white(text.p[k]))
			k++;
		if (k < text.n && yaml_is_white(text.p[k]))
			break;
		while ((n = yaml_white(span_slice(source, at, source.n), quote)) > 0)
			at += n;
		if (k >= offset || k >= text.n || at >= source.n)
			break;
		if (quote == '"' && source.p[at] == '\\')
			at += yaml_escape(span_slice(source, at, source.n), &white);
		else if (quote == '\'' && source.p[at] == '\'')
			at += 2;
		else
			(void)utf8_next(source, &at);
		(void)utf8_next(text, &k);
	}
	for (size_t i = 0; i < at && i < source.n; i++) {
		*column = source.p[i] == '\n' ? 1
					      : *column + (((unsigned char)source.p[i] & 0xC0) != 0x80);
		*line += source.p[i] == '\n';
	}
}

/* A collection whose end has not come yet. */
struct yaml_frame {
	struct yaml_node *node;
	size_t base; /* of its children on the stack */
};

struct yaml_anchor {
	struct span name;
	struct yaml_node *node;
};

struct yaml_reader {
	struct yaml *y;
	struct span bytes;
	struct err_list *errors;
	int result; /* first thing that went wrong */
	bool stop;
	unsigned documents;
	uint32_t nodes;
	int line, column; /* of what was read last */
	struct yaml_frame frames[YAML_DEPTH_MAX];
	size_t depth;
	struct yaml_node **stack; /* finished children of open collections */
	size_t n, capacity;
	struct yaml_anchor *anchors;
	size_t n_anchors;
};

static inline const char *yaml_type_name(const struct yaml_node *node)
{
	switch (node->type) {
	case YAML_MAPPING:
		return "a mapping";
	case YAML_SEQUENCE:
		return "a list";
	default:
		return yaml_is_null(node) ? "nothing" : "a text";
	}
}

/* Does a line (from 1) hold `what`? */
static inline bool yaml_line_has(struct span bytes, int line, struct span what)
{
	size_t i = 0;

	for (; line > 1 && i < bytes.n; line--)
		i += span_find(span_slice(bytes, i, bytes.n), '\n') + 1;
	for (; i < bytes.n && bytes.p[i] != '\n'; i++)
		if (span_starts(span_slice(bytes, i, bytes.n), what))
			return true;
	return false;
}

/* What libfyaml says, and what to do about it. */
static inline const char *yaml_remedy(const char *message, struct span bytes, int line)
{
	static const char *const rows[][2] = {
		{"UTF8", "save the file as UTF-8"},
		{"utf8", "save the file as UTF-8"},
		{"UTF-8", "save the file as UTF-8"},
		{"multiline plain key", "indent this line like its neighbours, with spaces"},
		{"nested block mapping", "put a value that contains \": \" in quotes"},
		{"plain scalar cannot start", "put the value in quotes"},
		{"invalid escape", "in double quotes a backslash is written \\\\; single "
				   "quotes take it as it is"},
		{"quoted scalar", "close the quote, and indent what follows"},
		{"quoted string", "close the quote, and indent what follows"},
		{"flow mapping", "put a comma between entries and close { with }"},
		{"flow sequence", "put a comma between entries and close [ with ]"},
		{"tab", "indent with spaces"},
		{"indent", "indent this line like its neighbours, with spaces"},
	};

	if (strstr(message, "flow") && yaml_line_has(bytes, line, SPAN("${")))
		return "between { and } or [ and ], put a value with \"${\" in quotes";
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (strstr(message, rows[i][0]))
			return rows[i][1];
	return "check quotes, brackets and indentation here";
}

/* Keeps libfyaml's talk off standard error. */
static inline void yaml_swallow(struct fy_diag *diag, void *user, const char *p, size_t n)
{
	(void)diag;
	(void)user;
	(void)p;
	(void)n;
}

static inline void yaml_fail(struct yaml_reader *r, int result)
{
	if (!r->result || result == -ENOMEM)
		r->result = result;
	r->stop = r->stop || result == -ENOMEM;
}

/* Names a mistake of which only the first can be told, as what follows is guessing. */
#define yaml_stop(r, ...)                                                                      \
	do {                                                                                   \
		yaml_fail((r), err_add((r)->errors, (r)->y->file, (r)->line, (r)->column,      \
				       __VA_ARGS__));                                          \
		(r)->stop = true;                                                              \
	} while (0)

static inline struct yaml_node *yaml_node_new(struct yaml_reader *r, enum yaml_type type)
{
	struct yaml_node *node;

	if (++r->nodes > YAML_NODES_MAX) {
		yaml_stop(r, "more than %d values: split the file", YAML_NODES_MAX);
		return NULL;
	}
	node = arena_calloc(&r->y->arena, 1, sizeof(*node));
	if (!node) {
		yaml_fail(r, -ENOMEM);
		return NULL;
	}
	node->type = type;
	node->line = r->line;
	node->column = node->content_column = r->column;
	node->weight = 1;
	return node;
}

static inline void yaml_push(struct yaml_reader *r, struct yaml_node *node)
{
	if (r->n == r->capacity) {
		const size_t capacity = r->capacity ? r->capacity * 2 : 64;
		struct yaml_node **stack =
			realloc(r->stack, capacity * sizeof(struct yaml_node *));

		if (!stack) {
			yaml_fail(r, -ENOMEM);
			return;
		}
		r->stack = stack;
		r->capacity = capacity;
	}
	r->stack[r->n++] = node;
}

/* Remembers the node under its anchor, if it has one. */
static inline void yaml_anchor_add(
	struct yaml_reader *r, struct fy_token *token, struct yaml_node *node)
{
	struct span name;
	const char *p;

	if (!token || !node)
		return;
	if (!r->anchors)
		r->anchors = arena_calloc(&r->y->arena, YAML_ANCHORS_MAX, sizeof(*r->anchors));
	p = fy_token_get_text(token, &name.n);
	name = arena_dup(&r->y->arena, span_of(p, p ? name.n : 0));
	if (!r->anchors || !name.p) {
		yaml_fail(r, -ENOMEM);
		return;
	}
	if (r->n_anchors == YAML_ANCHORS_MAX) {
		yaml_stop(r, "more than %d anchors: split the file", YAML_ANCHORS_MAX);
		return;
	}
	r->anchors[r->n_anchors++] = (struct yaml_anchor){name, node};
}

static inline void yaml_on_alias(struct yaml_reader *r, struct fy_token *token)
{
	struct span name;
	const char *p = fy_token_get_text(token, &name.n);

	name = span_of(p, p ? name.n : 0);
	r->column -= r->column > 1; /* the mark stands behind the star */
	for (size_t i = r->n_anchors; i-- > 0;) {
		if (!span_eq(r->anchors[i].name, name))
			continue;
		if (r->anchors[i].node->open)
			yaml_stop(r, "*%.*s stands inside what it names: write it out",
				SPAN_ARG(name));
		else if (r->depth + r->anchors[i].node->height > YAML_DEPTH_MAX)
			yaml_stop(r, "nested more than %d deep: write it flatter",
				YAML_DEPTH_MAX);
		else
			yaml_push(r, r->anchors[i].node);
		return;
	}
	yaml_stop(r,
		"*%.*s names nothing above: write &%.*s before the value it stands for, or put "
		"the text in quotes",
		SPAN_ARG(name), SPAN_ARG(name));
}

static inline void yaml_on_scalar(
	struct yaml_reader *r, const struct fy_event_scalar_data *event)
{
	const enum fy_scalar_style style =
		event->value ? fy_token_scalar_style(event->value) : FYSS_PLAIN;
	const struct fy_mark *start = event->value ? fy_token_start_mark(event->value) : NULL;
	const struct fy_mark *end = event->value ? fy_token_end_mark(event->value) : NULL;
	struct yaml_node *node = yaml_node_new(r, YAML_SCALAR);
	struct span text = SPAN_NONE;

	if (!node)
		return;
	if (event->value)
		text.p = fy_token_get_text(event->value, &text.n);
	if (!text.p)
		text.n = 0;
	node->text = arena_dup(&r->y->arena, text);
	if (!node->text.p) {
		yaml_fail(r, -ENOMEM);
		return;
	}
	node->plain = style == FYSS_PLAIN && !event->tag;
	if ((style == FYSS_SINGLE_QUOTED || style == FYSS_DOUBLE_QUOTED) && node->column > 1)
		node->column--;
	node->exact = start && end && style <= FYSS_DOUBLE_QUOTED && start->line == end->line &&
		      end->input_pos - start->input_pos == text.n &&
		      end->input_pos <= r->bytes.n &&
		      memcmp(r->bytes.p + start->input_pos, node->text.p, text.n) == 0;
	node->quote = (char)(style == FYSS_SINGLE_QUOTED   ? '\''
			     : style == FYSS_DOUBLE_QUOTED ? '"'
							   : 0);
	if (!node->exact && start && end && start->input_pos < end->input_pos &&
		end->input_pos <= r->bytes.n) {
		node->source = arena_dup(&r->y->arena,
			span_slice(r->bytes, start->input_pos, end->input_pos));
		if (!node->source.p)
			yaml_fail(r, -ENOMEM);
	}
	yaml_anchor_add(r, event->anchor, node);
	yaml_push(r, node);
}

static inline void yaml_on_start(
	struct yaml_reader *r, enum yaml_type type, struct fy_token *anchor)
{
	struct yaml_node *node;

	if (r->depth == YAML_DEPTH_MAX) {
		yaml_stop(r, "nested more than %d deep: write it flatter", YAML_DEPTH_MAX);
		return;
	}
	node = yaml_node_new(r, type);
	if (!node)
		return;
	node->open = true;
	yaml_anchor_add(r, anchor, node);
	r->frames[r->depth++] = (struct yaml_frame){node, r->n};
}

static inline int yaml_compare_keys(const void *a, const void *b)
{
	const struct yaml_node *x = *(struct yaml_node *const *)a;
	const struct yaml_node *y = *(struct yaml_node *const *)b;
	const int c = span_cmp(x->text, y->text);

	if (c)
		return c;
	return x->line != y->line ? (x->line > y->line) - (x->line < y->line)
				  : (x->column > y->column) - (x->column < y->column);
}

static inline void yaml_duplicate(
	struct yaml_reader *r, const struct yaml_node *first, const struct yaml_node *second)
{
	yaml_fail(r, yaml_err(r->y, second, r->errors,
			     "duplicate key \"%.*s\": it stands in line %d already, keep one",
			     SPAN_ARG(second->text), first->line));
}

/* Most mappings have a few keys: each with each is the quickest way. */
static inline void yaml_check_few(struct yaml_reader *r, const struct yaml_node *mapping)
{
	for (size_t i = 1; i < mapping->n; i++)
		for (size_t k = 0; k < i; k++) {
			const struct yaml_node *a = mapping->pairs[k].key,
					       *b = mapping->pairs[i].key;

			if (a->type == YAML_SCALAR && b->type == YAML_SCALAR &&
				span_eq(a->text, b->text)) {
				yaml_duplicate(r, a, b);
				break;
			}
		}
}

static inline void yaml_check_many(struct yaml_reader *r, const struct yaml_node *mapping)
{
	struct yaml_node **keys = calloc(mapping->n, sizeof(*keys));
	size_t n = 0;

	if (!keys) {
		yaml_fail(r, -ENOMEM);
		return;
	}
	for (size_t i = 0; i < mapping->n; i++)
		if (mapping->pairs[i].key->type == YAML_SCALAR)
			keys[n++] = mapping->pairs[i].key;
	qsort(keys, n, sizeof(*keys), yaml_compare_keys);
	for (size_t i = 1; i < n; i++)
		if (span_eq(keys[i - 1]->text, keys[i]->text))
			yaml_duplicate(r, keys[i - 1], keys[i]);
	free(keys);
}

static inline void yaml_check_keys(struct yaml_reader *r, const struct yaml_node *mapping)
{
	for (size_t i = 0; i < mapping->n; i++) {
		const struct yaml_node *key = mapping->pairs[i].key;

		if (key->type != YAML_SCALAR)
			yaml_fail(r, yaml_err(r->y, key, r->errors,
					     "a key is %s: write a name before the colon",
					     yaml_type_name(key)));
	}
	if (mapping->n <= 16)
		yaml_check_few(r, mapping);
	else
		yaml_check_many(r, mapping);
}

static inline void yaml_on_end(struct yaml_reader *r)
{
	const struct yaml_frame frame = r->frames[--r->depth];
	struct yaml_node *node = frame.node;
	struct yaml_node **children = r->stack ? r->stack + frame.base : NULL;
	const size_t n = r->n - frame.base;
	uint64_t weight = 1;
	uint32_t height = 0;

	for (size_t i = 0; i < n; i++) {
		weight += children[i]->weight;
		if (children[i]->height > height)
			height = children[i]->height;
	}
	if (weight > YAML_NODES_MAX) {
		yaml_stop(r,
			"more than %d values once aliases are written out: use fewer of them",
			YAML_NODES_MAX);
		return;
	}
	node->weight = (uint32_t)weight;
	node->height = height + 1;
	node->open = false;
	node->n = node->type == YAML_MAPPING ? n / 2 : n;
	node->items = arena_alloc(&r->y->arena, (n ? n : 1) * sizeof(struct yaml_node *));
	if (!node->items) {
		yaml_fail(r, -ENOMEM);
		return;
	}
	if (node->type == YAML_SEQUENCE) {
		if (n)
			memcpy(node->items, children, n * sizeof(struct yaml_node *));
	} else {
		node->pairs = (struct yaml_pair *)(void *)node->items;
		for (size_t i = 0; i < node->n; i++)
			node->pairs[i] =
				(struct yaml_pair){children[2 * i], children[2 * i + 1]};
		yaml_check_keys(r, node);
	}
	r->n = frame.base;
	yaml_push(r, node);
}

static inline void yaml_on_event(struct yaml_reader *r, struct fy_event *event)
{
	const struct fy_mark *mark = fy_event_start_mark(event);

	if (mark) {
		r->line = mark->line + 1;
		r->column = mark->column + 1;
	}
	switch (event->type) {
	case FYET_DOCUMENT_START:
		if (++r->documents > 1)
			yaml_stop(r, "a second document: one file holds one, take out \"---\"");
		break;
	case FYET_ALIAS:
		yaml_on_alias(r, event->alias.anchor);
		break;
	case FYET_SCALAR:
		yaml_on_scalar(r, &event->scalar);
		break;
	case FYET_SEQUENCE_START:
		yaml_on_start(r, YAML_SEQUENCE, event->sequence_start.anchor);
		break;
	case FYET_MAPPING_START:
		yaml_on_start(r, YAML_MAPPING, event->mapping_start.anchor);
		break;
	case FYET_SEQUENCE_END:
	case FYET_MAPPING_END:
		yaml_on_end(r);
		break;
	default:
		break;
	}
}

/* libfyaml's own finds; it stops at the first. */
static inline void yaml_take_diagnostics(struct yaml_reader *r, struct fy_diag *diag)
{
	const struct fy_diag_error *found;
	void *at = NULL;

	while ((found = fy_diag_errors_iterate(diag, &at))) {
		const char *message = found->msg ? found->msg : "not YAML";

		if (found->type == FYET_ERROR)
			yaml_fail(r, err_add(r->errors, r->y->file, found->line, found->column,
					     "%s: %s", message,
					     yaml_remedy(message, r->bytes, found->line)));
	}
}

/* A tab between two indicators, as in "-<tab>- x": libfyaml 0.7.12 refuses it and then crashes
 * in fy_parser_destroy(). */
static inline bool yaml_bad_tab(struct span bytes, size_t tab, size_t *blanks_end)
{
	size_t before = tab, behind = tab;

	if (tab < *blanks_end)
		return false;
	while (before && (bytes.p[before - 1] == ' ' || bytes.p[before - 1] == '\t'))
		before--;
	while (behind < bytes.n && (bytes.p[behind] == ' ' || bytes.p[behind] == '\t'))
		behind++;
	*blanks_end = behind;
	return before && behind < bytes.n && strchr("-?:", bytes.p[before - 1]) &&
	       strchr("-?:", bytes.p[behind]);
}

/* libfyaml 0.7.12 never returns from some bytes that are not UTF-8 and from some broken
 * directives (fy_scan_directive), and leaks a little on some other mistakes. What it can't bear
 * and nobody needs is refused before it sees it. */
static inline void yaml_check_bytes(struct yaml_reader *r)
{
	bool ok, fresh = true; /* no document has begun */
	size_t blanks_end = 0;

	for (size_t i = 0; i < r->bytes.n;) {
		const size_t at = i;
		const uint32_t c = utf8_decode(r->bytes, &i, &ok);

		if (!ok)
			yaml_stop(r, "not UTF-8: save the file as UTF-8");
		else if ((c < 0x20 && c != '\n' && c != '\r' && c != '\t') || c == 0x7F)
			yaml_stop(r,
				"a control character: take it out, or write it as an escape in "
				"double quotes");
		else if (c == '\t' && yaml_bad_tab(r->bytes, at, &blanks_end))
			yaml_stop(r, "a tab: indent with spaces");
		else if (c == '%' && r->column == 1 && fresh)
			yaml_stop(r, "a directive: it has no use here, take the line out");
		else if (r->column == 1 && c != '#' && c != '\n' && c != '\r' && c != 0xFEFF)
			fresh = c == '.';
		if (r->stop)
			return;
		r->column = c == '\n' ? 1 : r->column + (c != 0xFEFF);
		r->line += c == '\n';
	}
	r->line = r->column = 1;
}

static inline int yaml_read(
	struct yaml *ret, struct span bytes, const char *file, struct err_list *errors)
{
	struct yaml y = {.file = file};
	struct yaml_reader r = {
		.y = &y, .bytes = bytes, .errors = errors, .line = 1, .column = 1};
	struct fy_diag_cfg quiet;
	struct fy_parse_cfg config = {
		.flags = FYPCF_QUIET | FYPCF_COLLECT_DIAG | FYPCF_DEFAULT_VERSION_1_2 |
			 FYPCF_JSON_NONE,
	};
	struct fy_parser *parser = NULL;
	struct fy_event *event;

	yaml_check_bytes(&r);
	if (r.result)
		return r.result;
	fy_diag_cfg_default(&quiet);
	quiet.fp = NULL;
	quiet.output_fn = yaml_swallow;
	config.diag = fy_diag_create(&quiet);
	if (config.diag) {
		fy_diag_set_collect_errors(config.diag, true);
		parser = fy_parser_create(&config);
	}
	if (!parser || fy_parser_set_string(parser, bytes.n ? bytes.p : "", bytes.n))
		yaml_fail(&r, -ENOMEM);
	while (parser && !r.stop && (event = fy_parser_parse(parser))) {
		yaml_on_event(&r, event);
		fy_parser_event_free(parser, event);
	}
	if (parser && !r.stop && fy_parser_get_stream_error(parser)) {
		yaml_take_diagnostics(&r, config.diag);
		if (!r.result)
			yaml_stop(&r,
				"not YAML: check quotes, brackets and indentation near here");
	}
	if (!r.result && r.n == 0)
		yaml_on_scalar(&r, &(const struct fy_event_scalar_data){0});
	if (!r.result)
		y.root = r.stack[0];
	fy_parser_destroy(parser);
	fy_diag_destroy(config.diag);
	free(r.stack);
	if (r.result) {
		yaml_deinit(&y);
		return r.result;
	}
	*ret = y;
	return 0;
}

#endif
