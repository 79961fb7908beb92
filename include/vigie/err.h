#ifndef VIGIE_ERR_H
#define VIGIE_ERR_H

/*
 * What went wrong with something a person wrote: a place and a remedy, for all mistakes of a file
 * at once. `{ 0 }` is an empty list; err_list_deinit() frees it. Functions that take a list add to
 * it and return -EINVAL; -ENOMEM when memory is out. The list keeps at most ERR_LIST_MAX entries
 * and counts the rest.
 * A message reads "what: remedy": "unknown key \"lang_is\": did you mean \"lang\"?".
 */

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vigie/span.h"

enum { ERR_LIST_MAX = 200 };

struct err {
	char *file; /* NULL: no place in a file */
	int line;   /* from 1; 0: unknown */
	int column; /* from 1, in code points; 0: unknown */
	char *text;
};

struct err_list {
	struct err *items;
	size_t n;
	size_t dropped;
};

static inline void err_list_deinit(struct err_list *l)
{
	for (size_t i = 0; i < l->n; i++) {
		free(l->items[i].file);
		free(l->items[i].text);
	}
	free(l->items);
	*l = (struct err_list){ 0 };
}

/* Always returns -EINVAL, or -ENOMEM. file may be NULL. */
__attribute__((format(printf, 5, 6))) static inline int err_add(struct err_list *l,
	const char *file, int line, int column, const char *format, ...)
{
	struct err e = { .line = line, .column = column };
	struct err *items;
	va_list ap;
	int n;

	if (l->n >= ERR_LIST_MAX) {
		l->dropped++;
		return -EINVAL;
	}
	va_start(ap, format);
	n = vsnprintf(NULL, 0, format, ap);
	va_end(ap);
	e.text = n < 0 ? NULL : malloc((size_t)n + 1);
	e.file = file ? strdup(file) : NULL;
	items = realloc(l->items, (l->n + 1) * sizeof(*items));
	if (items)
		l->items = items;
	if (!items || !e.text || (file && !e.file)) {
		free(e.text);
		free(e.file);
		return -ENOMEM;
	}
	va_start(ap, format);
	(void)vsnprintf(e.text, (size_t)n + 1, format, ap);
	va_end(ap);
	l->items[l->n++] = e;
	return -EINVAL;
}

/* "file:line:col: text" lines; parts of the place that are unknown are left out. */
static inline void err_list_print(const struct err_list *l, FILE *to)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct err *e = &l->items[i];

		if (e->file && e->line)
			(void)fprintf(to, "%s:%d:%d: %s\n", e->file, e->line, e->column, e->text);
		else if (e->file)
			(void)fprintf(to, "%s: %s\n", e->file, e->text);
		else
			(void)fprintf(to, "%s\n", e->text);
	}
	if (l->dropped)
		(void)fprintf(to, "… and %zu more\n", l->dropped);
}

#endif
