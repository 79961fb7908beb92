#include "io/zone_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "io/file.h"

/* The largest zone files have 4 KB. */
enum { NAME_MAX_BYTES = 64, FILE_MAX_BYTES = 1024 * 1024 };

static bool name_ok(struct span name)
{
	if (name.n == 0 || name.n > NAME_MAX_BYTES || name.p[0] == '/')
		return false;
	for (size_t i = 0; i < name.n; i++) {
		const char c = ascii_lower(name.p[i]);

		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
			    c == '+' || c == '-' || c == '/'))
			return false;
	}
	return true;
}

int zone_file_read(struct zone **ret, struct arena *arena, struct span name)
{
	const char *folder = getenv("TZDIR");
	struct buf bytes = {0};
	struct span path;
	int r;

	*ret = NULL;
	if (span_eq_str(name, "UTC"))
		return 0;
	if (!name_ok(name))
		return -EINVAL;
	path = arena_printf(arena, "%s/%.*s",
		folder && *folder ? folder : "/usr/share/zoneinfo", SPAN_ARG(name));
	r = path.p ? file_read(&bytes, path.p, FILE_MAX_BYTES, 0) : -ENOMEM;
	if (r == -EINVAL) /* a part of the world, not a zone */
		r = -ENOENT;
	if (r == 0)
		r = zone_read(ret, arena, buf_span(&bytes));
	buf_deinit(&bytes);
	return r;
}

const char *zone_file_why(int result)
{
	switch (result) {
	case -EINVAL:
		return "no zone: write one as Europe/Paris, or UTC";
	case -ENOENT:
		return "no such zone here: write one as Europe/Paris (package tzdata), or UTC";
	case -EBADMSG:
		return "its file cannot be read: install the package tzdata again";
	default:
		return strerror(-result);
	}
}
