/* manual: vigie-alerts(5) has a section for each channel, and in it each field with its
 * default. */

#include "fixture.h"

#include <stdio.h>

static struct span page(struct arena *arena)
{
	FILE *f = fopen(MANUAL, "rb");
	struct buf text = {0};
	char bytes[4096];
	struct span ret;
	size_t n;

	assert_non_null(f);
	while ((n = fread(bytes, 1, sizeof(bytes), f)))
		buf_add(&text, span_of(bytes, n));
	(void)fclose(f);
	ret = arena_dup(arena, buf_span(&text));
	buf_deinit(&text);
	return ret;
}

static void each_field_is_described(void **state)
{
	struct arena arena = {0};
	const struct span manual = page(&arena);

	(void)state;
	for (size_t i = 0; channels[i]; i++) {
		const char *head = arena_printf(&arena, "\n## %s\n", channels[i]->name).p;
		const char *section = strstr(manual.p, head), *end;

		if (!section)
			fail_msg("no section %s", channels[i]->name);
		end = strstr(section + 4, "\n#");
		for (const struct channel_field *f = channels[i]->fields; f->name; f++) {
			const char *name = arena_printf(&arena, "*%s*", f->name).p;
			const char *at = strstr(section, name), *line;

			if (!at || at > end)
				fail_msg("%s: no field %s", channels[i]->name, f->name);
			line = strchr(at, '\n');
			if (f->required != holds(span_of(at, (size_t)(line - at)), "required"))
				fail_msg("%s: is %s required?", channels[i]->name, f->name);
			if (f->fallback &&
				!holds(span_of(at, (size_t)(line - at)),
					arena_printf(&arena, "default: %s)", f->fallback).p))
				fail_msg("%s: the default of %s", channels[i]->name, f->name);
		}
	}
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(each_field_is_described)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
