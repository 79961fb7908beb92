#include "lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* Makes the folder and those above it, 0700 each. 0 or -errno. */
static int make_folders(const char *folder)
{
	char path[4096];
	size_t n = strlen(folder);

	if (n >= sizeof(path))
		return -ENAMETOOLONG;
	(void)memcpy(path, folder, n + 1);
	for (char *p = path + 1; *p; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		if (mkdir(path, 0700) < 0 && errno != EEXIST)
			return -errno;
		*p = '/';
	}
	return mkdir(path, 0700) < 0 && errno != EEXIST ? -errno : 0;
}

int lock_state(const char *folder, struct arena *arena, struct span *ret_why)
{
	char text[32] = "";
	char *path = NULL;
	int fd, r = make_folders(folder);

	if (r < 0) {
		*ret_why = arena_printf(arena,
			"the state folder %s can't be made (%s): give the user vigie runs as a "
			"folder it "
			"may write, with `state:` in the configuration",
			folder, strerror(-r));
		return r;
	}
	if (asprintf(&path, "%s/lock", folder) < 0)
		return -ENOMEM;
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	r = fd < 0 ? -errno : 0;
	free(path);
	if (r < 0) {
		*ret_why = arena_printf(arena,
			"the state folder %s can't be written (%s): check its owner and "
			"rights, or set "
			"`state:` in the configuration",
			folder, strerror(-r));
		return r;
	}
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		r = -errno;
		if (read(fd, text, sizeof(text) - 1) < 0)
			text[0] = '\0';
		text[strcspn(text, "\n")] = '\0';
		*ret_why = arena_printf(arena,
			"another vigie%s%s works in %s: stop it, or give this one another "
			"`state:`",
			*text ? ", process " : "", text, folder);
		(void)close(fd);
		return r;
	}
	(void)snprintf(text, sizeof(text), "%ld\n", (long)getpid());
	if (ftruncate(fd, 0) < 0 || pwrite(fd, text, strlen(text), 0) < 0) {
		r = -errno;
		*ret_why = arena_printf(arena,
			"the state folder %s can't be written (%s): free some space", folder,
			strerror(-r));
		(void)close(fd);
		return r;
	}
	return fd;
}
