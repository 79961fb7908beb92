#include "cli/rules_load.h"

#include <errno.h>
#include <stdio.h>

#include "cli/input.h"
#include "vigie/cleanup.h"

DEFINE_CLEANUP(struct ruleset_builder *, ruleset_builder_free)

static int take(void *arg, struct span piece)
{
	struct buf *out = arg;

	buf_add(out, piece);
	return out->failed ? -ENOMEM : 0;
}

int rules_load_file(struct buf *out, const char *path)
{
	int r;

	out->limit_bytes = RULE_FILE_MAX;
	r = input_read(path, take, out);
	if (r == -ENOMEM)
		(void)fprintf(stderr, "vigie: %s: larger than %d MiB, or out of memory\n", path,
			RULE_FILE_MAX >> 20);
	return r;
}

int rules_load(struct ruleset **ret, const char *const *paths, size_t n)
{
	CLEANUP(ruleset_builder_freep) struct ruleset_builder *builder = NULL;
	struct err_list errors = {0};
	struct ruleset *set = NULL;
	int r = ruleset_builder_new(&builder), result = 0;

	for (size_t i = 0; i < n && r >= 0; i++) {
		struct buf yaml = {0};

		r = rules_load_file(&yaml, paths[i]);
		if (r >= 0) {
			const int x =
				rulefile_read(builder, buf_span(&yaml), paths[i], &errors);

			result = result < 0 ? result : x;
			r = x == -ENOMEM ? x : 0;
		}
		buf_deinit(&yaml);
	}
	/* Also when some rules are wrong: fragments are only filled in, and found wrong, here.
	 */
	if (r >= 0)
		r = ruleset_build(&set, builder, &errors);
	if (r >= 0 && result >= 0)
		*ret = TAKE(set);
	(void)ruleset_unref(set);
	err_list_print(&errors, stderr);
	err_list_deinit(&errors);
	if (r == -ENOMEM || result == -ENOMEM)
		(void)fputs("vigie: out of memory\n", stderr);
	return r < 0 ? r : result;
}
