#include "cli/input.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

int input_read(const char *path, int (*take)(void *arg, struct span piece), void *arg)
{
	static char piece[64 * 1024];
	const bool standard = strcmp(path, "-") == 0;
	FILE *f = standard ? stdin : fopen(path, "rb");
	int result = 0;
	size_t n;

	if (!f) {
		result = -errno;
		(void)fprintf(stderr, "vigie: %s: %s\n", path, strerror(errno));
		return result;
	}
	while (result == 0 && (n = fread(piece, 1, sizeof(piece), f)) > 0)
		result = take(arg, span_of(piece, n));
	if (result == 0 && ferror(f)) {
		result = errno ? -errno : -EIO;
		(void)fprintf(stderr, "vigie: %s: %s\n", path, strerror(-result));
	}
	if (!standard)
		(void)fclose(f);
	return result;
}
