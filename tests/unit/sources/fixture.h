#ifndef TEST_SOURCES_FIXTURE_H
#define TEST_SOURCES_FIXTURE_H

/* What the tests of sources/ share: reading a document, and saying what came of it. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sources/reader.h"
#include "vigie/arena.h"
#include "vigie/buf.h"
#include "vigie/item.h"

struct reading {
	struct arena arena;
	struct item_list items;
	struct read_result result;
	int r;
};

static inline struct reading reading_of(struct span body, const struct read_options *options)
{
	static const struct read_options none = {0};
	struct reading reading = {0};

	reading.r = document_read(&reading.items, &reading.result, &reading.arena,
		options ? options : &none, body);
	return reading;
}

static inline void reading_done(struct reading *reading)
{
	arena_release(&reading->arena);
}

/* want NULL: absent. */
static inline void assert_span_(struct span got, const char *want, const char *file, int line)
{
	char text[2048];

	(void)snprintf(text, sizeof(text), "%.*s", SPAN_ARG(got));
	_assert_string_equal(text, want ? want : "", file, line);
}

#define assert_span(got, want) assert_span_(got, want, __FILE__, __LINE__)

static inline void assert_time_(struct wall got, const char *want, const char *file, int line)
{
	char text[RFC3339_SIZE];

	_assert_string_equal(wall_rfc3339(text, got), want ? want : "", file, line);
}

#define assert_time(got, want) assert_time_(got, want, __FILE__, __LINE__)

#endif
