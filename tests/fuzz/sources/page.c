/*
 * fuzz page: selectors of a configuration in lines of "field selector", an empty line, and a
 * page. Either they are refused with a reason, or the page is read by them.
 */

#include <stdint.h>
#include <stdlib.h>

#include "sources/connector_page.h"
#include "vigie/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MAX_ROWS = 24 };

static void must(bool promise)
{
	if (!promise)
		abort();
}

static void read_page(const struct connector *c, struct span page)
{
	const struct connector_options options = {.base = SPAN("https://f.example/a/b")};
	struct connector_result result;
	struct arena arena = {0};

	must(connector_read_answer(&result, &arena, &c->maps[0], &options, page) == 0);
	for (size_t i = 0; i < result.items.n; i++) {
		must(result.items.items[i].id.n > 0);
		must(utf8_valid(result.items.items[i].text));
	}
	arena_release(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct connector_select rows[MAX_ROWS];
	struct span rest = {(const char *)data, size};
	struct err_list errors = {0};
	struct connector *c = NULL;
	size_t n = 0;
	int r;

	while (rest.n && rest.p[0] != '\n' && n < MAX_ROWS) {
		const size_t end = span_find(rest, '\n');
		const struct span line = span_slice(rest, 0, end);
		const size_t blank = span_find(line, ' ');

		rows[n] = (struct connector_select){span_slice(line, 0, blank),
			span_slice(line, blank + 1, line.n), (int)n + 1, 1};
		n++;
		rest = span_slice(rest, end + 1, rest.n);
	}
	r = connector_page_new(&c, rows, n, "fuzz.yaml", &errors);
	must(r == 0 ? !errors.n : errors.n > 0);
	if (r == 0)
		read_page(c, rest);
	connector_free(c);
	err_list_deinit(&errors);
	return 0;
}
