#ifndef VIGIE_TESTS_CONFIG_LAB_H
#define VIGIE_TESTS_CONFIG_LAB_H

/*
 * config-lab: a folder of its own for the tests of the configuration, and reading one from text.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "config/config.h"
#include "vigie/channel.h"

static char folder[64]; /* of every file of these tests */

static inline void put_file(const char *name, const char *text, mode_t mode)
{
	char path[256];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(path, mode), 0);
}

/* "@" stands for the folder. */
static inline char *filled(const char *text)
{
	struct buf out = {0};

	for (; *text; text++) {
		if (*text == '@' && text[1] == '/')
			buf_add_str(&out, folder);
		else
			buf_add_char(&out, *text);
	}
	return buf_take(&out);
}

static inline char *printed(const struct err_list *errors)
{
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);

	err_list_print(errors, f);
	assert_int_equal(fclose(f), 0);
	return text;
}

static inline struct config *load(const char *yaml, struct buf *expanded)
{
	const struct config_overrides overrides = {.expanded = expanded};
	struct err_list errors = {0};
	struct config *config = NULL;
	char *text = filled(yaml);
	const int r =
		config_read(&config, span_str(text), "v.yaml", folder, &overrides, &errors);

	if (r)
		err_list_print(&errors, stderr);
	assert_int_equal(r, 0);
	assert_int_equal(errors.n, 0);
	free(text);
	return config;
}

static inline const struct source *source(const struct config *c, const char *id)
{
	for (size_t i = 0; i < c->n_sources; i++)
		if (span_eq_str(c->sources[i]->id, id))
			return c->sources[i];
	return NULL;
}

#define assert_span(got, text)                                                                 \
	do {                                                                                   \
		const struct span s_ = (got);                                                  \
		assert_int_equal(s_.n, strlen(text));                                          \
		assert_memory_equal(s_.n ? s_.p : "", text, s_.n);                             \
	} while (0)

static inline int make_folder(void **state)
{
	(void)state;
	(void)snprintf(folder, sizeof(folder), "/tmp/vigie-config-XXXXXX");
	return mkdtemp(folder) ? 0 : -1;
}

static inline int remove_folder(void **state)
{
	static const char *const names[] = {
		"a.xml", "subs.opml", "list.yaml", "secret", "hunter", "open", "v.yaml"};
	char path[256];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		(void)unlink(path);
	}
	return rmdir(folder);
}

#endif
